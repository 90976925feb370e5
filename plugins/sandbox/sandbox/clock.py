"""The time that the sandbox believes in."""

from __future__ import annotations

import time
import typing as t
from datetime import datetime

BEIJING_SECONDS = 8 * 3600


class Clock(t.Protocol):
    """A source of the present moment that tests can move."""

    def now(self) -> float:
        """Return the present as epoch seconds."""

    def advance(self, seconds: float) -> None:
        """Move the present forward."""


class SystemClock:
    """The machine's clock, plus whatever was added with `advance`."""

    def __init__(self) -> None:
        self._offset = 0.0

    def now(self) -> float:
        """Return the present as epoch seconds."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Move the present forward; every later answer is that much later."""
        self._offset += seconds


class ManualClock:
    """A clock that stands still until it is advanced."""

    def __init__(self, start: datetime | float) -> None:
        self._now = start.timestamp() if isinstance(start, datetime) else float(start)

    def now(self) -> float:
        """Return the present as epoch seconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the present forward."""
        self._now += seconds


def milliseconds(clock: Clock) -> int:
    """Return the clock's present as epoch milliseconds."""
    return int(clock.now() * 1000)


def beijing(ms: int) -> str:
    """Return epoch milliseconds as Beijing time, `yyyy-MM-dd HH:mm:ss`."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(ms // 1000 + BEIJING_SECONDS))
