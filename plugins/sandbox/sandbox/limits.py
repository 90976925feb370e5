"""What the platforms allow: counted exactly, refused beyond."""

from __future__ import annotations

import typing as t
from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Count:
    recent: deque[float] = field(default_factory=deque)
    blocked_until: float = 0.0


class Limits:
    """Sliding-window counters by name and subject.

    Args:
        active: Whether anything is refused at all.
        numbers: Replacements for the platforms' own numbers, by name; 0 means no limit.
    """

    def __init__(self, *, active: bool, numbers: t.Mapping[str, float]) -> None:
        self.active = active
        self.numbers = dict(numbers)
        self._counts: dict[tuple[str, str], _Count] = {}

    def number(self, name: str, default: float) -> float:
        """Return the number in force for a limit."""
        return self.numbers.get(name, default)

    def admit(
        self,
        name: str,
        subject: str,
        now: float,
        *,
        allowed: float,
        seconds: float = 1.0,
        penalty: float = 0.0,
    ) -> bool:
        """Count a call and tell whether it is within the limit.

        Args:
            name: The limit, such as `wecom.user/list`; can be replaced in `numbers`.
            subject: Who is limited: an account, an app, an account and an API.
            now: Epoch seconds.
            allowed: Calls allowed within `seconds`, unless replaced.
            seconds: Width of the sliding window.
            penalty: Seconds for which everything is refused after a refusal.
        """
        allowed = self.number(name, allowed)
        if not self.active or not allowed:
            return True
        count = self._counts.setdefault((name, subject), _Count())
        if now < count.blocked_until:
            return False
        recent = count.recent
        while recent and recent[0] <= now - seconds:
            recent.popleft()
        if len(recent) >= allowed:
            count.blocked_until = now + penalty
            return False
        recent.append(now)
        return True
