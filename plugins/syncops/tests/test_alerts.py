"""Alerts from end to end: a project's states, runs and quarantine, a robot that is told, a memory."""

from __future__ import annotations

import json
import threading
from contextlib import redirect_stdout
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO, StringIO

import msgspec
import pytest
from openplatform.bookmarks import format_time
from openplatform.runs import RunLog, first_row
from syncops.alerts.example import EXAMPLE
from target_warehouse.target import TargetWarehouse

STATE_ID = "demo:tap-lab--hourly-to-target-duckdb"
LOADER = """
plugins:
  loaders:
  - name: target-duckdb
    namespace: target_duckdb
    executable: target-warehouse
    settings: [{name: path}]
    config: {path: $MELTANO_PROJECT_ROOT/warehouse.duckdb}
"""


def now():
    return datetime.now(timezone.utc)


def ago(**span):
    return format_time(now() - timedelta(**span))


@pytest.fixture
def robot():
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.server.got.append(body)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"errcode": self.server.code}).encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.code = [], 0
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


class Watched:
    """A project with rules, and what happens to it."""

    def __init__(self, project, robot):
        self.project, self.robot = project, robot
        self.folder = project.root / ".meltano" / "syncops"

    def rules(self, *rules, **more):
        url = "${ROBOT_URL}"
        text = {"channels": {"ops": {"type": "wecom", "url": url}}, "rules": rules, **more}
        (self.project.root / "alerts.yml").write_text(json.dumps(text))
        (self.project.root / ".env").write_text(
            f"ROBOT_URL=http://127.0.0.1:{self.robot.server_port}/send?key=sandbox-robot-key\n"
        )

    def state(self, up_to, *, parked=0, state_id=STATE_ID, account="42583152"):
        failures = [
            {"key": f"E{n}", "stream": "orders", "attempts": 3, "parked": True, "reason": "busy",
             "next_attempt": ago(hours=1)}
            for n in range(parked)
        ]  # fmt: skip
        partition = {
            "context": {"_account": account},
            "replication_key": "_bookmark",
            "replication_key_value": f"{up_to}@",
            "failures": failures,
        }
        bookmarks = {"bookmarks": {"orders": {"partitions": [partition]}}}
        self.project.set(state_id, {"singer_state": bookmarks})

    def run(
        self,
        *,
        ended=True,
        outcome="ok",
        rows=None,
        accounts=("42583152",),
        job="tap-lab--hourly",
        **row,
    ):
        """Let a run be told; one without an end lives until what is returned is released."""
        told = {"MELTANO_EXTRACTOR_NAME": job, "MELTANO_ENVIRONMENT": "demo"}
        first = first_row("tap-lab", row.pop("begun", datetime.now(timezone.utc)), told)
        log = RunLog(self.folder)
        life = log.begin(first)
        if ended:
            end = {"ended_at": row.pop("end", first.started_at), "outcome": outcome}
            about = {"stream": "orders", **row, **end, "outcome": rows or outcome}
            told = [msgspec.structs.replace(first, account=a, **about) for a in accounts]
            log.end(life, [*told, msgspec.structs.replace(first, **end)])
        return life

    def check(self, *arguments):
        result = self.project.syncops("alert", "check", "--json", *arguments)
        assert result.exit_code in {0, 1}, result.output
        shown = json.loads(result.stdout)
        assert (result.exit_code == 1) == bool(
            shown["alerts"] or shown["not_told"] or shown["not_checked"]
        )
        return shown

    def messages(self):
        return [alert["message"] for alert in self.check()["alerts"]]

    @property
    def told(self):
        return [body["text"]["content"] for body in self.robot.got]


@pytest.fixture
def watched(fresh_project, robot):
    fresh_project.migrate()
    return Watched(fresh_project, robot)


def test_an_alert_is_told_once_and_then_its_end(watched):
    watched.rules({"when": "lag_above", "limit": "3h"})
    watched.state(ago(hours=5))
    first = watched.check()
    assert first["told"] == {"ops": {"new": 1}}
    assert watched.check()["told"] == {}
    watched.state(ago(minutes=1))
    assert watched.check()["told"] == {"ops": {"recovered": 1}}
    assert watched.check()["told"] == {}
    raised, over = watched.told
    assert raised.startswith(
        "[syncops] fresh (demo): 1 new, 0 standing, 0 recovered\n🔴 orders of "
    )
    assert f"({STATE_ID}) is 5 h 0 min behind; allowed are 3 h 0 min" in raised
    assert "\n🟢 recovered: orders of 42583152" in over
    listed = watched.project.syncops("alert", "list", "--json")
    assert (listed.exit_code, json.loads(listed.stdout)["alerts"]) == (0, [])


