"""Bad records: kept with their reason, counted, replayed."""

from __future__ import annotations

import json

import pytest
from target_warehouse.errors import MissingKeyError, QuarantineError

from .singer import incremental, order, record, schema, state

AT = "2026-11-20T08:00:00.000Z@1"
INTEGER = {"type": ["integer", "null"]}
TEXT = {"type": ["string", "null"]}


def reasons(warehouse, where: str = "state = 'open'"):
    return [
        r for (r,) in warehouse.rows(f"SELECT reason FROM _quarantine WHERE {where} ORDER BY 1")
    ]


@pytest.mark.parametrize(
    ("spec", "value", "reason"),
    [
        (INTEGER, "seven", "Expected `int | null`, got `str`"),
        (INTEGER, 2**63, "Expected `int` <= 9223372036854775807"),
        (INTEGER, 1.5, "Expected `int | null`, got `float`"),
        ({"type": "string"}, None, "Expected `str`, got `null`"),
        ({"type": ["string", "null"], "format": "date-time"}, "yesterday", "Invalid RFC3339"),
        ({"type": ["string", "null"], "format": "singer.decimal"}, "1,5", "Invalid decimal"),
        ({"type": ["string", "null"], "format": "singer.decimal"}, "NaN", "finite number"),
        ({"type": ["object", "null"]}, [1], "Expected an object"),
        ({"type": ["array", "null"]}, "x", "Expected an array"),
        ({"type": ["string", "integer", "null"]}, {}, "Expected a text, number or boolean"),
        ({"type": "array"}, None, "got null"),
        ({"type": "boolean"}, 1, "Expected `bool`"),
    ],
)
def test_a_bad_value(warehouse, spec, value, reason):
    states = warehouse.load(schema("t", value=spec), record("t", "1", value=value), state("after"))
    (found,) = reasons(warehouse)
    assert reason in found
    assert "$.value" in found
    assert states == ["after"]
    assert warehouse.count("SELECT count(*) FROM t") == 0
    payload = json.loads(warehouse.rows("SELECT payload FROM _quarantine")[0][0])
    assert payload == {"_account": "a", "id": "1", "name": None, "value": value}


def test_not_a_number(warehouse):
    line = '{"type":"RECORD","stream":"t","record":{"_account":"a","id":"1","value":NaN}}'
    warehouse.load(schema("t", value={"type": ["number", "null"]}), line)
    assert "finite" in reasons(warehouse)[0]


def test_a_missing_key(warehouse):
    line = {"type": "RECORD", "stream": "t", "record": {"_account": "a"}}
    warehouse.load(schema("t"), line, record("t", "1"))
    assert reasons(warehouse) == ["The key property 'id' is missing"]
    with pytest.raises(MissingKeyError):
        warehouse.load(schema("t"), line, quarantine_threshold=0)


def test_decimals_that_duckdb_cannot_hold_are_refused_not_rounded(make_warehouse):
    warehouse = make_warehouse("duckdb")
    spec = schema("t", value={"type": ["string", "null"], "format": "singer.decimal"})
    values = ["1e30", "0.1234567890123456789", "12345678901234567890.123456789012345678"]
    warehouse.load(spec, *[record("t", v, value=v) for v in values])
    assert len(reasons(warehouse)) == 2
    assert warehouse.rows("SELECT cast(value AS text) FROM t") == [(values[2],)]


def test_what_the_engine_refuses_is_found_and_the_rest_is_loaded(make_warehouse):
    """A year that PostgreSQL's timestamps do not have passes our check and fails in the batch."""
    warehouse = make_warehouse("postgres")
    spec = schema("t", value={"type": ["object", "null"]})
    rows = [record("t", str(n), value={"n": n}) for n in range(20)]
    rows[7]["record"]["value"] = {"n": 10}
    lines = [json.dumps(row) for row in rows]
    lines[7] = lines[7].replace('"n": 10', '"n": 1e999999')
    states = warehouse.load(spec, *lines, state("after"))
    assert warehouse.count("SELECT count(*) FROM t") == 19
    assert len(reasons(warehouse)) == 1
    assert states == ["after"]


def test_the_threshold_keeps_what_came_and_fails(warehouse):
    bad = [record("t", str(n), value="x") for n in range(5)]
    messages = [
        schema("t", value=INTEGER),
        record("t", "9", value=1),
        state("one"),
        *bad,
        state("two"),
    ]
    process = warehouse.run(messages=messages, quarantine_threshold=3)
    assert process.returncode == 1
    assert "4 bad records" in process.stderr
    assert "Traceback" not in process.stderr
    assert json.loads(process.stdout) == "one"
    assert len(reasons(warehouse)) == 4
    assert warehouse.count("SELECT count(*) FROM t") == 1


def test_the_same_bad_record_again_is_kept_once(warehouse):
    for _ in range(2):
        warehouse.load(schema("t", value=INTEGER), record("t", "1", value="x"))
    assert len(reasons(warehouse)) == 1


def test_replay_loads_what_a_new_schema_allows(warehouse):
    warehouse.load(
        incremental(value=INTEGER),
        order("1", "was bad", AT, value="x"),
        order("2", "was bad", AT, value="y"),
        order("3", "stays bad", AT, value=[]),
    )
    newer = "2026-11-21T08:00:00.000Z@1"
    warehouse.load(incremental(value=TEXT), order("2", "newer", newer, value="z"))
    process = warehouse.run("--replay-quarantine")
    assert process.returncode == 0, process.stderr
    assert "2 records loaded, 1 stay" in process.stderr
    rows = warehouse.rows("SELECT id, name FROM orders ORDER BY id")
    assert rows == [("1", "was bad"), ("2", "newer")]
    assert len(reasons(warehouse)) == 1
    assert len(reasons(warehouse, "state = 'replayed'")) == 2
    assert "0 records loaded, 1 stay" in warehouse.run("--replay-quarantine").stderr


def test_replay_of_nothing(warehouse):
    process = warehouse.run("--replay-quarantine")
    assert process.returncode == 0
    assert "0 records loaded, 0 stay" in process.stderr


def test_quarantine_error_names_the_table(make_warehouse):
    warehouse = make_warehouse("duckdb")
    with pytest.raises(QuarantineError, match='"_quarantine"'):
        warehouse.load(
            schema("t", value=INTEGER), record("t", "1", value="x"), quarantine_threshold=0
        )
