"""Merging states, taking edits back, and comparing states, in a real Meltano project."""

from __future__ import annotations

import json

from .bookmark_states import OTHER_ID, STATE_ID, one_partition, orders, partitions_of


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

    def test_row_versions_stay_with_their_bookmark(self, project, state):
        project.set(STATE_ID, state)
        far = {"row_version": 900, "collected": ["8"]}
        project.set(OTHER_ID, one_partition("orders", "555", "2026-11-09T00:00:00.000Z@", **far))
        arguments = ("merge", "--from", OTHER_ID, "--into", STATE_ID, "--yes")
        project.bookmarks(*arguments)
        merged = partitions_of(project.get(STATE_ID), "orders")["555"]
        assert merged["replication_key_value"] == "2026-11-02T00:00:00.000Z@E9"
        assert "row_version" not in merged
        assert merged["collected"] == ["8"]
        project.bookmarks(*arguments, "--prefer", "newer")
        merged = partitions_of(project.get(STATE_ID), "orders")["555"]
        assert (merged["replication_key_value"], merged["row_version"]) == (
            "2026-11-09T00:00:00.000Z@",
            900,
        )

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
