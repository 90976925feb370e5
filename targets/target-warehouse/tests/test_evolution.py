"""Schemas that change, contracts, and columns of tables that others made."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from target_warehouse.errors import ContractError
from target_warehouse.layout import plan
from target_warehouse.names import fold
from target_warehouse.schema import Field, Kind

from .singer import record, schema

INTEGER = {"type": ["integer", "null"]}
DECIMAL = {"type": ["string", "null"], "format": "singer.decimal"}
TEXT = {"type": ["string", "null"]}
MOMENT = {"type": ["string", "null"], "format": "date-time"}
DAY = {"type": ["string", "null"], "format": "date"}
OBJECT = {"type": ["object", "null"]}


def load(warehouse, spec, identifier, value, **settings):
    return warehouse.load(schema("t", value=spec), record("t", identifier, value=value), **settings)


@pytest.mark.parametrize("mode", ["upsert", "append", "soft_delete", "history"])
def test_new_columns_are_added(warehouse, mode):
    warehouse.load(schema("t"), record("t", "1"), load_mode=mode)
    load(warehouse, INTEGER, "2", 7, load_mode=mode)
    warehouse.load(schema("t"), record("t", "3"), load_mode=mode)
    rows = warehouse.rows("SELECT id, value FROM t ORDER BY id")
    assert rows == [("1", None), ("2", 7), ("3", None)]


def test_new_columns_within_a_run(warehouse):
    warehouse.load(
        schema("t"), record("t", "1"), schema("t", value=INTEGER), record("t", "1", value=5)
    )
    assert warehouse.rows("SELECT value FROM t") == [(5,)]


@pytest.mark.parametrize(
    ("first", "value", "second", "wider", "expected"),
    [
        (INTEGER, 7, DECIMAL, "0.5", ["7", "0.5"]),
        (INTEGER, 7, TEXT, "x", ["7", "x"]),
        (DECIMAL, "0.50", TEXT, "x", ["0.5", "x"]),
        (DAY, "2026-11-20", MOMENT, "2026-11-20T08:00:00Z", None),
        (MOMENT, "2026-11-20T08:00:00+08:00", TEXT, "x", ["2026-11-20T00:00:00.000000Z", "x"]),
        ({"type": "boolean"}, True, TEXT, "x", ["true", "x"]),
    ],
)
def test_types_widen_in_place(warehouse, first, value, second, wider, expected):  # noqa: PLR0917
    load(warehouse, first, "1", value)
    load(warehouse, second, "2", wider)
    load(warehouse, first, "3", value)
    assert "value__2" not in warehouse.columns("t")
    found = [v for (v,) in warehouse.rows("SELECT cast(value AS text) FROM t ORDER BY id")]
    if expected:
        shown = [v.rstrip("0") if "." in v and "T" not in v else v for v in found[:2]]
        assert [v.rstrip(".") for v in shown] == expected
    assert None not in found


def test_a_conflict_gets_a_column_of_its_own(warehouse):
    load(warehouse, OBJECT, "1", {"a": 1})
    load(warehouse, TEXT, "2", "text")
    load(warehouse, OBJECT, "3", {"a": 3})
    load(warehouse, TEXT, "4", "more")
    rows = warehouse.rows("SELECT id, value IS NULL, value__2 FROM t ORDER BY id")
    assert rows == [
        ("1", False, None),
        ("2", True, "text"),
        ("3", False, None),
        ("4", True, "more"),
    ]
    assert "value__3" not in warehouse.columns("t")


def test_a_rewritten_row_keeps_columns_that_its_schema_left(warehouse):
    load(warehouse, INTEGER, "1", 7)
    warehouse.load(schema("t"), record("t", "1", "renamed"))
    assert warehouse.rows("SELECT name, value FROM t") == [("renamed", 7)]


def test_freeze_stops_before_anything_is_written(warehouse):
    warehouse.load(schema("t"), record("t", "1"), schema_contract="freeze")
    for spec, value in ((INTEGER, 1), (OBJECT, {})):
        with pytest.raises(ContractError, match=r"frozen.*value"):
            load(warehouse, spec, "2", value, schema_contract="freeze")
    assert warehouse.count("SELECT count(*) FROM t") == 1
    assert "value" not in warehouse.columns("t")


def test_freeze_refuses_a_wider_type_and_takes_a_narrower_one(warehouse):
    load(warehouse, DECIMAL, "1", "0.5")
    load(warehouse, INTEGER, "2", 5, schema_contract="freeze")
    with pytest.raises(ContractError, match="value"):
        load(warehouse, TEXT, "3", "x", schema_contract="freeze")


def test_discard_leaves_unknown_columns_out(warehouse):
    warehouse.load(schema("t"), record("t", "1"))
    load(warehouse, INTEGER, "2", 1, schema_contract="discard")
    assert "value" not in warehouse.columns("t")
    assert warehouse.count("SELECT count(*) FROM t") == 2


def test_another_key(warehouse):
    warehouse.load(schema("t", key=["id"]), record("t", "1", "a"))
    warehouse.load(schema("t", key=["_account", "id"]), record("t", "1", "b", account="b"))
    assert warehouse.count("SELECT count(*) FROM t") == 2


def test_a_key_that_rows_repeat_is_refused(make_warehouse):
    warehouse = make_warehouse("postgres")
    warehouse.load(schema("t", key=[]), record("t", "1"), record("t", "1"))
    with pytest.raises(ContractError, match="its rows repeat it"):
        warehouse.load(schema("t"), record("t", "1"))


FIELDS = st.lists(
    st.builds(
        Field,
        name=st.sampled_from(["a", "A", "a__2", "b", "_version"]),
        kind=st.sampled_from(list(Kind)),
    ),
    unique_by=lambda field: field.name,
    max_size=5,
)


@given(steps=st.lists(FIELDS, min_size=1, max_size=6))
def test_plans_never_share_a_column_nor_narrow_one(steps):
    """Whatever schemas come one after another, each value has a column that holds it."""
    table: dict[str, Kind | None] = {"_version": Kind.TEXT, "foreign": None}
    for fields in steps:
        result = plan(fields, table, reserved={"_version"})
        assert [field.name for field in result.fields] == [field.name for field in fields]
        names = [fold(column.name) for column in result.columns]
        assert len(set(names)) == len(names)
        assert "_version" not in names
        for column in (*result.new, *result.wider):
            table[column.name] = column.kind
        assert len({fold(name) for name in table}) == len(table)
        again = plan(fields, table, reserved={"_version"})
        assert (again.columns, again.new, again.wider) == (result.columns, (), ())


def test_a_table_that_another_tap_fills_is_refused(warehouse):
    """Two taps may have streams of one name; their rows must never share a table."""
    warehouse.load(schema("orders"), record("orders", "1"))
    other = {
        "type": "SCHEMA",
        "stream": "orders",
        "key_properties": ["oid"],
        "schema": {"properties": {"oid": {"type": "string"}}},
    }
    row = {"type": "RECORD", "stream": "orders", "record": {"oid": "9"}}
    with pytest.raises(ContractError, match="another tap"):
        warehouse.load(other, row)
    assert warehouse.rows("SELECT id FROM orders") == [("1",)]
