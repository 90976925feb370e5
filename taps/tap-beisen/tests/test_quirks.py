"""What is odd about the streams of 北森, and what a careless reading would break."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from sandbox.http import Reply
from tap_beisen.streams import Employees

PEOPLE = "TenantBaseExternal/api/v5/Employee/GetByTimeWindow"
POSITIONS = "TenantBaseExternal/api/v5/Position/GetByTimeWindow"
DAYS = "AttendanceOpen/api/v1/AttendanceStatistics/GetAttendanceStatisticsList"


@pytest.fixture
def one(companies, monkeypatch):
    """One company whose people come in views of many calls."""
    paging = replace(Employees.reads.paging, limit=20)
    monkeypatch.setattr(Employees, "reads", replace(Employees.reads, paging=paging))
    companies.config["accounts"] = companies.config["accounts"][:1]
    companies.names = companies.names[:1]
    return companies


def pausing(trial, times):
    """Let so many views expire after their first call; return the calls that found them gone."""
    left, gone = [times], []

    def change(call, reply):
        if call.api == PEOPLE and call.params["scrollId"] == "" and left[0]:
            left[0] -= 1
            trial.box.advance(11)
        elif call.api == PEOPLE and b'"data":[]' in reply.body and b'"total":0' in reply.body:
            gone.append(call)
        return reply

    trial.change_answers(change)
    return gone


def test_a_view_that_expired_looks_like_its_end_and_is_begun_anew(one):
    gone = pausing(one, 2)
    messages = one.run("employees")
    assert len(gone) == 2
    assert one.wrong(messages, "employees") == []


def test_a_view_that_always_expires_is_no_end(one, caplog):
    assert pausing(one, 100) == []
    messages = one.run("employees", fails=True)
    assert "is not complete (20 of" in caplog.text
    assert "replication_key_value" not in messages.partition("employees", one.names[0])


def test_changes_of_the_night_are_not_asked_for(one):
    first = one.run("employees")
    one.box.advance(86_400)
    second = one.run("employees", state=first.state)
    assert second.records("employees") == []
    assert {call.params["timeWindowQueryType"] for call in one.calls(PEOPLE)} == {2}


def test_those_who_left_and_those_of_others_come_and_the_deleted_are_marked(one):
    changed = one.box.mutate("beisen", one.names[0], "employees", count=30)
    one.box.advance(3600)
    messages = one.run("employees", "organizations")
    people = messages.latest("employees", one.names[0])
    assert {record["recordInfo"]["employeeStatus"] for record in people.values()} >= {"3", "8"}
    assert {record["recordInfo"]["employType"] for record in people.values()} == {0, 1, 2, 3}
    assert {people[key]["employeeInfo"]["stdIsDeleted"] for key in changed} == {True, False}
    assert 0 in {record["status"] for record in messages.records("organizations")}


def test_the_first_run_begins_where_the_company_did(one):
    del one.config["start_date"]
    messages = one.run("employees")
    starts = sorted(call.params["startTime"] for call in one.calls(PEOPLE))
    assert starts[0] < "2007"
    spans = [
        datetime.fromisoformat(call.params["stopTime"])
        - datetime.fromisoformat(call.params["startTime"])
        for call in one.calls(PEOPLE)
    ]
    assert max(spans).days <= 90
    assert one.wrong(messages, "employees") == []


def test_an_interface_that_is_not_ticked_stops_its_own_stream_only(one, caplog):
    def change(call, reply):
        refused = call.api == POSITIONS
        return Reply(b'{"message":"un-authorized"}', 401, "auth") if refused else reply

    one.change_answers(change)
    messages = one.run("positions", "job_posts", fails=True)
    assert messages.records("job_posts")
    assert f"allow the app to call {POSITIONS}" in caplog.text


def test_punches_that_never_happened_are_nothing_rather_than_misfits(one, caplog):
    messages = one.run("attendance_results", "clock_ins")
    times = [record["times"][0] for record in messages.records("attendance_results")]
    assert {moment["patchCardTime"] for moment in times} == {None}
    assert messages.records("clock_ins")[0]["punchCardTime"].startswith("0001-01-01 ")
    assert "does not fit" not in caplog.text


def test_a_day_is_asked_for_alone_and_today_again(one):
    first = one.run("attendance_results")
    one.box.advance(3600)
    one.run("attendance_results", state=first.state, lookback=0)
    days = [(call.params["startDate"], call.params["stopDate"]) for call in one.calls(DAYS)]
    assert all(start == stop for start, stop in days)
    assert days[-1][0] == "2026-11-21"
    assert days.count(days[-1]) == 2


def test_balances_are_asked_for_by_the_items_that_leaves_name_or_the_setting(one):
    by_leaves = one.run("leave_balances")
    assert {r["vacationItemCode"] for r in by_leaves.records("leave_balances")} == {
        "AnnualLeave",
        "CasualLeave",
    }
    chosen = one.run("leave_balances", leave_item_codes=["AnnualLeave"], leave_year=2026)
    assert {r["vacationItemCode"] for r in chosen.records("leave_balances")} == {"AnnualLeave"}
    assert one.calls()[-1].params["year"] == 2026
