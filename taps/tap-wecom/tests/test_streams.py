"""Every stream against the sandbox's truth, row by row."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone

import pytest
from openplatform.testing import differences
from tap_wecom import streams
from tap_wecom.tap import TapWeCom

from .conftest import NOW

ALL = [kind.name for kind in streams.ALL]


def utc(seconds: int) -> str:
    return (
        datetime.fromtimestamp(seconds, tz=timezone.utc)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


# For each stream: the truth's key, and fields that our record must hold besides.
def departments(record):
    return (str(record["id"]),), {"name": record["name"], "parentid": str(record["parentid"])}


def department_ids(record):
    return (str(record["id"]),), {"parentid": str(record["parentid"]), "order": record["order"]}


def users_simple(record):
    return (record["userid"],), {
        "name": record["name"],
        "department": [str(number) for number in record["department"]],
        "open_userid": record["open_userid"],
    }


def users(record):
    return (record["userid"],), {
        "position": record["position"],
        "main_department": str(record["main_department"]),
        "status": record["status"],
        "extattr": record["extattr"],
    }


def user_ids(record):
    return (record["userid"], str(record["department"])), {}


def checkin_data(record):
    key = (
        record["userid"],
        utc(record["checkin_time"]),
        record["checkin_type"],
        str(record["groupid"]),
        str(record["timeline_id"]),
    )
    return key, {
        "exception_type": record["exception_type"],
        "sch_checkin_time": utc(record["sch_checkin_time"]),
        "lat": record["lat"],
        "location_title": record["location_title"],
    }


def checkin_day_data(record):
    base = record["base_info"]
    return (base["acctid"], utc(base["date"])), {
        "summary_info": record["summary_info"],
        "exception_infos": record["exception_infos"],
    }


def approval_ids(record):
    return (record["sp_no"],), {}


def approvals(record):
    return (record["sp_no"],), {
        "sp_status": record["sp_status"],
        "apply_time": utc(record["apply_time"]),
        "applyer": record["applyer"],
    }


def journal_ids(record):
    return (record["journaluuid"],), {}


def journals(record):
    comment = record["comments"][0]
    return (record["journal_uuid"],), {
        "report_time": utc(record["report_time"]),
        "submitter": record["submitter"],
        "comments": [
            {
                **comment,
                "commentid": str(comment["commentid"]),
                "tocommentid": "0",
                "comment_time": utc(comment["comment_time"]),
            }
        ],
    }


def follow_users(record):
    return (record["userid"],), {}


def external_contact_ids(record):
    return (record["external_userid"], record["userid"]), {}


def external_contacts(record):
    contact, follow = record["external_contact"], record["follow_info"]
    return (contact["external_userid"], follow["userid"]), {
        "external_contact": contact,
        "follow_info": {**follow, "createtime": utc(follow["createtime"])},
    }


EXPECTED = {
    "departments": departments,
    "department_ids": department_ids,
    "users": users,
    "users_simple": users_simple,
    "user_ids": user_ids,
    "user_details": users,
    "checkin_data": checkin_data,
    "checkin_day_data": checkin_day_data,
    "approval_ids": approval_ids,
    "approvals": approvals,
    "journal_ids": journal_ids,
    "journals": journals,
    "follow_users": follow_users,
    "external_contact_ids": external_contact_ids,
    "external_contacts": external_contacts,
}


def expected(companies, stream):
    rows = {}
    for corp, record in companies.truth(stream):
        key, fields = EXPECTED[stream](record)
        rows[(corp, *key)] = fields
    return rows


def picked(ran, stream, wanted):
    """Of what a table would hold, the fields that are compared."""
    names = next(iter(wanted.values()))
    key = ran.schema(stream)["key_properties"]
    return {
        tuple(record[name] for name in key): {name: record.get(name) for name in names}
        for record in ran.records(stream)
    }


@pytest.mark.parametrize("stream", ALL)
def test_a_run_brings_what_the_platform_holds(companies, stream):
    ran = companies.run(stream)
    wanted = expected(companies, stream)
    assert len(wanted) >= 10
    assert picked(ran, stream, wanted) == wanted


def test_every_stream_of_the_tap_is_compared():
    assert sorted(EXPECTED) == sorted(ALL)


def test_all_streams_at_once_with_changes_while_they_are_read(companies):
    companies.box.set_churn(20, deletions=0.0, late_commit=0.0)
    first = companies.run(*ALL)
    companies.box.set_churn(0)
    companies.clock.sleep(timedelta(days=1).total_seconds())
    # A form that is revoked after it was approved is found within the look-back only.
    second = companies.run(*ALL, state=first.state, lookback="30d")
    for stream in ALL:
        wanted = expected(companies, stream)
        rows = {**picked(first, stream, wanted), **picked(second, stream, wanted)}
        missing = {key: fields for key, fields in wanted.items() if rows.get(key) != fields}
        assert missing == {}, stream


def test_members_and_contacts_that_vanish_while_they_are_read_stop_nothing(companies):
    companies.box.set_churn(60, deletions=0.7)
    ran = companies.run(*ALL)
    companies.box.set_churn(0)
    corp = companies.corps[0]
    assert companies.box.deleted_keys("wecom", corp, "users")
    there = {record["userid"] for owner, record in companies.truth("users") if owner == corp}
    state = ran.state
    for _ in range(2):
        companies.clock.sleep(60)
        ran = companies.run("users", state=state)
        state = ran.state
    (activation,) = ran.activations("users")
    came = {record["userid"] for record in ran.records("users", corp)}
    assert came == there
    assert activation["version"] < ran.of_type("RECORD", "users")[0]["version"]


def test_faults_of_the_platform_cost_time_and_no_rows(companies):
    companies.box.set_faults(
        throttle=0.05, too_many=0.03, server_error=0.03, cut=0.03, html=0.03, expire=0.03
    )
    ran = companies.run(*ALL)
    outcomes = {outcome.partition(":")[2] for *_, outcome in companies.box.counts()}
    assert outcomes >= {"throttle", "too_many", "server_error", "cut", "html"}
    for stream in ALL:
        wanted = expected(companies, stream)
        rows = picked(ran, stream, wanted)
        missing = {key: fields for key, fields in wanted.items() if rows.get(key) != fields}
        assert missing == {}, stream


class Keyed(t.NamedTuple):
    key: str
    record: t.Any


@pytest.mark.parametrize("stream", ALL)
def test_no_field_differs_or_is_unknown(companies, stream):
    corp = companies.corps[0]
    table = companies.run(stream).latest(stream, corp)
    rows = [
        Keyed(":".join(EXPECTED[stream](record)[0]), record)
        for owner, record in companies.truth(stream)
        if owner == corp
    ]
    assert differences(TapWeCom(config=companies.config), stream, rows, table) == []


def test_incremental_records_carry_a_bookmark_and_full_ones_the_moment_of_reading(companies):
    ran = companies.run("approvals", "users")
    form, user = ran.records("approvals")[0], ran.records("users")[0]
    assert form["_bookmark"] == f"{form['apply_time']}@{form['sp_no']}"
    assert form["_read_at"] == user["_read_at"] == utc(NOW)
    assert "_bookmark" not in user
