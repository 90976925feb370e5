"""How often we may call: sliding windows on several levels at once, which yield when told to.

A call waits for every limit that applies to it. A limit counts calls within a sliding window, so no
stretch of that length ever holds more than it allows. When a platform says "too fast", the rate of
the limits concerned halves and pauses for the told time; it then recovers step by step.
"""

from __future__ import annotations

import threading
import typing as t
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from openplatform.clock import Clock
from openplatform.errors import CallsSpentError, QuotaExhaustedError

Level = t.Literal["app", "account"]

# A call is judged when it arrives, some time between its sending and its answer. Its place in the
# window is held until the answer came, or for this long when the answer takes its time.
_ARRIVES_WITHIN = 0.2
_SLOWEST = 1 / 64
_SHORTEST_WAIT = 0.001
_RECOVERY_PER_SECOND = 0.05


@dataclass(frozen=True, slots=True)
class Limit:
    """What a platform allows.

    Attributes:
        calls: How many calls.
        seconds: In how long a time.
        level: Whether the app shares the allowance over all accounts, or each account has its own.
        api: Count only this API; None counts all; `*` counts each API for itself.
        assumed: The platform publishes no number; this one is careful, and a setting replaces it.
    """

    calls: float
    seconds: float = 1.0
    level: Level = "account"
    api: str | None = None
    assumed: bool = False

    def key(self, app: str, account: str, api: str) -> str | None:
        """Return the name of the bucket for a call, or None when the limit does not concern it."""
        if self.api not in {None, "*", api}:
            return None
        who = app if self.level == "app" else f"{app}/{account}"
        what = api if self.api else "*"
        return f"{who}|{what}|{self.calls:g}/{self.seconds:g}s"


@dataclass(slots=True)
class Ticket:
    """The answer to a claim.

    Attributes:
        wait: Seconds to wait before asking again; 0 when the call may be sent.
        arrived: The latest moment (monotonic) at which the call counts in its windows.
    """

    wait: float
    arrived: float = 0.0


class LimitStore(t.Protocol):
    """Holds the buckets; shared by whatever must stay below the limits together."""

    def acquire(self, claims: Sequence[tuple[str, Limit]]) -> Ticket:
        """Take one call from all buckets, or from none and say how long to wait."""

    def answered(self, ticket: Ticket) -> None:
        """Take in that the call of this ticket has been answered."""

    def slow_down(self, keys: Iterable[str], wait: float) -> None:
        """Halve the rate of these buckets and pause them for so many seconds."""


@dataclass
class _Bucket:
    calls: deque[Ticket] = field(default_factory=deque)
    factor: float = 1.0
    factor_at: float = 0.0
    paused_until: float = 0.0


