"""What happened in the period of a report, gathered run by run into equal buckets of time.

Memory does not grow with the number of runs, only with that of streams and buckets.
"""

from __future__ import annotations

import typing as t
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone, tzinfo
from heapq import heappush, heappushpop
from itertools import chain

from openplatform.runs import HELPER, LIVE, OK, STARTED, RunRow

from syncops.report.rows import moment

EPOCH: t.Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MOST_BUCKETS = 60
_MOST_RUNS = 200
_MINUTES = (1, 5, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7 * 1440, 28 * 1440, 364 * 1440)
Key = tuple[str, str, str]
"""Job, stream and account."""
Pair = tuple[str, str]
"""Job and stream."""


@dataclass(frozen=True, slots=True)
class Buckets:
    """Equal parts of a period, the last of which holds its end."""

    begin: datetime
    size: timedelta
    count: int

    @classmethod
    def of(cls, begin: datetime, end: datetime) -> Buckets:
        """Return at most 60 buckets of a handy size."""
        length = max(end - begin, timedelta(minutes=1))
        size = next(
            (s for m in _MINUTES if length <= (s := timedelta(minutes=m)) * (_MOST_BUCKETS - 1)),
            timedelta(minutes=_MINUTES[-1]),
        )
        first = (begin - EPOCH) // size
        count = min((end - EPOCH) // size - first + 1, _MOST_BUCKETS)
        return cls(EPOCH + size * first, size, max(count, 2))

    def index(self, at: datetime) -> int | None:
        """Return the bucket of a time; None if it lies outside."""
        found = (at - self.begin) // self.size
        return found if 0 <= found < self.count else None

    def labels(self, zone: tzinfo) -> list[str]:
        """Return the beginning of each bucket, for people."""
        return [
            f"{(self.begin + self.size * n).astimezone(zone):%Y-%m-%d %H:%M}"
            for n in range(self.count)
        ]

    def ticks(self, zone: tzinfo, count: int = 5) -> list[str]:
        """Return times that lie equally far apart, from the beginning to the end."""
        total = self.size * self.count
        form = "%m-%d" if total >= timedelta(days=4) else "%m-%d %H:%M"
        form = "%H:%M" if total <= timedelta(hours=12) else form
        form = "%Y-%m-%d" if total >= timedelta(days=300) else form
        return [
            (self.begin + total * n / (count - 1)).astimezone(zone).strftime(form)
            for n in range(count)
        ]


@dataclass
class Run:
    """A run, put together from its rows.

    Attributes:
        first: One of them, for what all have in common.
        alive: Whether it still runs.
    """

    first: RunRow
    started: datetime | None
    ended: datetime | None = None
    records: float = 0
    calls: float = 0
    answered: float = 0
    waited: float = 0
    errors: dict[str, str] = field(default_factory=dict)
    alive: bool = False


@dataclass
class Last:
    """The end of the last run of a stream and account, or of a job as a whole."""

    at: datetime
    failed: bool
    error: str


@dataclass
class Latency:
    """Latencies of the calls of a bucket: the mean of the medians, by calls, and the worst p95."""

    calls: float = 0
    half: float = 0
    most: float = 0


class Period:
    """The figures of all runs that ended within a period."""

    def __init__(self, begin: datetime, end: datetime) -> None:
        self.begin, self.end = begin, end
        self.buckets = Buckets.of(begin, end)
        count = self.buckets.count
        self.records: defaultdict[Pair, list[float]] = defaultdict(lambda: [0.0] * count)
        self.lag: defaultdict[Pair, list[float | None]] = defaultdict(lambda: [None] * count)
        self.calls = [0.0] * count
        self.answered = [0.0] * count
        self.throttled = [0.0] * count
        self.waited = [0.0] * count
        self.latency = [Latency() for _ in range(count)]
        self.last: dict[Key, Last] = {}
        self.whole: dict[str, Last] = {}
        self.runs = 0
        self.rows = 0
        self.unfinished: dict[str, Run] = {}
        self._kept: dict[str, Run] = {}
        self._newest: list[tuple[datetime, str]] = []

    @property
    def latest(self) -> list[Run]:
        """The latest runs, newest first."""
        begun = [run for run in self.unfinished.values() if run.started]
        runs = [*self._kept.values(), *begun]
        return sorted(runs, key=lambda run: run.started or run.ended or EPOCH, reverse=True)

    @property
    def read(self) -> float:
        """All records of the period."""
        return sum(map(sum, self.records.values()))

    @property
    def success(self) -> float | None:
        """The share of calls that were answered; None without any call."""
        return sum(self.answered) / total if (total := sum(self.calls)) else None

    def add(self, row: RunRow) -> None:
        """Count one row of a run."""
        at = ended(row)
        bucket = self.buckets.index(at) if at else None
        if at is None or bucket is None:
            return
        self.rows += 1
        if row.outcome == STARTED:
            self._began(row)
            return
        self._ended(row, at)
        self.calls[bucket] += row.calls_total
        self.answered[bucket] += _answered(row)
        self.throttled[bucket] += row.calls.get("throttled", 0)
        self.waited[bucket] += row.waited_seconds
        self._timed(self.latency[bucket], row)
        if row.stream:
            self._count_stream(row, at, bucket)
        elif row.kind in LIVE:
            self._keep_newest(self.whole, row.job, row, at)

    def _count_stream(self, row: RunRow, at: datetime, bucket: int) -> None:
        pair = row.job, row.stream
        self.records[pair][bucket] += row.records
        if row.kind not in LIVE or row.outcome == HELPER:
            return
        if row.lag_seconds is not None:
            most = self.lag[pair][bucket]
            self.lag[pair][bucket] = max(row.lag_seconds, most or 0)
        self._keep_newest(self.last, (*pair, row.account), row, at)

    @staticmethod
    def _keep_newest(found: dict[t.Any, Last], key: object, row: RunRow, at: datetime) -> None:
        known = found.get(key)
        if known is None or known.at <= at:
            found[key] = Last(at, row.outcome != OK, row.error)

    def _began(self, row: RunRow) -> None:
        if row.run_id not in self._kept and len(self.unfinished) < _MOST_RUNS:
            self.unfinished[row.run_id] = Run(row, moment(row.started_at))

    def _ended(self, row: RunRow, at: datetime) -> None:
        run = self._kept.get(row.run_id)
        if run is None:
            self.runs += 1
            run = self.unfinished.pop(row.run_id, None) or Run(row, moment(row.started_at))
            self._kept[row.run_id] = run
            self._forget_oldest((at, row.run_id))
        run.ended = max(run.ended or at, at)
        run.records += row.records
        run.waited += row.waited_seconds
        run.calls += row.calls_total
        run.answered += _answered(row)
        if row.outcome not in {OK, HELPER}:
            run.errors[f"{row.stream} {row.account}".strip()] = row.error or row.outcome

    def _forget_oldest(self, new: tuple[datetime, str]) -> None:
        if len(self._newest) < _MOST_RUNS:
            heappush(self._newest, new)
        else:
            del self._kept[heappushpop(self._newest, new)[1]]

    @staticmethod
    def _timed(latency: Latency, row: RunRow) -> None:
        if row.latency_p50_ms is None:
            return
        latency.half += row.latency_p50_ms / 1000 * row.calls_total
        latency.calls += row.calls_total
        latency.most = max(latency.most, (row.latency_p95_ms or 0) / 1000)


def gather(sources: Iterable[Iterable[RunRow]], begin: datetime, end: datetime) -> Period:
    """Gather the runs between two times.

    Args:
        sources: Rows, in each source in the order of time; those outside are passed over.
        begin: From when on; the period shrinks to what there is, so that a young project fills
            its plots.
        end: Until when.
    """
    inside = [
        ((at, row) for row in rows if (at := ended(row)) and begin <= at <= end) for rows in sources
    ]
    firsts = [found for rows in inside if (found := next(rows, None)) is not None]
    if not firsts:
        return Period(begin, end)
    first = min(at for at, _ in firsts)
    period = Period(max(begin, first - (end - first) / 20), end)
    for _, row in chain(firsts, *inside):
        period.add(row)
    return period


def ended(row: RunRow) -> datetime | None:
    """Return when a run ended, or began if the row only says that it did."""
    return moment(row.ended_at or row.started_at)


def _answered(row: RunRow) -> float:
    return row.calls_total * (row.success_rate or 0)
