"""All rows of an entity in the order of one of their times, without ever listing them.

The rows of the generated history follow a formula (`Timeline`), so their order needs no memory.
Rows that churn moved or added are kept in a small sorted list beside it. Positions, counts and
pages of the merged sequence cost a few binary searches, whatever the size of the history.
"""

from __future__ import annotations

import typing as t
from bisect import bisect_left, insort

DAY_MS = 86_400_000
EVENT_MS = 3_600_000


class Timeline:
    """Moments of the generated rows: a rising function of the index, dense during one event.

    The history has three parts that surprise: an hour that is far denser than the rest, a silent
    half day, and (on request) many rows in one and the same second.
    """

    def __init__(
        self,
        size: int,
        start_ms: int,
        end_ms: int,
        *,
        precision_ms: int = 1,
        event_density: float = 100.0,
        same_second: int = 0,
    ) -> None:
        self.size = size
        self._precision = precision_ms
        span = end_ms - start_ms
        event = min(EVENT_MS, span // 20)
        silence = min(DAY_MS // 2, span // 20)
        edges = [
            (span * 3 // 10, 1.0),
            (silence, 0.0),
            (span * 3 // 10, 1.0),
            (event, event_density),
        ]
        edges.append((span - sum(length for length, _ in edges), 1.0))
        self._starts: list[float] = []
        self._moments: list[tuple[int, float]] = []
        total = sum(length * weight for length, weight in edges)
        weight_before, moment = 0.0, start_ms
        for length, weight in edges:
            if weight > 0:
                self._starts.append(weight_before / total * size)
                self._moments.append((moment, total / size / weight))
            weight_before += length * weight
            moment += length
        self._burst = range(0)
        if same_second > 1:
            first = size // 3
            self._burst = range(first, min(size, first + same_second))
            self._burst_ms = self._formula(first) // 1000 * 1000

    def _formula(self, index: int) -> int:
        piece = bisect_left(self._starts, index + 0.5) - 1
        moment, step = self._moments[piece]
        return int(moment + (index + 0.5 - self._starts[piece]) * step)

    def at(self, index: int) -> int:
        """Return the moment of a row in epoch milliseconds."""
        moment = self._formula(index)
        if self._burst:
            if index in self._burst:
                moment = self._burst_ms
            elif index < self._burst.start:
                moment = min(moment, self._burst_ms)
        return moment - moment % self._precision

    def first_from(self, moment: int) -> int:
        """Return the first index whose moment is not before the given one."""
        return bisect_left(range(self.size), moment, key=self.at)


class Placed(t.NamedTuple):
    """A row beside the formula: its time, its serial number, and the formula rows that come before it."""

    moment: int
    serial: int
    before: int


class Order:
    """The merged sequence of formula rows and placed rows, sorted by (moment, index)."""

    def __init__(self, size: int, at: t.Callable[[int], int]) -> None:
        self._size = size
        self._at = at
        self._removed: list[int] = []
        self._placed: list[Placed] = []

    def _before(self, moment: int, index: int) -> int:
        """Count formula rows, removed ones included, that sort before (moment, index)."""
        everything = range(self._size)
        first = bisect_left(everything, moment, key=self._at)
        if first == self._size or self._at(first) > moment:
            return first
        after = bisect_left(everything, moment + 1, lo=first, key=self._at)
        return max(first, min(index, after))

    def _alive(self, position: int) -> int:
        return position - bisect_left(self._removed, position)

    def rank(self, moment: int, index: int = -1) -> int:
        """Count the rows that sort before (moment, index)."""
        placed = bisect_left(self._placed, Placed(moment, index, -1))
        return self._alive(self._before(moment, index)) + placed

    def __len__(self) -> int:
        return self._size - len(self._removed) + len(self._placed)

    def place(self, index: int, moment: int) -> None:
        """Put a row at a moment of its own."""
        insort(self._placed, Placed(moment, index, self._before(moment, index)))

    def remove(self, index: int, moment: int) -> None:
        """Take a row out, which is at the given moment now."""
        position = bisect_left(self._placed, Placed(moment, index, -1))
        if position < len(self._placed) and self._placed[position].serial == index:
            del self._placed[position]
        else:
            insort(self._removed, index)

    def _formula_row(self, alive_before: int) -> int:
        """Return the index of the formula row that has this many living formula rows before it."""
        low, high = 0, len(self._removed)
        while low < high:
            middle = (low + high) // 2
            if self._removed[middle] - middle <= alive_before:
                low = middle + 1
            else:
                high = middle
        return alive_before + low

    def between(self, first_rank: int, end_rank: int) -> t.Iterator[int]:
        """Yield the indexes of the rows whose rank lies in `[first_rank, end_rank)`."""
        placed, removed = self._placed, self._removed
        low, high = 0, len(placed)
        while low < high:
            middle = (low + high) // 2
            if middle + self._alive(placed[middle].before) < first_rank:
                low = middle + 1
            else:
                high = middle
        base = self._formula_row(first_rank - low)
        skip = bisect_left(removed, base)
        for _ in range(first_rank, min(end_rank, len(self))):
            if low < len(placed) and (base >= self._size or placed[low].before <= base):
                yield placed[low].serial
                low += 1
                continue
            yield base
            base += 1
            while skip < len(removed) and removed[skip] == base:
                base += 1
                skip += 1
