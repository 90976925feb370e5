"""Reading lists: every page of a window, again where the list moved, until it is complete."""

from __future__ import annotations

import logging
import math
import typing as t
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, tzinfo

from openplatform.accounts import Account
from openplatform.batches import Values, batch_size, combinations, halves, may_be_gone
from openplatform.bookmarks import format_time
from openplatform.cache import Cache
from openplatform.clock import Clock
from openplatform.declarations import Each, FullTable, Incremental, RowVersions
from openplatform.errors import (
    FatalError,
    ShrinkBatchError,
    ShrinkWindowError,
    SkipError,
    TransientError,
)
from openplatform.finishing import Finisher
from openplatform.http import PlatformClient
from openplatform.metrics import asking
from openplatform.paging import Ask, Page, PageNumber, Paging, TooManyRecords
from openplatform.paths import records_at, value_at
from openplatform.records import Record
from openplatform.settings import StreamOptions
from openplatform.streams import PlatformStream
from openplatform.windows import Planner, TimeFilter, Window, floor, split

_PASSES = 3


class ListReader:
    """Reads the lists of one tap's streams.

    Args:
        streams: All streams of the tap, by name.
        client: The platform.
        finisher: Finishes the records.
        zone: The platform's time zone.
        clock: The time.
        options: The settings of each stream, by name.
        beginning: Tells where the history of a stream begins.
    """

    def __init__(
        self,
        streams: Mapping[str, PlatformStream],
        client: PlatformClient,
        finisher: Finisher,
        *,
        zone: tzinfo,
        clock: Clock,
        options: Mapping[str, StreamOptions],
        beginning: Callable[[PlatformStream], datetime],
    ) -> None:
        self._streams = streams
        self._client = client
        self._finisher = finisher
        self._zone = zone
        self._clock = clock
        self._options = options
        self._beginning = beginning
        self._related: Cache[list[t.Any]] = Cache(clock)
        self._batches: dict[tuple[str, str], int] = {}
        self._logger = logging.getLogger(__name__)

    def pages(
        self, stream: PlatformStream, account: Account, window: Window | None
    ) -> Iterator[list[Record]]:
        """Yield the pages of a stream's list, shaped, until the list is known to be complete.

        Raises:
            TooManyRecords: The window holds more than it shall, or than paging can reach.
        """
        seen: set[int] | None = set() if getattr(stream.reads, "distinct", False) else None
        for values in combinations(self.choices(stream, account), self._most(stream, account)):
            for records in self._lists(stream, account, window, values):
                yield records if seen is None else _unseen(stream, records, seen)

    def _lists(
        self, stream: PlatformStream, account: Account, window: Window | None, values: Values
    ) -> Iterator[list[Record]]:
        """Read the list of some values; leave out a value that the platform does not know."""
        parts = halves(values)
        most = self._most(stream, account)
        if not parts or most is None or batch_size(values) <= most:
            try:
                yield from self._one_list(stream, account, window, values)
            except ShrinkBatchError:
                if not parts:
                    raise
                self._batches[stream.name, account.id] = batch_size(parts[-1])
            except SkipError as exc:
                if not may_be_gone(values):
                    raise
                if not parts:
                    self._logger.info("%s: %s; left out", stream.name, exc)
            else:
                return
        for part in parts:
            yield from self._lists(stream, account, window, part)

    def _most(self, stream: PlatformStream, account: Account) -> int | None:
        """Return how many values a call may ask for: what a refusal has taught, or the setting."""
        return self._batches.get((stream.name, account.id), self._options[stream.name].batch)

    def _one_list(
        self,
        stream: PlatformStream,
        account: Account,
        window: Window | None,
        values: Mapping[Each, t.Any],
    ) -> Iterator[list[Record]]:
        """Read one list, again where rows may have been hidden while it moved."""
        reads = t.cast("Incremental | FullTable", stream.reads)
        fixed = {**stream.params, **{each.param: value for each, value in values.items()}}
        carried = {each.carry: value for each, value in values.items() if each.carry}
        time_params, most = self._window_call(stream, account, window, fixed)
        time = time_of(stream)
        if time is not None and time.carry:
            carried[time.carry] = time_params[time.start]
        ask = self._ask(stream, account, {**fixed, **time_params})
        seen: set[int] = set()
        before, held = -1, False
        exact = getattr(reads.paging, "exact", False)
        for attempt in range(_PASSES):
            asked = self._clock.now() if exact else None
            grew, rows, keyless, last_total = False, 0, 0, None
            pages = reads.paging.pages(ask, stream.records, most=most if attempt == 0 else None)
            for page in self._confirmed(pages, reads, ask, stream, most):
                grew = grew or (last_total is not None and (page.total or 0) > last_total)
                last_total = page.total
                held = held or value_at(page.body, stream.records.partition("[]")[0]) is not None
                rows += len(page.records)
                records = self._finisher.finished(
                    stream, account, page, window, carried, asked=asked
                )
                keyless += len(page.records) - len(records)
                if page.total is not None:
                    seen.update(map(hash, stream.identifiers(records)))
                yield records
            # A row that came twice may have hidden another one, whose absence would mean "deleted".
            distinct = len(seen) + keyless
            came = distinct if isinstance(reads, FullTable) else max(distinct, rows)
            if last_total is None or (not grew and came >= last_total):
                return
            if isinstance(reads, Incremental) and not (grew or exact) and len(seen) == before:
                # Read again, nothing new came: the platform's total is not exact.
                if not held:
                    msg = (
                        f"{stream.name}, account {account.id}: the platform counts {last_total} records "
                        f"in {window}, but its answers hold no {stream.records}: their form has changed"
                    )
                    raise FatalError(msg)
                self._logger.warning(
                    "%s, account %s: the platform counts %d records in %s, but only %d exist",
                    stream.name, account.id, last_total, window, len(seen),
                )  # fmt: skip
                return
            before = len(seen)
        msg = (
            f"stream {stream.name}, account {account.id}, {window or 'full list'}: the list moved so "
            f"much in {_PASSES} passes that it is not complete ({len(seen)} of {last_total})"
        )
        raise TransientError(msg)

    def _confirmed(
        self,
        pages: Iterator[Page],
        reads: Incremental | FullTable,
        ask: Ask,
        stream: PlatformStream,
        most: int | None,
    ) -> Iterator[Page]:
        """Ask once more when a platform with a lagging index says that there is nothing."""
        confirm = isinstance(reads, Incremental) and reads.confirm_empty
        empty = True
        for page in pages:
            empty = empty and not page.records
            if not (confirm and empty):
                yield page
        if confirm and empty:
            yield from reads.paging.pages(ask, stream.records, most=most)

    def _window_call(
        self,
        stream: PlatformStream,
        account: Account,
        window: Window | None,
        fixed: Mapping[str, t.Any],
    ) -> tuple[dict[str, t.Any], int | None]:
        """Return the window's parameters, and how many records it may hold."""
        reads = t.cast("Incremental | FullTable", stream.reads)
        reach = reads.paging.reach
        time = time_of(stream)
        if window is None or time is None:
            return {}, reach
        params = time.params(window, self._zone)
        if window.span > (time.align or time.granule):
            return params, self._records_per_window(stream)
        if time.ends != "unknown" or reach is None:
            return params, reach
        return self._last_granule(stream, account, window, fixed), reach

    def _last_granule(
        self,
        stream: PlatformStream,
        account: Account,
        window: Window,
        fixed: Mapping[str, t.Any],
    ) -> dict[str, t.Any]:
        """Return the parameters for a single granule of a filter whose end is not documented.

        Asked with its end, an inclusive filter brings two granules, which may be more than paging
        reaches. Then the counts tell: if the two single instants add up to the pair, the end is
        inclusive and the instant alone can be asked for.
        """
        reads = t.cast("Incremental | FullTable", stream.reads)
        time = t.cast("TimeFilter", time_of(stream))
        pair = time.params(window, self._zone)

        def count(params: Mapping[str, t.Any]) -> int:
            ask = self._ask(stream, account, {**fixed, **params})
            return count_of(reads.paging, ask, stream.records) or 0

        reach = reads.paging.reach or 0
        total = count(pair)
        if total <= reach:
            return pair
        following = Window(window.end, window.end + time.granule)
        first = time.instant_params(window, self._zone)
        second = time.instant_params(following, self._zone)
        return first if count(first) + count(second) == total else pair

    def newer(
        self, stream: PlatformStream, account: Account, number: int
    ) -> Iterator[tuple[list[Record], int]]:
        """Yield the rows from a row version on, each page with the version to go on from.

        What changed within the look-back comes again next time: a version may become visible after a
        larger one.

        Raises:
            FatalError: More rows than a page holds have one version.
        """
        reads = t.cast("Incremental", stream.reads)
        versions, paging = t.cast("RowVersions", reads.versions), t.cast("PageNumber", reads.paging)
        lookback = self._options[stream.name].lookback
        back = reads.lookback if lookback is None else lookback
        at = reached = number
        held, first = False, True
        fixed = {**versions.params, paging.page: 1, paging.size: paging.limit}
        while True:
            asked = self._clock.now()
            body = self._ask(stream, account, {**fixed, versions.param: at})({})
            rows = records_at(body, stream.records)
            new = sorted(
                ((_version_of(row, versions, stream), row) for row in rows),
                key=lambda pair: pair[0],
            )
            if not first:
                new = [pair for pair in new if pair[0] > at]
            page = Page([row for _, row in new], body)
            records = self._finisher.finished(stream, account, page, None, {}, asked=asked)
            settled = format_time(asked - back)
            fresh = [r for r in records if (r.get(stream.updated or "") or "") > settled]
            if not held and new and not fresh:
                reached = new[-1][0]
            held = held or bool(fresh)
            yield records, reached
            if not new or new[-1][0] <= at:
                if len(rows) > 1 and len(rows) >= paging.limit:
                    msg = (
                        f"stream {stream.name}, account {account.id}: {len(rows)} rows and more have the "
                        f"row version {at}; read it by time instead"
                    )
                    raise FatalError(msg)
                return
            at, first = new[-1][0], False

    def _ask(self, stream: PlatformStream, account: Account, fixed: Mapping[str, t.Any]) -> Ask:
        def ask(paging: Mapping[str, t.Any]) -> t.Any:
            params = stream.arguments(account, {**fixed, **paging})
            with asking(stream.name):
                return self._client.call(account, stream.api, params)

        return ask

    def total(self, stream: PlatformStream, account: Account) -> int | None:
        """Return how many records the platform counts in a whole list, None if it does not tell."""
        reads = t.cast("Incremental | FullTable", stream.reads)
        ask = self._ask(stream, account, stream.params)
        return count_of(reads.paging, ask, stream.records)

    def parts(
        self,
        stream: PlatformStream,
        account: Account,
        window: Window | None,
        signal: TooManyRecords | ShrinkWindowError,
    ) -> list[Window]:
        """Return the smaller windows to read instead of one that is too large.

        Raises:
            FatalError: It cannot be made smaller.
        """
        where = f"stream {stream.name}, account {account.id}"
        time = time_of(stream)
        if window is None or time is None:
            msg = (
                f"{where}: the list is longer than the platform's paging can reach ({signal}), and it "
                "has no time filter to split it by"
            )
            raise FatalError(msg) from signal
        target = self._records_per_window(stream)
        total = signal.total if isinstance(signal, TooManyRecords) else target * 2
        try:
            return split(window, total, target, time.align or time.granule)
        except FatalError as exc:
            msg = f"{where}, window {window}: {exc}"
            raise FatalError(msg) from signal

    def _records_per_window(self, stream: PlatformStream) -> int:
        return stream.records_per_window(self._options[stream.name].window_records)

    def lists_per_window(self, stream: PlatformStream, account: Account) -> int:
        """Return how many lists a window consists of: one for each combination of values."""
        return math.prod(
            -(-len(values) // (each.batch or 1))
            for each, values in self.choices(stream, account).items()
        )

    def choices(self, stream: PlatformStream, account: Account) -> dict[Each, list[t.Any]]:
        """Return the values that a stream's list is asked for, by parameter."""
        each = t.cast("Incremental | FullTable", stream.reads).each
        return {one: stream.in_order(account, self._values(stream, account, one)) for one in each}

    def _values(self, stream: PlatformStream, account: Account, one: Each) -> list[t.Any]:
        name = one.chosen or ""
        chosen = account.settings.get(name) or stream.config.get(name) or one.values
        of = stream.config.get(one.setting or "") or one.of
        if not chosen and not of:
            msg = f"{stream.name}, account {account.id}: set {name}, or leave out the stream"
            raise FatalError(msg)
        if chosen and not one.both:
            return list(chosen)
        return list(dict.fromkeys((*chosen, *self.related(account, of, one.field))))

    def related(self, account: Account, of: str, path: str) -> list[t.Any]:
        """Return the distinct values at a path of another stream's records, read once per run."""
        return self._related.get(
            (account.id, of, path), lambda: self._distinct(account, of, path), ttl=math.inf
        )

    def _distinct(self, account: Account, of: str, path: str) -> list[t.Any]:
        values: dict[t.Any, None] = {}
        for records in self.whole_list(self._streams[of], account):
            for record in records:
                values.update((v, None) for v in records_at(record, path) if v is not None)
        if not values:
            self._logger.warning(
                "%s, account %s: there is no %s, so the streams that go through these read nothing",
                of, account.id, path,
            )  # fmt: skip
        return list(values)

    def whole_list(self, stream: PlatformStream, account: Account) -> Iterator[list[Record]]:
        """Yield all pages of a stream's list, window by window where it has a time filter."""
        time = time_of(stream)
        if time is None:
            yield from self.pages(stream, account, None)
            return
        step = time.align or time.granule
        planner = Planner(time.maximum, step, self._records_per_window(stream))
        now = floor(self._clock.now(), step, self._zone)
        ahead = deque(planner.plan(self._beginning(stream), now, align=step, zone=self._zone))
        while ahead:
            window = ahead.popleft()
            try:
                yield from self.pages(stream, account, window)
            except (TooManyRecords, ShrinkWindowError) as signal:
                ahead.extendleft(reversed(self.parts(stream, account, window, signal)))


def _version_of(row: t.Any, versions: RowVersions, stream: PlatformStream) -> int:
    try:
        return int(row[versions.number])
    except (KeyError, TypeError, ValueError) as exc:
        msg = f"{stream.name}: a record tells no {versions.number}; read the stream by time instead"
        raise FatalError(msg) from exc


def _unseen(stream: PlatformStream, records: list[Record], seen: set[int]) -> list[Record]:
    """Return the records that did not come before, and remember them."""
    found = zip(stream.identifiers(records), records, strict=True)
    new = {identifier: record for identifier, record in found if hash(identifier) not in seen}
    seen.update(map(hash, new))
    return list(new.values())


def count_of(paging: Paging, ask: Ask, records: str) -> int | None:
    """Return the total that the first page tells."""
    try:
        return next(paging.pages(ask, records, most=-1)).total
    except TooManyRecords as signal:
        return signal.total


def time_of(stream: PlatformStream) -> TimeFilter | None:
    """Return how a stream's list is filtered by time, if it is."""
    return getattr(stream.reads, "time", None)
