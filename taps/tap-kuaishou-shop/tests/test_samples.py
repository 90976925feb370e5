"""Recorded answers through the tap's shaping, against the records on file."""

from __future__ import annotations

from pathlib import Path

import pytest
from openplatform.testing import check_golden, load_sample, shape_answer

HERE = Path(__file__).parent


@pytest.mark.parametrize("stream", ["orders", "order_details", "items"])
def test_a_recorded_answer_becomes_the_records_on_file(tap, stream):
    answer = load_sample(HERE / "samples" / f"{stream}.json")
    shaped = shape_answer(tap, stream, answer, account="12342323", asked=tap.clock.now())
    assert (shaped.unknown, shaped.misfits, shaped.keyless) == ([], [], 0)
    check_golden(HERE / "golden" / f"{stream}.json", shaped.records)


def test_times_are_utc_ids_are_text_and_amounts_stay_in_fen(tap):
    answer = load_sample(HERE / "samples" / "order_details.json")
    (order,) = shape_answer(tap, "order_details", answer, account="12342323").records
    base = order["orderBaseInfo"]
    assert order["_bookmark"] == "2022-06-28T04:23:02.523Z@2215900041470428"
    assert (order["oid"], base["oid"]) == ("2215900041470428", "2215900041470428")
    assert base["createTime"] == "2022-06-08T04:05:42.714Z"
    assert base["refundTime"] is None, "0 means that it has not happened"
    assert base["totalFee"] == 20
    assert order["orderLogisticsInfo"][0]["expressCode"] == "9999"


def test_a_record_without_its_key_is_counted_and_left_out(tap):
    answer = {"result": 1, "data": {"orderList": [{"orderBaseInfo": {"status": 30}}]}}
    shaped = shape_answer(tap, "orders", answer, account="12342323")
    assert (shaped.records, shaped.keyless) == ([], 1)
