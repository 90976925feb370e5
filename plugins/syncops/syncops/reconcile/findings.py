"""What a task of a tap found, and what follows from it: buckets that differ, records that differ."""

from __future__ import annotations

import typing as t
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field

import msgspec

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from syncops.reconcile.rows import Table

Window = tuple[str, str]
Who = tuple[str, str]
Kind = t.Literal["missing", "stale", "surplus"]
Held = dict[str, "str | None"]


class Stream(msgspec.Struct, frozen=True):
    """What a tap says about one of its streams.

    Attributes:
        stream: Its name.
        source: The stream whose list brings it.
        incremental: Whether it is read by time.
        columns: Columns that hold an id as the platform is asked for it; None where `_bookmark` ends
            with it.
        countable: Whether the platform counts it.
        fields: Business fields that it can be counted by, and where our rows hold them.
        dated: Whether its rows belong to a certain time.
        moves: Whether a change takes a record to a later time.
        looks: Whether the platform can be asked for single records.
        page: Records a page.
        details: Whether it is fetched record by record.
        rates: Calls a second that the limits allow an `account`, and the `app`; None for any number.
    """

    stream: str
    source: str
    incremental: bool
    columns: list[str] | None
    countable: bool
    fields: dict[str, str]
    dated: bool
    moves: bool
    looks: bool
    page: int | None
    details: bool
    rates: dict[str, float | None]


@dataclass
class Found:
    """The results of one task."""

    streams: dict[str, Stream] = field(default_factory=dict)
    counts: dict[Who, list[dict[str, t.Any]]] = field(default_factory=lambda: defaultdict(list))
    ids: dict[Who, Held] = field(default_factory=lambda: defaultdict(dict))
    read: dict[Who, list[Window | None]] = field(default_factory=lambda: defaultdict(list))
    gone: dict[Who, set[str]] = field(default_factory=lambda: defaultdict(set))
    problems: dict[Who, list[str]] = field(default_factory=lambda: defaultdict(list))
    calls: int = 0

    @classmethod
    def load(cls, path: Path) -> Found:
        """Read a file of results."""
        found = cls()
        for text in path.read_bytes().splitlines():
            line: dict[str, t.Any] = msgspec.json.decode(text)
            found._take(line.pop("kind"), line)
        return found

    def _take(self, kind: str, line: dict[str, t.Any]) -> None:
        if kind == "end":
            self.calls = line["calls"]
            return
        if kind == "stream":
            self.streams[line["stream"]] = msgspec.convert(line, Stream)
            return
        who = (line["stream"], line["account"])
        if kind == "count":
            self.counts[who].append(line)
        elif kind in {"id", "found"}:
            self.ids[who][line["id"]] = line["at"]
        elif kind == "read":
            self.read[who].append((line["start"], line["end"]) if line["start"] else None)
        elif kind == "gone":
            self.gone[who].add(line["id"])
        else:
            self.problems[who].append(line["reason"])


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket, counted on both sides; `window` is None for a whole list."""

    window: Window | None
    value: str
    platform: int
    warehouse: int

    @property
    def differs(self) -> bool:
        """Whether the two sides disagree."""
        return self.platform != self.warehouse


@dataclass(frozen=True, slots=True)
class Difference:
    """One record that differs.

    Attributes:
        kind: `missing` here, `stale` here, or `surplus`: here, but not at the platform.
        id: Its id.
        platform_at: Its update time at the platform, if it has one.
        warehouse_at: Its update time here.
        confirmed: Whether the platform was asked for this very record, or its whole list was read.
    """

    kind: Kind
    id: str
    platform_at: str | None
    warehouse_at: str | None
    confirmed: bool = True


def counted(
    table: Table, stream: Stream, account: str, lines: Iterable[Mapping[str, t.Any]]
) -> list[Bucket]:
    """Put the warehouse's counts beside the platform's."""
    lines = list(lines)
    if not lines:
        return []
    path = stream.fields.get(lines[0]["field"], "")
    quick = _Minutes(table, account, lines) if stream.incremental and not path else None
    buckets = []
    for line in lines:
        window = (line["bucket_start"], line["bucket_end"]) if stream.incremental else None
        here = quick.within(window) if quick and window else None
        if here is None:
            here = table.count(account, window, path, line["value"])
        buckets.append(Bucket(window, line["value"], line["count"], here))
    return buckets


class _Minutes:
    """The warehouse's rows by minute: one query instead of one for each bucket."""

    def __init__(self, table: Table, account: str, lines: list[Mapping[str, t.Any]]) -> None:
        start = min(line["bucket_start"] for line in lines)
        end = max(line["bucket_end"] for line in lines)
        found = sorted(table.minutes(account, start, end).items())
        self._minutes = [minute for minute, _ in found]
        self._sums = [0]
        for _, number in found:
            self._sums.append(self._sums[-1] + number)

    def within(self, window: Window) -> int | None:
        """Return the rows in a window; None where it begins or ends within a minute."""
        if any(not border.endswith(":00.000Z") for border in window):
            return None
        low, high = (bisect_left(self._minutes, border[:16]) for border in window)
        return self._sums[high] - self._sums[low]


def merged(windows: Iterable[Window]) -> list[Window]:
    """Join windows that touch or overlap, so that they are read in few calls."""
    joined: list[Window] = []
    for start, end in sorted(set(windows)):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def differences(
    table: Table, stream: Stream, account: str, platform: Held, windows: list[Window | None]
) -> list[Difference]:
    """Compare record by record what was read at the platform with the warehouse."""
    held: Held = {}
    # A list without times says nothing about which of our rows it should have brought.
    if stream.dated or not stream.incremental:
        for window in windows:
            held.update(table.within(account, window))
    here = {**table.of(account, [one for one in platform if one not in held]), **held}
    found: list[Difference] = []
    for identifier, at in platform.items():
        if identifier not in here:
            found.append(Difference("missing", identifier, at, None))
        elif stream.moves and at and (here[identifier] or "") < at:
            found.append(Difference("stale", identifier, at, here[identifier]))
    found += [
        Difference("surplus", identifier, None, at, confirmed=not stream.moves and not stream.looks)
        for identifier, at in held.items()
        if identifier not in platform
    ]
    return found


def judged(
    difference: Difference, at: str | None, until: str, *, gone: bool, asked: bool
) -> Difference | None:
    """Decide about a row that its time's list did not bring, once the platform was asked for it.

    Args:
        difference: The row.
        at: Its update time at the platform, if that was told.
        until: Where the comparison ends: what was updated later is the next run's business.
        gone: Whether the platform does not know it.
        asked: Whether the platform answered at all.
    """
    if gone:
        return Difference("surplus", difference.id, None, difference.warehouse_at)
    if not asked:
        return difference
    if at is not None and (difference.warehouse_at or "") < at < until:
        return Difference("stale", difference.id, at, difference.warehouse_at)
    return None
