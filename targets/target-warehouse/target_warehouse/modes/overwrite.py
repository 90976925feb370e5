"""Mode `overwrite`: the table holds exactly the last full read."""

# ruff: noqa: S608 - names are quoted by `names.quote`, values are parameters
from __future__ import annotations

import typing as t
from itertools import groupby

from typing_extensions import override

from target_warehouse.activation import Scope, is_late, may_go
from target_warehouse.dialects.base import VERSION, Column, Table
from target_warehouse.layout import Shape
from target_warehouse.modes.base import Activation, Entry, Mode
from target_warehouse.names import MAX_BYTES, shorten
from target_warehouse.schema import Kind, StreamSchema

_MARK = "__staging_"
_DIGITS = 20


class Overwrite(Mode):
    """Collects a read in `<table>__staging_<version>`, and puts it in place in one transaction.

    `_table_version` is the version of the read that a row came with, so that an older one that comes
    late does not replace it.
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
    def identity(self, key: t.Any, version: str | None, table_version: int | None) -> t.Any:
        return (table_version, key)

    @override
    def system_values(self, entry: Entry) -> tuple[t.Any, ...]:
        return (entry.version,)

    @override
    def begin(self, version: int) -> None:
        if version in self._staging:
            return
        name = f"{self._prefix}{version:d}"
        own = {name, *(table.name for table in self._staging.values())}
        for found in self.dialect.tables(self._prefix):
            # What nobody works on was left by a read that did not come to its end.
            if found not in own and self.dialect.claim(found):
                self._drop(found)
        self.dialect.claim(name)
        self._staging[version] = self.prepare(name)[1]

    @override
    def write(self, entries: t.Sequence[Entry]) -> None:
        by_version = sorted(entries, key=lambda entry: entry.table_version or 0)
        for version, group in groupby(by_version, key=lambda entry: entry.table_version or 0):
            table = self._staging[version]
            staged = self.dialect.stage(table, self.rows(group))
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
        total, last = self._look(old, scope)
        brought, _ = self._look(new, scope)
        if is_late(self, activation, last) or (last == activation.version and not brought):
            return True  # the second case: this very activation a second time in one run
        going = self._going(activation, total, brought)
        if not may_go(self, activation, total=total, going=going, brought=brought):
            return False
        self.dialect.execute(f"DELETE FROM {old} WHERE {scope.condition}", *scope.values)
        self.dialect.execute(
            f"INSERT INTO {old} ({staging.column_list}, _table_version) "
            f"SELECT {staging.column_list}, {activation.version:d} FROM {new} WHERE {scope.condition}",
            *scope.values,
        )
        self.dialect.execute(f"DELETE FROM {new} WHERE {scope.condition}", *scope.values)
        return True

    @override
    def finish(self) -> None:
        for table in self._staging.values():
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
