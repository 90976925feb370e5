"""What the sheet of 淘宝 tells, as data; the tests come with it."""

from __future__ import annotations

from datetime import datetime, timezone
from urllib.parse import urlencode

from conformance import Built, Conformance, Facts, Refusal, Sample
from conformance.sdk import sdk_suite
from openplatform.http import Request
from openplatform.judging import Outcome
from tap_taobao.tap import TapTaobao

CODES = [
    *((Outcome.THROTTLED, code, "Call Limited") for code in (4, 5, 6)),
    (Outcome.THROTTLED, 8, "App Call Exceeds Limited Frequency"),
    (Outcome.TRANSIENT, 10, "Service Currently Unavailable"),
    (Outcome.FATAL, 3, "Upload Fail"),
    (Outcome.FATAL, 9, "Http Action Not Allowed"),
    *((Outcome.FATAL, code, "Insufficient Permissions") for code in (11, 12, 13)),
    (Outcome.FATAL, 21, "Missing Method"),
    (Outcome.FATAL, 22, "Invalid Method"),
    (Outcome.FATAL, 23, "Invalid Format"),
    (Outcome.FATAL, 26, "Missing Session"),
    *((Outcome.FATAL, code, "Version") for code in (32, 33, 34)),
    (Outcome.FATAL, 40, "Missing Required Arguments"),
    (Outcome.FATAL, 41, "Invalid Arguments"),
    (Outcome.FATAL, 42, "Forbidden Request"),
    (Outcome.FATAL, 43, "Parameter Error"),
    (Outcome.TRANSIENT, 15, "Remote service error"),
]
SUB_CODES = [
    (Outcome.QUOTA_EXHAUSTED, 7, "accesscontrol.limited-by-app-access-count"),
    (Outcome.THROTTLED, 7, "accesscontrol.limited-by-api-access-count"),
    (Outcome.THROTTLED, 7, "accesscontrol.limited-by-app-api-access-count"),
    (Outcome.THROTTLED, 7, "accesscontrol.limited-by-dynamic-access-count"),
    (Outcome.AUTH_EXPIRED, 27, "invalid-sessionkey"),
    (Outcome.AUTH_EXPIRED, 27, "sessionkey-not-generated-by-server"),
    (Outcome.AUTH_EXPIRED, 27, "session-expired"),
    (Outcome.TRANSIENT, 15, "isp.top-remote-connection-timeout"),
    (Outcome.TRANSIENT, 15, "isp.item-service-unavailable"),
    (Outcome.TRANSIENT, 15, "isp.system-busy"),
    (Outcome.FATAL, 15, "isv.invalid-parameter:user_id_num"),
    # Who does not exist here is the shop itself.
    (Outcome.FATAL, 15, "isv.user-not-exist:invalid-nick"),
    (Outcome.SKIP, 15, "isv.trade-not-exist"),
    (Outcome.THROTTLED, 530, "isp.system-busy"),
    (Outcome.TRANSIENT, 670, "isp.remote-service-timeout"),
    (Outcome.FATAL, 50, "isv.invalid-parameter"),
    (Outcome.FATAL, 530, "isv.refund-service-error"),
]
ADVICE = [
    (12, "the shop must authorise the app again"),
    (11, "apply for the permission package"),
    (24, "check app_secret"),
    (25, "check app_secret"),
    (26, "give the account a session"),
    (28, "check app_key"),
    (29, "check app_key"),
    (30, "set this machine's clock right"),
    (31, "set this machine's clock right"),
]
INCREMENT = {
    "start_modified": "2024-06-01 11:00:00",
    "end_modified": "2024-06-01 11:30:00",
    "fields": "tid,modified,status",
    "page_no": 1,
    "page_size": 40,
    "use_has_next": True,
}
SIGNED = {
    "md5": "B2E8B0DB7476E2F5F96374C3D83238F9",
    "hmac": "2D424A0A9F91824008E9676AB62F02ED",
    "hmac-sha256": "4D5AB4E6AB1DCA18AA26C68919800F795866E5245FBC8F237A7D8AFD02CF39C4",
}
COMMON = {"app_key": "12345678", "format": "json", "v": "2.0"}
NOON = datetime(2024, 6, 1, 4, tzinfo=timezone.utc)
SCENARIO = {
    "url": "http://33c367ryyg.api.taobao.com/router/qm",
    "method": "demo.qimen.order.query",
    "target_app_key": "87654321",
    "records": "response.orders[]",
    "total": "response.total",
    "key": "order_no",
    "updated": "gmt_modified",
}


