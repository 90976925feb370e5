"""The plan of a rewind: which bookmarks move, and why the others stay."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from syncops.bookmarks.partitions import Kind, Partition, map_partitions

if t.TYPE_CHECKING:
    from openplatform.bookmarks import Bookmark

    from syncops.bookmarks.partitions import Payload, Selection


@dataclass(frozen=True, slots=True)
class Rewind:
    """What a rewind would do.

    Attributes:
        payload: The new state.
        moved: The entries before their move.
        kept: The selected entries that stay as they are, each with the reason.
    """

    payload: Payload
    moved: tuple[Partition, ...]
    kept: tuple[tuple[Partition, str], ...]


def plan_rewind(
    payload: Payload, selection: Selection, to: Bookmark, *, forward: bool = False, where: str
) -> Rewind:
    """Move the selected bookmarks to a position.

    Args:
        payload: The state now; it is not altered.
        selection: Which streams and accounts.
        to: The position they shall have.
        forward: Also move bookmarks that lie before it, and bookmarks that cannot be read.
        where: What the state is called in errors.

    Raises:
        CorruptStateError: If the state does not have the shape of a Singer state.
    """
    moved: list[Partition] = []
    kept: list[tuple[Partition, str]] = []

    def move(partition: Partition) -> t.Any:
        if partition not in selection:
            return partition.data
        reason = _reason_to_keep(partition, to, forward=forward)
        if reason:
            kept.append((partition, reason))
            return partition.data
        moved.append(partition)
        return {**partition.data, "replication_key_value": str(to)}

    result = map_partitions(payload, move, where=where)
    return Rewind(result, tuple(moved), tuple(kept))


_WITHOUT_BOOKMARK = {
    Kind.FULL_TABLE: "full table: every run reads all of it",
    Kind.PENDING: "no bookmark yet: nothing has been read to its end",
    Kind.EVENTS: "place in the event log: every event is worked off once",
    Kind.FOREIGN: "not a bookmark of our taps: edit it with meltano state",
}


def _reason_to_keep(partition: Partition, to: Bookmark, *, forward: bool) -> str | None:
    if partition.kind is not Kind.INCREMENTAL:
        return _WITHOUT_BOOKMARK[partition.kind]
    if partition.bookmark is None:
        return None if forward else "unreadable bookmark: --forward replaces it"
    if partition.bookmark == to:
        return "already there"
    if partition.bookmark < to and not forward:
        return "would move forward and skip what lies between: --forward allows it"
    return None
