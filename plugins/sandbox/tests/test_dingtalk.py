"""钉钉: tokens of two generations, the directory, attendance, forms and HR, over HTTP."""

from __future__ import annotations

import typing as t

import pytest
import requests
from sandbox import ManualClock, Sandbox, SandboxSettings

NOW = 1_795_254_000
DAY = 86_400
CORP = "dingsandbox00000001"
IDS = "v1.0/workflow/processes/instanceIds/query"


class Company:
    """A client of one company."""

    def __init__(self, box: Sandbox) -> None:
        self.base = box.base_url("dingtalk")
        self.entry = box.config("dingtalk")["accounts"][0]
        self.session = requests.Session()
        self.session.trust_env = False
        key, secret = self.entry["client_id"], self.entry["client_secret"]
        query = {"appkey": key, "appsecret": secret}
        self.old = self.session.get(f"{self.base}/gettoken", params=query).json()["access_token"]
        self.new = self.token({"appKey": key, "appSecret": secret}).json()["accessToken"]

    def token(self, asked: dict[str, str]) -> requests.Response:
        return self.session.post(f"{self.base}/v1.0/oauth2/accessToken", json=asked)

    def ask_old(self, path: str, token: str | None = None, **body: t.Any) -> dict[str, t.Any]:
        query = {"access_token": self.old if token is None else token}
        answer = self.session.post(f"{self.base}/{path}", params=query, json=body)
        assert answer.status_code == 200
        return answer.json()

    def ask_new(self, path: str, token: str | None = None, **body: t.Any) -> requests.Response:
        headers = {"x-acs-dingtalk-access-token": self.new if token is None else token}
        return self.session.post(f"{self.base}/{path}", json=body, headers=headers)


@pytest.fixture
def box():
    chosen = SandboxSettings(size=600, clock=ManualClock(NOW), limits=False, history_days=6)
    with Sandbox(chosen) as running:
        yield running


@pytest.fixture
def company(box):
    return Company(box)


def keys(box: Sandbox, stream: str) -> set[str]:
    return {row.key for row in box.truth("dingtalk", CORP, stream)}


