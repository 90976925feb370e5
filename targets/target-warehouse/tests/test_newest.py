"""Newest wins, over thousands of records: base, updates of which a third is older, and a mess."""

from __future__ import annotations

import json
import random
import typing as t
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from .singer import schema

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
ZONES = [timezone.utc, timezone(timedelta(hours=8)), timezone(timedelta(hours=-5, minutes=-30))]
TEXT = {"type": ["string", "null"]}
SPEC = schema(
    "orders",
    bookmark=["updated"],
    updated={"type": ["string", "null"], "format": "date-time"},
    amount={"type": ["string", "null"], "format": "singer.decimal"},
    count={"type": ["integer", "null"]},
    paid={"type": ["boolean", "null"]},
    items={"type": ["array", "null"]},
)
Row: t.TypeAlias = "dict[str, t.Any]"


class Source:
    """Makes records, and remembers which of each order is the newest that was sent."""

    def __init__(self) -> None:
        self.random = random.Random(20261120)
        self.newest: dict[str, tuple[int, Row]] = {}

    def record(self, number: int, second: int | None) -> str:
        """Return one line; `second` is its version, None for one without."""
        chance = self.random
        at = None
        if second is not None:
            at = (START + timedelta(seconds=second)).astimezone(chance.choice(ZONES)).isoformat()
        row = {
            "_account": f"a{number % 3}",
            "id": f"E{number}",
            "name": chance.choice(['中文 \\ \t"x"', "", None, "\\N", "line\nbreak"]),
            "updated": at,
            "amount": None
            if chance.random() < 0.1
            else f"{chance.randrange(10**9)}.{chance.randrange(100):02d}",
            "count": chance.randrange(-(2**63), 2**63),
            "paid": chance.choice([True, False, None]),
            "items": [{"sku": str(chance.random()), "n": chance.randrange(9)}],
        }
        rank = -1 if second is None else second
        held = self.newest.get(row["id"])
        # Of equal versions the first stays; of two without one, the later does.
        if held is None or rank > held[0] or (rank == held[0] == -1):
            self.newest[row["id"]] = (rank, row)
        return json.dumps({"type": "RECORD", "stream": "orders", "record": row}, ensure_ascii=False)


