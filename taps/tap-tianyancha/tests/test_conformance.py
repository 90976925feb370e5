"""What the sheet of 天眼查 tells, as data; the tests come with it."""

from __future__ import annotations

from datetime import datetime, timezone

from conformance import Built, Conformance, Facts, Refusal, Sample
from conformance.sdk import sdk_suite
from openplatform.http import Request
from openplatform.judging import Outcome
from tap_tianyancha.tap import TapTianyancha

CODES = [
    (Outcome.TRANSIENT, 300001, "请求失败"),
    (Outcome.GRANT_DEAD, 300002, "账号失效"),
    (Outcome.GRANT_DEAD, 300003, "账号过期"),
    (Outcome.THROTTLED, 300004, "访问频率过快"),
    (Outcome.FATAL, 300005, "无权限访问此api"),
    (Outcome.GRANT_DEAD, 300006, "余额不足"),
    (Outcome.FATAL, 300007, "剩余次数不足"),
    (Outcome.FATAL, 300008, "缺少必要参数"),
    (Outcome.GRANT_DEAD, 300009, "账号信息有误"),
    (Outcome.FATAL, 300010, "URL不存在"),
    (Outcome.GRANT_DEAD, 300011, "IP"),
    (Outcome.TRANSIENT, 300012, "报告生成中"),
]
COMPANY = "中航重机股份有限公司"


def refused(code, text="?"):
    return {"result": None, "reason": text, "error_code": code}


def with_what_was_cut_off(answer):
    """Only the first part of the documented example could be read."""
    return {"result": {"id": 11684584, **answer["result"]}, "reason": "ok", "error_code": 0}


def asked(api, query):
    return Built(
        api,
        query,
        "",
        datetime(2026, 11, 21, tzinfo=timezone.utc),
        Request("GET", f"/{api}", query, headers={"Authorization": "sandbox-token"}),
    )


def own_key(name):
    """Rows that have no id are keyed by the simulator by what it made them from."""
    return lambda record: f"{record['companyId']}:{record[name]}"


UNDESCRIBED = (
    "published_shareholders",
    "shareholder_changes",
    "former_shareholders",
    "punishments",
    "patents",
    "trademarks",
    "credit_ratings",
)

FACTS = Facts(
    tap=TapTianyancha,
    settings={
        "accounts": [{"id": "buyer01", "token": "sandbox-token", "companies": [COMPANY]}],
        "search_words": ["中航"],
    },
    samples=[
        Sample(
            "companies",
            "companies_partial",
            repaired=with_what_was_cut_off,
        )
    ],
    refusals=[
        *(Refusal(outcome, refused(code, text)) for outcome, code, text in CODES),
        # One client declares the code as text.
        Refusal(Outcome.THROTTLED, refused("300004")),
        Refusal(Outcome.GRANT_DEAD, refused(300003), advice="renew the account"),
        Refusal(Outcome.FATAL, refused(300005), advice="buy this interface"),
        Refusal(Outcome.GRANT_DEAD, refused(300006), advice="recharge"),
        Refusal(Outcome.FATAL, refused(300007), advice="buy more calls"),
        Refusal(Outcome.GRANT_DEAD, refused(300009), advice="check the account's token"),
        Refusal(Outcome.GRANT_DEAD, refused(300011), advice="allow-list"),
        Refusal(Outcome.FATAL, refused(399999), known=False),
        Refusal(Outcome.FATAL, {}, known=False),
        Refusal(Outcome.FATAL, [], known=False),
        Refusal(Outcome.TRANSIENT, {}, status=502),
        Refusal(Outcome.THROTTLED, {}, status=429),
    ],
    answers=[
        {"result": {"total": 0, "items": []}, "reason": "ok", "error_code": 0},
        {"result": None, "reason": "ok", "error_code": "0"},
        # Nothing found is an answer like any other, and may cost as much.
        refused(300000, "经查无结果"),
    ],
    calls=[
        asked("services/open/ic/baseinfo/normal", {"keyword": COMPANY}),
        asked(
            "services/open/ic/changeinfo/2.0",
            {"pageSize": "20", "keyword": "11684584", "pageNum": "1"},
        ),
    ],
    wrong=(
        {"accounts": [{"id": "buyer01", "token": "quite-another", "companies": [COMPANY]}]},
        "check the account's token",
    ),
    keys={
        "changes": own_key("contentAfter"),
        "abnormal_records": own_key("putReason"),
        "illegal_records": own_key("putReason"),
        "dishonest_records": own_key("casecode"),
        **dict.fromkeys(
            UNDESCRIBED, lambda record: f"{record['companyId']}:{record['content']['what']}"
        ),
    },
    # What is kept is kept from what these tests change; test_paying.py is about it.
    reading={"cache_ttl": "0s", "paid_calls": 1_000_000},
)


class TestTianyancha(Conformance):
    facts = FACTS


TestSdk = sdk_suite(FACTS)
