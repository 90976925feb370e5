"""Units of employees: collected while the people are read, asked for once each, kept across a crash."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from itertools import pairwise

import pytest
from openplatform.testing import Messages, tap_process
from sandbox.http import json_reply
from sandbox.platforms.beisen.calls import EXPIRES
from tap_beisen.streams import Employees
from tap_beisen.tap import TapBeisen

PEOPLE = "TenantBaseExternal/api/v5/Employee/GetByTimeWindow"
UNITS = "TenantBaseExternal/api/v5/Organization/GetByIds"
STREAMS = ("employees", "employee_organizations")
BATCH = 7


@pytest.fixture
def small_pages(monkeypatch):
    """Views of many calls."""
    paging = replace(Employees.reads.paging, limit=20)
    monkeypatch.setattr(Employees, "reads", replace(Employees.reads, paging=paging))


def in_batches(trial):
    trial.config["streams"] = {"employee_organizations": {"batch": BATCH}}
    return trial


def units_of(trial, account):
    return {row.key for row in trial.box.truth("beisen", account, "employee_organizations")}


@pytest.mark.usefixtures("small_pages")
def test_each_unit_is_asked_for_once_when_all_people_have_come(companies):
    messages = in_batches(companies).run(*STREAMS)
    for account in companies.names:
        wanted = units_of(companies, account)
        calls = companies.calls(UNITS, account)
        asked = [str(one) for call in calls for one in call.params["oIds"]]
        assert len(wanted) > 3 * BATCH
        assert len(calls) == -(-len(wanted) // BATCH)
        assert sorted(asked) == sorted(wanted)
        assert set(messages.latest("employee_organizations", account)) == wanted
        people = companies.calls(PEOPLE, account)
        assert len(people) > 10
        assert max(c.number for c in people) < min(c.number for c in calls)
        assert "collected" not in messages.partition("employee_organizations", account)
    assert companies.wrong(messages, "employee_organizations") == []


def test_people_who_did_not_change_ask_for_no_unit(companies):
    first = companies.run(*STREAMS)
    companies.box.advance(3600)
    (key,) = companies.box.mutate("beisen", companies.names[0], "employees", count=1)
    companies.box.advance(3600)
    before = len(companies.calls(UNITS))
    second = companies.run(*STREAMS, state=first.state, lookback=0)
    assert set(second.latest("employees", companies.names[0])) == {key}
    (call,) = companies.calls(UNITS)[before:]
    assert len(call.params["oIds"]) == 2


@pytest.mark.usefixtures("small_pages")
def test_no_view_expires_however_low_the_limit_of_the_units_is(trial_of):
    trial = trial_of(
        TapBeisen,
        size=250,
        accounts=2,
        history_days=9,
        limits=True,
        limit_numbers={"beisen.Organization/GetByIds": 2},
    )
    asked = {}

    def watching(call, reply):
        if call.api == PEOPLE and reply.outcome == "ok" and call.params["scrollId"]:
            asked.setdefault(call.params["scrollId"], []).append(call.now)
        return reply

    trial.change_answers(watching)
    messages = in_batches(trial).run(*STREAMS, retry_wait=10, retry_tries=8)
    throttled = [call for call in trial.calls(UNITS) if call.outcome == "throttled"]
    assert throttled, "the limit was not reached"
    waits = [b - a for times in asked.values() for a, b in pairwise(times)]
    assert max(waits) <= EXPIRES
    for stream in STREAMS:
        assert trial.wrong(messages, stream) == []


def test_a_killed_run_owes_the_units_to_the_next_one(companies):
    account = companies.names[0]
    config = {
        **in_batches(companies).config,
        "accounts": companies.config["accounts"][:1],
        "concurrency": 1,
        "lookback": 0,
    }
    victims = []

    def killing(call, reply):
        if victims and len(companies.calls(UNITS)) >= 2 and call.api == UNITS:
            os.kill(victims.pop(), signal.SIGKILL)
        return reply

    end = companies.change_answers(killing)
    with tap_process(companies.kind, config, select=STREAMS) as process:
        victims.append(process.pid)
        written, _ = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    end()
    lines = written.splitlines()
    first = Messages.parse(lines if written.endswith("\n") else lines[:-1])
    owed = first.partition("employee_organizations", account)["collected"]
    wanted = units_of(companies, account)
    assert len(wanted) - 2 * BATCH <= len(owed) < len(wanted), "what was written is not owed"
    before = len(companies.calls(UNITS))
    second = companies.run(*STREAMS, state=first.state, **config)
    assert len(companies.calls(UNITS)) - before == -(-len(owed) // BATCH)
    came = [set(run.latest("employee_organizations", account)) for run in (first, second)]
    assert came[0] | came[1] == wanted
    assert came[1] == set(owed)


def test_units_that_cannot_be_asked_for_are_owed_and_people_come_all_the_same(companies):
    def failing(call, reply):
        return json_reply({"code": "500", "message": "error"}) if call.api == UNITS else reply

    end = companies.change_answers(failing)
    account = companies.names[0]
    first = in_batches(companies).run(*STREAMS, retry_tries=1)
    assert not first.records("employee_organizations")
    owed = first.partition("employee_organizations", account)["failures"]
    assert {failure["key"] for failure in owed} == units_of(companies, account)
    end()
    companies.box.advance(3600)
    second = companies.run(*STREAMS, state=first.state, lookback=0)
    assert set(second.latest("employee_organizations", account)) == units_of(companies, account)
    assert "failures" not in second.partition("employee_organizations", account)
