"""Half-open time intervals `[start, end)` that are read completely before the bookmark moves.

All functions are pure. How a platform filters by time is declared by a `TimeFilter`.
"""

from __future__ import annotations

import math
import threading
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from typing_extensions import override

from openplatform.bookmarks import EPOCH, UTC, format_time
from openplatform.errors import FatalError

Ends = t.Literal["exclusive", "inclusive", "unknown"]
Unit = t.Literal["s", "ms", "local", "compact", "date", "day"]
_GROWTH = 4


@dataclass(frozen=True, slots=True)
class Window:
    """The interval `[start, end)`, in UTC."""

    start: datetime
    end: datetime

    @override
    def __str__(self) -> str:
        return f"[{format_time(self.start)}, {format_time(self.end)})"

    @property
    def span(self) -> timedelta:
        """The length."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class TimeFilter:
    """How a list call of a platform is limited to a window.

    Attributes:
        start: Name of the parameter for the window's start (inclusive).
        end: Name of the parameter for its end; None where the start alone names the whole window.
        unit: Epoch seconds or milliseconds, `local` text `yyyy-MM-dd HH:mm:ss` in the platform's
            zone, `compact` text `yyyyMMddHHmmssSSS+hhmm`, or text of a day: `date` for `yyyy-MM-dd`,
            `day` for `yyyyMMdd`.
        text: Write epochs as text.
        maximum: Longest span the platform takes.
        granule: Smallest step of the filter.
        ends: Whether the end is part of what the platform returns. When it is not documented, the
            end is asked for in full: one granule may come twice, none is missed.
        retention: How far back the platform answers; an earlier start is clamped.
        align: Windows begin and end on multiples of this in the platform's zone (a day, mostly).
        carry: Field of our records that takes the window's start as it was asked for, where the
            answer does not tell it.
        behind: How old things must be before the platform tells of them; reading ends there.
        unfinished: Read the step of `align` that is under way, as far as it has come; the next run
            begins with it again.
    """

    start: str
    end: str | None
    unit: Unit
    maximum: timedelta
    granule: timedelta = timedelta(seconds=1)
    ends: Ends = "unknown"
    text: bool = False
    retention: timedelta | None = None
    align: timedelta | None = None
    carry: str | None = None
    behind: timedelta = timedelta()
    unfinished: bool = False

    def params(self, window: Window, zone: tzinfo) -> dict[str, t.Any]:
        """Return the call's parameters for a window."""
        if self.end is None:
            return {self.start: self._write(window.start, zone)}
        last = window.end - self.granule if self.ends == "inclusive" else window.end
        return {self.start: self._write(window.start, zone), self.end: self._write(last, zone)}

    def instant_params(self, window: Window, zone: tzinfo) -> dict[str, t.Any]:
        """Return the parameters for the window's first granule alone, if the end is inclusive."""
        moment = self._write(window.start, zone)
        return dict.fromkeys(filter(None, (self.start, self.end)), moment)

    def _write(self, moment: datetime, zone: tzinfo) -> int | str:
        if self.unit == "local":
            return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
        if self.unit == "compact":
            there = moment.astimezone(zone)
            return f"{there:%Y%m%d%H%M%S}{there.microsecond // 1000:03d}{there:%z}"
        if self.unit == "date":
            return moment.astimezone(zone).strftime("%Y-%m-%d")
        if self.unit == "day":
            return moment.astimezone(zone).strftime("%Y%m%d")
        count = (moment - EPOCH) // timedelta(milliseconds=1)
        value = count if self.unit == "ms" else count // 1000
        return str(value) if self.text else value


def floor(moment: datetime, step: timedelta, zone: tzinfo = UTC) -> datetime:
    """Round a moment down to a multiple of a step, counted in the zone's local time."""
    offset = moment.astimezone(zone).utcoffset() or timedelta()
    steps = (moment + offset - EPOCH) // step
    return EPOCH + steps * step - offset


def widened(window: Window, step: timedelta, zone: tzinfo = UTC) -> Window:
    """Move both ends of a window outwards to multiples of a step, counted in the zone's local time."""
    end = floor(window.end, step, zone)
    return Window(floor(window.start, step, zone), end if end == window.end else end + step)


def pieces(window: Window, time: TimeFilter, zone: tzinfo) -> Iterator[Window]:
    """Cut a window into those that the platform takes; its two ends stay where they are."""
    step = time.align or time.granule
    at = window.start
    while at < window.end:
        border = min(floor(at, step, zone) + max(time.maximum, step), window.end)
        yield Window(at, border)
        at = border


def split(window: Window, total: int, target: int, granule: timedelta) -> list[Window]:
    """Cut a window that holds `total` records into parts of about `target` records each.

    Records are hardly ever spread evenly, so parts may need to be cut again.

    Raises:
        FatalError: The window is a single granule already.
    """
    granules = max(1, -(-window.span // granule))
    if granules == 1:
        msg = (
            f"{total} records share {format_time(window.start)}, more than the platform's paging can "
            "reach, and its time filter cannot be narrowed further"
        )
        raise FatalError(msg)
    parts = min(granules, max(2, math.ceil(total / max(1, target))))
    borders = [window.start + granules * i // parts * granule for i in range(parts)]
    return [Window(a, b) for a, b in zip(borders, [*borders[1:], window.end], strict=True)]


class Planner:
    """Cuts a long stretch into windows of a fitting length, learning from what was found.

    Density differs by orders of magnitude within a day. The planner keeps the density of the last
    window that was read and plans the next one for `target` records; over quiet stretches the
    length grows again, up to the platform's longest span.
    """

    def __init__(self, maximum: timedelta, granule: timedelta, target: int) -> None:
        self._maximum = maximum
        self._granule = granule
        self._target = target
        self._span = maximum
        self._lock = threading.Lock()

    def learn(self, window: Window, records: int) -> None:
        """Take in how many records a window held."""
        fitting = window.span * self._target / max(1, records)
        with self._lock:
            grown = min(self._maximum, self._span * _GROWTH)
            self._span = max(self._granule, min(grown, fitting))

    def plan(
        self,
        start: datetime,
        end: datetime,
        *,
        align: timedelta | None = None,
        zone: tzinfo = UTC,
    ) -> Iterator[Window]:
        """Yield the windows from start to end, each cut when it is asked for."""
        while start < end:
            with self._lock:
                span = self._span
            border = floor(start + span, align or self._granule, zone)
            if border <= start:
                border = floor(start, align or self._granule, zone) + (align or self._granule)
            border = min(border, end)
            yield Window(start, border)
            start = border
