"""What states were before each edit, kept for undo: one file of JSON lines per state id.

The files lie in Meltano's system folder (`.meltano/syncops/history`), not in the state backend: a
state id of our own there would show up in `meltano state list`, travel with `state export` and
vanish with `state clear --all`. Where the system folder does not last (containers), SYNCOPS_HISTORY
names another one.
"""

from __future__ import annotations

import json
import os
import typing as t
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote, unquote

from openplatform.bookmarks import format_time

from syncops.errors import SyncopsError

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from syncops.bookmarks.partitions import Payload


@dataclass(frozen=True, slots=True)
class Entry:
    """One edit of one state.

    Attributes:
        number: Counts the edits of this state id from 1.
        command: Identifies the command; edits of several states by one command share it.
        at: When, in UTC, to the millisecond.
        state_id: Whose state.
        action: What was done, as the operator would type it.
        before: The state before; None if there was none.
        after: The state after; None if it was removed.
        undoes: The commands that this edit took back, if it is an undo.
    """

    number: int
    command: str
    at: str
    state_id: str
    action: str
    before: Payload | None
    after: Payload | None
    undoes: Sequence[str] = ()


class History:
    """The history of all states in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def state_ids(self) -> list[str]:
        """Return the ids of all states that were ever edited, also of those that are gone."""
        return sorted(unquote(path.stem) for path in self.folder.glob("*.jsonl"))

    def entries(self, state_id: str) -> list[Entry]:
        """Return the edits of a state id that took place, oldest first.

        Raises:
            SyncopsError: If the file cannot be read.
        """
        entries: dict[int, Entry] = {}
        for line in self._lines(state_id):
            if "failed" in line:
                entries.pop(line["failed"], None)
            else:
                fields = {name: line[name] for name in Entry.__slots__}
                entry = Entry(**{**fields, "undoes": tuple(line["undoes"])})
                entries[entry.number] = entry
        return list(entries.values())

    def append(
        self,
        state_id: str,
        *,
        command: str,
        at: datetime,
        action: str,
        before: Payload | None,
        after: Payload | None,
        undoes: Sequence[str] = (),
    ) -> Entry:
        """Keep one edit durably; to be called before the state is written."""
        lines = self._lines(state_id)
        number = max((line.get("number", 0) for line in lines), default=0) + 1
        entry = Entry(number, command, format_time(at), state_id, action, before, after, undoes)
        self._write(state_id, {name: getattr(entry, name) for name in Entry.__slots__})
        return entry

    def forget_failed(self, entry: Entry) -> None:
        """Note that the state could not be written, so that the entry counts no more.

        Best effort: the error to tell is the one that made the write fail.
        """
        with suppress(SyncopsError):
            self._write(entry.state_id, {"failed": entry.number})

    def path(self, state_id: str) -> Path:
        """Return the file of a state id."""
        return self.folder / f"{quote(state_id, safe='')}.jsonl"

    def _lines(self, state_id: str) -> list[dict[str, t.Any]]:
        path = self.path(state_id)
        try:
            text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        except OSError as error:
            raise SyncopsError(f"The history {path} cannot be read: {error}") from error
        return [line for line in map(_decode, text.splitlines()) if line is not None]

    def _write(self, state_id: str, line: dict[str, t.Any]) -> None:
        path = self.path(state_id)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab+") as file:
                # A line that a crash cut short must not swallow this one.
                if file.tell() and not _ends_with_newline(path):
                    file.write(b"\n")
                file.write(json.dumps(line).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise SyncopsError(
                f"The history {path} cannot be written: {error}. The state was not changed. Make "
                "the folder writable, or name another one with SYNCOPS_HISTORY."
            ) from error


def taken_back(entries: Iterable[Entry]) -> set[tuple[str, str]]:
    """Return state id and command of the edits that an undo took back."""
    return {(entry.state_id, command) for entry in entries for command in entry.undoes}


def undoable(entries: Iterable[Entry]) -> list[list[Entry]]:
    """Group edits by command, newest command first, leaving out undos and what they took back."""
    entries = list(entries)
    gone = taken_back(entries)
    groups: dict[str, list[Entry]] = {}
    for entry in sorted(entries, key=lambda entry: (entry.at, entry.command), reverse=True):
        if not entry.undoes and (entry.state_id, entry.command) not in gone:
            groups.setdefault(entry.command, []).append(entry)
    return list(groups.values())


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _decode(text: str) -> dict[str, t.Any] | None:
    """Return one line, or None for a line that a crash cut short."""
    try:
        line = json.loads(text)
    except ValueError:
        return None
    known = isinstance(line, dict) and ("failed" in line or line.keys() >= set(Entry.__slots__))
    return line if known else None
