"""What a backfill remembers, and what it hands over; tests/meltano has the whole way."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from syncops.backfill.handover import hand_over
from syncops.backfill.record import Backfill, unfinished
from syncops.history import History
from syncops.session import Session
from syncops.states import open_states

LIVE, OWN = "demo:tap-youzan-to-target-duckdb", "demo:tap-youzan-to-target-duckdb:backfill-1"
NOW = datetime(2026, 11, 20, 8, tzinfo=timezone.utc)


def owing(account: str, *keys: str, opened: tuple[str, ...] = ()) -> dict:
    failures = [{"key": key, "stream": "orders", "attempts": 1, "reason": "busy"} for key in keys]
    partition = {
        "context": {"_account": account},
        "replication_key": "_bookmark",
        "replication_key_value": "2026-03-01T00:00:00.000Z@",
        "failures": failures,
        "open": list(opened),
    }
    return {"singer_state": {"bookmarks": {"orders": {"partitions": [partition]}}}}


@pytest.fixture
def session(project):
    with open_states("demo") as states:
        yield Session(states, History(states.system_directory / "syncops" / "history"))


def partitions(payload, stream="orders"):
    found = payload["singer_state"]["bookmarks"][stream]["partitions"]
    return {one["context"]["_account"]: one for one in found}


def test_what_is_owed_goes_to_the_live_state_and_no_bookmark_moves(project, session, state):
    project.set(LIVE, state)
    project.set(OWN, owing("555", "E7", opened=("E8",)))
    assert hand_over(session, OWN, LIVE) == 0
    after, before = project.get(LIVE), copy.deepcopy(state)
    mine = partitions(after)["555"]
    assert [one["key"] for one in mine.pop("failures")] == ["E7"]
    assert mine.pop("open") == ["E8"]
    assert after == before
    assert hand_over(session, OWN, LIVE) == 0, "twice is harmless"
    assert project.bookmarks("undo", "--yes").exit_code == 0
    assert project.get(LIVE) == state


def test_it_stays_where_it_is_when_nobody_can_take_it(project, session, state):
    project.set(OWN, owing("555", "E7", "E9"))
    assert hand_over(session, OWN, LIVE) == 2, "there is no live state"
    project.set(LIVE, state)
    project.add_running_job(LIVE, heartbeat_age=1)
    assert hand_over(session, OWN, LIVE) == 2, "the live sync runs"
    assert project.get(LIVE) == state
    project.set(OWN, owing("another", "E7"))
    assert hand_over(session, OWN, LIVE) == 1, "the live sync does not know the account"
    assert project.get(LIVE) == state


def test_the_same_wish_goes_on_until_it_is_done(tmp_path):
    pipeline = SimpleNamespace(
        environment="demo", tap="tap-youzan", loader="target-duckdb", folder=tmp_path
    )
    one = Backfill(
        id="backfill-1", environment="demo", tap="tap-youzan", loader="target-duckdb",
        streams=["orders", "refunds"], asked="last 90d", start=NOW - timedelta(days=90), end=NOW,
        begun_at=NOW,
    )  # fmt: skip
    assert one.state_id == OWN
    assert unfinished(pipeline, ["orders", "refunds"], "last 90d") is None
    one.save(tmp_path)
    (tmp_path / "backfill" / "backfill-0.json").write_text("{")
    found = unfinished(pipeline, ["refunds", "orders"], "last 90d")
    assert found is not None
    assert (found.start, found.end) == (one.start, one.end)
    assert unfinished(pipeline, ["orders"], "last 90d") is None
    assert unfinished(pipeline, ["orders", "refunds"], "last 30d") is None
    one.finished_at = NOW
    one.save(tmp_path)
    assert unfinished(pipeline, ["orders", "refunds"], "last 90d") is None


@pytest.mark.parametrize("command", ["backfill", "reconcile"])
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "--stream"),
        (["--stream", "orders"], "--last SPAN"),
        (["--stream", "orders", "--last", "7d", "--from", "-7d"], "--last SPAN"),
        (["--stream", "orders", "--last", "week"], "no span"),
        (["--stream", "orders", "--from", "2999-01-01"], "future"),
        (["--stream", "orders", "--last", "7d", "--max-calls", "0"], "max-calls"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_asked(project, command, options, told):
    result = project.syncops(command, "tap-youzan", "target-duckdb", *options)
    assert result.exit_code == 2
    assert told in result.output


@pytest.mark.parametrize("command", ["backfill", "reconcile"])
def test_help_teaches(project, command):
    text = project.syncops(command, "--help").output
    assert f"syncops {command} tap-youzan target-duckdb --stream orders" in text
    assert "Exit code" in text
