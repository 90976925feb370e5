"""The other commands of Meltano, on our plugins."""

from __future__ import annotations

import json
import re

import pytest


def answer(done):
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout


def test_config_test_accepts_the_demo_credentials(project):
    answer(project.meltano("config", "test", "tap-youzan"))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"TAP_YOUZAN_APP_SECRET": "wrong"}, "app_secret"),
        ({"TAP_YOUZAN_BASE_URL": "http://127.0.0.1:9"}, "127.0.0.1:9"),
        ({"TAP_YOUZAN_START_DATE": "yesterday-ish"}, "start_date"),
        ({"TAP_YOUZAN_STREAMS": '{"oders": {}}'}, "orders"),
        ({"TARGET_DUCKDB_LOAD_MODE": "upsret"}, "upsret"),
        ({"TARGET_DUCKDB_PATH": "/proc/none/demo.duckdb"}, "/proc/none/demo.duckdb"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_bad_settings_are_told_by_the_plugin_without_a_traceback(project, settings, told):
    done = project.meltano("run", "tap-youzan", "target-duckdb", **settings)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    ours = [line for line in said.splitlines() if re.search(r" (tap|target)-[a-z]+ ", line)]
    assert any(told in line for line in ours)
    assert not any("Traceback" in line for line in ours)
    assert "sandbox-client-secret" not in said


def test_invoke_discover_lists_the_streams(project):
    catalog = json.loads(answer(project.meltano("invoke", "tap-youzan", "--discover")))
    assert {"orders", "order_details", "items"} <= {s["tap_stream_id"] for s in catalog["streams"]}


def test_invoke_about_tells_the_settings(project):
    about = json.loads(answer(project.meltano("invoke", "tap-youzan", "--about", "--format=json")))
    assert about["name"] == "tap-youzan"
    assert "accounts" in about["settings"]["properties"]


def test_invoke_test_reaches_the_platform(project, shop):
    answer(project.meltano("invoke", "tap-youzan", "--test"))
    assert shop.requests("youzan")


def test_secrets_are_hidden_when_settings_are_shown(project):
    shown = answer(project.meltano("config", "list", "tap-youzan"))
    assert "app_secret" in shown
    assert "sandbox-client-secret" not in shown


def test_the_utilities_run_through_meltano(synced, shop):
    told = answer(synced.meltano("invoke", "sandbox", "config"))
    assert json.loads(told[told.index("{") :])["youzan"]["app_key"]
    shown = answer(synced.meltano("invoke", "syncops", "bookmarks", "show", "--json"))
    assert "orders" in shown
    assert shop.accounts("youzan")[0] in shown


def test_jobs_and_schedules_are_listed(project):
    jobs = json.loads(answer(project.meltano("job", "list", "--format=json")))
    assert "demo" in json.dumps(jobs)
    schedules = json.loads(answer(project.meltano("schedule", "list", "--format=json")))
    names = {one["name"] for one in schedules["schedules"]["job"]}
    assert {"youzan-hourly", "youzan-full-nightly"} <= names


def test_no_warning_about_the_project_file(project):
    assert "deprecated" not in project.meltano("job", "list").stderr.lower()
