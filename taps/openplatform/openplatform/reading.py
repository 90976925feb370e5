"""Reading lists: the pages of one slice, shaped, checked for completeness, with their details.

A slice is (account, window). Everything here runs in worker threads and touches no state: what it
finds is yielded as batches, and the run decides in the main thread.
"""

from __future__ import annotations

import logging
import math
import typing as t
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from openplatform.accounts import Account
from openplatform.batches import Values, batch_size, combinations, halves
from openplatform.bookmarks import Bookmark
from openplatform.cache import Cache
from openplatform.clock import Clock
from openplatform.errors import (
    FatalError,
    OpenPlatformError,
    ShrinkBatchError,
    ShrinkWindowError,
    SkipError,
    TransientError,
)
from openplatform.fanout import Split
from openplatform.http import PlatformClient
from openplatform.metrics import Metrics
from openplatform.paging import Ask, Page, Paging, TooManyRecords
from openplatform.paths import records_at
from openplatform.records import Shaper
from openplatform.settings import StreamOptions
from openplatform.streams import RAW, Details, Each, FullTable, Incremental, PlatformStream
from openplatform.windows import Planner, TimeFilter, Window, floor, split

_PASSES = 3
Record = dict[str, t.Any]


@dataclass(frozen=True)
class Slice:
    """The unit that runs in parallel.

    Attributes:
        account: The account.
        window: The window; None for lists without one.
        owed: Ids to fetch again instead of a list: of failures and of open records.
        planner: Told how many records the window held.
        streams: Streams whose records are wanted from this slice.
    """

    account: Account
    window: Window | None
    streams: tuple[PlatformStream, ...]
    owed: tuple[tuple[PlatformStream, str, str | None], ...] = ()
    planner: Planner | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some records of one stream, in the order in which they leave.

    Attributes:
        stream: The stream.
        records: Finished records.
        failed: Details that could not be fetched: id, list record's bookmark, reason.
        gone: Ids that the platform no longer knows.
        error: The whole stream is failing for this account.
    """

    stream: PlatformStream
    records: Sequence[Record]
    failed: Sequence[tuple[str, str | None, str]] = ()
    gone: Sequence[str] = ()
    error: OpenPlatformError | None = None


class Reader:
    """Reads slices of one tap's streams.

    Args:
        streams: All streams of the tap, by name.
        client: The platform.
        zone: The platform's time zone.
        clock: The time.
        metrics: Where counts go.
        concurrency: Details fetched at the same time.
        include_raw: Add `_raw`.
        options: The settings of each stream, by name.
        beginning: Tells where the history of a stream begins.
    """

    def __init__(
        self,
        streams: Mapping[str, PlatformStream],
        client: PlatformClient,
        *,
        zone: tzinfo,
        clock: Clock,
        metrics: Metrics,
        concurrency: int,
        include_raw: bool,
        options: Mapping[str, StreamOptions],
        beginning: Callable[[PlatformStream], datetime],
    ) -> None:
        self._streams = streams
        self._client = client
        self._zone = zone
        self._clock = clock
        self._metrics = metrics
        self._include_raw = include_raw
        self._options = options
        self._logger = logging.getLogger(__name__)
        self._shapers: dict[tuple[str, str], Shaper] = {}
        self._cache: Cache[t.Any] = Cache(clock)
        self._related: Cache[list[t.Any]] = Cache(clock)
        self._beginning = beginning
        self._batches: dict[tuple[str, str], int] = {}
        self._details_pool = (
            ThreadPoolExecutor(concurrency, "details-worker") if concurrency > 1 else None
        )

    # -- slices -----------------------------------------------------------------------------------

    def read(self, part: Slice, source: PlatformStream) -> Iterator[Batch]:
        """Yield what a slice brings.

        Args:
            part: The slice.
            source: The stream whose list is read.

        Raises:
            Split: The window is too large; read these parts instead.
            OpenPlatformError: The list cannot be read: the slice fails as a whole.
        """
        if part.owed:
            yield from self._read_owed(part)
            return
        details = [s for s in part.streams if s is not source]
        failing: set[str] = set()
        count = 0
        try:
            for records in self.list_pages(source, part.account, part.window):
                count += len(records)
                if source in part.streams:
                    yield Batch(source, records)
                for stream in details:
                    if stream.name not in failing:
                        batch = self._details(stream, part.account, records)
                        if batch.error is not None:
                            failing.add(stream.name)
                        yield batch
        except (TooManyRecords, ShrinkWindowError) as signal:
            raise self._split(part, source, signal) from signal
        if part.planner is not None and part.window is not None:
            # What a call brings decides, not the sum over all the values that are asked for.
            lists = math.prod(
                -(-len(values) // (each.batch or 1))
                for each, values in self._choices(source, part.account).items()
            )
            part.planner.learn(part.window, count // max(1, lists))

    def _split(
        self, part: Slice, source: PlatformStream, signal: TooManyRecords | ShrinkWindowError
    ) -> Split[Slice]:
        time = _time_of(source)
        if part.window is None or time is None:
            msg = (
                f"stream {source.name}, account {part.account.id}: the list is longer than the "
                f"platform's paging can reach ({signal}), and it has no time filter to split it by"
            )
            raise FatalError(msg) from signal
        target = self._options[source.name].window_records
        total = signal.total if isinstance(signal, TooManyRecords) else target * 2
        if part.planner is not None:
            part.planner.learn(part.window, total)
        step = time.align or time.granule
        try:
            windows = split(part.window, total, target, step)
        except FatalError as exc:
            msg = f"stream {source.name}, account {part.account.id}, window {part.window}: {exc}"
            raise FatalError(msg) from signal
        return Split([replace(part, window=window) for window in windows])

    # -- lists ------------------------------------------------------------------------------------

    def list_pages(
        self, stream: PlatformStream, account: Account, window: Window | None
    ) -> Iterator[list[Record]]:
        """Yield the pages of a stream's list, shaped, until the list is known to be complete.

        Raises:
            TooManyRecords: The window holds more than it shall, or than paging can reach.
        """
        seen: set[int] | None = set() if getattr(stream.reads, "distinct", False) else None
        for values in combinations(self._choices(stream, account), self._most(stream, account)):
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
                if not values:
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
        time = _time_of(stream)
        if time is not None and time.carry:
            carried[time.carry] = time_params[time.start]
        ask = self._ask(stream, account, {**fixed, **time_params})
        seen: set[int] = set()
        before = -1
        for attempt in range(_PASSES):
            grew, rows, keyless, last_total = False, 0, 0, None
            pages = reads.paging.pages(ask, stream.records, most=most if attempt == 0 else None)
            for page in self._confirmed(pages, reads, ask, stream, most):
                grew = grew or (last_total is not None and (page.total or 0) > last_total)
                last_total = page.total
                rows += len(page.records)
                records = self.finished(stream, account, page, window, carried)
                keyless += len(page.records) - len(records)
                if page.total is not None:
                    seen.update(hash(stream.identifier(record)) for record in records)
                yield records
            # A row that came twice may have hidden another one, whose absence would mean "deleted".
            distinct = len(seen) + keyless
            came = distinct if isinstance(reads, FullTable) else max(distinct, rows)
            if last_total is None or (not grew and came >= last_total):
                return
            if isinstance(reads, Incremental) and not grew and len(seen) == before:
                # Read again, nothing new came: the platform's total is not exact.
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
        time = _time_of(stream)
        if window is None or time is None:
            return {}, reach
        params = time.params(window, self._zone)
        if window.span > (time.align or time.granule):
            target = self._options[stream.name].window_records
            return params, target if reach is None else min(reach, target)
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
        time = t.cast("TimeFilter", _time_of(stream))
        pair = time.params(window, self._zone)

        def count(params: Mapping[str, t.Any]) -> int:
            ask = self._ask(stream, account, {**fixed, **params})
            return _count(reads.paging, ask, stream.records) or 0

        reach = reads.paging.reach or 0
        total = count(pair)
        if total <= reach:
            return pair
        following = Window(window.end, window.end + time.granule)
        first = time.instant_params(window, self._zone)
        second = time.instant_params(following, self._zone)
        return first if count(first) + count(second) == total else pair

    def _ask(self, stream: PlatformStream, account: Account, fixed: Mapping[str, t.Any]) -> Ask:
        def ask(paging: Mapping[str, t.Any]) -> t.Any:
            params = stream.arguments(account, {**fixed, **paging})
            return self._client.call(account, stream.api, params)

        return ask

    def total(self, stream: PlatformStream, account: Account) -> int | None:
        """Return how many records the platform counts in a whole list, None if it does not tell."""
        reads = t.cast("Incremental | FullTable", stream.reads)
        ask = self._ask(stream, account, stream.params)
        return _count(reads.paging, ask, stream.records)

    # -- records ----------------------------------------------------------------------------------

    def finished(
        self,
        stream: PlatformStream,
        account: Account,
        page: Page,
        window: Window | None,
        carried: Mapping[str, t.Any],
        *,
        fallback: datetime | None = None,
    ) -> list[Record]:
        """Return a page's records as the schema says, with the library's own fields."""
        shaper = self._shaper(stream, account)
        read_at = self._clock.now()
        fallback = fallback or (window.start if window else None)
        records = []
        for raw in page.records:
            flat = {**stream.flatten(raw), **carried} if carried else stream.flatten(raw)
            record = shaper.shape(flat)
            if any(record.get(name) is None for name in stream.key):
                self._keyless(stream, account, record)
                continue
            if self._include_raw:
                record[RAW] = raw if isinstance(raw, dict) else {"value": raw}
            stream.finish(record, account=account, fallback=fallback, read_at=read_at)
            records.append(record)
        return records

    def _keyless(self, stream: PlatformStream, account: Account, record: Record) -> None:
        missing = ", ".join(name for name in stream.key if record.get(name) is None)
        self._metrics.streams[stream.name, account.id].keyless += 1
        self._logger.warning(
            "%s, account %s: a record came without its key (%s missing) and was left out; "
            "it holds the fields %s",
            stream.name, account.id, missing, ", ".join(sorted(record)[:20]),
        )  # fmt: skip

    def _shaper(self, stream: PlatformStream, account: Account) -> Shaper:
        shaper = self._shapers.get((stream.name, account.id))
        if shaper is None:
            counts = self._metrics.streams[stream.name, account.id]
            shaper = self._shapers[stream.name, account.id] = Shaper(
                stream.source_schema,
                zone=self._zone,
                nulls=stream.nulls,
                on_unknown=lambda path: counts.unknown_fields.update((path,)),
                on_misfit=lambda path: counts.misfits.update((path,)),
            )
        return shaper

    # -- details ----------------------------------------------------------------------------------

    def _details(
        self, stream: PlatformStream, account: Account, parents: Sequence[Record]
    ) -> Batch:
        reads = t.cast("Details", stream.reads)
        wanted: dict[str, str | None] = {}
        for parent in parents:
            if (value := parent.get(reads.field)) is not None:
                wanted[str(value)] = parent.get("_bookmark")
        return self._fetch_all(stream, account, list(wanted.items()))

    def _fetch_all(
        self, stream: PlatformStream, account: Account, wanted: list[tuple[str, str | None]]
    ) -> Batch:
        def fetch(item: tuple[str, str | None]) -> list[Record] | OpenPlatformError:
            try:
                return self.detail(stream, account, *item)
            except OpenPlatformError as exc:
                return exc

        pool = self._details_pool
        results = pool.map(fetch, wanted) if pool else map(fetch, wanted)
        records: list[Record] = []
        failed: list[tuple[str, str | None, str]] = []
        gone: list[str] = []
        for (identifier, bookmark), result in zip(wanted, results, strict=True):
            if isinstance(result, list):
                records.extend(result)
            elif isinstance(result, SkipError):
                gone.append(identifier)
            elif isinstance(result, (FatalError, TransientError)):
                failed.append((identifier, bookmark, str(result)))
            else:
                return Batch(stream, records, failed, gone, error=result)
        return Batch(stream, records, failed, gone)

    def detail(
        self, stream: PlatformStream, account: Account, identifier: str, bookmark: str | None
    ) -> list[Record]:
        """Fetch the record (or records) of one id."""
        reads = t.cast("Details", stream.reads)
        params = stream.arguments(account, {**stream.params, reads.param: identifier})

        def call() -> t.Any:
            return self._client.call(account, stream.api, params)

        if reads.cache is None:
            body = call()
        else:
            key = (account.id, stream.api, identifier)
            body = self._cache.get(key, call, ttl=reads.cache.total_seconds())
        page = Page(records_at(body, stream.records), body)
        carried = {reads.carry: identifier} if reads.carry else {}
        fallback = Bookmark.parse(bookmark).time if bookmark else None
        return self.finished(stream, account, page, None, carried, fallback=fallback)

    def _read_owed(self, part: Slice) -> Iterator[Batch]:
        by_stream: dict[str, list[tuple[str, str | None]]] = {}
        for stream, identifier, bookmark in part.owed:
            by_stream.setdefault(stream.name, []).append((identifier, bookmark))
        for name, wanted in by_stream.items():
            yield self._fetch_all(self._streams[name], part.account, wanted)

    # -- values of other streams ------------------------------------------------------------------

    def _choices(self, stream: PlatformStream, account: Account) -> dict[Each, list[t.Any]]:
        """Return the values that a stream's list is asked for, by parameter."""
        each = t.cast("Incremental | FullTable", stream.reads).each
        return {
            one: list(one.values)
            or self.related(account, stream.config.get(one.setting or "") or one.of, one.field)
            for one in each
        }

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
        time = _time_of(stream)
        if time is None:
            yield from self.list_pages(stream, account, None)
            return
        step = time.align or time.granule
        planner = Planner(time.maximum, step, self._options[stream.name].window_records)
        now = floor(self._clock.now(), step, self._zone)
        ahead = deque(planner.plan(self._beginning(stream), now, align=step, zone=self._zone))
        while ahead:
            window = ahead.popleft()
            try:
                yield from self.list_pages(stream, account, window)
            except (TooManyRecords, ShrinkWindowError) as signal:
                whole = Slice(account, window, (stream,))
                ahead.extendleft(
                    part.window
                    for part in reversed(self._split(whole, stream, signal).parts)
                    if part.window
                )


def _unseen(stream: PlatformStream, records: list[Record], seen: set[int]) -> list[Record]:
    """Return the records that did not come before, and remember them."""
    new = {stream.identifier(r): r for r in records if hash(stream.identifier(r)) not in seen}
    seen.update(map(hash, new))
    return list(new.values())


def _count(paging: Paging, ask: Ask, records: str) -> int | None:
    """Return the total that the first page tells."""
    try:
        return next(paging.pages(ask, records, most=-1)).total
    except TooManyRecords as signal:
        return signal.total


def _time_of(stream: PlatformStream) -> TimeFilter | None:
    return getattr(stream.reads, "time", None)
