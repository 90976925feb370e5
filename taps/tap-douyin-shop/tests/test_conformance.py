"""What the sheet of 抖店 tells, as data; the tests come with it."""

from __future__ import annotations

import json
from datetime import datetime, timezone

from conformance import Built, Conformance, Facts, Refusal, Sample
from conformance.sdk import sdk_suite
from openplatform.http import Request
from openplatform.judging import Outcome
from tap_douyin_shop.tap import TapDouyinShop

INVALID = "isv.parameter-invalid:"
FAILED = "isv.business-failed:"
TABLE = [
    (Outcome.FATAL, 10001, "", "请求部分失败"),
    (Outcome.TRANSIENT, 20000, "dop.service-error", "服务不可用"),
    *(
        (Outcome.TRANSIENT, 20000, f"isp.service-error:{n}", "服务不可用")
        for n in (20004, 20005, 10000, 10002)
    ),
    (Outcome.TRANSIENT, 20001, "", "内部服务超时"),
    (Outcome.FATAL, 30001, "isv.app-permissions-insufficient", "权限不足"),
    (Outcome.FATAL, 30001, "dop.authorization-no-existed", "权限不足"),
    (Outcome.FATAL, 30001, "dop.app-forbidden", "权限不足"),
    (Outcome.FATAL, 30001, "dop.authorization-closed", "权限不足"),
    (Outcome.FATAL, 30002, "isv.invalid_ip", "IP不可信"),
    *(
        (Outcome.FATAL, 40001, f"isv.{what}-missing", "缺少参数")
        for what in ("signature", "app-id", "access-token")
    ),
    (Outcome.FATAL, 40002, "", "缺少参数"),
    (Outcome.AUTH_EXPIRED, 40003, "isv.access-token-expired", "access_token已过期"),
    (Outcome.AUTH_EXPIRED, 40003, "isv.access-token-no-existed", "access_token不存在"),
    *(
        (Outcome.FATAL, 40003, f"isv.{what}", "非法的参数")
        for what in (
            "access-token-invalid",
            "signature-invalid",
            "parameter-format-invalid",
            "app-id-invalid",
            "app-id-expired",
            "authorization-type-invalid",
            "idempotent-id-existed",
            "timestamp-invalid",
            "timestamp-format-error",
        )
    ),
    *(
        (Outcome.FATAL, 40004, f"{INVALID}{n}", "非法的业务参数")
        for n in (20008, 20011, 20012, 20022, 10035)
    ),
    (Outcome.SHRINK_WINDOW, 40004, f"{INVALID}20013", "非法的业务参数"),
    # The order does not exist, so its detail is left out.
    (Outcome.SKIP, 40004, f"{INVALID}20014", "非法的业务参数"),
    *(
        (Outcome.GRANT_DEAD, 50001, f"dop.token-generate-failed:{why}", "token 生成失败")
        for why in (
            "code-expired",
            "code-invalid",
            "app-secret-invalid",
            "grant-type-invalid",
            "app-forbidden",
            "no-authorization",
            "token-expired",
            "token-invalid",
        )
    ),
    (Outcome.AUTH_EXPIRED, 50002, f"{FAILED}31009", "业务处理失败"),
    (Outcome.THROTTLED, 50002, f"{FAILED}2010401", "触发商品操作限流"),
    *(
        (Outcome.TRANSIENT, 50002, f"{FAILED}{n}", "业务处理失败")
        for n in (20004, 20045, 20055, 2010201, 2010203, 100010)
    ),
    *(
        (Outcome.FATAL, 50002, f"{FAILED}{n}", "业务处理失败")
        for n in (20015, 20009, 2010326, 200041)
    ),
    (Outcome.THROTTLED, 60000, "", "触发限流，请稍后重试"),
    (Outcome.FATAL, 70000, "isp.api-service-off", "API 已下线"),
    (Outcome.FATAL, 80000, "", "安全错误"),
    (Outcome.TRANSIENT, 90000, "isp.unknown-error", "未知错误"),
    (Outcome.TRANSIENT, 90000, "dop.unknown-error", "未知错误"),
]
ADVICE = [
    (30001, "isv.app-permissions-insufficient", "permission package"),
    (30002, "isv.invalid_ip", "allow-list"),
    (40003, "isv.signature-invalid", "check app_secret"),
    (40003, "isv.timestamp-invalid", "clock"),
    (40003, "isv.access-token-invalid", "another app"),
    (40004, f"{INVALID}20022", "start_date"),
]

