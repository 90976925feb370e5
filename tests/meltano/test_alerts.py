"""Runs of Meltano leave their trace in the project; `syncops alert check` looks at it and tells a robot."""

from __future__ import annotations

import json
import shutil
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import duckdb
import pytest
from filelock import FileLock
from meltano_project import end_group, wait_for_calls
from openplatform.runs import RunLog

DETAILS = "youzan.trade.get"
EL = ("tap-youzan", "target-duckdb")
RULES = """
channels:
  ops: {type: wecom, url: "${ROBOT_URL}"}
rules:
- {when: run_failed}
- {when: lag_above, limit: 1h, streams: [order*]}
- {when: nothing_ran_for, limit: 1h, jobs: [tap-youzan]}
"""


@pytest.fixture
def robot():
    class Robot(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.server.got.append(body["text"]["content"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"errcode":0}')

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Robot)
    server.got = []
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def folder(prepared):
    """Where the runs of the prepared project are told; only this test's."""
    folder = prepared / ".meltano" / "syncops"
    shutil.rmtree(folder, ignore_errors=True)
    yield folder
    shutil.rmtree(folder)


def test_a_killed_run_is_told_and_the_next_one_clears_it(project, shop, robot, folder, tmp_path):
    rules = tmp_path / "alerts.yml"
    rules.write_text(RULES)
    url = f"http://127.0.0.1:{robot.server_port}/send?key=sandbox-robot-key"
    project.env.update(ROBOT_URL=url, TAP_YOUZAN_SYNC_RUNS="true")

    shop.world.latency_ms = 30.0  # so that there is a middle in which to kill it
    process = project.start("run", *EL)
    wait_for_calls(shop, DETAILS, 10, process)
    end_group(process, signal.SIGKILL)
    [life] = (folder / "running").iterdir()
    with FileLock(life, timeout=60):  # the system lets go of it as soon as the tap is gone
        pass
    [run] = RunLog(folder).runs()
    assert (run.first.job, run.first.environment) == ("tap-youzan", "demo")
    assert (run.last, run.alive) == (None, False)
    check = project.command("syncops", "alert", "check", "--rules", str(rules), "--json")
    assert check.returncode == 1, check.stderr
    wrong = {alert["rule"] for alert in json.loads(check.stdout)["alerts"]}
    assert wrong == {"run_failed", "nothing_ran_for"}

    shop.world.latency_ms = 0.0
    project.run("--force", *EL)
    check = project.meltano(
        "--log-level=error", "invoke", "syncops:alert-check", f"--rules={rules}"
    )
    assert (check.returncode, check.stdout) == (0, "Nothing is wrong.\nTold ops: 2 recovered\n")
    assert len(robot.got) == 2
    assert "🔴 the run of tap-youzan that began at" in robot.got[0]
    assert robot.got[1].count("🟢") == 2

    killed, whole = RunLog(folder).runs()
    told = {(r.stream, r.account, r.outcome, r.records, r.bookmark) for r in whole.rows}
    with duckdb.connect(project.env["TARGET_DUCKDB_PATH"], read_only=True) as connection:
        landed = connection.execute(
            "select stream, account, outcome, records, bookmark from tap_youzan._sync_runs "
            "where run_id = ? and stream <> ''",
            [whole.first.run_id],
        ).fetchall()
        begun = connection.execute(
            "select outcome from tap_youzan._sync_runs where run_id = ?", [killed.first.run_id]
        ).fetchall()
    assert set(landed) == told
    assert ("orders", "42583152") in {row[:2] for row in landed}
    assert begun in ([], [("started",)]), "its row may have been on the way when it was killed"
