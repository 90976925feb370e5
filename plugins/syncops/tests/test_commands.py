"""Every command against a real Meltano project, on the system database and on a folder."""

from __future__ import annotations

import copy
import json
import sqlite3
from contextlib import contextmanager

import pytest
from meltano.core.state_store import DBStateStoreManager, filesystem
from syncops.bookmarks import edit_commands
from syncops.states import open_states

STATE_ID = "demo:tap-youzan-to-target-duckdb"
OTHER_ID = "prod:tap-youzan-to-target-duckdb:shop2"


def one_partition(stream, account, value, **more):
    partition = {
        "context": {"_account": account},
        "replication_key": "_bookmark",
        "replication_key_value": value,
        **more,
    }
    return {"singer_state": {"bookmarks": {stream: {"partitions": [partition]}}}}


def partitions_of(payload, stream):
    found = payload["singer_state"]["bookmarks"][stream]["partitions"]
    return {partition["context"]["_account"]: partition for partition in found}


def orders(project, state_id=STATE_ID):
    return {
        account: partition["replication_key_value"]
        for account, partition in partitions_of(project.get(state_id), "orders").items()
    }


class TestShow:
    def test_as_json(self, project, state):
        project.set(STATE_ID, state)
        (shown,) = project.shown()
        assert shown["state_id"] == STATE_ID
        assert shown["running_since"] is None
        found = {(p["stream"], p["account"]): p for p in shown["partitions"]}
        first = found["orders", "42583152"]
        assert first["kind"] == "incremental"
        assert first["position"] == "2026-11-10T08:00:00.000Z@"
        assert first["lag_seconds"] > 0
        assert (first["failures_owed"], first["failures_parked"]) == (1, 1)
        assert first["last_run"] == "2026-11-10T08:01:00.000Z"
        assert found["users", "corp1"]["kind"] == "full_table"
        assert found["users", "corp1"]["time"] == "2025-11-05T08:00:00.000Z"
        assert found["issues", None]["kind"] == "foreign"

    def test_as_a_table(self, project, state):
        project.set(STATE_ID, state)
        output = project.bookmarks("show").stdout
        for text in ("orders", "42583152", "2026-11-02T00:00:00.000Z@E9", "complete at 2025-11-05"):
            assert text in output

    def test_the_active_environment_a_pattern_or_all(self, project, state):
        project.set(STATE_ID, state)
        project.set(OTHER_ID, state)
        assert [shown["state_id"] for shown in project.shown()] == [STATE_ID]
        assert [shown["state_id"] for shown in project.shown("--all")] == [STATE_ID, OTHER_ID]
        assert [shown["state_id"] for shown in project.shown("--state-id", "prod:*")] == [OTHER_ID]
        result = project.syncops("--environment", "prod", "bookmarks", "show", "--json")
        assert [s["state_id"] for s in json.loads(result.stdout)["states"]] == [OTHER_ID]

    def test_only_some_streams_and_accounts(self, project, state):
        project.set(STATE_ID, state)
        (shown,) = project.shown("--stream", "o*", "--account", "5*")
        assert [(p["stream"], p["account"]) for p in shown["partitions"]] == [("orders", "555")]

    def test_both_parts_of_a_state_count(self, project, state):
        project.set(STATE_ID, state)
        newer = one_partition("shops", "7", "2026-11-03T00:00:00Z@")
        project.merge(STATE_ID, newer)
        (shown,) = project.shown()
        assert {"orders", "shops"} <= {p["stream"] for p in shown["partitions"]}

    def test_nothing_that_matches_is_exit_code_1(self, project, state):
        assert project.bookmarks("show").exit_code == 1
        project.set(STATE_ID, state)
        result = project.bookmarks("show", "--stream", "nothing")
        assert result.exit_code == 1
        assert STATE_ID in result.stderr

    def test_an_unreadable_bookmark_is_shown_and_told(self, project, state):
        partitions_of(state, "orders")["555"]["replication_key_value"] = "soon"
        project.set(STATE_ID, state)
        result = project.bookmarks("show")
        assert result.exit_code == 1
        assert "unreadable: soon" in result.stdout
        assert "'orders'" in result.stderr
        assert "'555'" in result.stderr


