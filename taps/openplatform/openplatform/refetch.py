"""Reading single records by their ids: what events name, what is owed, and the hot set.

It runs in the main thread, before the lists are read; no bookmark moves here. The position in the
event log moves when all that the events up to it name is written, or owed.
"""

from __future__ import annotations

import logging
import os
import typing as t
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import chain

from openplatform import hotset
from openplatform.accounts import Account
from openplatform.errors import FatalError
from openplatform.events import (
    STREAM,
    Entity,
    EventLog,
    EventSettings,
    Gathered,
    LoggedEvent,
    OtherLogError,
    gather,
)
from openplatform.fanout import Fanout
from openplatform.partitions import Partition, partition_of
from openplatform.plans import Group, owed_now, source_of, streams_of
from openplatform.progress import Position
from openplatform.settings import parse_duration
from openplatform.slices import Slice, Wanted
from openplatform.streams import PlatformStream

if t.TYPE_CHECKING:
    from openplatform.sync import Run

_AT_ONCE = 50
_NAMED = 10
_logger = logging.getLogger(__name__)


class Refetch:
    """Asks for single records in a run.

    Args:
        run: The run.
        groups: The groups of the selected streams.

    Raises:
        ConfigurationError: The settings `events` or `hot_set` make no sense.
    """

    def __init__(self, run: Run, groups: Sequence[Group]) -> None:
        self._run = run
        self._tap = run.tap
        self._groups = groups
        self._streams = run.tap.platform_streams
        config = run.settings.config
        self._events = EventSettings.read(
            config.get("events"),
            reader=os.environ.get("MELTANO_EXTRACTOR_NAME") or self._tap.name,
            duration=parse_duration,
        )
        fetchable = [s.name for s in self._streams.values() if s.fetchable]
        self._hot = hotset.read(config, fetchable)
        self._families = {
            group.source.name: tuple(member for member in group.members if _of_its_own(member))
            for group in groups
        }

    @property
    def lists_follow(self) -> bool:
        """Whether this run reads lists as well."""
        return self._hot is None and not (self._events and self._events.only)

    def run(self) -> None:
        """Read what the settings ask for."""
        if self._hot is not None:
            self._fetch(chain(self._owed_slices(), self._hot_slices(self._hot)))
            return
        if self._events is not None:
            if self._events.only:
                self._fetch(self._owed_slices())
            self._work_off(self._events)

    # -- events -----------------------------------------------------------------------------------

    def _work_off(self, settings: EventSettings) -> None:
        accounts = self._run.settings.accounts
        places = {a.id: partition_of(self._run.state, STREAM, a.id) for a in accounts}
        slug = self._tap.name.removeprefix("tap-").replace("-", "_")
        log = EventLog(settings, slug, sleep=self._tap.clock.sleep)
        starts = {account: place.version or 0 for account, place in places.items()}
        passed = frozenset(a.id for a in accounts if self._is_new(a, places[a.id]))
        try:
            try:
                gathered = self._gather(log, starts, passed, settings)
            except OtherLogError as exc:
                self._failed(
                    f"{exc} It is read from its beginning; what the former one told since "
                    f"{min(starts.values())} is lost: read that time again with `syncops bookmarks rewind`"
                )
                for place in places.values():
                    place.version = 0
                gathered = self._gather(log, dict.fromkeys(starts, 0), passed, settings)
        except FatalError as exc:
            self._failed(str(exc))
            return
        self._tell(gathered)
        broken = self._fetch(self._event_slices(gathered))
        now = self._tap.clock.now()
        for account, place in places.items():
            if account not in broken:
                place.version = gathered.versions[account]
                place.ran(now)
        self._run.write_state()

    def _gather(
        self,
        log: EventLog,
        starts: dict[str, int],
        passed: frozenset[str],
        settings: EventSettings,
    ) -> Gathered:
        # What is passed over must lie before the end of the windows that are read now.
        wait = max(settings.wait, self._run.settings.settle) if passed else settings.wait
        return gather(
            log,
            starts,
            passed=passed,
            family=self._family,
            most=settings.most,
            before=self._tap.clock.now() - wait,
        )

    def _is_new(self, account: Account, place: Partition) -> bool:
        """Tell whether an account will be read as a whole now, so that events until now say nothing."""
        return (
            self.lists_follow
            and place.version is None
            and not any(
                partition.data
                for group in self._groups
                for partition in self._run.partitions(group, account).values()
            )
        )

    def _family(self, event: LoggedEvent) -> str | None:
        stream = self._streams.get(event.stream)
        if stream is None or not event.id:
            return None
        source = source_of(stream, self._streams).name
        return source if self._families.get(source) else None

    def _event_slices(self, gathered: Gathered) -> Iterator[Slice]:
        for account in self._run.settings.accounts:
            entities = gathered.entities[account.id]
            for at in range(0, len(entities), _AT_ONCE):
                some = entities[at : at + _AT_ONCE]
                rest = entities[at + _AT_ONCE :][:1]
                through = rest[0].first - 1 if rest else gathered.versions[account.id]
                wanted = tuple(one for entity in some for one in self._wanted(entity))
                yield self._slice(account, wanted, through)

    def _wanted(self, entity: Entity) -> Iterator[Wanted]:
        for member in self._families[entity.stream]:
            ended = entity.kinds & self._streams[entity.stream].ended_by
            yield Wanted(member, entity.id, awaited=not ended)

    def _tell(self, gathered: Gathered) -> None:
        entities = sum(map(len, gathered.entities.values()))
        _logger.info(
            "Events: %d read, up to %d; %d records are asked for again",
            gathered.events, max(gathered.versions.values()), entities,
        )  # fmt: skip
        for reason, count in gathered.left.most_common(_NAMED):
            _logger.info("Events: %d left to the lists: %s", count, reason)

    def _failed(self, text: str) -> None:
        """The lists can be read without the log; the run still ends as failed, so that it is seen."""
        _logger.error("%s", text)
        self._run.failed.update((STREAM, account.id) for account in self._run.settings.accounts)

    # -- what is owed, and the hot set ------------------------------------------------------------

    def _owed_slices(self) -> Iterator[Slice]:
        for group in self._groups:
            for account in self._run.settings.accounts:
                partitions = self._run.partitions(group, account)
                owed = tuple(owed_now(group, partitions, self._run.horizon.now))
                yield from self._slices(account, owed)

    def _hot_slices(self, hot: dict[str, hotset.Ids]) -> Iterator[Slice]:
        for group in self._groups:
            for account in self._run.settings.accounts:
                wanted = [
                    Wanted(member, identifier)
                    for member in group.members
                    for whose in (account.id, "")
                    for identifier in hot.get(member.name, {}).get(whose, [])
                ]
                yield from self._slices(account, wanted)

    def _slices(self, account: Account, wanted: Sequence[Wanted]) -> Iterator[Slice]:
        for at in range(0, len(wanted), _AT_ONCE):
            yield self._slice(account, tuple(wanted[at : at + _AT_ONCE]))

    # -- reading ----------------------------------------------------------------------------------

    def _slice(
        self, account: Account, wanted: tuple[Wanted, ...], through: int | None = None
    ) -> Slice:
        # A full read that follows must be able to say that such a row is gone. Where none follows,
        # one in another process may be under way, and what we see now came after it began.
        now = self._tap.clock.now() + timedelta(milliseconds=1)
        version = self._run.version - 1 if self.lists_follow else int(now.timestamp() * 1000)
        streams = streams_of(wanted)
        return Slice(account, None, streams, owed=wanted, version=version, through=through)

    def _fetch(self, slices: Iterator[Slice]) -> set[str]:
        """Read slices; return the accounts of which nothing more could be read."""
        run, broken = self._run, set[str]()
        fanout = Fanout(
            slices,
            lambda part: run.reader.read(part, part.streams[0]),
            concurrency=self._tap.concurrency,
        )
        for event in fanout:
            part, error = event.slice, event.error
            account = part.account
            run.progress.at(Position("by id", account.id))
            if event.page is not None:
                self._stamp(event.page.stream, part)
                run.take(event.page, account)
                error = event.page.error
            elif event.error is not None:
                run.fail(part.streams, account, event.error)
            if error is not None:
                broken.add(account.id)
                fanout.drop(lambda s, a=account: s.account == a)  # type: ignore[misc]
            elif event.ended and account.id not in broken:
                self._finish(part)
        run.write_state()
        return broken

    def _stamp(self, stream: PlatformStream, part: Slice) -> None:
        """Announce a stream, and tell the SDK the version of its rows of full tables."""
        self._run.announce(stream)
        if not stream.incremental:
            stream._stream_version = part.version  # noqa: SLF001 - stamps the SDK's own messages

    def _finish(self, part: Slice) -> None:
        if part.through is None:
            return
        place = partition_of(self._run.state, STREAM, part.account.id)
        place.version = max(place.version or 0, part.through)
        self._run.write_state(soon_again=True)


def _of_its_own(stream: PlatformStream) -> bool:
    """Tell whether records are fetched by the id of the entity itself, not by one that it names."""
    return stream.fetchable and getattr(stream.reads, "batch", None) is None
