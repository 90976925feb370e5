"""The content of a table as one figure, and the content that newest-wins must leave."""

from __future__ import annotations

import hashlib
import typing as t
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import msgspec

from benchmarks.generate import PROPERTIES, Orders

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(order="sorted").encode
FETCHED = 2_000
"""Rows that are read from a database at once."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a table holds.

    Attributes:
        rows: How many rows.
        total: The sum of `total_amount`.
        digest: A figure of all values of all rows, whatever their order: instants in microseconds,
            amounts as exact decimals, JSON with sorted keys.
    """

    rows: int
    total: Decimal
    digest: str

    @classmethod
    def of(cls, rows: Iterable[tuple[t.Any, ...]]) -> Content:
        """Take in rows whose values stand in the order of the schema's columns."""
        count, total, figure = 0, Decimal(), 0
        amount = list(PROPERTIES).index("total_amount")
        for row in rows:
            values = [convert(value) for convert, value in zip(_CONVERTERS, row, strict=True)]
            digest = hashlib.blake2b(_encode(values), digest_size=32).digest()
            figure += int.from_bytes(digest, "big")
            total += row[amount]
            count += 1
        return cls(count, total, f"{figure % 2**256:064x}")

    def __str__(self) -> str:
        return f"rows {self.rows:,}, sum {self.total}, digest {self.digest[:32]}"


def expected(orders: Orders, last: str) -> Content:
    """Return what newest-wins leaves after the parts up to `last`."""
    records = (_decode(orders.record(version)) for version in orders.newest(last))
    return Content.of(
        tuple(read(record[name]) for name, read in _READERS.items()) for record in records
    )


def in_duckdb(path: Path, schema: str = "main") -> Content:
    """Return the content of the table of orders in a DuckDB file."""
    import duckdb

    columns = ", ".join(
        f'"{name}"::VARCHAR' if _is_json(name) else f'"{name}"' for name in PROPERTIES
    )
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        cursor = connection.execute(f'SELECT {columns} FROM "{schema}".orders')
        return Content.of(_fetched(cursor.fetchmany))


def in_postgres(url: str, schema: str) -> Content:
    """Return the content of the table of orders in a PostgreSQL schema."""
    import psycopg

    columns = ", ".join(f'"{name}"::text' if _is_json(name) else f'"{name}"' for name in PROPERTIES)
    with psycopg.connect(url) as connection, connection.cursor("content") as cursor:
        cursor.execute(f'SELECT {columns} FROM "{schema}".orders')
        return Content.of(_fetched(cursor.fetchmany))


def revisions(orders: Orders, last: str) -> dict[str, tuple[int, int]]:
    """Return revision and age of the newest version of each order, by id, for a look at peers."""
    return {
        str(2_500_000_000_000_000_000 + version.order): (version.revision, version.shift)
        for version in orders.newest(last)
    }


def _fetched(fetch: t.Callable[[int], list[tuple[t.Any, ...]]]) -> Iterator[tuple[t.Any, ...]]:
    while rows := fetch(FETCHED):
        yield from rows


def _is_json(name: str) -> bool:
    return PROPERTIES[name]["type"][0] in {"object", "array"}


def _moment(value: datetime | None) -> int | None:
    return None if value is None else (value - _EPOCH) // _MICROSECOND


def _amount(value: Decimal | None) -> str | None:
    return None if value is None else format(value.normalize(), "f")


def _json(value: str | None) -> t.Any:
    return None if value is None else _decode(value)


def _same(value: t.Any) -> t.Any:
    return value


def _readers() -> Iterator[tuple[str, t.Callable[[t.Any], t.Any]]]:
    """Yield, by column, what brings a value of a record into the form that a database gives."""
    for name, spec in PROPERTIES.items():
        if _is_json(name):
            yield name, lambda value: None if value is None else _encode(value).decode()
        elif spec.get("format") == "date-time":
            yield name, lambda value: None if value is None else datetime.fromisoformat(value)
        elif spec["type"][0] == "number":
            yield name, lambda value: None if value is None else Decimal(value)
        else:
            yield name, _same


def _converters() -> Iterator[t.Callable[[t.Any], t.Any]]:
    """Yield, by column, what brings a value into the form that the digest is made of."""
    for name, spec in PROPERTIES.items():
        if _is_json(name):
            yield _json
        elif spec.get("format") == "date-time":
            yield _moment
        elif spec["type"][0] == "number":
            yield _amount
        else:
            yield _same


_READERS = dict(_readers())
_CONVERTERS = tuple(_converters())
