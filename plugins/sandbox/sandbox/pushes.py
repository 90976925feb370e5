"""Push messages: what a platform tells of its changes by itself, and how it repeats what was not taken.

A message is made when a change becomes visible and signed anew with each try. Like the platforms, the
sandbox sends in no order, may send twice, and repeats until it hears the success word.
"""

from __future__ import annotations

import abc
import heapq
import http.client
import random
import threading
import time
import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sandbox.dataset import Dataset, Row

_WORKERS = 4

Kind = t.Literal["insert", "update", "delete"]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one row, as it was when it became visible.

    Attributes:
        data: The rows that it belongs to.
        row: The row after the change; the last one that it had when it is gone.
        kind: What happened.
        number: Counts the messages of one sandbox.
        now: The sandbox's present in epoch seconds.
    """

    data: Dataset
    row: Row
    kind: Kind
    number: int
    now: float

    @property
    def key(self) -> str:
        """The row's key as text."""
        return self.data.key(self.row)


@dataclass(frozen=True, slots=True)
class Letter:
    """One request to a receiver."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    method: str = "POST"


class Announcer(abc.ABC):
    """How one platform pushes.

    Attributes:
        waits: Seconds between one try that was not taken and the next; then it gives up.
        patience: Seconds that it waits for an answer.
    """

    waits: t.ClassVar[Sequence[float]]
    patience: t.ClassVar[float]

    @abc.abstractmethod
    def gates(self, accounts: Sequence[str]) -> dict[str, dict[str, str]]:
        """Return the settings of the receivers, by the last part of their address."""

    @abc.abstractmethod
    def gate(self, account: str) -> str:
        """Return the last part of the address for an account's messages."""

    @abc.abstractmethod
    def message(self, change: Change) -> dict[str, t.Any] | None:
        """Return what is told about a change; None when the platform says nothing of it."""

    @abc.abstractmethod
    def seal(self, account: str, message: dict[str, t.Any], attempt: int, now: float) -> Letter:
        """Sign and encrypt a message for one try."""

    @abc.abstractmethod
    def taken(self, status: int, body: bytes) -> bool:
        """Tell whether an answer is the success word."""

    def greeting(self, account: str, now: float) -> tuple[Letter, bytes | None] | None:
        """Return how the platform tries an address that is entered, and the answer that it wants.

        None in place of the answer means the success word.
        """
        return None


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a platform's messages go.

    Attributes:
        url: The address without its last part, such as `http://127.0.0.1:8800/push`.
        repeat: Share of the messages that are sent twice although they were taken.
        lose: Share of the messages that are never sent.
        hurry: The waits between tries are divided by this.
    """

    url: str
    repeat: float = 0.0
    lose: float = 0.0
    hurry: float = 1.0


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A message on its way."""

    announcer: Announcer
    subscription: Subscription
    account: str
    message: dict[str, t.Any]
    attempt: int = 0


