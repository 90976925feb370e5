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


def test_who_stops_a_run_twice_sees_no_traceback(config, tmp_path):
    words = [*LAB, "--config", str(write_json(tmp_path / "tap.json", config))]
    told, signals = b"", 0
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment(LAB_LIMIT="2")
    ) as tap:
        for line in tap.stdout:
            told += line
            if (b'"STATE"' in line and not signals) or b"Interrupted; the next run" in line:
                signals += 1
                tap.send_signal(signal.SIGTERM)
    assert signals == 2
    assert tap.returncode in {143, -signal.SIGTERM}
    assert b"Traceback" not in told, told.decode()


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


def test_calls_waits_and_retries_are_those_that_the_platform_saw(world, config):
    clock = harness.SharedTime(harness.datetime.now(harness.UTC))
    busy = world(
        seed=9, accounts=2, size=40, history_days=2, clock=harness.SandboxTime(clock)
    )  # fmt: skip
    busy.set_faults(server_error=0.1, throttle=0.1, streak=2, retry_after=2)
    config |= {**busy.config("lab"), "requests_per_second": 5}
    outcome = harness.run(tap_class(limit=5), config, clock=clock)
    assert outcome.failed is None
    rows = [row for row in outcome.records("_sync_runs") if row["calls_total"]]
    seen = [entry.outcome for entry in busy.requests("lab")]
    bad = len(seen) - seen.count("ok")
    assert bad > 10
    assert sum(row["calls_total"] for row in rows) == len(seen)
    assert sum(sum(row["calls"].values()) for row in rows) == len(seen)
    assert sum(row["calls"].get("ok", 0) for row in rows) == seen.count("ok")
    assert sum(row["calls"].get("throttled", 0) for row in rows) >= seen.count("fault:throttle") > 0
    assert sum(row["retries"] for row in rows) == bad, "each was made again"
    assert sum(row["retry_waited_seconds"] for row in rows) > 0
    assert sum(row["waited_seconds"] for row in rows) > len(seen) / 5 / 2, "five calls a second"
    for row in rows:
        share = row["calls"].get("ok", 0) / row["calls_total"]
        assert float(row["success_rate"]) == pytest.approx(share, abs=1e-6)


def test_a_run_that_only_asks_for_a_hot_set_says_nothing_about_the_position(shop, config, tmp_path):
    account = shop.accounts("lab")[0]
    key = next(iter(shop.truth("lab", account, "items"))).key
    harness.run(tap_class(), {**config, "hot_set": {"items": {account: [key]}}})
    run = only_run(tmp_path)
    assert (run.first.kind, run.last.outcome) == ("refetch", "ok")
    [row] = [row for row in run.rows if row.records]
    assert (row.stream, row.account, row.records, row.calls_total) == ("items", account, 1, 1)
    assert (row.up_to, row.bookmark, row.lag_seconds) == (None, None, None)
    text = (tmp_path / "lab.prom").read_text()
    assert "openplatform_records_total" in text
    assert "up_to_timestamp_seconds" not in text
    assert "last_success_timestamp_seconds" not in text


def test_what_does_not_fit_the_schema_is_told(shop, config, tmp_path):
    tap = tap_class()
    orders = next(kind for kind in tap.stream_classes if kind.name == "orders")

    class Changed(orders):
        """A platform that has new fields and a field of another kind."""

        def flatten(self, raw):
            return {**super().flatten(raw), "brand_new": 1, "version": "none"}

    class TapLab(tap):
        stream_classes = (Changed, *(k for k in tap.stream_classes if k is not orders))

    harness.run(TapLab, config, streams=["orders"])
    for row in only_run(tmp_path).rows:
        count = rows_of(shop, row.account, "orders")
        assert row.schema_drift == {"brand_new": count, "version": count}
        assert (row.unknown_fields, row.misfits) == (1, count)
