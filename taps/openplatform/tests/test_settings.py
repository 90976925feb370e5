from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from openplatform.errors import ConfigurationError
from openplatform.settings import Settings, parse_duration

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=timezone.utc)
STREAMS = ("orders", "order_details", "items")
ONE = {"accounts": [{"id": "1"}]}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(0, 0), (90, 90), ("1.5", 1.5), ("10ms", 0.01), ("10m", 600), ("36h", 129_600), ("7d", 604_800), (" 2 w ", 1_209_600)],
)  # fmt: skip
def test_durations(value, seconds):
    assert parse_duration(value, setting="x") == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", ["", "-1", "soon", "10 minutes", "1h30m", [], {}])
def test_what_is_no_duration_is_told_with_an_example(value):
    with pytest.raises(ConfigurationError, match=r"Setting settle: .*10m, 36h, 7d"):
        parse_duration(value, setting="settle")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"streams": {"order": {}}}, r"streams: there is no stream 'order'.*'orders'"),
        ({"streams": {"zzz": {}}}, r"Known: items, order_details, orders"),
        ({"accounts": []}, "at least one account"),
        ({"accounts": [{"id": ""}]}, "empty or stands there twice"),
        ({"accounts": [{"id": "1"}, {"id": 1}]}, "'1' is empty or stands there twice"),
        ({"concurrency": 0}, "1 or more"),
        ({"concurrency": -3}, "1 or more"),
        ({"start_date": "2026-11-21"}, "future"),
        ({"streams": {"items": {"start_date": "2026-11-21"}}}, "'items'.*future"),
        ({"start_date": "x"}, "setting start_date"),
        ({"start_date": "2026-11-10", "end_date": "2026-11-10"}, "end_date"),
        ({"end_date": "x"}, "setting end_date"),
        ({"base_url": "localhost:80"}, "base_url"),
        ({"base_url": "ftp://x"}, "base_url"),
        ({"settle": "x"}, "settle"),
        ({"timeout": "x"}, "timeout"),
        ({"retry_wait": "x"}, "retry_wait"),
        ({"failure_wait": "x"}, "failure_wait"),
        ({"streams": {"orders": {"lookback": "x"}}}, "lookback of orders"),
        ({"streams": {"orders": {"window": "x"}}}, "window of orders"),
    ],
)
def test_mistakes_are_told_before_anything_is_read(change, told):
    with pytest.raises(ConfigurationError, match=told):
        Settings({**ONE, "start_date": "2026-11-01", **change}).check(STREAMS, NOW)


def test_a_start_may_lie_some_days_back():
    late = datetime(2026, 11, 21, 1, 30, tzinfo=timezone(timedelta(hours=8)))
    settings = Settings({**ONE, "start_date": "-30d"}, lambda: late)
    # Whole days in UTC, so that it stays the same throughout a run.
    assert str(settings.options("orders").start) == "2026-10-21T00:00:00.000Z@"
    settings.check(STREAMS, late)


def test_a_streams_own_setting_beats_the_common_one():
    settings = Settings(
        {
            **ONE,
            "lookback": "1h",
            "window_records": 100,
            "start_date": "2026-11-01",
            "streams": {"orders": {"lookback": 0, "window": "2d", "start_date": "2026-11-02@7"}},
        }
    )
    settings.check(STREAMS, NOW)
    orders, items = settings.options("orders"), settings.options("items")
    assert orders.lookback == timedelta()
    assert items.lookback == timedelta(hours=1)
    assert orders.window == timedelta(days=2)
    assert items.window is None
    assert (str(orders.start), str(items.start)) == (
        "2026-11-02T00:00:00.000Z@7",
        "2026-11-01T00:00:00.000Z@",
    )
    assert orders.window_records == items.window_records == 100


def test_an_address_loses_its_last_slash():
    assert Settings({"base_url": "http://x:1/y/"}).base_url("http://z") == "http://x:1/y"
    assert Settings({}).base_url("http://z") == "http://z"


@pytest.mark.parametrize(
    ("config", "environment", "folder"),
    [
        ({"token_store": "/a/b"}, {"MELTANO_PROJECT_ROOT": "/p"}, "/a/b"),
        ({}, {"MELTANO_PROJECT_ROOT": "/p", "XDG_STATE_HOME": "/s"}, "/p/.meltano/tokens/tap-x"),
        ({}, {"XDG_STATE_HOME": "/s"}, "/s/openplatform/tokens/tap-x"),
    ],
)
def test_where_tokens_are_kept(config, environment, folder):
    assert Settings(config).token_folder(environment, "tap-x") == Path(folder)
