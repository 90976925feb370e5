"""What a run will read: groups of streams that share a list, and the slices of each."""

from __future__ import annotations

import logging
import typing as t
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from openplatform.accounts import Account
from openplatform.bookmarks import Bookmark, format_time
from openplatform.declarations import Details, FullTable, Incremental
from openplatform.errors import ConfigurationError
from openplatform.partitions import Partition
from openplatform.settings import Settings
from openplatform.slices import Slice, Wanted
from openplatform.streams import PlatformStream
from openplatform.windows import Planner, TimeFilter, floor

# Clocks differ a little; stay this far inside what the platform still answers.
_RETENTION_MARGIN = timedelta(minutes=10)
_DEFAULT_HISTORY = timedelta(days=365)

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Group:
    """A list stream and the detail streams that hang on its records.

    Attributes:
        source: The stream whose list is read.
        members: The selected ones among source and details.
    """

    source: PlatformStream
    members: tuple[PlatformStream, ...]

    @property
    def incremental(self) -> bool:
        """Whether a bookmark follows the list."""
        return isinstance(self.source.reads, Incremental)

    @property
    def details(self) -> tuple[PlatformStream, ...]:
        """The members that are fetched by id."""
        return tuple(m for m in self.members if m is not self.source)


def source_of(stream: PlatformStream, streams: Mapping[str, PlatformStream]) -> PlatformStream:
    """Return the stream whose list brings the ids of a detail stream, or the stream itself."""
    return streams[stream.reads.of] if isinstance(stream.reads, Details) else stream


def make_groups(streams: Mapping[str, PlatformStream], selected: Iterable[str]) -> list[Group]:
    """Return the groups of the selected streams, in the order of the tap's streams."""
    chosen = set(selected)
    groups = []
    for source in streams.values():
        if isinstance(source.reads, Details):
            continue
        family = [s for s in streams.values() if source_of(s, streams) is source]
        members = tuple(s for s in family if s.name in chosen)
        if members:
            groups.append(Group(source, members))
    return groups


@dataclass(frozen=True)
class Horizon:
    """The times between which a run may read.

    Attributes:
        settings: The tap's settings.
        now: When the run began (UTC).
        zone: The platform's time zone.
    """

    settings: Settings
    now: datetime
    zone: tzinfo

    def beginning(self, stream: PlatformStream) -> datetime:
        """Return where the history of a stream begins for us; of a full table, all there is."""
        if isinstance(stream.reads, FullTable) and stream.reads.time is not None:
            return self.now - stream.reads.time.maximum
        start = self.settings.options(stream.name).start
        earliest = self.earliest(stream)
        history: timedelta = getattr(stream.reads, "history", _DEFAULT_HISTORY)
        default = earliest or self.now - history
        return max(start.time, earliest or start.time) if start else default

    def earliest(self, stream: PlatformStream) -> datetime | None:
        """Return the earliest moment that the platform still answers for."""
        time: TimeFilter | None = getattr(stream.reads, "time", None)
        if time is None or time.retention is None:
            return None
        # To the millisecond, like the bookmarks that it is compared with.
        return Bookmark(self.now - time.retention + _RETENTION_MARGIN).time

    def end(self, time: TimeFilter) -> datetime:
        """Return where reading ends: behind now by `settle` or more, on a border of the filter."""
        settled = self.now - max(self.settings.settle, time.behind)
        end = min(settled, self.settings.end or settled)
        step = time.granule if time.unfinished else time.align or time.granule
        return floor(end, step, self.zone)

    def floor_of(self, group: Group, stream: PlatformStream, partition: Partition) -> Bookmark:
        """Return from where a member of an incremental group is read, lookback included."""
        reads = t.cast("Incremental", group.source.reads)
        bookmark = partition.bookmark
        options = self.settings.options(stream.name)
        if bookmark is None:
            found = options.start or Bookmark(self.beginning(group.source))
        else:
            lookback = options.lookback if options.lookback is not None else reads.lookback
            found = Bookmark(bookmark.time - lookback) if lookback else bookmark
            # A look back past the beginning would read what the user did not ask for.
            start = options.start
            if start is not None and found < start <= bookmark:
                found = start
        earliest = self.earliest(group.source)
        if earliest is not None and found.time < earliest:
            self._warn_of_gap(stream, partition, found, earliest)
            found = Bookmark(earliest)
        return found

    def _warn_of_gap(
        self, stream: PlatformStream, partition: Partition, wanted: Bookmark, earliest: datetime
    ) -> None:
        missing = partition.bookmark is None or partition.bookmark.time < earliest
        if missing:
            _logger.warning(
                "%s, account %s: the platform answers only back to %s; what changed between %s and "
                "then cannot be read through this API any more",
                stream.name, partition.account, format_time(earliest), format_time(wanted.time),
            )  # fmt: skip


