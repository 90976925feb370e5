"""Recorded answers through the tap's shaping, against the records on file."""

from __future__ import annotations

from pathlib import Path

import pytest
from openplatform.testing import check_golden, load_sample, shape_answer

HERE = Path(__file__).parent


def test_the_recorded_order_becomes_the_record_on_file(tap):
    answer = load_sample(HERE / "samples" / "trade_detail.json")
    shaped = shape_answer(tap, "order_details", answer, account="42583152")
    assert (shaped.unknown, shaped.misfits, shaped.keyless) == ([], [], 0)
    check_golden(HERE / "golden" / "order_details.json", shaped.records)


def test_the_logged_beginning_of_an_order_fits_once_it_has_its_number(tap):
    answer = load_sample(HERE / "samples" / "orders_partial.json")
    assert shape_answer(tap, "orders", answer, account="42583152").keyless == 1
    order = answer["data"]["full_order_info_list"][0]["full_order_info"]
    order["order_info"] = {"tid": "E20260318000000000000001", "update_time": "2026-03-18 15:48:42"}
    shaped = shape_answer(tap, "orders", answer, account="42583152")
    assert (shaped.unknown, shaped.misfits) == ([], [])
    check_golden(HERE / "golden" / "orders.json", shaped.records)


@pytest.mark.parametrize("sample", ["orders_error_span", "trade_detail_not_found"])
def test_the_empty_data_of_a_refusal_is_no_answer(tap, sample):
    assert tap.client.failure(200, load_sample(HERE / "samples" / f"{sample}.json")) is not None


def test_times_are_utc_ids_are_text_and_amounts_are_exact(tap):
    answer = load_sample(HERE / "samples" / "trade_detail.json")
    (order,) = shape_answer(tap, "order_details", answer, account="42583152").records
    delivery = order["delivery_order"][0]
    assert delivery["dists"][0]["create_time"] == "2019-03-26T02:17:11.000Z"
    assert delivery["pk_id"] == "1507387369604518000", "beyond what a float can hold"
    assert order["order_promotion"]["order_discount_fee"] == "0.20"
    assert order["_account"] == "42583152"
    assert order["_bookmark"] == f"{order['update_time']}@{order['tid']}"
