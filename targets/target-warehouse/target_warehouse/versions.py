"""The version of a row as one text whose plain byte order is the order of versions.

Newest wins is decided by the database with `>` on this text, and in a batch by Python with `>`, so
both must agree with the order that bookmarks have: first the time, then the id, ids of digits as
integers before all others, which compare as text. The forms are

    2026-11-20T08:00:00.000000Z            a moment, always UTC and microseconds
    2026-11-20T08:00:00.000000Z@d0271      a moment and an id of digits: their number, then they
    2026-11-20T08:00:00.000000Z@tE2026     a moment and any other id
    n2500001 7                             a number (without the blank): class, magnitude, digits
    tabc                                   any other text
"""

from __future__ import annotations

import re
import typing as t
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache

TIME_LENGTH = len("2026-11-20T08:00:00.000000Z")
"""The first characters of a version that begins with a moment are that moment."""

_UTC = timezone.utc
_EPOCH = datetime(1970, 1, 1, tzinfo=_UTC)
_CANONICAL = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{3})Z@?(.*)", re.DOTALL)
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?")
_EPOCH_MILLISECONDS = re.compile(r"-?\d{11,14}")
_COMPLEMENT = str.maketrans("0123456789", "9876543210")
_BIAS = 500_000


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


@lru_cache(maxsize=256)
def moment_key(moment: datetime) -> str:
    """Return the version text of a moment; a naive one is UTC."""
    moment = moment.replace(tzinfo=_UTC) if moment.tzinfo is None else moment.astimezone(_UTC)
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


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
        return "t" + text
    return f"{moment}@{_id_key(identifier)}" if identifier else moment


@lru_cache(maxsize=256)
def _moment(text: str) -> str | None:
    try:
        if _EPOCH_MILLISECONDS.fullmatch(text):
            return moment_key(_EPOCH + timedelta(milliseconds=int(text)))
        if _TIME.fullmatch(text):
            return moment_key(datetime.fromisoformat(text.replace("Z", "+00:00")))
    except (ValueError, OverflowError):
        return None
    return None


def _id_key(identifier: str) -> str:
    if identifier.isascii() and identifier.isdigit():
        digits = identifier.lstrip("0")
        if len(digits) < 100:
            return f"d{len(digits):02d}{digits}"
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
