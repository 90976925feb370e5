"""Mode `append`: each record is a row."""

# ruff: noqa: S608 - names are quoted by `names.quote`, values are parameters
from __future__ import annotations

import typing as t

from typing_extensions import override

from target_warehouse.layout import Shape
from target_warehouse.modes.base import Entry, Mode


class Append(Mode):
    """Adds rows and never looks at those that are there."""

    shape = Shape(keyed=False)
    needs_key = False

    @override
    def system_values(self, entry: Entry) -> tuple[t.Any, ...]:
        return ()

    @override
    def write(self, entries: t.Sequence[Entry]) -> None:
        staged = self.dialect.stage(self.table, self.rows(entries))
        self.dialect.execute(
            f"INSERT INTO {self.dialect.relation(self.table.name)} ({self.table.column_list}) "
            f"SELECT {self.table.column_list} FROM {staged}"
        )
