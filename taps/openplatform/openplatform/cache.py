"""A memory cache for details that hardly change: least recently used goes first, one fetch per key."""

from __future__ import annotations

import threading
import typing as t
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from openplatform.clock import Clock

V = t.TypeVar("V")


@dataclass
class _Entry(t.Generic[V]):
    ready: threading.Event = field(default_factory=threading.Event)
    value: V | None = None
    error: Exception | None = None
    expires: float = 0.0


class Cache(t.Generic[V]):
    """Single-flight LRU + TTL cache, safe for threads.

    Attributes:
        hits: Calls answered without a fetch.
        misses: Calls that fetched.
    """

    def __init__(self, clock: Clock, *, size: int = 10_000) -> None:
        self._clock = clock
        self._size = size
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, _Entry[V]] = OrderedDict()
        self.hits = 0
        self.misses = 0

    def get(self, key: Hashable, fetch: Callable[[], V], *, ttl: float, refresh: bool = False) -> V:
        """Return the value of a key, fetching it when absent, expired, or `refresh` is asked for.

        Args:
            key: What the value belongs to.
            fetch: Called at most once at a time per key; others wait for its result. Its error goes
                to all who waited, and is not kept.
            ttl: Seconds the value stays good.
            refresh: Fetch although a value is there.
        """
        with self._lock:
            entry = self._entries.get(key)
            stale = entry is None or (entry.ready.is_set() and self._stale(entry, refresh=refresh))
            if entry is None or stale:
                entry = self._entries[key] = _Entry()
                self.misses += 1
            else:
                self.hits += 1
            self._entries.move_to_end(key)
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)
        if stale:
            self._fill(key, entry, fetch, ttl)
        entry.ready.wait()
        if entry.error is not None:
            raise entry.error
        return t.cast("V", entry.value)

    def _stale(self, entry: _Entry[V], *, refresh: bool) -> bool:
        return refresh or entry.error is not None or entry.expires <= self._clock.monotonic()

    def _fill(self, key: Hashable, entry: _Entry[V], fetch: Callable[[], V], ttl: float) -> None:
        try:
            entry.value = fetch()
            entry.expires = self._clock.monotonic() + ttl
        except Exception as exc:  # noqa: BLE001 - raised again by everyone who waits
            entry.error = exc
            with self._lock:
                if self._entries.get(key) is entry:
                    del self._entries[key]
        finally:
            entry.ready.set()
