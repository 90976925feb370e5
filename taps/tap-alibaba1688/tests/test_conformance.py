"""What the sheet of 1688 tells, as data; the tests come with it."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import urlencode

from conformance import Built, Conformance, Facts, Refusal, Sample
from conformance.sdk import sdk_suite
from openplatform.http import Request
from openplatform.judging import Outcome
from tap_alibaba1688.tap import TapAlibaba1688

GATEWAY = [
    (Outcome.THROTTLED, 400, "gw.QosAppFrequencyLimit", "App call exceeds limited frequency"),
    (Outcome.AUTH_EXPIRED, 401, "401", "Request need user authorized"),
    (Outcome.FATAL, 400, "gw.SignatureInvalid", "Invalid signature"),
    (Outcome.FATAL, 400, "gw.ParamMissing", "parameter missing"),
    (Outcome.FATAL, 400, "gw.APIACLDecline", "no right"),
    (Outcome.FATAL, 403, "APIACLDecline", "no right"),
    (Outcome.FATAL, 400, "400", "bad parameter"),
    (Outcome.FATAL, 403, "403", "no right"),
    (Outcome.TRANSIENT, 500, "500", "system"),
]
BUSINESS = [
    # Fatal for that record, which is owed and then told.
    (Outcome.FATAL, "003", "SERVICE: failed to query data by the given id"),
    (Outcome.FATAL, "003002", "INVOKE_FAIL: no such refund"),
    (Outcome.SKIP, "500_2", "订单尚未发货"),
    (Outcome.FATAL, "APPLY_TIME_ERROR", "apply time"),
    (Outcome.TRANSIENT, "ISP_SYSTEM_ERROR", "系统错误"),
    (Outcome.TRANSIENT, "INVOKE_TIMEOUT", ""),
]
# The worked example of the sheet.
ORDERS = {
    "modifyStartTime": "20240601110000000+0800",
    "modifyEndTime": "20240601113000000+0800",
    "page": 1,
    "pageSize": 20,
}
ORDERS_API = "com.alibaba.trade/alibaba.trade.getSellerOrderList"
ORDERS_SIGN = "708817D8DDC65B97783F17E21906E1C4C1EFA4D0"

RECORDED = json.loads(
    (Path(__file__).parent / "samples" / "errors.json").read_text(encoding="utf-8")
)


def gateway(code, text):
    return {"error_code": code, "error_message": text, "request_id": "x"}


def business(code, text):
    return {"errorCode": code, "errorMessage": text, "result": []}


FACTS = Facts(
    tap=TapAlibaba1688,
    settings={
        "app_key": "1000000",
        "app_secret": "test123",
        "accounts": [{"id": "b2b-1623492085", "refresh_token": "sandbox-refresh"}],
    },
    samples=[
        Sample("seller_orders"),
        Sample("buyer_refunds", "refund_list"),
        Sample("buyer_refund_details", "refund_detail"),
    ],
    refusals=[
        *(Refusal(outcome, gateway(code, text), status=s) for outcome, s, code, text in GATEWAY),
        *(Refusal(outcome, business(code, text)) for outcome, code, text in BUSINESS),
        Refusal(Outcome.THROTTLED, RECORDED[1]["body"], status=400, wait=10),
        Refusal(Outcome.AUTH_EXPIRED, RECORDED[0]["body"], status=401),
        Refusal(Outcome.SKIP, {"success": False, "errorCode": "500_2", "errorMsg": "订单尚未发货"}),
        Refusal(Outcome.FATAL, gateway("gw.SignatureInvalid", ""), 400, advice="app_secret"),
        Refusal(Outcome.FATAL, gateway("gw.APIACLDecline", ""), 400, advice="solution"),
        Refusal(Outcome.FATAL, business("APPLY_TIME_ERROR", ""), advice="730 days"),
        Refusal(
            Outcome.FATAL, gateway("gw.Other", "?"), status=400, advice="the gateway refused it"
        ),
        Refusal(Outcome.FATAL, gateway("E1", "?"), status=400, known=False),
        Refusal(Outcome.FATAL, {"success": False}, known=False),
        Refusal(Outcome.FATAL, {"error": "invalid_grant"}, status=400, known=False),
        Refusal(Outcome.THROTTLED, {}, status=429),
        Refusal(Outcome.TRANSIENT, {}, status=502),
    ],
    answers=[
        {"result": [], "totalRecord": 0},
        {"result": {}, "success": True, "errorCode": "", "errorMessage": None},
    ],
    calls=[
        Built(
            api=ORDERS_API,
            params=ORDERS,
            token="test-token",
            moment=datetime(2024, 6, 1, 4, 0, tzinfo=timezone.utc),
            request=Request(
                "POST",
                f"/openapi/param2/1/{ORDERS_API}/1000000",
                {},
                urlencode(
                    {
                        **ORDERS,
                        "access_token": "test-token",
                        "_aop_timestamp": "1717214400000",
                        "_aop_signature": ORDERS_SIGN,
                    }
                ).encode(),
            ),
        )
    ],
    open_fields=frozenset({"extInfo", "orderEntryCountMap", "bizGroupInfos", "orderInvoiceInfo"}),
    wrong=({"app_secret": "quite-another"}, "configure the new code or refresh_token"),
    spare={
        "errors": "refusals beside their HTTP status: read above",
        "push_order_pay": "a message that is pushed: test_push.py",
    },
)


class TestAlibaba1688(Conformance):
    facts = FACTS


TestSdk = sdk_suite(FACTS)
