"""What must not harm a state: broken ones, runs at the same time, writes that fail."""

from __future__ import annotations

import copy
import sqlite3
from contextlib import contextmanager

import pytest
from meltano.core.state_store import DBStateStoreManager, filesystem
from syncops.bookmarks import edit_commands
from syncops.states import open_states

from .bookmark_states import STATE_ID, orders, partitions_of


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
