"""The event log in an SQLite file: one fsync per commit, and many events per commit."""

from __future__ import annotations

import os
import sqlite3
import typing as t
from collections.abc import Sequence
from pathlib import Path

from typing_extensions import override

from eventgate.log import SCHEMA, EventLog, Row

_BUSY_SECONDS = 2.0
_WAL_BYTES = 64 * 1024 * 1024
# `autoincrement` keeps the versions of pruned events from being given again.
_SCHEMA = SCHEMA.format(version="integer primary key autoincrement", bytes="blob")
_INSERT = (
    "insert into eventgate_events"
    " (platform, account, stream, id, kind, key, happened, received, body)"
    " values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (platform, key) do nothing"
)


class SqliteLog(EventLog):
    """A log in a file. SQLite lets one connection write at a time, so versions grow with the commits."""

    @override
    def __init__(self, path: str) -> None:
        super().__init__()
        self.place = path
        self._open: sqlite3.Connection | None = None

    def _connection(self) -> sqlite3.Connection:
        if self._open is None:
            Path(self.place).expanduser().parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                Path(self.place).expanduser(),
                timeout=_BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            try:
                connection.execute("pragma journal_mode = wal")
                connection.execute("pragma synchronous = full")
                # A checkpoint writes and syncs the file itself: `tidy` does that, beside the commits.
                connection.execute("pragma wal_autocheckpoint = 0")
                connection.executescript(_SCHEMA)
            except BaseException:
                connection.close()
                raise
            self._open = connection
        return self._open

    @override
    def _insert(self, rows: Sequence[Row]) -> int:
        connection = self._connection()
        connection.execute("begin immediate")
        new = connection.executemany(_INSERT, rows).rowcount
        connection.execute("commit")
        return max(new, 0)

    @override
    def _query(self, sql: str, values: Sequence[t.Any] = ()) -> list[Row]:
        return self._connection().execute(sql, values).fetchall()

    @override
    def _change(self, sql: str, values: Sequence[t.Any] = ()) -> int:
        return self._connection().execute(sql, values).rowcount

    @override
    def _highest(self) -> int:
        sql = "select coalesce(max(seq), 0) from sqlite_sequence where name = 'eventgate_events'"
        return int(self._query(sql)[0][0])

    @override
    def _disconnect(self) -> None:
        if self._open is not None:
            connection, self._open = self._open, None
            connection.close()

    @override
    def _wrong(self, error: Exception) -> str | None:
        return str(error) if isinstance(error, sqlite3.Error | OSError) else None

    @override
    def tidy(self) -> None:
        """Move what is committed from the write-ahead log into the file, while commits go on."""
        self._run(self._checkpoint)

    def _checkpoint(self) -> None:
        connection = self._connection()
        connection.execute("pragma wal_checkpoint(passive)").fetchall()
        # Under constant load the passive one never comes to the end, and the log would only grow.
        # This one waits for the writer; after the other, little is left to do.
        wal = f"{Path(self.place).expanduser()}-wal"
        if os.path.exists(wal) and os.path.getsize(wal) > _WAL_BYTES:  # noqa: PTH110, PTH202
            connection.execute("pragma wal_checkpoint(truncate)").fetchall()
