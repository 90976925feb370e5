"""Bad input is told: what, where, what next; exit code 1, no traceback, STATE so far kept."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys

import duckdb
import psycopg
import pytest
from singer_sdk.exceptions import ConfigValidationError
from target_warehouse.errors import WarehouseError

from .singer import incremental, order, schema, state

AT = "2026-11-20T08:00:00.000Z@1"


def fails(process: subprocess.CompletedProcess[str], *words: str) -> None:
    assert process.returncode == 1, process.stderr
    assert "Traceback" not in process.stderr
    for word in words:
        assert word in process.stderr, process.stderr


GOOD = [incremental(), order("1", "a", AT), state({"good": 1})]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{'single': 1}", ["not valid JSON", "single"]),
        ('{"type": "RECORD", "stream": "orders", "rec', ["not valid JSON", "cut line"]),
        ('{"type": "PARCEL"}', ["PARCEL", "unknown"]),
        ("[1, 2]", ["no Singer message"]),
        ('{"type": "RECORD", "stream": "orders"}', ["has no `record`"]),
        ('{"type": "RECORD", "stream": "refunds", "record": {}}', ["refunds", "before the SCHEMA"]),
        ('{"type": "STATE"}', ["has no `value`"]),
        ('{"type": "ACTIVATE_VERSION", "stream": "orders"}', ["has no `version`"]),
        ('{"type": "SCHEMA", "stream": "x", "schema": {}}', ["x", "has no `properties`"]),
        (
            '{"type": "SCHEMA", "stream": "x", "schema": {"properties": {}}, "key_properties": ["id"]}',
            ["key property 'id'", "not among the properties"],
        ),
        (
            (
                '{"type": "SCHEMA", "stream": "x", "schema": {"properties": {"id": {"type": "object"}}}, '
                '"key_properties": ["id"]}'
            ),
            ["cannot be a key"],
        ),
        (
            (
                '{"type": "BATCH", "stream": "orders", "encoding": {"format": "jsonl"}, '
                '"manifest": ["file:///nowhere/at/all.jsonl"]}'
            ),
            ["all.jsonl", "cannot be read"],
        ),
    ],
)
def test_bad_lines(make_warehouse, line, words):
    warehouse = make_warehouse("duckdb")
    with pytest.raises(WarehouseError) as told:
        warehouse.load(*GOOD, line, batch_rows=1)
    for word in words:
        assert word in str(told.value)
    assert warehouse.count("SELECT count(*) FROM orders") == 1


def test_the_last_good_state_is_out(make_warehouse):
    warehouse = make_warehouse("duckdb")
    more = [order("2", "a", AT), "broken"]
    process = warehouse.run(messages=[*GOOD, *more], batch_rows=1)
    fails(process, "broken")
    assert process.stdout in {'{"good":1}\n', '{"good": 1}\n'}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"load_mode": "replace"}, ["replace", "load_mode"]),
        ({"schema_contract": "strict"}, ["strict", "schema_contract"]),
        ({"max_delete_share": 2}, ["max_delete_share"]),
        ({"max_delete_share": "2"}, ["max_delete_share"]),
        ({"reconnect_seconds": "soon"}, ["reconnect_seconds"]),
        ({"batch_rows": 0}, ["batch_rows"]),
        ({"streams": {"a*": {"mode": "upsert"}}}, ["mode", "streams"]),
        ({"path": None}, ["exactly one", "none of them"]),
        ({"host": "db"}, ["exactly one", "path and host"]),
        ({"path": None, "url": "mysql://h/d"}, ["mysql://", "postgresql://"]),
        ({"path": None, "url": "duckdb://"}, ["names no DuckDB file"]),
        ({"path": None, "url": "postgresql://u:secret-word@h:port/d"}, ["malformed"]),
        ({"path": None, "url": "postgresql://u:secret-word@h/d?nonsense=1"}, ["nonsense"]),
    ],
)
def test_bad_settings(make_warehouse, settings, words):
    with pytest.raises((WarehouseError, ConfigValidationError)) as told:
        make_warehouse("duckdb").load(*GOOD, **settings)
    text = " ".join([str(told.value), *getattr(told.value, "errors", [])])
    for word in words:
        assert word in text
    assert "secret-word" not in text


@pytest.mark.parametrize(
    "settings",
    [{"load_mode": "replace"}, {"path": None, "url": "postgresql://u:secret-word@h:port/d"}],
)
def test_bad_settings_end_the_program(make_warehouse, settings):
    process = make_warehouse("duckdb").run(messages=GOOD, **settings)
    fails(process)
    assert "secret-word" not in process.stderr


def test_unreadable_configuration(tmp_path):
    path = tmp_path / "config.json"
    path.write_text("{")
    for name in (path, tmp_path / "missing.json"):
        code = "from target_warehouse.command import main; main()"
        process = subprocess.run(
            [sys.executable, "-c", code, "--config", str(name)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert process.returncode == 2
        assert "configuration cannot be read" in process.stderr
        assert "Traceback" not in process.stderr


def test_nobody_serves_postgresql(make_warehouse):
    warehouse = make_warehouse("duckdb")
    url = "postgresql://someone:secret-word@127.0.0.1:1/nothing"
    process = warehouse.run(messages=GOOD, path=None, url=url)
    fails(process, "127.0.0.1:1/nothing", "cannot be reached", "run again")
    assert "secret-word" not in process.stderr


def test_postgresql_gone_in_the_middle(make_warehouse):
    warehouse = make_warehouse("postgres")
    process = warehouse.start(batch_rows=2, reconnect_seconds=0)

    def send(*messages):
        process.stdin.write("".join(json.dumps(m) + "\n" for m in messages).encode())
        process.stdin.flush()

    send(*GOOD, order("2", "a", AT))
    assert json.loads(process.stdout.readline()) == {"good": 1}
    with psycopg.connect(warehouse.uri, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'target-warehouse'"
        )
    send(order("3", "a", AT), order("4", "a", AT), state({"never": 1}))
    out, err = process.communicate()
    assert process.returncode == 1
    assert out == b""
    assert b"has gone" in err
    assert b"Traceback" not in err
    assert warehouse.count("SELECT count(*) FROM orders") == 2


def test_duckdb_file_open_elsewhere(make_warehouse):
    warehouse = make_warehouse("duckdb")
    with duckdb.connect(warehouse.config["path"]):
        process = warehouse.run(messages=GOOD)
    fails(process, "open in another process", warehouse.config["path"])


def test_duckdb_path_that_cannot_be_written(make_warehouse, tmp_path):
    warehouse = make_warehouse("duckdb")
    (tmp_path / "file").write_text("")
    fails(
        warehouse.run(messages=GOOD, path=str(tmp_path / "file" / "x.duckdb")), "cannot be written"
    )
    fails(warehouse.run(messages=GOOD, path=str(tmp_path)), "The DuckDB file")
    (tmp_path / "text.duckdb").write_text(
        "this is no database, and long enough to be looked at" * 100
    )
    fails(warehouse.run(messages=GOOD, path=str(tmp_path / "text.duckdb")), "text.duckdb")


def test_two_streams_in_one_table(make_warehouse):
    process = make_warehouse("duckdb").run(messages=[schema("Users"), schema("users")])
    fails(process, "'Users' and 'users'", "`table`")


def test_sigterm_keeps_only_what_was_committed(warehouse):
    process = warehouse.start(batch_rows=2)
    messages = [*GOOD, order("2", "a", AT), order("3", "a", AT), state({"never": 1})]
    process.stdin.write("".join(json.dumps(m) + "\n" for m in messages).encode())
    process.stdin.flush()
    assert json.loads(process.stdout.readline()) == {"good": 1}
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate()
    assert process.returncode == 128 + signal.SIGTERM
    assert out == b""
    assert b"Traceback" not in err
    assert b"Stopped by SIGTERM" in err
    assert warehouse.count("SELECT count(*) FROM orders") == 2


def test_silence_does_not_keep_rows_waiting(make_warehouse):
    warehouse = make_warehouse("duckdb")
    process = warehouse.start(max_batch_age_seconds=0.2)
    process.stdin.write("".join(json.dumps(m) + "\n" for m in GOOD).encode())
    process.stdin.flush()
    # The input stays open and silent: only age can bring this line out.
    assert json.loads(process.stdout.readline()) == {"good": 1}
    process.communicate()
    assert process.returncode == 0


def test_nobody_reads_state(make_warehouse):
    warehouse = make_warehouse("duckdb")
    process = warehouse.start(batch_rows=1)
    process.stdout.close()
    process.stdout = None
    lines = [*GOOD, order("2", "a", AT)]
    _, err = process.communicate("".join(json.dumps(m) + "\n" for m in lines).encode())
    assert process.returncode == 1
    assert b"Traceback" not in err
    assert b"Nobody reads STATE" in err


def test_database_full(make_warehouse, tmp_path):
    """The file may not grow beyond a limit of the process, which is what a full disk looks like."""
    warehouse = make_warehouse("duckdb")
    warehouse.load(*GOOD)
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"path": warehouse.config["path"]}))
    code = "from target_warehouse.command import main; main()"
    lines = [incremental()]
    lines += [order(str(n), "x" * 2000, AT) for n in range(2000)]
    process = subprocess.run(
        [sys.executable, "-c", code, "--config", str(path)],
        input="".join(json.dumps(m) + "\n" for m in [*lines, state("never")]),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)),
    )
    fails(process, "free some space")
    assert process.stdout == ""
    assert warehouse.count("SELECT count(*) FROM orders") == 1


def test_a_record_that_is_no_object(make_warehouse):
    line = '{"type": "RECORD", "stream": "orders", "record": [1]}'
    warehouse = make_warehouse("duckdb")
    warehouse.load(*GOOD, line)
    assert "Expected an object" in warehouse.rows("SELECT reason FROM _quarantine")[0][0]


def test_about_and_version():
    code = "from target_warehouse.command import main; main()"
    process = subprocess.run(
        [sys.executable, "-c", code, "--about", "--format=json"],
        capture_output=True,
        text=True,
        check=True,
    )
    about = json.loads(process.stdout)
    assert about["name"] == "target-warehouse"
    secret = {n for n, s in about["settings"]["properties"].items() if s.get("secret")}
    assert secret == {"url", "password"}
    assert "batch_size_rows" not in about["settings"]["properties"]
