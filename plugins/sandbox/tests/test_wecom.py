"""企业微信: tokens, the directory, attendance, forms, reports and contacts, over HTTP."""

from __future__ import annotations

import typing as t

import pytest
import requests
from sandbox import ManualClock, Sandbox, SandboxSettings

NOW = 1_795_254_000
DAY = 86_400
CORP = "wwsandbox00000001"


class Corp:
    """A client of one company."""

    def __init__(self, box: Sandbox, secret: str = "sandbox-secret", corp: str = CORP) -> None:
        self.box, self.corp = box, corp
        self.base = f"{box.base_url('wecom')}/cgi-bin"
        self.secret = f"{secret}-{corp}"
        self.session = requests.Session()
        self.session.trust_env = False
        self.token = ""

    def fetch_token(self, **changes: str) -> dict[str, t.Any]:
        query = {"corpid": self.corp, "corpsecret": self.secret} | changes
        return self.session.get(f"{self.base}/gettoken", params=query).json()

    def _query(self) -> dict[str, str]:
        if not self.token:
            self.token = self.fetch_token()["access_token"]
        return {"access_token": self.token}

    def get(self, path: str, **params: t.Any) -> dict[str, t.Any]:
        answer = self.session.get(f"{self.base}/{path}", params=self._query() | params)
        assert answer.status_code == 200
        return answer.json()

    def post(self, path: str, **body: t.Any) -> dict[str, t.Any]:
        answer = self.session.post(f"{self.base}/{path}", params=self._query(), json=body)
        assert answer.status_code == 200
        return answer.json()


@pytest.fixture
def box():
    chosen = SandboxSettings(size=600, clock=ManualClock(NOW), limits=False, history_days=6)
    with Sandbox(chosen) as running:
        yield running


@pytest.fixture
def corp(box):
    return Corp(box)


def truth(box: Sandbox, stream: str) -> dict[str, dict[str, t.Any]]:
    return {row.key: row.record for row in box.truth("wecom", CORP, stream)}


def test_a_token_is_the_same_while_it_lives(box, corp):
    first = corp.fetch_token()
    assert (first["errcode"], first["expires_in"]) == (0, 7200)
    box.advance(100)
    again = corp.fetch_token()
    assert (again["access_token"], again["expires_in"]) == (first["access_token"], 7100)
    corp.token = first["access_token"]
    box.advance(7100)
    assert corp.get("department/list")["errcode"] == 42001
    assert corp.fetch_token()["access_token"] != first["access_token"]
    corp.token = "unknown"
    answer = corp.get("department/list")
    assert answer["errcode"] == 40014
    assert "from ip: 203.0.113.7, more info at" in answer["errmsg"]
    bare = requests.get(f"{corp.base}/department/list", timeout=5).json()
    assert bare["errcode"] == 41001


def test_wrong_credentials(corp):
    assert corp.fetch_token(corpid="x")["errcode"] == 40013
    assert corp.fetch_token(corpid="")["errcode"] == 41002
    assert corp.fetch_token(corpsecret="x")["errcode"] == 40091
    assert corp.fetch_token(corpsecret="sandbox-secret-wwsandbox00000002")["errcode"] == 40001
    assert corp.fetch_token(corpsecret="")["errcode"] == 41004


def test_expiry_on_request_hits_one_company_only(box, corp):
    other = Corp(box, corp="wwsandbox00000002")
    corp.get("department/list")
    other.get("department/list")
    assert box.expire_tokens("wecom", CORP) == 1
    assert corp.get("department/list")["errcode"] == 42001
    assert other.get("department/list")["errcode"] == 0


def test_the_tree_and_a_subtree(box, corp):
    rows = corp.get("department/list")["department"]
    assert {str(row["id"]): row for row in rows} == truth(box, "departments")
    assert [row["id"] for row in rows if row["parentid"] == 0] == [1]
    ids = corp.get("department/simplelist")["department_id"]
    assert {str(row["id"]): row for row in ids} == truth(box, "department_ids")
    below = corp.get("department/list", id=2)["department"]
    assert below[0]["id"] == 2
    assert 0 < len(below) < len(rows)
    assert corp.get("department/list", id=999)["errcode"] == 60123


def test_a_vanished_department_leaves_its_members_and_children_elsewhere(box, corp):
    before = truth(box, "departments")
    parent = next(row["parentid"] for row in before.values() if row["parentid"] > 1)
    box.mutate("wecom", CORP, "departments", "delete", keys=[str(parent)])
    after = truth(box, "departments")
    assert set(before) - set(after) == {str(parent)}
    assert {row["parentid"] for row in after.values()} <= {int(key) for key in after} | {0}
    assert corp.get("user/list", department_id=parent)["errcode"] == 60123
    departments = {number for row in truth(box, "users").values() for number in row["department"]}
    assert departments <= {int(key) for key in after}


