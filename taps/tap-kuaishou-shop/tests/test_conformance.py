"""What the sheet of 快手小店 tells, as data; the tests come with it."""

from __future__ import annotations

import json
from datetime import datetime, timezone

from conformance import Built, Conformance, Facts, Refusal, Sample
from conformance.sdk import sdk_suite
from openplatform.http import Request
from openplatform.judging import Outcome
from tap_kuaishou_shop.tap import TapKuaishouShop

QPS = "Exceed qps limit, KEY [apiId:123;appkey:ks700000000000000001], MAX_QPS [300.0]"
APP_QUOTA = "Exceed quota limit, KEY [appkey:ks700000000000000001]"
TEST_USER = "Exceed quota limit, KEY [appkey:ks700000000000000001;primaryUserId:12342323]"
USER_QUOTA = "[1017] exceed quota limit,[apiId:123;primaryUserId:12342323]"

TABLE = [
    # By text, whatever the code.
    (Outcome.THROTTLED, 99, QPS),
    (Outcome.THROTTLED, 24, QPS),
    (Outcome.QUOTA_EXHAUSTED, 99, APP_QUOTA),
    (Outcome.QUOTA_EXHAUSTED, 1016, TEST_USER),
    (Outcome.QUOTA_EXHAUSTED, 1017, USER_QUOTA),
    *((Outcome.THROTTLED, code, "too fast") for code in (15, 16, 17, 1016, 1017, 802000)),
    *((Outcome.THROTTLED, code, "") for code in (15, 16, 17, 1016, 1017, 802000)),
    (Outcome.AUTH_EXPIRED, 21, "token expired"),
    (Outcome.AUTH_EXPIRED, 21, ""),
    (Outcome.AUTH_EXPIRED, 99, "鉴权失败"),
    (Outcome.AUTH_EXPIRED, 99, "TOKEN过期"),
    (Outcome.GRANT_DEAD, 24, "AUTHORIZATION_REVOKED"),
    (Outcome.GRANT_DEAD, 99, "AUTHORIZATION_REVOKED"),
    (Outcome.GRANT_DEAD, 22, ""),
    (Outcome.GRANT_DEAD, 25, "token中无scope权限"),
    (Outcome.GRANT_DEAD, 99, "token中无scope权限"),
    (Outcome.GRANT_DEAD, 26, "主账号不存在"),
    (Outcome.GRANT_DEAD, 99, "主账号不存在"),
    (Outcome.FATAL, 27, "验签失败"),
    (Outcome.FATAL, 28, "签名校验失败"),
    (Outcome.FATAL, 99, "签名校验失败"),
    (Outcome.FATAL, 100200100, "invalid_request"),
    (Outcome.GRANT_DEAD, 100200101, "unauthorized_client"),
    (Outcome.AUTH_EXPIRED, 100200102, "access_denied: invalid access_token"),
    (Outcome.GRANT_DEAD, 100200103, "unsupported_response_type"),
    (Outcome.GRANT_DEAD, 100200104, "unsupported_grant_type"),
    (Outcome.GRANT_DEAD, 100200105, "invalid_grant"),
    (Outcome.GRANT_DEAD, 100200106, "invalid_scope"),
    (Outcome.GRANT_DEAD, 100200107, "invalid_openid"),
    (Outcome.TRANSIENT, 100200500, "server_error"),
    (Outcome.FATAL, 300003, "ENDTIME MUST AFTER BEGINTIME"),
    (Outcome.SHRINK_WINDOW, 300004, "SEARCH TIME RANGE EXPAND 7 DAYS"),
    (Outcome.FATAL, 300005, "CAN NOT SEARCH BEFORE 90 DAYS"),
    (Outcome.SHRINK_WINDOW, 300019, "SEARCH TIME RANGE EXPAND LIMIT"),
    (Outcome.FATAL, 300002, ""),
    *((Outcome.FATAL, code, "") for code in range(300006, 300019)),
]