class AccountPlan:
    """The slices of one account of a group.

    Attributes:
        account: The account.
        floors: From where each member is read.
        start: Where the account's reading begins; None when there is nothing to read.
        end: Where it ends.
    """

    def __init__(
        self,
        group: Group,
        account: Account,
        partitions: Mapping[str, Partition],
        horizon: Horizon,
    ) -> None:
        self.group = group
        self.account = account
        self._horizon = horizon
        time = t.cast("TimeFilter", getattr(group.source.reads, "time", None))
        self._time = time
        self.floors = {
            member.name: horizon.floor_of(group, member, partitions[member.name])
            for member in group.members
        }
        self.end = horizon.end(time)
        step = time.align or time.granule
        self.start = min(floor(mark.time, step, horizon.zone) for mark in self.floors.values())
        self.owed = tuple(owed_now(group, partitions, horizon.now))
        self.waiting = _waiting(group, partitions)
        self.after = {name: mark for name, mark in self.floors.items() if mark.id}
        self._partition = partitions.get(group.source.name)

    def slices(self) -> Iterator[Slice]:
        """Yield what is owed, then the windows in order of time, or what has newer row versions."""
        if self.owed:
            yield Slice(self.account, None, streams_of(self.owed), owed=self.owed)
        # The windows of details follow bookmarks of their own.
        alone = self.group.members == (self.group.source,)
        if alone and self.group.source.by_version and self._partition is not None:
            yield from self._versions(self._partition)
        else:
            yield from self._windows(self.start, self.end)

    def _versions(self, partition: Partition) -> Iterator[Slice]:
        """Yield the rows from the version that was read last on.

        A bookmark that was set back says nothing about versions: that stretch is read by time.
        """
        versions = t.cast("Incremental", self.group.source.reads).versions
        first = versions.first if versions else 0
        since, bookmark = partition.versions_since, partition.bookmark
        if since and bookmark and bookmark < since:
            yield from self._windows(bookmark.time, since.time)
        yield Slice(
            self.account,
            None,
            self.group.members,
            # The first reading brings all rows that there are, however old.
            after={} if since else self.floors,
            waiting=self.waiting,
            row_version=first if partition.row_version is None else partition.row_version,
        )

    def _windows(self, start: datetime, end: datetime) -> Iterator[Slice]:
        source = self.group.source
        options = self._horizon.settings.options(source.name)
        step = self._time.align or self._time.granule
        longest = min(options.window or self._time.maximum, self._time.maximum)
        planner = Planner(longest, step, source.records_per_window(options.window_records))
        for window in planner.plan(start, end, align=step, zone=self._horizon.zone):
            wanted = tuple(m for m in self.group.members if self.floors[m.name].time < window.end)
            yield Slice(
                self.account,
                window,
                wanted,
                planner=planner,
                after=self.after,
                waiting=self.waiting,
            )


def full_slices(
    group: Group, account: Account, partitions: Mapping[str, Partition], horizon: Horizon
) -> Iterator[Slice]:
    """Yield the slices of one pass over a full-table list."""
    if owed := tuple(owed_now(group, partitions, horizon.now)):
        yield Slice(account, None, streams_of(owed), owed=owed)
    reads = t.cast("FullTable", group.source.reads)
    if reads.time is None:
        yield Slice(account, None, group.members)
        return
    step = reads.time.align or reads.time.granule
    options = horizon.settings.options(group.source.name)
    planner = Planner(
        reads.time.maximum, step, group.source.records_per_window(options.window_records)
    )
    # Rows touched during the read move to its very end, so the last window reaches past now.
    end = floor(horizon.now, step, horizon.zone) + 2 * step
    start = floor(horizon.beginning(group.source), step, horizon.zone)
    for window in planner.plan(start, end, align=step, zone=horizon.zone):
        yield Slice(account, window, group.members, planner=planner)


def owed_now(group: Group, partitions: Mapping[str, Partition], now: datetime) -> Iterator[Wanted]:
    """Yield what shall be fetched by id now: the failures that are due, and what is not final."""
    for stream in group.members:
        if not stream.fetchable:
            continue
        partition = partitions[stream.name]
        for failure in partition.failures:
            if failure.due(now):
                yield Wanted(stream, failure.key, failure.bookmark, failure.awaited)
        for identifier in partition.open_ids:
            yield Wanted(stream, identifier)


def streams_of(wanted: Iterable[Wanted]) -> tuple[PlatformStream, ...]:
    """Return the streams of some records, each once, in order."""
    return tuple({one.stream: None for one in wanted})


def _waiting(group: Group, partitions: Mapping[str, Partition]) -> dict[str, frozenset[str]]:
    """Return what is owed of the list itself, which its windows may bring as well."""
    if group.source not in group.members:
        return {}
    waiting = partitions[group.source.name].waiting
    return {group.source.name: waiting} if waiting else {}


def check_bookmarks(partitions: Iterable[Partition], now: datetime) -> None:
    """Read every bookmark before the first call.

    Raises:
        ConfigurationError: One cannot be parsed, or lies in the future.
    """
    for partition in partitions:
        bookmark = partition.bookmark
        if bookmark is not None and bookmark.time > now + timedelta(days=1):
            msg = (
                f"The bookmark of stream {partition.stream!r}, account {partition.account!r} is "
                f"{bookmark}, in the future; nothing would ever be read. Set it back with: syncops "
                "bookmarks rewind"
            )
            raise ConfigurationError(msg)
