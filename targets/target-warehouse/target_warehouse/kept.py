"""Looking into the quarantine: what it holds, by stream and reason, and record by record.

The writing side is `quarantine`. Operators come here through `syncops quarantine`.
"""

# ruff: noqa: S608 - names are quoted by `names.quote`, values are parameters
from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass
from datetime import datetime, timezone
from fnmatch import fnmatchcase

from typing_extensions import override

from target_warehouse.names import quote
from target_warehouse.versions import moment_key

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from target_warehouse.dialects.base import Dialect, Row

NAME = "_quarantine"
SCHEMAS = "_quarantine_schemas"
LARGEST_PAYLOAD = 16_000_000
"""Of a record with more bytes only the beginning is kept; it cannot be replayed."""

_PAGE_ROWS = 1_000


class State(str, enum.Enum):
    """What became of a bad record.

    Only open ones count: against the threshold, and as a reason to hold an activation back.
    """

    OPEN = "open"
    REPLAYED = "replayed"
    DROPPED = "dropped"
    OUTDATED = "outdated"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records of the quarantine are meant. Conditions that are empty hold for all.

    Attributes:
        ids: Beginnings of ids.
        streams: Globs of stream names.
        exact: Whether `streams` are names instead.
        reasons: Texts within the reason, in any case.
        since: The record came again at this time or later.
        states: Their states.
    """

    ids: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    exact: bool = False
    reasons: tuple[str, ...] = ()
    since: datetime | None = None
    states: tuple[State, ...] = (State.OPEN,)


EVERY_OPEN = Selection()


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did with the records of one stream.

    Attributes:
        loaded: Records that are in the table now, or would be if no newer version were there.
        left: Records that are still bad.
        cut: Records of which only the beginning is kept.
        waiting: Records that were not tried: their stream is replaced by each full read, and the next
            one brings them again.
    """

    stream: str
    loaded: int = 0
    left: int = 0
    cut: int = 0
    waiting: int = 0

    @property
    def stays(self) -> int:
        """How many records stay in quarantine."""
        return self.left + self.cut + self.waiting

    @override
    def __str__(self) -> str:
        """Say it in one line."""
        parts = [f"{self.loaded} loaded"]
        if self.left:
            parts.append(f"{self.left} still bad")
        if self.cut:
            parts.append(f"{self.cut} too large to be kept whole")
        if self.waiting:
            parts.append(f"{self.waiting} wait for the next full read, which brings them again")
        return f"Stream {self.stream}: {', '.join(parts)}"


@dataclass(frozen=True, slots=True)
class Group:
    """The records of one stream with one reason and state.

    Attributes:
        records: How many they are.
        times: How often they came, all together.
        first, last: When the first of them came, and when one of them came last; UTC.
        held: When an activation was last held back because of them; UTC.
        example: The id of one of them.
    """

    stream: str
    reason: str
    state: State
    records: int
    times: int
    first: datetime
    last: datetime
    held: datetime | None
    example: str


@dataclass(frozen=True, slots=True)
class Kept:
    """One quarantined record as it stands in the table; times are UTC.

    Attributes:
        payload: The record as it came: JSON, unless the tap sent none.
        payload_bytes: The size it had; larger than what is kept when it was cut.
        version: The last full read that brought it; None outside of full reads.
        schema_hash: Which schema it failed.
        held_at: When an activation was last held back because of it.
    """

    id: str
    stream: str
    reason: str
    payload: str
    payload_bytes: int
    version: int | None
    schema_hash: str
    state: State
    times: int
    received_at: datetime
    last_received_at: datetime
    held_at: datetime | None

    @property
    def whole(self) -> bool:
        """Whether all of it is kept."""
        return self.payload_bytes <= LARGEST_PAYLOAD


# As numbers: DuckDB needs a further package to give a moment out.
_COLUMNS = (
    "id, stream, reason, payload, payload_bytes, version, schema_hash, state, times_received, "
    "extract(epoch FROM received_at), extract(epoch FROM last_received_at), "
    "extract(epoch FROM held_at)"
)


_Plain: t.TypeAlias = "tuple[str, str, str, str, int, int | None, str]"


