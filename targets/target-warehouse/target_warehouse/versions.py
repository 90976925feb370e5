"""The version of a row as one text whose plain byte order is the order of versions.

Newest wins is decided by the database with `>` on this text, and in a batch by Python with `>`, so
both must agree with the order that bookmarks have: first the time, then the id, ids of digits as
integers before all others, which compare as text. The forms are

    2026-11-20T08:00:00.000000Z            a moment, always UTC and microseconds
    2026-11-20T08:00:00.000000Z@d0271      a moment and an id of digits: their number, then they
    2026-11-20T08:00:00.000000Z@tE2026     a moment and any other id
    #0271                                  a text of at most 10 digits: how many, and they
    n2500001 7                             a number (without the blank): class, magnitude, digits
    tabc                                   any other text
"""

from __future__ import annotations

import re
import typing as t
from contextlib import suppress
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter

TIME_LENGTH = len("2026-11-20T08:00:00.000000Z")
"""The first characters of a version that begins with a moment are that moment."""

_UTC = timezone.utc
_EPOCH = datetime(1970, 1, 1, tzinfo=_UTC)
_CANONICAL = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{3})Z@?(.*)", re.DOTALL | re.ASCII)
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)? ?(Z|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII | re.IGNORECASE,
)
_SHORT_DIGITS = re.compile(r"\d{1,10}", re.ASCII)
_LONG_DIGITS = re.compile(r"\d{15,}", re.ASCII)
_EPOCH_MILLISECONDS = re.compile(r"-?\d{11,14}", re.ASCII)
_COMPLEMENT = str.maketrans("0123456789", "9876543210")
_BIAS = 500_000
_DIGITS = [f"d{count:02d}" for count in range(100)]
_BEFORE_ZONE = TIME_LENGTH - 1
_zone_of = attrgetter("tzinfo")
_FIRST = "0001-01-01T00:00:00.000000Z"
_LAST = "9999-12-31T23:59:59.999999Z"


def sort_key(value: t.Any) -> str | None:
    """Return the version text of a decoded value; None when there is none."""
    if value is None:
        return None
    if isinstance(value, str):
        return _text_key(value)
    if isinstance(value, datetime):
        return moment_key(value)
    if isinstance(value, date):
        return f"{value.isoformat()}T00:00:00.000000Z"
    if isinstance(value, (int, Decimal)):
        return _number_key(Decimal(value))
    return "t" + str(value)


def sort_keys(values: t.Sequence[t.Any]) -> list[str | None]:
    """Return what `sort_key` returns, for many values, which are mostly of one type."""
    if set(map(type, values)) == {datetime} and None not in set(map(_zone_of, values)):
        with suppress(OverflowError):
            return [
                value.astimezone(_UTC).isoformat(timespec="microseconds")[:_BEFORE_ZONE] + "Z"
                for value in values
            ]
    return list(map(sort_key, values))


@lru_cache(maxsize=256)
def moment_key(moment: datetime) -> str:
    """Return the version text of a moment; a naive one is UTC.

    What an offset leads beyond the years 1 to 9999 counts as their beginning or end.
    """
    if moment.tzinfo is not None:
        try:
            moment = moment.astimezone(_UTC)
        except OverflowError:
            return _FIRST if moment.year == 1 else _LAST
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_moment(text: str) -> datetime | None:
    """Return the moment that an ISO 8601 text names, naive without an offset; None for any other.

    Time, seconds, fraction and offset may be missing; digits after the microseconds are rounded.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    *numbers, fraction, zone = found.groups()
    year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
    digits = (fraction or "").ljust(7, "0")
    microseconds = int(digits[:6]) + (digits[6] >= "5")
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=_zone(zone))
        return moment + timedelta(microseconds=microseconds)
    except (ValueError, OverflowError):
        return None


def _zone(text: str | None) -> timezone | None:
    if text is None or text in "Zz":
        return _UTC if text else None
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


def is_moment(version: str) -> bool:
    """Tell whether a version text begins with a moment."""
    return version[0].isdigit()


def _text_key(text: str) -> str:
    canonical = _CANONICAL.fullmatch(text)
    if canonical is not None:
        seconds, milliseconds, identifier = canonical.groups()
        time = f"{seconds}.{milliseconds}000Z"
        return f"{time}@{_id_key(identifier)}" if identifier else time
    time_text, _, identifier = text.strip().partition("@")
    moment = _moment(time_text.strip())
    if moment is None:
        return _digits_key(text) or "t" + text
    return f"{moment}@{_id_key(identifier)}" if identifier else moment


@lru_cache(maxsize=256)
def _moment(text: str) -> str | None:
    if _EPOCH_MILLISECONDS.fullmatch(text):
        try:
            return moment_key(_EPOCH + timedelta(milliseconds=int(text)))
        except OverflowError:
            return None
    moment = parse_moment(text)
    return None if moment is None else moment_key(moment)


def _digits_key(text: str) -> str | None:
    """Return the version text of digits: in the order of numbers, also around epoch milliseconds."""
    if _SHORT_DIGITS.fullmatch(text):
        digits = text.lstrip("0")
        return f"#{len(digits):02d}{digits}"
    return _number_key(Decimal(text)) if _LONG_DIGITS.fullmatch(text) else None


def _id_key(identifier: str) -> str:
    if identifier.isascii() and identifier.isdigit():
        digits = identifier.lstrip("0")
        if len(digits) < 100:
            return _DIGITS[len(digits)] + digits
    return "t" + identifier


def _number_key(value: Decimal) -> str:
    if not value.is_finite() or not value:
        return "n1"
    sign, digit_tuple, exponent = value.as_tuple()
    digits = "".join(map(str, digit_tuple))
    magnitude = len(digits) + int(exponent)
    body = f"{min(max(magnitude + _BIAS, 0), 999_999):06d}{digits.rstrip('0')}"
    # A larger magnitude is a smaller negative number; the tilde sorts after every digit, so that
    # the longer of two negative numbers with one beginning comes first.
    return "n2" + body if sign == 0 else "n0" + body.translate(_COMPLEMENT) + "~"
