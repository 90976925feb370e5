"""What is odd about 飞书, and what a careless reading would break."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from openplatform.judging import Outcome
from openplatform.testing import load_sample, shape_answer
from sandbox.http import Reply
from tap_feishu.tap import TapFeishu

HOUR_MS = 3_600_000
SAMPLES = Path(__file__).parent / "samples"
TOKEN = "auth/v3/tenant_access_token/internal"
DETAIL = "approval/v4/instances/:instance_id"
CHILDREN = "contact/v3/departments/:department_id/children"


def test_one_token_serves_all_calls_and_is_replaced_in_its_last_minutes(companies):
    companies.run("departments", "approvals")
    assert len(companies.calls(TOKEN)) == len(companies.names)
    companies.clock.sleep(7200 - 60)
    companies.run("departments")
    assert len(companies.calls(TOKEN)) == 2 * len(companies.names)


def test_members_right_below_the_root_are_read(companies):
    messages = companies.run("departments", "users")
    for account in companies.names:
        tree = set(messages.latest("departments", account))
        asked = {
            call.params["department_id"]
            for call in companies.calls("contact/v3/users/find_by_department", account)
        }
        assert asked == tree | {"0"}
        rooted = [r for r in messages.records("users", account) if "0" in r["department_ids"]]
        assert rooted
    assert companies.wrong(messages, "users") == []


def test_an_app_that_sees_a_part_of_the_company_begins_there(companies):
    first, *_ = companies.run("departments").latest("departments", companies.names[0])
    accounts = [{**companies.config["accounts"][0], "root_departments": [first]}]
    companies.box.clear_requests()
    messages = companies.run("departments", "users", accounts=accounts)
    assert {call.params["department_id"] for call in companies.calls(CHILDREN)} == {first}
    asked = companies.calls("contact/v3/users/find_by_department")
    below = set(messages.latest("departments", companies.names[0]))
    assert {call.params["department_id"] for call in asked} == {first, *below}
    assert 0 < len(messages.records("users")) < len(companies.truth("users"))


def test_a_page_token_beside_no_more_ends_the_list_and_is_encoded_once(trial_of):
    big = trial_of(TapFeishu, size=6500, accounts=1, history_days=9)
    messages = big.run("departments")
    assert big.wrong(messages, "departments") == []
    # The log hides tokens; one that is encoded twice, or not at all, would be refused (40012).
    first, second = big.calls(CHILDREN)
    assert "page_token" not in first.params
    assert "page_token" in second.params


def test_forms_are_listed_by_ten_hours_and_each_definition(companies):
    messages = companies.run("approval_ids")
    calls = companies.calls("approval/v4/instances", companies.names[0])
    spans = [int(call.params["end_time"]) - int(call.params["start_time"]) for call in calls]
    assert max(spans) == 10 * HOUR_MS
    codes = companies.config["accounts"][0]["approval_codes"]
    days = 24 * 9.7  # hours from the start to now
    assert len(calls) == pytest.approx(len(codes) * days / 10, abs=2 * len(codes))
    assert {record["approval_code"] for record in messages.records("approval_ids")} == set(codes)


def test_a_form_is_read_again_until_it_is_decided(companies):
    first = companies.run("approvals", lookback=0)
    account = companies.names[0]
    rows = first.latest("approvals", account)
    open_ids = {key for key, row in rows.items() if row["status"] == "PENDING"}
    assert open_ids
    assert {row["end_time"] is None for key, row in rows.items() if key in open_ids} == {True}
    assert set(first.partition("approvals", account)["open"]) == open_ids
    companies.box.mutate(companies.slug, account, "approvals", "update", count=30)
    companies.box.clear_requests()
    companies.clock.sleep(3600)
    second = companies.run("approvals", state=first.state, lookback=0)
    asked = {call.params["instance_id"] for call in companies.calls(DETAIL, account)}
    assert asked == open_ids
    after = second.latest("approvals", account)
    assert any(row["status"] != "PENDING" for row in after.values())


def test_a_form_that_is_reverted_after_it_was_decided_is_found_within_a_week(companies):
    first = companies.run("approvals")
    for account in companies.names:
        for _ in range(4):
            companies.box.mutate(companies.slug, account, "approvals", "update", count=60)
    companies.clock.sleep(3600)
    second = companies.run("approvals", state=first.state)
    reverted = [record for record in second.records("approvals") if record["reverted"]]
    assert reverted


def test_a_punch_that_is_told_a_day_late_replaces_the_missing_one(companies):
    streams = ("attendance_user_tasks", "attendance_user_flows")
    first = companies.run(*streams)
    companies.box.advance(2 * 86_400)
    second = companies.run(*streams, state=first.state)
    late = 0
    for account in companies.names:
        before = first.latest("attendance_user_tasks", account)
        after = second.latest("attendance_user_tasks", account)
        for key, record in before.items():
            if key in after and "Lack" in json.dumps(record):
                late += "Lack" not in json.dumps(after[key])
    assert late
    assert (
        companies.calls("attendance/v1/user_tasks/query")[0].params["ignore_invalid_users"]
        == "true"
    )


def test_attendance_is_asked_for_by_fifty_members(trial_of):
    big = trial_of(TapFeishu, size=600, accounts=1, history_days=9)
    messages = big.run("attendance_user_flows")
    calls = big.calls("attendance/v1/user_flows/query")
    assert {len(call.params["user_ids"]) for call in calls} == {50, 10}
    assert big.wrong(messages, "attendance_user_flows") == []


def test_addresses_of_attachments_do_not_make_new_versions(tap):
    answer = load_sample(SAMPLES / "bitable_records.json")
    assert "tmp_url" in json.dumps(answer, default=str)
    shaped = shape_answer(
        tap, "bitable_records", answer, account="tenant1", carried={"table": "app1/tbl1"}
    )
    (record,) = shaped.records
    assert "tmp_url" not in json.dumps(record, default=str)
    assert record["fields"]["附件"][0]["file_token"]
    assert str(record["fields"]["数字"]) == "2323.2323"
    assert record["last_modified_time"].endswith("Z")


def test_a_search_leaves_out_what_was_recalled_although_pages_get_short(companies):
    for account in companies.names:
        companies.box.mutate(companies.slug, account, "approvals", "update", count=60)
    messages = companies.run("approvals", "approval_instances_query")
    recalled = {
        (r["_account"], r["instance_code"])
        for r in messages.records("approvals")
        if r["status"] == "CANCELED"
    }
    found = {(r["_account"], r["code"]) for r in messages.records("approval_instances_query")}
    assert recalled
    assert not recalled & found
    assert companies.wrong(messages, "approval_instances_query") == []


@pytest.mark.parametrize(
    ("stream", "name"), [("approval_ids", "approval_codes"), ("bitable_records", "tables")]
)
def test_without_what_to_ask_for_a_stream_is_no_empty_list(companies, caplog, stream, name):
    for entry in companies.config["accounts"]:
        del entry[name]
    companies.run("departments", stream, fails=True)
    assert f"set {name}, or leave out the stream" in caplog.text


def test_throttling_rests_as_long_as_the_quota_header_tells(companies):
    body = json.dumps({"code": 99991400, "msg": "request trigger frequency limit"}).encode()
    told = (("x-ogw-ratelimit-limit", "100"), ("x-ogw-ratelimit-reset", "52"))
    walls = [Reply(body, status, "throttled", headers=told) for status in (429, 400)]
    companies.change_answers(lambda call, reply: walls.pop() if walls else reply)
    before = companies.clock.now()
    messages = companies.run("departments", accounts=companies.config["accounts"][:1])
    assert messages.records("departments")
    assert (companies.clock.now() - before).total_seconds() >= 2 * 52


def test_a_wrong_address_is_told(companies, caplog):
    base = companies.config["base_url"]
    companies.run("departments", base_url=f"{base}/nowhere", fails=True)
    assert "404 page not found" in caplog.text
    assert "check base_url" in caplog.text


def test_the_recorded_refusals(tap):
    found = []
    for entry in json.loads((SAMPLES / "errors.json").read_text(encoding="utf-8")):
        if "body" in entry:
            failure = tap.client.failure(entry["http"], entry["body"])
            assert replace(failure, wait=None) == failure
            found.append(tap.client.errors.find(failure).outcome)
    assert found == [
        Outcome.THROTTLED,
        Outcome.THROTTLED,
        Outcome.AUTH_EXPIRED,
        Outcome.FATAL,
        Outcome.FATAL,
    ]
