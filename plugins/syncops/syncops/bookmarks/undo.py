"""Taking one edit back while keeping what runs have done since."""

from __future__ import annotations

import copy
import typing as t

from syncops.bookmarks.diff import Difference, compare
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
    from syncops.bookmarks.partitions import Payload


def undo_edit(
    current: Payload | None, before: Payload | None, after: Payload | None, *, where: str
) -> Payload | None:
    """Return the state without an edit.

    Where nothing has moved since, that is exactly the state before the edit. Otherwise only the
    entries that the edit had changed go back to what they were, and keep what runs have left owed
    in them since; all others stay as they are now.

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
        difference.either.key: difference
        for difference in compare(before, after, left_name=where, right_name=where)
    }

    def take_back(partition: Partition) -> t.Any:
        if partition.key not in edited:
            return partition.data
        return _restored(edited[partition.key], partition)

    result = map_partitions(current, take_back, where=where)
    present = index_partitions(result, where=where)
    for key, difference in edited.items():
        if difference.left is not None and key not in present:
            add_partition(result, difference.left, where=where)
    if before is None and result == {SINGER_STATE: {"bookmarks": {}}}:
        return None
    return result


def _restored(edit: Difference, current: Partition) -> t.Any | None:
    """Return an entry as it was before an edit, with what has come to be owed since."""
    if edit.left is None:
        return None
    data = copy.deepcopy(edit.left.data)
    if edit.right is not None and Kind.FOREIGN not in (edit.left.kind, current.kind):
        add_owed(data, current.data, but_not=edit.right.data)
    return data
