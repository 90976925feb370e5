"""A clock that moves only when a test moves it, or when something waits for it."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone

START = datetime(2026, 11, 20, 8, 0, tzinfo=timezone.utc)


class ManualClock:
    """Waiting moves it; `waits` tells how long each wait was."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._passed = 0.0
        self.waits: list[float] = []

    def now(self) -> datetime:
        return START + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return self._passed

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.waits.append(seconds)
            self._passed += max(0.0, seconds)

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._passed += seconds