class TestRewind:
    def test_moves_back_and_touches_nothing_else(self, project, state):
        project.set(STATE_ID, state)
        project.set(OTHER_ID, state)
        result = project.bookmarks(
            "rewind", "--state-id", STATE_ID, "--to", "2026-11-01", "--account", "42583152", "--yes"
        )
        assert result.exit_code == 0, result.output
        expected = copy.deepcopy(state)
        partition = partitions_of(expected, "orders")["42583152"]
        partition["replication_key_value"] = "2026-11-01T00:00:00.000Z@"
        assert project.get(STATE_ID) == expected
        assert project.get(OTHER_ID) == state
        assert project.ids() == [STATE_ID, OTHER_ID]

    def test_shows_a_preview_first(self, project, state):
        project.set(STATE_ID, state)
        result = project.bookmarks(
            "rewind", "--state-id", STATE_ID, "--to", "2026-11-01", "--dry-run"
        )
        assert result.exit_code == 0
        (line,) = (line for line in result.stdout.splitlines() if "42583152" in line)
        assert line.index("2026-11-10T08:00:00.000Z@") < line.index("2026-11-01T00:00:00.000Z@")
        assert "back 9 d 8 h" in line
        (line,) = (line for line in result.stdout.splitlines() if " 555 " in line)
        assert "back 1 d 0 h" in line
        assert project.get(STATE_ID) == state
        assert "No edits yet" in project.bookmarks("history").stdout

    def test_says_forward_where_it_is_forward(self, project, state):
        project.set(STATE_ID, state)
        arguments = ("rewind", "--state-id", STATE_ID, "--to", "2026-11-02T22:00", "--forward")
        result = project.bookmarks(*arguments, "--dry-run")
        assert "back 7 d 10 h" in result.stdout
        assert "forward 22 h 0 min" in result.stdout

    def test_leaves_what_would_move_forward(self, project, state):
        project.set(STATE_ID, state)
        result = project.bookmarks("rewind", "--state-id", STATE_ID, "--to", "2026-11-05", "--yes")
        assert result.exit_code == 0
        assert "would move forward" in result.stdout
        assert orders(project) == {
            "42583152": "2026-11-05T00:00:00.000Z@",
            "555": "2026-11-02T00:00:00.000Z@E9",
        }

    def test_moves_forward_when_told(self, project, state):
        project.set(STATE_ID, state)
        project.bookmarks(
            "rewind", "--state-id", STATE_ID, "--to", "2026-11-05@E1", "--forward", "-y"
        )
        assert set(orders(project).values()) == {"2026-11-05T00:00:00.000Z@E1"}

    def test_nothing_that_can_move_is_exit_code_1(self, project, state):
        project.set(STATE_ID, state)
        result = project.bookmarks("rewind", "--state-id", STATE_ID, "--to", "-0s", "--yes")
        assert result.exit_code == 1
        result = project.bookmarks(
            "rewind", "--state-id", STATE_ID, "--to", "-7d", "--stream", "x", "-y"
        )
        assert result.exit_code == 1
        assert project.get(STATE_ID) == state

    def test_being_there_already_is_fine(self, project, state):
        project.set(STATE_ID, state)
        arguments = (
            "rewind",
            "--state-id",
            STATE_ID,
            "--to",
            "2026-11-01",
            "--stream",
            "orders",
            "-y",
        )
        assert project.bookmarks(*arguments).exit_code == 0
        result = project.bookmarks(*arguments)
        assert result.exit_code == 0
        assert "already there" in result.stdout

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (("--to", "yesterday"), "'yesterday' is no position"),
            (("--to", "2999-01-01"), "lies in the future"),
            (("--to", "2026-11-01", "--timezone", "Asia/Nowhere"), "is no time zone"),
            ((), "Missing option '--to'"),
        ],
    )
    def test_wrong_usage_is_exit_code_2(self, project, state, arguments, told):
        project.set(STATE_ID, state)
        result = project.bookmarks("rewind", "--state-id", STATE_ID, *arguments, "--yes")
        assert result.exit_code == 2
        assert told in result.stderr
        assert project.get(STATE_ID) == state

    def test_needs_an_answer(self, project, state):
        project.set(STATE_ID, state)
        result = project.bookmarks("rewind", "--state-id", STATE_ID, "--to", "2026-11-01")
        assert result.exit_code == 2
        assert "--yes" in result.stderr
        assert project.get(STATE_ID) == state

    def test_an_unknown_state_id_is_told_with_the_known_ones(self, project, state):
        project.set(STATE_ID, state)
        result = project.bookmarks("rewind", "--state-id", "demo:typo", "--to", "-7d", "--yes")
        assert result.exit_code == 1
        assert "'demo:typo'" in result.stderr
        assert STATE_ID in result.stderr

    def test_a_running_sync_is_respected(self, project, state):
        project.set(STATE_ID, state)
        project.add_running_job(STATE_ID, heartbeat_age=2)
        arguments = ("rewind", "--state-id", STATE_ID, "--to", "2026-11-01", "--yes")
        result = project.bookmarks(*arguments)
        assert result.exit_code == 1
        assert "is running since" in result.stderr
        assert project.get(STATE_ID) == state
        assert project.shown()[0]["running_since"] is not None
        assert project.bookmarks(*arguments, "--force").exit_code == 0
        assert project.get(STATE_ID) != state

    def test_a_sync_that_died_long_ago_does_not_hinder(self, project, state):
        project.set(STATE_ID, state)
        project.add_running_job(STATE_ID, heartbeat_age=600)
        project.add_running_job(OTHER_ID, heartbeat_age=2)
        arguments = ("rewind", "--state-id", STATE_ID, "--to", "2026-11-01", "--yes")
        assert project.bookmarks(*arguments).exit_code == 0

    def test_a_state_in_two_parts_is_edited_as_the_next_run_sees_it(self, project, state):
        project.set(STATE_ID, state)
        newer = one_partition("shops", "7", "2026-11-03T00:00:00Z@")
        project.merge(STATE_ID, newer)
        before = project.get(STATE_ID)
        project.bookmarks("rewind", "--state-id", STATE_ID, "--to", "2026-11-01", "--yes")
        after = project.get(STATE_ID)
        assert (
            after["singer_state"]["bookmarks"]["issues"]
            == state["singer_state"]["bookmarks"]["issues"]
        )
        assert (
            partitions_of(after, "shops")["7"]["replication_key_value"]
            == "2026-11-01T00:00:00.000Z@"
        )
        assert set(orders(project).values()) == {"2026-11-01T00:00:00.000Z@"}
        project.bookmarks("undo", "--yes")
        assert project.get(STATE_ID) == before