class Quarantined:
    """The quarantine of one database schema.

    Args:
        rows: Runs a query with $1, $2, ... and returns its rows.
        table: The quoted name of the table of records.
        schemas: The quoted name of the table of their schemas.
        moment: Returns SQL that turns the text of a moment into a timestamp.
    """

    def __init__(
        self,
        rows: Callable[..., list[Row]],
        table: str,
        schemas: str,
        moment: Callable[[str], str],
    ) -> None:
        self._rows = rows
        self._table = table
        self._schemas = schemas
        self._moment = moment

    @classmethod
    def within(cls, dialect: Dialect, schema: str) -> Quarantined:
        """Return the quarantine of any schema of an open database."""
        table, schemas = (f"{quote(schema)}.{quote(name)}" for name in (NAME, SCHEMAS))
        return cls(dialect.rows, table, schemas, dialect.moment)

    def has(self, stream: str) -> bool:
        """Tell whether there are records of a stream, in whatever state."""
        return bool(self._rows(f"SELECT 1 FROM {self._table} WHERE stream = $1 LIMIT 1", stream))

    def groups(self, wanted: Selection) -> list[Group]:
        """Return the wanted records by stream, reason and state."""
        condition, values = self._condition(wanted)
        found = self._rows(
            "SELECT stream, reason, state, count(*), sum(times_received), "
            "extract(epoch FROM min(received_at)), extract(epoch FROM max(last_received_at)), "
            f"extract(epoch FROM max(held_at)), min(id) FROM {self._table} WHERE {condition} "
            "GROUP BY stream, reason, state ORDER BY stream, count(*) DESC, reason, state",
            *values,
        )
        return [
            Group(
                *(stream, reason, State(state), int(records), int(times)),
                *_moments(first, last, held),
                example,
            )
            for stream, reason, state, records, times, first, last, held, example in found
        ]

    def records(self, wanted: Selection) -> Iterator[Kept]:
        """Yield the wanted records in the order of their ids."""
        condition, values = self._condition(wanted)
        return self.where(condition, *values)

    def ids(self, wanted: Selection) -> list[str]:
        """Return the ids of the wanted records."""
        condition, values = self._condition(wanted)
        found = self._rows(f"SELECT id FROM {self._table} WHERE {condition} ORDER BY id", *values)
        return [identifier for (identifier,) in found]

    def where(self, condition: str, *values: t.Any) -> Iterator[Kept]:
        """Yield the records for which a condition in SQL holds, in the order of their ids."""
        found = self._rows(
            f"SELECT id, payload_bytes FROM {self._table} WHERE {condition} ORDER BY id", *values
        )
        for page in _pages(found):
            rows = self._rows(
                f"SELECT {_COLUMNS} FROM {self._table} "
                "WHERE id IN (SELECT unnest($1::text[])) ORDER BY id",
                page,
            )
            for *fields, state, times, first, last, held in rows:
                moments = _moments(first, last, held)
                yield Kept(*t.cast("_Plain", tuple(fields)), State(state), times, *moments)

    def schema(self, kept: Kept) -> str | None:
        """Return the SCHEMA message that a record failed; None when it is not kept any more."""
        found = self._rows(
            f"SELECT message FROM {self._schemas} WHERE stream = $1 AND schema_hash = $2",
            kept.stream,
            kept.schema_hash,
        )
        return found[0][0] if found else None

    def newest_schemas(self, wanted: Selection) -> dict[str, bytes]:
        """Return the newest SCHEMA message of each stream that has wanted records."""
        condition, values = self._condition(wanted)
        found = self._rows(
            f"SELECT stream, message FROM {self._schemas} WHERE stream IN "
            f"(SELECT stream FROM {self._table} WHERE {condition}) ORDER BY stream, received_at",
            *values,
        )
        return {stream: message.encode() for stream, message in found}

    def _condition(self, wanted: Selection) -> tuple[str, list[t.Any]]:
        values: list[t.Any] = [[state.value for state in wanted.states]]
        parts = ["state IN (SELECT unnest($1::text[]))"]

        def add(part: str, value: t.Any) -> None:
            values.append(value)
            parts.append(part.format(f"${len(values)}"))

        if wanted.streams:
            names = list(wanted.streams) if wanted.exact else self._streams(wanted.streams)
            add("stream IN (SELECT unnest({}::text[]))", names)
        if wanted.ids:
            starts = "EXISTS (SELECT 1 FROM (SELECT unnest({}::text[]) AS x) AS b WHERE "
            add(starts + "starts_with(id, b.x))", list(wanted.ids))
        for text in wanted.reasons:
            add("strpos(lower(reason), lower({})) > 0", text)
        if wanted.since is not None:
            add(f"last_received_at >= {self._moment('{}')}", moment_key(wanted.since))
        return " AND ".join(parts), values

    def _streams(self, globs: Sequence[str]) -> list[str]:
        found = self._rows(f"SELECT DISTINCT stream FROM {self._table}")
        return [name for (name,) in found if any(fnmatchcase(name, glob) for glob in globs)]


def _moments(first: t.Any, last: t.Any, held: t.Any) -> tuple[datetime, datetime, datetime | None]:
    times = [
        s if s is None else datetime.fromtimestamp(float(s), timezone.utc)
        for s in (first, last, held)
    ]
    return t.cast("tuple[datetime, datetime, datetime | None]", tuple(times))


def _pages(found: t.Iterable[Row]) -> Iterator[list[str]]:
    """Yield ids, so many at a time as fit into memory with their records."""
    page: list[str] = []
    room = LARGEST_PAYLOAD
    for identifier, size in found:
        if page and (len(page) == _PAGE_ROWS or size > room):
            yield page
            page, room = [], LARGEST_PAYLOAD
        page.append(identifier)
        room -= size
    if page:
        yield page


def quarantined_schemas(dialect: Dialect) -> list[str]:
    """Return the schemas of a database that have a quarantine: with Meltano, one for each tap."""
    found = dialect.rows(
        "SELECT table_schema FROM information_schema.tables "
        "WHERE table_name = $1 AND table_catalog = current_database() ORDER BY 1",
        NAME,
    )
    return [name for (name,) in found]


def drop(dialect: Dialect, schema: str, identifiers: Sequence[str]) -> int:
    """Say that records are not wanted; return how many were changed."""
    table = f"{quote(schema)}.{quote(NAME)}"
    return dialect.execute(
        f"UPDATE {table} SET state = '{State.DROPPED.value}' WHERE id IN (SELECT unnest($1::text[]))",
        list(identifiers),
    )
