"""Odd schemas, odd records and odd orders of messages."""

from __future__ import annotations

import json
import typing as t

import pytest
from target_warehouse.errors import ContractError, InputError, SchemaMissingError, WarehouseError

from .singer import activate, record, schema, state

TEXT = {"type": ["string", "null"]}
INTEGER = {"type": ["integer", "null"]}
OBJECT = {"type": ["object", "null"]}
KINDS = {
    "duckdb": {"json": "json", "text": "varchar", "decimal": "decimal(38,18)"},
    "postgres": {"json": "jsonb", "text": "text", "decimal": "numeric"},
}


def kind_of(warehouse, spec: t.Any, **document: t.Any) -> str:
    message = schema("t", v=spec)
    message["schema"].update(document)
    warehouse.load(message)
    found = warehouse.columns("t")["v"]
    names = {name: kind for kind, name in KINDS[warehouse.engine].items()}
    return names.get(found, found.split("(")[0])


A_DATE = {"type": "string", "format": "date"}


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ({}, "json"),
        (True, "json"),
        (None, "json"),
        ("string", "json"),
        ([], "json"),
        ({"type": []}, "json"),
        ({"type": "money"}, "json"),
        ({"type": {"x": 1}}, "json"),
        ({"type": [["string"]]}, "json"),
        ({"type": ["null"]}, "json"),
        ({"type": ["string", "object"]}, "json"),
        ({"type": ["string", "number", "integer", "array", "object", "boolean", "null"]}, "json"),
        ({"type": ["array", "object"]}, "json"),
        ({"type": ["string", "integer"]}, "text"),
        ({"type": ["boolean", "integer"]}, "text"),
        ({"type": ["integer", "number"]}, "decimal"),
        ({"type": "string", "format": 5}, "text"),
        ({"type": "string", "format": "binary"}, "text"),
        ({"type": "integer", "minimum": "x", "maximum": None}, "bigint"),
        ({"anyOf": [A_DATE, {"type": "null"}]}, "date"),
        ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, "decimal"),
        ({"anyOf": [A_DATE, {"type": ["string", "null"]}]}, "text"),
        ({"anyOf": [{"type": "string"}, {}]}, "json"),
        ({"anyOf": [{"type": "string"}, {"type": "array"}]}, "json"),
        ({"anyOf": [None]}, "json"),
        ({"anyOf": []}, "json"),
        ({"anyOf": [{"anyOf": [A_DATE]}, {"oneOf": [A_DATE]}]}, "date"),
        ({"allOf": [{"type": ["string", "null"]}, {"format": "date"}]}, "date"),
        ({"allOf": [{"$ref": "#/definitions/day"}]}, "date"),
        ({"const": "a"}, "text"),
        ({"const": 5}, "bigint"),
        ({"const": [1]}, "json"),
        ({"enum": ["a", "b", None]}, "text"),
        ({"enum": ["a", 1]}, "text"),
        ({"enum": [True, False]}, "boolean"),
        ({"enum": [1.5, 2]}, "decimal"),
        ({"enum": []}, "json"),
        ({"enum": 5}, "json"),
        ({"$ref": "#/definitions/day"}, "date"),
        ({"$ref": "#/$defs/a~1b"}, "date"),
        ({"$ref": "#/definitions/loop"}, "json"),
        ({"$ref": "#/definitions/nothing"}, "json"),
        ({"$ref": "other.json#/x"}, "json"),
        ({"anyOf": [{"$ref": "#/definitions/day"}, {"type": "null"}]}, "date"),
    ],
)
def test_a_property_gets_a_column(warehouse, spec, kind):
    definitions = {"day": A_DATE, "loop": {"$ref": "#/definitions/loop"}}
    found = kind_of(warehouse, spec, definitions=definitions, **{"$defs": {"a/b": A_DATE}})
    assert found == kind


def test_a_column_for_anything_holds_anything(warehouse):
    values = [5, 1.5, "x", True, None, [], {}, [[1], {"a": [None]}]]
    rows = [record("t", str(n), v=value) for n, value in enumerate(values)]
    warehouse.load(schema("t", v={}), *rows)
    found = warehouse.rows("SELECT CAST(v AS text) FROM t ORDER BY id")
    assert [None if v is None else json.loads(v) for (v,) in found] == values


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({}, "no `properties`"),
        ({"schema": None}, "no `properties`"),
        ({"schema": [1]}, "no `properties`"),
        ({"schema": {"properties": None}}, "no `properties`"),
        ({"schema": {"properties": []}}, "no `properties`"),
        ({"schema": {"properties": {}}}, "none in it"),
        ({"schema": {"properties": {"a": TEXT}}, "key_properties": ["b"]}, "key property 'b'"),
        ({"schema": {"properties": {"a": {}}}, "key_properties": ["a"]}, "cannot be a key"),
        ({"schema": {"properties": {"a": TEXT}}, "key_properties": "a"}, "no Singer message"),
    ],
)
def test_a_schema_that_cannot_be_used(warehouse, message, words):
    with pytest.raises(InputError, match=words):
        warehouse.load({"type": "SCHEMA", "stream": "t", "key_properties": [], **message})
    assert warehouse.tables() == set()


