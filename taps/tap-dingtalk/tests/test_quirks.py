"""What is odd about 钉钉, and what a careless reading would break."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openplatform.judging import Outcome
from sandbox.http import Reply

DAY = 86_400
SAMPLES = Path(__file__).parent / "samples"
IDS = "v1.0/workflow/processes/instanceIds/query"
DETAIL = "v1.0/workflow/processInstances"


def test_each_generation_has_a_token_of_its_own_fetched_when_first_needed(companies):
    companies.run("departments")
    assert {call.api for call in companies.calls() if "oken" in call.api} == {"gettoken"}
    companies.run("hrm_dismissed_ids")
    grants = [call.api for call in companies.calls() if "oken" in call.api]
    assert sorted(grants) == ["gettoken"] * 2 + ["v1.0/oauth2/accessToken"] * 2
    assert len({token["access"] for token in companies.stored()}) == 4


def test_the_tree_is_walked_from_the_root_and_its_direct_members_are_read(companies):
    messages = companies.run("departments", "users")
    for account in companies.names:
        tree = messages.latest("departments", account)
        assert tree["1"].get("parent_id") is None
        assert {row.get("parent_id") for row in tree.values()} - {None} <= set(tree)
        asked = [c.params["dept_id"] for c in companies.calls("topapi/v2/user/list", account)]
        assert {str(number) for number in asked} == set(tree)
    assert companies.wrong(messages, "users") == []
    came = [record["userid"] for record in messages.records("users", companies.names[0])]
    assert len(came) == len(set(came))


def test_a_member_s_rank_keeps_all_its_digits(companies):
    messages = companies.run("users")
    orders = {record["dept_order"] for record in messages.records("users")}
    assert all(int(order) > 1 << 53 for order in orders)
    assert len(orders) > 10


def test_attendance_is_asked_for_by_seven_days_and_fifty_members(trial_of):
    from tap_dingtalk.tap import TapDingtalk

    big = trial_of(TapDingtalk, size=600, accounts=1, history_days=9)
    messages = big.run("attendance_results", "attendance_records")
    calls = big.calls("attendance/list")
    assert {len(call.params["userIdList"]) for call in calls} == {50, 10}
    days = {(call.params["workDateFrom"], call.params["workDateTo"]) for call in calls}
    assert ("2026-11-11 00:00:00", "2026-11-17 23:59:59") in days
    assert max(call.params["offset"] for call in calls) >= 50
    for stream in ("attendance_results", "attendance_records"):
        assert big.wrong(messages, stream) == []


def test_a_punch_that_is_told_a_day_late_replaces_the_missing_one(companies):
    first = companies.run("attendance_results", "attendance_records")
    companies.box.advance(2 * DAY)
    second = companies.run("attendance_results", "attendance_records", state=first.state)
    late = 0
    for account in companies.names:
        before = first.latest("attendance_results", account)
        after = second.latest("attendance_results", account)
        for key, record in before.items():
            if record["timeResult"] == "NotSigned" and key in after:
                late += after[key]["timeResult"] != "NotSigned"
                assert after[key]["_read_at"] > record["_read_at"]
    assert late


def test_whose_attendance_is_read_can_come_from_the_hr_list(companies):
    messages = companies.run("attendance_results", users_from="hrm_on_job_ids")
    assert companies.wrong(messages, "attendance_results") == []
    assert companies.calls("topapi/v2/user/list") == []


def test_a_form_is_read_again_until_it_is_decided_and_no_longer(companies):
    first = companies.run("approvals")
    account = companies.names[0]
    open_ids = {
        key for key, row in first.latest("approvals", account).items() if row["status"] == "RUNNING"
    }
    assert open_ids
    assert set(first.partition("approvals", account)["open"]) == open_ids
    companies.box.mutate(companies.slug, account, "approvals", "update", count=10)
    companies.box.clear_requests()
    companies.clock.sleep(2 * 3600)
    second = companies.run("approvals", state=first.state)
    assert {
        call.params["processInstanceId"] for call in companies.calls(DETAIL, account)
    } == open_ids
    decided = {
        key
        for key, row in second.latest("approvals", account).items()
        if row["status"] != "RUNNING"
    }
    assert decided
    assert set(second.partition("approvals", account)["open"]) == open_ids - decided


def test_a_list_that_the_platform_would_cut_off_is_read_in_smaller_windows(companies, monkeypatch):
    from dataclasses import replace

    from tap_dingtalk.streams import ApprovalIds

    reads = ApprovalIds.reads
    few = replace(reads, paging=replace(reads.paging, rows_cap=20))
    monkeypatch.setattr(ApprovalIds, "reads", few)
    companies.box.world.limits.numbers["dingtalk.loop_rows"] = 20
    messages = companies.run("approval_ids")
    assert companies.wrong(messages, "approval_ids") == []
    assert len(companies.calls(IDS)) > 8


def test_without_templates_the_forms_are_no_empty_list(companies, caplog):
    for entry in companies.config["accounts"]:
        del entry["process_codes"]
    messages = companies.run("departments", "approval_ids", fails=True)
    assert "set process_codes, or leave out the stream" in caplog.text
    assert messages.records("departments")
    for account in companies.names:
        assert "replication_key_value" not in messages.partition("approval_ids", account)


@pytest.mark.parametrize("agent", [None, "", "the app"])
def test_without_an_agent_id_the_roster_says_so(companies, caplog, agent):
    for entry in companies.config["accounts"]:
        entry["agent_id"] = agent
    companies.run("hrm_rosters", fails=True)
    assert "set agent_id, which is a number" in caplog.text


def test_the_roster_s_fields_can_be_chosen(companies):
    messages = companies.run("hrm_rosters", roster_fields=["sys00-name"])
    codes = {
        field["fieldCode"]
        for record in messages.records("hrm_rosters")
        for field in record["fieldDataList"]
    }
    assert codes == {"sys00-name"}


@pytest.mark.parametrize("status", [200, 403])
def test_the_wall_s_page_rests_the_calls_for_five_minutes(companies, status):
    page = (
        "<html><script>"
        + " " * 300
        + '{"status":1111,"wait":5,"source":"x5","punish":"deny"}</script>'
    )
    walls = [Reply(page.encode(), status, "throttled", "text/html")]
    companies.change_answers(lambda call, reply: walls.pop() if walls else reply)
    before = companies.clock.now()
    messages = companies.run("departments")
    assert companies.wrong(messages, "departments") == []
    assert (companies.clock.now() - before).total_seconds() >= 300


def test_a_spent_quota_stops_the_stream_instead_of_asking_for_each_form(companies, caplog):
    spent = {"errcode": 90020, "errmsg": "您的企业本月api调用量已超过限制"}
    new = {"code": "Forbidden.AccessDenied.ApiCountLimitForOrg", "message": "x", "requestid": "R"}

    def change(call, reply):
        if call.api == DETAIL:
            return Reply(json.dumps(new).encode(), 403, "rejected")
        if call.api == "attendance/list":
            return Reply(json.dumps(spent).encode(), 200, "rejected")
        return reply

    companies.change_answers(change)
    companies.run("approvals", "attendance_results", fails=True)
    for account in companies.names:
        assert len(companies.calls(DETAIL, account)) <= 4  # those under way
        assert len(companies.calls("attendance/list", account)) <= 2
    assert "the platform answers again next month" in caplog.text


def test_the_recorded_refusals(tap):
    entries = json.loads((SAMPLES / "errors.json").read_text(encoding="utf-8"))
    found = [
        tap.client.errors.find(tap.client.failure(entry["http"] or 200, entry["body"])).outcome
        for entry in entries
    ]
    assert found == [
        Outcome.AUTH_EXPIRED,
        Outcome.FATAL,
        Outcome.FATAL,
        Outcome.FATAL,
        Outcome.QUOTA_EXHAUSTED,
        Outcome.AUTH_EXPIRED,
        Outcome.FATAL,
        Outcome.FATAL,
        Outcome.THROTTLED,
    ]
