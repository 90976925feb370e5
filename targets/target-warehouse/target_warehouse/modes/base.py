"""What all modes have in common."""

from __future__ import annotations

import abc
import operator
import typing as t
from dataclasses import dataclass

from msgspec.structs import astuple

from target_warehouse.layout import Shape, prepare
from target_warehouse.names import shorten

if t.TYPE_CHECKING:
    from target_warehouse.dialects.base import Dialect, Row, Table
    from target_warehouse.records import Record
    from target_warehouse.schema import Field, StreamSchema
    from target_warehouse.settings import StreamSettings


class Entry(t.NamedTuple):
    """One record on its way into a table.

    Attributes:
        version: Its version as a sort key; None when unknown.
        table_version: The version of the full read that brought it; None outside of full reads.
        record: Its values.
    """

    version: str | None
    table_version: int | None
    record: Record


_record = operator.attrgetter("record")


@dataclass(frozen=True, slots=True)
class Activation:
    """A complete full read: what it did not bring, within its scope, is no more.

    Attributes:
        version: The version of the read.
        scope: Names of properties and the values to which the read is limited; empty for all.
        incomplete: Records of this read that went to the quarantine.
    """

    version: int
    scope: t.Mapping[str, t.Any]
    incomplete: int = 0


class Mode(abc.ABC):
    """Writes the rows of one stream."""

    shape: t.ClassVar[Shape]
    needs_key: t.ClassVar[bool] = True
    needs_full_reads: t.ClassVar[bool] = False
    follows_reads: t.ClassVar[bool] = False

    def __init__(self, dialect: Dialect, schema: StreamSchema, settings: StreamSettings) -> None:
        self.dialect = dialect
        self.schema = schema
        self.settings = settings
        self.shape_here = self._shape(schema)
        self.fields: tuple[Field, ...]
        self.table: Table
        self.fields, self.table = self.prepare(shorten(settings.table))

    def _shape(self, schema: StreamSchema) -> Shape:
        """Return the shape for this stream."""
        del schema
        return self.shape

    def prepare(self, name: str) -> tuple[tuple[Field, ...], Table]:
        """Create or evolve a table of this mode's shape."""
        return prepare(self.dialect, self.schema, self.settings, self.shape_here, name)

    def begin(self, version: int) -> None:
        """Make ready for a full read, outside of a transaction."""
        del version

    def versions(self, versions: list[str | None]) -> t.Sequence[str | None]:
        """Return the versions under which records are kept."""
        return versions

    def identities(
        self, keys: t.Iterable[t.Any], versions: t.Iterable[str | None], table_version: int | None
    ) -> t.Iterable[t.Any]:
        """Return what makes two records of one batch the same row, for each record."""
        del versions, table_version
        return keys

    @abc.abstractmethod
    def system_values(self, entries: t.Iterable[Entry]) -> t.Iterable[tuple[t.Any, ...]]:
        """Return the values of the shape's staged columns, for each entry."""

    @abc.abstractmethod
    def write(self, entries: t.Sequence[Entry]) -> None:
        """Write records, no two of one identity, within a transaction."""

    def activate(self, activation: Activation) -> bool:
        """Act on the end of a full read, within a transaction; tell whether it was not held back."""
        del activation
        return True

    def finish(self) -> None:  # noqa: B027 - most modes have nothing to tidy up
        """Tidy up at the end of the input."""

    def column(self, name: str) -> str | None:
        """Return the name of the column of a property; None when it is not loaded."""
        for field, column in zip(self.fields, self.table.columns, strict=False):
            if field.name == name:
                return column.name
        return None

    def rows(self, entries: t.Sequence[Entry]) -> list[Row]:
        """Return entries as staged rows."""
        contents = map(astuple, map(_record, entries))
        return list(map(operator.add, contents, self.system_values(entries)))
