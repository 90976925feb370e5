"""What is odd about the streams of 快手磁力引擎, and what a careless reading would break."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from openplatform.testing import load_sample, shape_answer
from tap_kuaishou_ads.streams import Videos

SAMPLES = Path(__file__).parent / "samples"
TODAY = "2026-11-21"
ENTITIES = {
    "campaigns": "gw/dsp/campaign/list",
    "units": "gw/dsp/unit/list",
    "creatives": "gw/dsp/creative/list",
    "program_creatives": "gw/dsp/advanced_creative/list",
}


def test_hourly_figures_and_personal_data_are_off_by_default(tap):
    off = {name for name, stream in tap.streams.items() if not stream.selected}
    hourly = {name for name in tap.streams if name.endswith("_hourly")}
    assert len(hourly) == 4
    assert off == hourly | {"clues"}


@pytest.mark.parametrize(("stream", "api"), ENTITIES.items())
def test_entities_are_read_up_to_today_with_the_deleted_ones(users, stream, api):
    messages = users.run(stream)
    assert users.wrong(messages, stream) == []
    assert {record["put_status"] for record in messages.records(stream)} >= {3}
    calls = [call.params for call in users.calls(api)]
    assert {params["status"] for params in calls} == {-2}
    assert max(params["end_date"] for params in calls) == TODAY
    assert all(params["start_date"] <= params["end_date"] for params in calls)


def test_what_changes_today_comes_today_and_its_day_is_read_again(users):
    first = users.run("campaigns")
    place = first.partition("campaigns", users.names[0])["replication_key_value"]
    assert place == "2026-11-21T09:39:00.000Z@"
    users.box.advance(3600)
    changed = {
        name: set(users.box.mutate(users.slug, name, "campaigns", "update", count=2))
        for name in users.names
    }
    users.box.advance(600)
    second = users.run("campaigns", state=first.state)
    for name, keys in changed.items():
        assert set(second.latest("campaigns", name)) == keys


def test_every_advertiser_of_an_authorisation_is_read(users):
    messages = users.run("advertisers", "fund_balances")
    covered = {(r["_account"], r["advertiser_id"]) for r in messages.records("advertisers")}
    assert len(covered) == 4
    balances = {(r["_account"], r["advertiser_id"]) for r in messages.records("fund_balances")}
    assert balances == covered


def test_funds_are_asked_for_by_get_with_a_body_or_by_post(users):
    verbs = []
    users.change_answers(lambda call, reply: verbs.append((call.method, call.api)) or reply)
    users.run("fund_balances", "fund_daily_flows")
    assert {verb for verb, api in verbs if "fund" in api} == {"GET"}
    verbs.clear()
    users.run("fund_balances", fund_method="POST")
    assert {verb for verb, api in verbs if "fund" in api} == {"POST"}


def test_reports_of_the_last_days_are_read_again(users):
    first = users.run("campaign_reports")
    users.box.clear_requests()
    users.run("campaign_reports", state=first.state)
    starts = {call.params["start_date"] for call in users.calls("v1/report/campaign_report")}
    assert min(starts) == "2026-11-15"


@pytest.mark.parametrize("stream", ["account_reports_hourly", "creative_reports_hourly"])
def test_figures_by_hour_have_the_hour_in_their_key(users, stream):
    messages = users.run(stream)
    api = f"v1/report/{stream.removesuffix('s_hourly')}"
    for call in users.calls(api):
        assert call.params["temporal_granularity"] == "HOURLY"
        datetime.strptime(call.params["start_date_min"], "%Y-%m-%d %H:%M").replace(
            tzinfo=timezone.utc
        )
    assert {record["stat_hour"] for record in messages.records(stream)} == {9, 20}
    keys = messages.of_type("SCHEMA")[0]["key_properties"]
    assert keys[-1] == "stat_hour"


def test_a_row_that_is_split_by_nothing_keeps_its_key(users):
    messages = users.run("program_creative_reports")
    records = messages.records("program_creative_reports")
    assert {bool(record["photo_id"]) for record in records} == {True, False}


def test_videos_go_on_from_the_greatest_cursor(users, monkeypatch):
    reads = Videos.reads
    paging = replace(reads.paging, limit=2)
    monkeypatch.setattr(Videos, "reads", replace(reads, paging=paging))
    messages = users.run("videos")
    assert users.wrong(messages, "videos") == []
    cursors = {call.params["cursor"] for call in users.calls("gw/dsp/video/listByCursor")}
    assert 0 in cursors
    assert len(cursors) > 3


def test_money_is_exact_and_days_are_days(tap):
    answer = load_sample(SAMPLES / "account_reports.json")
    carried = {"advertiser_id": 8173064}
    (row,) = shape_answer(
        tap, "account_reports", answer, account="2000001", carried=carried
    ).records
    assert (row["stat_date"], row["advertiser_id"]) == ("2019-08-23", "8173064")
    assert row["charge"] == "76.0"
    assert Decimal(row["event_pay_roi"]) == Decimal("1.3157894736842106")
