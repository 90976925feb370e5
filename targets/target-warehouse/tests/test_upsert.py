"""Newest wins, whatever the order of arrival; append; types."""

from __future__ import annotations

import gzip
import itertools
import json

import pytest

from .singer import NULLABLE_TEXT, incremental, order, record, schema, state

OLD, MIDDLE, NEW = (f"2026-11-20T0{hour}:00:00.000Z@7" for hour in (7, 8, 9))


@pytest.mark.parametrize("batch_rows", [1, 2, 100])
@pytest.mark.parametrize("arrival", list(itertools.permutations([OLD, MIDDLE, NEW])))
def test_newest_wins_in_any_order(warehouse, arrival, batch_rows):
    warehouse.load(incremental(), *[order("7", at, at) for at in arrival], batch_rows=batch_rows)
    assert warehouse.rows("SELECT name FROM orders") == [(NEW,)]


def test_newest_wins_across_runs(warehouse):
    warehouse.load(incremental(), order("1", "new", NEW))
    warehouse.load(incremental(), order("1", "old", OLD), order("2", "other", OLD))
    assert warehouse.rows("SELECT id, name FROM orders ORDER BY id") == [
        ("1", "new"),
        ("2", "other"),
    ]


def test_equal_versions_do_not_rewrite(warehouse):
    warehouse.load(incremental(), order("1", "first", NEW), order("1", "again", NEW))
    warehouse.load(incremental(), order("1", "later", NEW))
    assert warehouse.rows("SELECT name FROM orders") == [("first",)]


def test_ids_of_one_moment_compare_as_integers(warehouse):
    at = "2026-11-20T08:00:00.000Z@"
    warehouse.load(incremental(), order("1", "ten", at + "10"), order("1", "nine", at + "9"))
    assert warehouse.rows("SELECT name FROM orders") == [("ten",)]


def test_offsets_compare_as_instants(warehouse):
    spec = schema(
        "t", bookmark=["happened"], happened={"type": ["string", "null"], "format": "date-time"}
    )
    early = record("t", "1", "early", happened="2026-11-20T10:00:00+08:00")
    late = record("t", "1", "late", happened="2026-11-20T03:00:00Z")
    for arrival in ([early, late], [late, early]):
        warehouse.load(spec, *arrival, batch_rows=1)
        assert warehouse.rows("SELECT name FROM t") == [("late",)]


def test_unknown_version_never_beats_a_known_one(warehouse):
    spec = schema(
        "t", bookmark=["happened"], happened={"type": ["string", "null"], "format": "date-time"}
    )
    known, unknown = "2026-11-20T10:00:00Z", None
    warehouse.load(
        spec,
        record("t", "1", "unknown", happened=unknown),
        record("t", "2", "known", happened=known),
    )
    warehouse.load(
        spec,
        record("t", "1", "known", happened=known),
        record("t", "2", "unknown", happened=unknown),
    )
    assert warehouse.rows("SELECT name FROM t") == [("known",), ("known",)]


def test_without_any_version_the_last_arrival_wins(warehouse):
    warehouse.load(schema("t"), record("t", "1", "a"), record("t", "1", "b"))
    warehouse.load(schema("t"), record("t", "1", "c"))
    assert warehouse.rows("SELECT name FROM t") == [("c",)]


def test_read_at_comes_before_the_bookmark(warehouse):
    spec = incremental(_read_at={"type": ["string", "null"], "format": "date-time"})
    warehouse.load(
        spec,
        order("1", "read later", OLD, _read_at="2026-11-21T02:00:00Z"),
        order("1", "read earlier", NEW, _read_at="2026-11-21T01:00:00Z"),
    )
    assert warehouse.rows("SELECT name FROM orders") == [("read later",)]


def test_append_keeps_every_record(warehouse):
    warehouse.load(schema("t"), record("t", "1", "a"), record("t", "1", "a"), load_mode="append")
    warehouse.load(schema("t", key=[]), record("t", "1", "a"))
    assert warehouse.count("SELECT count(*) FROM t") == 3


def test_state_only_after_the_records_before_it(warehouse):
    states = warehouse.load(
        incremental(),
        order("1", "a", NEW),
        state(1),
        order("2", "a", NEW),
        state(2),
        state(3),
        order("3", "a", NEW),
        batch_rows=2,
    )
    assert states == [1, 3]


def test_types_keep_their_values(warehouse):
    spec = schema(
        "t",
        amount={"type": ["string", "null"], "format": "singer.decimal"},
        price={"type": ["number", "null"], "multipleOf": 0.01},
        count={"type": ["integer", "null"]},
        huge={"type": ["integer", "null"], "maximum": 10**30},
        happened={"type": ["string", "null"], "format": "date-time"},
        day={"type": ["string", "null"], "format": "date"},
        clock={"type": ["string", "null"], "format": "time"},
        flag={"type": ["boolean", "null"]},
        tags={"type": ["array", "null"]},
        either={"type": ["string", "integer", "null"]},
        anything={},
    )
    values = {
        "amount": "12.345678",
        "price": 0.01,
        "count": 2**63 - 1,
        "huge": 10**29 + 1,
        "happened": "2026-11-20T00:30:00+08:00",
        "day": "2026-11-20",
        "clock": "10:20:30",
        "flag": True,
        "tags": ['a"\\\t\n', {"中": None}],
        "either": 5,
        "anything": "text",
    }
    warehouse.load(spec, record("t", "1", 'quote " back \\ tab \t line \n \\N 中文', **values))
    row = warehouse.rows(
        "SELECT name, cast(amount AS text), cast(price AS text), count, cast(huge AS text), "
        "cast(happened AT TIME ZONE 'UTC' AS text), cast(day AS text), cast(clock AS text), flag, "
        "cast(tags AS text), either, cast(anything AS text) FROM t"
    )[0]
    assert row[0] == 'quote " back \\ tab \t line \n \\N 中文'
    assert row[1].rstrip("0") == "12.345678"
    assert row[2].rstrip("0") == "0.01"
    assert row[3:9] == (
        2**63 - 1,
        str(10**29 + 1),
        "2026-11-19 16:30:00",
        "2026-11-20",
        "10:20:30",
        True,
    )
    assert json.loads(row[9]) == values["tags"]
    assert row[10] == "5"
    assert json.loads(row[11]) == "text"


