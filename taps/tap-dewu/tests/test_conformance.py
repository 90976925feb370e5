"""What the sheet of 得物 tells, as data; the tests come with it."""

from __future__ import annotations

import json
from datetime import datetime, timezone

from conformance import Built, Conformance, Facts, Refusal
from conformance.sdk import sdk_suite
from openplatform.http import Request
from openplatform.judging import Outcome
from tap_dewu.tap import TapDewu

TABLE = [
    (Outcome.THROTTLED, 5030, "调用频次超限"),
    (Outcome.AUTH_EXPIRED, 5044, "access_token无效"),
    (Outcome.FATAL, 5025, "当前IP不在应用白名单里面"),
    (Outcome.FATAL, 401, "签名认证失败"),
    # Its code is not known, so that its text decides.
    (Outcome.FATAL, 4711, "无权调用接口"),
    (Outcome.TRANSIENT, 500, "系统异常"),
    (Outcome.GRANT_DEAD, 500, "无效的authorization_code:xxx"),
    (Outcome.FATAL, 20900020, "出价已取消，请不要重复操作"),
]
NOON = datetime(2024, 5, 1, 10, tzinfo=timezone.utc)
FIRST = {
    "access_token": "tok_XYZ",
    "app_key": "a1b2c3d4",
    "end_modified": "2024-05-01 10:00:00",
    "page_no": 1,
    "page_size": 30,
    "start_modified": "2024-05-01 09:00:00",
    "timestamp": 1714557600000,
}
ITEMS = [{"a": 1, "b": "红/白 42"}, {"a": 2, "b": "x"}]


def refused(code, text):
    return {"code": code, "msg": text, "data": None, "trace_id": "x"}


def posted(path, parameters, sign):
    body = {"app_key": "a1b2c3d4", "timestamp": 1714557600000, **parameters, "sign": sign}
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return Request("POST", path, {}, text.encode())


def number_of(name):
    """The number of a record whose fields nobody documents; the simulator's are its own."""
    return lambda record: record["content"][name]


NUMBERS = {
    "refunds": "refund_no",
    "brand_deliver_refunds": "refund_no",
    "bills": "bill_no",
    "account_changes": "change_no",
    "storage_stock": "stock_no",
    "storage_appointments": "appointment_no",
    "invoices": "invoice_no",
}
FACTS = Facts(
    tap=TapDewu,
    settings={
        "app_key": "a1b2c3d4",
        "app_secret": "5d41402abc4b2a76b9719d911017c592aaaabbbbccccddddeeeeffff00001111",
        "accounts": [{"id": "efMZ", "refresh_token": "sandbox-refresh"}],
    },
    refusals=[
        *(Refusal(outcome, refused(code, text)) for outcome, code, text in TABLE),
        Refusal(Outcome.THROTTLED, refused(5030, "调用频次超限"), wait=150),
        *(
            Refusal(Outcome.FATAL, refused(code, text), advice=told)
            for code, text, told in (
                (5025, "?", "allow-list"),
                (401, "?", "check app_key and app_secret"),
                (1, "无权调用接口", "permission package"),
            )
        ),
        Refusal(Outcome.FATAL, refused(400, "参数错误"), known=False),
        Refusal(Outcome.TRANSIENT, {"message": "bad gateway"}, status=502),
        Refusal(Outcome.FATAL, "error_business"),
        Refusal(Outcome.GRANT_DEAD, "error_oauth_code", advice="let the merchant authorise"),
    ],
    answers=[{"code": 200, "msg": "success", "data": {"orders": [], "total_results": 0}}],
    calls=[
        Built(
            "/dop/api/v1/order/generic_increment",
            {n: FIRST[n] for n in ("start_modified", "end_modified", "page_no", "page_size")},
            "tok_XYZ",
            NOON,
            posted(
                "/dop/api/v1/order/generic_increment", FIRST, "E362E5BE38942408D345C6BB6BBD087A"
            ),
        ),
        Built(
            "/dop/api/v1/spu/batch_article_number",
            {"article_numbers": ["DM6213-045", "DQ1823-006"], "nothing": "", "absent": None},
            "",
            NOON,
            posted(
                "/dop/api/v1/spu/batch_article_number",
                {"article_numbers": ["DM6213-045", "DQ1823-006"]},
                "9BA803DC3689D9A54B0772F6ADFB6822",
            ),
        ),
        Built(
            "/dop/api/v1/any",
            {"items": ITEMS},
            "",
            NOON,
            posted("/dop/api/v1/any", {"items": ITEMS}, "505A48D0DBF53920A643FDBB1FDA4B55"),
        ),
    ],
    wrong=({"app_secret": "quite-another"}, "check app_key and app_secret"),
    keys={name: number_of(field) for name, field in NUMBERS.items()},
    reading={"start_date": "2026-11-16T00:00:00+08:00"},
    spare={
        "oauth_token": "an answer of the token call, which has no stream",
        "oauth_refresh": "likewise",
    },
)


class TestDewu(Conformance):
    facts = FACTS


TestSdk = sdk_suite(FACTS)
