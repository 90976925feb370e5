"""The event log in PostgreSQL: several gates may write at once."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence
from urllib.parse import urlsplit

import psycopg
from typing_extensions import override

from eventgate.log import SCHEMA, EventLog, Row

_CONNECT_SECONDS = 2
# An arbitrary number that means "a gate is writing"; it is released when the commit is visible.
_WRITING = 7_208_613_944_170_551_201
_SCHEMA = SCHEMA.format(version="bigint generated always as identity primary key", bytes="bytea")
# The identity is given after the sort, so versions follow the order of arrival.
_INSERT = (
    "insert into eventgate_events"
    " (platform, account, stream, id, kind, key, happened, received, body)"
    " select platform, account, stream, id, kind, key, happened, received, body from unnest("
    " %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],"
    " %s::bigint[], %s::bigint[], %s::bytea[]) with ordinality"
    " as new (platform, account, stream, id, kind, key, happened, received, body, place)"
    " order by place on conflict (platform, key) do nothing"
)


class PostgresLog(EventLog):
    """A log in a database, in the first schema of the connection's search path."""

    @override
    def __init__(self, url: str) -> None:
        super().__init__()
        parts = urlsplit(url)
        self.place = f"postgresql://{parts.hostname or ''}{parts.path}"
        self._url = url
        self._open: psycopg.Connection[Row] | None = None

    def _connection(self) -> psycopg.Connection[Row]:
        if self._open is None:
            connection = psycopg.connect(
                self._url, autocommit=True, connect_timeout=_CONNECT_SECONDS
            )
            try:
                (encoding,) = connection.execute("show server_encoding").fetchall()[0]
                if encoding != "UTF8":
                    msg = f"its encoding is {encoding}; create the database with encoding UTF8"
                    raise psycopg.DataError(msg)  # noqa: TRY301 - is told like the engine's own errors
                # A server that cannot be heard any more must not hold the platforms' requests.
                connection.execute("set statement_timeout = '5s'")
                connection.execute("set lock_timeout = '2s'")
                with connection.transaction():
                    connection.execute("select pg_advisory_xact_lock(%s)", [_WRITING])
                    connection.execute(_SCHEMA)
                # An acknowledged event is one that survives a crash of the server.
                (setting,) = connection.execute("show synchronous_commit").fetchall()[0]
                if setting == "off":
                    connection.execute("set synchronous_commit = on")
            except BaseException:
                connection.close()
                raise
            self._open = connection
        return self._open

    @override
    def _insert(self, rows: Sequence[Row]) -> int:
        connection = self._connection()
        with connection.transaction():
            connection.execute("select pg_advisory_xact_lock(%s)", [_WRITING])
            return connection.execute(
                _INSERT, [list(one) for one in zip(*rows, strict=True)]
            ).rowcount

    @override
    def _query(self, sql: str, values: Sequence[t.Any] = ()) -> list[Row]:
        return self._connection().execute(sql.replace("?", "%s").encode(), values).fetchall()

    @override
    def _change(self, sql: str, values: Sequence[t.Any] = ()) -> int:
        return self._connection().execute(sql.replace("?", "%s").encode(), values).rowcount

    @override
    def _highest(self) -> int:
        # After a crash the sequence may have run ahead by some numbers, but never back.
        sequence = "pg_get_serial_sequence('eventgate_events', 'version')::regclass"
        return int(self._query(f"select coalesce(pg_sequence_last_value({sequence}), 0)")[0][0])

    @override
    def _disconnect(self) -> None:
        if self._open is not None:
            connection, self._open = self._open, None
            connection.close()

    @override
    def _wrong(self, error: Exception) -> str | None:
        return " ".join(str(error).split()) if isinstance(error, psycopg.Error | OSError) else None
