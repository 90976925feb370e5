"""One run: groups one after the other, slices in parallel, records and state in order.

Only this module, in the main thread, writes messages and touches the state. A bookmark moves when
its window has been written completely, and a STATE message follows at once.
"""

from __future__ import annotations

import logging
import typing as t
from collections.abc import Iterable, Iterator
from datetime import datetime

from openplatform import personal
from openplatform.accounts import Account
from openplatform.bookmarks import Bookmark
from openplatform.collecting import Collected
from openplatform.declarations import FullTable
from openplatform.errors import (
    ConfigurationError,
    FatalError,
    GrantError,
    NotNowError,
    OpenPlatformError,
    RunFailedError,
    UnreachableError,
)
from openplatform.fanout import Fanout
from openplatform.partitions import Partition, partition_of
from openplatform.plans import (
    AccountPlan,
    Group,
    Horizon,
    check_bookmarks,
    full_slices,
    make_groups,
)
from openplatform.progress import Position, Progress, make_progress
from openplatform.refetch import Refetch
from openplatform.settling import settle
from openplatform.slices import Batch, Slice
from openplatform.streams import PlatformStream
from openplatform.summary import log_summary
from openplatform.windows import Window
from openplatform.writer import PageWriter

if t.TYPE_CHECKING:
    from openplatform.tap import PlatformTap

_PASSES = 3
_STATE_FREE = 32_768
_STATE_BYTES_PER_SECOND = 1_000_000
_logger = logging.getLogger(__name__)


