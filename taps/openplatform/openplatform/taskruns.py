"""Runs that are no sync: counting, reading ids and update times, fetching single records again.

What is found goes into the file that the task names; records and counts leave as Singer messages.
No STATE is written: a task moves no bookmark.
"""

from __future__ import annotations

import math
import threading
import typing as t
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from openplatform import personal
from openplatform.accounts import Account
from openplatform.bookmarks import Bookmark, format_time
from openplatform.counts import BUCKETS, Count, buckets, countable, schema_message
from openplatform.declarations import Details
from openplatform.errors import (
    ConfigurationError,
    FatalError,
    OpenPlatformError,
    RunFailedError,
    ShrinkWindowError,
    UnreachableError,
)
from openplatform.fanout import in_order
from openplatform.lists import time_of
from openplatform.paging import TooManyRecords
from openplatform.plans import source_of
from openplatform.records import Record
from openplatform.slices import Batch
from openplatform.streams import PlatformStream
from openplatform.summary import log_summary
from openplatform.tasks import Part, Task, Wanted
from openplatform.windows import TimeFilter, Window, floor, pieces, widened
from openplatform.writer import PageWriter

if t.TYPE_CHECKING:
    from openplatform.tap import PlatformTap

_IDS_AT_ONCE = 100
Line = dict[str, t.Any]


