"""Mode `append`: each version of a row is a row."""

# ruff: noqa: S608 - names are quoted by `names.quote`, values are parameters
from __future__ import annotations

import typing as t

from typing_extensions import override

from target_warehouse.dialects.base import VERSION, Column
from target_warehouse.layout import Shape
from target_warehouse.modes.base import Entry, Mode
from target_warehouse.names import quote
from target_warehouse.schema import Kind, StreamSchema


class Append(Mode):
    """Adds rows. What a tap sends again after a kill or as a look back is not added again.

    A record is known again by its key, its version and all of its values. A stream without a key
    or a version has nothing that tells a repeat from a second record that is like the first; nor
    has a record whose version is null. There every record is a row.
    """

    shape = Shape(keyed=False)
    needs_key = False

    @override
    def __init__(self, *arguments: t.Any) -> None:
        super().__init__(*arguments)
        self._same: tuple[str, ...] = ()
        if self.shape_here.staged:
            names = {
                field.name: column.name
                for field, column in zip(self.fields, self.table.columns, strict=False)
            }
            self._same = (*(names[name] for name in self.schema.key), VERSION)
            self.dialect.index(self.table.name, self._same)

    @override
    def _shape(self, schema: StreamSchema) -> Shape:
        if schema.key and schema.version:
            return Shape(staged=(Column(VERSION, Kind.TEXT),), keyed=False)
        return self.shape

    @override
    def system_values(self, entries: t.Iterable[Entry]) -> t.Iterable[tuple[t.Any, ...]]:
        return [(entry.version,) if self._same else () for entry in entries]

    @override
    def write(self, entries: t.Sequence[Entry]) -> None:
        rows = self.rows(entries)
        if self._same:
            unlike = dict.fromkeys(row for row in rows if row[-1] is not None)
            rows = [*unlike, *(row for row in rows if row[-1] is None)]
            # A killed run's last batch may still be on its way: it is seen once it is committed.
            self.dialect.turn(self.table.name)
        staged = self.dialect.stage(self.table, rows)
        self.dialect.execute(
            f"INSERT INTO {self.dialect.relation(self.table.name)} ({self.table.column_list}) "
            f"SELECT {self.table.column_list} FROM {staged} AS s WHERE {self._new(staged)}"
        )

    def _new(self, staged: str) -> str:
        """Return the condition for staged rows that are not in the table."""
        relation = self.dialect.relation(self.table.name)
        like = " AND ".join(f"t.{quote(name)} = s.{quote(name)}" for name in self._same)
        # The usual batch has no repeats, and to learn that needs only the key and the version.
        if (
            not like
            or not self.dialect.rows(
                f"SELECT count(*) FROM {staged} AS s JOIN {relation} AS t ON {like}"
            )[0][0]
        ):
            return "TRUE"
        equal = " AND ".join(
            f"t.{quote(name)} IS NOT DISTINCT FROM s.{quote(name)}"
            for name in self.table.names
            if name not in self._same
        )
        return f"NOT EXISTS (SELECT 1 FROM {relation} AS t WHERE {like} AND {equal or 'TRUE'})"
