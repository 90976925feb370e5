"""What the sheet of 京东联盟 tells, as data; the tests come with it."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from urllib.parse import urlencode

from conformance import Built, Conformance, Facts, Refusal, Sample
from conformance.sdk import sdk_suite
from openplatform.http import Request
from openplatform.judging import Outcome
from tap_jd_union.tap import TapJdUnion

DOCUMENTS = [
    (Outcome.THROTTLED, 429, "接口调用超频，请降低接口调用频次"),
    *((Outcome.TRANSIENT, code, "系统异常") for code in (500, 2002500, 2001500, 2003500, 2026500)),
    *((Outcome.TRANSIENT, code, "接口降级处理") for code in (2002408, 2004408)),
    *((Outcome.TRANSIENT, code, "服务降级，请稍后重试") for code in (2001504, 2001609)),
    (Outcome.SHRINK_WINDOW, 2002452, "单位时间内订单量超过最大值(10000),请缩小查询时间范围"),
    (Outcome.FATAL, 2002453, "无效请求-查询时间范围超过规定限制"),
    (Outcome.FATAL, 2002401, "token不合法"),
    *((Outcome.FATAL, code, "无访问权限") for code in (403, 2002403, 2001403)),
    *((Outcome.FATAL, code, "unionid被限制调用") for code in (408, 2006408)),
    # The same code means something else in the API of bonuses.
    *((Outcome.FATAL, code, "联盟用户不存在，请检查unionId是否正确") for code in (2002410, 2004410, 2002408)),
    *((Outcome.FATAL, code, "参数错误") for code in (400, 401, 2002400, 2003401, 2004400, 2006400)),
    *((Outcome.FATAL, code, "无此活动物料ID") for code in (2002499, 410)),
    (Outcome.FATAL, 601, "账户状态异常，无法调用接口"),
]  # fmt: skip
GATEWAY = [
    (Outcome.THROTTLED, 2, "App Call Limited"),
    *((Outcome.FATAL, code, "Version") for code in (4, 5)),
    *((Outcome.FATAL, code, "Timestamp") for code in (7, 8)),
    *((Outcome.FATAL, code, "Signature") for code in (11, 12)),
    *((Outcome.FATAL, code, "Method") for code in (14, 15)),
    *((Outcome.FATAL, code, "access_token") for code in (18, 19)),
    *((Outcome.FATAL, code, "app_key") for code in (20, 21)),
    (Outcome.FATAL, 24, "cannot use this API"),
]
# The worked examples: the first in the order in which it is signed, the second beyond ASCII.
ORDERS = {
    "orderReq": {
        "pageIndex": 1,
        "pageSize": 200,
        "type": 3,
        "startTime": "2024-05-01 09:00:00",
        "endTime": "2024-05-01 10:00:00",
        "fields": "goodsInfo,categoryInfo",
    }
}
GOODS = {"goodsReqDTO": {"keyword": "手机 壳&膜", "pageIndex": 1, "pageSize": 30}}


def refused(code, text):
    document = json.dumps({"code": code, "message": text, "requestId": "x"}, ensure_ascii=False)
    return {"jd_union_open_goods_query_responce": {"code": "0", "queryResult": document}}


def gateway(code, text):
    return {"error_response": {"code": str(code), "zh_desc": text, "en_desc": text}}


def posted(method, params, timestamp, sign):
    form = {
        "360buy_param_json": json.dumps(params, ensure_ascii=False, separators=(",", ":")),
        "app_key": "key_0001",
        "format": "json",
        "method": method,
        "sign_method": "md5",
        "timestamp": timestamp,
        "v": "1.0",
        "sign": sign,
    }
    return Request("POST", "/routerjson", {}, urlencode(form).encode())


def as_sent(answer):
    """The documentation shows a rendering: lists as one wrapped element, every value as text."""
    (content,) = answer.values()
    (document,) = content.values()
    data = document["data"]
    if "bonusOrderResp" in data:  # the examples are of different promoters
        data["bonusOrderResp"]["unionId"] = "1000618618"
    if "result" in data:
        return {"data": {**data, "result": [freed(part) for part in data["result"].values()]}}
    return {"data": [freed(part) for part in data.values()]}


def freed(value):
    if not isinstance(value, dict):
        return json.loads(value) if value.startswith("[") else value
    lists = {"imgList", "categoryList", "imageList", "couponList", "videoList", "commentList"}
    lists |= {"fxgServiceList", "promotionLabelInfoList", "secondPriceInfoList"}
    return {
        name: [freed(one) for one in part.values()] if name in lists else freed(part)
        for name, part in value.items()
    }


FACTS = Facts(
    tap=TapJdUnion,
    settings={
        "app_key": "key_0001",
        "app_secret": "secret_abc123",
        "accounts": [{"id": "1000618618", "key": "sandbox-key"}],
    },
    samples=[
        Sample(name, repaired=as_sent)
        for name in ("orders", "bonus_orders", "goods", "positions", "categories", "activities")
    ],
    refusals=[
        *(Refusal(outcome, refused(code, text)) for outcome, code, text in DOCUMENTS),
        *(Refusal(outcome, gateway(code, text)) for outcome, code, text in GATEWAY),
        Refusal(Outcome.THROTTLED, gateway(2, "App Call Limited"), wait=300),
        *(
            Refusal(Outcome.FATAL, body, advice=told)
            for body, told in (
                (refused(2002401, "?"), "make a new 授权Key"),
                (refused(403, "?"), "申请"),
                (refused(2002453, "?"), "window"),
                (refused(2002410, "联盟用户不存在"), "child_union_id"),
                (gateway(8, "?"), "clock"),
                (gateway(12, "?"), "check app_secret"),
                (gateway(20, "?"), "check app_key"),
            )
        ),
        Refusal(Outcome.FATAL, refused(2001104, "商品不在推广中"), known=False),
        Refusal(Outcome.FATAL, gateway(99, "?"), known=False),
        # Answers without a document, or with half of one.
        Refusal(Outcome.TRANSIENT, {}),
        Refusal(Outcome.TRANSIENT, {"jd_x_query_responce": {"code": "0"}}),
        Refusal(Outcome.TRANSIENT, {"jd_x_query_responce": {"code": "0", "queryResult": '{"co'}}),
    ],
    answers=[
        # Nothing found, or nothing any more, is an empty list.
        *(refused(code, "?") for code in (200, 0, 201, 202, 2003201, 2003202, 1002003)),
        # Another name of the member, as some methods have it.
        {"jd_x_create_responce": {"code": "0", "anything": '{"code":200}'}},
    ],
    calls=[
        Built(
            "jd.union.open.order.row.query",
            ORDERS,
            "",
            datetime(2024, 5, 1, 2, tzinfo=timezone.utc),
            posted(
                "jd.union.open.order.row.query",
                ORDERS,
                "2024-05-01 10:00:00",
                "833BDBC6CBAB075386FD1BC796B97D4A",
            ),
        ),
        Built(
            "jd.union.open.goods.query",
            GOODS,
            "",
            datetime(2024, 5, 1, 2, 0, 5, tzinfo=timezone.utc),
            posted(
                "jd.union.open.goods.query",
                GOODS,
                "2024-05-01 10:00:05",
                "0E74FB6081F16BABF1A0D4DC6EBC9CAB",
            ),
        ),
    ],
    wrong=({"app_secret": "quite-another"}, "check app_secret"),
    elsewhere={
        "redpacket_stats": "by whole days, of which this world has none: test_quirks.py",
        "bonus_orders": "of the first account only: test_quirks.py",
    },
    # Windows are ten minutes and an hour: an hour and a half of data.
    world={
        "history_days": 0.0625,
        "history_end": datetime(2026, 11, 21, 9, 0, tzinfo=timezone.utc),
    },
    reading={"start_date": "2026-11-21T15:20:00+08:00"},
    spare={"giftcoupon_stats": "an answer as it is sent, of no stream: test_quirks.py"},
)


class TestJdUnion(Conformance):
    facts = FACTS


TestSdk = sdk_suite(FACTS)
