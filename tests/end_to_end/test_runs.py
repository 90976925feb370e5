"""Every run leaves its trace: whole, failed in part, stopped, killed, or with a target that died."""

from __future__ import annotations

import signal
import subprocess
from datetime import timedelta

import pytest
from openplatform.runs import RunLog
from prometheus_client.parser import text_string_to_metric_families

from end_to_end import harness
from end_to_end.lab import tap_class
from end_to_end.processes import LAB, environment, pipe, write_json

STREAMS = ("orders", "order_details", "items")


@pytest.fixture
def shop(world):
    return world(seed=5, accounts=2, size=40, history_days=2, limits=False)


@pytest.fixture
def config(shop, tmp_path):
    start = harness.datetime.now(harness.UTC) - timedelta(days=6)
    return {
        **shop.config("lab"),
        "start_date": start.isoformat(),
        "window_records": 14,
        "sync_runs": True,
        "metrics_folder": str(tmp_path / "syncops"),
        "metrics_file": str(tmp_path / "lab.prom"),
    }


def only_run(tmp_path):
    [run] = RunLog(tmp_path / "syncops").runs()
    return run


def rows_of(shop, account, entity):
    return len(list(shop.truth("lab", account, entity)))


def pairs(shop):
    return {(stream, account) for stream in STREAMS for account in shop.accounts("lab")}


def test_a_whole_run_tells_the_same_everywhere(shop, config, tmp_path):
    trip = pipe(tmp_path / "run", config, {"path": str(tmp_path / "w.duckdb")})
    assert (trip.tap_code, trip.target_code) == (0, 0), trip.errors
    run = only_run(tmp_path)
    assert (run.last.outcome, run.alive) == ("ok", False)
    rows = {(row.stream, row.account): row for row in run.rows}
    assert rows.keys() == pairs(shop)
    told = {pair: (row.outcome, row.records) for pair, row in rows.items()}
    assert told == {
        (stream, account): ("ok", rows_of(shop, account, entity))
        for stream, entity in (
            ("orders", "orders"),
            ("order_details", "orders"),
            ("items", "items"),
        )
        for account in shop.accounts("lab")
    }
    served = len(shop.requests("lab"))
    assert sum(row.calls_total for row in rows.values()) == served, (
        "no call is counted twice or not"
    )
    for row in rows.values():
        assert row.success_rate == 1.0
        assert 0 < row.latency_p50_ms <= row.latency_p95_ms < 60_000
        assert 0 <= row.lag_seconds < 300
        assert row.up_to > row.started_at[:10]
    assert all((row.bookmark is None) == (stream == "items") for (stream, _), row in rows.items())

    duck = harness.DuckFile(tmp_path / "w.duckdb")
    landed = duck.query("SELECT stream, account, outcome, records, calls_total FROM _sync_runs")
    assert set(landed) == {
        *((r.stream, r.account, r.outcome, r.records, r.calls_total) for r in run.rows),
        ("", "", "ok", 0, 0),
    }
    samples = {
        (sample.labels["stream"], sample.labels["account"]): sample.value
        for family in text_string_to_metric_families((tmp_path / "lab.prom").read_text())
        for sample in family.samples
        if sample.name == "openplatform_records_total"
    }
    assert samples == {pair: row.records for pair, row in rows.items()}
    assert '"metric":"http_request_duration"' in trip.errors


def test_an_account_that_fails_is_told_beside_the_others(shop, config, tmp_path):
    good, bad = shop.accounts("lab")
    for account in config["accounts"]:
        if account["id"] == bad:
            account["key"] = "a-wrong-key"
    outcome = harness.run(tap_class(), config)
    assert outcome.failed is not None
    run = only_run(tmp_path)
    assert run.last.outcome == "failed"
    assert "RunFailedError" in run.last.error
    for row in run.rows:
        assert (row.outcome == "ok") == (row.account == good)
        assert row.account == good or row.error.startswith("GrantError: ")
        assert "a-wrong-key" not in row.error
    records = outcome.records("_sync_runs")
    assert {(r["stream"], r["account"], r["outcome"]) for r in records if r["stream"]} == {
        (row.stream, row.account, row.outcome) for row in run.rows
    }


@pytest.mark.parametrize(
    ("how", "outcome"), [(signal.SIGKILL, None), (signal.SIGTERM, "interrupted")]
)
def test_a_run_that_is_stopped_leaves_a_trace(shop, config, tmp_path, how, outcome):
    words = [*LAB, "--config", str(write_json(tmp_path / "tap.json", config))]
    tap = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(LAB_LIMIT="2")
    )
    seen = b""
    for line in tap.stdout:
        seen += line
        if b'"STATE"' in line:
            break
    tap.send_signal(how)
    rest, errors = tap.communicate(timeout=60)
    run = only_run(tmp_path)
    assert not run.alive
    assert b'"outcome":"started"' in seen
    if outcome is None:
        assert (run.last, run.rows) == (None, [])
        return
    assert run.last.outcome == outcome, errors
    told = {(row.stream, row.account): row.outcome for row in run.rows}
    assert told.keys() == pairs(shop)
    assert set(told.values()) == {"interrupted"}
    assert b'"outcome":"interrupted"' in rest


def test_a_target_that_dies_makes_a_failed_run(shop, config, tmp_path):
    words = [*LAB, "--config", str(write_json(tmp_path / "tap.json", config))]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(LAB_LIMIT="2")
    ) as tap:
        tap.stdout.readline()
        tap.stdout.close()
        errors = tap.stderr.read()
    assert tap.returncode == 1, errors
    run = only_run(tmp_path)
    assert (run.last.outcome, run.alive) == ("failed", False)
    assert "BrokenPipeError" in run.last.error
    assert {row.outcome for row in run.rows} == {"failed"}


def test_an_unwritable_place_does_not_fail_the_run(shop, config, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    config |= {
        "metrics_folder": str(tmp_path / "file" / "below"),
        "metrics_file": str(tmp_path / "file" / "lab.prom"),
        "otlp_endpoint": "http://127.0.0.1:9",
    }
    outcome = harness.run(tap_class(), config, streams=["items"])
    assert outcome.failed is None
    assert len(outcome.records("items")) == sum(
        rows_of(shop, account, "items") for account in shop.accounts("lab")
    )
    told = [m for m in caplog.messages if "cannot be written" in m]
    assert len(told) == 4
    assert any(m.startswith("otlp_endpoint") for m in told)


def test_without_the_settings_nothing_is_written(shop, config, monkeypatch, tmp_path):
    monkeypatch.delenv("MELTANO_PROJECT_ROOT", raising=False)
    for name in ("sync_runs", "metrics_folder", "metrics_file"):
        del config[name]
    outcome = harness.run(tap_class(), config, streams=["items"])
    assert outcome.of("SCHEMA", "_sync_runs") == []
    assert list(tmp_path.iterdir()) == []