@pytest.mark.parametrize("required", ["a", 5, [{}], [5, "a"], None])
def test_malformed_required(warehouse, required):
    message = {"properties": {"a": {"type": "string"}}, "required": required}
    row = {"type": "RECORD", "stream": "t", "record": {"a": "x"}}
    warehouse.load({"type": "SCHEMA", "stream": "t", "schema": message, "key_properties": []}, row)
    assert warehouse.rows("SELECT a FROM t") == [("x",)]


def test_a_key_that_names_a_property_twice(warehouse):
    warehouse.load(schema("t", key=["id", "id"]), record("t", "1", "a"), record("t", "1", "b"))
    assert warehouse.rows("SELECT id, name FROM t") == [("1", "b")]


def test_extra_missing_null_and_empty(warehouse):
    line = '{"type":"RECORD","stream":"t","record":{"_account":"a","id":"%s"%s}}'
    rest = [
        "",
        ',"name":null',
        ',"name":""',
        ',"name":"x","more":{"deep":[1]},"":0',
        ',"name":1,"name":"y"',
    ]
    warehouse.load(schema("t"), *[line % (n, more) for n, more in enumerate(rest)])
    rows = warehouse.rows("SELECT name FROM t ORDER BY id")
    assert rows == [(None,), (None,), ("",), ("x",), ("y",)]
    assert set(warehouse.columns("t")) == {"_account", "id", "name", "_version"}


def test_records_that_are_no_objects(warehouse):
    lines = [
        f'{{"type":"RECORD","stream":"t","record":{text}}}' for text in ("null", '"x"', "[]", "5")
    ]
    warehouse.load(schema("t"), *lines, record("t", "1"))
    assert warehouse.count("SELECT count(*) FROM t") == 1
    assert warehouse.count("SELECT count(*) FROM _quarantine") == 4


def test_messages_before_their_schema(warehouse):
    with pytest.raises(SchemaMissingError, match="'t' came before the SCHEMA"):
        warehouse.load(record("t", "1"))
    batch = {"type": "BATCH", "stream": "t", "encoding": {"format": "jsonl"}, "manifest": []}
    with pytest.raises(SchemaMissingError, match="BATCH message of stream 't' came before"):
        warehouse.load(batch)


def test_an_activation_of_an_unknown_stream_says_nothing(warehouse):
    states = warehouse.load(
        schema("t"),
        record("t", "1", version=1),
        activate("unknown", 5),
        state("done"),
        load_mode="soft_delete",
    )
    assert states == ["done"]
    assert warehouse.count("SELECT count(*) FROM t WHERE _deleted_at IS NULL") == 1


@pytest.mark.parametrize("version", ["99999999999999999999", '"x"', "1.5", "-9223372036854775809"])
def test_a_read_whose_version_is_no_64_bit_integer(warehouse, version):
    line = '{"type":"RECORD","stream":"t","record":{"_account":"a","id":"1"},"version":%s}'
    with pytest.raises(InputError, match=r"no Singer message.*version"):
        warehouse.load(schema("t"), line % version)


@pytest.mark.parametrize("mode", ["upsert", "append", "soft_delete", "history"])
@pytest.mark.parametrize("batch_rows", [1, 100])
def test_a_schema_that_changes_back_and_forth(warehouse, mode, batch_rows):
    """Text, integer, object, in turn: each value is in a column that holds it."""
    messages: list[t.Any] = []
    turns = [(TEXT, "x"), (INTEGER, 5), (OBJECT, {"a": 1})] * 3
    for n, (spec, value) in enumerate(turns):
        messages += [schema("t", v=spec), record("t", str(n), v=value)]
    warehouse.load(*messages, load_mode=mode, batch_rows=batch_rows)
    columns = warehouse.columns("t")
    assert "v__3" not in columns
    found = warehouse.rows("SELECT id, v, CAST(v__2 AS text) FROM t ORDER BY id")
    for n, (_, value) in enumerate(turns):
        other = json.loads(found[n][2]) if isinstance(value, dict) else found[n][1]
        assert other == (value if isinstance(value, dict) else str(value))


