"""The recorded answers through the whole tap: what a careless reading would break."""

from __future__ import annotations

import json

from openplatform.errors import (
    AuthExpiredError,
    FatalError,
    ShrinkBatchError,
    ThrottledError,
)
from tap_wecom import streams
from tap_wecom.client import ERRORS, WeComClient

from .replay import SAMPLES
from .test_quirks import replayed


def test_what_a_careless_reading_would_break(tmp_path):
    recorded = {"department__list": None, "user__list": None}
    ran, _ = replayed(tmp_path, *(kind.name for kind in streams.ALL), **recorded)
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


def test_recorded_refusals_keep_their_hint():
    refusals = json.loads((SAMPLES / "errors.json").read_text(encoding="utf-8"))
    errors = [
        ERRORS.error(WeComClient.failure(None, 200, body), where="account ww1, user/list")
        for body in refusals
    ]
    assert [type(error) for error in errors] == [
        FatalError,
        AuthExpiredError,
        ThrottledError,
        ShrinkBatchError,
        FatalError,
        ShrinkBatchError,
    ]
    assert "45009" in str(errors[2])
    assert "hint: [1634264791_224_ada10dc6c9d80465eb8d1e6784b329b7]" in str(errors[2])
