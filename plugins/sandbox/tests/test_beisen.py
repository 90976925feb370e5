"""北森: tokens, verdicts, views that expire, units by id and days, over HTTP."""

from __future__ import annotations

import pytest
import requests
from sandbox import ManualClock, Sandbox, SandboxSettings

NOW = 1_795_254_000
COMPANY = "100001"
PEOPLE = "TenantBaseExternal/api/v5/Employee/GetByTimeWindow"
UNITS = "TenantBaseExternal/api/v5/Organization/GetByIds"
RESULTS = "AttendanceOpen/api/v1/AttendanceStatistics/GetAttendanceStatisticsList"
KEY = {"app_key": f"sandbox-key-{COMPANY}", "app_secret": f"sandbox-secret-{COMPANY}"}
APP = {"app_id": f"7{COMPANY}", "tenant_id": COMPANY, "secret": f"sandbox-secret-{COMPANY}"}
GRANT = {"grant_type": "client_credentials"}
WEEK = {"startTime": "2026-11-15T00:00:00", "stopTime": "2026-11-22T00:00:00"}
EVERYBODY = {**WEEK, "timeWindowQueryType": 2, "withDisabled": True, "employType": [0, 1, 2, 3]}


class Company:
    """A client of one company's connector."""

    def __init__(self, box):
        self.base = box.base_url("beisen")
        self.token = self.post("token", data={**KEY, **GRANT}).json()["access_token"]

    def post(self, path, **content):
        return requests.post(f"{self.base}/{path}", timeout=5, **content)

    def answer(self, path, token=None, **params):
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return self.post(path, json=params, headers=headers)

    def call(self, path, **params):
        return self.answer(path, **params).json()


@pytest.fixture
def box():
    with Sandbox(SandboxSettings(size=300, limits=False, clock=ManualClock(NOW))) as running:
        yield running


@pytest.fixture
def company(box):
    return Company(box)


def test_tokens_come_in_two_ways_and_live_two_hours(box, company):
    new = company.post("token", json={**KEY, **GRANT}).json()
    assert (new["token_type"], new["expires_in"]) == ("bearer", 7200)
    old = company.post("OAuth/Token", data={**APP, **GRANT}).json()
    assert old["expires_in"] == str(NOW + 7200)
    assert company.call(PEOPLE, **EVERYBODY)["code"] == "200"
    box.advance(7201)
    late = company.answer(PEOPLE, **EVERYBODY)
    assert (late.status_code, late.json()) == (401, {"message": "un-authorized"})


def test_token_calls_are_refused_as_the_platform_does(company):
    without = company.post("token", params={**KEY, **GRANT})
    assert (without.status_code, without.json()["error_code"]) == (400, "400006")
    stranger = company.post("OAuth/Token", data={**APP, **GRANT, "tenant_id": "1"})
    assert (stranger.status_code, stranger.json()) == (400, {"error": "invalid_tenantid"})
    assert company.post("token", data={**KEY, **GRANT, "app_secret": "x"}).status_code == 400


def test_a_wrong_token_and_a_wrong_path_look_alike(company):
    assert company.post(PEOPLE, json=EVERYBODY).status_code == 400
    assert company.answer(PEOPLE, token="wrong", **EVERYBODY).status_code == 401
    assert company.answer("TenantBaseExternal/api/v5/No/Such", **EVERYBODY).status_code == 401


def test_a_view_keeps_its_name_and_tells_all_rows_once(company):
    seen, name = [], ""
    while rows := (page := company.call(PEOPLE, **EVERYBODY, scrollId=name, capacity=50))["data"]:
        assert page["isLastData"] is True, "which says nothing"
        seen += [row["employeeInfo"]["userID"] for row in rows]
        assert name in {"", page["scrollId"]}
        name = page["scrollId"]
    assert len(seen) == len(set(seen)) == page["total"]


def test_a_view_is_gone_after_ten_seconds_without_a_word(box, company):
    first = company.call(PEOPLE, **EVERYBODY, capacity=50)
    box.advance(10)
    assert len(company.call(PEOPLE, **EVERYBODY, scrollId=first["scrollId"])["data"]) > 0
    box.advance(11)
    gone = company.call(PEOPLE, **EVERYBODY, scrollId=first["scrollId"])
    assert (gone["code"], gone["data"], gone["total"]) == ("200", [], 0)


def test_without_being_asked_for_those_who_left_and_those_of_others_stay_away(company):
    everybody = company.call(PEOPLE, **EVERYBODY, capacity=1)["total"]
    assert company.call(PEOPLE, **WEEK, timeWindowQueryType=2, capacity=1)["total"] < everybody
    present = {**EVERYBODY, "withDisabled": False}
    assert company.call(PEOPLE, **present, capacity=1)["total"] < everybody
    assert company.call(PEOPLE, **{**EVERYBODY, "empStatus": [8]}, capacity=1)["total"] < everybody


def test_by_the_time_of_any_change_everybody_changes_every_night(company):
    day = {**EVERYBODY, "startTime": "2026-11-21T00:00:00", "stopTime": "2026-11-22T00:00:00"}
    assert company.call(PEOPLE, **day)["total"] == 0
    assert company.call(PEOPLE, **{**day, "timeWindowQueryType": 1})["total"] > 100


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({**EVERYBODY, "startTime": "2026-08-01"}, "90天"),
        ({**EVERYBODY, "startTime": "1899-12-31"}, "1900-01-01"),
        ({**EVERYBODY, "capacity": 301}, "capacity"),
        ({**EVERYBODY, "startTime": "2026-11-15 00:00:00"}, "startTime"),
    ],
)
def test_bad_parameters_are_417(company, params, told):
    answer = company.call(PEOPLE, **params)
    assert answer["code"] == "417"
    assert told in answer["message"]


def test_units_come_by_up_to_300_numbers(company):
    root = int(f"900{COMPANY}")
    assert [unit["oId"] for unit in company.call(UNITS, oIds=[root, 1])["data"]] == [root]
    assert company.call(UNITS, oIds=[])["code"] == "417"
    assert company.call(UNITS, oIds=["1"])["code"] == "417"
    assert company.call(UNITS, oIds=list(range(301)))["code"] == "417"


def test_a_day_is_told_by_cursor_and_several_days_are_not(company):
    day = {"startDate": "2026-11-20", "stopDate": "2026-11-20", "pageSize": 5}
    seen, cursor, last = [], None, False
    while not last:
        data = company.call(RESULTS, **day, queryCursor=cursor)["data"]
        seen += [item["userId"] for item in data["items"]]
        cursor, last = data["sortCursor"], data["isLastPage"]
    assert len(seen) == len(set(seen)) == data["total"] > 5
    assert company.call(RESULTS, **{**day, "stopDate": "2026-11-21"})["code"] == "417"


def test_the_minute_is_what_bites():
    with Sandbox(SandboxSettings(size=20, clock=ManualClock(NOW))) as box:
        company = Company(box)
        day = {"startDate": "2026-11-20", "stopDate": "2026-11-20"}
        assert {company.answer(RESULTS, **day).status_code for _ in range(25)} == {200}
        assert company.answer(RESULTS, **day).status_code == 429
        box.advance(1)
        assert company.answer(RESULTS, **day).status_code == 200
