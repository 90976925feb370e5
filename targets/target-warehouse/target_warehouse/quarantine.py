"""Bad records: kept with their reason in the table `_quarantine`, counted against a threshold."""

# ruff: noqa: S608 - names are quoted by `names.quote`, values are parameters
from __future__ import annotations

import hashlib
import typing as t
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timezone

from target_warehouse.dialects.base import Column, Dialect, Table
from target_warehouse.errors import MissingKeyError, QuarantineError
from target_warehouse.schema import Kind
from target_warehouse.versions import moment_key

if t.TYPE_CHECKING:
    from target_warehouse.schema import StreamSchema

NAME = "_quarantine"
SCHEMAS = "_quarantine_schemas"
_CHUNK = 1000

_TABLE = Table(
    NAME,
    (
        Column("id", Kind.TEXT),
        Column("stream", Kind.TEXT),
        Column("reason", Kind.TEXT),
        Column("payload", Kind.TEXT),
        Column("version", Kind.INTEGER),
        Column("received_at", Kind.TIMESTAMP),
        Column("schema_hash", Kind.TEXT),
        Column("state", Kind.TEXT),
    ),
    key=("id",),
)
_SCHEMA_TABLE = Table(
    SCHEMAS,
    (
        Column("stream", Kind.TEXT),
        Column("schema_hash", Kind.TEXT),
        Column("message", Kind.TEXT),
        Column("received_at", Kind.TIMESTAMP),
    ),
    key=("stream",),
)


@dataclass(frozen=True, slots=True)
class Kept:
    """One quarantined record as it stands in the table."""

    id: str
    payload: bytes
    version: int | None


class Quarantine:
    """Collects the bad records of a batch and writes them with it.

    Args:
        dialect: The database.
        threshold: How many bad records a run may have.
    """

    def __init__(self, dialect: Dialect, threshold: int) -> None:
        self._dialect = dialect
        self._threshold = threshold
        self._pending: dict[str, tuple[t.Any, ...]] = {}
        self._replayed: list[str] = []
        self._schemas: dict[str, StreamSchema] = {}
        self._by_read: Counter[tuple[str, int | None]] = Counter()
        self._last: tuple[str, str, bool] = ("", "", False)
        self._exists = bool(dialect.columns(NAME))
        self.count = 0

    def add(
        self,
        schema: StreamSchema,
        payload: bytes,
        version: int | None,
        reason: str,
        *,
        missing_key: bool = False,
    ) -> None:
        """Set a record aside until the batch is written."""
        text = payload.decode(errors="replace").replace("\x00", "\ufffd")
        digest = hashlib.blake2b(f"{schema.stream}\n{text}".encode(), digest_size=16).hexdigest()
        self._pending[digest] = (
            *(digest, schema.stream, reason, text, version),
            *(moment_key(datetime.now(tz=timezone.utc)), schema.digest, "open"),
        )
        self._schemas[schema.stream] = schema
        self._by_read[schema.stream, version] += 1
        self._last = (schema.stream, reason, missing_key)
        self.count += 1

    @property
    def exceeded(self) -> bool:
        """Whether this run has more bad records than it may have."""
        return self.count > self._threshold

    @property
    def pending(self) -> bool:
        """Whether something is to be written."""
        return bool(self._pending or self._replayed)

    def of_read(self, stream: str, version: int) -> int:
        """Return how many records of a full read were set aside."""
        return self._by_read[stream, version]

    def error(self) -> QuarantineError:
        """Return the error for a run over its threshold."""
        stream, reason, missing_key = self._last
        kind = MissingKeyError if missing_key else QuarantineError
        return kind(
            f"{self.count} bad records in this run, more than `quarantine_threshold` "
            f"({self._threshold}) allows; the last one, of stream {stream!r}: {reason}. All are in "
            f"{self._dialect.relation(NAME)} with their reasons. Mend the tap or its schema and run "
            "again, or raise the threshold; `target-warehouse --replay-quarantine` loads them later."
        )

    def note(self, schema: StreamSchema) -> None:
        """Keep a stream's newest schema, with which its quarantined records are replayed."""
        if self._exists:
            self._write_schema(schema)

    def write(self) -> None:
        """Write what was set aside and what was replayed, within a transaction."""
        if self._pending:
            if not self._exists:
                self._dialect.create(_TABLE)
                self._dialect.create(_SCHEMA_TABLE)
            for schema in self._schemas.values():
                self._write_schema(schema)
            relation = self._dialect.relation(NAME)
            for digest, row in self._pending.items():
                self._dialect.execute(f"DELETE FROM {relation} WHERE id = $1", digest)
                self._insert(_TABLE, row)
        for digest in self._replayed:
            if digest not in self._pending:
                self._dialect.execute(
                    f"UPDATE {self._dialect.relation(NAME)} SET state = 'replayed' WHERE id = $1",
                    digest,
                )

    def written(self) -> None:
        """Forget what the committed transaction wrote."""
        self._exists = self._exists or bool(self._pending)
        self._pending.clear()
        self._replayed.clear()
        self._schemas.clear()

    def replayed(self, identifier: str) -> None:
        """Say that a kept record is loaded by the batch at hand."""
        self._replayed.append(identifier)

    def schemas(self) -> dict[str, bytes]:
        """Return the newest SCHEMA message of each stream that has open records."""
        if not self._exists:
            return {}
        found = self._dialect.rows(
            f"SELECT stream, message FROM {self._dialect.relation(SCHEMAS)} WHERE stream IN "
            f"(SELECT stream FROM {self._dialect.relation(NAME)} WHERE state = 'open') ORDER BY 1"
        )
        return {stream: message.encode() for stream, message in found}

    def kept(self, stream: str) -> t.Iterator[Kept]:
        """Yield the open records of a stream."""
        after = ""
        while True:
            found = self._dialect.rows(
                f"SELECT id, payload, version FROM {self._dialect.relation(NAME)} "
                f"WHERE stream = $1 AND state = 'open' AND id > $2 ORDER BY id LIMIT {_CHUNK}",
                stream,
                after,
            )
            for identifier, payload, version in found:
                yield Kept(identifier, payload.encode(), version)
                after = identifier
            if len(found) < _CHUNK:
                return

    def _write_schema(self, schema: StreamSchema) -> None:
        self._dialect.execute(
            f"DELETE FROM {self._dialect.relation(SCHEMAS)} WHERE stream = $1", schema.stream
        )
        message = schema.message.decode(errors="replace")
        row = (schema.stream, schema.digest, message, moment_key(datetime.now(tz=timezone.utc)))
        self._insert(_SCHEMA_TABLE, row)

    def _insert(self, table: Table, row: tuple[t.Any, ...]) -> None:
        places = ", ".join(
            self._dialect.moment(f"${n}") if column.kind is Kind.TIMESTAMP else f"${n}"
            for n, column in enumerate(table.columns, 1)
        )
        relation = self._dialect.relation(table.name)
        self._dialect.execute(
            f"INSERT INTO {relation} ({table.column_list}) VALUES ({places})", *row
        )