def test_a_key_that_changes(warehouse):
    """From (id) to (id, k) fits; back again does not, once an id stands twice: then nothing is done."""
    one, two = schema("t", key=["id"], k=TEXT), schema("t", key=["id", "k"], k=TEXT)
    warehouse.load(
        one, record("t", "1", k="a"), two, record("t", "1", k="b"), record("t", "1", k="b")
    )
    assert warehouse.count("SELECT count(*) FROM t") == 2
    with pytest.raises(ContractError, match="cannot get the key"):
        warehouse.load(one, record("t", "1", k="c"))
    assert warehouse.rows("SELECT k FROM t ORDER BY k") == [("a",), ("b",)]


def test_a_key_that_goes_and_comes_back(warehouse):
    keyed, keyless = schema("t"), schema("t", key=[])
    warehouse.load(keyed, record("t", "1", "a"), keyless, record("t", "2", "b"))
    warehouse.load(keyed, record("t", "2", "c"))
    assert warehouse.rows("SELECT id, name FROM t ORDER BY id") == [("1", "a"), ("2", "c")]
    warehouse.load(keyless, record("t", "1", "again"))
    with pytest.raises(ContractError, match="its rows repeat it"):
        warehouse.load(keyed, record("t", "3"))


def test_1000_columns(warehouse):
    names = [f"列{n}" for n in range(1000)]
    rows = [
        record("t", str(k), **{name: f"{n}" for n, name in enumerate(names[k:])}) for k in range(20)
    ]
    warehouse.load(schema("t", **dict.fromkeys(names, TEXT)), *rows)
    assert warehouse.count("SELECT count(*) FROM t") == 20
    assert warehouse.rows("SELECT 列0, 列999 FROM t WHERE id = '19'") == [(None, "980")]
    changed = record("t", "0", **dict.fromkeys(names, "new"))
    warehouse.load(schema("t", **dict.fromkeys(names, TEXT)), changed)
    assert warehouse.rows("SELECT 列0, 列999 FROM t WHERE id = '0'") == [("new", "new")]


def test_more_columns_than_an_engine_has(make_warehouse):
    """PostgreSQL has 1,600: the run ends with its words, and nothing is left half done."""
    names = [f"c{n}" for n in range(1700)]
    message = schema("t", **dict.fromkeys(names, TEXT))
    warehouse = make_warehouse("postgres")
    process = warehouse.run(messages=[message, record("t", "1", c1699="x"), state("never")])
    assert process.returncode == 1
    assert process.stdout == ""
    assert "at most 1600 columns" in process.stderr
    assert "Traceback" not in process.stderr
    assert warehouse.tables() == set()
    warehouse = make_warehouse("duckdb")
    warehouse.load(message, record("t", "1", c1699="x"))
    assert warehouse.rows("SELECT c0, c1699 FROM t") == [(None, "x")]


def test_a_row_that_is_too_wide_for_postgresql(make_warehouse):
    warehouse = make_warehouse("postgres")
    names = [f"c{n}" for n in range(1400)]
    wide = record("t", "1", **dict.fromkeys(names, "x" * 40))
    warehouse.load(schema("t", **dict.fromkeys(names, TEXT)), wide, record("t", "2", c5="x"))
    assert warehouse.rows("SELECT id FROM t") == [("2",)]
    assert "row is too big" in warehouse.rows("SELECT reason FROM _quarantine")[0][0]


def test_300_interleaved_streams(warehouse):
    """Every batch holds rows of most streams; each row is in its table."""
    streams = [f"s{n}" for n in range(300)]
    rows = [record(name, str(k), f"{name} {k}") for k in range(2) for name in streams]
    states = warehouse.load(*map(schema, streams), *rows, state("done"), batch_rows=400)
    assert states == ["done"]
    parts = " UNION ALL ".join(f"SELECT '{name}', id, name FROM {name}" for name in streams)
    found = warehouse.rows(parts)
    assert len(found) == 600
    assert all(text == f"{stream} {key}" for stream, key, text in found)


@pytest.mark.parametrize(
    "line", ["\x00", "{", '{"type":"RECORD"', "null", "[]", '"RECORD"', "{}", '{"type":5}', "\xff"]
)
def test_lines_that_are_no_messages(warehouse, line):
    with pytest.raises(WarehouseError, match=r"input line|message type"):
        warehouse.load(schema("t"), line)


def test_bytes_that_are_no_utf8(warehouse):
    """As of a tap that writes in GBK: guessing would garble it, so such a record is set aside."""
    process = warehouse.start()
    row = json.dumps(record("t", "1", "中"), ensure_ascii=False).encode("gbk")
    good = json.dumps(record("t", "2")).encode()
    lines = [json.dumps(schema("t")).encode(), good, row, b""]
    out, err = process.communicate(b"\n".join(lines))
    assert process.returncode == 0, err
    assert out == b""
    assert warehouse.rows("SELECT id FROM t") == [("2",)]
    assert "utf-8" in warehouse.rows("SELECT reason FROM _quarantine")[0][0]
