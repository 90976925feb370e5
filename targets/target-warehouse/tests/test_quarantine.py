"""Bad records: kept with their reason, counted, replayed."""

from __future__ import annotations

import json

import pytest
from target_warehouse import dialects
from target_warehouse.dialects.duckdb import DuckDB
from target_warehouse.dialects.postgres import Postgres
from target_warehouse.errors import MissingKeyError, QuarantineError
from target_warehouse.settings import Settings

from .singer import activate, incremental, order, record, schema, state

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


# -- what is kept --------------------------------------------------------------------------------


def test_the_same_bad_record_is_counted_and_its_first_sighting_kept(warehouse):
    """`_read_at` differs with each read and makes no other record of it."""
    spec = schema("t", value=INTEGER, _read_at={"type": "string", "format": "date-time"})
    for hour in (8, 9):
        row = record("t", "1", value="x", _read_at=f"2026-11-20T0{hour}:00:00Z")
        warehouse.load(spec, row, row)
    found = warehouse.rows(
        "SELECT times_received, received_at < last_received_at, payload LIKE '%T09:%' FROM _quarantine"
    )
    assert found == [(4, True, True)]


def test_a_huge_payload_is_cut_and_not_replayed(warehouse):
    huge = "x" * 17_000_000
    warehouse.load(schema("t", value=INTEGER), record("t", "1", value=huge))
    size, kept, reason = warehouse.rows(
        "SELECT payload_bytes, length(payload), reason FROM _quarantine"
    )[0]
    assert size > 17_000_000
    assert kept == 10_000
    assert "only the beginning is kept" in reason
    warehouse.load(schema("t", value=TEXT), record("t", "2", value="x"))
    assert "1 too large" in warehouse.run("--replay-quarantine").stderr
    assert warehouse.count("SELECT count(*) FROM t") == 1


def test_many_bad_records_are_written_together(warehouse, monkeypatch):
    bad = [record("t", str(n), value="x") for n in range(3000)]
    statements = []
    for dialect in (DuckDB, Postgres):
        execute = dialect.execute
        monkeypatch.setattr(
            dialect,
            "execute",
            lambda self, sql, *values, _execute=execute: (
                statements.append(sql) or _execute(self, sql, *values)
            ),
        )
    for _ in range(2):
        warehouse.load(schema("t", value=INTEGER), *bad, quarantine_threshold=10_000)
    assert len([sql for sql in statements if "_quarantine" in sql]) < 30
    assert warehouse.rows("SELECT count(*), min(times_received) FROM _quarantine") == [(3000, 2)]


def test_a_replay_counts_against_no_threshold_and_is_no_sighting(warehouse):
    bad = [record("t", str(n), value="x") for n in range(5)]
    warehouse.load(schema("t", value=INTEGER), *bad)
    process = warehouse.run("--replay-quarantine", quarantine_threshold=0)
    assert process.returncode == 0, process.stderr
    assert "5 still bad" in process.stderr
    assert warehouse.rows("SELECT DISTINCT times_received FROM _quarantine") == [(1,)]


def test_each_record_keeps_the_schema_that_it_failed(warehouse):
    warehouse.load(schema("t", value=INTEGER), record("t", "1", value="x"))
    warehouse.load(schema("t", value={"type": "boolean"}), record("t", "2", value="x"))
    joined = (
        "SELECT count(*) FROM _quarantine q JOIN _quarantine_schemas s "
        "ON q.stream = s.stream AND q.schema_hash = s.schema_hash"
    )
    assert warehouse.count(joined) == 2


def test_records_of_incremental_streams_are_replayed_under_overwrite(warehouse):
    """They come in parts, so no full read would bring them again."""
    warehouse.load(
        incremental(value=INTEGER), order("1", "a", AT, value="x"), load_mode="overwrite"
    )
    warehouse.load(incremental(value=TEXT), order("2", "a", AT, value="y"), load_mode="overwrite")
    process = warehouse.run("--replay-quarantine", load_mode="overwrite")
    assert "1 records loaded, 0 stay" in process.stderr
    assert warehouse.count("SELECT count(*) FROM orders") == 2


# -- full reads with bad records -----------------------------------------------------------------

V1, V2, V3 = 1763625600000, 1763712000000, 1763798400000
FULL_MODES = ["soft_delete", "overwrite", "snapshot"]


def users(version, *identifiers, account="a", name="x"):
    return [record("users", i, name, account=account, version=version) for i in identifiers]


def shown(warehouse, mode):
    table = "users_latest" if mode == "snapshot" else "users"
    where = "WHERE _deleted_at IS NULL" if mode == "soft_delete" else ""
    found = warehouse.rows(f"SELECT _account, id FROM {table} {where} ORDER BY 1, 2")
    return ["".join(row) for row in found]