def test_members_by_department_repeat_and_are_the_truth(box, corp):
    found, seen = {}, 0
    for department in corp.get("department/list")["department"]:
        rows = corp.get("user/list", department_id=department["id"])["userlist"]
        seen += len(rows)
        found |= {row["userid"]: row for row in rows}
        simple = corp.get("user/simplelist", department_id=department["id"])["userlist"]
        assert [row["userid"] for row in simple] == [row["userid"] for row in rows]
    assert found == truth(box, "users")
    assert seen > len(found)
    userid = next(iter(found))
    detail = corp.get("user/get", userid=userid.lower())
    assert {**detail, **found[userid]} == detail
    assert corp.get("user/get", userid="nobody")["errcode"] == 60111


def test_new_apps_do_not_see_personal_fields(box, corp):
    old = Corp(box, "sandbox-old-secret")
    new_row = (
        corp.get("user/list", department_id=1)["userlist"]
        or corp.get("user/list", department_id=2)["userlist"]
    )
    assert "mobile" not in new_row[0]
    department = new_row[0]["department"][0]
    old_row = old.get("user/list", department_id=department)["userlist"][0]
    assert old_row["mobile"] == "138******00"
    assert isinstance(old_row["gender"], str)


def test_user_ids_belong_to_the_directory_secret(box, corp):
    contacts = Corp(box, "sandbox-contacts-secret")
    assert corp.post("user/list_id")["errcode"] == 48002
    assert contacts.get("user/list", department_id=1)["errcode"] == 48002
    found, cursor = {}, None
    while True:
        answer = contacts.post("user/list_id", limit=7, **({"cursor": cursor} if cursor else {}))
        found |= {f"{row['userid']}:{row['department']}": row for row in answer["dept_user"]}
        cursor = answer.get("next_cursor")
        if not cursor:
            break
    assert found == truth(box, "user_ids")


def test_punches_and_late_ones(box, corp):
    users = sorted(truth(box, "users"))
    span = {"starttime": NOW - 8 * DAY, "endtime": NOW}
    body = {"opencheckindatatype": 3, "useridlist": users[:100], **span}
    rows = corp.post("checkin/getcheckindata", **body)["checkindata"]
    wanted = truth(box, "checkin_data")
    keys = ("userid", "checkin_time", "checkin_type", "groupid", "timeline_id")
    found = {":".join(str(row[key]) for key in keys): row for row in rows}
    assert {
        key: row for key, row in wanted.items() if row["userid"] in users[:100]
    }.items() <= found.items()
    missing = [row for row in rows if row["exception_type"] == "未打卡"]
    assert missing
    assert all(row["checkin_time"] == row["sch_checkin_time"] for row in missing)
    box.advance(2 * DAY)
    later = corp_again(box).post("checkin/getcheckindata", **body)["checkindata"]
    assert not [row for row in later if row["exception_type"] == "未打卡"]


def corp_again(box: Sandbox) -> Corp:
    return Corp(box)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"useridlist": ["Staff00000"] * 101}, 301023),
        ({"useridlist": []}, 301023),
        ({"starttime": NOW - 31 * DAY}, 301024),
        ({"starttime": NOW}, 301024),
        ({"opencheckindatatype": 9}, 40058),
        ({"useridlist": ["nobody"]}, 60111),
    ],
)
def test_wrong_attendance_calls(corp, changes, code):
    body = {
        "opencheckindatatype": 3,
        "useridlist": ["Staff00000"],
        "starttime": NOW - DAY,
        "endtime": NOW,
    }
    assert corp.post("checkin/getcheckindata", **(body | changes))["errcode"] == code


def test_days_need_midnights(box, corp):
    wanted = truth(box, "checkin_day_data")
    days = sorted({row["base_info"]["date"] for row in wanted.values()})
    users = sorted(truth(box, "users"))[:100]
    body = {"starttime": days[0], "endtime": days[-1], "useridlist": users}
    rows = corp.post("checkin/getcheckin_daydata", **body)["datas"]
    found = {f"{row['base_info']['acctid']}:{row['base_info']['date']}": row for row in rows}
    assert found == {key: row for key, row in wanted.items() if row["base_info"]["acctid"] in users}
    body["starttime"] += 60
    assert corp.post("checkin/getcheckin_daydata", **body)["datas"] == []


