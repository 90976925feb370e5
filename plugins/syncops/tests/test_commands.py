"""Showing and rewinding, against a real Meltano project, on the system database and on a folder."""

from __future__ import annotations

import copy
import json

import pytest

from .bookmark_states import OTHER_ID, STATE_ID, one_partition, orders, partitions_of


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


def test_a_project_in_which_nothing_ever_ran(fresh_project):
    result = fresh_project.bookmarks("show")
    assert result.exit_code == 1
    assert "There is no state yet" in result.stderr
    result = fresh_project.bookmarks("rewind", "--state-id", STATE_ID, "--to", "-7d", "--yes")
    assert result.exit_code == 1


@pytest.mark.parametrize("command", ["show", "rewind", "diff", "merge", "undo", "history"])
def test_every_command_teaches(project, command):
    result = project.bookmarks(command, "--help")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    example = lines[lines.index("  Examples:") + 1]
    assert example.startswith(f"    syncops bookmarks {command}")