# The sheet's worked examples, signed alike by the official Go SDK.
APP_KEY, APP_SECRET = "7000000000000000001", "00000000-aaaa-bbbb-cccc-111111111111"
EXAMPLES = {
    "order.searchList": (
        1700003700,
        '{"order_asc":true,"order_by":"update_time","page":0,"size":100,"update_time_end":1700003600,"update_time_start":1700000000}',
        "994f1305a1fee4bb69cb3befa73c7fa9d5251d4fa588e0db6783ec9f4e6185ad",
        "a9156691bb5a4921e917c0ef0cbb3402",
    ),
    "token.create": (
        1700003701,
        '{"code":"","grant_type":"authorization_self","shop_id":"4463798"}',
        "d002f70fd727b2a6a603eb9f5f7cc2ae4ab3334776f97848b41e1294d507d827",
        "ddd3a8731012db6f7ca44a126efd312d",
    ),
    "afterSale.List": (
        1700003702,
        '{"order_by":["update_time asc"],"page":0,"size":100,"update_end_time":1700003600,"update_start_time":1700000000}',
        "236e6dbcf79e27ef733a96b5d4d0fa4325feaaba1b77d85770aa3b3c27808d03",
        "85f203a8d7b4ec2eb128c601371c54e0",
    ),
}


def refused(code, sub_code, text):
    return {"code": code, "msg": text, "sub_code": sub_code, "sub_msg": text, "log_id": "1"}


def bills(code, text):
    return {"code": 10000, "msg": "success", "data": {"code": code, "code_msg": text, "data": []}}


def built(method, how, signature):
    moment, body, *_ = EXAMPLES[method]
    token = "" if method.startswith("token.") else "sandbox-token"
    query = {
        "app_key": APP_KEY,
        "method": method,
        "timestamp": str(moment),
        "v": "2",
        "sign_method": how,
        "sign": signature,
    }
    return Built(
        api=method,
        params=dict(reversed(json.loads(body).items())) | {"product": None},
        token=token,
        moment=datetime.fromtimestamp(moment, timezone.utc),
        request=Request(
            "POST",
            "/" + method.replace(".", "/"),
            query | ({"access_token": token} if token else {}),
            body.encode(),
            {"x-open-no-old-err-code": "1"},
        ),
        settings={"sign_method": how},
    )


def with_its_case(answer):
    """The recording holds only the order's part."""
    case = {"aftersale_id": "7200000000000000001", "update_time": 1731986645, "apply_time": 0}
    answer["data"]["items"][0]["aftersale_info"] = case
    return answer


FACTS = Facts(
    tap=TapDouyinShop,
    settings={"app_key": APP_KEY, "app_secret": APP_SECRET, "accounts": [{"id": "4463798"}]},
    samples=[
        Sample("orders"),
        Sample("items", "products"),
        Sample("refunds", "aftersales_partial", repaired=with_its_case),
    ],
    refusals=[
        *(Refusal(outcome, refused(*told)) for outcome, *told in TABLE),
        *(Refusal(Outcome.FATAL, refused(c, sub, "x"), advice=told) for c, sub, told in ADVICE),
        Refusal(Outcome.FATAL, refused(12345, "", "?"), known=False),
        Refusal(Outcome.AUTH_EXPIRED, "error_token_expired"),
        # A thing that is gone is left out.
        Refusal(Outcome.SKIP, refused(50002, f"{FAILED}2010326", "商品不存在")),
        # Bills have a second code within.
        Refusal(Outcome.FATAL, bills("100001", "时间格式错误"), known=False),
        # The envelope of old gateways.
        Refusal(Outcome.AUTH_EXPIRED, {"err_no": 30005, "message": "access_token已过期"}),
        Refusal(Outcome.THROTTLED, {"err_no": 1, "message": "触发限流"}),
        Refusal(Outcome.FATAL, {"err_no": 7, "message": "?"}, known=False),
        # Answers that are not the platform's envelope.
        Refusal(Outcome.TRANSIENT, {}),
        Refusal(Outcome.TRANSIENT, []),
        Refusal(Outcome.THROTTLED, {}, status=429),
        Refusal(Outcome.TRANSIENT, {}, status=502),
    ],
    answers=[
        {"code": 10000, "msg": "success", "data": {"shop_order_list": [], "total": 0}},
        {"code": 10000, "data": [{"id": 1, "code": "112233"}]},
        {"err_no": 0, "message": "success", "data": {}},
        bills("100000", "success"),
    ],
    calls=[
        built(method, how, signature)
        for method, (_, _, *signatures) in EXAMPLES.items()
        for how, signature in zip(("hmac-sha256", "md5"), signatures, strict=True)
    ],
    wrong=({"app_secret": "quite-another"}, "check app_secret"),
    keys={"settled_bills": lambda record: record["request_no"]},
    spare={"token_legacy": "an answer of the token call, which has no stream"},
)


class TestDouyinShop(Conformance):
    facts = FACTS


TestSdk = sdk_suite(FACTS)