class TaskRun:
    """Does one task of a tap.

    Args:
        tap: The tap, with its configuration.
        task: The task.
    """

    def __init__(self, tap: PlatformTap, task: Task) -> None:
        self._tap = tap
        self._task = task
        self._writer = t.cast("PageWriter", tap.message_writer)
        self._lock = threading.Lock()
        self._results: t.BinaryIO | None = None
        self._problems: list[str] = []

    def run(self) -> None:
        """Do the task; what fails for one stream and account does not stop the others.

        Raises:
            ConfigurationError: The task names what does not exist.
            RunFailedError: Something failed; the results tell what.
        """
        tap, task = self._tap, self._task
        tap.settings.check(tap.platform_streams, tap.horizon.now)
        accounts = {account.id: account for account in tap.settings.accounts}
        work = [(self._stream(part), self._account(accounts, part), part) for part in task.parts]
        fetched = (stream for stream, _, part in work if part.do != "count")
        personal.check(fetched, raw=bool(tap.config.get("include_raw")))
        doing: dict[str, Callable[[PlatformStream, Account, Part], None]] = {
            "count": self._count,
            "ids": self._ids,
            "look": self._look,
            "fetch": self._fetch,
        }
        with Path(task.results).open("wb") as self._results:
            self._describe({stream.name: stream for stream, _, _ in work})
            if any(part.do == "count" for part in task.parts):
                self._writer.write(schema_message())
            self._write_schemas({s.name: s for s, _, part in work if part.do == "fetch"})
            try:
                for stream, account, part in work:
                    self._guarded(doing[part.do], stream, account, part)
            finally:
                self._tell({"kind": "end", "calls": tap.client.connection.budget.made})
                log_summary(tap.logger, tap.metrics, tap.client.connection.budget.waited)
        if self._problems:
            raise RunFailedError("; ".join(self._problems))

    def _stream(self, part: Part) -> PlatformStream:
        streams = self._tap.platform_streams
        if part.stream not in streams:
            msg = f"There is no stream {part.stream!r}. Known: {', '.join(streams)}."
            raise ConfigurationError(msg)
        return streams[part.stream]

    def _account(self, accounts: Mapping[str, Account], part: Part) -> Account:
        if part.account not in accounts:
            msg = f"There is no account {part.account!r} in the settings. Known: {', '.join(accounts)}."
            raise ConfigurationError(msg)
        return accounts[part.account]

    def _guarded(
        self,
        do: Callable[[PlatformStream, Account, Part], None],
        stream: PlatformStream,
        account: Account,
        part: Part,
    ) -> None:
        try:
            if part.do != "count":
                _compared_by_id(stream)
            do(stream, account, part)
        except (ConfigurationError, UnreachableError):
            raise
        except OpenPlatformError as exc:
            self._problems.append(f"{stream.name}, account {account.id}: {exc}")
            self._tell({**_who(stream, account), "kind": "problem", "reason": str(exc)})

    def _tell(self, line: Line) -> None:
        with self._lock:
            t.cast("t.BinaryIO", self._results).write(msgspec.json.encode(line) + b"\n")

    def _parallel(self, items: list[t.Any], do: Callable[[t.Any], t.Any]) -> Iterator[t.Any]:
        return in_order(items, do, concurrency=self._tap.concurrency)

    # -- what the streams are ---------------------------------------------------------------------

    def _describe(self, streams: Mapping[str, PlatformStream]) -> None:
        for stream in streams.values():
            source = source_of(stream, self._tap.platform_streams)
            line: Line = {
                "kind": "stream",
                "stream": stream.name,
                "source": source.name,
                "incremental": stream.incremental,
                "columns": _identifying(stream),
                "countable": countable(source),
                "fields": {name: field.path for name, field in source.count_fields.items()},
                "dated": stream.incremental and _dated(source, stream),
                "moves": stream.incremental and source.updated is not None,
                "looks": self._looker(stream) is not None,
                "page": getattr(getattr(source.reads, "paging", None), "limit", None),
                "details": isinstance(stream.reads, Details),
                "rates": self._rates(stream.api),
            }
            self._tell(line)

    def _rates(self, api: str) -> dict[str, float | None]:
        """Return the calls a second that the limits allow an account, and all of them together."""
        rates: dict[str, float | None] = {"account": None, "app": None}
        for limit in self._tap.limits:
            if limit.api in {None, "*", api}:
                rate = limit.calls / limit.seconds
                rates[limit.level] = min(rate, rates[limit.level] or rate)
        return rates

    def _stretches(self, source: PlatformStream, part: Part) -> list[Window]:
        """Return the part's windows, cut to what has settled and to what the platform answers for."""
        time = t.cast("TimeFilter", time_of(source))
        end, earliest = self._tap.horizon.end(time), self._tap.horizon.earliest(source)
        cut = [Window(max(w.start, earliest or w.start), min(w.end, end)) for w in part.stretches()]
        return [window for window in cut if window.start < window.end]

    # -- counting ---------------------------------------------------------------------------------

    def _count(self, stream: PlatformStream, account: Account, part: Part) -> None:
        tap = self._tap
        source = source_of(stream, tap.platform_streams)
        if not countable(source):
            return
        field = source.count_fields.get(part.field)
        if part.field and field is None:
            known = ", ".join(source.count_fields) or "none"
            msg = f"{stream.name} cannot be counted by {part.field!r}; known: {known}"
            raise ConfigurationError(msg)
        narrowed = [("", {})] if field is None else [(v, {field.param: v}) for v in field.values]
        work = [
            (window, value, more)
            for window in self._buckets(source, part)
            for value, more in narrowed
        ]

        def one(item: tuple[Window | None, str, dict[str, t.Any]]) -> Count:
            window, value, more = item
            number = tap.counter.count(source, account, window, more)
            now = tap.clock.now()
            return Count(stream.name, account.id, window, number, now, part.field, value)

        platform = tap.name.removeprefix("tap-").replace("-", "_")
        for count in self._parallel(work, one):
            record = count.record(platform)
            self._writer.write({"type": "RECORD", "stream": "_counts", "record": record})
            self._tell({**record, "kind": "count"})

    def _buckets(self, source: PlatformStream, part: Part) -> list[Window | None]:
        time = time_of(source)
        if time is None or part.windows is None or not source.incremental:
            return [None]
        zone, span = self._tap.zone_info, BUCKETS.get(part.bucket)
        return [
            bucket
            for window in self._stretches(source, part)
            for bucket in buckets(window.start, window.end, span, time, zone)
        ]

    # -- ids and update times ---------------------------------------------------------------------

    def _ids(self, stream: PlatformStream, account: Account, part: Part) -> None:
        source = source_of(stream, self._tap.platform_streams)
        reads = stream.reads
        details = reads if isinstance(reads, Details) else None
        dated = _dated(source)

        def one(window: Window | None) -> Window | None:
            for records in self._pages(source, account, window):
                for record in records:
                    for found in (
                        _ids_in(record, details) if details else [source.identifier(record)]
                    ):
                        at = record.get("_bookmark", "").partition("@")[0] if dated else None
                        line = {"kind": "id", "id": str(found), "at": at or None}
                        self._tell({**_who(stream, account), **line})
            return window

        windows: list[Window | None] = [None]
        if part.windows is not None and source.incremental:
            stretches = self._stretches(source, part)
            windows = [one for stretch in stretches for one in self._pieces(source, stretch)]
        for window in self._parallel(windows, one):
            self._tell({**_who(stream, account), "kind": "read", **_span(window)})

    def _pieces(self, source: PlatformStream, stretch: Window) -> Iterator[Window]:
        return pieces(stretch, t.cast("TimeFilter", time_of(source)), self._tap.zone_info)

    def _pages(
        self, source: PlatformStream, account: Account, window: Window | None
    ) -> Iterator[list[Record]]:
        """Yield the pages of a window, in parts where it holds too much; or of the whole list."""
        lists = self._tap.lists
        if window is None:
            yield from lists.whole_list(source, account)
            return
        time = t.cast("TimeFilter", time_of(source))
        # Asked for in whole steps of the filter; what lies outside is left out again.
        ahead = deque([widened(window, time.align or time.granule, self._tap.zone_info)])
        while ahead:
            current = ahead.popleft()
            try:
                for page in lists.pages(source, account, current):
                    exact = _dated(source)
                    yield [r for r in page if _within(r, window)] if exact else page
            except (TooManyRecords, ShrinkWindowError) as signal:
                ahead.extendleft(reversed(lists.parts(source, account, current, signal)))

    # -- single records ---------------------------------------------------------------------------

    def _looker(self, stream: PlatformStream) -> PlatformStream | None:
        """Return a stream that tells by an id of ours whether, and mostly when, a record changed."""
        if stream.fetchable:
            return stream
        for other in self._tap.platform_streams.values():
            reads = other.reads
            if isinstance(reads, Details) and (reads.of, reads.field) == (stream.name, *stream.key):
                return other
        return None

    def _look(self, stream: PlatformStream, account: Account, part: Part) -> None:
        looker = self._looker(stream)
        if looker is None:
            msg = f"{stream.name}: single records cannot be asked for by their id"
            raise ConfigurationError(msg)
        self._by_id(looker, stream, account, part)

    def _by_id(
        self,
        looker: PlatformStream,
        stream: PlatformStream,
        account: Account,
        part: Part,
    ) -> None:
        """Ask for records by id; when fetching, write them."""
        for start in range(0, len(part.ids), _IDS_AT_ONCE):
            batch = self._batch(looker, account, part.ids[start : start + _IDS_AT_ONCE])
            for record in batch.records:
                at = record.get("_bookmark", "").partition("@")[0] if looker.updated else None
                line = {"kind": "found", "id": _asked_by(looker, record), "at": at}
                self._tell({**_who(stream, account), **line})
            if part.do == "fetch":
                self._write(looker, batch.records)
            for identifier in batch.gone:
                self._tell({**_who(stream, account), "kind": "gone", "id": identifier})
            if batch.error is not None:
                raise batch.error
            for identifier, _, reason in batch.failed:
                self._problems.append(reason)
                line = {"kind": "problem", "id": identifier, "reason": reason}
                self._tell({**_who(stream, account), **line})

    def _batch(self, stream: PlatformStream, account: Account, wanted: Sequence[Wanted]) -> Batch:
        if isinstance(stream.reads, Details):
            ids = [(one.id, f"{one.at}@" if one.at else None) for one in wanted]
            return self._tap.details.fetch(stream, account, ids)
        return self._tap.singles.fetch(stream, account, [one.id for one in wanted])

    def _fetch(self, stream: PlatformStream, account: Account, part: Part) -> None:
        """Fetch records in the way that takes the fewest calls: by id, or windows that hold them."""
        instants = self._instants(stream, part)
        by_id = math.ceil(len(part.ids) / ((stream.by_id and stream.by_id.batch) or 1))
        by_windows = min(part.pages or math.inf, len(instants) or math.inf)
        if isinstance(stream.reads, Details) or (stream.fetchable and by_id <= by_windows):
            self._by_id(stream, stream, account, part)
            return
        windows: list[Window | None] = [None]
        if time_of(stream) is not None and stream.incremental:
            fewer = not instants or bool(part.pages and part.pages < len(instants))
            stretches = part.stretches() if fewer else instants
            windows = [one for stretch in stretches for one in self._pieces(stream, stretch)]
        wanted = {one.id for one in part.ids}
        found: set[str] = set()
        for window in windows:
            for page in self._pages(stream, account, window):
                records = [record for record in page if stream.identifier(record) in wanted]
                self._write(stream, records)
                found.update(map(stream.identifier, records))
            if wanted == found:
                break
        for identifier in sorted(wanted):
            line = {"kind": "found", "at": None} if identifier in found else {"kind": "gone"}
            self._tell({**_who(stream, account), **line, "id": identifier})

    def _instants(self, stream: PlatformStream, part: Part) -> list[Window]:
        """Return the granules of the records' times; none where one is not known."""
        time = time_of(stream)
        if time is None or not all(one.at for one in part.ids):
            return []
        step, zone = time.align or time.granule, self._tap.zone_info
        moments = {floor(Bookmark.parse(one.at).time, step, zone) for one in part.ids}
        return [Window(at, at + step) for at in sorted(moments)]

    def _write_schemas(self, streams: Mapping[str, PlatformStream]) -> None:
        for stream in streams.values():
            if not stream.incremental:
                stream._stream_version = int(self._tap.horizon.now.timestamp() * 1000)  # noqa: SLF001
            stream._write_schema_message()  # noqa: SLF001 - the SDK's own way out

    def _write(self, stream: PlatformStream, records: t.Iterable[Record]) -> None:
        for record in stream.leaving(list(records)):
            stream._write_record_message(record)  # noqa: SLF001 - maps, masks: the SDK's own way
            self._tap.metrics.streams[stream.name, record["_account"]].records += 1


