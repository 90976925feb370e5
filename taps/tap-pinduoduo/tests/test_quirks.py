"""What is odd about the streams of 拼多多, and what a careless reading would break."""

from __future__ import annotations

from dataclasses import replace

import pytest
from openplatform.errors import FatalError, QuotaExhaustedError
from openplatform.testing import shape_answer
from sandbox.http import json_reply
from tap_pinduoduo.streams import Orders, Refunds

ORDERS = "pdd.order.number.list.increment.get"
REFUNDS = "pdd.refund.list.increment.get"
DETAIL = "pdd.refund.information.get"


def numbers(call, *names):
    return [int(call.params[name]) for name in names]


@pytest.mark.parametrize(("stream", "api"), [("orders", ORDERS), ("refunds", REFUNDS)])
def test_windows_are_half_an_hour_and_end_three_minutes_behind_now(shops, stream, api):
    shops.run(stream)
    now = int(shops.box.world.clock.now())
    calls = [numbers(call, "start_updated_at", "end_updated_at") for call in shops.calls(api)]
    assert max(end - start for start, end in calls) == 1800
    assert max(end for _, end in calls) <= now - 180


def test_what_looks_like_a_filter_is_always_sent(shops):
    shops.run("orders")
    for call in shops.calls(ORDERS):
        sent = {name: call.params[name] for name in ("is_lucky_flag", "order_status")}
        assert sent == {"is_lucky_flag": "0", "order_status": "5"}
        assert (call.params["refund_status"], call.params["use_has_next"]) == ("5", "false")


def test_a_window_is_counted_first_and_then_read_from_its_last_page(shops, monkeypatch):
    reads = Orders.reads
    monkeypatch.setattr(Orders, "reads", replace(reads, paging=replace(reads.paging, limit=2)))
    messages = shops.run("orders", window_records=1000)
    assert shops.wrong(messages, "orders") == []
    pages = {}
    for call in shops.calls(ORDERS):
        window = (call.account, call.params["start_updated_at"])
        pages.setdefault(window, []).append(int(call.params["page"]))
    longest = max(pages.values(), key=len)
    assert len(longest) > 3
    assert longest == [1, *range(len(longest) - 1, 0, -1)]


def test_refunds_are_asked_for_in_every_documented_state(shops):
    del shops.config["after_sales_statuses"]
    name = shops.names[0]
    messages = shops.run(
        "refunds", accounts=shops.config["accounts"][:1], start_date="2026-11-21T08:40:00Z"
    )
    asked = [int(call.params["after_sales_status"]) for call in shops.calls(REFUNDS, name)]
    states = list(Refunds.reads.each[0].values)
    assert len(states) == 26
    assert sorted(asked) == sorted(states * (len(asked) // len(states)))
    whole = shops.run("refunds", accounts=shops.config["accounts"][:1])
    truth = {row.key for row in shops.box.truth(shops.slug, name, "refunds")}
    assert set(whole.latest("refunds", name)) == truth
    assert messages.state["bookmarks"]


def test_a_state_that_is_refused_like_a_case_that_is_gone_is_no_empty_list(shops):
    """Every state exists, so "not found" would be a hole in the window."""
    error = {"error_msg": "业务服务错误", "sub_msg": "售后单不存在", "error_code": 50001}

    def refusing(call, reply):
        refused = call.api == REFUNDS and call.params["after_sales_status"] == "4"
        return json_reply({"error_response": error}) if refused else reply

    healed = shops.change_answers(refusing)
    first = shops.run("refunds", fails=True)
    assert "replication_key_value" not in first.partition("refunds", shops.names[0])
    healed()
    second = shops.run("refunds", state=first.state)
    assert shops.wrong(second, "refunds") == []


def test_a_case_is_asked_for_with_its_order(shops):
    messages = shops.run("refunds", "refund_details")
    cases = {record["after_sales_key"] for record in messages.records("refunds")}
    asked = {
        f"{call.params['order_sn']}/{call.params['after_sales_id']}" for call in shops.calls(DETAIL)
    }
    assert asked == cases
    assert {record["after_sales_key"] for record in messages.records("refund_details")} == cases


def test_an_answer_under_another_root_is_no_empty_list(shops, caplog):
    shops.change_answers(
        lambda call, reply: (
            json_reply({"order_list_get_response": {"total_count": 0}})
            if call.api == ORDERS
            else reply
        )
    )
    shops.run("orders", fails=True)
    assert "not order_sn_increment_get_response" in caplog.text


def test_an_app_in_its_test_state_ends_the_run_of_its_shop(tap):
    body = {
        "error_response": {"error_code": 70036, "error_msg": "应用处于测试状态，调用次数被限制"}
    }
    error = tap.client.errors.error(tap.client.failure(200, body), where="account 1, api")
    assert isinstance(error, QuotaExhaustedError)
    assert "publish it" in str(error)


def test_a_refused_permission_says_what_to_ask_for(tap):
    body = {"error_response": {"error_code": 20031, "error_msg": "用户没有授权访问此接口"}}
    error = tap.client.errors.error(tap.client.failure(200, body), where="account 1, api")
    assert isinstance(error, FatalError)
    assert "权限包" in str(error)


def test_yuan_and_fen_epochs_and_local_times(tap):
    answer = {
        "refund_increment_get_response": {
            "refund_list": [
                {
                    "id": 7381745730,
                    "order_sn": "190228-355530178612389",
                    "refund_amount": "19.90",
                    "updated_time": "1551612204",
                    "created_time": "2019-03-03 19:23:24",
                }
            ]
        }
    }
    (case,) = shape_answer(tap, "refunds", answer, account="171504183").records
    assert (case["id"], case["refund_amount"]) == ("7381745730", "19.90")
    assert case["updated_time"] == case["created_time"] == "2019-03-03T11:23:24.000Z"
    assert case["after_sales_key"] == "190228-355530178612389/7381745730"
    detail = {"goods_detail_get_response": {"goods_id": 71, "market_price": 1990}}
    (item,) = shape_answer(tap, "item_details", detail, account="171504183").records
    assert (item["goods_id"], item["market_price"]) == ("71", 1990)


def test_bills_are_asked_for_by_day_up_to_yesterday(shops):
    messages = shops.run("daily_bills")
    days = {record["bill_date"] for record in messages.records("daily_bills", shops.names[0])}
    assert days == {"2026-11-18", "2026-11-19", "2026-11-20"}
    assert all(record["download_url"] for record in messages.records("daily_bills"))


def test_what_personal_fields_hold_ends_when_an_order_is_sent(shops):
    orders = shops.run("orders").records("orders")
    for order in orders:
        assert bool(order["receiver_name"]) == (order["order_status"] == 1)
        assert order["receiver_name_mask"]
    assert {order["order_status"] for order in orders} > {1}
