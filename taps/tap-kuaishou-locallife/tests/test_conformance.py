"""What the sheet of 快手本地生活 tells, as data; the tests come with it."""

from __future__ import annotations

from datetime import datetime, timezone

from conformance import Built, Conformance, Facts, Refusal
from conformance.sdk import sdk_suite
from openplatform.http import Request
from openplatform.judging import Outcome
from tap_kuaishou_locallife.tap import TapKuaishouLocallife

OUTER = [
    (Outcome.FATAL, 100200100, "invalid_request"),
    (Outcome.FATAL, 100200101, "unauthorized_client"),
    (Outcome.AUTH_EXPIRED, 100200102, "access_denied"),
    *((Outcome.FATAL, code, "") for code in range(100200103, 100200108)),
    (Outcome.AUTH_EXPIRED, 100200108, "TOKEN_EXPIRED"),
    *((Outcome.FATAL, code, "") for code in (100200109, 100200110, 100200113)),
    (Outcome.THROTTLED, 100200410, "API_RATE_LIMIT"),
    (Outcome.TRANSIENT, 100200500, "server_error"),
    # Those of the gateway of 快手电商.
    *((Outcome.THROTTLED, code, "") for code in (15, 16, 17, 1016, 1017, 802000)),
    (Outcome.THROTTLED, 99, "Exceed qps limit, KEY [apiId:1], MAX_QPS [300.0]"),
    (Outcome.QUOTA_EXHAUSTED, 1017, "[1017] exceed quota limit,[apiId:1;primaryUserId:2]"),
    (Outcome.AUTH_EXPIRED, 21, "token expired"),
    *((Outcome.GRANT_DEAD, code, "") for code in (22, 24, 25, 26)),
    *((Outcome.FATAL, code, "签名校验失败") for code in (27, 28)),
    *((Outcome.SHRINK_WINDOW, code, "") for code in (300004, 300019)),
]
INNER = [
    (Outcome.THROTTLED, 2190008, "请求过于频繁，请稍后再试"),
    (Outcome.THROTTLED, 1, "触发限流"),
    (Outcome.AUTH_EXPIRED, 1, "access token 已过期"),
    (Outcome.AUTH_EXPIRED, 1, "token失效"),
    (Outcome.AUTH_EXPIRED, 1, "token is expired"),
]


def outer(code, text):
    return {"result": code, "error_msg": text, "data": None}


def inner(code, text, result=1):
    return {"result": result, "data": {"error_code": code, "description": text}}


# The worked example of 快手小店, whose gateway it is.
SIGNED = {
    "access_token": "ChFvYXV0aC5hY2Nlc3NUb2tlbhJ4AAA",
    "appkey": "ks700000000000000001",
    "method": "open.shop.info.get",
    "param": "{}",
    "signMethod": "MD5",
    "timestamp": "1700086405456",
    "version": "1",
    "sign": "f516492b210e392856439c7c24426778",
}

FACTS = Facts(
    tap=TapKuaishouLocallife,
    settings={
        "app_key": "ks700000000000000001",
        "app_secret": "sandboxAppSecret01",
        "sign_secret": "sandboxSignSecret01",
        "accounts": [{"id": "12342323", "refresh_token": "sandbox-refresh"}],
    },
    refusals=[
        *(Refusal(outcome, outer(code, text)) for outcome, code, text in OUTER),
        *(Refusal(outcome, inner(code, text)) for outcome, code, text in INNER),
        Refusal(Outcome.FATAL, outer(28, ""), advice="sign_secret"),
        Refusal(Outcome.FATAL, outer(100200101, ""), advice="secret of the app"),
        Refusal(Outcome.GRANT_DEAD, outer(24, ""), advice="authorise the app again"),
        # The inner code decides, whatever the outer one says.
        Refusal(Outcome.FATAL, inner(2190001, "?", result=0), known=False),
        Refusal(Outcome.FATAL, {"status": 500, "error_msg": "?"}, known=False),
        Refusal(Outcome.FATAL, outer(4711, "?"), known=False),
        Refusal(Outcome.FATAL, {}, known=False),
        Refusal(Outcome.TRANSIENT, {}, status=502),
        Refusal(Outcome.THROTTLED, {}, status=429),
    ],
    answers=[
        {"result": 1, "data": {"error_code": 0, "item_list": []}},
        {"result": 0, "data": {"error_code": 0}},
        {"result": 1, "data": {"total": 0, "orderList": []}},
        {"status": 200, "data": {"access_token": "x"}},
    ],
    calls=[
        Built(
            api="open.shop.info.get",
            params={},
            token=SIGNED["access_token"],
            moment=datetime(2023, 11, 15, 22, 13, 25, 456000, tzinfo=timezone.utc),
            request=Request("GET", "/open/shop/info/get", SIGNED),
            settings={"sign_method": "MD5"},
        ),
        Built(
            api="goodlife/v1/item/poi/query",
            params={"item_id": "7", "page_num": 1},
            token="demo-token",
            moment=datetime(2026, 11, 21, tzinfo=timezone.utc),
            request=Request(
                "GET",
                "/goodlife/v1/item/poi/query",
                {"item_id": "7", "page_num": "1"},
                headers={"access-token": "demo-token"},
            ),
        ),
        Built(
            api="goodlife/v1/merchant/subAccounts",
            params={"current_page": 1},
            token="demo-token",
            moment=datetime(2026, 11, 21, tzinfo=timezone.utc),
            request=Request(
                "POST",
                "/goodlife/v1/merchant/subAccounts",
                {},
                b'{"current_page":1}',
                {"access-token": "demo-token", "Content-Type": "application/json"},
            ),
        ),
    ],
    wrong=({"app_secret": "quite-another"}, "check the key and the secret of the app"),
    keys={
        "bills": lambda record: f"{record['bill_date']}:{record['content']['id']}",
        **dict.fromkeys(
            ("poi_claims", "sub_accounts", "artisans"), lambda record: record["content"]["id"]
        ),
    },
    open_fields=frozenset({"bearingMap", "additionMap"}),
)


class TestKuaishouLocallife(Conformance):
    facts = FACTS


TestSdk = sdk_suite(FACTS)
