"""Mode `snapshot`: every full read is kept, and a view `<table>_latest` shows the last complete one."""

# ruff: noqa: S608 - names are quoted by `names.quote`, values are parameters
from __future__ import annotations

import typing as t
from itertools import repeat

from typing_extensions import override

from target_warehouse.activation import PATIENCE, Scope, busy, is_late, may_go, moment_text
from target_warehouse.dialects.base import VERSION, Column
from target_warehouse.errors import ViewInTheWayError
from target_warehouse.layout import Shape
from target_warehouse.modes.base import Activation, Entry, Mode
from target_warehouse.names import MAX_BYTES, quote, shorten
from target_warehouse.schema import Kind, StreamSchema
from target_warehouse.versions import moment_key

if t.TYPE_CHECKING:
    from target_warehouse.dialects.base import Table
    from target_warehouse.schema import Field

_SUFFIX = "_latest"


class Snapshot(Mode):
    """Keeps rows under `_snapshot_at`, the moment at which their read began.

    `_is_latest` is null until the read is activated, then true, then false.
    """

    shape = Shape(
        staged=(Column(VERSION, Kind.TEXT), Column("_snapshot_at", Kind.TIMESTAMP)),
        extra=(Column("_is_latest", Kind.BOOLEAN),),
        key_extra=("_snapshot_at",),
    )
    needs_key = False
    needs_full_reads = True
    follows_reads = True
    _carried: t.ClassVar = {"_is_latest": "{old}._is_latest"}

    @override
    def __init__(self, *arguments: t.Any) -> None:
        super().__init__(*arguments)
        self._show(self.table.name)

    @override
    def prepare(self, name: str) -> tuple[tuple[Field, ...], Table]:
        try:
            return super().prepare(name)
        except ViewInTheWayError:
            # Ours? All in one transaction, so that readers never miss it, whatever else is in the way.
            with self.dialect.transaction():
                grants = self.dialect.hide(_view(name))
                prepared = super().prepare(name)
                self._show(name)
                for grant in grants:
                    self.dialect.execute(grant)
            return prepared

    def _show(self, name: str) -> None:
        relation = self.dialect.relation(name)
        self.dialect.show(_view(name), f"SELECT * FROM {relation} WHERE _is_latest")

    @override
    def _shape(self, schema: StreamSchema) -> Shape:
        if schema.key:
            return self.shape
        return Shape(staged=self.shape.staged, extra=self.shape.extra, keyed=False)

    @override
    def begin(self, version: int) -> None:
        if not self.dialect.claim(self._claimed(moment_text(version)), PATIENCE):
            raise busy(self, version)

    @override
    def identities(
        self, keys: t.Iterable[t.Any], versions: t.Iterable[str | None], table_version: int | None
    ) -> t.Iterable[t.Any]:
        return zip(repeat(table_version), keys, strict=False)

    @override
    def system_values(self, entries: t.Iterable[Entry]) -> t.Iterable[tuple[t.Any, ...]]:
        return [(entry.version, moment_text(entry.table_version or 0)) for entry in entries]

    @override
    def write(self, entries: t.Sequence[Entry]) -> None:
        staged = self.dialect.stage(self.table, self.rows(entries))
        if self.table.key:
            self.dialect.merge(self.table, staged, self._carried)
            return
        self.dialect.execute(
            f"INSERT INTO {self.dialect.relation(self.table.name)} ({self.table.column_list}) "
            f"SELECT {self.table.column_list} FROM {staged}"
        )

    @override
    def activate(self, activation: Activation) -> bool:
        scope = Scope.of(self, activation)
        self.dialect.turn(self.table.name)
        relation = self.dialect.relation(self.table.name)
        taken = self.dialect.moment(scope.next)
        values = (*scope.values, moment_text(activation.version))
        total, brought, last = self.dialect.rows(
            f"SELECT count(*) FILTER (WHERE _is_latest AND _snapshot_at <> {taken}), "
            f"count(*) FILTER (WHERE _snapshot_at = {taken}), "
            "extract(epoch FROM max(_snapshot_at) FILTER (WHERE _is_latest)) "
            f"FROM {relation} WHERE {scope.condition}",
            *values,
        )[0]
        if is_late(self, activation, last and round(last * 1000)):
            return True
        going = self._going(activation, total, brought)
        if not may_go(self, activation, total=total, going=going, brought=brought):
            return False
        self._clean(scope, taken, values)
        self.dialect.execute(
            f"UPDATE {relation} SET _is_latest = (_snapshot_at = {taken}) WHERE {scope.condition} "
            f"AND (_is_latest OR _snapshot_at = {taken})",
            *values,
        )
        self._prune(scope)
        return True

    def _clean(self, scope: Scope, taken: str, values: tuple[str, ...]) -> None:
        """Delete reads before this one that were never activated, but for what a run works on."""
        relation = self.dialect.relation(self.table.name)
        for (moment,) in self.dialect.rows(
            f"SELECT DISTINCT _snapshot_at FROM {relation} WHERE {scope.condition} "
            f"AND _is_latest IS NULL AND _snapshot_at < {taken}",
            *values,
        ):
            text = moment_key(moment)
            if self.dialect.claim(self._claimed(text)):
                self.dialect.execute(
                    f"DELETE FROM {relation} WHERE {scope.condition} "
                    f"AND _is_latest IS NULL AND _snapshot_at = {taken}",
                    *(*scope.values, text),
                )

    def _claimed(self, moment: str) -> str:
        return f"{self.table.name} {moment}"

    def _going(self, activation: Activation, total: int, brought: int) -> int:
        if not self.schema.key:
            return max(0, total - brought)
        scope = Scope.of(self, activation, "t")
        relation = self.dialect.relation(self.table.name)
        same = " AND ".join(
            f"s.{quote(name)} = t.{quote(name)}"
            for name in self.table.key
            if name != "_snapshot_at"
        )
        taken = self.dialect.moment(scope.next)
        found = self.dialect.rows(
            f"SELECT count(*) FROM {relation} t WHERE {scope.condition} AND t._is_latest "
            f"AND NOT EXISTS (SELECT 1 FROM {relation} s WHERE {same} AND s._snapshot_at = {taken})",
            *scope.values,
            moment_text(activation.version),
        )
        return int(found[0][0])

    def _prune(self, scope: Scope) -> None:
        if self.settings.snapshot_keep is None:
            return
        relation = self.dialect.relation(self.table.name)
        self.dialect.execute(
            f"DELETE FROM {relation} WHERE {scope.condition} AND _is_latest IS NOT NULL "
            f"AND _snapshot_at NOT IN (SELECT DISTINCT _snapshot_at FROM {relation} "
            f"WHERE {scope.condition} AND _is_latest IS NOT NULL "
            f"ORDER BY _snapshot_at DESC LIMIT {self.settings.snapshot_keep:d})",
            *scope.values,
        )


def _view(table: str) -> str:
    return shorten(table, MAX_BYTES - len(_SUFFIX)) + _SUFFIX
