"""Mode `soft_delete`: as `upsert`, and rows that a full read did not bring get `_deleted_at`."""

# ruff: noqa: S608 - names are quoted by `names.quote`, values are parameters
from __future__ import annotations

import logging
import typing as t

from typing_extensions import override

from target_warehouse.activation import Scope, may_go, moment_text
from target_warehouse.dialects.base import VERSION, Column, newer
from target_warehouse.layout import Shape
from target_warehouse.modes.base import Activation, Entry, Mode
from target_warehouse.schema import Kind

log = logging.getLogger("target-warehouse")


class SoftDelete(Mode):
    """Merges by key, and keeps in `_table_version` the full read that last decided on a row.

    A row decides its own revival: only a read that began after the one that marked it brings it
    back, so a late replay of an older read cannot.
    """

    shape = Shape(
        staged=(Column(VERSION, Kind.TEXT), Column("_table_version", Kind.INTEGER)),
        extra=(Column("_deleted_at", Kind.TIMESTAMP),),
    )
    follows_reads = True
    _carried: t.ClassVar = {
        "_table_version": "greatest({new}._table_version, {old}._table_version)",
        "_deleted_at": (
            "CASE WHEN {new}._table_version <= {old}._table_version THEN {old}._deleted_at END"
        ),
    }

    @override
    def system_values(self, entries: t.Iterable[Entry]) -> t.Iterable[tuple[t.Any, ...]]:
        return [(entry.version, entry.table_version) for entry in entries]

    @override
    def write(self, entries: t.Sequence[Entry]) -> None:
        staged = self.dialect.stage(self.table, self.rows(entries))
        if any(entry.table_version is not None for entry in entries):
            # Seen again with the same content or an older one: the row stays, the sighting counts.
            self.dialect.execute(
                f"UPDATE {self.dialect.relation(self.table.name)} AS t "
                "SET _table_version = s._table_version, _deleted_at = NULL "
                f"FROM {staged} AS s WHERE {self.table.matches('t', 's')} "
                "AND s._table_version > coalesce(t._table_version, -1) "
                f"AND NOT coalesce({newer('s', 't')}, FALSE)"
            )
        self.dialect.merge(self.table, staged, self._carried)

    @override
    def activate(self, activation: Activation) -> bool:
        scope = Scope.of(self, activation)
        relation = self.dialect.relation(self.table.name)
        gone = f"coalesce(_table_version, -1) < {activation.version:d}"
        total, going, seen = self.dialect.rows(
            "SELECT count(*) FILTER (WHERE _deleted_at IS NULL), "
            f"count(*) FILTER (WHERE _deleted_at IS NULL AND {gone}), "
            f"count(*) FILTER (WHERE NOT ({gone})) FROM {relation} WHERE {scope.condition}",
            *scope.values,
        )[0]
        if not may_go(self, activation, total=total, going=going, brought=seen):
            return False
        marked = self.dialect.execute(
            f"UPDATE {relation} SET _deleted_at = {self.dialect.moment(scope.next)}, "
            f"_table_version = {activation.version:d} "
            f"WHERE {scope.condition} AND _deleted_at IS NULL AND {gone}",
            *scope.values,
            moment_text(activation.version),
        )
        log.info("Stream %s: %d rows marked deleted", self.schema.stream, marked)
        return True
