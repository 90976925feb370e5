"""The operator's view of the quarantine, over a real Meltano project and both engines."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from contextlib import redirect_stdout
from io import BytesIO, StringIO

import duckdb
import psycopg
import pytest
from syncops.quarantine.tables import without_values
from target_warehouse.target import TargetWarehouse

LOADERS = """
plugins:
  loaders:
  - name: target-other
    namespace: target_other
    executable: target-other
    settings: [{{name: path}}]
  - name: target-duckdb
    namespace: target_duckdb
    executable: target-warehouse
    settings: [{{name: path}}, {{name: schema, value: $MELTANO_EXTRACT__LOAD_SCHEMA}}]
  - name: target-postgres
    namespace: target_postgres
    executable: target-warehouse
    settings:
    - {{name: url, sensitive: true}}
    - {{name: load_mode}}
    - {{name: schema, value: $MELTANO_EXTRACT__LOAD_SCHEMA}}
"""
VERSION = 1763625600000


def singer(kind: str, *people: dict, stream: str = "people", version: int | None = None) -> list:
    properties = {"id": {"type": "string"}, "phone": {"type": [kind, "null"]}}
    schema = {
        "type": "SCHEMA",
        "stream": stream,
        "schema": {"properties": properties},
        "key_properties": ["id"],
    }
    extra = {} if version is None else {"version": version}
    records = [{"type": "RECORD", "stream": stream, "record": one, **extra} for one in people]
    ends = [] if version is None else [{"type": "ACTIVATE_VERSION", "stream": stream, **extra}]
    return [schema, *records, *ends]


class View:
    """One project with one loader, and its warehouse."""

    def __init__(self, project, config, query):
        self.project, self.config, self.query = project, config, query

    def load(self, *messages, schema="tap_people", **settings):
        target = TargetWarehouse(config={**self.config, "schema": schema, **settings})
        lines = "\n".join(json.dumps(message) for message in messages)
        with redirect_stdout(StringIO()):
            target.process_lines(BytesIO(lines.encode()))
            target.process_endofpipe()

    def syncops(self, *arguments):
        return self.project.syncops("quarantine", *arguments)

    def json(self, *arguments, code=0):
        result = self.syncops(*arguments, "--json")
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    def groups(self, *arguments):
        return self.json("list", *arguments)["groups"]


@pytest.fixture(params=["duckdb", "postgres"])
def view(request, fresh_project, monkeypatch):
    root = fresh_project.root
    (root / "meltano.yml").write_text((root / "meltano.yml").read_text() + LOADERS.format())
    if request.param == "duckdb":
        monkeypatch.setenv("TARGET_DUCKDB_PATH", "people.duckdb")
        path = str(root / "people.duckdb")

        def query(sql):
            with duckdb.connect(path, read_only=True) as connection:
                return connection.execute(sql).fetchall()

        return View(fresh_project, {"path": path}, query)
    uri = request.getfixturevalue("postgres_server")
    name = "d" + uuid.uuid4().hex
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = uri.replace("/postgres?", f"/{name}?")
    monkeypatch.setenv("TARGET_POSTGRES_URL", url)

    def query(sql):
        with psycopg.connect(url) as connection:
            return connection.execute(sql).fetchall()

    return View(fresh_project, {"url": url}, query)


BAD = [{"id": str(n), "phone": f"1380000000{n}"} for n in range(3)]


def test_list_groups_by_reason_and_hides_values(view):
    view.load(*singer("integer", *BAD, {"id": "9", "phone": 1}), {"type": "STATE", "value": 1})
    view.load(*singer("array", {"id": "1", "phone": "13812345678"}), schema="tap_other")
    (other, people) = view.groups()
    assert (other["schema"], other["records"]) == ("tap_other", 1)
    assert "138" not in other["reason"]
    assert (people["stream"], people["records"], people["state"]) == ("people", 3, "open")
    table = view.syncops("list").output
    assert "people" in table
    assert "1380" not in table
    assert view.groups("--schema", "tap_other") == [other]
    assert view.groups("--stream", "peo*", "--reason", "EXPECTED", "--since", "-1h")
    assert view.groups("--state", "dropped") == []
    assert "Nothing" in view.syncops("list", "--reason", "no such").output


def test_show_prints_reason_schema_and_record(view):
    view.load(*singer("integer", *BAD))
    (group,) = view.groups()
    text = view.syncops("show", group["example_id"][:8]).output
    for part in (group["example_id"], "phone = ", '"integer"', "1380000000", "$.phone"):
        assert part in text
    shown = view.json("show", "--stream", "people", "--limit", "2")
    assert len(shown) == 2
    assert shown[0]["record"] in BAD
    assert shown[0]["schema_message"]["key_properties"] == ["id"]
    assert view.syncops("show", "ffffffffffff").exit_code == 1
    assert view.syncops("show", "ff").exit_code == 2


def test_export_writes_each_record_into_a_private_file(view, tmp_path):
    view.load(*singer("integer", *BAD, {"id": "1", "phone": 0.5}))
    out = [json.loads(line) for line in view.syncops("export").stdout.splitlines()]
    assert len(out) == 4
    assert {one["record"]["id"] for one in out} == {"0", "1", "2"}
    file = tmp_path / "bad.jsonl"
    assert view.json("export", "-o", str(file))["exported"] == 4
    assert file.stat().st_mode & 0o077 == 0
    again = view.syncops("export", "-o", str(file))
    assert again.exit_code == 1
    assert "cannot be written" in again.output


def test_replay_loads_what_is_good_by_now(view):
    view.load(*singer("integer", *BAD))
    (group,) = view.groups()
    assert view.json("replay", code=1)[0]["still_bad"] == 3
    view.load(*singer("string"))
    done = view.json("replay", group["example_id"])
    assert (done[0]["schema"], done[0]["loaded"]) == ("tap_people", 1)
    assert view.query("SELECT count(*) FROM tap_people.people") == [(1,)]
    assert view.syncops("replay").exit_code == 0
    assert view.query("SELECT count(*) FROM tap_people.people") == [(3,)]
    assert view.groups() == []
    assert view.groups("--state", "all")[0]["state"] == "replayed"
    assert view.syncops("replay").exit_code == 1


def test_drop_asks_and_a_dropped_record_does_not_count_again(view):
    view.load(*singer("integer", *BAD))
    assert view.syncops("drop").exit_code == 2
    assert view.syncops("drop", "--stream", "*").exit_code == 2
    assert view.json("drop", "--stream", "*", "--yes")["dropped"] == 3
    view.load(*singer("integer", *BAD), quarantine_threshold=0)
    (group,) = view.groups("--state", "all")
    assert (group["state"], group["records"], group["times_received"]) == ("dropped", 3, 6)
    view.load(*singer("string"))
    assert view.json("replay", "--state", "dropped")[0]["loaded"] == 3


def test_a_held_read_is_told(view):
    view.load(*singer("string", {"id": "1", "phone": "x"}, version=VERSION), load_mode="overwrite")
    bad = {"id": "1", "phone": 5}
    view.load(*singer("string", bad, version=VERSION + 1), load_mode="overwrite")
    assert view.groups()[0]["held_at"] is not None
    assert "held back" in view.syncops("list").output


def test_an_empty_warehouse_and_none(view):
    assert view.syncops("list").exit_code == (1 if "path" in view.config else 0)
    view.load(*singer("string", {"id": "1", "phone": "x"}))
    assert view.groups() == []
    assert view.syncops("show").exit_code == 1
    wrong = view.syncops("list", "--loader", "target-other")
    assert wrong.exit_code == 1
    assert "target-duckdb, target-postgres" in wrong.output


def test_a_file_that_a_run_holds_is_told(fresh_project, monkeypatch, tmp_path):
    root = fresh_project.root
    (root / "meltano.yml").write_text((root / "meltano.yml").read_text() + LOADERS.format())
    path = root / "people.duckdb"
    monkeypatch.setenv("TARGET_DUCKDB_PATH", str(path))
    code = f"import duckdb; c = duckdb.connect({str(path)!r}); print(flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        holder.stdout.readline()
        result = fresh_project.syncops("quarantine", "list")
    finally:
        holder.communicate(b"\n")
    assert result.exit_code == 1
    assert "open in another process" in result.output


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("Expected `int`, got `str` - at `$.phone`", "Expected `int`, got `str` - at `$.phone`"),
        ('Expected an array, got "138 - at `$.x`', "Expected an array, got … - at `$.x`"),
        ("The key property 'id' is missing", "The key property 'id' is missing"),
        ('invalid input "138"  CONTEXT: COPY t, line 1: 138', "invalid input …"),
        ("138.5 does not fit - at `$.a2`", "… does not fit - at `$.a2`"),
    ],
)
def test_reasons_are_shown_without_values(reason, shown):
    assert without_values(reason) == shown
