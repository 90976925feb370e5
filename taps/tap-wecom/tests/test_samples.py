"""Every recorded answer, through the whole tap, to the records that were checked by eye."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest
from openplatform.testing import HeldClock, check_golden, load_sample, run, shape_answer
from tap_wecom import streams
from tap_wecom.tap import TapWeCom

from .replay import RECORDED, SAMPLES, Replay

GOLDEN = Path(__file__).parent / "golden"
CLOCK = HeldClock(datetime(2026, 11, 21, 9, 40, tzinfo=timezone.utc))
CONFIG = {
    "accounts": [{"id": "ww1", "secret": "sample-secret"}],
    "start_date": "2026-11-20T00:00:00+08:00",
    "end_date": "2026-11-21T00:00:00+08:00",
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("tokens"))
    with Replay() as replay:
        yield run(
            TapWeCom,
            {**CONFIG, "token_store": folder, "base_url": replay.url},
            select=[kind.name for kind in streams.ALL],
            clock=CLOCK,
        )


@pytest.mark.parametrize("stream", [kind.name for kind in streams.ALL])
def test_a_sample_becomes_the_golden_records(ran, stream):
    # A sample that names a next page is served twice, and details are served for every id.
    distinct = list({str(record): record for record in ran.records(stream)}.values())
    check_golden(GOLDEN / f"{stream}.json", distinct)


@pytest.mark.parametrize("kind", streams.ALL)
def test_the_schemas_know_every_field_of_the_samples(kind):
    tap = TapWeCom(config=CONFIG)
    answer = load_sample(SAMPLES / f"{RECORDED[kind.api]}.json")
    carried = {"userid": "x"} if kind.name == "external_contact_ids" else {}
    shaped = shape_answer(tap, kind.name, answer, account="ww1", carried=carried)
    assert shaped.records
    assert (shaped.unknown, shaped.misfits, shaped.keyless) == ([], [], 0)


def test_every_sample_is_used():
    assert {file.stem for file in SAMPLES.glob("*.json")} == {*RECORDED.values(), "errors"}


def test_what_a_careless_reading_would_break(ran):
    form = ran.records("approvals")[0]
    signatures = form["sp_record"][0]["details"]
    assert [one["sptime"] for one in signatures] == ["2009-02-13T23:31:30.000Z", None]
    assert form["apply_data"]["contents"][0]["value"]["new_money"] == "700", "yuan, as text"
    assert ran.records("journals")[0]["comments"][0]["commentid"] == "6899287783354824502"
    day = ran.records("checkin_day_data")[0]
    assert day["date"] == "2020-09-02T16:00:00.000Z", "midnight in Beijing"
    assert day["summary_info"]["lastest_time"] == 38858, "seconds after midnight are no time"
    assert ran.records("users")[0]["gender"] == "1"
    assert ran.records("external_contacts")[0]["external_contact"]["gender"] == 1
    first, second = ran.records("checkin_data")[:2]
    assert (first.get("lat"), second["lat"]) == (None, 30547645), "degrees x 1,000,000"
