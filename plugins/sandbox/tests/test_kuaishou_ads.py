"""快手磁力引擎: tokens, days, pages and figures, over HTTP."""

from __future__ import annotations

import typing as t

import pytest
import requests
from sandbox import ManualClock, Sandbox, SandboxSettings
from sandbox.platforms.kuaishou_ads import APP_ID, SECRET

NOW = 1_795_254_000
USER = "2000001"
CAMPAIGNS = "gw/dsp/campaign/list"
REPORT = "v1/report/account_report"


class User:
    """A client of one authorisation."""

    def __init__(self, box: Sandbox) -> None:
        self.base = f"{box.base_url('kuaishou_ads')}/rest/openapi"
        self.session = requests.Session()
        self.session.trust_env = False
        self.app = {"app_id": int(APP_ID), "secret": SECRET}
        self.token = ""

    def grant(self, step: str, **grant: str) -> dict[str, t.Any]:
        url = f"{self.base}/oauth2/authorize/{step}"
        return self.session.post(url, json={**self.app, **grant}).json()

    def call(self, api: str, method: str = "POST", **body: t.Any) -> dict[str, t.Any]:
        if not self.token:
            given = self.grant("refresh_token", refresh_token=f"sandbox-refresh-{USER}-1")
            self.token = given["data"]["access_token"]
        headers = {"Access-Token": self.token}
        url = f"{self.base}/{api}"
        return self.session.request(method, url, json=body, headers=headers).json()

    def advertisers(self, page: int = 1) -> dict[str, t.Any]:
        self.call("v1/advertiser/fund/get", advertiser_id=0)
        asked = {**self.app, "access_token": self.token, "page_no": page, "page_size": 200}
        url = f"{self.base}/oauth2/authorize/approval/list"
        return self.session.post(url, json=asked).json()


@pytest.fixture
def box():
    chosen = SandboxSettings(size=300, clock=ManualClock(NOW), limits=False, history_days=6)
    with Sandbox(chosen) as running:
        yield running


@pytest.fixture
def user(box):
    return User(box)


def test_the_page_beyond_the_advertisers_is_the_end(user):
    first, second = user.advertisers(), user.advertisers(2)
    assert (first["code"], first["message"]) == (1, "成功")
    assert first["data"]["isEnd"] is False
    assert all(isinstance(one, int) for one in first["data"]["details"])
    assert second["data"] == {"details": [], "isEnd": True}


def test_deleted_campaigns_come_when_asked_for(box, user):
    wanted = [row.record for row in box.truth("kuaishou_ads", USER, "campaigns")]
    seen = []
    for advertiser in user.advertisers()["data"]["details"]:
        asked = {"advertiser_id": advertiser, "page_size": 200}
        some = user.call(CAMPAIGNS, **asked, status=-2)["data"]["details"]
        left = user.call(CAMPAIGNS, **asked)["data"]
        assert left["total_count"] < len(some)
        seen += some
    assert sorted(seen, key=str) == sorted(wanted, key=str)


@pytest.mark.parametrize(
    ("api", "body", "told"),
    [
        (CAMPAIGNS, {"advertiser_id": 1}, "权限"),
        (CAMPAIGNS, {"start_date": "2026-11-20"}, "end_date"),
        (CAMPAIGNS, {"start_date": "2026-11-20", "end_date": "20261120"}, "end_date"),
        (CAMPAIGNS, {"page_size": 201}, "page_size"),
        (REPORT, {}, "start_date"),
        (REPORT, {"start_date": "2026-11-14", "end_date": "2026-11-15"}, "近7天"),
        ("v1/report/unit_report", {"start_date": "2026-11-01", "end_date": "2026-11-09"}, "7天"),
        ("v1/report/program_creative_report", {"start_date": "2026-11-20"}, "start_date"),
        ("v1/merchant/report/detail_report", {"view_type": 2}, "campaign_ids"),
        ("v1/no/such/api", {}, "接口不存在"),
    ],
)
def test_a_wrong_call_is_refused_with_the_one_number(user, api, body, told):
    advertiser = user.advertisers()["data"]["details"][0]
    answer = user.call(api, **{"advertiser_id": advertiser, **body})
    assert answer["code"] == 401000
    assert told in answer["message"]


def test_funds_take_get_and_post(user):
    advertiser = user.advertisers()["data"]["details"][0]
    by_get = user.call("v1/advertiser/fund/get", "GET", advertiser_id=advertiser)
    by_post = user.call("v1/advertiser/fund/get", "POST", advertiser_id=advertiser)
    assert by_get["data"] == by_post["data"]
    assert user.call(CAMPAIGNS, "GET", advertiser_id=advertiser)["code"] == 401000


def test_figures_come_by_day_or_by_hour(box, user):
    advertiser = user.advertisers()["data"]["details"][0]
    asked = {"advertiser_id": advertiser, "page_size": 2000}
    days = {"start_date": "2026-11-15", "end_date": "2026-11-20"}
    daily = user.call(REPORT, **asked, **days)["data"]["details"]
    truth = [row.record for row in box.truth("kuaishou_ads", USER, "account_reports")]
    assert daily == truth[: len(daily)]
    assert {row["stat_hour"] for row in daily} == {0}
    minutes = {"start_date_min": "2026-11-20 00:00", "end_date_min": "2026-11-20 12:00"}
    hourly = user.call(REPORT, **asked, **minutes, temporal_granularity="HOURLY")["data"]["details"]
    assert [row["stat_hour"] for row in hourly] == [9]


def test_tokens_end_and_refresh_tokens_serve_once(box, user):
    first = user.grant("access_token", auth_code=f"sandbox-code-{USER}")
    assert "失效" in user.grant("access_token", auth_code=f"sandbox-code-{USER}")["message"]
    refresh = first["data"]["refresh_token"]
    assert user.grant("refresh_token", refresh_token=refresh)["code"] == 0
    assert "失效" in user.grant("refresh_token", refresh_token=refresh)["message"]
    user.token = first["data"]["access_token"]
    box.expire_tokens("kuaishou_ads")
    assert user.call(CAMPAIGNS, advertiser_id=1)["message"] == "access_token已过期"
    user.app["secret"] = "another"
    assert "secret" in user.grant("refresh_token", refresh_token=refresh)["message"]
