"""What is remembered of a run: the log, the Prometheus textfile, the collector, the latencies."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
import time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest
from hypothesis import given, strategies as st
from openplatform import prometheus, runs
from openplatform.life import Life
from openplatform.metrics import Latencies, Metrics, asking
from openplatform.runs import FILE, OK, STARTED, RunLog, RunRow, first_row, runs_folder
from openplatform.telemetry import send
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from prometheus_client.parser import text_string_to_metric_families

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=timezone.utc)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)


def begun(**changes) -> RunRow:
    return msgspec.structs.replace(first_row("tap-lab-shop", NOW, {}), **changes)


def row(stream="orders", account="1", **changes) -> RunRow:
    ended = {"outcome": OK, "ended_at": "2026-11-20T08:01:00.000Z", **changes}
    return begun(stream=stream, account=account, **ended)


# -- latencies --------------------------------------------------------------------------------------


@given(
    st.lists(st.floats(0.0001, 5000), min_size=1, max_size=300), st.sampled_from([0.5, 0.95, 1.0])
)
def test_a_quantile_is_exact_to_four_and_a_half_percent(seconds, share):
    latencies = Latencies()
    for one in seconds:
        latencies.add(one)
    exact = sorted(seconds)[math.ceil(len(seconds) * share) - 1]
    assert latencies.quantile(share) == pytest.approx(exact, rel=0.045)
    assert latencies.count == len(seconds)


def test_latencies_need_no_more_memory_for_more_calls():
    latencies = Latencies()
    for number in range(100_000):
        latencies.add(number / 10)
    assert len(latencies.buckets) < 200
    assert Latencies().quantile(0.5) is None
    latencies.add(0.0)
    assert min(latencies.buckets) == 0


def test_calls_belong_to_the_stream_that_asked():
    metrics = Metrics()
    with asking("orders"):
        metrics.called("1", "list", "ok", 0.2, waited=1.5)
        with asking("refunds"):
            metrics.called("1", "list", "skip", 0.2)
        metrics.called("1", "list", "transient", 0.4)
        metrics.retried("1", "list", 2.0)
    metrics.called("1", "token", "ok", 0.1)
    orders = metrics.streams["orders", "1"].calls
    assert (dict(orders.outcomes), orders.waited) == ({"ok": 1, "transient": 1}, 1.5)
    assert (orders.retries, orders.retry_waited, orders.answered) == (1, 2.0, 1)
    assert metrics.streams["refunds", "1"].calls.answered == 1
    assert metrics.apis["1", "list"].total == 3
    assert set(metrics.streams) == {("orders", "1"), ("refunds", "1")}


# -- the log ----------------------------------------------------------------------------------------


def test_a_run_is_told_with_its_rows_and_its_end(tmp_path):
    log = RunLog(tmp_path)
    first = begun(run_id="r1")
    life = log.begin(first)
    [run] = log.runs()
    assert (run.first, run.last, run.rows, run.alive) == (first, None, [], True)
    last = begun(run_id="r1", outcome=OK, ended_at="2026-11-20T08:01:00Z")
    log.end(life, [row(run_id="r1"), last])
    [run] = log.runs()
    assert (run.last, run.alive) == (last, False)
    assert list((tmp_path / "running").iterdir()) == []
    assert [(r.stream, r.account) for r in run.rows] == [("orders", "1")]


LIVE = """
import sys, time
from datetime import datetime, timezone
from pathlib import Path
from openplatform.runs import RunLog, first_row
life = RunLog(Path(sys.argv[1])).begin(first_row("tap-lab", datetime.now(timezone.utc), {}))
print("begun", flush=True)
sys.stdin.read()
"""


def test_a_run_that_was_killed_is_not_alive(tmp_path):
    command = [sys.executable, "-c", LIVE, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"begun\n"
        assert RunLog(tmp_path).runs()[0].alive
        process.kill()
        # Its parent has not heard of its end yet: as with a run whose Meltano was killed as well.
        wait_for_end(process.pid)
        assert not RunLog(tmp_path).runs()[0].alive
    assert list((tmp_path / "running").iterdir()) == []
    assert RunLog(tmp_path / "none").runs() == []


def test_the_last_sign_of_life_tells_of_a_run_on_another_machine(tmp_path):
    log = RunLog(tmp_path)
    life = log.begin(begun(run_id="r1", host="another-machine"))
    life.release()  # its lock does not reach us
    assert [log.runs()[0].alive for _ in range(2)] == [True, True]
    [path] = (tmp_path / "running").iterdir()
    now = time.time()
    os.utime(path, (now, now - 290))
    assert [log.runs()[0].alive for _ in range(2)] == [True, True], "looking is no sign of life"
    os.utime(path, (now, now - 310))
    assert not log.runs()[0].alive
    assert list((tmp_path / "running").iterdir()) == []


def test_a_run_gives_signs_of_life(tmp_path):
    path = tmp_path / "run.lock"
    life = Life(path, beat=0.01)
    os.utime(path, (0, 0))
    deadline = time.monotonic() + 30
    while path.stat().st_mtime == 0:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    life.end()
    assert not path.exists()


def wait_for_end(pid):
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def test_a_line_that_a_crash_cut_short_swallows_no_other(tmp_path):
    log = RunLog(tmp_path)
    log.append([begun(run_id="r1")])
    with log.path.open("ab") as file:
        file.write(b'{"run_id":"r2","tap":"tap-l')
    log.append([begun(run_id="r3")])
    assert [r.run_id for r in log.rows()] == ["r1", "r3"]


def test_what_a_later_version_writes_can_be_read(tmp_path):
    log = RunLog(tmp_path)
    later = {**msgspec.to_builtins(begun()), "new_column": 1}
    log.path.write_text(json.dumps(later) + "\n" + "[]\n" + "no json\n")
    assert [r.outcome for r in log.rows()] == [STARTED]


def test_the_log_keeps_the_newest_rows(tmp_path):
    log = RunLog(tmp_path)
    for number in range(200):
        log.append([begun(run_id=f"r{number}")], most=20_000)
    kept = [r.run_id for r in log.rows()]
    assert log.path.stat().st_size <= 20_000
    assert kept == [f"r{number}" for number in range(200 - len(kept), 200)]
    assert len(kept) > 10
    assert sorted(path.name for path in tmp_path.iterdir()) == [FILE, f"{FILE}.lock"]


WRITE_MANY = """
import sys
from datetime import datetime, timezone
from pathlib import Path
import msgspec
from openplatform.runs import RunLog, first_row
row = first_row("tap-lab", datetime.now(timezone.utc), {})
for number in range(25):
    RunLog(Path(sys.argv[1])).append([msgspec.structs.replace(row, error="x" * 5000)] * 3)