@pytest.mark.parametrize("mode", FULL_MODES)
def test_a_read_is_held_back_while_a_live_row_may_be_in_quarantine(warehouse, mode, caplog):
    def read(version, *messages):
        warehouse.load(schema(), *messages, activate("users", version), load_mode=mode)

    read(V1, *users(V1, "1", "2"))
    read(V2, *users(V2, "1"), *users(V2, "2", name=5))
    assert shown(warehouse, mode) == ["a1", "a2"]
    assert "is held back" in caplog.text
    assert warehouse.count("SELECT count(*) FROM _quarantine WHERE held_at IS NOT NULL") == 1
    # The activation alone, in another process: the records in the table still tell.
    warehouse.load(schema(), *users(V2, "1"), activate("users", V2), load_mode=mode)
    assert shown(warehouse, mode) == ["a1", "a2"]
    read(V3, *users(V3, "1"))
    assert shown(warehouse, mode) == ["a1"]
    assert reasons(warehouse) == []
    assert len(reasons(warehouse, "state = 'outdated'")) == 1


@pytest.mark.parametrize("mode", FULL_MODES)
def test_a_read_goes_through_when_every_live_row_came(warehouse, mode):
    warehouse.load(schema(), *users(V1, "1"), activate("users", V1), load_mode=mode)
    read = [*users(V2, "1", "3"), *users(V2, "9", name=5)]
    warehouse.load(schema(), *read, activate("users", V2), load_mode=mode)
    assert shown(warehouse, mode) == ["a1", "a3"]
    assert len(reasons(warehouse)) == 1


@pytest.mark.parametrize("mode", FULL_MODES)
def test_bad_records_of_one_account_hold_only_that_account_back(warehouse, mode):
    both = [*users(V1, "1", "2"), *users(V1, "1", "2", account="b")]
    warehouse.load(schema(), *both, activate("users", V1), load_mode=mode)
    read = [*users(V2, "1"), *users(V2, "1", account="b"), *users(V2, "2", account="b", name=5)]
    ends = [activate("users", V2, _account=account) for account in "ab"]
    warehouse.load(schema(), *read, *ends, load_mode=mode)
    assert shown(warehouse, mode) == ["a1", "b1", "b2"]


@pytest.mark.parametrize("mode", FULL_MODES)
def test_a_dropped_record_holds_nothing_back(warehouse, mode):
    warehouse.load(schema(), *users(V1, "1", "2"), activate("users", V1), load_mode=mode)
    bad = [*users(V2, "1"), *users(V2, "2", name=5), activate("users", V2)]
    warehouse.load(schema(), *bad, load_mode=mode)
    set_state(warehouse, "dropped")
    again = [*users(V3, "1"), *users(V3, "2", name=5), activate("users", V3)]
    warehouse.load(schema(), *again, load_mode=mode, quarantine_threshold=0)
    assert shown(warehouse, mode) == ["a1"]
    assert warehouse.rows("SELECT state, times_received FROM _quarantine") == [("dropped", 2)]


def set_state(warehouse, word):
    connection = dialects.connect(Settings.read(warehouse.config).connection)
    connection.execute(f"UPDATE {connection.relation('_quarantine')} SET state = $1", word)
    connection.close()


def test_without_a_key_any_bad_record_holds_back(warehouse):
    for version, name in ((V1, "x"), (V2, 5)):
        read = [*users(version, "1"), *users(version, "2", name=name)]
        warehouse.load(schema(key=[]), *read, activate("users", version), load_mode="overwrite")
    assert warehouse.count("SELECT count(*) FROM users") == 2


def test_rows_about_a_run_tell_its_bad_records(warehouse):
    """Also those that the engine alone refuses, which shows when the batch is written."""
    runs = {
        "type": "SCHEMA",
        "stream": "_sync_runs",
        "schema": {
            "properties": {
                **{key: {"type": "string"} for key in ("run_id", "stream", "account")},
                "success_rate": {"type": ["number", "null"]},
                "quarantined": {"type": ["integer", "null"], "x-loader": "quarantined"},
            }
        },
        "key_properties": ["run_id", "stream", "account"],
    }

    def run(stream, account):
        told = {"run_id": "r", "stream": stream, "account": account, "success_rate": 0.975}
        return {"type": "RECORD", "stream": "_sync_runs", "record": told}

    big = {"type": ["string", "null"], "format": "date-time"}
    warehouse.load(
        runs,
        run("", ""),
        schema("users", seen=big),
        record("users", "1", account="a"),
        record("users", "2", account="a", seen="never"),
        record("users", "3", account="b", seen="never"),
        record("users", "4", account="b", seen=7),
        '{"type": "RECORD", "stream": "users", "record": [1]}',
        *(run("users", account) for account in "abc"),
    )
    found = warehouse.rows(
        "SELECT stream, account, quarantined, success_rate FROM _sync_runs ORDER BY 1, 2"
    )
    assert [(s, a, n, float(rate)) for s, a, n, rate in found] == [
        ("", "", 0, 0.975),
        ("users", "a", 1, 0.975),
        ("users", "b", 2, 0.975),
        ("users", "c", 0, 0.975),
    ]
