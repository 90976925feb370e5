"""Taking one edit back while keeping what runs have done since."""

from __future__ import annotations

import copy
import typing as t

from syncops.bookmarks.diff import compare
from syncops.bookmarks.partitions import (
    SINGER_STATE,
    Partition,
    add_partition,
    index_partitions,
    map_partitions,
)

if t.TYPE_CHECKING:
    from syncops.bookmarks.partitions import Payload


def undo_edit(
    current: Payload | None, before: Payload | None, after: Payload | None, *, where: str
) -> Payload | None:
    """Return the state without an edit.

    Where nothing has moved since, that is exactly the state before the edit. Otherwise only the
    entries that the edit had changed go back to what they were; all others stay as they are now.

    Args:
        current: The state now.
        before: The state before the edit; None if there was none.
        after: The state that the edit wrote.
        where: What the state is called in errors.

    Raises:
        CorruptStateError: If one of them does not have the shape of a Singer state.
    """
    if current == after or current is None:
        return copy.deepcopy(before)
    edited = {
        (difference.left or difference.either).key: difference.left
        for difference in compare(before, after, left_name=where, right_name=where)
    }

    def take_back(partition: Partition) -> t.Any:
        if partition.key not in edited:
            return partition.data
        old = edited[partition.key]
        return None if old is None else copy.deepcopy(old.data)

    result = map_partitions(current, take_back, where=where)
    present = index_partitions(result, where=where)
    for key, old in edited.items():
        if old is not None and key not in present:
            add_partition(result, old, where=where)
    if before is None and result == {SINGER_STATE: {"bookmarks": {}}}:
        return None
    return result
