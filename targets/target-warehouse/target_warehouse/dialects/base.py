"""What the modes need of an engine. SQL that both engines share is written once, in the modes."""

from __future__ import annotations

import typing as t
from contextlib import AbstractContextManager
from dataclasses import dataclass

from target_warehouse.errors import ContractError
from target_warehouse.names import join, quote
from target_warehouse.schema import Kind

if t.TYPE_CHECKING:
    from target_warehouse.errors import DatabaseError
    from target_warehouse.records import DecimalLimits

Row: t.TypeAlias = "tuple[t.Any, ...]"
"""Values in the order of the staged columns; None is NULL."""

T = t.TypeVar("T")

VERSION = "_version"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Table:
    """A table that rows are written to.

    Attributes:
        name: Its name, without the database schema.
        columns: Columns that staged rows bring.
        key: Names of the columns that tell rows apart; empty for none.
        extra: Columns that only the target itself fills.
        kept: Names of further columns that the table has; a rewritten row keeps their values.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    extra: tuple[Column, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the staged columns."""
        return tuple(column.name for column in self.columns)

    @property
    def column_list(self) -> str:
        """The quoted names of the staged columns."""
        return join(self.names)

    def matches(self, one: str, other: str) -> str:
        """Return the condition that two rows have the same key."""
        return " AND ".join(f"{one}.{quote(name)} = {other}.{quote(name)}" for name in self.key)


def newer(new: str, old: str) -> str:
    """Return the condition under which a row takes another's place: strictly newer wins."""
    version = quote(VERSION)
    return f"({new}.{version} > {old}.{version} OR {old}.{version} IS NULL)"


def key_refused(relation: str, table: Table) -> ContractError:
    """Return the error for a table that cannot get the key that its stream has now."""
    return ContractError(
        f"Table {relation} cannot get the key ({', '.join(table.key)}): its rows repeat it "
        "or lack it, as after loading in another mode or with another key. Give the stream "
        "another table (setting `streams`: `table`), or mend or drop this one."
    )


class Dialect(t.Protocol):
    """One open database."""

    name: str
    limits: DecimalLimits | None
    batch_rows: int
    batch_bytes: int

    def close(self) -> None:
        """Close the connection."""

    def transaction(self) -> AbstractContextManager[None]:
        """Commit what happens inside, or none of it."""

    def execute(self, sql: str, *parameters: t.Any) -> int:
        """Run one statement with $1, $2, ... and return how many rows it touched."""

    def rows(self, sql: str, *parameters: t.Any) -> list[Row]:
        """Run one query with $1, $2, ... and return its rows."""

    def relation(self, name: str) -> str:
        """Return a table's or view's quoted name within the target's schema."""

    def columns(self, table: str) -> dict[str, Kind | None]:
        """Return the columns of a table and their kinds; empty when there is no such table."""

    def key(self, table: str) -> tuple[str, ...] | None:
        """Return the columns of the key that a table was made with; None when that is unknown."""

    def create(self, table: Table) -> None:
        """Create a table."""

    def replace_key(self, table: Table) -> None:
        """Give an existing table the key that it needs now.

        Raises:
            ContractError: When its rows repeat that key, or lack it.
        """

    def add_column(self, table: str, column: Column) -> None:
        """Add a column."""

    def widen(self, table: str, column: Column) -> None:
        """Change a column to a kind that holds all of its values."""

    def stage(self, table: Table, rows: list[Row]) -> str:
        """Bring rows into a relation that lasts for this transaction; return its quoted name."""

    def add(self, table: Table, rows: list[Row], *, known_new: bool) -> bool:
        """Write rows straight into their table.

        Args:
            table: Where to.
            rows: No two of them have one key.
            known_new: The table was asked and has none of their keys.

        Returns:
            False when the table has one of their keys after all; then each of the others may be
            written or not.
        """

    def pairs(self, table: Table, staged: str) -> str:
        """Return SQL for the staged rows, `s`, each with the table's row of the same key, `t`."""

    def merge(self, table: Table, staged: str, carried: t.Mapping[str, str]) -> int:
        """Write staged rows whose key is new, or whose version is newer than the table's.

        Args:
            table: Where to.
            staged: What `stage` returned; no two rows in it have one key.
            carried: Columns whose value for a rewritten row is computed from both rows: SQL with
                `{new}` and `{old}` for them.

        Returns:
            How many rows were written.
        """

    def show(self, view: str, query: str) -> None:
        """Create a view, or bring it up to date with its table."""

    def hide(self, view: str) -> list[str]:
        """Drop a view, within a transaction, and return the statements that grant its rights anew.

        Raises:
            ViewInTheWayError: When another view uses it.
        """

    def content_hash(self, columns: t.Sequence[str]) -> str:
        """Return SQL for a hash of these (quoted) columns."""

    def moment(self, text: str) -> str:
        """Return SQL that turns the text of a moment into a timestamp."""

    def claim(self, name: str, patience: float = 0) -> bool:
        """Say that this run works on something; False when another run does.

        Args:
            name: What it works on.
            patience: How many seconds to wait for the other run, which may be a killed one whose
                end the server has not yet noticed.
        """

    def turn(self, name: str) -> None:
        """Wait until no other run writes to a table, and keep others waiting until the commit."""

    def index(self, table: str, columns: t.Sequence[str]) -> None:
        """Let rows be found by these columns, where the engine needs help with it."""

    def tables(self, prefix: str) -> list[str]:
        """Return the names of the tables that begin so."""

    def relieve(self, error: BaseException) -> bool:
        """Make good what made a transaction fail; tell whether to try it again.

        That is more memory, a new connection for one that was lost, or another turn after a
        deadlock. What failed was outside of any transaction or a transaction as a whole.
        """

    def is_bad_data(self, error: BaseException) -> bool:
        """Tell whether an error is about values, so that leaving rows out helps."""

    def explain(self, error: BaseException) -> DatabaseError | None:
        """Return an engine's error as what, where and what next; None for what is not its own."""


def relieved(dialect: Dialect, work: t.Callable[[], T]) -> T:
    """Do what is one transaction, or harmless to do twice; again when the engine can be relieved."""
    while True:
        try:
            return work()
        except Exception as error:
            if not dialect.relieve(error):
                raise
