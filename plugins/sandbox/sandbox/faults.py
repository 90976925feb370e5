"""Seeded misbehaviour: which request fails, and how."""

from __future__ import annotations

import dataclasses
import random
import typing as t
from collections import Counter

from sandbox.settings import FAULT_KINDS, Faults

_BETWEEN_EXPIRIES = 20


class FaultPlan:
    """Decides per request number; equal seeds and numbers decide equally."""

    def __init__(self, faults: Faults, seed: int) -> None:
        self.faults = faults
        self.made: Counter[str] = Counter()
        self._seed = seed
        self._streaks: dict[t.Hashable, int] = {}
        self._expirable: dict[str, int] = {}

    def set(self, changes: t.Mapping[str, float]) -> None:
        """Replace single rates.

        Raises:
            ValueError: A name is not one of the rates.
        """
        known = {field.name for field in dataclasses.fields(Faults)}
        unknown = sorted(set(changes) - known)
        if unknown:
            msg = f"unknown fault setting {', '.join(unknown)}; known: {', '.join(sorted(known))}"
            raise ValueError(msg)
        self.faults = dataclasses.replace(self.faults, **changes)  # type: ignore[arg-type]

    def decide(self, number: int, platform: str, call: t.Hashable) -> str:
        """Return the fault for a request, or an empty text.

        Args:
            number: The request's number since the start.
            platform: The platform's slug.
            call: What makes it the same call as an earlier one, for the streak.
        """
        rates = [(kind, getattr(self.faults, kind)) for kind in FAULT_KINDS]
        if not any(rate for _, rate in rates):
            return ""
        draw = random.Random(f"fault:{self._seed}:{number}").random()  # noqa: S311
        identity = (platform, call)
        for kind, rate in rates:
            if draw < rate:
                if kind == "expire":
                    if number < self._expirable.get(platform, 0):
                        break
                    self._expirable[platform] = number + _BETWEEN_EXPIRIES
                streak = self._streaks.get(identity, 0)
                if streak >= self.faults.streak:
                    break
                self._streaks[identity] = streak + 1
                self.made[kind] += 1
                return kind
            draw -= rate
        self._streaks.pop(identity, None)
        return ""
