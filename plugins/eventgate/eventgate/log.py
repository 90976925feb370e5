"""The event log: a table that grows at its end only, and is read by its own increasing version.

The rule that readers rest on: whoever has seen version N never misses a smaller one later. So versions
are given under a lock that is held until the commit: a larger version is never visible before a smaller.
"""

from __future__ import annotations

import abc
import threading
import typing as t
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from openplatform.push import PushEvent, fingerprint

MOST_ROWS: t.Final = 1000
_PRUNED_AT_ONCE = 1000
_LONGEST_KEY = 200

# What both engines understand; each has its own type for the version and for bytes.
SCHEMA: t.Final = """
create table if not exists eventgate_events (
    version {version},
    platform text not null,
    account text not null,
    stream text not null,
    id text not null,
    kind text not null,
    key text not null,
    happened bigint not null,
    received bigint not null,
    body {bytes} not null
);
create unique index if not exists eventgate_events_key on eventgate_events (platform, key);
create table if not exists eventgate_readers (
    reader text not null,
    platform text not null,
    version bigint not null,
    seen bigint not null,
    primary key (reader, platform)
);
"""

R = t.TypeVar("R")
Row = tuple[t.Any, ...]


class LogError(Exception):
    """The log cannot be used now: its text says why. Nothing of the call counts as stored."""


class OtherLogError(LogError):
    """A reader asks for what lies beyond the end: it has read another log, or this one was replaced."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that came in, before the log has it.

    Attributes:
        platform: Slug of the platform.
        event: What happened.
        body: The message in the clear.
        received_at: When it came.
    """

    platform: str
    event: PushEvent
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the log; `version` is its place, the rest as in `openplatform.push.PushEvent`."""

    version: int
    platform: str
    account: str
    stream: str
    id: str
    kind: str
    at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """What follows a version.

    Attributes:
        events: In the order of their versions.
        version: What to ask with the next time; everything up to it has been told.
        more: Whether there is more already.
    """

    events: tuple[Event, ...]
    version: int
    more: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads the log, and how far it is done.

    Attributes:
        name: Its name.
        platform: The platform that it asks for; empty for all.
        version: The version that it asked with last: all up to it is done.
        seen_at: When that was.
    """

    name: str
    platform: str
    version: int
    seen_at: datetime