def test_wrong_credentials_are_refused_by_each_generation(company):
    query = {"appkey": company.entry["client_id"], "appsecret": "wrong"}
    assert company.session.get(f"{company.base}/gettoken", params=query).json()["errcode"] == 40096
    answer = company.token({"appKey": "nobody", "appSecret": "wrong"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalidClientIdOrSecret")


def test_a_token_serves_its_own_generation_at_its_own_place(company):
    listed = "topapi/v2/department/listsub"
    assert company.ask_old(listed, token="")["sub_code"] == "40000"
    assert company.ask_old(listed, token=company.new)["sub_code"] == "40014"
    assert company.ask_old("attendance/list", token="x")["errcode"] == 40014
    refused = company.ask_new(IDS, token=company.old)
    assert (refused.status_code, refused.json()["code"]) == (400, "InvalidAuthentication")
    missing = company.ask_new(IDS, token="")
    assert missing.json()["code"] == "AuthenticationFailed.MissingParameter"


def test_a_token_ends(box, company):
    assert company.ask_old("topapi/v2/department/get", dept_id=1)["errcode"] == 0
    box.advance(7200)
    assert company.ask_old("topapi/v2/department/get", dept_id=1)["sub_code"] == "40014"


def test_the_tree_shows_direct_children_only_and_never_the_root(box, company):
    found, waiting = set(), [1]
    while waiting:
        answer = company.ask_old("topapi/v2/department/listsub", dept_id=waiting.pop())
        for child in answer["result"]:
            found.add(str(child["dept_id"]))
            waiting.append(child["dept_id"])
    assert found == keys(box, "departments") - {"1"}
    assert company.ask_old("topapi/v2/department/listsub", dept_id=999)["errcode"] == 60003


def test_members_come_in_pages_and_details_tell_other_fields(box, company):
    listed, cursor = [], 0
    while True:
        answer = company.ask_old("topapi/v2/user/list", dept_id=1, cursor=cursor, size=3)["result"]
        listed += answer["list"]
        if not answer["has_more"]:
            break
        cursor = answer["next_cursor"]
    assert "next_cursor" not in answer
    assert 3 < len(listed) < len(keys(box, "users"))
    detail = company.ask_old("topapi/v2/user/get", userid=listed[0]["userid"])["result"]
    assert {"dept_order", "leader"} <= set(listed[0]) - set(detail)
    assert company.ask_old("topapi/v2/user/get", userid="nobody")["errcode"] == 60121
    too_many = company.ask_old("topapi/v2/user/list", dept_id=1, cursor=0, size=101)
    assert too_many["errcode"] == 400002


@pytest.mark.parametrize(
    "changes",
    [
        {"workDateTo": "2026-11-22 00:00:00"},
        {"workDateFrom": "2026-11-21"},
        {"userIdList": [f"Staff{n:05d}" for n in range(51)]},
        {"userIdList": []},
        {"limit": 51},
        {"offset": None},
    ],
)
def test_attendance_has_its_bounds(company, changes):
    body = {
        "workDateFrom": "2026-11-15 23:00:00",
        "workDateTo": "2026-11-21 00:00:00",
        "userIdList": ["Staff00001", "nobody"],
        "offset": 0,
        "limit": 50,
    }
    fits = company.ask_old("attendance/list", **body)
    assert (fits["errcode"], fits["hasMore"]) == (0, False)
    assert len(fits["recordresult"]) == 10
    assert company.ask_old("attendance/list", **{**body, **changes})["errcode"] == 400002


def test_forms_are_listed_by_template_within_120_days(box, company):
    body = {
        "startTime": (NOW - 119 * DAY) * 1000,
        "endTime": NOW * 1000,
        "nextToken": 0,
        "maxResults": 20,
    }
    found = set()
    for code in company.entry["process_codes"]:
        token = 0
        while token is not None:
            asked = {**body, "processCode": code, "nextToken": token}
            answer = company.ask_new(IDS, **asked).json()["result"]
            found |= set(answer["list"])
            token = int(answer["nextToken"]) if answer.get("nextToken") else None
    assert found == keys(box, "approvals")
    for changes, refused in (
        ({"processCode": "PROC-NOBODY"}, "invalidProcessCode"),
        ({"startTime": (NOW - 121 * DAY) * 1000}, "invalidEndTime"),
        ({"startTime": (NOW - 366 * DAY) * 1000}, "invalidInstanceListIdsStartTime"),
        ({"nextToken": None}, "invalidNextToken"),
        ({"nextToken": "0"}, "invalidNextToken"),
        ({"maxResults": 21}, "invalidMaxResults"),
    ):
        asked = {**body, "processCode": code, **changes}
        answer = company.ask_new(IDS, **asked)
        assert (answer.status_code, answer.json()["code"]) == (400, refused)


def test_a_form_does_not_tell_its_own_id(box, company):
    key = min(keys(box, "approvals"))
    url, headers = f"{company.base}/v1.0/workflow/processInstances", company.session.headers
    headers["x-acs-dingtalk-access-token"] = company.new
    answer = company.session.get(url, params={"processInstanceId": key}).json()
    assert answer["success"] == "true"
    assert "processInstanceId" not in answer["result"]
    missing = company.session.get(url, params={"processInstanceId": "x"})
    assert missing.json()["code"] == "processInstanceNotExist"


def test_the_last_page_of_the_hr_list_has_the_cursor_0(box, company):
    listed, offset, asked = [], 0, 0
    while offset or not asked:
        path = "topapi/smartwork/hrm/employee/queryonjob"
        answer = company.ask_old(path, status_list="2,3,5,-1", offset=offset, size=50)["result"]
        listed += answer["data_list"]
        offset, asked = answer["next_cursor"], asked + 1
    assert set(listed) == keys(box, "hrm_on_job_ids")
    assert asked == 2


def test_more_than_twenty_calls_a_second_are_refused_in_each_way():
    chosen = SandboxSettings(size=60, clock=ManualClock(NOW), limits=True, history_days=6)
    with Sandbox(chosen) as box:
        company = Company(box)
        path = "topapi/v2/department/get"
        refused = [company.ask_old(path, dept_id=1) for _ in range(24)][20:]
        assert {answer["errcode"] for answer in refused} == {88, 90018}
        assert {answer.get("sub_code", "90018") for answer in refused} == {"90018"}
        body = {"userIdList": ["Staff00001"], "appAgentId": int(company.entry["agent_id"])}
        rosters = "v1.0/hrm/rosters/lists/query"
        answers = [company.ask_new(rosters, **body) for _ in range(21)]
        assert {answer.status_code for answer in answers[:20]} == {200}
        assert answers[20].status_code == 403
        assert "QpsLimitForAppkeyAndApi" in answers[20].json()["code"]
        box.advance(1)
        assert company.ask_new(rosters, **body).status_code == 200