class MemoryLimitStore:
    """Buckets of this process, safe for threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, _Bucket] = {}

    def acquire(self, claims: Sequence[tuple[str, Limit]]) -> Ticket:
        """Take one call from all buckets, or from none and say how long to wait."""
        with self._lock:
            now = self._clock.monotonic()
            buckets = [(self._buckets.setdefault(key, _Bucket()), limit) for key, limit in claims]
            wait = max((_wait(bucket, limit, now) for bucket, limit in buckets), default=0.0)
            ticket = Ticket(max(0.0, wait), now + _ARRIVES_WITHIN)
            if wait <= 0:
                for bucket, _ in buckets:
                    bucket.calls.append(ticket)
            return ticket

    def answered(self, ticket: Ticket) -> None:
        """Take in that the call of this ticket has been answered."""
        with self._lock:
            ticket.arrived = min(ticket.arrived, self._clock.monotonic())

    def slow_down(self, keys: Iterable[str], wait: float) -> None:
        """Halve the rate of these buckets and pause them for so many seconds."""
        with self._lock:
            now = self._clock.monotonic()
            for key in keys:
                bucket = self._buckets.setdefault(key, _Bucket())
                # Calls that were under way together report one and the same overrun.
                if bucket.paused_until <= now:
                    bucket.factor = max(_SLOWEST, _factor(bucket, now) / 2)
                    bucket.factor_at = now + wait
                bucket.paused_until = max(bucket.paused_until, now + wait)


def _factor(bucket: _Bucket, now: float) -> float:
    rested = max(0.0, now - bucket.factor_at)
    return min(1.0, bucket.factor + rested * _RECOVERY_PER_SECOND)


def _wait(bucket: _Bucket, limit: Limit, now: float) -> float:
    if bucket.paused_until > now:
        return bucket.paused_until - now
    allowed = limit.calls * _factor(bucket, now)
    whole = max(1, int(allowed))
    span = limit.seconds * max(1.0, whole / allowed)
    while bucket.calls and bucket.calls[0].arrived <= now - span:
        bucket.calls.popleft()
    if len(bucket.calls) < whole:
        return 0.0
    return max(_SHORTEST_WAIT, bucket.calls[-whole].arrived + span - now)


class Budget:
    """The limits of one app, asked before every call.

    Args:
        limits: What the platform allows.
        app: The app's public key.
        clock: The time.
        store: Where the calls are counted; by default in this process.
        most: Calls that this run may make in all; None for any number.
    """

    def __init__(
        self,
        limits: Sequence[Limit],
        *,
        app: str,
        clock: Clock,
        store: LimitStore | None = None,
        most: int | None = None,
    ) -> None:
        self._limits = tuple(limits)
        self._app = app
        self._clock = clock
        self._store = store or MemoryLimitStore(clock)
        self._lock = threading.Lock()
        self._exhausted: dict[str, str] = {}
        self._waited = 0.0
        self._most = most
        self._made = 0

    @property
    def made(self) -> int:
        """Calls that were let through."""
        return self._made

    @property
    def waited(self) -> float:
        """Seconds that calls have waited for limits, summed over all threads."""
        return self._waited

    @contextmanager
    def call(self, account: str, api: str) -> Iterator[float]:
        """Block until the call may be sent; the body of the `with` sends it and reads the answer.

        The `with` gives the seconds that the call waited.

        Args:
            account: The account it is for.
            api: The platform's name of the API.

        Raises:
            QuotaExhaustedError: The day's quota of the account for this API is used up, or the number
                of calls that this run may make.
        """
        self._raise_if_exhausted(account, api)
        claims = [(key, lim) for lim in self._limits if (key := lim.key(self._app, account, api))]
        waited = 0.0
        while (ticket := self._store.acquire(claims)).wait > 0:
            waited += ticket.wait
            with self._lock:
                self._waited += ticket.wait
            self._clock.sleep(ticket.wait)
            self._raise_if_exhausted(account, api)
        self._spend()
        try:
            yield waited
        finally:
            self._store.answered(ticket)

    def _spend(self) -> None:
        with self._lock:
            if self._most is not None and self._made >= self._most:
                msg = (
                    f"the {self._most} calls that this run may make (max_calls) are spent; the next run "
                    "goes on from here"
                )
                raise CallsSpentError(msg)
            self._made += 1

    def slow_down(self, account: str, api: str, wait: float) -> None:
        """Take in that the platform throttled a call and asks for so many seconds of rest."""
        keys = [key for lim in self._limits if (key := lim.key(self._app, account, api))]
        if keys:
            self._store.slow_down(keys, wait)
        else:
            self._clock.sleep(wait)

    def exhaust(self, account: str, api: str, reason: str, *, of_app: bool = False) -> None:
        """Take in that a daily quota is used up: no call that needs it leaves any more.

        It is that of an API of this account, or the whole app's.
        """
        with self._lock:
            self._exhausted["" if of_app else f"{account}|{api}"] = reason

    def _raise_if_exhausted(self, account: str, api: str) -> None:
        for key in ("", f"{account}|{api}"):
            if reason := self._exhausted.get(key):
                raise QuotaExhaustedError(reason)
