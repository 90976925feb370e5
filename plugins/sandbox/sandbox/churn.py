"""Changes that happen between requests, as they do in a live shop."""

from __future__ import annotations

import random
import typing as t
from collections import Counter

from sandbox.dataset import Dataset, Row
from sandbox.settings import SandboxSettings

_ALTERABLE = ("rate", "late_commit", "late_seconds", "deletions")

ChangeKind = t.Literal["update", "insert", "late", "delete"]
_INSERTS = 0.25
"""Share of the ordinary and of the late changes that add a row; the others update one."""


class Churn:
    """A seeded source of changes; its rate can be altered while the sandbox runs."""

    def __init__(self, settings: SandboxSettings) -> None:
        self.rate = settings.churn
        self.late_commit = settings.late_commit
        self.late_seconds = settings.late_seconds
        self.deletions = settings.deletions
        self.made: Counter[str] = Counter()
        self._chance = random.Random(f"churn:{settings.seed}")  # noqa: S311 - repeatable on purpose
        self._credit = 0.0

    def set(self, changes: t.Mapping[str, float]) -> None:
        """Replace the rate, `late_commit`, `late_seconds` or `deletions`.

        Raises:
            ValueError: A name is none of these.
        """
        unknown = sorted(set(changes) - set(_ALTERABLE))
        if unknown:
            msg = f"unknown churn setting {', '.join(unknown)}; known: {', '.join(_ALTERABLE)}"
            raise ValueError(msg)
        for name, value in changes.items():
            setattr(self, name, float(value))

    def step(self, data: Dataset, now_ms: int) -> None:
        """Make the changes that are due after one request."""
        if not self.rate or not data.entity.mutable:
            return
        self._credit += self.rate / 100
        while self._credit >= 1:
            self._credit -= 1
            self.change(data, now_ms, self._kind(data))

    def _kind(self, data: Dataset) -> ChangeKind:
        draw = self._chance.random()
        if data.entity.frozen:
            return "late" if draw < self.late_commit else "insert"
        if data.entity.vanishes:
            if draw < self.deletions:
                return "delete"
            draw = (draw - self.deletions) / (1 - self.deletions) if self.deletions < 1 else 0.0
        if draw < self.late_commit:
            return "late"
        return "insert" if self._chance.random() < _INSERTS else "update"

    def change(self, data: Dataset, now_ms: int, kind: ChangeKind) -> str | None:
        """Make one change and return the key of the row; None when there is nothing to change."""
        late = int(self._chance.random() * self.late_seconds * 1000)
        moment = now_ms - late if kind == "late" else now_ms
        adds = kind == "insert" or data.entity.frozen
        if adds or (kind == "late" and self._chance.random() < _INSERTS):
            row = data.insert(moment)
        else:
            index = data.choose(self._chance)
            if index is None:
                return None
            row = self._change_row(data, index, moment, kind)
        self.made[f"{data.entity.name}.{kind}"] += 1
        return data.key(row)

    def _change_row(self, data: Dataset, index: int, moment: int, kind: ChangeKind) -> Row:
        row = data.row(index)
        if kind == "delete" and row is not None and not data.entity.lasts(row):
            return data.delete(index)
        return data.update(index, moment)
