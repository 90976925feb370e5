"""What was asked and how it was answered: a bounded list of requests and exact counters."""

from __future__ import annotations

import re
import typing as t
from collections import Counter, deque
from dataclasses import asdict, dataclass

_SECRET = re.compile(r"secret|token|sign$|password|^code$|key$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Logged:
    """One request.

    Attributes:
        number: Counted from 1.
        time: Epoch seconds, by the sandbox's clock.
        monotonic: The machine's monotonic seconds at arrival, for rates.
        platform: The platform's slug.
        account: The account that the call was for; empty when it could not be told.
        api: The method's name, or the path.
        params: The business parameters; secrets and tokens are replaced by `***`.
        outcome: `ok`, `throttled`, `auth`, `rejected`, `fault:<kind>`, or `broken` (our own fault).
        ms: How long the answer took.
    """

    number: int
    time: float
    monotonic: float
    platform: str
    account: str
    api: str
    params: t.Mapping[str, t.Any]
    outcome: str
    ms: float

    def as_dict(self) -> dict[str, t.Any]:
        """Return the entry as plain values."""
        return asdict(self)


def redact(value: t.Any) -> t.Any:
    """Return parameters with secrets replaced, at any depth."""
    if isinstance(value, dict):
        return {
            name: "***" if _SECRET.search(str(name)) and inner else redact(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [redact(inner) for inner in value]
    return value


class RequestLog:
    """The last requests, and counters that never forget until cleared."""

    def __init__(self, size: int) -> None:
        self.entries: deque[Logged] = deque(maxlen=size)
        self.counts: Counter[tuple[str, str, str, str]] = Counter()

    def add(self, entry: Logged) -> None:
        """Keep one request."""
        self.entries.append(entry)
        self.counts[entry.platform, entry.account, entry.api, entry.outcome] += 1

    def clear(self) -> None:
        """Forget everything so far."""
        self.entries.clear()
        self.counts.clear()
