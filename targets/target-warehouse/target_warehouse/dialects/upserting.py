"""Newest wins: rows that a table needs are written; which they are, keys and versions alone tell."""

# ruff: noqa: S608 - names are quoted by `names.quote`, values are parameters
from __future__ import annotations

import typing as t
from operator import itemgetter

from target_warehouse.dialects.base import VERSION, Column, Table, newer
from target_warehouse.schema import Kind

if t.TYPE_CHECKING:
    from target_warehouse.dialects.base import Dialect, Row

_NUMBER = Column("__n", Kind.INTEGER)


def _compare(dialect: Dialect, table: Table, rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """Return the rows whose key the table lacks, and those that are newer than the table's.

    What is neither need not be sent at all, which makes reading a time again cheap.
    """
    names = (*table.key, VERSION)
    columns = {column.name: column for column in table.columns}
    keys = Table(f"{table.name} keys", (_NUMBER, *(columns[name] for name in names)), table.key)
    of_row = itemgetter(*(table.names.index(name) for name in names))
    staged = dialect.stage(keys, [(n, *of_row(row)) for n, row in enumerate(rows)])
    [(known, higher)] = dialect.rows(
        f"SELECT array_agg(__n), array_agg(__n) FILTER (WHERE {newer('s', 't')}) "
        f"FROM {dialect.pairs(table, staged)}"
    )
    passed = set(known or ())
    new = [row for n, row in enumerate(rows) if n not in passed] if passed else rows
    return new, [rows[n] for n in higher or ()]


class Upserter:
    """Writes rows whose key is new, or whose version is newer than the table's.

    Where batches bring nothing but new keys, as in a first load, they are not asked for any more:
    the next batch is simply added. What comes of it shows whether that was right.

    Args:
        dialect: The database.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._new_batches = 0
        self._enough = 1

    def upsert(self, table: Table, rows: list[Row]) -> None:
        """Write rows, within a transaction; no two of them have one key."""
        dialect = self._dialect
        hopeful = self._new_batches >= self._enough
        if hopeful and dialect.add(table, rows, known_new=False):
            return
        if hopeful:
            # A wrong guess costs a batch written in vain, so guesses become rarer.
            self._enough *= 2
        new, higher = _compare(dialect, table, rows)
        self._new_batches = self._new_batches + 1 if len(new) == len(rows) else 0
        if new and not dialect.add(table, new, known_new=True):
            higher += new
        if higher:
            dialect.merge(table, dialect.stage(table, higher), {})
