"""A clock that stands still until someone waits."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta


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