class Pushes:
    """The messages of one sandbox that are under way.

    Args:
        seed: Decides what is sent twice or lost.
        clock: Returns the sandbox's present in epoch seconds.
    """

    def __init__(self, seed: int, clock: t.Callable[[], float]) -> None:
        self._clock = clock
        self._chance = random.Random(f"pushes:{seed}")  # noqa: S311 - repeatable on purpose
        self._subscriptions: dict[str, Subscription] = {}
        self._queue: list[tuple[float, int, _Parcel]] = []
        self._wake = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._busy = 0
        self._number = 0
        self._closed = False
        self.counts = {"told": 0, "taken": 0, "refused": 0, "lost": 0, "given_up": 0}

    def subscribe(
        self, slug: str, announcer: Announcer, accounts: Sequence[str], wanted: Subscription
    ) -> None:
        """Send a platform's messages to an address from now on.

        Raises:
            ValueError: The address does not pass the platform's check.
        """
        for account in accounts:
            greeting = announcer.greeting(account, self._clock())
            if greeting is not None:
                letter, expected = greeting
                address = f"{wanted.url}/{announcer.gate(account)}"
                status, body = _send(address, letter, announcer.patience)
                fits = announcer.taken(status, body) and expected in {None, body}
                if not fits:
                    msg = f"{address} does not pass the platform's check: status {status}, {body[:80]!r}"
                    raise ValueError(msg)
        with self._wake:
            self._subscriptions[slug] = wanted
            while len(self._threads) < _WORKERS:
                thread = threading.Thread(target=self._work, name="sandbox-push", daemon=True)
                self._threads.append(thread)
                thread.start()

    def unsubscribe(self, slug: str) -> None:
        """Send no more of a platform's messages."""
        with self._wake:
            self._subscriptions.pop(slug, None)

    def announce(
        self, slug: str, announcer: Announcer, data: Dataset, kind: Kind, row: Row
    ) -> None:
        """Tell of a change, if anybody wants to know."""
        subscription = self._subscriptions.get(slug)
        if subscription is None:
            return
        with self._wake:
            self._number += 1
            message = announcer.message(Change(data, row, kind, self._number, self._clock()))
            if message is None:
                return
            self.counts["told"] += 1
            if self._chance.random() < subscription.lose:
                self.counts["lost"] += 1
                return
            copies = 2 if self._chance.random() < subscription.repeat else 1
            for _ in range(copies):
                self._put(0.0, _Parcel(announcer, subscription, data.account, message))

    def status(self) -> dict[str, t.Any]:
        """Return the counts, what is under way, and where to."""
        with self._wake:
            return {
                **self.counts,
                "waiting": len(self._queue) + self._busy,
                "subscriptions": {slug: one.url for slug, one in self._subscriptions.items()},
            }

    def settle(self, seconds: float) -> bool:
        """Wait until nothing is under way; tell whether that came about in time."""
        with self._wake:
            return self._wake.wait_for(lambda: not self._queue and not self._busy, seconds)

    def close(self) -> None:
        """Send nothing more, and end the threads."""
        with self._wake:
            self._closed = True
            self._queue.clear()
            self._wake.notify_all()
        for thread in self._threads:
            thread.join(timeout=10)

    def _put(self, wait: float, parcel: _Parcel) -> None:
        self._number += 1
        heapq.heappush(self._queue, (time.monotonic() + wait, self._number, parcel))
        self._wake.notify_all()

    def _work(self) -> None:
        while (parcel := self._take()) is not None:
            one = parcel.announcer
            letter = one.seal(parcel.account, parcel.message, parcel.attempt, self._clock())
            address = f"{parcel.subscription.url}/{one.gate(parcel.account)}"
            taken = one.taken(*_send(address, letter, one.patience))
            with self._wake:
                self._busy -= 1
                if taken:
                    self.counts["taken"] += 1
                else:
                    self._again(parcel)
                self._wake.notify_all()

    def _take(self) -> _Parcel | None:
        with self._wake:
            while not self._closed:
                wait = self._queue[0][0] - time.monotonic() if self._queue else None
                if wait is not None and wait <= 0:
                    self._busy += 1
                    return heapq.heappop(self._queue)[2]
                self._wake.wait(wait)
            return None

    def _again(self, parcel: _Parcel) -> None:
        self.counts["refused"] += 1
        waits = parcel.announcer.waits
        if parcel.attempt >= len(waits) or self._closed:
            self.counts["given_up"] += 1
            return
        following = _Parcel(
            parcel.announcer,
            parcel.subscription,
            parcel.account,
            parcel.message,
            parcel.attempt + 1,
        )
        self._put(waits[parcel.attempt] / parcel.subscription.hurry, following)


def _send(address: str, letter: Letter, patience: float) -> tuple[int, bytes]:
    """Send one request; status 0 when nobody answers."""
    parts = urlsplit(address)
    path = f"{parts.path}?{letter.query}" if letter.query else parts.path
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=patience)
    try:
        connection.request(letter.method, path, letter.body or None, dict(letter.headers))
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        return 0, repr(error).encode()
    finally:
        connection.close()
