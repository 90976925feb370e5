"""Many requests, one commit: what came in while the last commit was under way goes into the next."""

from __future__ import annotations

import asyncio
import logging
import threading
import typing as t
from collections import deque
from collections.abc import Sequence

from eventgate.log import EventLog, LogError, NewEvent

_LOGGER = logging.getLogger("eventgate")
_MOST_WAITING = 10_000
_MOST_AT_ONCE = 2_000

Waiting = tuple[Sequence[NewEvent], "asyncio.Future[int]"]


class BusyError(LogError):
    """More waits to be stored than is sensible to take on."""


class Writer:
    """A thread that writes to the log for the requests of one event loop.

    Args:
        log: Written by this thread alone.

    Attributes:
        stored: Events stored since the start.
        repeated: Events that the log knew already.
    """

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Waiting] = deque()
        self._under_way = 0
        self._wake = threading.Condition()
        self._ending = False
        self._failing = False
        self.stored = 0
        self.repeated = 0
        self._thread = threading.Thread(target=self._work, name="eventgate-writer", daemon=True)
        self._thread.start()

    def store(self, events: Sequence[NewEvent]) -> asyncio.Future[int]:
        """Store events; the future is done when they are durable.

        Raises:
            BusyError: Too much waits already.
        """
        future: asyncio.Future[int] = self._loop.create_future()
        with self._wake:
            if len(self._waiting) >= _MOST_WAITING or self._ending:
                msg = "too many messages wait to be stored"
                raise BusyError(msg)
            self._waiting.append((events, future))
            self._wake.notify()
        return future

    @property
    def waiting(self) -> int:
        """How many requests wait, those that are being stored included."""
        with self._wake:
            return len(self._waiting) + self._under_way

    def close(self) -> None:
        """Store what waits, then end."""
        with self._wake:
            self._ending = True
            self._wake.notify()
        self._thread.join()
        self._log.close()

    def _work(self) -> None:
        while batch := self._take():
            error: LogError | None = None
            try:
                self._write([event for events, _ in batch for event in events])
            except LogError as caught:
                error = caught
            except Exception as caught:  # noqa: BLE001 - the thread must live: requests wait for it
                error = LogError(repr(caught))
            self._under_way = 0
            self._tell(error)
            self._loop.call_soon_threadsafe(_settle, batch, error)

    def _take(self) -> list[Waiting]:
        with self._wake:
            while not self._waiting and not self._ending:
                self._wake.wait()
            self._under_way = min(len(self._waiting), _MOST_AT_ONCE)
            return [self._waiting.popleft() for _ in range(self._under_way)]

    def _write(self, events: list[NewEvent]) -> None:
        new = self._log.append(events)
        self.stored += new
        self.repeated += len(events) - new

    def _tell(self, error: LogError | None) -> None:
        """Say once when storing begins to fail, and once when it works again."""
        if error is not None and not self._failing:
            _LOGGER.error("messages are refused, the platforms will repeat them: %s", error)
        elif error is None and self._failing:
            _LOGGER.warning("messages are stored again")
        self._failing = error is not None


def _settle(batch: t.Iterable[Waiting], error: LogError | None) -> None:
    for events, future in batch:
        if future.done():  # the request gave up waiting
            continue
        if error is None:
            future.set_result(len(events))
        else:
            future.set_exception(error)