def test_forms_by_cursor_with_short_pages(box, corp):
    found, cursor, lengths = [], "", []
    while True:
        body = {
            "starttime": str(NOW - 20 * DAY),
            "endtime": str(NOW),
            "size": 30,
            "new_cursor": cursor,
        }
        answer = corp.post("oa/getapprovalinfo", **body)
        lengths.append(len(answer["sp_no_list"]))
        found += answer["sp_no_list"]
        cursor = answer.get("new_next_cursor")
        if not cursor:
            break
    assert len(found) == len(set(found))
    assert set(found) == set(truth(box, "approval_ids"))
    assert min(lengths[:-1]) < 30
    open_ones = corp.post(
        "oa/getapprovalinfo",
        **(body | {"new_cursor": "", "filters": [{"key": "sp_status", "value": "1"}]}),
    )["sp_no_list"]
    detail = corp.post("oa/getapprovaldetail", sp_no=open_ones[0])["info"]
    assert detail["sp_status"] == 1
    assert detail["sp_record"][0]["details"][0]["sptime"] == ""
    box.mutate("wecom", CORP, "approvals", keys=[open_ones[0]])
    box.mutate("wecom", CORP, "approvals", keys=[open_ones[0]])
    moved = corp.post("oa/getapprovaldetail", sp_no=open_ones[0])["info"]
    assert moved["sp_status"] != 1
    assert moved == truth(box, "approvals")[open_ones[0]]
    assert moved["apply_time"] == detail["apply_time"]


@pytest.mark.parametrize(
    "changes",
    [
        {"starttime": NOW - DAY},
        {"starttime": str((NOW - DAY) * 1000), "endtime": str(NOW * 1000)},
        {"starttime": str(NOW - 32 * DAY)},
        {"size": 101},
        {"new_cursor": None},
    ],
)
def test_wrong_form_searches(corp, changes):
    body = {"starttime": str(NOW - DAY), "endtime": str(NOW), "size": 10, "new_cursor": ""}
    assert corp.post("oa/getapprovalinfo", **body)["errcode"] == 0
    assert corp.post("oa/getapprovalinfo", **(body | changes))["errcode"] == 301025
    assert corp.get("oa/getapprovalinfo")["errcode"] == 301025


def test_reports(box, corp):
    found, cursor, flag = [], 0, 0
    while not flag:
        body = {"starttime": NOW - 20 * DAY, "endtime": NOW, "cursor": cursor, "limit": 13}
        answer = corp.post("oa/journal/get_record_list", **body)
        found += answer["journaluuid_list"]
        cursor, flag = answer["next_cursor"], answer["endflag"]
    wanted = truth(box, "journals")
    assert sorted(found) == sorted(wanted)
    info = corp.post("oa/journal/get_record_detail", journaluuid=found[3])["info"]
    assert info == wanted[found[3]]
    assert info["comments"][0]["commentid"] > 1 << 53
    assert corp.post("oa/journal/get_record_list", **(body | {"limit": 101}))["errcode"] == 40058


def test_contacts(box, corp):
    followers = corp.get("externalcontact/get_follow_user_list")["follow_user"]
    assert followers == sorted(truth(box, "follow_users"))
    rows, cursor = [], ""
    while True:
        body = {"userid_list": followers[:100], "cursor": cursor, "limit": 17}
        answer = corp.post("externalcontact/batch/get_by_user", **body)
        rows += answer["external_contact_list"]
        cursor = answer["next_cursor"]
        if not cursor:
            break
    found = {
        f"{r['external_contact']['external_userid']}:{r['follow_info']['userid']}": r for r in rows
    }
    assert len(found) == len(rows)
    assert found == truth(box, "external_contacts")
    customers = [key.partition(":")[0] for key in found]
    assert len(set(customers)) < len(customers)
    ids = corp.get("externalcontact/list", userid=followers[0])["external_userid"]
    assert {f"{one}:{followers[0]}" for one in ids} == {
        k for k in found if k.endswith(followers[0])
    }
    alone = next(user for user in truth(box, "users") if user not in followers)
    assert corp.get("externalcontact/list", userid=alone)["errcode"] == 84061
    body = {"userid_list": followers[:1] * 101, "cursor": ""}
    assert corp.post("externalcontact/batch/get_by_user", **body)["errcode"] == 40058


def test_bodies_and_methods(corp):
    query = corp._query()
    url = f"{corp.base}/oa/getapprovaldetail"
    escaped = requests.post(url, params=query, data=b'{"sp_no":"\\u4e2d"}', timeout=5).json()
    assert escaped["errcode"] == 40033
    assert requests.post(url, params=query, data=b"{", timeout=5).json()["errcode"] == 47001
    assert requests.get(url, params=query, timeout=5).json()["errcode"] == 43002
    assert corp.get("nothing/here")["errcode"] == 40066


def test_limits_come_with_a_penalty():
    numbers = {"wecom.department/list": 3}
    with Sandbox(SandboxSettings(size=50, clock=ManualClock(NOW), limit_numbers=numbers)) as box:
        corp = Corp(box)
        codes = [corp.get("department/list")["errcode"] for _ in range(4)]
        assert codes == [0, 0, 0, 45009]
        box.advance(59)
        assert corp.get("department/list")["errcode"] == 45009
        box.advance(60)
        assert corp.get("department/list")["errcode"] == 0
