"""What is odd about the lists of 聚水潭, and what a careless reading would break."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from conformance import NOW
from openplatform.paths import records_at
from sandbox.platforms.jushuitan import PARTNER
from tap_jushuitan.client import unwrapped

MINUTE = 60


def biz(merchants, api):
    return [call.params for call in merchants.calls(api)]


def test_no_window_is_as_long_as_what_is_seen_to_be_refused(merchants):
    merchants.run("orders", "suppliers", "order_actions")
    for api, days in (("orders.single.query", 7), ("supplier.query", 1), ("order.action.query", 1)):
        for params in biz(merchants, api):
            begin, end = (
                datetime.strptime(params[name], "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
                for name in ("modified_begin", "modified_end")
            )
            assert timedelta() < end - begin < timedelta(days=days)
    assert "rejected" not in {call.outcome for call in merchants.calls()}


def test_receipts_of_every_state_come(merchants):
    states = {
        record["status"]
        for record in merchants.run("purchase_receipts").records("purchase_receipts")
    }
    assert states > {"Confirmed"}


def test_the_limits_of_a_second_and_of_a_minute_hold_together(merchants):
    merchants.box.set_limits(active=True)
    # One at a time: waiting moves the clock for those who are under way too.
    merchants.config["concurrency"] = 1
    merchants.run("orders", streams={"orders": {"window": "2h"}})
    calls = [call for call in merchants.calls() if "auth" not in call.api]
    assert {call.outcome for call in calls} == {"ok"}, "the tap waits before it is refused"
    assert len(calls) > 100
    assert merchants.clock.now().timestamp() - NOW > MINUTE


def test_the_stock_of_a_warehouse_names_it(merchants):
    messages = merchants.run("warehouse_inventory", "warehouses")
    houses = set(messages.latest("warehouses", merchants.names[0]))
    records = messages.records("warehouse_inventory", merchants.names[0])
    assert {record["wms_co_id"] for record in records} == houses
    assert len(houses) > 1


def test_an_app_may_be_granted_the_receipts_by_another_name(merchants):
    other = "webapi.wmsapi.purchasein.purchaseinquery"
    messages = merchants.run("purchase_receipts", purchase_receipts_api=other)
    assert messages.records("purchase_receipts")
    assert biz(merchants, other)
    assert not biz(merchants, "purchasein.query")


def test_figures_of_cross_border_trade_come_on_request(merchants):
    for asked in (False, True):
        messages = merchants.run("orders", "outbound_orders", cross_border=asked)
        assert bool(messages.records("orders")[0].get("cb_finances")) is asked
        assert bool(messages.records("outbound_orders")[0].get("cb_finance")) is asked
    *_, last = biz(merchants, "orders.out.simple.query")
    assert last["is_get_cblogistic"] is True


# -- the old generation ---------------------------------------------------------------------------


@pytest.fixture
def old(merchants):
    """The same merchants on the old open platform."""
    merchants.config |= {
        "generation": "old",
        "app_key": PARTNER[0],
        "app_secret": PARTNER[1],
        "accounts": [{"id": name, "token": f"sandbox-token-{name}"} for name in merchants.names],
    }
    return merchants


@pytest.mark.parametrize("read_by", ["modified", "ts"])
def test_the_old_generation_brings_the_same(old, read_by):
    streams = ["orders", "refunds", "inventory", "shops", "skus", "order_actions"]
    messages = old.run(*streams, read_by=read_by)
    for stream in streams:
        assert old.wrong(messages, stream) == []


@pytest.mark.parametrize(
    "answer",
    [
        {"shops": [{"shop_id": 82}], "code": 0, "data": None},
        {"data": {"shops": [{"shop_id": 82}], "has_next": False}, "code": 0},
        {"data": {"datas": [{"shop_id": 82}], "log": [1]}, "code": 0},
        {"whatever": [{"shop_id": 82}], "code": 0},
    ],
)
def test_a_list_is_found_however_the_old_generation_calls_and_nests_it(tap, answer):
    """No one has published the names of most lists, and a list that is not found would be no rows."""
    for stream in ("shops", "orders", "inventory"):
        rows = records_at(unwrapped(answer), tap.platform_streams[stream].records)
        assert rows == [{"shop_id": 82}]


def test_a_token_that_is_refused_names_who_hands_it_out(old, caplog):
    old.config["accounts"][0]["token"] = "sandbox-token-nobody"
    messages = old.run("orders", fails=True)
    assert messages.records("orders", old.names[1])
    assert not messages.records("orders", old.names[0])
    assert "its token is refused; ask 聚水潭" in caplog.text
    assert "sandbox-token-nobody" not in caplog.text
    assert "its token is missing" in str(
        old.run("orders", accounts=[{"id": old.names[0]}], fails=True) and caplog.text
    )


def test_a_wrong_key_of_the_old_generation_says_what_to_check(old, caplog):
    old.run("orders", app_secret="quite-another", fails=True)
    assert "check app_key and app_secret" in caplog.text