"""


def test_processes_that_write_at_once_do_not_mix_their_lines(tmp_path):
    command = [sys.executable, "-c", WRITE_MANY, str(tmp_path)]
    writers = [subprocess.Popen(command) for _ in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert len(list(RunLog(tmp_path).rows())) == 3 * 25 * 3


@pytest.mark.parametrize(
    ("setting", "environment", "folder"),
    [
        (None, {}, None),
        ("/var/runs", {"MELTANO_PROJECT_ROOT": "/p"}, "/var/runs"),
        (None, {"MELTANO_PROJECT_ROOT": "/p"}, "/p/.meltano/syncops"),
        (None, {"MELTANO_PROJECT_ROOT": "/p", "MELTANO_SYS_DIR_ROOT": "/s"}, "/s/syncops"),
    ],
)
def test_the_folder_is_the_settings_or_the_projects(setting, environment, folder):
    found = runs_folder(setting, environment)
    assert (found and str(found)) == folder


def test_meltano_tells_job_and_environment():
    told = {"MELTANO_EXTRACTOR_NAME": "tap-lab--hourly", "MELTANO_ENVIRONMENT": "prod"}
    first = first_row("tap-lab", NOW, told)
    assert (first.job, first.environment, first.platform) == ("tap-lab--hourly", "prod", "lab")
    assert (first.kind, first.pid) == ("sync", os.getpid())
    assert first_row("tap-lab", NOW, {"OPENPLATFORM_RUN_KIND": "backfill"}).kind == "backfill"


def test_the_schema_names_every_column():
    message = runs.schema_message()
    properties = message["schema"]["properties"]
    ours = [f.name for f in msgspec.structs.fields(RunRow)]
    assert list(properties) == [*ours, "quarantined"]  # which the loader fills in
    assert properties["calls"] == {"type": ["object", "null"]}
    assert properties["lag_seconds"] == {"type": ["number", "null"]}
    assert properties["ended_at"] == {"type": ["string", "null"], "format": "date-time"}
    assert message["key_properties"] == ["run_id", "stream", "account"]


# -- Prometheus -------------------------------------------------------------------------------------


def parsed(path):
    """The samples as Prometheus' own parser reads them."""
    families = list(text_string_to_metric_families(path.read_text()))
    assert len({family.name for family in families}) == len(families)
    assert all(family.documentation and family.type != "unknown" for family in families)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def value(path, name, **labels):
    labels = {"platform": "lab_shop", "stream": "orders", "account": "1", **labels}
    return parsed(path).get((f"openplatform_{name}", tuple(sorted(labels.items()))))


