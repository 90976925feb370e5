"""飞书: tokens, the directory, attendance, forms, tables and employees, over HTTP."""

from __future__ import annotations

import typing as t

import pytest
import requests
from sandbox import ManualClock, Sandbox, SandboxSettings

NOW = 1_795_254_000
DAY = 86_400
HOUR_MS = 3_600_000
TENANT = "sandboxtenant0001"
TOKEN = "auth/v3/tenant_access_token/internal"
KINDS = {"department_id_type": "open_department_id", "user_id_type": "open_id"}


class Company:
    """A client of one company."""

    def __init__(self, box: Sandbox) -> None:
        self.base = f"{box.base_url('feishu')}/open-apis"
        self.entry = box.config("feishu")["accounts"][0]
        self.session = requests.Session()
        self.session.trust_env = False
        self.token = self.grant()["tenant_access_token"]

    def grant(self, **changes: str) -> dict[str, t.Any]:
        asked = {name: self.entry[name] for name in ("app_id", "app_secret")} | changes
        answer = self.session.post(f"{self.base}/{TOKEN}", json=asked)
        assert answer.status_code == 200
        return answer.json()

    def get(self, path: str, bearer: str | None = None, **query: t.Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}" if bearer is None else bearer}
        return self.session.get(f"{self.base}/{path}", params=query, headers=headers)

    def post(self, path: str, query: dict[str, t.Any], **body: t.Any) -> dict[str, t.Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.session.post(
            f"{self.base}/{path}", params=query, json=body, headers=headers
        ).json()


@pytest.fixture
def box():
    chosen = SandboxSettings(size=600, clock=ManualClock(NOW), limits=False, history_days=6)
    with Sandbox(chosen) as running:
        yield running


@pytest.fixture
def company(box):
    return Company(box)


def keys(box: Sandbox, stream: str) -> set[str]:
    return {row.key for row in box.truth("feishu", TENANT, stream)}


def test_wrong_credentials_come_with_http_200(company):
    assert company.grant(app_id="cli_nobody")["code"] == 10003
    assert company.grant(app_secret="wrong")["code"] == 10014


def test_a_token_stays_the_same_until_its_last_half_hour(box, company):
    box.advance(5399)
    assert company.grant()["tenant_access_token"] == company.token
    box.advance(2)
    fresh = company.grant()["tenant_access_token"]
    assert fresh != company.token
    path = "contact/v3/departments/0/children"
    assert company.get(path, **KINDS).json()["code"] == 0
    box.advance(1800)
    assert company.get(path, **KINDS).json()["code"] == 99991663
    company.token = fresh
    assert company.get(path, **KINDS).json()["code"] == 0


@pytest.mark.parametrize(
    ("bearer", "code"),
    [("", 99991661), ("t-x", 99991661), ("Bearer x", 99991671), ("Bearer t-x", 99991663)],
)
def test_a_bearer_has_its_form(company, bearer, code):
    answer = company.get("contact/v3/departments/0/children", bearer=bearer, **KINDS)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_wrong_path_or_method_is_no_json(company):
    answer = company.get("contact/v3/nothing")
    assert (answer.status_code, answer.text) == (404, "404 page not found")
    assert company.get("attendance/v1/user_tasks/query").status_code == 404


def test_the_tree_comes_by_level_or_as_a_whole_without_its_root(box, company):
    path = "contact/v3/departments/0/children"
    whole = company.get(path, fetch_child="true", page_size=50, **KINDS).json()["data"]
    assert {item["open_department_id"] for item in whole["items"]} == keys(box, "departments")
    first = company.get(path, page_size=2, **KINDS).json()["data"]
    assert first["has_more"]
    rest = company.get(path, page_size=2, page_token=first["page_token"], **KINDS).json()["data"]
    level = [*first["items"], *rest["items"]]
    assert {item["parent_department_id"] for item in level} == {"0"}
    assert not rest["has_more"]
    assert rest["page_token"]


def test_a_page_token_belongs_to_its_list(company):
    first = company.get("contact/v3/departments/0/children", page_size=2, **KINDS).json()["data"]
    users = "contact/v3/users/find_by_department"
    mixed = company.get(users, department_id="0", page_token=first["page_token"], **KINDS)
    assert mixed.json()["code"] == 40012
    assert company.get(users, department_id="0", page_size=51, **KINDS).json()["code"] == 40011
    assert company.get(users, department_id="od-x", **KINDS).json()["code"] == 40015


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("user_flows", {"check_time_from": NOW - DAY}),
        ("user_flows", {"check_time_from": str(NOW - 31 * DAY)}),
        ("user_flows", {"user_ids": []}),
        ("user_flows", {"user_ids": [f"emp{n:05d}" for n in range(51)]}),
        ("user_tasks", {"check_date_from": "20261115"}),
        ("user_tasks", {"check_date_from": 20261131}),
        ("user_tasks", {"check_date_from": 20261001}),
    ],
)
def test_attendance_has_its_bounds(company, path, changes):
    query = {"employee_type": "employee_id", "ignore_invalid_users": "true"}
    span = (
        {"check_time_from": str(NOW - 5 * DAY), "check_time_to": str(NOW)}
        if path == "user_flows"
        else {"check_date_from": 20261115, "check_date_to": 20261121}
    )
    body = {"user_ids": ["emp00001", "nobody"], **span}
    fits = company.post(f"attendance/v1/{path}/query", query, **body)
    assert fits["code"] == 0
    assert len(fits["data"][f"{path[:-1]}_results"]) >= 5
    refused = company.post(f"attendance/v1/{path}/query", query, **{**body, **changes})
    assert refused["code"] == 1220001