class Run:
    """Reads all selected streams of a tap.

    Args:
        tap: The tap, with its configuration and state.
    """

    def __init__(self, tap: PlatformTap) -> None:
        self.tap = tap
        self.settings = tap.settings
        self.metrics = tap.metrics
        self.reader = tap.reader
        self.writer = t.cast("PageWriter", tap.message_writer)
        self.horizon: Horizon = tap.horizon
        self.version = int(self.horizon.now.timestamp() * 1000)
        self.state = t.cast("dict[str, t.Any]", tap.state)
        self._state_again_at = 0.0
        self.failed: set[tuple[str, str]] = set()
        self._put_off: set[tuple[str, str]] = set()
        self._announced: set[str] = set()
        self.progress: Progress = make_progress(
            tap.clock, lambda: tap.client.connection.budget.waited, tap.logger
        )

    def run(self) -> None:
        """Read everything; failing accounts and streams do not stop the others.

        Raises:
            ConfigurationError: A person must change something first; nothing has been read.
            RunFailedError: Something failed; all else was read, and the next run goes on.
        """
        groups = make_groups(self.tap.platform_streams, self.tap.selected_names)
        self._check(groups)
        refetch = Refetch(self, groups)
        try:
            refetch.run()
            for group in groups if refetch.lists_follow else ():
                for member in group.members:
                    self.announce(member)
                if group.incremental:
                    self._sync_incremental(group)
                else:
                    self._sync_full(group)
        finally:
            self.progress.close()
            self.write_state()
            self._count_owed(groups)
            log_summary(self.tap.logger, self.metrics, self.tap.client.connection.budget.waited)
        if broken := self.failed - self._put_off:
            names = ", ".join(f"{stream} of {account}" for stream, account in sorted(broken))
            msg = f"This run could not finish: {names}. The reasons stand above; the next run goes on."
            raise RunFailedError(msg)

    def announce(self, stream: PlatformStream) -> None:
        """Write the SCHEMA message of a stream, once."""
        if stream.name not in self._announced:
            self._announced.add(stream.name)
            stream._write_schema_message()  # noqa: SLF001 - the SDK's own way out

    def _check(self, groups: Iterable[Group]) -> None:
        self.settings.check(self.tap.platform_streams, self.horizon.now)
        members = [member for group in groups for member in group.members]
        personal.check(members, raw=bool(self.settings.config.get("include_raw")))
        for group in groups:
            for account in self.settings.accounts:
                partitions = self.partitions(group, account)
                check_bookmarks(partitions.values(), self.horizon.now)
                for partition in partitions.values():
                    _ = partition.failures

    def partitions(self, group: Group, account: Account) -> dict[str, Partition]:
        """Return the state of each member of a group, for one account."""
        return {
            member.name: partition_of(self.state, member.name, account.id)
            for member in group.members
        }

    # -- incremental ------------------------------------------------------------------------------

    def _sync_incremental(self, group: Group) -> None:
        plans = {
            account.id: AccountPlan(group, account, self.partitions(group, account), self.horizon)
            for account in self.settings.accounts
        }

        def plan() -> Iterator[Slice]:
            for account_plan in plans.values():
                if not self._all_failed(group, account_plan.account):
                    yield from account_plan.slices()

        fanout = Fanout(
            plan(),
            lambda part: self.reader.read(part, group.source),
            concurrency=self.tap.concurrency,
        )
        at: Slice | None = None
        for event in fanout:
            part = event.slice
            if part is not at:
                at = part
                own = plans[part.account.id]
                self.progress.at(
                    Position(group.source.name, part.account.id, part.window, own.start, own.end)
                )
            if event.page is not None:
                self.take(event.page, part.account)
            elif event.error is not None:
                self.fail(part.streams, part.account, event.error)
                fanout.drop(lambda s, a=part.account: s.account == a)  # type: ignore[misc]
            elif event.ended:
                self._finish_slice(part, group.source, plans[part.account.id].end)
        Collected(self, group).fetch()
        for account in self.settings.accounts:
            self._finish_account(group, account)
        self.write_state()

    def _finish_slice(self, part: Slice, source: PlatformStream, end: datetime) -> None:
        if part.window is not None:
            self._finish_window(part, part.window)
        elif part.row_version is not None:
            self._finish_versions(part, source, end)

    def _finish_window(self, part: Slice, window: Window) -> None:
        for stream in part.streams:
            self.metrics.streams[stream.name, part.account.id].windows += 1
            if (stream.name, part.account.id) not in self.failed:
                partition = partition_of(self.state, stream.name, part.account.id)
                partition.advance(Bookmark(window.end))
        self.write_state(soon_again=True)

    def _finish_versions(self, part: Slice, source: PlatformStream, until: datetime) -> None:
        for stream in part.streams:
            if (stream.name, part.account.id) not in self.failed:
                partition = partition_of(self.state, stream.name, part.account.id)
                partition.advance(Bookmark(until))
                if stream is source:
                    partition.versions_read(until)
        self.write_state(soon_again=True)

    def _finish_account(self, group: Group, account: Account) -> None:
        for stream in group.members:
            if (stream.name, account.id) not in self.failed:
                partition = partition_of(self.state, stream.name, account.id)
                partition.ran(self.tap.clock.now())

    # -- full table -------------------------------------------------------------------------------

    def _sync_full(self, group: Group) -> None:
        for stream in group.members:
            stream._stream_version = self.version  # noqa: SLF001 - stamps the SDK's own messages
        seen: dict[str, set[int]] = {account.id: set() for account in self.settings.accounts}
        waiting = [a for a in self.settings.accounts if not self._all_failed(group, a)]
        for _ in range(_PASSES):
            self._full_pass(group, waiting, seen)
            waiting = [a for a in waiting if not self._full_enough(group, a, len(seen[a.id]))]
            if not waiting:
                break
        for account in waiting:
            error = FatalError(
                f"{group.source.name}, account {account.id}: {_PASSES} passes did not bring as many "
                "rows as the platform counts; nothing is taken for deleted"
            )
            self.fail((group.source,), account, error)
        if group.source in group.members:
            self._complete(group.source, {name: len(ids) for name, ids in seen.items()})
        Collected(self, group).fetch()
        for account in self.settings.accounts:
            self._finish_account(group, account)
        self.write_state()

    def _full_pass(self, group: Group, accounts: list[Account], seen: dict[str, set[int]]) -> None:
        def plan() -> Iterator[Slice]:
            for account in accounts:
                yield from full_slices(
                    group, account, self.partitions(group, account), self.horizon
                )

        fanout = Fanout(
            plan(),
            lambda part: self.reader.read(part, group.source),
            concurrency=self.tap.concurrency,
        )
        for event in fanout:
            part = event.slice
            self.progress.at(Position(group.source.name, part.account.id, part.window))
            if event.page is not None:
                if event.page.stream is group.source and not part.owed:
                    seen[part.account.id].update(map(hash, event.page.ids))
                self.take(event.page, part.account)
            elif event.error is not None:
                self.fail(part.streams, part.account, event.error)
                fanout.drop(lambda s, a=part.account: s.account == a)  # type: ignore[misc]

    def _full_enough(self, group: Group, account: Account, rows: int) -> bool:
        """Tell whether a windowed full read brought what the platform counts (or has failed)."""
        reads = t.cast("FullTable", group.source.reads)
        # Without the list itself among the members nothing was counted, and nothing is activated.
        counted = reads.time is not None and group.source in group.members
        if not counted or self._all_failed(group, account):
            return True
        try:
            total = self.tap.lists.total(group.source, account)
        except OpenPlatformError as exc:
            self.fail(group.members, account, exc)
            return True
        return total is None or rows >= total

    def _complete(self, stream: PlatformStream, rows: dict[str, int]) -> None:
        """Activate a version that arrived as a whole."""
        reads = t.cast("FullTable", stream.reads)
        needed = self.settings.options(stream.name).confirm_absence or reads.confirm_absence
        activated: dict[str, int] = {}
        for account in self.settings.accounts:
            partition = partition_of(self.state, stream.name, account.id)
            if (stream.name, account.id) in self.failed or self._suspicious(
                partition, rows[account.id]
            ):
                continue
            partition.completed(self.version, rows[account.id])
            if len(partition.complete_versions) >= needed:
                activated[account.id] = partition.complete_versions[-needed]
        if not reads.activates:
            return
        if self.settings.config.get("scoped_activation"):
            for account_id, version in activated.items():
                self._activate(stream, version, {"scope": {"_account": account_id}})
        elif len(activated) == len(self.settings.accounts):
            self._activate(stream, min(activated.values()), {})

    def _suspicious(self, partition: Partition, rows: int) -> bool:
        if rows or not partition.complete_rows or self.settings.config.get("accept_empty"):
            return False
        error = FatalError(
            f"{partition.stream}, account {partition.account}: the full read brought nothing, the last "
            f"one {partition.complete_rows} rows; nothing is taken for deleted. If it is true that "
            "everything is gone, run once with accept_empty: true"
        )
        self.fail((self.tap.platform_streams[partition.stream],), Account(partition.account), error)
        return True

    def _activate(self, stream: PlatformStream, version: int, extra: dict[str, t.Any]) -> None:
        for stream_map in stream.stream_maps:
            self.writer.write(
                {
                    "type": "ACTIVATE_VERSION",
                    "stream": stream_map.stream_alias,
                    "version": version,
                    **extra,
                }
            )

    # -- what came --------------------------------------------------------------------------------

    def take(self, batch: Batch, account: Account) -> None:
        """Write what a batch brought, and note what it owes."""
        stream = batch.stream
        self.writer.write_lines(batch.lines)
        for record in batch.records:
            stream._write_record_message(record)  # noqa: SLF001 - maps, masks: the SDK's own way
        self.metrics.streams[stream.name, account.id].records += batch.count
        self.progress.records(batch.count)
        partition = partition_of(self.state, stream.name, account.id)
        if batch.collected:
            partition.collected = list(dict.fromkeys((*partition.collected, *batch.collected)))
            return
        if batch.row_version is not None:
            partition.row_version = batch.row_version
            self.write_state(soon_again=True)
        now = self.tap.clock.now()
        if (error := settle(batch, partition, self.settings.failure_policy, now)) is not None:
            self.fail((stream,), account, error)
        if batch.error is not None:
            self.fail((stream,), account, batch.error)

    # -- state and failures -----------------------------------------------------------------------

    def _all_failed(self, group: Group, account: Account) -> bool:
        return all((m.name, account.id) in self.failed for m in group.members)

    def fail(self, streams: Iterable[PlatformStream], account: Account, error: Exception) -> None:
        """Take in that streams failed; others go on, unless nothing else would do better.

        Raises:
            Exception: The given one, if a person must act first or no call can be made at all.
        """
        if isinstance(error, ConfigurationError) or not isinstance(error, OpenPlatformError):
            raise error
        names = ", ".join(stream.name for stream in streams)
        new = {(stream.name, account.id) for stream in streams} - self.failed
        self.failed |= new
        if isinstance(error, NotNowError):
            # Like a failure it ends the reading and moves no bookmark, but nobody need do anything.
            self._put_off |= new
            _logger.warning("%s, account %s put off: %s", names, account.id, error)
            return
        for stream in streams:
            self._put_off.discard((stream.name, account.id))
            self.metrics.streams[stream.name, account.id].failed(error)
        _logger.error("%s, account %s failed: %s", names, account.id, error)
        if isinstance(error, UnreachableError):
            raise error
        if isinstance(error, GrantError):
            self._give_up(account, error)

    def _give_up(self, account: Account, error: GrantError) -> None:
        """Ask nothing more for an account whose authorisation is dead."""
        for name in self.tap.selected_names:
            self.failed.add((name, account.id))
            self.metrics.streams[name, account.id].failed(error)

    def write_state(self, *, soon_again: bool = False) -> None:
        """Write a STATE message.

        Args:
            soon_again: More will follow, so a large state (many accounts) may wait for the next.
        """
        now = self.tap.clock.monotonic()
        if soon_again and now < self._state_again_at:
            return
        size = self.writer.write({"type": "STATE", "value": self.state})
        self._state_again_at = now + max(0, size - _STATE_FREE) / _STATE_BYTES_PER_SECOND

    def _count_owed(self, groups: Iterable[Group]) -> None:
        for group in groups:
            for account in self.settings.accounts:
                for name, partition in self.partitions(group, account).items():
                    counts = self.metrics.streams[name, account.id]
                    counts.owed = sum(not failure.parked for failure in partition.failures)
                    counts.parked = sum(failure.parked for failure in partition.failures)
