"""What the sheet of 聚水潭 tells, as data; the tests come with it."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from urllib.parse import urlencode

from conformance import Built, Conformance, Facts, Refusal, Sample
from conformance.sdk import sdk_suite
from openplatform.http import Request
from openplatform.judging import Outcome
from tap_jushuitan.client import unwrapped
from tap_jushuitan.tap import TapJushuitan

TABLE = [
    (Outcome.THROTTLED, 199, "调用频次超过限制!请稍后再试"),
    (Outcome.THROTTLED, 200, "调用频次超过限制"),
    (Outcome.AUTH_EXPIRED, 100, "验证失败！无效的access_token或access_token已过期"),
    (Outcome.FATAL, 100, "上架仓位不能为空"),
    (Outcome.FATAL, 100, "指定箱不存在"),
    (Outcome.GRANT_DEAD, 150, "服务商应用禁止刷新access_token,需商户重新授权"),
    (Outcome.TRANSIENT, 140, "验证失败！无效的timestamp，请求最大时间误差15分钟"),
    (Outcome.FATAL, 140, "参数传递错误"),
    (Outcome.FATAL, 10, "验证失败！无效签名"),
    (Outcome.FATAL, 110, "验证失败！已设置IP白名单，该IP不在白名单列表：192.0.2.1"),
    (Outcome.FATAL, 190, "验证失败！无API权限，请申请API权限"),
    # Where there is no code, the text tells.
    (Outcome.TRANSIENT, -1, "执行超时"),
    (Outcome.THROTTLED, -1, "访问次数过多"),
    (Outcome.THROTTLED, -1, "调用频率超限"),
    (Outcome.AUTH_EXPIRED, -1, "token已失效"),
    (Outcome.AUTH_EXPIRED, -1, "授权已过期"),
]
# The worked examples of the sheet.
NEW = {
    "access_token": "demoToken0001",
    "app_key": "demoAppKey0001",
    "charset": "utf-8",
    "timestamp": "1700000000",
    "version": "2",
}
BUSINESS = {
    '{"modified_begin":"2023-11-14 00:00:00","modified_end":"2023-11-15 00:00:00",'
    '"page_index":1,"page_size":50}': "e92311bec96b0df8d140996598b49835",
    '{"page_index":1,"page_size":50,"name":"羽绒服 红&L=大+"}': "e3ac18eac00071af3a2f3b7d25ac3957",
}
OLD = {"app_key": "demoPartner01", "app_secret": "demoPartnerKey01", "generation": "old"}
OLD_SIGNS = {
    ("orders.single.query", 1700000000): "6f0e73b4f41c0ff2b93b2138f5cd7b57",
    ("shops.query", 1700000001): "79ce09662cc0afeed0fdeb57f580f062",
}


def refused(code, text):
    return {"code": code, "msg": text, "data": None}


def at(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc)


def new_call(biz, signature):
    body = urlencode({**NEW, "biz": biz, "sign": signature}).encode()
    return Built(
        api="sku.query",
        params=json.loads(biz),
        token=NEW["access_token"],
        moment=at(1700000000),
        request=Request("POST", "/open/sku/query", {}, body),
    )


def old_call(method, ts, signature):
    query = {
        "method": method,
        "partnerid": OLD["app_key"],
        "token": "demoOldToken01",
        "ts": str(ts),
        "sign": signature,
    }
    return Built(
        api=method,
        params={},
        token=query["token"],
        moment=at(ts),
        request=Request("POST", "/api/open/query.aspx", query, b"{}"),
        settings=OLD,
    )


FACTS = Facts(
    tap=TapJushuitan,
    settings={
        "app_key": "demoAppKey0001",
        "app_secret": "demoSecret0001",
        "accounts": [{"id": "12252"}],
    },
    samples=[
        Sample("shops", "shops_new", golden="shops_new"),
        Sample("shops", "shops_old", repaired=unwrapped, golden="shops_old"),
    ],
    refusals=[
        *(Refusal(outcome, refused(code, text)) for outcome, code, text in TABLE),
        Refusal(Outcome.THROTTLED, refused(199, ""), wait=1),
        Refusal(Outcome.THROTTLED, refused(200, ""), wait=60),
        Refusal(Outcome.FATAL, refused(10, ""), advice="check app_key and app_secret"),
        Refusal(Outcome.FATAL, refused(-1, "签名错误"), advice="check app_key and app_secret"),
        Refusal(Outcome.FATAL, refused(110, ""), advice="allow-list"),
        Refusal(Outcome.FATAL, refused(190, ""), advice="permission"),
        Refusal(Outcome.GRANT_DEAD, refused(150, ""), advice="authorise the app again"),
        Refusal(Outcome.FATAL, "error_dev_gateway", advice="generation"),
        Refusal(Outcome.FATAL, refused(4711, "?"), known=False),
        Refusal(Outcome.FATAL, {"issuccess": False, "msg": "?"}, known=False),
        Refusal(Outcome.TRANSIENT, {"message": "bad gateway"}, status=502),
        Refusal(Outcome.THROTTLED, {}, status=429),
    ],
    answers=[
        {"code": 0, "msg": "执行成功", "data": {"datas": []}},
        {"code": "0", "issuccess": True, "orders": []},
    ],
    calls=[
        *(new_call(biz, signature) for biz, signature in BUSINESS.items()),
        *(old_call(*call, signature) for call, signature in OLD_SIGNS.items()),
    ],
    wrong=(
        {
            "accounts": [
                {"id": "1", "app_key": "sandbox-app-12252001", "app_secret": "quite-another"}
            ]
        },
        "check app_key and app_secret",
    ),
    reading={"cross_border": True},
)


class TestJushuitan(Conformance):
    facts = FACTS


TestSdk = sdk_suite(FACTS)
