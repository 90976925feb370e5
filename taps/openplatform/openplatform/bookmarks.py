"""Positions in the total order (update_time, id) of a stream, written `update_time@id`.

`2026-11-20T08:00:00.000Z@E20261120160000` is the canonical form: UTC, milliseconds, then the id of
the record. An empty id sorts before every id, so `...Z@` means "everything before this time is done".
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import total_ordering

from typing_extensions import override

from openplatform.errors import ConfigurationError

UTC = timezone.utc
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_MILLISECONDS = re.compile(r"-?\d{11,14}")
_DAY_OR_LATER = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?")


def format_time(moment: datetime) -> str:
    """Return a moment as RFC 3339 text in UTC with milliseconds, such as `2026-11-20T08:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def id_order(identifier: str) -> tuple[int, int, str]:
    """Return the sort key of an id: empty first, then digits as integers, then text."""
    if not identifier:
        return (0, 0, "")
    if identifier.isascii() and identifier.isdigit():
        return (1, int(identifier), identifier)
    return (2, 0, identifier)


@total_ordering
@dataclass(frozen=True, slots=True)
class Bookmark:
    """One position: everything up to and including it has been read.

    Attributes:
        time: The update time in UTC, to the millisecond.
        id: The record's id; empty for "before every record of this time".
    """

    time: datetime
    id: str = ""

    def __post_init__(self) -> None:
        moment = self.time.astimezone(UTC)
        # Pendulum's own kind of datetime cannot be divided by a timedelta of the standard library.
        whole = datetime.combine(moment.date(), moment.time(), UTC)
        milliseconds = whole.microsecond // 1000
        object.__setattr__(self, "time", whole.replace(microsecond=milliseconds * 1000))

    @override
    def __str__(self) -> str:
        return f"{format_time(self.time)}@{self.id}"

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Bookmark):
            return NotImplemented
        return (self.time, id_order(self.id)) < (other.time, id_order(other.id))

    @classmethod
    def parse(
        cls, text: t.Any, *, stream: str | None = None, account: str | None = None
    ) -> Bookmark:
        """Read what a person or a state wrote.

        Args:
            text: The canonical form; also epoch milliseconds, any ISO time with an offset, and a
                bare date or time (taken as UTC), each with or without `@id`.
            stream: Named in the error.
            account: Named in the error.

        Raises:
            ConfigurationError: For anything else.
        """
        time_text, _, identifier = str(text).strip().partition("@")
        moment = _parse_time(time_text.strip())
        if moment is None:
            where = f" of stream {stream!r}" if stream else ""
            where += f", account {account!r}" if account else ""
            msg = (
                f"The bookmark{where} is {str(text)[:80]!r}, which is no position. Write it as "
                "2026-11-20T08:00:00.000Z@ID (the part after @ may be empty), as epoch milliseconds, "
                "or as a date, for instance with: syncops bookmarks rewind"
            )
            raise ConfigurationError(msg)
        return cls(moment, identifier)


def _parse_time(text: str) -> datetime | None:
    if _EPOCH_MILLISECONDS.fullmatch(text):
        return EPOCH + timedelta(milliseconds=int(text))
    if not _DAY_OR_LATER.fullmatch(text):
        return None
    moment: object
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        moment = _parse_unusual(text)
    return moment.astimezone(UTC) if isinstance(moment, datetime) else None


def _parse_unusual(text: str) -> object:
    import pendulum  # a tenth of the time that a tap takes to start, and seldom needed

    try:
        return pendulum.parse(text, tz="UTC")
    except ValueError:
        return None