def _who(stream: PlatformStream, account: Account) -> Line:
    return {"stream": stream.name, "account": account.id}


def _span(window: Window | None) -> Line:
    if window is None:
        return {"start": None, "end": None}
    return {"start": format_time(window.start), "end": format_time(window.end)}


def _compared_by_id(stream: PlatformStream) -> None:
    """Refuse records whose ids the platform would not know again.

    Raises:
        FatalError: The warehouse has hashes of them.
    """
    if stream.hides_ids:
        msg = (
            f"the ids of {stream.name} leave as hashes (personal_data), so its records cannot be "
            "compared or asked for by id; read their time again with `syncops backfill`"
        )
        raise FatalError(msg)


def _dated(*streams: PlatformStream) -> bool:
    """Tell whether one of these streams tells the time that windows go by."""
    return any(stream.updated or stream.happened for stream in streams)


def _within(record: Record, window: Window) -> bool:
    """Tell whether a record belongs to a window, and not to the instant of an inclusive end."""
    return window.start <= Bookmark.parse(record["_bookmark"]).time < window.end


def _asked_by(stream: PlatformStream, record: Record) -> str:
    """Return the id that a record was asked for by."""
    if isinstance(stream.reads, Details):
        return stream.reads.identifier(stream.key, record)
    return stream.identifier(record)


def _ids_in(record: Record, details: Details) -> list[str]:
    """Return the ids of the details that a record of the list names."""
    if details.batch is not None:
        return details.collected([record])
    return [] if (found := record.get(details.field)) is None else [str(found)]


def _identifying(stream: PlatformStream) -> list[str] | None:
    """Return the columns that hold an id as it is asked for; None where `_bookmark` ends with it."""
    reads = stream.reads
    if isinstance(reads, Details):
        alone = stream.incremental and len(stream.key) == 1 and reads.carry in {None, stream.key[0]}
        return None if alone else [reads.carry or stream.key[0]]
    return None if stream.incremental else list(stream.key)
