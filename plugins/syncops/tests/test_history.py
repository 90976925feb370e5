from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from syncops.errors import SyncopsError
from syncops.history import History, taken_back, undoable

NOW = datetime(2026, 11, 21, 8, tzinfo=timezone.utc)
STATE = {"singer_state": {"bookmarks": {"订单\u2028": {}}}}


@pytest.fixture
def history(tmp_path):
    return History(tmp_path / "history")


def add(history, state_id="demo:a", command="c1", minute=0, **more):
    at = NOW + timedelta(minutes=minute)
    return history.append(
        state_id, command=command, at=at, action="rewind", before=STATE, after=None, **more
    )


def test_entries_come_back_as_they_were_kept(history):
    first, second = add(history), add(history, command="c2")
    assert history.entries("demo:a") == [first, second]
    assert [entry.number for entry in history.entries("demo:a")] == [1, 2]
    assert history.entries("demo:a")[0].before == STATE
    assert history.entries("demo:other") == []


def test_any_state_id_is_a_file_of_its_own(history):
    names = ["demo:a", "demo/a", "../up", "demo:a:1", "订单"]
    for name in names:
        add(history, name)
    assert history.state_ids() == sorted(names)
    assert all(path.parent == history.folder for path in map(history.path, names))


def test_a_failed_write_counts_no_more_and_its_number_is_not_used_again(history):
    add(history)
    history.forget_failed(add(history, command="c2"))
    add(history, command="c3")
    assert [(e.number, e.command) for e in history.entries("demo:a")] == [(1, "c1"), (3, "c3")]


def test_a_line_that_a_crash_cut_short_hides_nothing_else(history):
    add(history)
    path = history.path("demo:a")
    text = path.read_bytes()
    path.write_bytes(text + text[: len(text) // 2])
    add(history, command="c2")
    assert [entry.command for entry in history.entries("demo:a")] == ["c1", "c2"]


def test_undo_goes_back_command_by_command(history):
    add(history, command="c1")
    add(history, "demo:b", command="c1")
    add(history, command="c2", minute=1)
    entries = history.entries("demo:a") + history.entries("demo:b")
    groups = undoable(entries)
    assert [[e.command for e in group] for group in groups] == [["c2"], ["c1", "c1"]]


def test_neither_undos_nor_what_they_took_back_are_undone_again(history):
    add(history, command="c1")
    add(history, command="c2", minute=1)
    add(history, command="u1", minute=2, undoes=("c2",))
    entries = history.entries("demo:a")
    assert taken_back(entries) == {("demo:a", "c2")}
    assert [[e.command for e in group] for group in undoable(entries)] == [["c1"]]


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "history").write_text("a file, not a folder")
    with pytest.raises(SyncopsError, match="SYNCOPS_HISTORY"):
        add(History(tmp_path / "history"))
