"""DuckDB: rows go to a JSON lines file that `read_json` reads with declared types, never sniffed."""

# ruff: noqa: S608 - names are quoted by `names.quote`, values are parameters
from __future__ import annotations

import errno
import tempfile
import typing as t
from contextlib import contextmanager, suppress
from decimal import Context, Decimal, InvalidOperation
from itertools import starmap
from pathlib import Path

import duckdb
import msgspec
from typing_extensions import override

from target_warehouse.dialects.base import Column, Dialect, Row, Table, key_refused, newer
from target_warehouse.errors import DatabaseError
from target_warehouse.names import join, quote
from target_warehouse.records import DecimalLimits
from target_warehouse.schema import Kind

if t.TYPE_CHECKING:
    from target_warehouse.settings import Connection

_TYPES = {
    Kind.TEXT: "VARCHAR",
    Kind.INTEGER: "BIGINT",
    Kind.HUGE: "DECIMAL(38,0)",
    Kind.DECIMAL: "DECIMAL(38,18)",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
    Kind.DATE: "DATE",
    Kind.TIME: "TIME",
    Kind.JSON: "JSON",
}
_KINDS = {name: kind for kind, name in _TYPES.items()}
_SPOOLED = {**_TYPES, Kind.JSON: "VARCHAR"}
_SPOOL_ROWS = 500
_KEY_COMMENT = "key of target-warehouse: "
_LEAST_MEMORY, _MOST_MEMORY = 192, 32_768
# DuckDB holds whole row groups in memory; its default of 122,880 rows makes memory grow with the table.
# A batch is one, so that none is begun that the next batch would write anew.
_GROUP_ROWS = 20_480
# A table with so many rows is scanned faster by several threads.
_LARGE = 500_000
# read_json takes buffers of twice the largest object, so that is told as small as it is.
_SMALLEST_BUFFER = 1 << 20
_FULL_WORDS = ("no space left", "disk is full", "file too large")
_CLOSED_WORDS = ("read-only", "permission denied", "cannot open file", "not a valid duckdb")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class DuckDB(Dialect):
    """A DuckDB file, open for writing."""

    name = "duckdb"
    limits = DecimalLimits(Context(prec=38, traps=[InvalidOperation]), Decimal("1e-18"))
    batch_rows = _GROUP_ROWS
    batch_bytes = 32_000_000

    def __init__(self, connection: Connection) -> None:
        self._path = connection.path
        self._schema = connection.schema or "main"
        self._spool = tempfile.TemporaryDirectory(prefix="target-warehouse-")
        self._structs: dict[int, type[msgspec.Struct]] = {}
        try:
            if not connection.read_only:
                Path(self._path).parent.mkdir(parents=True, exist_ok=True)
            self._connection = duckdb.connect()
            file = self._path.replace("'", "''")  # ATTACH takes no parameters
            how = "READ_ONLY" if connection.read_only else f"ROW_GROUP_SIZE {_GROUP_ROWS}"
            self.execute(f"ATTACH '{file}' AS __warehouse ({how})")
            self.execute("USE __warehouse")
            self.execute("SET TimeZone = 'UTC'")
            self.execute("SET preserve_insertion_order = false")
            self._allow(_LEAST_MEMORY)
            if not connection.read_only:
                self.execute(f"CREATE SCHEMA IF NOT EXISTS {quote(self._schema)}")
        except (duckdb.Error, OSError) as error:
            self._spool.cleanup()
            raise self._told(error) from error

    @override
    def close(self) -> None:
        self._connection.close()
        self._spool.cleanup()

    @override
    @contextmanager
    def transaction(self) -> t.Iterator[None]:
        self._connection.execute("BEGIN")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            # After some errors DuckDB has already left the transaction.
            with suppress(duckdb.TransactionException):
                self._connection.execute("ROLLBACK")
            raise

    @override
    def execute(self, sql: str, *parameters: t.Any) -> int:
        result = self._connection.execute(sql, parameters or None).fetchone()
        return int(result[0]) if result and isinstance(result[0], int) else -1

    @override
    def rows(self, sql: str, *parameters: t.Any) -> list[Row]:
        return self._connection.execute(sql, parameters or None).fetchall()

    @override
    def relation(self, name: str) -> str:
        return f"{quote(self._schema)}.{quote(name)}"

    @override
    def columns(self, table: str) -> dict[str, Kind | None]:
        found = self.rows(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = "
            "current_database() AND schema_name = $1 AND lower(table_name) = lower($2) "
            "ORDER BY column_index",
            self._schema,
            table,
        )
        return {name: _KINDS.get(kind) for name, kind in found}

    @override
    def key(self, table: str) -> tuple[str, ...] | None:
        found = self.rows(
            "SELECT comment FROM duckdb_tables() WHERE database_name = current_database() "
            "AND schema_name = $1 AND lower(table_name) = lower($2)",
            self._schema,
            table,
        )
        comment = found[0][0] if found else None
        if comment is None or not comment.startswith(_KEY_COMMENT):
            return None
        return tuple(msgspec.json.decode(comment[len(_KEY_COMMENT) :], type=list[str]))

    @override
    def create(self, table: Table) -> None:
        # No primary key: its index would slow each merge, which finds rows by a join anyway.
        definitions = ", ".join(_definition(column) for column in (*table.columns, *table.extra))
        self.execute(f"CREATE TABLE IF NOT EXISTS {self.relation(table.name)} ({definitions})")
        self._note_key(table)

    @override
    def replace_key(self, table: Table) -> None:
        relation, key = self.relation(table.name), join(table.key)
        if table.key and self.rows(
            f"SELECT 1 FROM {relation} GROUP BY {key} HAVING count(*) > 1 "
            f"OR NOT bool_and({' AND '.join(f'{quote(name)} IS NOT NULL' for name in table.key)}) "
            "LIMIT 1"
        ):
            raise key_refused(relation, table)
        self._note_key(table)

    def _note_key(self, table: Table) -> None:
        """Keep the key in the table's comment, so that another key is noticed."""
        note = _KEY_COMMENT + msgspec.json.encode(table.key).decode()
        text = note.replace("'", "''")  # COMMENT takes no parameters
        self.execute(f"COMMENT ON TABLE {self.relation(table.name)} IS '{text}'")

    @override
    def add_column(self, table: str, column: Column) -> None:
        self.execute(
            f"ALTER TABLE {self.relation(table)} ADD COLUMN IF NOT EXISTS {_definition(column)}"
        )

    @override
    def widen(self, table: str, column: Column) -> None:
        # The whole table is written anew, in a transaction that is not tried again.
        self._allow(max(self._memory, 2048))
        name = quote(column.name)
        value = f"CAST({name} AS {_TYPES[column.kind]})"
        if self.columns(table)[column.name] is Kind.TIMESTAMP:
            value = f"strftime({name} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')"
        self.execute(
            f"ALTER TABLE {self.relation(table)} ALTER COLUMN {name} "
            f"SET DATA TYPE {_TYPES[column.kind]} USING {value}"
        )

    @override
    def stage(self, table: Table, rows: list[Row]) -> str:
        with self._spooled(table, rows) as (query, path):
            self.execute(f"CREATE OR REPLACE TEMP TABLE __staged AS {query}", path)
        return "temp.__staged"

    @override
    def add(self, table: Table, rows: list[Row], *, known_new: bool) -> bool:
        relation = self.relation(table.name)
        unless = (
            ""
            if known_new
            else f" WHERE NOT EXISTS (SELECT 1 FROM {relation} t WHERE {table.matches('s', 't')})"
        )
        with self._spooled(table, rows, scan=not known_new and self._is_large(table)) as (
            query,
            path,
        ):
            added = self.execute(
                f"INSERT INTO {relation} ({table.column_list}) SELECT * FROM ({query}) s{unless}",
                path,
            )
        return added == len(rows)

    @override
    def pairs(self, table: Table, staged: str) -> str:
        return f"{staged} s JOIN {self.relation(table.name)} t ON {table.matches('s', 't')}"

    @contextmanager
    def _spooled(
        self, table: Table, rows: list[Row], *, scan: bool = False
    ) -> t.Iterator[tuple[str, str]]:
        """Write rows to a file; yield the query that reads it, and its parameter, the path.

        Args:
            table: Their table.
            rows: The rows.
            scan: A large table will be scanned as well.
        """
        width = len(table.columns)
        struct = self._structs.get(width)
        if struct is None:
            fields = [(f"c{index}", t.Any) for index in range(width)]
            struct = self._structs[width] = msgspec.defstruct("Row", fields, gc=False)
        path = Path(self._spool.name) / "rows.json"
        encoder = msgspec.json.Encoder()
        largest = _SMALLEST_BUFFER
        with path.open("wb") as spool:
            for start in range(0, len(rows), _SPOOL_ROWS):
                chunk = rows[start : start + _SPOOL_ROWS]
                text = encoder.encode_lines(list(starmap(struct, chunk)))
                largest = max(largest, len(text))
                spool.write(text)
        types = ", ".join(
            f"c{index}: '{_SPOOLED[column.kind]}'" for index, column in enumerate(table.columns)
        )
        casts = ", ".join(
            f"c{index}{'::JSON' if column.kind is Kind.JSON else ''} AS {quote(column.name)}"
            for index, column in enumerate(table.columns)
        )
        query = (
            f"SELECT {casts} FROM read_json($1, format = 'newline_delimited', compression = "
            f"'uncompressed', columns = {{{types}}}, maximum_object_size = {largest})"
        )
        # For so few rows several threads need twice the time of one.
        self.execute("RESET threads" if scan else "SET threads = 1")
        yield query, str(path)
        self.execute("RESET threads")
        path.unlink()

    def _is_large(self, table: Table) -> bool:
        found = self.rows(
            "SELECT estimated_size FROM duckdb_tables() WHERE database_name = current_database() "
            "AND schema_name = $1 AND lower(table_name) = lower($2)",
            self._schema,
            table.name,
        )
        return bool(found) and found[0][0] > _LARGE

    @override
    def show(self, view: str, query: str) -> None:
        self.execute(f"CREATE OR REPLACE VIEW {self.relation(view)} AS {query}")

    @override
    def hide(self, view: str) -> list[str]:
        self.execute(f"DROP VIEW IF EXISTS {self.relation(view)}")
        return []

    @override
    def merge(self, table: Table, staged: str, carried: t.Mapping[str, str]) -> int:
        relation = self.relation(table.name)
        kept = {name: "{old}." + _literal(quote(name)) for name in table.kept}
        carried = {**kept, **carried}
        names = [*table.names, *(name for name in carried if name not in table.names)]
        values = ", ".join(
            f"{carried[name].format(new='s', old='t')} AS {quote(name)}"
            if name in carried
            else f"s.{quote(name)}"
            for name in names
        )
        self.execute(
            f"CREATE OR REPLACE TEMP TABLE __merged AS SELECT t.rowid AS __row, {values} "
            f"FROM {staged} s LEFT JOIN {relation} t ON {table.matches('s', 't')} "
            f"WHERE t.rowid IS NULL OR {newer('s', 't')}"
        )
        self.execute(
            f"DELETE FROM {relation} WHERE rowid IN "
            "(SELECT __row FROM temp.__merged WHERE __row IS NOT NULL)"
        )
        return self.execute(
            f"INSERT INTO {relation} ({join(names)}) SELECT {join(names)} FROM temp.__merged"
        )

    @override
    def relieve(self, error: BaseException) -> bool:
        if not isinstance(error, duckdb.OutOfMemoryException) or self._memory >= _MOST_MEMORY:
            return False
        self._allow(self._memory * 2)
        return True

    def _allow(self, megabytes: int) -> None:
        """Set how much DuckDB may take; else the cache of a growing file takes what there is."""
        self._memory = megabytes
        self.execute(f"SET memory_limit = '{megabytes:d}MB'")

    @override
    def content_hash(self, columns: t.Sequence[str]) -> str:
        return f"md5(CAST(row({', '.join(columns)}) AS VARCHAR))"

    @override
    def moment(self, text: str) -> str:
        return f"CAST({text} AS TIMESTAMP WITH TIME ZONE)"

    @override
    def claim(self, name: str, patience: float = 0) -> bool:
        # A file has one writer.
        return True

    @override
    def turn(self, name: str) -> None:
        """Nothing: a file has one writer."""

    @override
    def index(self, table: str, columns: t.Sequence[str]) -> None:
        """Nothing: rows are found by a join that reads these columns only."""

    @override
    def tables(self, prefix: str) -> list[str]:
        found = self.rows(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() "
            "AND schema_name = $1 AND starts_with(table_name, $2)",
            self._schema,
            prefix,
        )
        return [name for (name,) in found]

    @override
    def is_bad_data(self, error: BaseException) -> bool:
        return isinstance(
            error,
            (
                duckdb.ConversionException,
                duckdb.OutOfRangeException,
                duckdb.InvalidInputException,
                duckdb.ConstraintException,
                UnicodeEncodeError,
            ),
        )

    @override
    def explain(self, error: BaseException) -> DatabaseError | None:
        full = isinstance(error, OSError) and error.errno in _FULL
        return self._told(error) if full or isinstance(error, duckdb.Error) else None

    def _told(self, error: BaseException) -> DatabaseError:
        text = " ".join(str(error).split())
        where = f"The DuckDB file {self._path}"
        lower = text.lower()
        if getattr(error, "errno", None) in _FULL or any(word in lower for word in _FULL_WORDS):
            return DatabaseError(
                f"{where} cannot grow, or the directory for temporary files is full: {text}. "
                "Nothing of this batch was kept; free some space and run again."
            )
        if "conflicting lock" in lower or "could not set lock" in lower:
            return DatabaseError(
                f"{where} is open in another process, and only one may write: {text}. Close that "
                "process (a notebook? a second run?) and run again."
            )
        if isinstance(error, OSError) or any(word in lower for word in _CLOSED_WORDS):
            return DatabaseError(
                f"{where} cannot be written: {text}. Check the rights of the file and its "
                "directory, or set `path` to another place."
            )
        return DatabaseError(
            f"{where} refused: {text}. Nothing of this batch was kept; mend the cause and run again."
        )


def _literal(text: str) -> str:
    """Return text as it is written in a template for `format`."""
    return text.replace("{", "{{").replace("}", "}}")


def _definition(column: Column) -> str:
    return f"{quote(column.name)} {_TYPES[column.kind]}"
