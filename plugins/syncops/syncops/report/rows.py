"""The lines of reconcile.jsonl, checked field by field, and times as text.

A file may come from another version of its writer, so a field that is missing or odd counts as not
known.
"""

from __future__ import annotations

import math
import typing as t
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

import msgspec

Line = Mapping[str, t.Any]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How platform and warehouse compare in one stream of one account.

    Attributes:
        begin, end: What was compared, as text; both empty for a whole list.
        platform, warehouse: How many records each of them has.
        missing, surplus, stale: How many differ, and how.
        left: How many still did after a repair; None without one.
        equal: Nothing differs, be it after a repair.
        problems: Why something could not be compared.
        checked: When, as text.
    """

    tap: str
    loader: str
    stream: str
    account: str
    begin: str
    end: str
    platform: float | None
    warehouse: float | None
    missing: float
    surplus: float
    stale: float
    left: float | None
    equal: bool
    problems: str
    checked: str

    @property
    def records(self) -> float:
        """How many records differ now, as far as that is known."""
        if self.equal:
            return 0
        if self.left is not None:
            return self.left
        found = self.missing + self.surplus + self.stale
        return found or abs((self.platform or 0) - (self.warehouse or 0))

    @property
    def repaired(self) -> bool:
        """Whether records differed and no longer do."""
        return self.equal and self.left is not None

    @property
    def told(self) -> bool:
        """Whether there is something to tell of it."""
        return not self.equal or self.repaired or bool(self.problems)

    @classmethod
    def of(cls, line: Line) -> Comparison:
        """Read a line."""
        problems = line.get("problems")
        problems = problems if isinstance(problems, list) else []
        return cls(
            tap=text(line.get("tap")),
            loader=text(line.get("loader")),
            stream=text(line.get("stream")),
            account=text(line.get("account")),
            begin=text(line.get("from")),
            end=text(line.get("to")),
            platform=number(line.get("platform")),
            warehouse=number(line.get("warehouse")),
            missing=number(line.get("missing")) or 0,
            surplus=number(line.get("surplus")) or 0,
            stale=number(line.get("stale")) or 0,
            left=number(line.get("left")),
            equal=line.get("equal") is True,
            problems=" ".join(map(text, problems)),
            checked=text(line.get("checked_at")),
        )


def newest(lines: Iterable[Line]) -> list[Comparison]:
    """Return the last comparison of each stream and account, those that differ most first."""
    found = {(c.tap, c.loader, c.stream, c.account): c for c in map(Comparison.of, lines)}
    return sorted(found.values(), key=lambda c: (-c.records, c.stream, c.account))


def text(value: t.Any) -> str:
    """Return a value as text; empty for none."""
    return "" if value is None else str(value)


def number(value: t.Any) -> float | None:
    """Return a finite number; None for anything else."""
    usable = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if usable and math.isfinite(value) else None


def moment(value: t.Any) -> datetime | None:
    """Return a time in UTC; None for what is no time with an offset."""
    try:
        found = msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        return None
    return None if found.tzinfo is None else found.astimezone(timezone.utc)