class TestMerge:
    def test_keeps_the_other_accounts(self, project, state):
        project.set(STATE_ID, state)
        owed = [{"key": "E3", "stream": "order_details"}]
        source = one_partition("orders", "42583152", "2026-11-09T00:00:00.000Z@", failures=owed)
        new = one_partition("orders", "new", "2026-11-01T00:00:00.000Z@")
        source["singer_state"]["bookmarks"]["orders"]["partitions"] += partitions_of(
            new, "orders"
        ).values()
        project.set(OTHER_ID, source)
        result = project.bookmarks("merge", "--from", OTHER_ID, "--into", STATE_ID, "--yes")
        assert result.exit_code == 0, result.output
        assert orders(project) == {
            "42583152": "2026-11-09T00:00:00.000Z@",
            "555": "2026-11-02T00:00:00.000Z@E9",
            "new": "2026-11-01T00:00:00.000Z@",
        }
        merged = partitions_of(project.get(STATE_ID), "orders")["42583152"]
        assert [failure["key"] for failure in merged["failures"]] == ["E3", "E1", "E2"]
        assert merged["not_ours"] == {"to": ["keep"]}
        assert project.get(OTHER_ID) == source
        again = project.bookmarks("merge", "--from", OTHER_ID, "--into", STATE_ID, "--yes")
        assert (again.exit_code, "already holds all" in again.stdout) == (0, True)

    def test_prefers_what_it_is_told(self, project, state):
        project.set(STATE_ID, state)
        project.set(OTHER_ID, one_partition("orders", "555", "2026-11-09T00:00:00.000Z@"))
        arguments = ("merge", "--from", OTHER_ID, "--into", STATE_ID, "--yes")
        project.bookmarks(*arguments)
        assert orders(project)["555"] == "2026-11-02T00:00:00.000Z@E9"
        project.bookmarks(*arguments, "--prefer", "newer")
        assert orders(project)["555"] == "2026-11-09T00:00:00.000Z@"

    def test_makes_a_state_that_is_not_there_and_undo_takes_it_away(self, project, state):
        project.set(STATE_ID, state)
        arguments = (
            "merge",
            "--from",
            STATE_ID,
            "--into",
            "demo:new",
            "--stream",
            "orders",
            "--yes",
        )
        assert project.bookmarks(*arguments).exit_code == 0
        assert list(project.get("demo:new")["singer_state"]["bookmarks"]) == ["orders"]
        assert project.bookmarks("undo", "--yes").exit_code == 0
        assert project.ids() == [STATE_ID]

    def test_refuses_what_makes_no_sense(self, project, state):
        project.set(STATE_ID, state)
        assert project.bookmarks("merge", "--from", STATE_ID, "--into", STATE_ID).exit_code == 2
        assert project.bookmarks("merge", "--from", "demo:typo", "--into", STATE_ID).exit_code == 1
        outside = str(project.root / "outside")
        result = project.bookmarks("merge", "--from", STATE_ID, "--into", outside, "--yes")
        assert result.exit_code == 2
        assert not (project.root / "outside").exists()
        nothing = project.bookmarks(
            "merge", "--from", STATE_ID, "--into", "demo:n", "--account", "x"
        )
        assert nothing.exit_code == 1


