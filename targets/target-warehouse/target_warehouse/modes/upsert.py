"""Mode `upsert`: one row for each key, the newest version that ever came."""

from __future__ import annotations

import typing as t

from typing_extensions import override

from target_warehouse.dialects.base import VERSION, Column
from target_warehouse.dialects.upserting import Upserter
from target_warehouse.layout import Shape
from target_warehouse.modes.base import Entry, Mode
from target_warehouse.schema import Kind


class Upsert(Mode):
    """Merges by key. Activations are ignored: what is gone at the source stays."""

    shape = Shape(staged=(Column(VERSION, Kind.TEXT),))

    def __init__(self, *arguments: t.Any) -> None:
        super().__init__(*arguments)
        self._upserter = Upserter(self.dialect)

    @override
    def system_values(self, entries: t.Iterable[Entry]) -> t.Iterable[tuple[t.Any, ...]]:
        return [(entry.version,) for entry in entries]

    @override
    def write(self, entries: t.Sequence[Entry]) -> None:
        self._upserter.upsert(self.table, self.rows(entries))
