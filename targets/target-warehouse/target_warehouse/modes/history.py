"""Mode `history`: one row for each version of a key, with the time in which it was valid."""

# ruff: noqa: S608 - names are quoted by `names.quote`, values are parameters
from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone

from typing_extensions import override

from target_warehouse.dialects.base import VERSION, Column
from target_warehouse.layout import Shape
from target_warehouse.modes.base import Entry, Mode
from target_warehouse.names import join, quote
from target_warehouse.schema import Kind
from target_warehouse.versions import TIME_LENGTH, is_moment, moment_key

_UNTIL = "_version_until"


class History(Mode):
    """Rebuilds the chain of each key that a batch brings something new for.

    A row stands for a run of versions with the same content: `_version` is the first of them,
    `_version_until` the last that is known. The last one is kept because an older version with
    other content may still come and split the run; without it the newest content would be lost.
    Content is every column whose property does not begin with an underscore.
    """

    shape = Shape(
        staged=(Column(VERSION, Kind.TEXT),),
        extra=(
            Column(_UNTIL, Kind.TEXT),
            Column("_valid_from", Kind.TIMESTAMP),
            Column("_valid_to", Kind.TIMESTAMP),
            Column("_is_current", Kind.BOOLEAN),
        ),
        key_extra=(VERSION,),
    )

    @override
    def __init__(self, *arguments: t.Any) -> None:
        super().__init__(*arguments)
        self._last_arrival = datetime.min.replace(tzinfo=timezone.utc)

    @override
    def versions(self, versions: list[str | None]) -> t.Sequence[str | None]:
        return list(map(self._version, versions))

    def _version(self, version: str | None) -> str:
        if version is not None and is_moment(version):
            return version
        # No time of its own: the order of arrival, never twice the same.
        now = datetime.now(tz=timezone.utc)
        self._last_arrival = max(now, self._last_arrival + timedelta(microseconds=1))
        return moment_key(self._last_arrival)

    @override
    def identities(
        self, keys: t.Iterable[t.Any], versions: t.Iterable[str | None], table_version: int | None
    ) -> t.Iterable[t.Any]:
        return zip(keys, versions, strict=True)

    @override
    def system_values(self, entries: t.Iterable[Entry]) -> t.Iterable[tuple[t.Any, ...]]:
        return [(entry.version,) for entry in entries]

    @override
    def write(self, entries: t.Sequence[Entry]) -> None:
        # Chains are built from what is in the table, so no other run may write to it meanwhile.
        self.dialect.turn(self.table.name)
        staged = self.dialect.stage(self.table, self.rows(entries))
        relation = self.dialect.relation(self.table.name)
        self.dialect.execute(
            f"CREATE TEMP TABLE __fresh AS SELECT * FROM {staged} s WHERE NOT EXISTS "
            f"(SELECT 1 FROM {relation} t WHERE {self._same_key('t', 's')} "
            f"AND (t.{VERSION} = s.{VERSION} OR t.{_UNTIL} = s.{VERSION}))"
        )
        self.dialect.execute(f"CREATE TEMP TABLE __chains AS {self._chains(relation)}")
        self.dialect.execute(
            f"DELETE FROM {relation} AS t USING (SELECT DISTINCT {self._keys()} FROM __fresh) AS s "
            f"WHERE {self._same_key('t', 's')}"
        )
        columns = f"{join(self._stored())}, _valid_from, _valid_to, _is_current"
        self.dialect.execute(f"INSERT INTO {relation} ({columns}) SELECT {columns} FROM __chains")
        self.dialect.execute("DROP TABLE __fresh")
        self.dialect.execute("DROP TABLE __chains")

    def _chains(self, relation: str) -> str:
        """Return the query for the new chains: gaps and islands over the order of versions."""
        data = join(self._data())
        brought = ", ".join(
            "NULL" if name in self.table.kept else quote(name) for name in self._data()
        )
        keys = self._keys()
        content = [
            quote(column.name)
            for field, column in zip(self.fields, self.table.columns, strict=False)
            if not field.name.startswith("_")
        ]
        digest = self.dialect.content_hash(content) if content else "''"
        affected = f"EXISTS (SELECT 1 FROM __fresh s WHERE {self._same_key('s', 't')})"
        begins = self.dialect.moment(f"substring({VERSION}, 1, {TIME_LENGTH})")
        ends = self.dialect.moment(f"substring(__next, 1, {TIME_LENGTH})")
        return f"""
            WITH events AS (
                SELECT {data}, {VERSION}, {digest} AS __digest, 0 AS __rank
                FROM {relation} t WHERE {affected}
                UNION ALL
                SELECT {data}, {_UNTIL}, {digest}, 1
                FROM {relation} t WHERE {affected} AND {_UNTIL} <> {VERSION}
                UNION ALL
                SELECT {brought}, {VERSION}, {digest}, 2 FROM __fresh
            ), single AS (
                SELECT *, row_number() OVER (PARTITION BY {keys}, {VERSION} ORDER BY __rank) AS __copy
                FROM events
            ), compared AS (
                SELECT *, lag(__digest) OVER (PARTITION BY {keys} ORDER BY {VERSION}) AS __before
                FROM single WHERE __copy = 1
            ), numbered AS (
                SELECT *, sum(CASE WHEN __before = __digest THEN 0 ELSE 1 END)
                    OVER (PARTITION BY {keys} ORDER BY {VERSION}) AS __run
                FROM compared
            ), ends AS (
                SELECT *, max({VERSION}) OVER (PARTITION BY {keys}, __run) AS {_UNTIL},
                    row_number() OVER (PARTITION BY {keys}, __run ORDER BY {VERSION}) AS __nth
                FROM numbered
            ), runs AS (
                SELECT {data}, {VERSION}, {_UNTIL},
                    lead({VERSION}) OVER (PARTITION BY {keys} ORDER BY {VERSION}) AS __next
                FROM ends WHERE __nth = 1
            )
            SELECT {data}, {VERSION}, {_UNTIL}, {begins} AS _valid_from, {ends} AS _valid_to,
                __next IS NULL AS _is_current
            FROM runs"""

    def _data(self) -> tuple[str, ...]:
        return (*(name for name in self.table.names if name != VERSION), *self.table.kept)

    def _stored(self) -> tuple[str, ...]:
        return (*self._data(), VERSION, _UNTIL)

    def _keys(self) -> str:
        return join(name for name in self.table.key if name != VERSION)

    def _same_key(self, one: str, other: str) -> str:
        return " AND ".join(
            f"{one}.{quote(name)} = {other}.{quote(name)}"
            for name in self.table.key
            if name != VERSION
        )
