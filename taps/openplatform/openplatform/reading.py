"""Reading slices: the pages of a list together with their details.

Everything here runs in worker threads and touches no state: what it finds is yielded as batches,
and the run decides in the main thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import compress

from openplatform.clock import Clock
from openplatform.declarations import Details, FullTable
from openplatform.details import DetailReader
from openplatform.errors import ShrinkWindowError
from openplatform.fanout import Split
from openplatform.lists import ListReader
from openplatform.paging import TooManyRecords
from openplatform.records import Record
from openplatform.singles import SingleReader
from openplatform.slices import Batch, Slice, Wanted
from openplatform.streams import PlatformStream
from openplatform.writer import leaves_as_it_is, record_lines


class SliceReader:
    """Reads slices of one tap's streams.

    Args:
        streams: All streams of the tap, by name.
        lists: Reads the lists.
        details: Fetches the details.
        singles: Fetches single records of lists.
        clock: The time.
        version: The version under which full tables are read.
    """

    def __init__(
        self,
        streams: Mapping[str, PlatformStream],
        lists: ListReader,
        details: DetailReader,
        singles: SingleReader,
        *,
        clock: Clock,
        version: int,
    ) -> None:
        self._clock = clock
        self._version = version
        self._streams = streams
        self._lists = lists
        self._details = details
        self._singles = singles

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
            for records, reached in self._pages(part, source):
                count += len(records)
                if source in part.streams:
                    yield self._packed(Batch(source, records), part)
                for stream in details:
                    if stream.name not in failing:
                        batch = self._details.of_parents(stream, part.account, records)
                        if batch.error is not None:
                            failing.add(stream.name)
                        yield self._packed(batch, part)
                if reached is not None:
                    yield Batch(source, (), row_version=reached)
        except (TooManyRecords, ShrinkWindowError) as signal:
            raise self._split(part, source, signal) from signal
        if part.planner is not None and part.window is not None:
            # What a call brings decides, not the sum over all the values that are asked for.
            lists = max(1, self._lists.lists_per_window(source, part.account))
            part.planner.learn(part.window, count // lists)

    def _pages(
        self, part: Slice, source: PlatformStream
    ) -> Iterator[tuple[list[Record], int | None]]:
        """Yield the pages of a list, each with the row version that it reaches, if it has any."""
        if part.row_version is not None:
            yield from self._lists.newer(source, part.account, part.row_version)
            return
        for records in self._lists.pages(source, part.account, part.window):
            yield records, None

    def _split(
        self, part: Slice, source: PlatformStream, signal: TooManyRecords | ShrinkWindowError
    ) -> Split[Slice]:
        windows = self._lists.parts(source, part.account, part.window, signal)
        if part.planner is not None and part.window and isinstance(signal, TooManyRecords):
            part.planner.learn(part.window, signal.total)
        return Split([replace(part, window=window) for window in windows])

    def _read_owed(self, part: Slice) -> Iterator[Batch]:
        by_stream: dict[str, list[Wanted]] = {}
        for one in part.owed:
            by_stream.setdefault(one.stream.name, []).append(one)
        listed: dict[str, str] = {}
        for name, wanted in by_stream.items():
            stream = self._streams[name]
            if isinstance(stream.reads, Details):
                pairs = [(one.id, one.bookmark or listed.get(one.id)) for one in wanted]
                batch = self._details.fetch(stream, part.account, pairs)
            else:
                batch = self._singles.fetch(stream, part.account, [one.id for one in wanted])
                if stream.incremental:  # its details belong at the same place in time
                    listed = {stream.identifier(r): r["_bookmark"] for r in batch.records}
            awaited = frozenset(one.id for one in wanted if one.awaited)
            yield self._packed(_not_yet(batch, awaited), part)

    def _packed(self, batch: Batch, part: Slice) -> Batch:
        """Encode the records here, so that what waits for delivery is small, and the run has less to do."""
        stream, records = batch.stream, batch.records
        left = stream.leaving(records)
        if (mark := part.after.get(stream.name)) is not None:
            beyond = [stream.position(record) > mark for record in left]
            records, left = list(compress(records, beyond)), list(compress(left, beyond))
        ids: list[str] = []
        open_ids: list[str] = []
        if isinstance(stream.reads, Details):
            ids = [stream.reads.identifier(stream.key, record) for record in batch.records]
            open_ids = [
                identifier
                for identifier, record in zip(ids, batch.records, strict=True)
                if stream.reads.open(record)
            ]
        elif part.owed:
            ids = list(batch.ids)
        elif isinstance(stream.reads, FullTable):
            ids = stream.identifiers(records)
        elif waiting := part.waiting.get(stream.name):
            ids = [known for r in records if (known := stream.identifier(r)) in waiting]
        count, lines = len(left), b""
        if leaves_as_it_is(stream):
            version = None if stream.incremental else part.version or self._version
            now = self._clock.now()
            lines = record_lines(stream.name, left, version=version, extracted=now)
            left = ()
        return replace(batch, records=left, lines=lines, count=count, ids=ids, open_ids=open_ids)


def _not_yet(batch: Batch, awaited: frozenset[str]) -> Batch:
    """Turn what was not found, but must exist, into failures."""
    if not awaited:
        return batch
    missing = [identifier for identifier in batch.gone if identifier in awaited]
    reason = "not found, although an event told of it: not there yet, not ours to see, or deleted"
    return replace(
        batch,
        gone=[identifier for identifier in batch.gone if identifier not in awaited],
        failed=[*batch.failed, *((identifier, None, reason) for identifier in missing)],
        awaited=awaited,
    )
