"""How many records a platform says it has, bucket by bucket: counted, not read.

A stream counts through the total that its list's first page tells, asked for with a page of one
record, or through an API that only counts. A list that tells no total cannot be counted.
"""

from __future__ import annotations

import math
import threading
import typing as t
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from openplatform.accounts import Account
from openplatform.batches import combinations, may_be_gone
from openplatform.bookmarks import EPOCH, format_time
from openplatform.clock import Clock
from openplatform.errors import FatalError, SkipError
from openplatform.http import PlatformClient
from openplatform.lists import ListReader, count_of, time_of
from openplatform.paths import value_at
from openplatform.streams import PlatformStream
from openplatform.windows import TimeFilter, Window, floor

BUCKETS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
STREAM = "_counts"
KEY = ("platform", "account", "stream", "field", "value", "bucket_start", "bucket_end")
_TEXT = {"type": ["string"]}
_TIME = {"type": ["string"], "format": "date-time"}


@dataclass(frozen=True, slots=True)
class Count:
    """What the platform counts in one bucket.

    Attributes:
        stream: The stream.
        account: The account.
        window: The bucket; None for a whole list.
        count: How many records.
        counted_at: When (UTC).
        field: Business field that the bucket is narrowed by; empty for none.
        value: Its value.
    """

    stream: str
    account: str
    window: Window | None
    count: int
    counted_at: datetime
    field: str = ""
    value: str = ""

    def record(self, platform: str) -> dict[str, t.Any]:
        """Return the row of the stream `_counts`; a whole list counts until the moment of counting."""
        start = self.window.start if self.window else EPOCH
        end = self.window.end if self.window else self.counted_at
        return {
            "platform": platform,
            "account": self.account,
            "stream": self.stream,
            "field": self.field,
            "value": self.value,
            "bucket_start": format_time(start),
            "bucket_end": format_time(end),
            "count": self.count,
            "counted_at": format_time(self.counted_at),
        }


def schema_message() -> dict[str, t.Any]:
    """Return the SCHEMA message of the stream `_counts`; of two counts the later one holds."""
    properties: dict[str, t.Any] = dict.fromkeys(KEY, _TEXT)
    properties |= {"bucket_start": _TIME, "bucket_end": _TIME}
    properties |= {"count": {"type": ["integer"]}, "counted_at": _TIME}
    return {
        "type": "SCHEMA",
        "stream": STREAM,
        "schema": {"type": "object", "properties": properties},
        "key_properties": list(KEY),
        "bookmark_properties": ["counted_at"],
    }


def countable(source: PlatformStream) -> bool:
    """Tell whether the platform counts the records of a list."""
    paging = getattr(source.reads, "paging", None)
    return source.count_call is not None or bool(getattr(paging, "total", None))


def buckets(
    start: datetime, end: datetime, span: timedelta | None, time: TimeFilter, zone: tzinfo
) -> Iterator[Window]:
    """Cut a stretch at the hours or days of the platform's zone; its ends may be parts of a bucket.

    Buckets of a filter that knows only days are days. Without a span the stretch is one bucket.
    """
    grain = time.align or time.granule
    step = max(span or end - start, grain)
    at, last = floor(start, grain, zone), floor(end, grain, zone)
    while at < last:
        border = last if span is None else min(floor(at, step, zone) + step, last)
        yield Window(at, border)
        at = border


class Counter:
    """Counts the lists of one tap's streams.

    Args:
        client: The platform.
        lists: Knows the values that some lists are asked for with.
        zone: The platform's time zone.
        clock: The time.
    """

    def __init__(
        self, client: PlatformClient, lists: ListReader, *, zone: tzinfo, clock: Clock
    ) -> None:
        self._client = client
        self._lists = lists
        self._zone = zone
        self._clock = clock
        self._ends: dict[str, t.Literal["inclusive", "exclusive"]] = {}
        self._lock = threading.Lock()

    def count(
        self,
        stream: PlatformStream,
        account: Account,
        window: Window | None,
        narrowed: Mapping[str, t.Any] | None = None,
    ) -> int:
        """Return how many records the platform has in a window, or in the whole list.

        Args:
            stream: A stream with a list of its own.
            account: The account.
            window: The window; None for the whole list.
            narrowed: Further parameters.

        Raises:
            FatalError: The answers tell no total.
            OpenPlatformError: The platform does not answer.
        """
        time = time_of(stream)
        whole = 0
        for values in combinations(self._lists.choices(stream, account), None):
            fixed = {**stream.params, **(narrowed or {})}
            fixed |= {each.param: value for each, value in values.items()}

            def total(times: Mapping[str, t.Any], fixed: dict[str, t.Any] = fixed) -> int:
                return self._total(stream, account, {**fixed, **times})

            try:
                if window is None or time is None:
                    whole += total({})
                else:
                    whole += sum(self._exact(stream, p, total) for p in _parts(window, time))
            except SkipError:  # the platform does not know the value that was asked for
                if not may_be_gone(values):
                    raise
        return whole

    def _exact(
        self,
        stream: PlatformStream,
        window: Window,
        total: Callable[[Mapping[str, t.Any]], int],
    ) -> int:
        """Count `[start, end)`, also where nobody says whether the platform counts the end itself.

        What it has at that very instant is counted as well and taken off: nothing, if the end is
        exclusive. Once an instant holds something, it is known that ends are inclusive.
        """
        time = t.cast("TimeFilter", time_of(stream))
        ends = self._ends.get(stream.name, time.ends)
        number = total(replace(time, ends=ends).params(window, self._zone))
        if ends != "unknown" or time.end is None or not number:
            return number
        after = Window(window.end, window.end + time.granule)
        try:
            there = total(time.instant_params(after, self._zone))
        except (FatalError, SkipError):
            self._learn(stream, "exclusive")
            return number
        if there:
            self._learn(stream, "inclusive")
        return number - there

    def _learn(self, stream: PlatformStream, ends: t.Literal["inclusive", "exclusive"]) -> None:
        with self._lock:
            self._ends[stream.name] = ends

    def _total(self, stream: PlatformStream, account: Account, params: Mapping[str, t.Any]) -> int:
        call = stream.count_call
        api = call.api if call else stream.api

        def ask(paging: Mapping[str, t.Any]) -> t.Any:
            arguments = stream.arguments(account, {**params, **paging})
            return self._client.call(account, api, arguments)

        total: t.Any
        if call is not None:
            total = value_at(ask({}), call.total)
        else:
            paging = t.cast("t.Any", stream.reads).paging
            total = count_of(replace(paging, limit=1), ask, stream.records)
        if total is None:
            msg = (
                f"{stream.name}, account {account.id}: {api} told no total, so it cannot be counted"
            )
            raise FatalError(msg)
        return int(total)


def _parts(window: Window, time: TimeFilter) -> Iterator[Window]:
    """Cut a window into parts that the platform takes."""
    number = max(1, math.ceil(window.span / time.maximum))
    for index in range(number):
        start = window.start + index * time.maximum
        yield Window(start, min(start + time.maximum, window.end))