class TestUndoAndHistory:
    def test_steps_go_back_one_by_one(self, project, state):
        project.set(STATE_ID, state)
        for day in ("09", "01"):
            project.bookmarks("rewind", "--state-id", STATE_ID, "--to", f"2026-11-{day}", "--yes")
        middle = json.loads(
            project.bookmarks("history", "--state-id", STATE_ID, "--print", "2").stdout
        )
        assert project.bookmarks("undo", "--yes").exit_code == 0
        assert project.get(STATE_ID) == middle
        assert project.bookmarks("undo", "--yes").exit_code == 0
        assert project.get(STATE_ID) == state
        assert project.bookmarks("undo", "--yes").exit_code == 1
        assert project.get(STATE_ID) == state

    def test_several_steps_at_once_over_several_states(self, project, state):
        project.set(STATE_ID, state)
        project.set(OTHER_ID, state)
        project.bookmarks("rewind", "--state-id", "*", "--to", "2026-11-01", "--yes")
        project.bookmarks("rewind", "--state-id", STATE_ID, "--to", "2026-10-01", "--yes")
        assert project.bookmarks("undo", "--all", "--steps", "2", "--yes").exit_code == 0
        assert project.get(STATE_ID) == project.get(OTHER_ID) == state

    def test_only_one_state(self, project, state):
        project.set(STATE_ID, state)
        project.set(OTHER_ID, state)
        project.bookmarks("rewind", "--state-id", "*", "--to", "2026-11-01", "--yes")
        rewound = project.get(STATE_ID)
        project.bookmarks("undo", "--state-id", OTHER_ID, "--yes")
        assert project.get(OTHER_ID) == state
        assert project.get(STATE_ID) == rewound

    def test_keeps_what_a_run_did_since(self, project, state):
        project.set(STATE_ID, state)
        project.bookmarks(
            "rewind", "--state-id", STATE_ID, "--account", "555", "--to", "2026-11-01", "-y"
        )
        since = project.get(STATE_ID)
        for partition in partitions_of(since, "orders").values():
            partition["replication_key_value"] = "2026-11-12T00:00:00.000Z@"
        project.set(STATE_ID, since)
        project.bookmarks("undo", "--yes")
        assert orders(project) == {
            "42583152": "2026-11-12T00:00:00.000Z@",
            "555": "2026-11-02T00:00:00.000Z@E9",
        }

    def test_history_lists_and_marks(self, project, state):
        project.set(STATE_ID, state)
        project.bookmarks(
            "rewind", "--state-id", STATE_ID, "--stream", "o*", "--to", "2026-11-01", "-y"
        )
        project.bookmarks("undo", "--yes")
        entries = json.loads(project.bookmarks("history", "--json").stdout)
        assert [(e["number"], e["undone"]) for e in entries] == [(2, False), (1, True)]
        assert entries[1]["action"] == "rewind --stream 'o*' --to 2026-11-01T00:00:00.000Z@"
        assert project.bookmarks("history", "--print", "1").exit_code == 2
        missing = project.bookmarks("history", "--state-id", STATE_ID, "--print", "9")
        assert missing.exit_code == 1

    def test_the_folder_can_be_elsewhere(self, project, state, tmp_path, monkeypatch):
        monkeypatch.setenv("SYNCOPS_HISTORY", str(tmp_path / "volume"))
        project.set(STATE_ID, state)
        project.bookmarks("rewind", "--state-id", STATE_ID, "--to", "2026-11-01", "--yes")
        assert len(list((tmp_path / "volume").iterdir())) == 1
        assert not (project.root / ".meltano" / "syncops").exists()