def loads(size: int) -> tuple[list[list[str]], list[Row]]:
    """Return three loads and the rows that they must leave."""
    source = Source()
    chance = source.random
    base = [source.record(n, 1_000 + n) for n in range(size)]
    updates = []
    for n in chance.sample(range(size), size // 4):
        older = chance.random() < 0.3
        updates.append(source.record(n, n + (500 if older else 2_000)))
    messy = []
    for _ in range(size // 4):
        n = chance.randrange(size + 50)
        second = None if chance.random() < 0.1 else chance.randrange(6_000)
        messy.append(source.record(n, second))
        if chance.random() < 0.2:
            messy.append(messy[-1])
        if second is not None and chance.random() < 0.2:
            messy.append(source.record(n, second))  # an equal version with another content
    return [base, updates, messy], [row for _, row in source.newest.values()]


def content(row: Row) -> tuple[t.Any, ...]:
    at = row["updated"]
    return (
        *(row["_account"], row["id"], row["name"]),
        None if at is None else datetime.fromisoformat(at).astimezone(timezone.utc),
        None if row["amount"] is None else Decimal(row["amount"]),
        *(row["count"], row["paid"], json.dumps(row["items"], sort_keys=True)),
    )


def held(warehouse) -> list[tuple[t.Any, ...]]:
    rows = warehouse.rows(
        "SELECT _account, id, name, updated, amount, count, paid, CAST(items AS text) FROM orders"
    )
    found = [
        (
            *row[:3],
            row[3] and row[3].astimezone(timezone.utc),
            *row[4:7],
            json.dumps(json.loads(row[7]), sort_keys=True),
        )
        for row in rows
    ]
    return sorted(found, key=lambda row: row[1])


@pytest.mark.parametrize(
    ("batch_rows", "size", "mode"),
    [
        (1, 120, "upsert"),
        (7, 500, "upsert"),
        (1000, 2_000, "upsert"),
        (None, 2_000, "upsert"),
        (7, 300, "soft_delete"),
        (None, 1_000, "soft_delete"),
    ],
)
def test_the_newest_is_left_to_the_byte(warehouse, batch_rows, size, mode):
    parts, newest = loads(size)
    settings = (
        {"load_mode": mode} if batch_rows is None else {"load_mode": mode, "batch_rows": batch_rows}
    )
    expected = sorted(map(content, newest), key=lambda row: row[1])
    for part in parts:
        warehouse.load(SPEC, *part, **settings)
    assert held(warehouse) == expected
    # Base and updates once more, in any order: nothing in them is newer than what is there.
    again = [*parts[0], *parts[1]]
    random.Random(7).shuffle(again)
    warehouse.load(SPEC, *again, **settings)
    assert held(warehouse) == expected


def order(name: str, at: str | None) -> Row:
    row = {"_account": "a", "id": "1", "name": name, "updated": at}
    return {"type": "RECORD", "stream": "orders", "record": row}


def name_after(warehouse, *versions: str | None, batch_rows: int) -> str:
    """Load records of one row with these versions, called by their number; return who is left."""
    records = [order(str(n), at) for n, at in enumerate(versions)]
    warehouse.load(SPEC, *records, batch_rows=batch_rows)
    return warehouse.rows("SELECT name FROM orders")[0][0]


@pytest.mark.parametrize("batch_rows", [1, 100])
@pytest.mark.parametrize(
    ("versions", "left"),
    [
        # As texts these would order the other way.
        (["2026-11-20T08:00:00+08:00", "2026-11-20T01:00:00Z"], "1"),
        (["2026-11-20T01:00:00Z", "2026-11-20T08:00:00+08:00"], "0"),
        (["2026-11-20T23:30:00-02:00", "2026-11-21T00:30:00Z"], "0"),
        # One instant, written in three ways: the first stays.
        (["2026-11-20T00:00:00Z", "2026-11-20T08:00:00+08:00", "2026-11-20T00:00:00"], "0"),
        (["2026-11-20", "2026-11-20T00:00:00.000Z", "2026-11-20T00:00:00.000001Z"], "2"),
        ([None, "1970-01-01T00:00:00Z"], "1"),
        (["1970-01-01T00:00:00Z", None], "0"),
        ([None, None], "1"),
        (["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", None, "2026-11-20T00:00:00Z"], "1"),
        (["9999-12-31T23:59:59-08:00", "2026-11-20T00:00:00Z"], "0"),
        (["0001-01-01T00:00:00+08:00", "2026-11-20T00:00:00Z"], "1"),
    ],
)
def test_versions_are_instants(warehouse, versions, left, batch_rows):
    assert name_after(warehouse, *versions, batch_rows=batch_rows) == left


@pytest.mark.parametrize("mode", ["upsert", "soft_delete"])
def test_an_equal_version_rewrites_nothing(warehouse, mode):
    """On PostgreSQL the row stays the very same tuple; on both another payload leaves no trace."""
    hidden = ", xmin, ctid" if warehouse.engine == "postgres" else ", rowid"
    query = f"SELECT name, updated, _version{hidden} FROM orders"
    at = "2026-11-20T08:00:00+08:00"
    warehouse.load(SPEC, order("first", at), load_mode=mode)
    before = warehouse.rows(query)
    for same in (at, "2026-11-20T00:00:00Z", None, "2026-11-19T00:00:00Z"):
        warehouse.load(SPEC, order("second", same), load_mode=mode)
        assert warehouse.rows(query) == before
    warehouse.load(SPEC, order("third", "2026-11-20T00:00:00.001Z"), load_mode=mode)
    assert warehouse.rows(query) != before


@pytest.mark.parametrize(
    ("spec", "ascending"),
    [
        ({"type": "integer"}, [-5, 0, 9, 10, 2**53 + 1, 2**63 - 1]),
        ({"type": "number"}, [-1.5, -1, 0, 0.1, 9.5, 10, 10.25]),
        (
            {"type": "string"},
            ["0", "9", "10", "100", "9999999999", "12345678901", "123456789012345"],
        ),
        ({"type": "string"}, ["1763625600000@9", "1763625600000@10", "1763625600000@a"]),
        ({"type": "string"}, ["2026-11-20T08:00:00.000Z@9", "2026-11-20T08:00:00.000Z@10"]),
        ({"type": "string"}, ["2026-11-20 08:00:00,5 +0800", "2026-11-20T00:00:00.6Z"]),
        ({"type": "string", "format": "date"}, ["0999-01-01", "2026-02-28", "2026-10-01"]),
        ({"type": ["integer", "string"]}, [9, "10", 11]),
    ],
)
def test_versions_of_other_types_ascend(warehouse, spec, ascending):
    """Each that comes after a smaller one rewrites, none that comes after a larger one does."""
    message = schema("t", bookmark=["v"], v=spec)
    for n, value in enumerate(ascending):
        row = {"_account": "a", "id": "1", "name": str(n), "v": value}
        line = {"type": "RECORD", "stream": "t", "record": row}
        older = [{**line, "record": {**row, "v": v, "name": "older"}} for v in ascending[:n]]
        warehouse.load(message, line, *older, batch_rows=1)
        assert warehouse.rows("SELECT name FROM t") == [(str(n),)]


def test_an_object_is_no_version(warehouse):
    """What has no order cannot tell which is newer: the order of arrival does."""
    message = schema("t", bookmark=["v"], v={"type": "object"})
    for n, value in enumerate([{"b": 1}, {"a": 1}, {}]):
        row = {"_account": "a", "id": "1", "name": str(n), "v": value}
        warehouse.load(message, {"type": "RECORD", "stream": "t", "record": row})
    assert warehouse.rows("SELECT name FROM t") == [("2",)]
