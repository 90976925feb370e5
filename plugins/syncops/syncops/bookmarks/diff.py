"""What differs between two states, per stream and account."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from syncops.bookmarks.partitions import Partition, index_partitions

if t.TYPE_CHECKING:
    from datetime import timedelta

    from syncops.bookmarks.partitions import Payload


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry that is not the same on both sides.

    Attributes:
        left: The entry in the first state, None if it has none.
        right: The entry in the second state, None if it has none.
    """

    left: Partition | None
    right: Partition | None

    @property
    def either(self) -> Partition:
        """The entry of the side that has one, the right one first; for its names."""
        found = self.right or self.left
        assert found is not None  # noqa: S101 - a difference has at least one side
        return found

    @property
    def gap(self) -> timedelta | None:
        """How much later the right position is; None where one of them has no time."""
        if not (self.left and self.right and self.left.moment and self.right.moment):
            return None
        return self.right.moment - self.left.moment

    @property
    def fields(self) -> tuple[str, ...]:
        """The keys of the entry that differ; none where a side is missing or is no object."""
        if self.left is None or self.right is None:
            return ()
        left, right = self.left.data, self.right.data
        if not isinstance(left, dict) or not isinstance(right, dict):
            return ()
        names = {**left, **right}
        missing = object()
        return tuple(n for n in names if left.get(n, missing) != right.get(n, missing))


def compare(
    left: Payload | None, right: Payload | None, *, left_name: str, right_name: str
) -> list[Difference]:
    """List what differs, in the order of the right state, then what only the left has.

    Raises:
        CorruptStateError: If one of them is no state.
    """
    before = index_partitions(left, where=left_name)
    after = index_partitions(right, where=right_name)
    changed = [
        Difference(before.get(key), partition)
        for key, partition in after.items()
        if key not in before or before[key].data != partition.data
    ]
    return changed + [Difference(p, None) for key, p in before.items() if key not in after]
