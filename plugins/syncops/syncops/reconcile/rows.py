"""The warehouse's side of a comparison: counts, ids and update times of one stream, by SQL."""

# ruff: noqa: S608 - names are quoted by `names.quote`, values are parameters
from __future__ import annotations

import typing as t
from dataclasses import dataclass

from target_warehouse.names import quote, shorten

from syncops.errors import SyncopsError

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from target_warehouse.dialects.base import Dialect

_TIME = 24  # characters of 2026-11-20T08:00:00.000Z, which a bookmark begins with
_MINUTE = 16
_IDS_AT_ONCE = 500
DELETED = "_deleted_at"
FULL_READS = frozenset({"overwrite", "snapshot"})
"""Modes in which a table changes with a complete read alone."""


class TableError(SyncopsError):
    """A stream has no table that can be compared."""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one stream.

    Attributes:
        dialect: The open database, within the tap's schema.
        name: The table.
        mode: How it is loaded.
        columns: Columns that hold an id as the platform is asked for it; None where `_bookmark`
            ends with it.
        timed: Whether the rows have a `_bookmark`.
        marks: Whether rows are marked as deleted here.
    """

    dialect: Dialect
    name: str
    mode: str
    columns: Sequence[str] | None
    timed: bool
    marks: bool

    def minutes(self, account: str, start: str, end: str) -> dict[str, int]:
        """Return the number of rows by minute (the beginning of its text) of a stretch of time."""
        found = self.dialect.rows(
            f"SELECT substr(row_at, 1, {_MINUTE}), count(DISTINCT row_id) FROM {self._rows()} "
            "WHERE row_at >= $2 AND row_at < $3 GROUP BY 1",
            account, start, end,
        )  # fmt: skip
        return {str(minute): int(number) for minute, number in found}

    def count(
        self, account: str, window: tuple[str, str] | None, field: str = "", value: str = ""
    ) -> int:
        """Return the number of rows in a window or in all, and with one value of a field."""
        text = self._rows(field)
        more: list[str] = []
        conditions = ["TRUE"]
        if window is not None:
            conditions.append("row_at >= $2 AND row_at < $3")
            more += window
        if field:
            conditions.append(f"row_field = ${len(more) + 2}")
            more.append(value)
        ((number,),) = self.dialect.rows(
            f"SELECT count(DISTINCT row_id) FROM {text} WHERE {' AND '.join(conditions)}",
            account,
            *more,
        )
        return int(number)

    def within(self, account: str, window: tuple[str, str] | None) -> dict[str, str | None]:
        """Return the ids and times of the rows in a window, or of all."""
        condition = "row_at >= $2 AND row_at < $3" if window else "TRUE"
        found = self.dialect.rows(
            f"SELECT row_id, max(row_at) FROM {self._rows()} WHERE {condition} GROUP BY row_id",
            account, *(window or ()),
        )  # fmt: skip
        return {str(identifier): at for identifier, at in found}

    def of(self, account: str, ids: Iterable[str]) -> dict[str, str | None]:
        """Return the times of the rows with these ids, wherever they are; those that exist."""
        held: dict[str, str | None] = {}
        for some in _chunks(ids):
            marks = ", ".join(f"${number}" for number in range(2, len(some) + 2))
            found = self.dialect.rows(
                f"SELECT row_id, max(row_at) FROM {self._rows()} WHERE row_id IN ({marks}) GROUP BY row_id",
                account, *some,
            )  # fmt: skip
            held.update({str(identifier): at for identifier, at in found})
        return held

    def mark(self, account: str, ids: Iterable[str], now: datetime) -> int:
        """Mark rows as deleted; return how many."""
        marked = 0
        moment = self.dialect.moment("$2")
        for some in _chunks(ids):
            marks = ", ".join(f"${number}" for number in range(3, len(some) + 3))
            marked += self.dialect.execute(
                f"UPDATE {self.dialect.relation(self.name)} SET {DELETED} = {moment} "
                f"WHERE _account = $1 AND {DELETED} IS NULL AND {self._id()} IN ({marks})",
                account, f"{now:%Y-%m-%dT%H:%M:%S}Z", *some,
            )  # fmt: skip
        return marked

    def _rows(self, field: str = "") -> str:
        """Return SQL for the rows that count, as (row_id, row_at[, row_field]); $1 is the account."""
        relation = self.dialect.relation(
            f"{self.name}_latest" if self.mode == "snapshot" else self.name
        )
        alive = "TRUE"
        if self.mode == "history":
            alive = "_is_current"
        elif self.marks:
            alive = f"{DELETED} IS NULL"
        at = f'substr(_bookmark, 1, {_TIME}) COLLATE "C"' if self.timed else "NULL"
        extra = f", {_field(field)} AS row_field" if field else ""
        rows = (
            f"SELECT {self._id()} AS row_id, {at} AS row_at{extra} FROM {relation} "
            f"WHERE _account = $1 AND {alive}"
        )
        if self.mode == "append" and self.timed and not field:
            rows = f"SELECT row_id, max(row_at) AS row_at FROM ({rows}) AS every GROUP BY row_id"
        return f"({rows}) AS held"

    def _id(self) -> str:
        if self.columns is None:
            return f"substr(_bookmark, {_TIME + 2})"
        parts = (f"CAST({quote(shorten(name))} AS VARCHAR)" for name in self.columns)
        return f"concat_ws('|', {', '.join(parts)})" if len(self.columns) > 1 else next(parts)


def table_of(
    dialect: Dialect, settings: t.Any, stream: str, columns: Sequence[str] | None, *, timed: bool
) -> Table:
    """Return the table of a stream.

    Raises:
        TableError: There is none, or it is none of our taps'.
    """
    name = shorten(settings.table)
    present = dialect.columns(name)
    needed = {"_account", *(("_bookmark",) if timed else ()), *map(shorten, columns or ())}
    if not present:
        raise TableError(
            f"There is no table {dialect.relation(name)} yet. Run the sync first, then compare."
        )
    if lacking := sorted(needed - set(present)):
        raise TableError(
            f"Table {dialect.relation(name)} of stream {stream} has no column {', '.join(lacking)}: "
            "it was not loaded from one of our taps, or the columns were renamed."
        )
    mode = settings.load_mode
    if timed and mode in FULL_READS:  # what comes in parts is merged there as well
        mode = "upsert"
    return Table(dialect, name, mode, columns, timed, DELETED in present)


def _field(path: str) -> str:
    """Return SQL for the text at a dotted path: a column, or a field of an object in one."""
    column, *inner = path.split(".")
    text = quote(shorten(column))
    for index, name in enumerate(inner):
        arrow = "->>" if index == len(inner) - 1 else "->"
        text = f"({text} {arrow} '{name}')"
    return text if inner else f"CAST({text} AS VARCHAR)"


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    every = list(ids)
    for start in range(0, len(every), _IDS_AT_ONCE):
        yield every[start : start + _IDS_AT_ONCE]
