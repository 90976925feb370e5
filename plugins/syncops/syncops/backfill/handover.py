"""What a backfill still owes when it has read everything goes to the live sync, which asks again."""

from __future__ import annotations

import copy
import typing as t

from syncops.bookmarks.owed import add_owed
from syncops.bookmarks.partitions import SINGER_STATE
from syncops.editing import Edit, apply_edits
from syncops.errors import RunningError

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from syncops.bookmarks.partitions import Payload
    from syncops.session import Session

_OWED = ("failures", "open")
Where = tuple[str, str]


def owed(payload: Payload | None) -> dict[Where, dict[str, t.Any]]:
    """Return the partitions of a state that owe something, by stream and account."""
    return {
        where: partition
        for where, partition in _partitions(payload)
        if any(partition.get(name) for name in _OWED)
    }


def hand_over(session: Session, state_id: str, live: str) -> int:
    """Add what a state owes to the live state, whose bookmarks stay as they are.

    Returns:
        How many records are still owed by the state itself: the live sync runs at this moment, or has
        not read these streams and accounts yet.
    """
    states = session.states
    mine = owed(states.read(state_id) if states.exists(state_id) else None)
    left = sum(len(part.get(name) or ()) for part in mine.values() for name in _OWED)
    present = states.read(live) if states.exists(live) else None
    if not left or not mine.keys() <= dict(_partitions(present)).keys():
        return left

    def plan(payload: Payload | None) -> Payload:
        after = copy.deepcopy(payload or {})
        for where, partition in _partitions(after):
            if where in mine:
                add_owed(partition, mine[where])
        return after

    edit = Edit(live, present, plan)
    try:
        if edit.after != present:
            action = f"backfill (hands over {left} records owed)"
            apply_edits(states, session.history, [edit], action=action)
    except RunningError:
        return left
    return 0


def _partitions(payload: Payload | None) -> Iterator[tuple[Where, dict[str, t.Any]]]:
    streams = ((payload or {}).get(SINGER_STATE) or {}).get("bookmarks") or {}
    for stream, entry in streams.items():
        for partition in entry.get("partitions") or () if isinstance(entry, dict) else ():
            yield (stream, str((partition.get("context") or {}).get("_account"))), partition