class TestDiff:
    def test_states_copies_and_files(self, project, state, tmp_path):
        project.set(STATE_ID, state)
        project.bookmarks("rewind", "--state-id", STATE_ID, "--to", "2026-11-01", "--yes")
        wrapped, bare = tmp_path / "wrapped.json", tmp_path / "bare.json"
        wrapped.write_text(json.dumps(state))
        bare.write_text(json.dumps(state["singer_state"]))
        for left in (f"{STATE_ID}#1", str(wrapped), str(bare)):
            result = project.bookmarks("diff", left, STATE_ID, "--json")
            assert result.exit_code == 0, result.output
            found = {d["account"]: d for d in json.loads(result.stdout)}
            assert found.keys() == {"42583152", "555"}
            assert found["555"]["left"] == "2026-11-02T00:00:00.000Z@E9"
            assert found["555"]["right"] == "2026-11-01T00:00:00.000Z@"
            assert found["555"]["gap_seconds"] == -86400
        assert "back 1 d 0 h" in project.bookmarks("diff", f"{STATE_ID}#1", STATE_ID).stdout
        assert "No difference" in project.bookmarks("diff", str(bare), f"{STATE_ID}#1").stdout

    def test_names_that_stand_for_nothing(self, project, state, tmp_path):
        project.set(STATE_ID, state)
        (tmp_path / "broken.json").write_text("{")
        for name in ("demo:typo", f"{STATE_ID}#7", str(tmp_path / "broken.json")):
            result = project.bookmarks("diff", STATE_ID, name)
            assert result.exit_code == 1
            assert name.rpartition("#")[0] in result.stderr or name in result.stderr


class TestFaults:
    @pytest.mark.parametrize("text", ["{", "[]", '"x"', '{"completed": 3}'])
    def test_a_state_that_is_no_json_object(self, project, state, text):
        if project.backend == "systemdb" and text == '{"completed": 3}':
            text = "3"
        project.set(STATE_ID, state)
        project.set("demo:good", state)
        project.break_storage(STATE_ID, text)
        for arguments in (
            ("rewind", "--state-id", STATE_ID, "--to", "2026-11-01", "--yes"),
            ("merge", "--from", "demo:good", "--into", STATE_ID, "--yes"),
            ("diff", STATE_ID, "demo:good"),
        ):
            result = project.bookmarks(*arguments)
            assert result.exit_code == 1
            assert f"Corrupt state in state '{STATE_ID}'" in result.stderr
            assert "Nothing was changed" in result.stderr
        shown = project.bookmarks("show")
        assert shown.exit_code == 1
        assert "42583152" in shown.stdout
        assert STATE_ID in shown.stderr
        assert not (project.root / ".meltano" / "syncops").exists()

    def test_a_state_of_another_shape(self, project, state):
        state["singer_state"]["bookmarks"]["orders"]["partitions"][1] = "x"
        project.set(STATE_ID, state)
        result = project.bookmarks("rewind", "--state-id", STATE_ID, "--to", "2026-11-01", "--yes")
        assert result.exit_code == 1
        assert "singer_state.bookmarks.orders.partitions[1] is text" in result.stderr
        assert project.get(STATE_ID) == state

    def test_a_state_that_moves_after_the_preview_is_not_overwritten(
        self, project, state, monkeypatch
    ):
        project.set(STATE_ID, state)
        moved = copy.deepcopy(state)
        partitions_of(moved, "orders")["555"]["replication_key_value"] = "2026-11-12T00:00:00.000Z@"

        def sync_while_asking(question, *, yes):
            project.set(STATE_ID, moved)
            return True

        monkeypatch.setattr(edit_commands, "confirm", sync_while_asking)
        arguments = ("rewind", "--state-id", STATE_ID, "--to", "2026-11-01", "--stream", "orders")
        result = project.bookmarks(*arguments)
        assert result.exit_code == 1
        assert "has moved since the preview" in result.stderr
        assert project.get(STATE_ID) == moved
        assert project.bookmarks(*arguments, "--force").exit_code == 0
        assert set(orders(project).values()) == {"2026-11-01T00:00:00.000Z@"}

    def test_a_write_that_fails_leaves_no_trace(self, project, state, monkeypatch):
        project.set(STATE_ID, state)

        def fail(self, states):
            raise OSError("No space left on device")

        for manager in (DBStateStoreManager, filesystem.LocalFilesystemStateStoreManager):
            monkeypatch.setattr(manager, "set_all", fail)
        result = project.bookmarks("rewind", "--state-id", STATE_ID, "--to", "2026-11-01", "--yes")
        assert result.exit_code == 1
        assert "No space left on device" in result.stderr
        assert "Traceback" not in result.output
        monkeypatch.undo()
        monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(project.root))
        assert project.get(STATE_ID) == state
        assert "No edits yet" in project.bookmarks("history").stdout

    def test_a_history_that_cannot_be_written_stops_the_edit(
        self, project, state, tmp_path, monkeypatch
    ):
        (tmp_path / "volume").write_text("a file")
        monkeypatch.setenv("SYNCOPS_HISTORY", str(tmp_path / "volume"))
        project.set(STATE_ID, state)
        result = project.bookmarks("rewind", "--state-id", STATE_ID, "--to", "2026-11-01", "--yes")
        assert result.exit_code == 1
        assert "SYNCOPS_HISTORY" in result.stderr
        assert project.get(STATE_ID) == state

    def test_no_project(self, tmp_path, monkeypatch, clean_environment, project):
        monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(tmp_path))
        result = project.bookmarks("show")
        assert result.exit_code == 1
        assert "Opening the Meltano project failed" in result.stderr
        assert "Traceback" not in result.output
        assert "Traceback" in project.syncops("--verbose", "bookmarks", "show").stderr

    def test_an_environment_that_is_not_there(self, project):
        result = project.syncops("--environment", "typo", "bookmarks", "show")
        assert result.exit_code == 1
        assert "typo" in result.stderr

    def test_a_meltano_too_old_or_new_for_the_project(self, project):
        file = project.root / "meltano.yml"
        file.write_text(file.read_text().replace(">=4.4", ">=99"))
        result = project.bookmarks("show")
        assert result.exit_code == 1
        assert "requires Meltano >=99" in result.stderr


