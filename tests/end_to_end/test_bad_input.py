"""Bad input is told: one clear message (what, where, what next), exit code not 0, no traceback."""

from __future__ import annotations

import json
import re
import socket

import pytest

from end_to_end.processes import program, run_tap

YOUZAN = (program("tap-youzan"),)


@pytest.fixture(scope="module")
def shop(world):
    return world(size=60, accounts=2, limits=False)


@pytest.fixture
def config(shop, tmp_path):
    return {
        **shop.config("youzan"),
        "token_store": str(tmp_path / "tokens"),
        "retry_wait": "10ms",
        "retry_tries": 2,
        "account_requests_per_second": 10_000,
    }


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def bookmark(value):
    partition = {
        "context": {"_account": "42583152"},
        "replication_key": "_bookmark",
        "replication_key_value": value,
    }
    return {"bookmarks": {"orders": {"partitions": [partition]}}}


def assert_told(ended, *patterns: str, records: bool = False) -> None:
    told = "\n".join(line for line in ended.stderr.splitlines() if "| INFO" not in line)
    assert ended.returncode not in {0, -9}, told
    assert "Traceback" not in told, told
    assert 'File "' not in told, told
    errors = [line for line in told.splitlines() if "ERROR" in line or "Error" in line]
    assert any(all(re.search(p, line) for p in patterns) for line in errors or told.splitlines()), (
        told
    )
    # Whoever reads the end of the log must find the reason, not a flood.
    assert len(errors) <= 4, told
    if not records:
        assert '"RECORD"' not in ended.stdout


CONFIGURATIONS = {
    "no credential": ({"app_secret": None}, ["app_secret"]),
    "empty accounts": ({"accounts": []}, ["accounts", "at least one"]),
    "account without id": ({"accounts": [{"name": "x"}]}, ["accounts", "id"]),
    "an account twice": ({"accounts": [{"id": "1"}, {"id": "1"}]}, ["accounts", "'1'", "twice"]),
    "unknown stream": (
        {"streams": {"ordres": {"lookback": "1h"}}}, ["streams", "'ordres'", "'orders'"]
    ),
    "start in the future": ({"start_date": "2126-01-01"}, ["start_date", "2126-01-01", "future"]),
    "start is no date": ({"start_date": "soon"}, ["start_date", "soon"]),
    "end before start": (
        {"start_date": "2026-10-02", "end_date": "2026-10-01"}, ["end_date", "2026-10-01"]
    ),
    "no duration": ({"lookback": "ten minutes"}, ["lookback", "ten minutes", "10m"]),
    "no workers": ({"concurrency": 0}, ["concurrency", "1 or more"]),
    "not a URL": ({"base_url": "sandbox"}, ["base_url", "sandbox", "http"]),
}  # fmt: skip


@pytest.mark.parametrize("case", CONFIGURATIONS)
def test_a_wrong_setting(config, tmp_path, case):
    change, patterns = CONFIGURATIONS[case]
    config = {name: value for name, value in {**config, **change}.items() if value is not None}
    assert_told(run_tap(YOUZAN, tmp_path, config), *patterns)


def test_a_wrong_credential(config, tmp_path):
    ended = run_tap(YOUZAN, tmp_path, {**config, "app_secret": "not-the-secret"})
    assert_told(ended, "account", "app_secret")


def test_an_address_that_nobody_serves(config, tmp_path):
    port = closed_port()
    ended = run_tap(YOUZAN, tmp_path, {**config, "base_url": f"http://127.0.0.1:{port}/youzan"})
    assert_told(ended, f"127.0.0.1:{port}", "cannot be reached", "base_url")


STATES = {
    "a bookmark that is none": (bookmark("yesterday"), ["'orders'", "'42583152'", "yesterday", "rewind"]),
    "a bookmark in the future": (bookmark("2126-01-01"), ["'orders'", "'42583152'", "2126", "future"]),
    "partitions that are no list": (
        {"bookmarks": {"orders": {"partitions": {"_account": 1}}}}, ["'orders'", "damaged", "state"]
    ),
    "a partition without account": (
        {"bookmarks": {"orders": {"partitions": [{"context": {}}]}}}, ["'orders'", "_account", "undo"]
    ),
    "bookmarks that are a list": ({"bookmarks": [1, 2]}, ["state is damaged", "bookmarks"]),
    "a list": ([1, 2], ["state"]),
    "damaged failures": (
        {
            "bookmarks": {
                "order_details": {
                    "partitions": [{"context": {"_account": "42583152"}, "failures": [{"key": 1}]}]
                }
            }
        },
        ["order_details", "42583152", "failures"],
    ),
    "text that is no JSON": ("{not json", ["state", "JSON"]),
    "an empty file": ("", ["state", "JSON"]),
}  # fmt: skip


@pytest.mark.parametrize("case", STATES)
def test_a_corrupt_state(shop, config, tmp_path, case):
    state, patterns = STATES[case]
    text = state if isinstance(state, str) else json.dumps(state)
    account = shop.accounts("youzan")[0]
    ended = run_tap(YOUZAN, tmp_path, config, state=text.replace("42583152", account))
    assert_told(ended, *(p.replace("42583152", account) for p in patterns))
    assert '"STATE"' not in ended.stdout, "the state that stands must not be replaced"


def test_a_configuration_that_is_no_json(tmp_path):
    (tmp_path / "tap.json").write_text("{accounts:", encoding="utf-8")
    ended = run_text(tmp_path)
    assert_told(ended, "tap.json|config", "JSON")


def run_text(folder):
    import subprocess

    return subprocess.run(
        [*YOUZAN, "--config", str(folder / "tap.json")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_good_configuration_is_good(config, tmp_path):
    """The test of the tests: without the mistakes the same command succeeds."""
    ended = run_tap(YOUZAN, tmp_path, config)
    assert ended.returncode == 0, ended.stderr
    assert '"RECORD"' in ended.stdout
    assert "Traceback" not in ended.stderr
