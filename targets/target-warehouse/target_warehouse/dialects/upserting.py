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


def upsert(
    dialect: Dialect, table: Table, rows: list[Row], carried: t.Mapping[str, str] | None = None
) -> None:
    """Write rows whose key is new, or whose version is newer than the table's, within a transaction.

    Args:
        dialect: The database.
        table: Where to.
        rows: No two of them have one key.
        carried: As in `Dialect.merge`.
    """
    new, higher = _compare(dialect, table, rows)
    if new and not dialect.add(table, new):
        higher += new
    if higher:
        dialect.merge(table, dialect.stage(table, higher), carried or {})
