"""Mode `overwrite`: the table holds exactly the last full read."""

# ruff: noqa: S608 - names are quoted by `names.quote`, values are parameters
from __future__ import annotations

import typing as t
from itertools import groupby, repeat

from typing_extensions import override

from target_warehouse.activation import PATIENCE, Scope, busy, is_late, may_go
from target_warehouse.dialects.base import VERSION, Column, Table, newer
from target_warehouse.layout import Shape
from target_warehouse.modes.base import Activation, Entry, Mode
from target_warehouse.names import MAX_BYTES, shorten
from target_warehouse.schema import Kind, StreamSchema

_MARK = "__staging_"
_DIGITS = 20
_EVERYTHING = Scope("TRUE", ())


class Overwrite(Mode):
    """Collects a read in `<table>__staging_<version>`, and puts it in place in one transaction.

    `_table_version` is the version of the read that a row came with. So an older one that comes late
    does not replace it, and a read that goes on after its activation, as when a kill came before the
    STATE, is known.
    """

    shape = Shape(
        staged=(Column(VERSION, Kind.TEXT),),
        extra=(Column("_table_version", Kind.INTEGER),),
    )
    needs_key = False
    needs_full_reads = True
    follows_reads = True

    @override
    def __init__(self, *arguments: t.Any) -> None:
        super().__init__(*arguments)
        self._prefix = shorten(self.table.name, MAX_BYTES - len(_MARK) - _DIGITS) + _MARK
        self._staging: dict[int, Table] = {}

    @override
    def _shape(self, schema: StreamSchema) -> Shape:
        return Shape(self.shape.staged, self.shape.extra, keyed=bool(schema.key))

    @override
    def identities(
        self, keys: t.Iterable[t.Any], versions: t.Iterable[str | None], table_version: int | None
    ) -> t.Iterable[t.Any]:
        return zip(repeat(table_version), keys, strict=False)

    @override
    def system_values(self, entries: t.Iterable[Entry]) -> t.Iterable[tuple[t.Any, ...]]:
        return [(entry.version,) for entry in entries]

    @override
    def begin(self, version: int) -> None:
        if version in self._staging:
            return
        name = f"{self._prefix}{version:d}"
        own = {name, *(table.name for table in self._staging.values())}
        for found in self.dialect.tables(self._prefix):
            # What nobody works on was left by a read that did not come to its end.
            ours = found.removeprefix(self._prefix).removeprefix("-").isdigit()
            if ours and found not in own and self.dialect.claim(found):
                self._drop(found)
        if not self.dialect.claim(name, PATIENCE):
            raise busy(self, version)
        self._staging[version] = self.prepare(name)[1]

    @override
    def write(self, entries: t.Sequence[Entry]) -> None:
        by_version = sorted(entries, key=lambda entry: entry.table_version or 0)
        for version, group in groupby(by_version, key=lambda entry: entry.table_version or 0):
            table = self._staging[version]
            staged = self.dialect.stage(table, self.rows(list(group)))
            if table.key:
                self.dialect.merge(table, staged, {})
            else:
                self.dialect.execute(
                    f"INSERT INTO {self.dialect.relation(table.name)} ({table.column_list}) "
                    f"SELECT {table.column_list} FROM {staged}"
                )

    @override
    def activate(self, activation: Activation) -> bool:
        staging = self._staging[activation.version]
        new, old = self.dialect.relation(staging.name), self.dialect.relation(self.table.name)
        scope = Scope.of(self, activation)
        self.dialect.turn(self.table.name)
        total, last = self._look(old, scope)
        brought, _ = self._look(new, scope)
        if is_late(self, activation, last):
            self.dialect.execute(f"DELETE FROM {new} WHERE {scope.condition}", *scope.values)
            return True
        if last == activation.version:
            self._complete(activation.version, scope)
            return True
        going = self._going(activation, total, brought)
        if not may_go(self, activation, total=total, going=going, brought=brought):
            return False
        self.dialect.execute(f"DELETE FROM {old} WHERE {scope.condition}", *scope.values)
        self._move(activation.version, scope)
        return True

    def _complete(self, version: int, scope: Scope) -> None:
        """Add to a read that is in place what its tap sent again; nothing goes.

        It was whole when it was put in place. Without a key its rows cannot be told apart, so there
        what came again is left out.
        """
        staging = self._staging[version]
        old, new = self.dialect.relation(self.table.name), self.dialect.relation(staging.name)
        same = self.table.matches("s", "t") or "TRUE"
        if self.table.key:
            self.dialect.execute(
                f"DELETE FROM {old} AS t WHERE {scope.condition} "
                f"AND EXISTS (SELECT 1 FROM {new} AS s WHERE {same} AND {newer('s', 't')})",
                *scope.values,
            )
        self._move(version, scope, f"AND NOT EXISTS (SELECT 1 FROM {old} AS t WHERE {same})")

    def _move(self, version: int, scope: Scope, unless: str = "") -> None:
        staging = self._staging[version]
        old, new = self.dialect.relation(self.table.name), self.dialect.relation(staging.name)
        self.dialect.execute(
            f"INSERT INTO {old} ({staging.column_list}, _table_version) "
            f"SELECT {staging.column_list}, {version:d} FROM {new} AS s "
            f"WHERE {scope.condition} {unless}",
            *scope.values,
        )
        self.dialect.execute(f"DELETE FROM {new} WHERE {scope.condition}", *scope.values)

    @override
    def finish(self) -> None:
        for table in self._staging.values():
            # What was not put in place belongs to a read that a later run may go on with.
            if not self._look(self.dialect.relation(table.name), _EVERYTHING)[0]:
                self._drop(table.name)
        self._staging = {}

    def _drop(self, name: str) -> None:
        self.dialect.execute(f"DROP TABLE IF EXISTS {self.dialect.relation(name)}")

    def _look(self, relation: str, scope: Scope) -> tuple[int, int | None]:
        """Return how many rows there are in a scope, and the latest read that brought one."""
        sql = f"SELECT count(*), max(_table_version) FROM {relation} WHERE {scope.condition}"
        rows, last = self.dialect.rows(sql, *scope.values)[0]
        return int(rows), last

    def _going(self, activation: Activation, total: int, brought: int) -> int:
        if not self.table.key:
            return max(0, total - brought)
        staging = self._staging[activation.version]
        scope = Scope.of(self, activation, "t")
        sql = (
            f"SELECT count(*) FROM {self.dialect.relation(self.table.name)} t WHERE {scope.condition} "
            f"AND NOT EXISTS (SELECT 1 FROM {self.dialect.relation(staging.name)} s "
            f"WHERE {self.table.matches('s', 't')})"
        )
        return int(self.dialect.rows(sql, *scope.values)[0][0])
