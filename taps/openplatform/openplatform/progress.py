"""Telling how far a run is: live lines on a terminal, structured log lines elsewhere."""

from __future__ import annotations

import logging
import sys
import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta

from openplatform.clock import Clock
from openplatform.windows import Window

_LOG_EVERY = 10.0


@dataclass
class Position:
    """Where a run is.

    Attributes:
        stream: The stream being delivered.
        account: The account being delivered.
        window: The window being delivered, if the stream has windows.
        start: Where the account's reading began.
        end: Where it shall end.
    """

    stream: str = ""
    account: str = ""
    window: Window | None = None
    start: datetime | None = None
    end: datetime | None = None


class Progress(t.Protocol):
    """Takes in what happened."""

    def at(self, position: Position) -> None:
        """A slice begins to be delivered."""

    def records(self, count: int) -> None:
        """Records were written."""

    def close(self) -> None:
        """The run is over."""


class Rate:
    """Counts records and derives the rate and the expected end."""

    def __init__(self, clock: Clock, waited: t.Callable[[], float]) -> None:
        self._clock = clock
        self._waited = waited
        self._begun = clock.monotonic()
        self.position = Position()
        self._position_begun = self._begun
        self.of_stream = 0

    def move(self, position: Position) -> None:
        """Take in where the run is now."""
        if (position.stream, position.account) != (self.position.stream, self.position.account):
            self._position_begun = self._clock.monotonic()
            self.of_stream = 0
        self.position = position

    def add(self, count: int) -> None:
        """Count written records."""
        self.of_stream += count

    def fields(self) -> dict[str, t.Any]:
        """Return what to show, by name."""
        elapsed = max(1e-6, self._clock.monotonic() - self._position_begun)
        fields: dict[str, t.Any] = {
            "stream": self.position.stream,
            "account": self.position.account,
            "window": str(self.position.window) if self.position.window else None,
            "records": self.of_stream,
            "per_second": round(self.of_stream / elapsed),
            "waited_for_limits_seconds": round(self._waited(), 1),
            "expected_end": self._expected_end(elapsed),
        }
        return {name: value for name, value in fields.items() if value is not None}

    def _expected_end(self, elapsed: float) -> str | None:
        position = self.position
        if position.window is None or position.start is None or position.end is None:
            return None
        done = (position.window.start - position.start) / (position.end - position.start)
        if done <= 0:
            return None
        left = timedelta(seconds=elapsed / done - elapsed)
        return f"{self._clock.now() + left:%Y-%m-%dT%H:%M:%SZ}"


class LogProgress:
    """One structured line at most every ten seconds."""

    def __init__(self, clock: Clock, waited: t.Callable[[], float], logger: logging.Logger) -> None:
        self._clock = clock
        self._rate = Rate(clock, waited)
        self._logger = logger
        self._shown = clock.monotonic()

    def at(self, position: Position) -> None:
        """A slice begins to be delivered."""
        self._rate.move(position)

    def records(self, count: int) -> None:
        """Records were written."""
        self._rate.add(count)
        if self._clock.monotonic() - self._shown >= _LOG_EVERY:
            self._shown = self._clock.monotonic()
            fields = self._rate.fields()
            self._logger.info("Progress: %s", " ".join(f"{k}={v}" for k, v in fields.items()))

    def close(self) -> None:
        """The run is over."""


def make_progress(clock: Clock, waited: t.Callable[[], float], logger: logging.Logger) -> Progress:
    """Return what fits where standard error goes."""
    if sys.stderr is not None and sys.stderr.isatty():
        from openplatform.terminal import TerminalProgress  # rich takes its time to load

        return TerminalProgress(clock, waited)
    return LogProgress(clock, waited, logger)
