"""What is odd about the streams of 有赞, and what a careless reading would break."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conformance import NOW
from openplatform.judging import Outcome
from openplatform.testing import load_sample, shape_answer
from tap_youzan.tap import TapYouzan

SAMPLES = Path(__file__).parent / "samples"


def test_items_are_activated_only_after_a_whole_read(shops):
    messages = shops.run("items")
    (activation,) = messages.activations("items")
    assert activation["version"] == messages.version("items")
    gone = shops.box.mutate(shops.slug, shops.names[0], "items", "delete", count=2)
    shops.clock.sleep(3600)
    again = shops.run("items", state=messages.state)
    assert not set(gone) & set(again.latest("items", shops.names[0]))
    assert again.activations("items")[0]["version"] > activation["version"]


def test_items_name_their_shop_and_put_the_window_into_an_object(shops):
    shops.run("items")
    for call in shops.calls("youzan.item.base.search/1.0.0"):
        assert call.params["kdt_id"] == int(call.account)
        assert "min_update_time" not in call.params


@pytest.mark.parametrize(("unit", "digits"), [("s", 10), ("ms", 13)])
def test_the_unit_of_the_customers_window_is_a_setting(tap, unit, digits):
    stream = TapYouzan(config={**tap.config, "customer_time_unit": unit}).platform_streams[
        "customers"
    ]
    account = tap.settings.accounts[0]
    sent = stream.arguments(
        account, {"created_at_start": NOW, "created_at_end": NOW + 1, "page_no": 1}
    )
    assert len(str(sent["created_at_start"])) == digits
    assert sent["page_no"] == 1


def test_skus_and_item_details_share_one_call_an_item(shops):
    messages = shops.run("item_details", "skus")
    asked = [
        (call.account, call.params["item_id"])
        for call in shops.calls("youzan.item.detail.get/1.0.1")
    ]
    assert len(asked) == len(set(asked))
    assert messages.records("skus")
    assert messages.records("item_details")


def test_an_order_without_its_number_is_counted_and_left_out(tap):
    shaped = shape_answer(
        tap, "orders", load_sample(SAMPLES / "orders_partial.json"), account="42583152"
    )
    assert (shaped.records, shaped.keyless) == ([], 1)


def test_the_recorded_refusals_of_the_gateway(tap):
    bodies = json.loads((SAMPLES / "gateway_errors.json").read_text(encoding="utf-8"))
    found = [tap.client.errors.find(tap.client.failure(200, body)).outcome for body in bodies]
    assert found == [
        Outcome.AUTH_EXPIRED,
        Outcome.AUTH_EXPIRED,
        Outcome.FATAL,
        Outcome.FATAL,
        Outcome.FATAL,
    ]


def test_times_are_utc_ids_are_text_and_amounts_are_exact(tap):
    answer = load_sample(SAMPLES / "trade_detail.json")
    (order,) = shape_answer(tap, "order_details", answer, account="42583152").records
    delivery = order["delivery_order"][0]
    assert delivery["dists"][0]["create_time"] == "2019-03-26T02:17:11.000Z"
    assert delivery["pk_id"] == "1507387369604518000", "beyond what a float can hold"
    assert order["order_promotion"]["order_discount_fee"] == "0.20"
    assert order["_account"] == "42583152"
    assert order["_bookmark"] == f"{order['update_time']}@{order['tid']}"
