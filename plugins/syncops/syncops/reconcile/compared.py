"""What to compare, and what came out."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

if t.TYPE_CHECKING:
    from syncops.reconcile.findings import Bucket, Difference, Who, Window


@dataclass(frozen=True, slots=True)
class Wish:
    """What to compare.

    Attributes:
        windows: The stretch of time for each stream and account.
        bucket: `hour` or `day`.
        field: Business field to count by as well; empty for none.
        deep: Compare all records, not only those of buckets whose counts differ.
        max_calls: Calls that all steps together may make.
    """

    windows: dict[Who, Window]
    bucket: str
    field: str
    deep: bool
    max_calls: int


@dataclass
class Compared:
    """What came out for one stream of one account.

    Attributes:
        window: The stretch of time.
        buckets: All buckets, counted on both sides; empty where the platform does not count.
        differences: The records that differ.
        looked: Whether records were compared, so that `differences` says it all.
        seen: How many records of the platform were compared.
        pages: Calls that reading the differing buckets took, about.
        read: The windows in which records were compared; None for a whole list.
        problems: Why something could not be compared or repaired.
        fetched: Records that a repair brought.
        marked: Rows that a repair marked as deleted.
        left: Records that still differ after a repair; None before one.
        again: The buckets' counts after a repair.
    """

    stream: str
    account: str
    window: Window
    buckets: list[Bucket] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    looked: bool = False
    seen: int = 0
    pages: int = 0
    read: list[Window] | None = None
    problems: list[str] = field(default_factory=list)
    fetched: int = 0
    marked: int = 0
    left: list[Difference] | None = None
    again: list[Bucket] = field(default_factory=list)

    @property
    def who(self) -> Who:
        """Stream and account."""
        return self.stream, self.account

    @property
    def differing(self) -> list[Bucket]:
        """The buckets whose counts differ."""
        return [bucket for bucket in self.buckets if bucket.differs]

    def of(self, kind: str) -> list[Difference]:
        """Return the differences of one kind."""
        return [one for one in self.differences if one.kind == kind]

    @property
    def fine(self) -> bool:
        """Whether platform and warehouse agree now."""
        if self.problems:
            return False
        if self.left is not None:
            return not self.left
        return not self.differences and (self.looked or not self.differing)
