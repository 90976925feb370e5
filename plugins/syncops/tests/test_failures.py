"""`syncops failures` against a real Meltano project, on the system database and on a folder."""

from __future__ import annotations

import copy
import csv
import io
import json

import pytest

STATE_ID = "demo:tap-youzan-to-target-duckdb"
OTHER_ID = "prod:tap-youzan-to-target-duckdb"
PAST, FUTURE = "2026-11-10T08:00:10.000Z", "2126-11-10T08:00:10.000Z"


def entry(key, *, parked=False, next_attempt=PAST, **more):
    return {
        "key": key, "stream": "order_details", "bookmark": None, "attempts": 2, "reason": "busy",
        "next_attempt": next_attempt, "parked": parked, **more,
    }  # fmt: skip


@pytest.fixture
def owing(state):
    """Failures of two accounts, in every condition, beside all that a state may hold."""
    first, second = state["singer_state"]["bookmarks"]["orders"]["partitions"]
    first["failures"] = [
        entry("E1"),
        entry("E2", parked=True, reason="Not Found yet", awaited=True, theirs={"keep": 1}),
        entry("E3", next_attempt=FUTURE),
    ]
    second["failures"] = [entry("E1", parked=True)]
    return state


def listed(project, *arguments, code=None):
    result = project.syncops("failures", "list", "--json", *arguments)
    if code is not None:
        assert result.exit_code == code, result.output
    return [(f["account"], f["key"], f["condition"]) for f in json.loads(result.stdout)["failures"]]


def owed(payload, number=0):
    return payload["singer_state"]["bookmarks"]["orders"]["partitions"][number].get("failures")


def test_list_tells_what_becomes_of_each(project, owing):
    project.set(STATE_ID, owing)
    project.set(OTHER_ID, owing)
    everything = [
        ("42583152", "E1", "due"),
        ("42583152", "E2", "parked"),
        ("42583152", "E3", "waiting"),
        ("555", "E1", "parked"),
    ]
    assert listed(project, code=1) == everything
    assert listed(project, "--all", code=1) == everything * 2
    assert listed(project, "--state", "due", "--state", "waiting", code=0) == [
        everything[0], everything[2]
    ]  # fmt: skip
    assert listed(project, "--reason", "not found") == [everything[1]]
    assert listed(project, "--account", "5*", "--key", "E1") == [everything[3]]
    assert listed(project, "--stream", "refunds", code=0) == []
    table = project.syncops("failures", "list")
    assert "Not Found yet" in table.stdout
    assert "2 parked" in table.stdout


def test_nothing_owed_is_fine(project, state):
    project.set(STATE_ID, state)
    del state["singer_state"]["bookmarks"]["orders"]["partitions"][0]["failures"]
    project.set(STATE_ID, state)
    result = project.syncops("failures", "list")
    assert (result.exit_code, result.stdout) == (0, "Nothing is owed.\n")


def test_retry_makes_due_and_touches_nothing_else(project, owing):
    project.set(STATE_ID, owing)
    result = project.syncops("failures", "retry", "--state", "parked", "--account", "4*", "--yes")
    assert result.exit_code == 0, result.output
    after = project.get(STATE_ID)
    changed = owed(after)[1]
    assert changed["next_attempt"] > PAST
    expected = copy.deepcopy(owing)
    owed(expected)[1] |= {"parked": False, "attempts": 0, "next_attempt": changed["next_attempt"]}
    assert after == expected
    assert listed(project, "--key", "E2") == [("42583152", "E2", "due")]


def test_a_dry_run_and_a_no_change_nothing(project, owing):
    project.set(STATE_ID, owing)
    dry = project.syncops("failures", "retry", "--dry-run")
    assert dry.exit_code == 0
    assert "Dry run" in dry.stdout
    assert project.syncops("failures", "retry").exit_code == 2, "no terminal, no --yes"
    assert project.get(STATE_ID) == owing


def test_drop_wants_to_know_which(project, owing):
    project.set(STATE_ID, owing)
    assert project.syncops("failures", "drop", "--yes").exit_code == 2
    result = project.syncops("failures", "drop", "--key", "E1", "--key", "E3", "--yes")
    assert result.exit_code == 0, result.output
    after = project.get(STATE_ID)
    expected = copy.deepcopy(owing)
    first, second = expected["singer_state"]["bookmarks"]["orders"]["partitions"]
    first["failures"] = [owed(owing)[1]]
    del second["failures"]
    assert after == expected