def test_a_channel_that_fails_is_tried_again(watched):
    watched.rules({"when": "lag_above", "limit": "3h"}, language="zh")
    watched.state(ago(hours=5))
    watched.robot.code = 45009
    assert watched.check()["not_told"] == {"ops": "refused with code 45009: no reason"}
    watched.robot.code = 0
    assert watched.check()["told"] == {"ops": {"new": 1}}
    watched.robot.code = -1
    watched.state(ago(minutes=1))
    shown = watched.check()
    assert shown["alerts"] == []
    assert shown["not_told"]
    watched.robot.code = 0
    assert watched.check()["told"] == {"ops": {"recovered": 1}}
    assert (
        "🔴 demo:tap-lab--hourly-to-target-duckdb 的 orders（账号 42583152）落后 5 h 0 min"
        in watched.told[1]
    )
    assert "key" not in json.dumps(shown)


def test_only_looking_changes_nothing(watched):
    watched.rules({"when": "lag_above", "limit": "3h"})
    watched.state(ago(hours=5))
    assert len(watched.check("--dry-run")["alerts"]) == 1
    assert watched.told == []
    assert not (watched.folder / "alerts.json").exists()


def test_runs_beside_the_live_one_are_not_late(watched):
    watched.rules({"when": "lag_above", "limit": "3h"})
    watched.state(ago(days=90), state_id=f"{STATE_ID}:backfill")
    watched.state(ago(days=90), state_id="prod:tap-lab--hourly-to-target-duckdb")
    assert watched.messages() == []


def test_rules_can_be_narrowed(watched):
    late = {"when": "lag_above", "limit": "3h"}
    narrow = [
        {"streams": ["ref*"]},
        {"accounts": ["1"]},
        {"jobs": ["*--full"]},
        {"jobs": ["*--hourly"]},
    ]
    watched.rules(*({**late, **one, "name": f"r{n}"} for n, one in enumerate(narrow)))
    watched.state(ago(hours=5))
    assert [alert["rule"] for alert in watched.check()["alerts"]] == ["r3"]


def test_parked_failures(watched):
    watched.rules({"when": "failures_parked", "limit": 1})
    watched.state(ago(minutes=1), parked=1)
    assert watched.messages() == []
    watched.state(ago(minutes=1), parked=2)
    [message] = watched.messages()
    assert "2 records were tried in vain" in message


def test_the_success_rate_of_the_last_run(watched):
    watched.rules({"when": "success_rate_below", "limit": 0.95})
    watched.run(success_rate=0.5, calls_total=19)
    assert watched.messages() == []
    watched.run(success_rate=0.9, calls_total=20)
    assert watched.messages() == [
        "orders of 42583152 (tap-lab--hourly): 90.0% of 20 API calls succeeded, below 95.0%"
    ]
    watched.run(success_rate=0.95, calls_total=20)
    assert watched.messages() == []


def test_a_grant_that_ends(watched):
    watched.rules({"when": "grant_expires_within", "limit": "14d"})
    watched.run(grant_expires_at=format_time(now() + timedelta(days=15)))
    assert watched.messages() == []
    watched.run(grant_expires_at=format_time(now() + timedelta(days=13, hours=5)))
    [message] = watched.messages()
    assert message.startswith("the authorisation of 42583152 (lab) ends in 13 d 4 h, at ")
    watched.run(grant_expires_at=ago(hours=1))
    assert "ended at" in watched.messages()[0]


def test_runs_that_fail_or_are_killed(watched):
    watched.rules({"when": "run_failed"})
    watched.run(outcome="failed", error="FatalError: the shop is closed")
    assert watched.messages() == [
        "orders of 42583152 (tap-lab--hourly) failed: FatalError: the shop is closed"
    ]
    watched.run()
    life = watched.run(ended=False)
    assert watched.messages() == [], "it still runs"
    life.release()  # as the system does when a process is killed
    [message] = watched.messages()
    assert message.startswith("the run of tap-lab--hourly that began at")
    assert message.endswith("was killed")
    watched.run(accounts=("1", "2"))
    assert watched.messages() == []
    watched.run(accounts=("2",), outcome="failed", error="x")
    assert len(watched.messages()) == 1
    watched.run(accounts=(), outcome="failed")
    assert "the last run of tap-lab--hourly failed" in " ".join(watched.messages())
    watched.run(outcome="failed", rows="ok")  # as when the event log is away
    assert "the last run of tap-lab--hourly failed" in " ".join(watched.messages())
    watched.run()
    assert watched.messages() == []


def test_nothing_ran(watched):
    named = {"jobs": ["tap-lab--hourly", "tap-lab--full"]}
    watched.rules({"when": "nothing_ran_for", "limit": "2h", **named})
    assert watched.messages() == [
        "no run of tap-lab--full ever came to its end",
        "no run of tap-lab--hourly ever came to its end",
    ]
    watched.run(begun=now() - timedelta(hours=3), end=ago(hours=2, minutes=30))
    watched.run(job="tap-lab--full")
    watched.run(ended=False)
    [message] = watched.messages()
    assert message.startswith("no run of tap-lab--hourly came to its end for 2 h 3")
    watched.run(outcome="failed")
    assert watched.messages() == [], "a run that failed ran"


