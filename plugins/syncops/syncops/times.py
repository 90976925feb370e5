"""Times as operators type and read them. Pure functions; the clock is an argument."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timedelta

import pendulum
from openplatform.bookmarks import UTC, Bookmark
from openplatform.errors import ConfigurationError

if t.TYPE_CHECKING:
    from datetime import tzinfo

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_RELATIVE = re.compile(r"-(?:\d+[wdhms])+")
_PART = re.compile(r"(\d+)([wdhms])")
_WITHOUT_OFFSET = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?")


def parse_destination(text: str, *, now: datetime, timezone: tzinfo = UTC) -> Bookmark:
    """Read where a bookmark shall go.

    Args:
        text: `-7d`, `-1d12h` (before `now`), a date or time, epoch milliseconds, or a full
            bookmark `time@id`.
        now: The present moment, with an offset.
        timezone: The zone of a date or time that carries no offset.

    Raises:
        ValueError: If the text is none of these, or lies in the future. The message says which.
    """
    text = text.strip()
    bookmark = _relative(text, now) or _absolute(text, timezone)
    if bookmark.time > now:
        msg = f"{text!r} lies in the future; everything until then would be skipped"
        raise ValueError(msg)
    return bookmark


def _relative(text: str, now: datetime) -> Bookmark | None:
    if not _RELATIVE.fullmatch(text):
        return None
    parts = [(int(number), _UNITS[unit]) for number, unit in _PART.findall(text)]
    try:
        back = sum((timedelta(**{unit: number}) for number, unit in parts), timedelta())
        return Bookmark(now - back)
    except OverflowError:
        msg = f"{text!r} reaches back before the year 1"
        raise ValueError(msg) from None


def _absolute(text: str, timezone: tzinfo) -> Bookmark:
    time_text, _, identifier = text.partition("@")
    try:
        if _WITHOUT_OFFSET.fullmatch(time_text.strip()):
            moment = pendulum.parse(time_text.strip(), tz=timezone)
            return Bookmark(t.cast("datetime", moment), identifier)
        return Bookmark.parse(text)
    except (ValueError, OverflowError, ConfigurationError):
        msg = (
            f"{text!r} is no position. Give a date (2026-11-01), a time "
            "(2026-11-01T08:00:00+08:00), a whole bookmark (2026-11-01T00:00:00.000Z@E2026), or a "
            "span before now (-7d, -12h, -1d12h)"
        )
        raise ValueError(msg) from None


def format_span(span: timedelta) -> str:
    """Return a span in its two largest units: `3 d 4 h`, `12 min 5 s`, `0 s`, `-2 h 0 min`."""
    sign = "-" if span < timedelta() else ""
    seconds = int(abs(span).total_seconds())
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{sign}{days} d {hour} h"
    if hours:
        return f"{sign}{hours} h {minute} min"
    if minutes:
        return f"{sign}{minutes} min {second} s"
    return f"{sign if second else ''}{second} s"