def test_counters_go_on_and_gauges_are_replaced(tmp_path):
    path = tmp_path / "folder" / "lab.prom"
    one = row(records=5, calls={"ok": 3, "transient": 1}, failures_owed=2, latency_p95_ms=250.0)
    prometheus.update_file(path, [one, row(account="2", records=7)])
    prometheus.update_file(path, [row(records=1, calls={"ok": 1}, outcome="failed")])
    assert value(path, "records_total") == 6
    assert value(path, "records_total", account="2") == 7, "what this run did not read stays"
    assert value(path, "api_calls_total", outcome="ok") == 4
    assert value(path, "api_calls_total", outcome="transient") == 1
    assert value(path, "failures_owed") == 0
    assert value(path, "api_call_seconds", quantile="0.95") == 0.25
    ended = datetime(2026, 11, 20, 8, 1, tzinfo=timezone.utc).timestamp()
    assert value(path, "last_success_timestamp_seconds") == ended
    assert value(path, "runs_total", outcome="failed") == 1
    assert sorted(p.name for p in path.parent.iterdir()) == ["lab.prom", "lab.prom.lock"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_file_of_something_else_is_replaced(tmp_path):
    path = tmp_path / "lab.prom"
    path.write_text('nonsense{\nother_total{a="b"} 5\nopenplatform_records_total{x} NaN\n')
    prometheus.update_file(path, [row(records=5)])
    assert value(path, "records_total") == 5
    assert "other" not in path.read_text()


@given(TEXTS, TEXTS)
def test_any_name_of_a_stream_and_account_survives(stream, account):
    series = prometheus.samples([row(stream=stream or "s", account=account, records=3)])
    text = prometheus.render(series)
    assert prometheus.read(text) == {key: float(value) for key, value in series.items()}
    found = {
        sample.labels["account"]
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found == {account}


# -- OpenTelemetry ----------------------------------------------------------------------------------


@pytest.fixture
def collector():
    """A collector that keeps what it is sent; `status` is what it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.got.append((self.path, ExportMetricsServiceRequest.FromString(body)))
            self.send_response(self.server.status)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.status = [], 200
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_collector_gets_counters_and_gauges(collector):
    rows = [row(records=5, calls={"ok": 3}, latency_p50_ms=20.0), begun(outcome=OK)]
    send(f"http://127.0.0.1:{collector.server_port}", rows)
    [(path, request)] = collector.got
    assert path == "/v1/metrics"
    [resource] = request.resource_metrics
    attributes = {a.key: a.value.string_value for a in resource.resource.attributes}
    assert attributes["service.name"] == "tap-lab-shop"
    metrics = {m.name: m for scope in resource.scope_metrics for m in scope.metrics}
    records = metrics["openplatform.records"].sum
    [point] = records.data_points
    assert point.as_double + point.as_int == 5
    assert records.is_monotonic
    assert records.aggregation_temporality == 1, "delta: each run tells what it added"
    seconds = metrics["openplatform.api_call_seconds"].gauge.data_points[0]
    assert seconds.as_double == 0.02
    labels = {a.key: a.value.string_value for a in seconds.attributes}
    assert labels == {
        "platform": "lab_shop", "stream": "orders", "account": "1", "quantile": "0.5",
    }  # fmt: skip


def test_a_collector_that_refuses_is_told(collector, caplog):
    collector.status = 400
    with pytest.raises(OSError, match="did not accept"):
        send(f"http://127.0.0.1:{collector.server_port}/v1/metrics", [row(), begun()])
    assert collector.got[0][0] == "/v1/metrics"
