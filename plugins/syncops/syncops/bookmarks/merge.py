"""Merging the partitions of one state into another, by stream and context.

`meltano state merge` replaces the list of partitions and so drops the accounts that the source does
not have; here every partition of the target stays, and only what the source has is considered.
"""

from __future__ import annotations

import copy
import enum
import typing as t

from openplatform.bookmarks import Bookmark

from syncops.bookmarks.owed import add_owed
from syncops.bookmarks.partitions import (
    SINGER_STATE,
    Kind,
    Partition,
    add_partition,
    index_partitions,
    map_partitions,
)

if t.TYPE_CHECKING:
    from syncops.bookmarks.partitions import Payload, Selection

_POSITION_KEYS = frozenset(
    {
        "context",
        "replication_key",
        "replication_key_value",
        "complete_versions",
        "complete_rows",
        "version",
        # One side's row versions say nothing about what the other side's bookmark leaves open.
        "row_version",
        "versions_since",
        "last_run",
    }
)


class Prefer(enum.Enum):
    """Whose position stands when both states have a partition."""

    OLDER = "older"
    NEWER = "newer"
    SOURCE = "source"
    TARGET = "target"


def merge(
    source: Payload,
    target: Payload | None,
    selection: Selection,
    prefer: Prefer = Prefer.OLDER,
    *,
    source_name: str,
    target_name: str,
) -> Payload:
    """Return the target with the selected partitions of the source taken in; neither is altered.

    The failures and open ids of both sides are kept, whichever position stands. A partition without
    a position never beats one that has one. Positions of foreign taps have no order that we know.
    In both cases `source` and `target` still decide.

    Raises:
        CorruptStateError: If one of them does not have the shape of a Singer state.
    """
    arriving = {
        key: partition
        for key, partition in index_partitions(source, where=source_name).items()
        if partition in selection
    }
    base = copy.deepcopy(target) if target is not None else {SINGER_STATE: {"bookmarks": {}}}
    present = index_partitions(base, where=target_name)

    def take(partition: Partition) -> t.Any:
        other = arriving.get(partition.key)
        return partition.data if other is None else _merge_one(other, partition, prefer)

    result = map_partitions(base, take, where=target_name)
    for key, partition in arriving.items():
        if key not in present:
            add_partition(result, partition, where=target_name)
    return result


def _merge_one(source: Partition, target: Partition, prefer: Prefer) -> t.Any:
    winner, loser = (source, target) if _source_wins(source, target, prefer) else (target, source)
    if Kind.FOREIGN in (winner.kind, loser.kind):
        return copy.deepcopy(winner.data)
    others = {k: v for k, v in loser.data.items() if k not in {*_POSITION_KEYS, *winner.data}}
    merged: dict[str, t.Any] = copy.deepcopy({**winner.data, **others})
    add_owed(merged, loser.data)
    return merged


def _source_wins(source: Partition, target: Partition, prefer: Prefer) -> bool:
    if prefer in (Prefer.SOURCE, Prefer.TARGET):
        return prefer is Prefer.SOURCE
    if Kind.FOREIGN in (source.kind, target.kind):
        return False
    if Kind.EVENTS in (source.kind, target.kind):
        return _events_win(source, target, prefer)
    first, second = _order(source), _order(target)
    if first is None or second is None:
        return first is not None
    return first < second if prefer is Prefer.OLDER else first > second


def _events_win(source: Partition, target: Partition, prefer: Prefer) -> bool:
    """Compare places in the event log, whose versions are numbers."""
    if target.kind is not source.kind:
        return source.kind is Kind.EVENTS
    first, second = int(source.position), int(target.position)
    return first < second if prefer is Prefer.OLDER else first > second


def _order(partition: Partition) -> Bookmark | None:
    """Return the place in time; None if there is no position or none that can be read."""
    if partition.moment is None:
        return None
    return partition.bookmark or Bookmark(partition.moment)
