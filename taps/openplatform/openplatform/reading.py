"""Reading slices: the pages of a list together with their details.

Everything here runs in worker threads and touches no state: what it finds is yielded as batches,
and the run decides in the main thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from openplatform.details import DetailReader
from openplatform.errors import ShrinkWindowError
from openplatform.fanout import Split
from openplatform.lists import ListReader
from openplatform.paging import TooManyRecords
from openplatform.slices import Batch, Slice
from openplatform.streams import PlatformStream


class SliceReader:
    """Reads slices of one tap's streams.

    Args:
        streams: All streams of the tap, by name.
        lists: Reads the lists.
        details: Fetches the details.
    """

    def __init__(
        self, streams: Mapping[str, PlatformStream], lists: ListReader, details: DetailReader
    ) -> None:
        self._streams = streams
        self._lists = lists
        self._details = details

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
            for records in self._lists.pages(source, part.account, part.window):
                count += len(records)
                if source in part.streams:
                    yield Batch(source, records)
                for stream in details:
                    if stream.name not in failing:
                        batch = self._details.of_parents(stream, part.account, records)
                        if batch.error is not None:
                            failing.add(stream.name)
                        yield batch
        except (TooManyRecords, ShrinkWindowError) as signal:
            raise self._split(part, source, signal) from signal
        if part.planner is not None and part.window is not None:
            # What a call brings decides, not the sum over all the values that are asked for.
            lists = max(1, self._lists.lists_per_window(source, part.account))
            part.planner.learn(part.window, count // lists)

    def _split(
        self, part: Slice, source: PlatformStream, signal: TooManyRecords | ShrinkWindowError
    ) -> Split[Slice]:
        windows = self._lists.parts(source, part.account, part.window, signal)
        if part.planner is not None and part.window and isinstance(signal, TooManyRecords):
            part.planner.learn(part.window, signal.total)
        return Split([replace(part, window=window) for window in windows])

    def _read_owed(self, part: Slice) -> Iterator[Batch]:
        by_stream: dict[str, list[tuple[str, str | None]]] = {}
        for stream, identifier, bookmark in part.owed:
            by_stream.setdefault(stream.name, []).append((identifier, bookmark))
        for name, wanted in by_stream.items():
            yield self._details.fetch(self._streams[name], part.account, wanted)
