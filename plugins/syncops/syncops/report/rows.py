"""The lines of reconcile.jsonl and alerts.json, checked field by field.

The files are written by other programs, by other versions, and by runs that were killed, so a field
that is missing or odd counts as not known, and a line that is no object is passed over.
"""

from __future__ import annotations

import math
import typing as t
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import msgspec

Line = Mapping[str, t.Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """How platform and warehouse compare in one bucket of time of one stream and account."""

    stream: str
    account: str
    begin: str
    end: str
    platform: float | None
    warehouse: float | None
    missing: float
    surplus: float
    stale: float
    repaired: bool
    checked: str

    @property
    def records(self) -> float:
        """How many records differ; 0 after a repair."""
        if self.repaired:
            return 0
        found = self.missing + self.surplus + self.stale
        return found or abs((self.platform or 0) - (self.warehouse or 0))

    @classmethod
    def of(cls, line: Line) -> Difference:
        """Read a line."""
        return cls(
            stream=text(line.get("stream")),
            account=text(line.get("account")),
            begin=text(line.get("from")),
            end=text(line.get("to")),
            platform=number(line.get("platform")),
            warehouse=number(line.get("warehouse")),
            missing=number(line.get("missing")) or 0,
            surplus=number(line.get("surplus")) or 0,
            stale=number(line.get("stale")) or 0,
            repaired=line.get("repaired") is True,
            checked=text(line.get("checked_at")),
        )


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert that is firing."""

    rule: str
    stream: str
    account: str
    since: str
    message: str

    @classmethod
    def of(cls, line: Line) -> Alert:
        """Read an alert."""
        names = ("rule", "stream", "account", "since", "message")
        return cls(*(text(line.get(name)) for name in names))


def json_lines(path: Path) -> Iterator[Line]:
    """Yield the objects of a file of JSON lines, also of one that is being written.

    Raises:
        OSError: If the file cannot be read.
    """
    with path.open("rb") as file:
        for raw in file:
            try:
                line = msgspec.json.decode(raw)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
            if isinstance(line, dict):
                yield line


def text(value: t.Any) -> str:
    """Return a value as text; empty for none."""
    return "" if value is None else str(value)


def number(value: t.Any) -> float | None:
    """Return a finite number; None for anything else."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    usable = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if usable and math.isfinite(value) else None


def moment(value: t.Any) -> datetime | None:
    """Return a time in UTC; None for what is no time with an offset."""
    if isinstance(value, str):
        try:
            value = msgspec.convert(value, datetime)
        except msgspec.ValidationError:
            return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    return value.astimezone(timezone.utc)