def test_what_a_reconciliation_left(watched):
    watched.rules({"when": "reconcile_difference"})
    line = {
        "environment": "demo", "tap": "tap-lab", "loader": "target-duckdb", "stream": "orders",
        "account": "1", "from": "2026-11-01T00:00:00.000Z", "to": "2026-11-08T00:00:00.000Z",
        "missing": 2, "stale": 1, "surplus": 0, "left": None, "equal": False,
    }  # fmt: skip
    watched.folder.mkdir(parents=True, exist_ok=True)
    log = watched.folder / "reconcile.jsonl"

    def write(*lines):
        log.write_text("".join(json.dumps(one) + "\n" for one in lines) + '{"cut')

    write(line, {**line, "environment": "prod", "account": "2"})
    [message] = watched.messages()
    assert message.startswith(
        "orders of 1 (tap-lab → target-duckdb) differs from the platform in 3 "
    )
    assert message.endswith("records (2026-11-01 00:00 to 2026-11-08 00:00)")
    write(line, {**line, "left": 1})
    assert "in 1 records" in watched.messages()[0]
    write(line, {**line, "left": 0, "equal": True})
    assert watched.messages() == []


def test_a_quarantine_that_grows(watched, monkeypatch):
    watched.rules({"when": "quarantine_growing", "within": "1h"})
    file = watched.project.root / "meltano.yml"
    file.write_text(file.read_text() + LOADER)
    shown = watched.check()
    assert "there is no DuckDB file" in shown["not_checked"]["quarantine_growing"]

    def load(*phones):
        schema = {"properties": {"id": {"type": "string"}, "phone": {"type": "integer"}}}
        lines = [{"type": "SCHEMA", "stream": "people", "schema": schema, "key_properties": ["id"]}]
        lines += [
            {"type": "RECORD", "stream": "people", "record": {"id": str(n), "phone": phone}}
            for n, phone in enumerate(phones)
        ]
        path = str(watched.project.root / "warehouse.duckdb")
        target = TargetWarehouse(config={"path": path, "schema": "tap_people"})
        with redirect_stdout(StringIO()):
            target.process_lines(BytesIO("\n".join(map(json.dumps, lines)).encode()))
            target.process_endofpipe()

    load(1, "two", "three")
    [message] = watched.messages()
    assert message == (
        "2 new bad records of people in the quarantine of target-duckdb/tap_people within 1 h 0 min; "
        "2 in all"
    )
    later = json.loads((watched.folder / "alerts.json").read_text())
    for samples in later["samples"].values():
        for sample in samples:
            sample[0] = ago(hours=2)
    (watched.folder / "alerts.json").write_text(json.dumps(later))
    assert watched.messages() == [], "it does not grow any more"
    load(1, "two", "three", "four")
    assert "1 new bad records" in watched.messages()[0]


def test_a_rule_that_cannot_be_checked_for_long_is_an_alert(watched):
    watched.rules({"when": "quarantine_growing"})
    assert watched.check()["alerts"] == []
    memory = json.loads((watched.folder / "alerts.json").read_text())
    memory["unchecked"]["quarantine_growing"] = ago(hours=3)
    (watched.folder / "alerts.json").write_text(json.dumps(memory))
    [alert] = watched.check()["alerts"]
    assert alert["message"].startswith("the rule quarantine_growing cannot be checked: ")
    assert watched.robot.got


def test_a_damaged_memory_is_put_aside(watched):
    watched.rules({"when": "lag_above", "limit": "3h"})
    watched.state(ago(hours=5))
    watched.check()
    (watched.folder / "alerts.json").write_text('{"alerts": 5')
    assert watched.check()["told"] == {"ops": {"new": 1}}
    assert (watched.folder / "alerts.damaged").read_text() == '{"alerts": 5'


def test_a_test_message(watched):
    watched.rules({"when": "run_failed"})
    result = watched.project.syncops("alert", "test")
    assert (result.exit_code, result.stdout) == (0, "Told ops\n")
    [text] = watched.told
    assert text.splitlines() == [
        "[syncops] fresh (demo): test",
        "This is a test message of the channel ops. Nothing is wrong.",
    ]
    watched.robot.code = 7
    assert watched.project.syncops("alert", "test", "--channel", "ops").exit_code == 1
    unknown = watched.project.syncops("alert", "test", "--channel", "op")
    assert (unknown.exit_code, "Channels: ops" in unknown.output) == (2, True)


def test_without_rules_the_way_to_them_is_told(watched):
    result = watched.project.syncops("alert", "check")
    assert result.exit_code == 2
    assert "syncops alert example > alerts.yml" in result.output
    shown = watched.project.syncops("alert", "example")
    assert shown.stdout == EXAMPLE


def test_names_cannot_change_what_is_shown(watched):
    watched.rules({"when": "lag_above", "limit": "3h"})
    watched.state(ago(hours=5), account="[bold]x[/]\n<@all>")
    result = watched.project.syncops("alert", "check")
    assert "[bold]x[/]" in result.stdout
    assert "[bold]x[/] ‹@all>" in watched.told[0]
