"""`syncops report` over a real Meltano project: what it reads, what it says, and when it fails."""

from __future__ import annotations

import json
import uuid
from contextlib import redirect_stdout
from datetime import datetime, timedelta, timezone
from io import BytesIO, StringIO

import duckdb
import msgspec
import psycopg
import pytest
from openplatform.runs import RunLog, schema_message
from target_warehouse.target import TargetWarehouse

from .report_samples import run_row

STATE_ID = "demo:tap-youzan-to-target-duckdb"
LOADER = """
plugins:
  loaders:
  - name: target-own
    namespace: target_own
    executable: target-warehouse
    settings: [{name: %s, value: "%s"}, {name: schema}]
"""


def own_row(hours, **more):
    at = datetime.now(timezone.utc) - timedelta(hours=hours)
    return run_row(at, **{"job": "tap-youzan", "environment": "demo", **more})


@pytest.fixture
def written(project, tmp_path, monkeypatch):
    """Runs the command; returns what it printed for programs, and the page."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, exit_code=0):
        result = project.syncops("report", "--json", *arguments)
        assert result.exit_code == exit_code, result.output
        printed = json.loads(result.stdout)
        return printed, (tmp_path / printed["output"]).read_text(encoding="utf-8")

    return run


@pytest.fixture
def syncops_folder(project):
    return project.root / ".meltano" / "syncops"


def sources(printed):
    return {source["name"]: source for source in printed["sources"]}


def test_a_project_in_which_nothing_ever_ran(fresh_project, tmp_path):
    output = tmp_path / "new" / "report.html"
    result = fresh_project.syncops("report", "--output", str(output))
    assert result.exit_code == 0, result.output
    assert result.stdout == f"Written: {output}\n"
    assert "Nothing has been synced yet" in output.read_text(encoding="utf-8")
    assert [path.name for path in output.parent.iterdir()] == ["report.html"]


def test_state_runs_comparisons_and_alerts(project, state, written, syncops_folder):
    project.set(STATE_ID, state)
    rows = [
        own_row(24 * 9, stream="orders", account="555", records=1000),
        own_row(2, stream="orders", account="555", records=40, calls_total=8, success_rate=0.75),
        own_row(1, stream="orders", account="555", records=2, outcome="failed", error="busy: 502"),
        own_row(1, environment="prod", stream="orders", account="555", records=1000),
    ]
    RunLog(syncops_folder).append(rows)
    compared = {"stream": "orders", "account": "555", "missing": 3, "environment": "demo"}
    other = {**compared, "missing": 100, "environment": "prod"}
    lines = [json.dumps(compared), json.dumps(other), "", "[1]", '{"stream": "cut sho']
    (syncops_folder / "reconcile.jsonl").write_text("\n".join(lines))
    alert = {"about": [], "since": "2026-11-20T08:00:00.000Z", "message": "Lag 7 d, above 6 h"}
    alerts = {"1": {**alert, "rule": "lag"}, "2": {**alert, "rule": "old", "firing": False}}
    (syncops_folder / "alerts.json").write_text(json.dumps({"alerts": alerts}))
    printed, page = written(
        "--language", "zh", "--timezone", "Asia/Shanghai", "--output", "报告.html"
    )
    assert '<html lang="zh">' in page
    assert (printed["runs"], printed["records"], printed["calls"]) == (2, 42, 8)
    assert printed["success"] == 0.75
    levels = {stream["stream"]: stream["level"] for stream in printed["streams"]}
    assert levels["orders"] == "bad"
    assert levels["issues"] == "idle"
    told = {one["what"]: one["count"] for one in printed["attention"]}
    assert told["failed_runs"] == 1
    assert told["parked_failures"] == 1
    assert told["differences_found"] == 3
    assert told["alerts_firing"] == 1
    for text in ("busy: 502", "Lag 7 d, above 6 h", "42583152", "2026-11-02T00:00:00.000Z@E9"):
        assert text in page
    assert {name: source["read"] for name, source in sources(printed).items()} == {
        "state": 5, "runs": 4, "reconcile": 1, "alerts": 1, "warehouse": None,
    }  # fmt: skip
    assert written("--all")[0]["records"] == 1042
    assert written("--last", "10d")[0]["records"] == 1042


def test_what_cannot_be_read_is_told_and_the_page_written(project, state, written, syncops_folder):
    project.set(STATE_ID, state)
    syncops_folder.mkdir(parents=True, exist_ok=True)
    (syncops_folder / "alerts.json").write_text("{")
    (syncops_folder / "reconcile.jsonl").mkdir()
    printed, page = written()
    found = sources(printed)
    assert "truncated" in found["alerts"]["problem"]
    assert found["reconcile"]["problem"]
    assert found["runs"] | {"place": ""} == {
        "name": "runs",
        "place": "",
        "read": None,
        "problem": None,
    }
    assert "none has a database" in found["warehouse"]["problem"]
    assert "truncated" in page


def test_a_corrupt_state_is_an_error_after_the_page_is_written(project, state, tmp_path):
    project.set(STATE_ID, state)
    project.set("demo:other", {"singer_state": {"bookmarks": [1]}})
    output = tmp_path / "report.html"
    result = project.syncops("report", "--output", str(output))
    assert result.exit_code == 1
    assert "Corrupt state in state 'demo:other'" in result.stderr
    assert "42583152" in output.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--last", "soon"),
        ("--last", "0d"),
        ("--late", "2026-11-01"),
        ("--language", "fr"),
        ("--timezone", "Mars"),
        ("more",),
    ],
)
def test_wrong_usage(fresh_project, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert fresh_project.syncops("report", *arguments).exit_code == 2
    assert list(tmp_path.glob("*.html")) == []


def test_a_place_that_cannot_be_written_to(fresh_project, tmp_path):
    (tmp_path / "file").touch()
    result = fresh_project.syncops("report", "--output", str(tmp_path / "file" / "report.html"))
    assert result.exit_code == 1
    assert "Name another file with --output" in result.stderr


def test_a_loader_that_is_asked_for_must_be_there(fresh_project, tmp_path):
    output = tmp_path / "report.html"
    result = fresh_project.syncops("report", "--loader", "target-none", "--output", str(output))
    assert result.exit_code == 1
    assert "target-none" in result.stderr
    assert not output.exists()


def load(config, schema, *messages):
    target = TargetWarehouse(config={**config, "schema": schema})
    lines = "\n".join(json.dumps(message) for message in messages)
    with redirect_stdout(StringIO()):
        target.process_lines(BytesIO(lines.encode()))
        target.process_endofpipe()


@pytest.fixture(params=["duckdb", "postgres"])
def config(request, project, tmp_path):
    """The settings of a loader that the project has, with an empty database."""
    if request.param == "duckdb":
        found = {"path": str(tmp_path / "warehouse.duckdb")}
    else:
        uri, name = request.getfixturevalue("postgres_server"), f"d{uuid.uuid4().hex}"
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        found = {"url": uri.replace("/postgres?", f"/{name}?")}
    ((setting, value),) = found.items()
    with (project.root / "meltano.yml").open("a") as file:
        file.write(LOADER % (setting, value))
    return found


@pytest.mark.parametrize("project", ["systemdb"], indirect=True)
def test_runs_and_bad_records_in_the_warehouse(project, state, written, syncops_folder, config):
    project.set(STATE_ID, state)
    here = own_row(2, run_id="here", stream="orders", account="1", records=5)
    begun = own_row(3, run_id="there", outcome="started")
    there = own_row(
        3, run_id="there", stream="refunds", account="1", records=70,
        calls={"ok": 3, "throttled": 1}, calls_total=4, success_rate=0.75, lag_seconds=60.5,
    )  # fmt: skip
    away = own_row(3, run_id="away", outcome="started", host="another-machine")
    lost = own_row(30, run_id="lost", outcome="started", host="another-machine")
    RunLog(syncops_folder).append([here])
    records = [
        {"type": "RECORD", "stream": "_sync_runs", "record": msgspec.to_builtins(row)}
        for row in (begun, here, there, away, lost)
    ]
    load(config, "tap_youzan", schema_message(), *records)
    people = {"properties": {"id": {"type": "string"}, "age": {"type": "integer"}}}
    schema = {"type": "SCHEMA", "stream": "people", "schema": people, "key_properties": ["id"]}
    bad = {"type": "RECORD", "stream": "people", "record": {"id": "1", "age": "secret"}}
    load(config, "tap_people", schema, bad)
    printed, page = written("--loader", "target-own")
    assert (printed["runs"], printed["records"], printed["calls"]) == (2, 75, 4)
    assert printed["success"] == 0.75
    told = {one["what"] for one in printed["attention"]}
    assert "quarantined" in told
    assert "unfinished_runs" in told
    assert page.count("never ended</span>") == 1, "nobody knows of the other one yet"
    assert page.count(">running</span>") == 1
    assert "tap_people.people" in page
    assert "secret" not in page


@pytest.mark.parametrize("project", ["systemdb"], indirect=True)
def test_the_rows_of_runs_tell_the_bad_records(project, config):
    names = {name: {"type": "string"} for name in ("_account", "id")}
    people = {"properties": {**names, "age": {"type": "integer"}}}
    schema = {"type": "SCHEMA", "stream": "people", "schema": people, "key_properties": ["id"]}
    bad = [
        {
            "type": "RECORD",
            "stream": "people",
            "record": {"_account": "1", "id": str(n), "age": "secret"},
        }
        for n in range(3)
    ]
    runs = [
        {"type": "RECORD", "stream": "_sync_runs", "record": msgspec.to_builtins(row)}
        for row in (own_row(0, run_id="r", stream="people", account=a) for a in "12")
    ]
    load(config, "tap_youzan", schema_message(), schema, *bad, *runs)
    query = "SELECT account, quarantined FROM tap_youzan._sync_runs ORDER BY account"
    if "path" in config:
        with duckdb.connect(config["path"]) as connection:
            found = connection.execute(query).fetchall()
    else:
        with psycopg.connect(config["url"]) as connection:
            found = connection.execute(query).fetchall()
    assert found == [("1", 3), ("2", 0)]
