"""PostgreSQL: COPY new rows into their table, others by way of INSERT ... ON CONFLICT."""

# ruff: noqa: S608 - names are quoted by `names.quote`, values are parameters
from __future__ import annotations

import hashlib
import time as clock
import typing as t
from contextlib import contextmanager

import psycopg
from typing_extensions import override

from target_warehouse.dialects import copying
from target_warehouse.dialects.base import VERSION, Column, Dialect, Row, Table, key_refused, newer
from target_warehouse.dialects.session import Session
from target_warehouse.errors import DatabaseError, ViewInTheWayError
from target_warehouse.names import join, quote, shorten
from target_warehouse.schema import Kind

if t.TYPE_CHECKING:
    from target_warehouse.settings import Connection

_TYPES = {
    Kind.TEXT: "text",
    Kind.INTEGER: "bigint",
    Kind.HUGE: "numeric(38)",
    Kind.DECIMAL: "numeric",
    Kind.BOOLEAN: "boolean",
    Kind.TIMESTAMP: "timestamptz",
    Kind.DATE: "date",
    Kind.TIME: "time",
    Kind.JSON: "jsonb",
}
_KINDS = {
    "text": Kind.TEXT,
    "character varying": Kind.TEXT,
    "bigint": Kind.INTEGER,
    "numeric(38,0)": Kind.HUGE,
    "numeric": Kind.DECIMAL,
    "boolean": Kind.BOOLEAN,
    "timestamp with time zone": Kind.TIMESTAMP,
    "date": Kind.DATE,
    "time without time zone": Kind.TIME,
    "jsonb": Kind.JSON,
}
_ISO_TEXT = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
_CLAIM_PAUSE = 0.1


