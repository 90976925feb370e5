"""Clocks that stand still until someone waits."""

from __future__ import annotations

import threading
import typing as t
from datetime import datetime, timedelta

from openplatform.bookmarks import EPOCH


class HeldClock:
    """Shows one moment; sleeping moves it on at once, so nothing really waits.

    Args:
        moment: The time it shows, with a zone.
    """

    def __init__(self, moment: datetime) -> None:
        self._start = moment
        self._passed = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the moment shown."""
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        """Return the seconds passed since the clock was made."""
        return self._passed

    def sleep(self, seconds: float) -> None:
        """Move on."""
        with self._lock:
            self._passed += max(0.0, seconds)


class EpochClock(t.Protocol):
    """A clock of a simulator: it counts epoch seconds and is moved by hand."""

    def now(self) -> float:
        """Return the present as epoch seconds."""

    def advance(self, seconds: float) -> None:
        """Move the present forward."""


class SharedClock:
    """A tap's view of a simulator's clock; when the tap waits, both move on.

    Args:
        clock: The simulator's clock.
    """

    def __init__(self, clock: EpochClock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        """Return the simulator's present."""
        return EPOCH + timedelta(seconds=self._clock.now())

    def monotonic(self) -> float:
        """Return the simulator's present as seconds."""
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        """Move the simulator's present forward."""
        self._clock.advance(max(0.0, seconds))