def test_empty_text_is_not_null_and_json_null_is(warehouse):
    spec = schema("t", tags={"type": ["array", "null"]})
    warehouse.load(spec, record("t", "1", "", tags=None), record("t", "2", None))
    rows = warehouse.rows("SELECT name, tags FROM t ORDER BY id")
    assert rows == [("", None), (None, None)]


def test_nul_and_half_surrogates_become_the_replacement_character(warehouse):
    spec = schema("t", tags={"type": ["array", "null"]})
    warehouse.load(
        spec,
        record("t", "1", "a\x00b", tags=["\x00"]),
        '{"type":"RECORD","stream":"t","record":{"_account":"a","id":"2","name":"x\\ud800"}}',
    )
    rows = warehouse.rows("SELECT name, cast(tags AS text) FROM t ORDER BY id")
    assert [name for name, _ in rows] == ["a\ufffdb", "x\ufffd"]
    assert json.loads(rows[0][1]) == ["\ufffd"]


def test_harmless_forms_are_mended(warehouse):
    spec = schema(
        "t",
        happened={"type": ["string", "null"], "format": "date-time"},
        count={"type": ["integer", "null"]},
        day={"type": ["string", "null"], "format": "date"},
    )
    warehouse.load(
        spec,
        record("t", "1", happened="2026-11-20", count=3.0, day="2026-11-20T00:00:00Z"),
        record("t", "2", happened="2026-11-20 08:00:00+0800"),
    )
    found = warehouse.rows(
        "SELECT cast(happened AT TIME ZONE 'UTC' AS text), count, cast(day AS text) FROM t ORDER BY id"
    )
    assert found == [("2026-11-20 00:00:00", 3, "2026-11-20"), ("2026-11-20 00:00:00", None, None)]


def test_long_names_are_cut_and_never_meet(warehouse):
    long = "字" * 30
    spec = schema(long, **{f"{long}{end}": NULLABLE_TEXT for end in "ab"})
    warehouse.load(spec, record(long, "1", **{f"{long}a": "1", f"{long}b": "2"}))
    (table,) = warehouse.tables()
    assert len(table.encode()) <= 63
    names = [name for name in warehouse.columns(table) if name.startswith("字")]
    assert len(names) == 2
    assert warehouse.rows(f'SELECT "{names[0]}", "{names[1]}" FROM "{table}"') == [("1", "2")]


def test_names_that_differ_in_case_get_columns_of_their_own(warehouse):
    spec = schema("t", Name=NULLABLE_TEXT)
    warehouse.load(spec, record("t", "1", "small", Name="large"))
    warehouse.load(spec, record("t", "2", "small", Name="large"))
    names = [name for name in warehouse.columns("t") if name.lower().startswith("name")]
    assert len(names) == 2
    assert set(warehouse.rows(f'SELECT "{names[0]}", "{names[1]}" FROM t')) <= {
        ("small", "large"),
        ("large", "small"),
    }
    assert len(set(warehouse.rows(f'SELECT "{names[0]}", "{names[1]}" FROM t'))) == 1


def test_a_property_may_have_the_name_of_a_system_column(warehouse):
    spec = schema("t", _version=NULLABLE_TEXT)
    warehouse.load(spec, record("t", "1", _version="mine"))
    assert warehouse.rows("SELECT _version__2 FROM t") == [("mine",)]


def test_an_empty_stream_gets_its_table(warehouse):
    warehouse.load(incremental())
    assert warehouse.count("SELECT count(*) FROM orders") == 0


def test_rows_of_many_streams_share_a_commit(warehouse):
    messages = [schema(f"s{n}") for n in range(20)]
    messages += [record(f"s{n % 20}", str(n)) for n in range(200)]
    warehouse.load(*messages, state("end"), batch_rows=30)
    assert sum(warehouse.count(f"SELECT count(*) FROM s{n}") for n in range(20)) == 200


@pytest.mark.parametrize("compression", ["gzip", "none"])
def test_batch_files_of_the_sdk(warehouse, tmp_path, compression):
    lines = "".join(json.dumps(record("t", str(n))["record"]) + "\n" for n in range(5)).encode()
    path = tmp_path / "batch.jsonl"
    path.write_bytes(gzip.compress(lines) if compression == "gzip" else lines)
    batch = {
        "type": "BATCH",
        "stream": "t",
        "encoding": {"format": "jsonl", "compression": compression},
        "manifest": [path.as_uri()],
    }
    assert warehouse.load(schema("t"), batch, state("after"), batch_rows=2) == ["after"]
    assert warehouse.count("SELECT count(*) FROM t") == 5