def test_an_unknown_member_fails_the_whole_call_unless_it_is_ignored(company):
    body = {"user_ids": ["nobody"], "check_date_from": 20261115, "check_date_to": 20261121}
    path, query = "attendance/v1/user_tasks/query", {"employee_type": "employee_id"}
    assert company.post(path, query, **body)["code"] == 1220004
    ignoring = company.post(path, {**query, "ignore_invalid_users": "true"}, **body)
    assert ignoring["data"]["invalid_user_ids"] == ["nobody"]


def test_forms_are_listed_within_ten_hours(box, company):
    end, found = NOW * 1000, set()
    for code in company.entry["approval_codes"]:
        for start in range(end - 8 * DAY * 1000, end, 10 * HOUR_MS):
            span = {"start_time": start, "end_time": min(start + 10 * HOUR_MS, end)}
            answer = company.get("approval/v4/instances", approval_code=code, **span).json()
            found |= set(answer["data"]["instance_code_list"])
    assert found == keys(box, "approvals")
    for changes, refused in (
        ({"start_time": end - 10 * HOUR_MS - 1}, 1390001),
        ({"start_time": end + 1}, 1390001),
        ({"approval_code": "nobody"}, 1390002),
    ):
        asked = {"approval_code": code, "start_time": end - HOUR_MS, "end_time": end, **changes}
        answer = company.get("approval/v4/instances", **asked)
        assert (answer.status_code, answer.json()["code"]) == (400, refused)
    assert company.get("approval/v4/instances/nobody").json()["code"] == 1390003


def test_rows_of_tables_tell_their_times_only_when_asked(box, company):
    app, _, table = company.entry["tables"][0].partition("/")
    path = f"bitable/v1/apps/{app}/tables/{table}/records/search"
    plain = company.post(path, {"page_size": 500})["data"]
    full = company.post(path, {"page_size": 500}, automatic_fields=True)["data"]
    assert plain["total"] == full["total"] == len(full["items"]) > 50
    assert "last_modified_time" not in plain["items"][0]
    assert "last_modified_time" in full["items"][0]
    assert company.post(path, {"page_size": 501})["code"] == 40011
    assert company.post(path.replace(table, "tblx"), {})["code"] != 0


def test_employees_are_paged_by_offset(box, company):
    listed, token = [], "0"
    while token:
        answer = company.get("ehr/v1/employees", view="full", page_size=50, page_token=token)
        data = answer.json()["data"]
        listed += [item["user_id"] for item in data["items"]]
        token = data.get("page_token") if data["has_more"] else ""
    assert sorted(listed) == sorted(keys(box, "ehr_employees"))


def test_employments_come_with_the_fields_asked_for(company):
    path = "corehr/v2/employees/search"
    (bare, *_) = company.post(path, {"page_size": 100})["data"]["items"]
    assert set(bare) == {"employment_id"}
    fields = ["employee_number", "person_info.legal_name"]
    (full, *_) = company.post(path, {"page_size": 100}, fields=fields)["data"]["items"]
    assert set(full) == {"employment_id", "employee_number", "person_info"}
    assert company.post(path, {"page_size": 101})["code"] == 40011


def test_more_than_fifty_calls_a_second_are_refused_with_the_wait():
    chosen = SandboxSettings(size=60, clock=ManualClock(NOW), limits=True, history_days=6)
    with Sandbox(chosen) as box:
        company = Company(box)
        for path, status in (
            ("contact/v3/departments/0/children", 429),
            ("approval/v4/instances/x", 400),
        ):
            for _ in range(50):
                company.get(path, **KINDS)
            refused = company.get(path, **KINDS)
            assert (refused.status_code, refused.json()["code"]) == (status, 99991400)
            assert refused.headers["x-ogw-ratelimit-reset"] == "1"
            box.advance(1)
            assert company.get(path, **KINDS).json()["code"] != 99991400
