"""Bad records: kept with their reason in the table `_quarantine`, counted against a threshold."""

# ruff: noqa: S608 - names are quoted by `names.quote`, values are parameters
from __future__ import annotations

import hashlib
import logging
import typing as t
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timezone

import msgspec

from target_warehouse.dialects.base import Column, Dialect, Table
from target_warehouse.errors import MissingKeyError, QuarantineError
from target_warehouse.kept import LARGEST_PAYLOAD, NAME, SCHEMAS, Quarantined, Selection, State
from target_warehouse.schema import Kind
from target_warehouse.versions import moment_key

if t.TYPE_CHECKING:
    from target_warehouse.kept import Kept
    from target_warehouse.modes.base import Activation
    from target_warehouse.schema import StreamSchema

log = logging.getLogger("target-warehouse")

_SHOWN_OF_LARGER = 10_000
_LONGEST_REASON = 1_000
_CHUNK_ROWS, _CHUNK_BYTES = 5_000, 16_000_000
# Fields that differ each time the same record is read.
_READING = frozenset({"_read_at"})

_TABLE = Table(
    NAME,
    (
        Column("id", Kind.TEXT),
        Column("stream", Kind.TEXT),
        Column("reason", Kind.TEXT),
        Column("payload", Kind.TEXT),
        Column("payload_bytes", Kind.INTEGER),
        Column("version", Kind.INTEGER),
        Column("schema_hash", Kind.TEXT),
        Column("state", Kind.TEXT),
        Column("times_received", Kind.INTEGER),
        Column("received_at", Kind.TIMESTAMP),
        Column("last_received_at", Kind.TIMESTAMP),
        Column("held_at", Kind.TIMESTAMP),
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
    key=("stream", "schema_hash"),
)


@dataclass(frozen=True, slots=True)
class _Bad:
    """One bad record that is not written yet."""

    id: str
    stream: str
    reason: str
    payload: str
    payload_bytes: int
    version: int | None
    schema_hash: str
    times: int


class _Named(msgspec.Struct):
    """A record about the records of a stream and account."""

    stream: str = ""
    account: str = ""


class _Owned(msgspec.Struct):
    """A record of an account."""

    account: str = msgspec.field(default="", name="_account")


class Quarantine:
    """Collects the bad records of a batch and writes them with it.

    Args:
        dialect: The database.
        threshold: How many bad records a run may have.
    """

    def __init__(self, dialect: Dialect, threshold: int) -> None:
        self._dialect = dialect
        self._threshold: int | None = threshold
        self._pending: dict[str, _Bad] = {}
        self._replayed: list[str] = []
        self._schemas: dict[str, StreamSchema] = {}
        self._dropped: dict[str, set[str]] = {}
        self._last: tuple[str, str, bool] = ("", "", False)
        self._exists = bool(dialect.columns(NAME))
        self._kept = Quarantined(
            dialect.rows, dialect.relation(NAME), dialect.relation(SCHEMAS), dialect.moment
        )
        self.count = 0
        self.count_dropped = 0
        self.counts: Counter[tuple[str, str]] = Counter()  # by stream and account

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
        digest = _identity(schema.stream, payload)
        size = len(payload)
        reason = reason[:_LONGEST_REASON].replace("\x00", "\ufffd")
        if size > LARGEST_PAYLOAD:
            text = text[:_SHOWN_OF_LARGER]
            reason = f"{reason} (of its {size:,} bytes only the beginning is kept)"
        held = self._pending.get(digest)
        replaying = self._threshold is None  # which is no new sighting
        times = (held.times if held else 0) + (not replaying)
        self._pending[digest] = _Bad(
            digest, schema.stream, reason, text, size, version, schema.digest, times
        )
        self._schemas[schema.stream] = schema
        if not replaying and digest in self._dropped_of(schema.stream):
            self.count_dropped += 1
            return
        self._last = (schema.stream, reason, missing_key)
        self.count += 1
        self.counts[schema.stream, _account(payload)] += 1

    def told(self, raw: msgspec.Raw, name: str) -> msgspec.Raw:
        """Return a record with the number of bad records of the stream and account that it names."""
        try:
            values = msgspec.json.decode(raw, type=t.Dict[str, msgspec.Raw])  # noqa: UP006
            of = msgspec.json.decode(raw, type=_Named)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return raw
        values[name] = msgspec.Raw(b"%d" % self.counts[of.stream, of.account])
        return msgspec.Raw(msgspec.json.encode(values))

    @property
    def exceeded(self) -> bool:
        """Whether this run has more bad records than it may have."""
        return self._threshold is not None and self.count > self._threshold

    @property
    def pending(self) -> bool:
        """Whether something is to be written."""
        return bool(self._pending or self._replayed)

    def error(self) -> QuarantineError:
        """Return the error for a run over its threshold."""
        stream, reason, missing_key = self._last
        kind = MissingKeyError if missing_key else QuarantineError
        return kind(
            f"{self.count} bad records in this run, more than `quarantine_threshold` "
            f"({self._threshold}) allows; the last one, of stream {stream!r}: {reason}. All are in "
            f"{self._dialect.relation(NAME)} with their reasons (`syncops quarantine list`). Mend the "
            "tap or its schema and run again, or raise the threshold; `syncops quarantine replay` or "
            "`target-warehouse --replay-quarantine` loads them later."
        )

    def report(self) -> None:
        """Say at the end of a run what was set aside."""
        if self.count:
            log.warning(
                "%d bad records went to the quarantine; see `syncops quarantine list`", self.count
            )
        if self.count_dropped:
            log.info(
                "%d bad records came again that were dropped from the quarantine before",
                self.count_dropped,
            )

    def standing(self) -> dict[str, int]:
        """Return how many records are open, by stream."""
        if not self._exists:
            return {}
        found = self._dialect.rows(
            f"SELECT stream, count(*) FROM {self._dialect.relation(NAME)} "
            f"WHERE state = '{State.OPEN.value}' GROUP BY stream"
        )
        return dict(found)

    def of_read(self, stream: str, activation: Activation) -> list[str]:
        """Return the open records that a full read, or a later one, brought within its scope.

        They count also when an earlier process set them aside.
        """
        return self._of_reads(stream, activation, ">=")

    def hold(self, identifiers: t.Sequence[str]) -> None:
        """Note that an activation is held back because of these records."""
        self._set(identifiers, f"held_at = {self._dialect.moment('$2')}", _now())

    def settle(self, stream: str, activation: Activation) -> None:
        """Close the records of earlier reads: a complete one brought them again, or they are gone."""
        found = self._of_reads(stream, activation, "<")
        self._set(found, f"state = '{State.OUTDATED.value}'")

    def note(self, schema: StreamSchema) -> None:
        """Keep a stream's newest schema, with which its quarantined records are replayed."""
        if self._exists and self._kept.has(schema.stream):
            with self._dialect.transaction():
                self._write_schema(schema)

    def write(self) -> None:
        """Write what was set aside and what was replayed, within a transaction."""
        if self._pending:
            if not self._exists:
                self._dialect.create(_TABLE)
                self._dialect.create(_SCHEMA_TABLE)
            for chunk in _chunks(self._pending.values()):
                self._write(chunk)
            for schema in self._schemas.values():
                self._write_schema(schema)
        loaded = [identifier for identifier in self._replayed if identifier not in self._pending]
        self._set(loaded, f"state = '{State.REPLAYED.value}'")

    def written(self) -> None:
        """Forget what the committed transaction wrote."""
        self._exists = self._exists or bool(self._pending)
        self._pending.clear()
        self._replayed.clear()
        self._schemas.clear()

    def begin_replay(self, wanted: Selection) -> dict[str, bytes]:
        """Make ready to try records again; they count against no threshold.

        Returns:
            The newest SCHEMA message of each stream that has wanted records.
        """
        self._threshold = None
        return self._kept.newest_schemas(wanted) if self._exists else {}

    def kept(self, stream: str, wanted: Selection) -> t.Iterator[Kept]:
        """Yield the wanted records of a stream."""
        return self._kept.records(replace(wanted, streams=(stream,), exact=True))

    def replayed(self, identifier: str) -> None:
        """Say that a kept record is in the batch at hand; unless it proves bad it is loaded."""
        self._replayed.append(identifier)

    def _dropped_of(self, stream: str) -> set[str]:
        if stream not in self._dropped:
            self._dropped[stream] = set()
            if self._exists:
                found = self._dialect.rows(
                    f"SELECT id FROM {self._dialect.relation(NAME)} "
                    f"WHERE stream = $1 AND state = '{State.DROPPED.value}'",
                    stream,
                )
                self._dropped[stream] = {identifier for (identifier,) in found}
        return self._dropped[stream]

    def _of_reads(self, stream: str, activation: Activation, compared: str) -> list[str]:
        if not self._exists:
            return []
        where = f"stream = $1 AND state = '{State.OPEN.value}' AND version {compared} $2"
        relation = self._dialect.relation(NAME)
        if not activation.scope:
            found = self._dialect.rows(
                f"SELECT id FROM {relation} WHERE {where}", stream, activation.version
            )
            return [identifier for (identifier,) in found]
        return [
            kept.id
            for kept in self._kept.where(where, stream, activation.version)
            if _may_be_in(activation.scope, kept)
        ]

    def _set(self, identifiers: t.Sequence[str], change: str, *values: t.Any) -> None:
        for start in range(0, len(identifiers), _CHUNK_ROWS):
            self._dialect.execute(
                f"UPDATE {self._dialect.relation(NAME)} SET {change} "
                "WHERE id IN (SELECT unnest($1::text[]))",
                list(identifiers[start : start + _CHUNK_ROWS]),
                *values,
            )

    def _write(self, bad: t.Sequence[_Bad]) -> None:
        """Write records in two statements, whatever their number."""
        relation = self._dialect.relation(NAME)
        known = {
            identifier
            for (identifier,) in self._dialect.rows(
                f"SELECT id FROM {relation} WHERE id IN (SELECT unnest($1::text[]))",
                [one.id for one in bad],
            )
        }
        now = self._dialect.moment("$9")
        if new := [one for one in bad if one.id not in known]:
            self._dialect.execute(
                f"INSERT INTO {relation} ({_TABLE.column_list}) SELECT {_BROUGHT}, "
                f"'{State.OPEN.value}', s.times, {now}, {now}, NULL FROM {_SOURCE} AS s",
                *_arrays(new),
                _now(),
            )
        if again := [one for one in bad if one.id in known]:
            self._dialect.execute(
                f"UPDATE {relation} AS t SET reason = s.reason, payload = s.payload, "
                "payload_bytes = s.payload_bytes, version = greatest(t.version, s.version), "
                "schema_hash = s.schema_hash, times_received = t.times_received + s.times, "
                f"state = CASE WHEN t.state = '{State.DROPPED.value}' THEN t.state "
                f"ELSE '{State.OPEN.value}' END, last_received_at = "
                f"CASE WHEN s.times > 0 THEN {now} ELSE t.last_received_at END "
                f"FROM {_SOURCE} AS s WHERE t.id = s.id",
                *_arrays(again),
                _now(),
            )

    def _write_schema(self, schema: StreamSchema) -> None:
        """Keep a schema as the newest of its stream; forget those that no record failed."""
        relation = self._dialect.relation(SCHEMAS)
        self._dialect.execute(
            f"DELETE FROM {relation} WHERE stream = $1 AND (schema_hash = $2 OR schema_hash NOT IN "
            f"(SELECT schema_hash FROM {self._dialect.relation(NAME)} WHERE stream = $1))",
            schema.stream,
            schema.digest,
        )
        self._dialect.execute(
            f"INSERT INTO {relation} ({_SCHEMA_TABLE.column_list}) "
            f"VALUES ($1, $2, $3, {self._dialect.moment('$4')})",
            *(schema.stream, schema.digest, schema.message.decode(errors="replace"), _now()),
        )


_FIELDS = {
    "id": "text",
    "stream": "text",
    "reason": "text",
    "payload": "text",
    "payload_bytes": "bigint",
    "version": "bigint",
    "schema_hash": "text",
    "times": "bigint",
}
_SOURCE = "(SELECT {})".format(
    ", ".join(
        f"unnest(${n}::{kind}[]) AS {name}" for n, (name, kind) in enumerate(_FIELDS.items(), 1)
    )
)
_BROUGHT = ", ".join(f"s.{name}" for name in _FIELDS if name != "times")


def _arrays(bad: t.Sequence[_Bad]) -> list[list[t.Any]]:
    return [[getattr(one, name) for one in bad] for name in _FIELDS]


def _chunks(pending: t.Iterable[_Bad]) -> t.Iterator[list[_Bad]]:
    chunk: list[_Bad] = []
    size = 0
    for one in sorted(pending, key=lambda one: one.id):
        if chunk and (len(chunk) == _CHUNK_ROWS or size + len(one.payload) > _CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(one)
        size += len(one.payload)
    if chunk:
        yield chunk


def _identity(stream: str, payload: bytes) -> str:
    """Return what is the same each time the same record comes."""
    digest = hashlib.blake2b(stream.encode() + b"\n", digest_size=16)
    try:
        values = msgspec.json.decode(payload, type=t.Dict[str, msgspec.Raw])  # noqa: UP006
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        digest.update(payload)
        return digest.hexdigest()
    for name in sorted(values.keys() - _READING):
        digest.update(msgspec.json.encode(name) + b":" + bytes(values[name]) + b",")
    return digest.hexdigest()


def _account(payload: bytes) -> str:
    """Return the account of a record; empty where none can be read."""
    try:
        return msgspec.json.decode(payload, type=_Owned).account
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""


def _may_be_in(scope: t.Mapping[str, t.Any], kept: Kept) -> bool:
    """Tell whether a record may belong to a scope; one that cannot be read may."""
    try:
        values = msgspec.json.decode(kept.payload) if kept.whole else None
    except (msgspec.MsgspecError, RecursionError):
        values = None
    if not isinstance(values, dict):
        return True
    for name, wanted in scope.items():
        value = values.get(name)
        if isinstance(value, (str, int)) and (wanted is None or str(value) != str(wanted)):
            return False
    return True


def _now() -> str:
    return moment_key(datetime.now(tz=timezone.utc))
