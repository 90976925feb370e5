"""What is odd about the streams of 抖店, and what a careless reading would break."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from openplatform.testing import load_sample, shape_answer
from sandbox.http import json_reply
from tap_douyin_shop.streams import Orders, SettledBills

SAMPLES = Path(__file__).parent / "samples"


def test_streams_that_cost_a_call_for_what_another_one_tells_are_off_by_default(tap):
    off = {name for name, stream in tap.streams.items() if not stream.selected}
    assert off == {"order_details"}


def test_orders_and_cases_are_asked_for_oldest_change_first(shops):
    messages = shops.run("orders", "refunds")
    for call in shops.calls("order.searchList"):
        assert (call.params["order_by"], call.params["order_asc"]) == ("update_time", True)
    for call in shops.calls("afterSale.List"):
        assert call.params["order_by"] == ["update_time asc"]
    assert shops.wrong(messages, "refunds") == []


def test_pages_of_orders_begin_at_0_and_are_read_backwards(shops, monkeypatch):
    reads = Orders.reads
    monkeypatch.setattr(Orders, "reads", replace(reads, paging=replace(reads.paging, limit=20)))
    messages = shops.run("orders", accounts=shops.config["accounts"][:1], window_records=1000)
    pages = {}
    for call in shops.calls("order.searchList"):
        pages.setdefault(call.params["update_time_start"], []).append(call.params["page"])
    longest = max(pages.values(), key=len)
    assert longest == [0, *range(len(longest) - 2, -1, -1)]
    assert len(longest) > 3
    truth = {row.key for row in shops.box.truth(shops.slug, shops.names[0], "orders")}
    assert set(messages.latest("orders", shops.names[0])) == truth


def test_neither_end_of_an_items_window_is_lost(shops):
    """The simulator leaves both ends out, and many products change within one second."""
    shops.box.mutate(shops.slug, shops.names[0], "items", "update", count=5)
    shops.box.advance(60)
    messages = shops.run("items", window_records=3)
    assert shops.wrong(messages, "items") == []
    windows = [c.params for c in shops.calls("product.listV2") if "update_start_time" in c.params]
    assert {params["status"] for params in windows} == {0, 1, 2}


def test_deleted_products_are_a_state(shops):
    states = {record["status"] for record in shops.run("items").records("items")}
    assert states == {0, 1, 2}


def test_bills_go_on_by_index_and_time_until_the_end_is_told(shops, monkeypatch):
    reads = SettledBills.reads
    paging = replace(reads.paging, limit=7)
    monkeypatch.setattr(SettledBills, "reads", replace(reads, paging=paging))
    messages = shops.run("settled_bills")
    assert shops.wrong(messages, "settled_bills", key=lambda record: record["request_no"]) == []
    followed = [c for c in shops.calls("order.getSettleBillDetailV3") if "start_index" in c.params]
    assert followed
    for call in followed:
        assert call.params["start_time"] > "2026-11-11 00:00:00"
        assert call.params["end_time"].endswith(" 00:00:00")


def test_bills_are_read_up_to_the_last_day_that_is_complete(shops):
    messages = shops.run("funds_statements")
    place = messages.partition("funds_statements", shops.names[0])["replication_key_value"]
    assert place == "2026-11-20T16:00:00.000Z@", "17:40: yesterday is complete"
    shops.clock.sleep(20 * 3600)  # 13:40 of the next day
    again = shops.run("funds_statements", state=messages.state)
    same = again.partition("funds_statements", shops.names[0])["replication_key_value"]
    assert same == place


def test_a_second_code_within_the_answer_is_a_refusal(shops, caplog):
    def refusing(call, reply):
        if call.api != "order.getShopAccountItem":
            return reply
        data = {"code": "100009", "code_msg": "账单未生成", "data": [], "is_end": 1}
        return json_reply({"code": 10000, "msg": "success", "data": data})

    shops.change_answers(refusing)
    messages = shops.run("funds_statements", fails=True)
    assert messages.records("funds_statements") == []
    assert "账单未生成" in caplog.text


def test_the_platform_counts_orders_by_state(tap):
    account = tap.settings.accounts[0]
    stream = tap.platform_streams["orders"]
    asked = stream.arguments(account, {"order_status": "105", "page": 0})
    assert asked == {"page": 0, "combine_status": [{"order_status": "105", "main_status": ""}]}


def test_ids_of_19_digits_are_text_and_times_of_0_are_none(tap):
    answer = load_sample(SAMPLES / "orders.json")
    (order,) = shape_answer(tap, "orders", answer, account="4463798").records
    line = order["sku_order_list"][0]
    assert order["order_id"] == "6936476692437472563"
    assert line["product_id"] == "3660207428038974464", "beyond what a float can hold"
    assert order["finish_time"] is None
    assert order["_bookmark"] == f"{order['update_time']}@{order['order_id']}"
    assert (order["pay_amount"], order["order_expire_time"]) == (1, 1800)


def test_both_texts_of_times_in_a_products_detail_are_read(tap):
    times = {"create_time": "2024-01-05 09:08:23", "update_time": "2024-07-04T17:23:22+08:00"}
    answer = {"code": 10000, "data": {"product_id": 3660207428038974464, **times}}
    (item,) = shape_answer(tap, "item_details", answer, account="4463798").records
    assert item["create_time"] == "2024-01-05T01:08:23.000Z"
    assert item["update_time"] == "2024-07-04T09:23:22.000Z"