class EventLog(abc.ABC):
    """One connection to the log; made anew after every failure. Safe to share between threads.

    Attributes:
        place: Where the log is, without a password.
    """

    place: str

    def __init__(self) -> None:
        self._lock = threading.Lock()

    # -- what the engines do in their own way ----------------------------------------------------

    @abc.abstractmethod
    def _insert(self, rows: Sequence[Row]) -> int:
        """Insert and commit rows in their order, leaving out known keys; return how many were new."""

    @abc.abstractmethod
    def _query(self, sql: str, values: Sequence[t.Any] = ()) -> list[Row]:
        """Run a query, with a question mark for each value."""

    @abc.abstractmethod
    def _change(self, sql: str, values: Sequence[t.Any] = ()) -> int:
        """Run and commit a change; return the number of rows."""

    @abc.abstractmethod
    def _highest(self) -> int:
        """Return the highest version ever given, or a larger number; never a smaller one."""

    @abc.abstractmethod
    def _disconnect(self) -> None:
        """Give the connection up."""

    @abc.abstractmethod
    def _wrong(self, error: Exception) -> str | None:
        """Return what an error of the engine says; None for one that is not the engine's."""

    # -- the log ---------------------------------------------------------------------------------

    def append(self, events: Sequence[NewEvent]) -> int:
        """Store events durably, in one transaction; return how many were new, not repetitions.

        Raises:
            LogError: Nothing of it is certain to be stored.
        """
        rows = [
            (
                _clean(one.platform),
                _clean(one.event.account),
                _clean(one.event.stream),
                _clean(one.event.id),
                _clean(one.event.kind),
                _key(one.event.key),
                _milliseconds(one.event.at),
                _milliseconds(one.received_at),
                one.body,
            )
            for one in events
        ]
        return self._run(lambda: self._insert(rows))

    def after(
        self, version: int = 0, limit: int = MOST_ROWS, platform: str = "", *, reader: str = ""
    ) -> Page:
        """Return what follows a version, oldest first.

        Args:
            version: What the last page said, 0 to begin.
            limit: Most events to return, up to 1,000.
            platform: Only this platform's; empty for all.
            reader: Name of who asks. All events up to `version` count as done by it, and none that
                it has not done is pruned.

        Raises:
            OtherLogError: The version lies beyond the log's end.
            LogError: The log cannot be read.
        """
        return self._run(
            lambda: self._after(version, max(1, min(limit, MOST_ROWS)), platform, reader)
        )

    def _after(self, version: int, limit: int, platform: str, reader: str) -> Page:
        # The end is looked up first: what is committed in between is told the next time.
        (end,) = self._query("select coalesce(max(version), 0) from eventgate_events")[0]
        if version > end and version > self._highest():
            msg = (
                f"version {version} lies beyond the end of this log: the reader has "
                "read another one. Begin again with version 0, and read a window of the streams "
                "again that covers the time in between."
            )
            raise OtherLogError(msg)
        if reader:
            self._remember(reader, platform, version)
        rows = self._query(
            "select version, platform, account, stream, id, kind, happened, received"  # noqa: S608
            " from eventgate_events where version > ? and version <= ?"
            + (" and platform = ?" if platform else "")
            + " order by version limit ?",
            [version, end, *([platform] if platform else []), limit + 1],
        )
        more = len(rows) > limit
        events = tuple(
            Event(place, slug, account, stream, name, kind, _moment(at), _moment(received))
            for place, slug, account, stream, name, kind, at, received in rows[:limit]
        )
        return Page(events, events[-1].version if more else max(version, end), more)

    def _remember(self, reader: str, platform: str, version: int) -> None:
        self._change(
            "insert into eventgate_readers (reader, platform, version, seen) values (?, ?, ?, ?)"
            " on conflict (reader, platform) do update"
            " set version = excluded.version, seen = excluded.seen",
            [reader, platform, version, _milliseconds(datetime.now(timezone.utc))],
        )

    def body(self, version: int) -> bytes | None:
        """Return the message of an event in the clear; None when there is no such event."""
        sql = "select body from eventgate_events where version = ?"
        rows = self._run(lambda: self._query(sql, [version]))
        return bytes(rows[0][0]) if rows else None

    def count(self) -> int:
        """Return how many events the log holds."""
        sql = "select count(*) from eventgate_events"
        return int(self._run(lambda: self._query(sql))[0][0])

    def readers(self) -> list[Reader]:
        """Return who reads this log."""
        sql = "select reader, platform, version, seen from eventgate_readers order by 1, 2"
        return [
            Reader(name, platform, version, _moment(seen))
            for name, platform, version, seen in self._run(lambda: self._query(sql))
        ]

    def forget(self, reader: str) -> int:
        """Let pruning no longer wait for a reader; return how many places it had."""
        sql = "delete from eventgate_readers where reader = ?"
        return self._run(lambda: self._change(sql, [reader]))

    def prune(self, keep: timedelta, now: datetime) -> int:
        """Delete events that came longer ago than `keep` and that every known reader has done.

        In small transactions, so that the intake goes on. Returns how many were deleted.
        """
        deleted = 0
        while step := self._run(lambda: self._prune_some(_milliseconds(now - keep))):
            deleted += step
        return deleted

    def _prune_some(self, before: int) -> int:
        return self._change(
            "delete from eventgate_events where version in ("
            "select e.version from eventgate_events e where e.received < ? and not exists ("
            "select 1 from eventgate_readers r"
            " where r.platform in ('', e.platform) and r.version < e.version)"
            " order by e.version limit ?)",
            [before, _PRUNED_AT_ONCE],
        )

    def check(self) -> None:
        """Find out whether the log can be used.

        Raises:
            LogError: It cannot.
        """
        self._run(lambda: self._query("select count(*) from eventgate_readers"))

    def tidy(self) -> None:  # noqa: B027 - an engine may need nothing
        """Do what the engine wants done from time to time, beside the commits of other connections."""

    def close(self) -> None:
        """Give the connection up; the next call makes a new one."""
        with self._lock:
            self._disconnect()

    def _run(self, action: Callable[[], R]) -> R:
        with self._lock:
            try:
                return action()
            except LogError:
                raise
            except Exception as error:
                reason = self._wrong(error)
                # Whatever the connection was in the middle of, it is not to be continued.
                self._disconnect()
                if reason is None:
                    raise
                msg = f"the event log {self.place} cannot be used: {reason}"
                raise LogError(msg) from error


def open_log(database: str, *, present: bool = False) -> EventLog:
    """Return the log in a database.

    Args:
        database: A file (SQLite), or `postgresql://user:password@host/database`. Connections are
            made when they are needed, tables likewise.
        present: The file must be there already.

    Raises:
        LogError: It is not.
    """
    if database.startswith(("postgresql://", "postgres://")):
        from eventgate.postgres import PostgresLog

        return PostgresLog(database)
    from eventgate.sqlite import SqliteLog

    path = database.removeprefix("sqlite:///")
    if present and not Path(path).exists():
        msg = f"there is no event log {path} yet: `eventgate serve` makes it, --database names another"
        raise LogError(msg)
    return SqliteLog(path)


def _clean(text: str) -> str:
    """Leave out what no database keeps in text; one such event must not stop those beside it."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _key(text: str) -> str:
    clean = _clean(text)
    return clean if len(clean) <= _LONGEST_KEY else fingerprint(clean.encode())


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, tz=timezone.utc)
