"""What a run did, counted per stream, account and API, with bounded memory.

A call belongs to the stream that asked for it: readers name it with `asking`, and whatever the call
then needs (a token, a second try, a wait for the budget) is counted there as well.
"""

from __future__ import annotations

import math
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

# What the platform answered with something that is no fault of the call.
ANSWERED = frozenset({"ok", "skip", "shrink_window", "shrink_batch"})
_REASON_LENGTH = 500
_FINEST = 0.0001
_PER_OCTAVE = 8
_asking: ContextVar[str] = ContextVar("asking", default="")


@contextmanager
def asking(stream: str) -> Iterator[None]:
    """Count the calls of the body, made in this thread, for a stream."""
    token = _asking.set(stream)
    try:
        yield
    finally:
        _asking.reset(token)


@dataclass
class Latencies:
    """A histogram of durations with eight buckets an octave: quantiles are exact to 4.5 %.

    Attributes:
        buckets: How many durations fell into each bucket.
        count: How many there were.
        seconds: Their sum.
    """

    buckets: Counter[int] = field(default_factory=Counter)
    count: int = 0
    seconds: float = 0.0

    def add(self, seconds: float) -> None:
        """Take in one duration."""
        octaves = math.log2(max(seconds, _FINEST) / _FINEST)
        self.buckets[math.floor(octaves * _PER_OCTAVE)] += 1
        self.count += 1
        self.seconds += seconds

    def quantile(self, share: float) -> float | None:
        """Return the duration that this share of them did not exceed, in seconds; None without any."""
        wanted = math.ceil(self.count * share)
        for bucket, count in sorted(self.buckets.items()):
            wanted -= count
            if wanted <= 0:
                return _FINEST * math.pow(2, (bucket + 0.5) / _PER_OCTAVE)
        return None


@dataclass
class ApiCounts:
    """Calls: how many of each outcome, how long they took, and what they waited for.

    Attributes:
        outcomes: HTTP calls by outcome: `ok`, or the name of a `judging.Outcome`.
        latencies: From sending a call to having read its answer.
        waited: Seconds waited for limits, summed over threads.
        retries: Calls that were made again after a fault or a throttling.
        retry_waited: Seconds waited before these.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    latencies: Latencies = field(default_factory=Latencies)
    waited: float = 0.0
    retries: int = 0
    retry_waited: float = 0.0

    @property
    def total(self) -> int:
        """How many calls were made."""
        return self.outcomes.total()

    @property
    def answered(self) -> int:
        """How many of them the platform answered, if only with "there is no such thing"."""
        return sum(self.outcomes[name] for name in ANSWERED)


@dataclass
class StreamCounts:
    """What one stream of one account brought, and what that took."""

    records: int = 0
    windows: int = 0
    calls: ApiCounts = field(default_factory=ApiCounts)
    cache_hits: int = 0
    cache_misses: int = 0
    unknown_fields: Counter[str] = field(default_factory=Counter)
    misfits: Counter[str] = field(default_factory=Counter)
    keyless: int = 0
    owed: int = 0
    parked: int = 0
    error: str = ""
    reason: str = ""

    def failed(self, error: BaseException) -> None:
        """Take in why the stream could not be read to its end; the first reason stays."""
        if not self.error:
            self.error = type(error).__name__
            self.reason = str(error)[:_REASON_LENGTH]


class Metrics:
    """The counters of one run, safe for threads.

    Attributes:
        apis: Calls by account and API.
        streams: What was read, by stream and account.
        grants: When the authorisation of an account ends, where the platform tells.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.apis: defaultdict[tuple[str, str], ApiCounts] = defaultdict(ApiCounts)
        self.streams: defaultdict[tuple[str, str], StreamCounts] = defaultdict(StreamCounts)
        self.grants: dict[str, datetime] = {}

    def called(
        self, account: str, api: str, outcome: str, seconds: float, *, waited: float = 0.0
    ) -> None:
        """Count one HTTP call.

        Args:
            account: Whose data it asked for.
            api: The platform's name of the API.
            outcome: `ok` or the name of an `Outcome`.
            seconds: From sending to having read the answer.
            waited: Seconds waited for limits before.
        """
        with self._lock:
            for counts in self._counts(account, api):
                counts.outcomes[outcome] += 1
                counts.latencies.add(seconds)
                counts.waited += waited

    def retried(self, account: str, api: str, waited: float) -> None:
        """Count a call that is made again after so many seconds."""
        with self._lock:
            for counts in self._counts(account, api):
                counts.retries += 1
                counts.retry_waited += waited

    def looked_up(self, stream: str, account: str, *, hit: bool) -> None:
        """Count a look into the cache."""
        with self._lock:
            counts = self.streams[stream, account]
            counts.cache_hits += hit
            counts.cache_misses += not hit

    def granted(self, account: str, until: datetime) -> None:
        """Take in when an authorisation of an account ends; the earliest of several counts."""
        with self._lock:
            self.grants[account] = min(until, self.grants.get(account, until))

    def calls(self) -> Counter[str]:
        """Return all calls by outcome."""
        with self._lock:
            return sum((c.outcomes for c in self.apis.values()), Counter())

    def _counts(self, account: str, api: str) -> list[ApiCounts]:
        stream = _asking.get()
        of_stream = [self.streams[stream, account].calls] if stream else []
        return [self.apis[account, api], *of_stream]
