"""What is odd about the streams of 淘宝, and what a careless reading would break."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openplatform.judging import Outcome
from openplatform.testing import load_sample, shape_answer
from sandbox.platforms.taobao import OWN

SAMPLES = Path(__file__).parent / "samples"
DAY = 86_400
ORDERS = "taobao.trades.sold.increment.get"


def test_the_recorded_refusals(tap):
    bodies = json.loads((SAMPLES / "errors.json").read_text(encoding="utf-8"))
    failures = [tap.client.failure(200, body) for body in bodies]
    assert [tap.client.errors.find(failure).outcome for failure in failures] == [
        Outcome.QUOTA_EXHAUSTED,
        Outcome.THROTTLED,
        Outcome.AUTH_EXPIRED,
        Outcome.FATAL,
    ]
    assert [failure.wait for failure in failures] == [31062, 2, None, None]


def test_ids_are_text_however_they_come_and_lists_lose_their_wrapping(tap):
    (old,) = shape_answer(
        tap, "orders_created", load_sample(SAMPLES / "orders_created_2018.json"), account="1"
    ).records
    assert old["tid"] == old["orders"][0]["oid"] == "227668460417201790", "beyond a float"
    new = shape_answer(
        tap, "orders_created", load_sample(SAMPLES / "orders_created_ids.json"), account="1"
    ).records
    assert [record["tid"] for record in new] == [
        "3028689418086124",
        "3047218903434972",
        "3041367089846472",
    ]
    assert old["pay_time"] == "2018-09-27T11:54:34.000Z"


def test_hidden_kinds_of_orders_come_too(shops):
    everything = shops.run("orders").records("orders")
    assert {"eticket", "tmall_i18n"} <= {order["type"] for order in everything}
    few = shops.run("orders", order_types="fixed").records("orders")
    assert {order["type"] for order in few} == {"fixed"}


def test_orders_under_another_name_are_no_empty_list(shops, caplog):
    """What is empty has no list at all here, so only the total tells that something is missing."""

    def renaming(call, reply):
        renamed = reply.body.replace(b'"trades":', b'"trade_list":')
        return type(reply)(renamed) if call.api == ORDERS else reply

    healed = shops.change_answers(renaming)
    first = shops.run("orders", fails=True)
    assert "their form has changed" in caplog.text
    healed()
    second = shops.run("orders", state=first.state)
    assert shops.wrong(second, "orders") == []


def test_the_calls_of_a_day_are_the_apps_so_that_nothing_else_is_asked_for(shops, caplog):
    shops.box.set_limits(active=True, **{"taobao.day": 12})
    shops.run("orders", "refunds", "items_onsale", "items_inventory", fails=True)
    assert "its console can reset them" in caplog.text
    refused = [call for call in shops.calls() if call.outcome == "throttled"]
    assert 1 <= len(refused) <= 4, "those that were under way together"


def test_every_list_names_the_fields_that_it_wants(shops):
    shops.run("orders", "refunds", "items_onsale", "item_details")
    for call in shops.calls():
        if "token" not in call.api:
            assert call.params["fields"], call.api
    (asked, *_) = shops.calls("taobao.items.seller.list.get")
    assert "sku" in asked.params["fields"].split(",")
    assert "skus" not in asked.params["fields"].split(",")


def test_details_of_items_are_asked_for_by_twenties(shops):
    messages = shops.run("item_details")
    for account in shops.names:
        calls = shops.calls("taobao.items.seller.list.get", account)
        assert len(calls) == -(-len(messages.records("item_details", account)) // 20)


def test_items_that_vanish_or_change_their_place_are_marked(shops):
    first = shops.run("items_onsale", "items_inventory")
    shops.box.mutate(shops.slug, shops.names[0], "items", "delete", count=12)
    shops.clock.sleep(3600)
    second = shops.run("items_onsale", "items_inventory", state=first.state)
    for stream in ("items_onsale", "items_inventory"):
        assert shops.wrong(second, stream) == []
        (activation,) = second.activations(stream)
        assert activation["version"] == second.version(stream)
        gone = set(first.latest(stream, shops.names[0])) - set(
            second.latest(stream, shops.names[0])
        )
        assert gone, stream


def test_the_history_is_read_up_to_three_months_ago_and_goes_on_from_there(trial_of):
    from tap_taobao.tap import TapTaobao

    shops = trial_of(TapTaobao, size=60, accounts=1, history_days=20)
    history = {"streams": {"orders_history": {"start_date": "2026-06-01"}}}
    first = shops.run("orders_history", **history)
    (truth, came) = (dict(shops.truth("orders_history")), first.records("orders_history"))
    assert truth
    assert 0 < len(came) < 60, "the youngest are too young for this call"
    mark = first.partition("orders_history", shops.names[0])["replication_key_value"]
    assert mark.startswith("2026-08-20"), "93 days before the run"
    shops.clock.sleep(20 * DAY)
    second = shops.run("orders_history", state=first.state, **history)
    keys = shops.keys(first, second)["orders_history", shops.names[0]]
    assert len(keys) == 60
    assert not {call.outcome for call in shops.calls()} & {"rejected"}


def test_a_day_whose_calls_are_used_up_ends_the_run_cleanly(shops, caplog):
    body = json.loads((SAMPLES / "errors.json").read_text(encoding="utf-8"))[0]

    def used_up(call, reply):
        from sandbox.http import json_reply

        return reply if "token" in call.api else json_reply(body, outcome="throttled")

    shops.change_answers(used_up)
    messages = shops.run("orders", fails=True)
    assert messages.records("orders") == []
    assert "used up" in str(messages.error) + caplog.text
    assert len(shops.calls("taobao.trades.sold.increment.get")) <= 2 * 4, "not asked again"


# -- tokens ----------------------------------------------------------------------------------------


def test_a_refresh_token_rotates_and_the_new_one_is_stored(shops):
    shops.run("shops")
    assert {token["refresh"] for token in shops.stored()} == {
        f"sandbox-refresh-{name}-2" for name in shops.names
    }
    shops.clock.sleep(2 * DAY)
    shops.run("shops")
    assert {token["refresh"] for token in shops.stored()} == {
        f"sandbox-refresh-{name}-3" for name in shops.names
    }


def test_a_code_is_exchanged_once(shops):
    name = shops.names[0]
    accounts = [{"id": name, "code": f"sandbox-code-{name}"}]
    shops.run("shops", accounts=accounts)
    shops.clock.sleep(2 * DAY)
    assert shops.run("shops", accounts=accounts).records("shops")
    assert [call.api.rpartition(".")[2] for call in shops.calls() if "token" in call.api] == [
        "create",
        "refresh",
    ]


def own(shops, session):
    name = shops.names[0]
    return {
        "app_key": OWN[0],
        "app_secret": OWN[1],
        "accounts": [{"id": name, "session": session}],
    }


def test_a_session_of_fixed_length_needs_no_token_call(shops):
    settings = own(shops, f"sandbox-session-{shops.names[0]}")
    assert shops.run("shops", **settings).records("shops")
    assert [call.api for call in shops.calls()] == ["taobao.shop.seller.get"]


def test_a_session_that_has_ended_says_who_must_do_what(shops, caplog):
    messages = shops.run("shops", fails=True, **own(shops, "sandbox-session-of-last-year"))
    assert messages.records("shops") == []
    assert "let the shop authorise the app again" in caplog.text
    assert len(shops.calls("taobao.shop.seller.get")) == 1
    assert "sandbox-session-of-last-year" not in caplog.text


def test_the_token_of_another_shop_is_not_taken_for_this_one(shops, caplog):
    first, second = shops.names
    accounts = [{"id": first, "refresh_token": f"sandbox-refresh-{second}-1"}]
    assert shops.run("shops", accounts=accounts, fails=True).records("shops") == []
    assert f"belongs to shop {second}" in caplog.text


# -- 奇门 ------------------------------------------------------------------------------------------


def test_a_scenario_goes_to_its_own_door_without_a_session(shops):
    messages = shops.run("qimen_records")
    assert shops.wrong(messages, "qimen_records") == []
    (call, *_) = shops.calls("demo.qimen.order.query")
    assert "session" not in call.params
    record = messages.records("qimen_records")[0]
    assert record["content"]["order_no"] == record["id"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [({"qimen": None}, "Setting qimen"), ({"accounts": [{"id": "1"}]}, "no customer_id")],
)
def test_a_scenario_that_is_not_configured_is_told(shops, changes, told):
    messages = shops.run("qimen_records", fails=True, **changes)
    assert told in str(messages.error)


def test_what_the_provider_refuses_is_told(shops, caplog):
    accounts = [{**shops.config["accounts"][0], "customer_id": "c-unknown"}]
    shops.run("qimen_records", fails=True, accounts=accounts)
    assert "no-customer: 客户不存在" in caplog.text
