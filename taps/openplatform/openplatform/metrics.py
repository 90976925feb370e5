"""What a run did, counted per stream, account and API; shown as Singer metric lines and a summary."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field


@dataclass
class ApiCounts:
    """The calls of one API for one account: how many of each outcome, and how long they took."""

    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


@dataclass
class StreamCounts:
    """What one stream of one account brought."""

    records: int = 0
    windows: int = 0
    unknown_fields: Counter[str] = field(default_factory=Counter)
    misfits: Counter[str] = field(default_factory=Counter)
    keyless: int = 0
    owed: int = 0
    parked: int = 0
    error: str = ""


class Metrics:
    """The counters of one run, safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.apis: defaultdict[tuple[str, str], ApiCounts] = defaultdict(ApiCounts)
        self.streams: defaultdict[tuple[str, str], StreamCounts] = defaultdict(StreamCounts)

    def called(self, account: str, api: str, outcome: str, seconds: float) -> None:
        """Count one HTTP call and its outcome (`ok` or the name of an `Outcome`)."""
        with self._lock:
            counts = self.apis[account, api]
            counts.outcomes[outcome] += 1
            counts.seconds += seconds

    def calls(self) -> Counter[str]:
        """Return all calls by outcome."""
        with self._lock:
            return sum((c.outcomes for c in self.apis.values()), Counter())