def test_a_project_in_which_nothing_ever_ran(fresh_project):
    result = fresh_project.bookmarks("show")
    assert result.exit_code == 1
    assert "There is no state yet" in result.stderr
    result = fresh_project.bookmarks("rewind", "--state-id", STATE_ID, "--to", "-7d", "--yes")
    assert result.exit_code == 1


class TestLocks:
    @pytest.fixture
    def opened(self, project, state):
        project.set(STATE_ID, state)
        with open_states("demo") as states:
            yield project, states

    def test_meltanos_own_lock_is_held_while_writing(self, opened, monkeypatch):
        _, states = opened
        held = []

        @contextmanager
        def acquire_lock(state_id, *, retry_seconds):
            held.append(state_id)
            yield
            held.append("released")

        monkeypatch.setattr(states._manager, "acquire_lock", acquire_lock)
        with states.locked(STATE_ID) as locked:
            assert held == [STATE_ID]
            locked.write(locked.read())
        assert held == [STATE_ID, "released"]

    @pytest.mark.parametrize("project", ["systemdb"], indirect=True)
    def test_nobody_writes_a_row_that_is_claimed(self, opened):
        project, states = opened
        other = sqlite3.connect(project.root / ".meltano" / "meltano.db", timeout=0)
        with states.locked(STATE_ID), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("UPDATE state SET completed_state = '{}'")
        other.execute("UPDATE state SET completed_state = completed_state")
        other.rollback()
        other.close()

    @pytest.mark.parametrize("project", ["file"], indirect=True)
    def test_waits_for_meltano_to_let_go(self, opened, monkeypatch):
        project, states = opened
        waited = []
        with open_states("demo") as meltano:
            lock = meltano._manager.acquire_lock(STATE_ID, retry_seconds=1)
            lock.__enter__()

            def let_go(seconds):
                waited.append(seconds)
                lock.__exit__(None, None, None)

            monkeypatch.setattr(filesystem, "sleep", let_go)
            with states.locked(STATE_ID) as locked:
                assert waited == [1]
                assert locked.read() == project.get(STATE_ID)


@pytest.mark.parametrize("command", ["show", "rewind", "diff", "merge", "undo", "history"])
def test_every_command_teaches(project, command):
    result = project.bookmarks(command, "--help")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    example = lines[lines.index("  Examples:") + 1]
    assert example.startswith(f"    syncops bookmarks {command}")
