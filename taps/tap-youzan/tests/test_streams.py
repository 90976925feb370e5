"""Each stream against the sandbox's truth, and what is odd about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from openplatform.testing import differences
from tap_youzan import streams
from tap_youzan.tap import TapYouzan

from .conftest import NOW, SLUG

NAMES = [kind.name for kind in streams.ALL]


def keyed(stream, table):
    """Keys as the sandbox writes them: points are keyed by epoch seconds."""
    if stream != "points_changes":
        return table

    def key(record):
        moment = datetime.fromisoformat(record["created_at"].replace("Z", "+00:00"))
        parts = (
            record["yz_open_id"],
            int(moment.timestamp()),
            record["amount"],
            record["biz_value"],
        )
        return ":".join(map(str, parts))

    return {key(record): record for record in table.values()}


def wrong(shops, messages, stream):
    """How what came differs from the truth, over all shops."""
    tap = TapYouzan(config=shops.config)
    found = []
    for name in shops.names:
        table = keyed(stream, messages.latest(stream, name))
        found += differences(tap, stream, shops.box.truth(SLUG, name, stream), table)
    return found


@pytest.mark.parametrize("stream", NAMES)
def test_a_stream_brings_the_truth(shops, stream):
    messages = shops.run(stream)
    assert wrong(shops, messages, stream) == []
    for name in shops.names:
        assert messages.latest(stream, name)


def test_a_second_run_brings_what_changed(shops):
    first = shops.run("orders", "order_details", "refunds")
    changed = {n: shops.box.mutate(SLUG, n, "orders", count=4) for n in shops.names}
    shops.clock.sleep(3600)
    second = shops.run("orders", "order_details", "refunds", state=first.state)
    both = replace(first, all=first.all + second.all)
    for stream in ("orders", "order_details", "refunds"):
        assert wrong(shops, both, stream) == []
    for name in shops.names:
        assert set(changed[name]) <= set(second.latest("orders", name))
        assert len(second.latest("orders", name)) < len(first.latest("orders", name))


def test_orders_that_move_while_they_are_read_are_not_lost(shops):
    shops.box.set_churn(60, late_commit=0.0)
    first = shops.run("orders", "refunds")
    shops.box.set_churn(0)
    shops.clock.sleep(3600)
    second = shops.run("orders", "refunds", state=first.state)
    both = replace(first, all=first.all + second.all)
    assert wrong(shops, both, "orders") == []
    assert wrong(shops, both, "refunds") == []


def test_items_are_activated_only_after_a_whole_read(shops):
    messages = shops.run("items")
    (activation,) = messages.activations("items")
    assert activation["version"] == messages.version("items")
    gone = shops.box.mutate(SLUG, shops.names[0], "items", "delete", count=2)
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


def test_every_kind_of_fault_is_survived(shops):
    shops.box.set_faults(
        throttle=0.05, too_many=0.05, server_error=0.05, cut=0.05, html=0.05, expire=0.05
    )
    messages = shops.run("orders", "refunds", "items", "item_details", "warehouse_stock")
    for stream in ("orders", "refunds", "items", "item_details", "warehouse_stock"):
        assert wrong(shops, messages, stream) == []