def refused(code, message, sub_code=None, sub_message=None):
    told = {"code": code, "msg": message, "sub_code": sub_code, "sub_msg": sub_message}
    return {"error_response": {name: value for name, value in told.items() if value is not None}}


def posted(path="/router/rest", **form):
    given = {**COMMON, **form}
    sign = given.pop("sign")
    body = urlencode([*sorted(given.items()), ("sign", sign)]).encode()
    return Request("POST", path, {}, body)


def as_a_page(row):
    """The database gives rows in pages."""
    return {"rows": [row]}


FACTS = Facts(
    tap=TapTaobao,
    settings={
        "app_key": "12345678",
        "app_secret": "helloworld",
        "accounts": [{"id": "2600000001", "session": "test-session", "nick": "店铺****"}],
    },
    samples=[
        Sample("order_details"),
        Sample("orders_created", "orders_created_ids", golden="orders_created_ids"),
        Sample("orders_created", "orders_created_2018", golden="orders_created_2018"),
        Sample("pushed_orders", repaired=as_a_page),
    ],
    refusals=[
        *(Refusal(outcome, refused(code, text)) for outcome, code, text in CODES),
        *(
            Refusal(outcome, refused(code, "Remote service error", sub_code, "?"))
            for outcome, code, sub_code in SUB_CODES
        ),
        *(Refusal(Outcome.FATAL, refused(code, "?"), advice=told) for code, told in ADVICE),
        Refusal(
            Outcome.THROTTLED,
            refused(
                7,
                "App Call Limited",
                "accesscontrol.limited-by-app-api-access-count",
                "This ban will last for 2 more seconds",
            ),
            wait=2,
        ),
        Refusal(Outcome.FATAL, refused(900, "?"), known=False),
        # What the provider of a scenario refuses.
        Refusal(
            Outcome.FATAL,
            {"response": {"flag": "failure", "sub_code": "sign-check-failure"}},
            advice="its documentation tells more",
        ),
        Refusal(Outcome.FATAL, {"flag": "failure", "code": "E1", "message": "?"}),
    ],
    answers=[
        {"trades_sold_increment_get_response": {"total_results": 0, "request_id": "x"}},
        {"response": {"flag": "success", "total": 0}},
        {"rows": [], "next": None},
    ],
    calls=[
        Built(
            "taobao.item.seller.get",
            {"fields": ("num_iid", "title", "nick", "price", "num"), "num_iid": 11223344},
            "test",
            datetime(2016, 1, 1, 4, tzinfo=timezone.utc),
            posted(
                method="taobao.item.seller.get",
                fields="num_iid,title,nick,price,num",
                num_iid="11223344",
                session="test",
                sign_method="md5",
                timestamp="2016-01-01 12:00:00",
                sign="66987CB115214E59E6EC978214934FB8",
            ),
        ),
        *(
            Built(
                "taobao.trades.sold.increment.get",
                INCREMENT,
                "test-session",
                NOON,
                posted(
                    **{**INCREMENT, "use_has_next": "true"},
                    method="taobao.trades.sold.increment.get",
                    session="test-session",
                    sign_method=method,
                    timestamp="2024-06-01 12:00:00",
                    sign=sign,
                ),
                settings={"sign_method": method},
            )
            for method, sign in SIGNED.items()
        ),
        Built(
            "qimen",
            {"page_no": 1, "nothing": "", "absent": None},
            "",
            NOON,
            posted(
                "/router/qm",
                method="demo.qimen.order.query",
                target_app_key="87654321",
                customerId="c-001",
                page_no="1",
                sign_method="md5",
                timestamp="2024-06-01 12:00:00",
                sign="7E5FF837D0B65F97C113715C702A0B17",
            ),
            settings={"qimen": SCENARIO},
            account={"customer_id": "c-001"},
        ),
    ],
    wrong=({"app_secret": "quite-another"}, "check app_secret"),
    elsewhere={
        "orders_history": "ends three months ago, before these worlds begin: test_quirks.py",
        **dict.fromkeys(
            ("pushed_orders", "pushed_refunds", "pushed_items"), "a database: test_database.py"
        ),
    },
    # A window is a day at the most, so that days without anything cost as much as others.
    reading={"start_date": "2026-11-16T00:00:00+08:00"},
    spare={"errors": "several refusals of different classes: test_quirks.py"},
)


class TestTaobao(Conformance):
    facts = FACTS


TestSdk = sdk_suite(FACTS)
