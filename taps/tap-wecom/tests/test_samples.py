"""Every recorded answer, through the whole tap, to the records that were checked by eye.

`GOLDEN=write` in the environment writes the files anew; read the difference before you commit it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from sandbox import ManualClock
from tap_wecom import streams

from .replay import RECORDED, SAMPLES, Replay
from .running import StillClock, run

GOLDEN = Path(__file__).parent / "golden"
NOW = 1_795_254_000


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    config = {
        "accounts": [{"id": "ww1", "secret": "sample-secret"}],
        "token_store": str(tmp_path_factory.mktemp("tokens")),
        "start_date": "2026-11-20T00:00:00+08:00",
        "settle": "0s",
        "end_date": "2026-11-21T00:00:00+08:00",
    }
    with Replay() as replay:
        names = [kind.name for kind in streams.ALL]
        clock = StillClock(ManualClock(NOW))
        yield run({**config, "base_url": replay.url}, *names, clock=clock)


@pytest.mark.parametrize("stream", [kind.name for kind in streams.ALL])
def test_a_sample_becomes_the_golden_records(ran, stream):
    assert ran.error is None
    records = list(ran.rows(stream).values())
    file = GOLDEN / f"{stream}.json"
    if os.environ.get("GOLDEN") == "write":
        text = json.dumps(records, ensure_ascii=False, indent=1)
        file.write_text(text + "\n", encoding="utf-8")
    assert records == json.loads(file.read_text(encoding="utf-8"))
    counts = ran.tap.metrics.streams[stream, "ww1"]
    assert not counts.unknown_fields
    assert not counts.misfits
    assert not counts.keyless


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