def test_what_is_dropped_comes_back_with_undo(project, owing):
    project.set(STATE_ID, owing)
    assert project.syncops("failures", "drop", "--stream", "*", "--yes").exit_code == 0
    assert listed(project, code=0) == []
    assert project.bookmarks("undo", "--yes").exit_code == 0
    assert project.get(STATE_ID) == owing


def test_nothing_that_matches_is_exit_code_1(project, owing):
    project.set(STATE_ID, owing)
    for command in ("retry", "drop"):
        result = project.syncops("failures", command, "--key", "E9", "--yes")
        assert result.exit_code == 1
        assert "Nothing that is owed matches" in result.stderr


def test_a_running_sync_would_overwrite_the_edit(project, owing):
    project.set(STATE_ID, owing)
    project.add_running_job(STATE_ID, heartbeat_age=1)
    result = project.syncops("failures", "retry", "--yes")
    assert result.exit_code == 1
    assert "is running" in result.stderr
    assert project.get(STATE_ID) == owing
    assert project.syncops("failures", "retry", "--yes", "--force").exit_code == 0


def test_export_for_programs_and_for_spreadsheets(project, owing, tmp_path):
    owed(owing)[0]["reason"] = '=HYPERLINK("x")'
    project.set(STATE_ID, owing)
    lines = project.syncops("failures", "export").stdout.splitlines()
    assert [json.loads(line)["key"] for line in lines] == ["E1", "E2", "E3", "E1"]
    file = tmp_path / "owed.csv"
    result = project.syncops("failures", "export", "--format", "csv", "--output", str(file))
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert rows[1] | {"theirs": ""} == {
        "state_id": STATE_ID, "stream": "orders", "account": "42583152", "key": "E2",
        "condition": "parked", "attempts": "2", "next_attempt": PAST, "awaited": "True",
        "bookmark": "", "reason": "Not Found yet", "theirs": "",
    }  # fmt: skip
    assert rows[0]["reason"] == '\'=HYPERLINK("x")'
    nowhere = project.syncops("failures", "export", "--output", str(tmp_path / "no" / "x"))
    assert nowhere.exit_code == 1
    assert "cannot be written" in nowhere.stderr


def test_a_damaged_state_does_not_hide_the_others(project, owing):
    project.set(STATE_ID, owing)
    broken = copy.deepcopy(owing)
    broken["singer_state"]["bookmarks"]["orders"]["partitions"][0]["failures"] = "none"
    project.set("demo:tap-broken-to-target-duckdb", broken)
    result = project.syncops("failures", "list", "--json")
    assert len(json.loads(result.stdout)["failures"]) == 4
    assert "Corrupt state" in result.stderr


class TestPlaceInTheEventLog:
    @pytest.fixture
    def reading(self, state):
        partition = {"context": {"_account": "42583152"}, "version": 120, "last_run": PAST}
        state["singer_state"]["bookmarks"]["_events"] = {"partitions": [partition]}
        return state

    def test_it_is_shown(self, project, reading):
        project.set(STATE_ID, reading)
        (shown,) = project.shown("--stream", "_events")
        (partition,) = shown["partitions"]
        assert (partition["kind"], partition["position"]) == ("events", "120")
        assert "event 120" in project.bookmarks("show").stdout

    def test_no_rewind_moves_it(self, project, reading):
        project.set(STATE_ID, reading)
        result = project.bookmarks("rewind", "--state-id", STATE_ID, "--to", "2026-11-01", "--yes")
        assert result.exit_code == 0, result.output
        assert "place in the event log" in result.stdout
        after = project.get(STATE_ID)["singer_state"]["bookmarks"]
        assert after["_events"] == reading["singer_state"]["bookmarks"]["_events"]

    @pytest.mark.parametrize(("prefer", "kept"), [("older", 99), ("newer", 120), ("source", 99)])
    def test_a_merge_compares_places_as_numbers(self, project, reading, prefer, kept):
        project.set(STATE_ID, reading)
        other = copy.deepcopy(reading)
        other["singer_state"]["bookmarks"]["_events"]["partitions"][0]["version"] = 99
        project.set(OTHER_ID, other)
        result = project.bookmarks(
            "merge", "--from", OTHER_ID, "--into", STATE_ID, "--prefer", prefer, "--yes"
        )
        assert result.exit_code == 0, result.output
        (partition,) = project.get(STATE_ID)["singer_state"]["bookmarks"]["_events"]["partitions"]
        assert partition["version"] == kept
