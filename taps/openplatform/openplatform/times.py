"""Platform times to UTC text, fast: the form of an hour is worked out once, not per value.

Every record holds a handful of times, and most fall into few different hours. A `TimeText` keeps
the UTC form of each; only what is written in an unusual way takes the slow path every time.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import repeat
from operator import sub

import msgspec

from openplatform.bookmarks import EPOCH, UTC, format_time

_MILLISECONDS_FROM = 100_000_000_000
_HOUR_MS = 3_600_000
_HOURS_KEPT = 100_000
_SECONDS = [f":{n // 60:02d}:{n % 60:02d}" for n in range(3600)]
_WITHIN_HOUR = {text: f"{text}.000Z" for text in _SECONDS}
_MILLISECONDS = [f".{n:03d}Z" for n in range(1000)]
_COMPACT = re.compile(r"\d{17}[+-]\d{4}")
_LOCAL_LENGTH = len("2026-11-20 08:00:00")
_DAY = timedelta(days=1)
_encode = msgspec.json.Encoder().encode


class Misfit(Exception):  # noqa: N818 - a signal, counted by the shaper
    """A value cannot be read as its type."""


def parse_time(value: t.Any, *, form: str, zone: tzinfo) -> datetime | None:
    """Read a platform's time.

    Args:
        value: Epoch number, or text (with an offset, or local to the zone); 0, "" and the all-zero
            date mean "not happened".
        form: `s`, `ms`, `local` or `auto` (epochs by magnitude).
        zone: The platform's time zone.

    Returns:
        The moment in UTC, or None when there is none.

    Raises:
        Misfit: The value is no time.
    """
    if isinstance(value, str):
        value = value.strip()
        if not value or value.startswith("0000-"):
            return None
        if not value.lstrip("-").isdigit():
            return _parse_text(value, zone)
    try:
        number = int(value)
        if number <= 0:
            return None
        in_ms = form == "ms" or (form != "s" and number >= _MILLISECONDS_FROM)
        return EPOCH + timedelta(milliseconds=number if in_ms else number * 1000)
    except (TypeError, ValueError, OverflowError) as exc:
        raise Misfit from exc


def _parse_text(text: str, zone: tzinfo) -> datetime:
    try:
        if _COMPACT.fullmatch(text):
            moment = datetime.strptime(f"{text[:17]}000{text[17:]}", "%Y%m%d%H%M%S%f%z")
            return moment.astimezone(UTC)
        # Python 3.10 does not know "Z".
        moment = datetime.fromisoformat(text.replace("Z", "+00:00").replace("/", "-"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise Misfit from exc


class TimeText:
    """Converts times of one platform to RFC 3339 text in UTC with milliseconds.

    Args:
        zone: The platform's time zone.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._local_hours: dict[str, str] = {}
        self._epoch_hours: dict[int, str] = {}
        self._offsets: dict[date, timedelta | None] = {}

    def local(self, value: t.Any) -> str | None:
        """Convert text such as `2026-11-20 16:00:00`, local to the zone."""
        if value.__class__ is str:
            within = _WITHIN_HOUR.get(value[13:])
            hour = self._local_hours.get(value[:13])
            if hour is not None and within is not None:
                return hour + within
            if within is not None and len(value) == _LOCAL_LENGTH:
                return self._learn(value)
        return self.any(value, "local")

    def milliseconds(self, value: t.Any) -> str | None:
        """Convert epoch milliseconds."""
        if value.__class__ is not int or value <= 0:
            return self.any(value, "ms")
        hours, left = divmod(value, _HOUR_MS)
        hour = self._epoch_hours.get(hours)
        if hour is None:
            text = self.any(value, "ms")
            if text is None:
                return None
            hour = text[:13]
            if hours:  # 0 stands for "no time"
                _keep(self._epoch_hours, hours, hour)
        return hour + _SECONDS[left // 1000] + _MILLISECONDS[left % 1000]

    def many_local(self, values: list[t.Any]) -> list[str | None] | None:
        """Convert many local times at once; None if one of them takes more than shifting it."""
        told = [value for value in values if value != ""] if "" in values else values
        try:
            moments = msgspec.convert(told, list[datetime])
            offsets = {self._offset(day) for day in set(map(datetime.date, moments))}
            offset = offsets.pop()
            if offset is None or offsets:
                return None
            text = _encode(list(map(sub, moments, repeat(offset)))).decode()
        except (msgspec.ValidationError, KeyError, OverflowError):
            return None
        if len(text) != 1 + (_LOCAL_LENGTH + 3) * len(moments):
            return None  # some tell their offset, or parts of a second
        texts = iter((text[2:-2].replace('","', '.000Z","') + ".000Z").split('","'))
        return list(texts) if told is values else [next(texts) if v else None for v in values]

    def many_milliseconds(self, values: list[t.Any]) -> list[str | None] | None:
        """Convert many epoch milliseconds at once; None if one takes more than looking it up."""
        hours = self._epoch_hours

        def look_up() -> list[str | None]:
            return [
                f"{hours[v // _HOUR_MS]}{_SECONDS[v % _HOUR_MS // 1000]}{_MILLISECONDS[v % 1000]}"
                for v in values
            ]

        def learn() -> None:
            for hour in {value // _HOUR_MS for value in values} - hours.keys():
                self.milliseconds(hour * _HOUR_MS)

        return _looked_up(look_up, learn)

    def seconds(self, value: t.Any) -> str | None:
        """Convert epoch seconds."""
        if value.__class__ is int:
            return self.milliseconds(value * 1000)
        return self.any(value, "s")

    def auto(self, value: t.Any) -> str | None:
        """Convert an epoch by its magnitude, or text."""
        if value.__class__ is int:
            return self.milliseconds(value if value >= _MILLISECONDS_FROM else value * 1000)
        return self.local(value)

    def any(self, value: t.Any, form: str) -> str | None:
        """Convert whatever it is, the careful way."""
        moment = parse_time(value, form=form, zone=self._zone)
        return None if moment is None else format_time(moment)

    def _offset(self, day: date) -> timedelta | None:
        """Return how far local time is ahead of UTC on a day; None if that changes during it."""
        if day not in self._offsets:
            begins = datetime.combine(day, time())
            ends = {
                moment.replace(tzinfo=self._zone).utcoffset() for moment in (begins, begins + _DAY)
            }
            _keep(self._offsets, day, ends.pop() if len(ends) == 1 else None)
        return self._offsets[day]

    def _learn(self, value: str) -> str | None:
        """Convert one local time, and remember its hour where the zone differs by whole hours in it."""
        text = self.any(value, "local")
        ends = {self.any(value[:13] + end, "local") for end in (_SECONDS[0], _SECONDS[-1])}
        if text is not None and ends == {
            text[:13] + end + ".000Z" for end in (_SECONDS[0], _SECONDS[-1])
        }:
            _keep(self._local_hours, value[:13], text[:13])
        return text


def _looked_up(
    look_up: Callable[[], list[str | None]], learn: Callable[[], None]
) -> list[str | None] | None:
    """Look up times, a second time with the hours that were new; None if it does not do."""
    try:
        try:
            return look_up()
        except KeyError:
            learn()
            return look_up()
    except (KeyError, TypeError, Misfit):
        return None


def _keep(memory: dict[t.Any, t.Any], key: t.Any, value: t.Any) -> None:
    if len(memory) >= _HOURS_KEPT:
        memory.clear()
    memory[key] = value