# The worked example of the documentation.
ORDERS = {
    "access_token": "ChFvYXV0aC5hY2Nlc3NUb2tlbhJ4AAA",
    "appkey": "ks700000000000000001",
    "method": "open.order.cursor.list",
    "param": '{"beginTime":1700000000000,"cursor":"","endTime":1700086400000,"orderViewStatus":1,"pageSize":50,"queryType":2,"sort":2}',
    "timestamp": "1700086405123",
    "version": "1",
}
SIGNATURES = {
    "HMAC_SHA256": "aILU6DrfiSvxgSNcTd8pHbGWGutNqZRg7Q70lhjZEhs=",
    "MD5": "0c91d1fb7d22d3a757258fd8ee587d0f",
}


def refused(code, text):
    return {"result": code, "error_msg": text, "data": None}


def preparing(state):
    return {"result": 1, "data": {"processStatus": state, "downloadUrl": ""}}


FACTS = Facts(
    tap=TapKuaishouShop,
    settings={
        "app_key": "ks700000000000000001",
        "app_secret": "sandboxAppSecret01",
        "sign_secret": "sandboxSignSecret01",
        "accounts": [{"id": "12342323", "refresh_token": "sandbox-refresh"}],
    },
    samples=[Sample("orders"), Sample("order_details"), Sample("items")],
    refusals=[
        *(Refusal(outcome, refused(code, text)) for outcome, code, text in TABLE),
        Refusal(Outcome.FATAL, refused(4711, "?"), known=False),
        # A thing that is gone is left out, but a missing account is not.
        Refusal(Outcome.SKIP, refused(5, "商品不存在")),
        Refusal(Outcome.FATAL, refused(5, "用户不存在"), known=False),
        *(
            Refusal(outcome, refused(code, "x"), advice=" — ")
            for outcome, code in (
                (Outcome.GRANT_DEAD, 24),
                (Outcome.GRANT_DEAD, 25),
                (Outcome.GRANT_DEAD, 26),
                (Outcome.FATAL, 27),
                (Outcome.GRANT_DEAD, 100200101),
                (Outcome.GRANT_DEAD, 100200105),
                (Outcome.FATAL, 300005),
            )
        ),
        # Answers that are not the platform's envelope.
        Refusal(Outcome.TRANSIENT, {}),
        Refusal(Outcome.TRANSIENT, []),
        Refusal(Outcome.TRANSIENT, {"message": "bad gateway"}, status=502),
        Refusal(Outcome.TRANSIENT, {"result": 4711}, status=500),
        Refusal(Outcome.THROTTLED, {}, status=429),
        # The body is asked before the status.
        Refusal(Outcome.GRANT_DEAD, refused(24, "AUTHORIZATION_REVOKED"), status=500),
        # A file in preparation is waited for.
        *(Refusal(Outcome.TRANSIENT, preparing(state)) for state in (1, 2)),
        Refusal(Outcome.GRANT_DEAD, "error_no_main_account"),
        Refusal(Outcome.GRANT_DEAD, "error_revoked"),
        Refusal(Outcome.AUTH_EXPIRED, "error_refresh_discarded"),
    ],
    answers=[
        {"result": 1, "error_msg": "SUCCESS", "data": {}},
        {"result": 1, "access_token": "x"},
        *(preparing(state) for state in (3, 4)),
    ],
    calls=[
        Built(
            api=ORDERS["method"],
            params=json.loads(ORDERS["param"]),
            token=ORDERS["access_token"],
            moment=datetime(2023, 11, 15, 22, 13, 25, 123000, tzinfo=timezone.utc),
            request=Request(
                "GET", "/open/order/cursor/list", ORDERS | {"signMethod": method, "sign": signature}
            ),
            settings={"sign_method": method},
        )
        for method, signature in SIGNATURES.items()
    ],
    wrong=({"app_secret": "quite-another"}, "check app_key and app_secret"),
    apart={
        "funds_statements": "read by whole days up to yesterday: test_quirks.py",
        "daily_bills": "names files, of which the simulator keeps no list: test_quirks.py",
    },
    reading={"retry_wait": 0.001},  # bill files are ready when asked for the third time
    spare={"token": "an answer of the token call, which has no stream"},
)


class TestKuaishouShop(Conformance):
    facts = FACTS


TestSdk = sdk_suite(FACTS)
