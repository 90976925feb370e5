"""What the sheet of 快手磁力引擎 tells, as data; the tests come with it."""

from __future__ import annotations

from datetime import datetime, timezone

from conformance import Built, Conformance, Facts, Refusal, Sample
from conformance.sdk import sdk_suite
from openplatform.http import Request
from openplatform.judging import Outcome
from tap_kuaishou_ads.client import ADVERTISERS
from tap_kuaishou_ads.tap import TapKuaishouAds

TABLE = [
    (Outcome.QUOTA_EXHAUSTED, 401000, "今日操作次数已达上限"),
    (Outcome.FATAL, 401000, "参数错误"),
    (Outcome.TRANSIENT, 4005, "手机号获取服务异常"),
    # The table of codes is not public; by their texts.
    *(
        (Outcome.THROTTLED, 99, text)
        for text in ("请求过于频繁", "超过频率限制", "接口限流", "too many requests", "QPS limit", "次数已达上限")
    ),
    *(
        (Outcome.AUTH_EXPIRED, 99, text)
        for text in ("access_token已过期", "token失效", "无效的token", "token expired", "invalid token")
    ),
    *((Outcome.TRANSIENT, 99, text) for text in ("系统异常", "服务异常", "请稍后重试", "timeout")),
    (Outcome.GRANT_DEAD, 99, "app_id或secret错误"),
    (Outcome.FATAL, 401000, "没有该账户的权限"),
]  # fmt: skip
ADVERTISER = {"advertiser_id": 8173064}
MOMENT = datetime(2026, 11, 21, 9, 40, tzinfo=timezone.utc)


def refused(code, text):
    return {"code": code, "message": text, "request_id": "1"}


def built(api, params, request, **settings):
    return Built(api, params, "sandbox-token", MOMENT, request, settings=settings)


FUNDS = "v1/advertiser/fund/get"
TOKEN = {"Access-Token": "sandbox-token", "Content-Type": "application/json"}

FACTS = Facts(
    tap=TapKuaishouAds,
    settings={
        "app_key": "165890123",
        "app_secret": "sandbox-app-secret",
        "accounts": [{"id": "2000001", "refresh_token": "sandbox-refresh"}],
    },
    samples=[
        Sample("advertisers"),
        *(
            Sample(stream, carried=ADVERTISER)
            for stream in (
                "campaigns",
                "units",
                "program_creatives",
                "account_reports",
                "campaign_reports",
                "unit_reports",
                "merchant_reports",
                "fund_daily_flows",
            )
        ),
        Sample("fund_balances", "fund_balance", carried=ADVERTISER),
    ],
    refusals=[
        *(Refusal(outcome, refused(code, text)) for outcome, code, text in TABLE),
        Refusal(Outcome.FATAL, refused(402001, "?"), known=False),
        Refusal(Outcome.FATAL, refused(1, "失败"), known=False),
        Refusal(Outcome.QUOTA_EXHAUSTED, "error_daily_limit", advice="00:00 China time"),
        Refusal(Outcome.GRANT_DEAD, refused(99, "secret错误"), advice="check app_key"),
        Refusal(Outcome.FATAL, refused(401000, "没有该接口的权限"), advice="ask for the scope"),
        # Answers that are not the platform's envelope.
        Refusal(Outcome.TRANSIENT, {}),
        Refusal(Outcome.TRANSIENT, []),
        Refusal(Outcome.THROTTLED, {}, status=429),
        Refusal(Outcome.TRANSIENT, {}, status=502),
    ],
    answers=[
        {"code": 0, "message": "OK", "data": {"details": [], "total_count": 0}},
        {"code": 1, "message": "成功", "data": {"details": [8173064], "isEnd": False}},
    ],
    calls=[
        built(
            "gw/dsp/campaign/list",
            {"advertiser_id": 8173064, "status": -2, "page": 1},
            Request(
                "POST",
                "/rest/openapi/gw/dsp/campaign/list",
                {},
                b'{"advertiser_id":8173064,"status":-2,"page":1}',
                TOKEN,
            ),
        ),
        built(
            FUNDS,
            ADVERTISER,
            Request("GET", f"/rest/openapi/{FUNDS}", {}, b'{"advertiser_id":8173064}', TOKEN),
        ),
        built(
            FUNDS,
            ADVERTISER,
            Request("POST", f"/rest/openapi/{FUNDS}", {}, b'{"advertiser_id":8173064}', TOKEN),
            fund_method="POST",
        ),
        built(
            ADVERTISERS,
            {"page_no": 1},
            Request(
                "POST",
                f"/rest/openapi/{ADVERTISERS}",
                {},
                b'{"app_id":165890123,"secret":"sandbox-app-secret","access_token":"sandbox-token","page_no":1}',
            ),
        ),
    ],
    wrong=({"app_secret": "quite-another"}, "check app_key and app_secret"),
    reading={"start_date": "2026-11-15T00:00:00+08:00"},
    keys={"operation_records": lambda r: f"{r['advertiser_id']}:{r['object_id']}"},
)


class TestKuaishouAds(Conformance):
    facts = FACTS


TestSdk = sdk_suite(FACTS)
