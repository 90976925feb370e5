"""Fetch in parallel, deliver in order: slices go to workers, their pages come out in slice order.

Because pages leave in the order of the slices, what has been delivered is always a contiguous
prefix of the plan, and a bookmark can follow it. Memory is bounded: a worker holds a few pages and
then waits; only a few slices are begun ahead of the one that is being delivered.
"""

from __future__ import annotations

import threading
import typing as t
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

S = t.TypeVar("S")
P = t.TypeVar("P")
T = t.TypeVar("T")
R = t.TypeVar("R")

_PAGES_AHEAD = 16  # per worker, all slices together
_SLICES_AHEAD = 2


class Split(Exception, t.Generic[S]):  # noqa: N818 - a signal, not an error
    """Raised by a reader: this slice is to be replaced, in its place, by these parts."""

    def __init__(self, parts: Sequence[S]) -> None:
        super().__init__(parts)
        self.parts = parts


class _DroppedError(Exception):
    """Ends a reader whose pages nobody wants any more."""


@dataclass(frozen=True, slots=True)
class Event(t.Generic[S, P]):
    """Something delivered: a page of a slice, or the slice's end (with its error, if it failed)."""

    slice: S
    page: P | None = None
    ended: bool = False
    error: Exception | None = None


@dataclass(eq=False)
class _Job(t.Generic[S, P]):
    slice: S
    begun: bool = False
    ended: bool = False
    dropped: bool = False
    error: Exception | None = None
    pages: deque[P] = field(default_factory=deque)


class Fanout(t.Generic[S, P]):
    """Runs `read` over slices with some workers and iterates over what they bring, in order.

    Args:
        slices: The plan; taken lazily.
        read: Yields the pages of a slice; may raise `Split`.
        concurrency: Workers; 1 reads in the caller's thread.
    """

    def __init__(
        self, slices: Iterable[S], read: Callable[[S], Iterator[P]], *, concurrency: int
    ) -> None:
        self._plan = iter(slices)
        self._read = read
        self._concurrency = concurrency
        self._changed = threading.Condition()
        self._jobs: deque[_Job[S, P]] = deque()
        self._planned_all = False
        self._plan_error: Exception | None = None
        self._unwanted: list[Callable[[S], bool]] = []
        self._stopped = False

    def drop(self, unwanted: Callable[[S], bool]) -> None:
        """Forget all slices, begun or planned, for which the function says True."""
        with self._changed:
            self._unwanted.append(unwanted)
            for job in self._jobs:
                job.dropped = job.dropped or unwanted(job.slice)
            self._changed.notify_all()

    def __iter__(self) -> Iterator[Event[S, P]]:
        """Yield the events of all slices, slice by slice."""
        return self._serial() if self._concurrency == 1 else self._parallel()

    def _serial(self) -> Iterator[Event[S, P]]:
        for planned in self._plan:
            ahead = deque([planned])
            while ahead:
                current = ahead.popleft()
                if any(unwanted(current) for unwanted in self._unwanted):
                    continue
                try:
                    for page in self._read(current):
                        yield Event(current, page)
                except Split as split:
                    ahead.extendleft(reversed(split.parts))
                except Exception as exc:  # noqa: BLE001 - handed to the consumer
                    yield Event(current, ended=True, error=exc)
                else:
                    yield Event(current, ended=True)

    def _parallel(self) -> Iterator[Event[S, P]]:
        for number in range(self._concurrency):
            name = f"slice-worker-{number}"
            threading.Thread(target=self._work, name=name, daemon=True).start()
        try:
            while (job := self._head()) is not None:
                yield from self._deliver(job)
        finally:
            with self._changed:
                self._stopped = True
                self._changed.notify_all()

    def _head(self) -> _Job[S, P] | None:
        """Wait for the first slice of the plan; None when all are delivered."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._planned_all)
            if not self._jobs:
                if self._plan_error is not None:
                    raise self._plan_error
                return None
            return self._jobs[0]

    def _deliver(self, job: _Job[S, P]) -> Iterator[Event[S, P]]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: job.pages or job.ended or self._jobs[0] is not job)
                if self._jobs[0] is not job:  # it was split; its parts stand in its place
                    return
                page = job.pages.popleft() if job.pages else None
                if page is None:
                    self._jobs.popleft()
                self._changed.notify_all()
            if page is not None:
                if not job.dropped:
                    yield Event(job.slice, page)
                continue
            if not job.dropped:
                yield Event(job.slice, ended=True, error=job.error)
            return

    def _work(self) -> None:
        while (job := self._next_job()) is not None:
            try:
                for page in self._read(job.slice):
                    self._put(job, page)
            except Split as split:
                self._replace(job, split.parts)
                continue
            except _DroppedError:
                pass
            except Exception as exc:  # noqa: BLE001 - handed to the consumer
                job.error = exc
            with self._changed:
                job.ended = True
                self._changed.notify_all()

    def _next_job(self) -> _Job[S, P] | None:
        with self._changed:
            while not self._stopped:
                job = self._take()
                if job is not None:
                    job.begun = True
                    return job
                if self._planned_all and all(job.ended for job in self._jobs):
                    return None
                self._changed.wait()
            return None

    def _take(self) -> _Job[S, P] | None:
        """Return the first slice that may begin now; the lock is held."""
        begun = sum(job.begun for job in self._jobs)
        for job in self._jobs:
            if not job.begun:
                may_begin = begun < self._concurrency * _SLICES_AHEAD or job is self._jobs[0]
                return job if may_begin else None
        if self._planned_all or begun >= self._concurrency * _SLICES_AHEAD:
            return None
        try:
            planned = next(self._plan)
        except StopIteration:
            planned = None
        except Exception as exc:  # noqa: BLE001 - handed to the consumer
            self._plan_error = exc
            planned = None
        if planned is None:
            self._planned_all = True
            self._changed.notify_all()
            return None
        job = _Job(planned, dropped=any(unwanted(planned) for unwanted in self._unwanted))
        self._jobs.append(job)
        return job

    def _put(self, job: _Job[S, P], page: P) -> None:
        with self._changed:
            job.pages.append(page)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._has_room(job) or job.dropped or self._stopped)
            if job.dropped or self._stopped:
                raise _DroppedError

    def _has_room(self, job: _Job[S, P]) -> bool:
        """Tell whether a worker may fetch another page; the slice being delivered always may, a little."""
        if len(job.pages) < _PAGES_AHEAD and job is self._jobs[0]:
            return True
        return sum(len(j.pages) for j in self._jobs) < _PAGES_AHEAD * self._concurrency

    def _replace(self, job: _Job[S, P], parts: Sequence[S]) -> None:
        with self._changed:
            place = self._jobs.index(job)
            self._jobs.remove(job)
            for offset, part in enumerate(parts):
                self._jobs.insert(place + offset, _Job(part, dropped=job.dropped))
            # This worker is free now and takes the first slice that has not begun: never a deadlock.
            self._changed.notify_all()


def in_order(items: Sequence[T], do: Callable[[T], R], *, concurrency: int) -> Iterator[R]:
    """Do something for all items, several at a time; yield what comes of them, in order.

    Raises:
        Exception: The first that one of them raised; what was not begun by then never is.
    """
    failed: list[Exception] = []

    def one(item: T) -> R:
        if failed:
            raise failed[0]
        try:
            return do(item)
        except Exception as exc:
            failed.append(exc)
            raise

    with ThreadPoolExecutor(concurrency, "in-order-worker") as pool:
        try:
            yield from pool.map(one, items)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