class Postgres(Dialect):
    """A connection to PostgreSQL."""

    name = "postgres"
    limits = None
    batch_rows = 10_000
    batch_bytes = 16_000_000

    def __init__(self, connection: Connection) -> None:
        self._where = connection.shown
        self._schema = connection.schema or "public"
        self._stages: dict[str, tuple[Table, str]] = {}
        self._stage_count = 0
        try:
            self._session = Session(connection)
            if not connection.read_only and not self.rows(
                "SELECT 1 FROM pg_namespace WHERE nspname = $1", self._schema
            ):
                with self._alone():
                    self.execute(f"CREATE SCHEMA IF NOT EXISTS {quote(self._schema)}")
        except psycopg.Error as error:
            raise self._told(error) from error

    @property
    def _connection(self) -> psycopg.Connection[t.Any]:
        return self._session.connection

    @property
    def _cursor(self) -> psycopg.Cursor[t.Any]:
        return self._session.cursor

    @override
    def close(self) -> None:
        self._connection.close()

    @override
    @contextmanager
    def transaction(self) -> t.Iterator[None]:
        outermost, number = self._session.idle, None
        try:
            with self._connection.transaction():
                yield
                if outermost:
                    number = self._session.transaction_number()
        except BaseException as error:
            # A temporary table made in this transaction is gone with it.
            self._stages.clear()
            lost = number is not None and self._session.is_lost(error)
            if not lost or not self._session.was_committed(str(number), error):
                raise
        if outermost:
            self._session.progressed()

    @contextmanager
    def _alone(self) -> t.Iterator[None]:
        """Be in a transaction in which no other run creates things in this schema.

        Two that begin together would otherwise both find nothing there, and both create it.
        """
        with self.transaction():
            self.execute("SELECT pg_advisory_xact_lock($1)", _number(self._schema))
            yield

    @override
    def execute(self, sql: str, *parameters: t.Any) -> int:
        return self._cursor.execute(sql.encode(), parameters or None).rowcount

    @override
    def rows(self, sql: str, *parameters: t.Any) -> list[Row]:
        return self._cursor.execute(sql.encode(), parameters or None).fetchall()

    @override
    def relation(self, name: str) -> str:
        return f"{quote(self._schema)}.{quote(name)}"

    @override
    def columns(self, table: str) -> dict[str, Kind | None]:
        found = self.rows(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
            "WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            self.relation(table),
        )
        return {name: _KINDS.get(kind) for name, kind in found}

    @override
    def key(self, table: str) -> tuple[str, ...] | None:
        found = self.rows(
            "SELECT a.attname FROM pg_index i CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k(n, o) "
            "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.n "
            "WHERE i.indrelid = to_regclass($1) AND i.indisprimary ORDER BY k.o",
            self.relation(table),
        )
        return tuple(name for (name,) in found)

    @override
    def create(self, table: Table) -> None:
        parts = [_definition(column) for column in (*table.columns, *table.extra)]
        if table.key:
            parts.append(f"PRIMARY KEY ({join(table.key)})")
        with self._alone():
            self.execute(
                f"CREATE TABLE IF NOT EXISTS {self.relation(table.name)} ({', '.join(parts)})"
            )

    @override
    def replace_key(self, table: Table) -> None:
        relation = self.relation(table.name)
        for (constraint,) in self.rows(
            "SELECT conname FROM pg_constraint WHERE conrelid = to_regclass($1) AND contype = 'p'",
            relation,
        ):
            self.execute(f"ALTER TABLE {relation} DROP CONSTRAINT {quote(constraint)}")
        if not table.key:
            return
        try:
            self.execute(f"ALTER TABLE {relation} ADD PRIMARY KEY ({join(table.key)})")
        except (psycopg.errors.UniqueViolation, psycopg.errors.NotNullViolation) as error:
            raise key_refused(relation, table) from error

    @override
    def add_column(self, table: str, column: Column) -> None:
        self.execute(
            f"ALTER TABLE {self.relation(table)} ADD COLUMN IF NOT EXISTS {_definition(column)}"
        )

    @override
    def widen(self, table: str, column: Column) -> None:
        name = quote(column.name)
        was_moment = self.columns(table)[column.name] is Kind.TIMESTAMP
        value = _ISO_TEXT.format(name) if was_moment else f"{name}::{_TYPES[column.kind]}"
        try:
            self.execute(
                f"ALTER TABLE {self.relation(table)} ALTER COLUMN {name} "
                f"TYPE {_TYPES[column.kind]} USING {value}"
            )
        except psycopg.errors.FeatureNotSupported as error:
            raise ViewInTheWayError(
                f"Column {column.name!r} of table {self.relation(table)} must become "
                f"{_TYPES[column.kind]}, but a view uses it ({' '.join(str(error).split())}). Drop "
                "the view, run again, and create the view anew."
            ) from error

    @override
    def stage(self, table: Table, rows: list[Row]) -> str:
        kept = self._stages.get(table.name)
        if kept is None or kept[0].columns != table.columns:
            self._stage_count += 1
            name = quote(f"staged_{self._stage_count}")
            self.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
            definitions = ", ".join(_definition(column) for column in table.columns)
            self.execute(f"CREATE TEMP TABLE {name} ({definitions}) ON COMMIT DELETE ROWS")
            self._stages[table.name] = kept = (table, f"pg_temp.{name}")
        staged = kept[1]
        self._copy(staged, table, rows)
        return staged

    def _copy(self, relation: str, table: Table, rows: t.Sequence[Row]) -> None:
        sql = f"COPY {relation} ({table.column_list}) FROM STDIN {copying.OPTIONS}"
        with self._cursor.copy(sql.encode()) as copy:
            for text in copying.lines(rows):
                copy.write(text)

    @override
    def pairs(self, table: Table, staged: str) -> str:
        # OFFSET keeps the planner from anything but a look into the key's index for each row.
        return (
            f"{staged} s JOIN LATERAL (SELECT o.{VERSION} FROM {self.relation(table.name)} o "
            f"WHERE {table.matches('o', 's')} OFFSET 0) t ON TRUE"
        )

    @override
    def add(self, table: Table, rows: list[Row], *, known_new: bool) -> bool:
        # Another process may write a key at any moment, so the primary key tells in either case.
        try:
            with self._connection.transaction():
                self._copy(self.relation(table.name), table, rows)
        except psycopg.errors.UniqueViolation:
            return False
        return True

    @override
    def show(self, view: str, query: str) -> None:
        # Replacing may add columns at the end, which is all that evolution does to a table here.
        with self._alone():
            self.execute(f"CREATE OR REPLACE VIEW {self.relation(view)} AS {query}")

    @override
    def hide(self, view: str) -> list[str]:
        relation = self.relation(view)
        grants = self.rows(
            "SELECT privilege_type, CASE WHEN grantee <> 0 THEN pg_get_userbyid(grantee) END "
            "FROM pg_class, aclexplode(relacl) WHERE oid = to_regclass($1) AND grantee <> relowner",
            relation,
        )
        try:
            self.execute(f"DROP VIEW IF EXISTS {relation}")
        except psycopg.errors.DependentObjectsStillExist as error:
            raise ViewInTheWayError(
                f"The view {relation} must be made anew, since a column of its table changes its "
                f"type, but another uses it ({' '.join(str(error.diag.message_detail).split())}). "
                "Drop that view, run again, and create it anew."
            ) from error
        return [
            f"GRANT {right} ON {relation} TO {quote(role) if role else 'PUBLIC'}"
            for right, role in grants
        ]

    @override
    def merge(self, table: Table, staged: str, carried: t.Mapping[str, str]) -> int:
        names = [*table.names, *(name for name in carried if name not in table.names)]
        changes = ", ".join(
            f"{quote(name)} = "
            + (
                carried[name].format(new="excluded", old="t")
                if name in carried
                else f"excluded.{quote(name)}"
            )
            for name in names
            if name not in table.key
        )
        return self.execute(
            f"INSERT INTO {self.relation(table.name)} AS t ({table.column_list}) "
            f"SELECT {table.column_list} FROM {staged} "
            f"ON CONFLICT ({join(table.key)}) DO UPDATE SET {changes} WHERE {newer('excluded', 't')}"
        )

    @override
    def relieve(self, error: BaseException) -> bool:
        self._stages.clear()
        return self._session.recover(error)

    @override
    def content_hash(self, columns: t.Sequence[str]) -> str:
        return f"md5(ROW({', '.join(columns)})::text)"

    @override
    def moment(self, text: str) -> str:
        return f"({text})::timestamptz"

    @override
    def claim(self, name: str, patience: float = 0) -> bool:
        number = _number(f"{self._schema}.{name}")
        until = clock.monotonic() + patience
        while not self.rows("SELECT pg_try_advisory_lock($1)", number)[0][0]:
            if clock.monotonic() >= until:
                return False
            clock.sleep(_CLAIM_PAUSE)
        self._session.claims.add(number)
        return True

    @override
    def turn(self, name: str) -> None:
        number = _number(f"turn {self._schema}.{name}")
        self.execute("SELECT pg_advisory_xact_lock($1)", number)

    @override
    def index(self, table: str, columns: t.Sequence[str]) -> None:
        listed = join(columns)
        name = quote(shorten(f"{table}__{_number(listed) & 0xFFFFFFFF:08x}"))
        with self._alone():
            self.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {self.relation(table)} ({listed})")

    @override
    def tables(self, prefix: str) -> list[str]:
        found = self.rows(
            "SELECT tablename FROM pg_tables WHERE schemaname = $1 AND starts_with(tablename, $2)",
            self._schema,
            prefix,
        )
        return [name for (name,) in found]

    @override
    def is_bad_data(self, error: BaseException) -> bool:
        return isinstance(
            error,
            (
                psycopg.DataError,
                psycopg.IntegrityError,
                psycopg.errors.ProgramLimitExceeded,
                UnicodeEncodeError,
            ),
        )

    @override
    def explain(self, error: BaseException) -> DatabaseError | None:
        return self._told(error) if isinstance(error, psycopg.Error) else None

    def _told(self, error: psycopg.Error) -> DatabaseError:
        text = " ".join(str(error).split()) or type(error).__name__
        if self._is_unreachable(error):
            return DatabaseError(
                f"PostgreSQL at {self._where} cannot be reached or has gone: {text}. What was "
                "committed stays and its STATE is out; start the server or correct the settings, "
                "then run again."
            )
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            advice = "Grant the user the right to create and write tables in this schema."
        elif isinstance(error, psycopg.errors.LockNotAvailable):
            advice = (
                f"{self._holders()} Nothing of this batch was kept; let that session end, or raise "
                "lock_timeout, and run again."
            )
        elif isinstance(error, psycopg.errors.DiskFull) or "File too large" in text:
            advice = (
                "Free some space on the server; nothing of this batch was kept. Then run again."
            )
        else:
            advice = "Nothing of this batch was kept; mend the cause and run again."
        return DatabaseError(f"PostgreSQL at {self._where} refused: {text}. {advice}")

    def _holders(self) -> str:
        """Say which sessions hold tables of our schema so that we must wait."""
        try:
            found = self.rows(
                "SELECT DISTINCT a.pid, a.usename, a.application_name, c.relname, l.mode "
                "FROM pg_locks l JOIN pg_class c ON c.oid = l.relation "
                "JOIN pg_stat_activity a ON a.pid = l.pid "
                "WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p') AND l.granted "
                "AND l.pid <> pg_backend_pid() AND l.mode <> 'AccessShareLock' ORDER BY 1 LIMIT 5",
                quote(self._schema),
            )
        except psycopg.Error:
            found = []
        if not found:
            return "The session that held it has ended meanwhile."
        return (
            "; ".join(
                f"Session {pid} of user {user!r} ({application or 'no name'}) holds table {table!r} ({mode})"
                for pid, user, application, table, mode in found
            )
            + "."
        )

    def _is_unreachable(self, error: psycopg.Error) -> bool:
        gone = getattr(self, "_connection", None) is None or self._connection.closed
        return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)) and bool(gone)


def _number(name: str) -> int:
    """Return the number under which a name is locked."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _definition(column: Column) -> str:
    collation = ' COLLATE "C"' if column.name.startswith("_version") else ""
    return f"{quote(column.name)} {_TYPES[column.kind]}{collation}"
