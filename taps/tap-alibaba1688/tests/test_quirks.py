"""What is odd about 1688, and what a careless reading would break."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from openplatform.testing import load_sample, shape_answer
from sandbox.http import json_reply
from sandbox.platforms.alibaba1688 import sign as sandbox_sign
from tap_alibaba1688.client import as_text, sign

DAY = 86_400
ASCII = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)


# -- signature ------------------------------------------------------------------------------------


def test_the_official_example_of_a_signature():
    assert (
        sign("param2/1/system/currentTime/1000000", {"b": "2", "a": "1"}, "test123")
        == "33E54F4F7B989E3E0E912D3FBD2F1A03CA7CCE88"
    )


def test_not_the_names_are_sorted_but_what_is_joined():
    assert sign("p", {"a": "z", "ab": "c"}, "s") == sign("p", {"abcaz": ""}, "s")


@given(
    fields=st.dictionaries(ASCII, st.text(st.characters(codec="utf-8")), max_size=6), secret=ASCII
)
def test_it_agrees_with_the_sandbox_on_any_text(fields, secret):
    fields.pop("_aop_signature", None)
    assert sign("path", fields, secret) == sandbox_sign("path", fields, secret)


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (False, "false"), (20, "20"), (["a", "b"], '["a","b"]'), ("原文", "原文")],
)
def test_parameters_are_texts(value, text):
    assert as_text(value) == text


# -- records --------------------------------------------------------------------------------------


def test_ids_are_those_that_are_told_as_text(tap):
    answer = load_sample(Path(__file__).parent / "samples" / "seller_orders.json")
    (order,) = shape_answer(tap, "seller_orders", answer, account="b2b-1623492085").records
    assert order["idOfStr"] == "193441303243969811"
    assert order["baseInfo"]["id"] == "193441303243969820", "damaged by whoever made the sample"
    assert order["_bookmark"] == "2018-07-21T09:26:08.000Z@193441303243969811"
    assert order["baseInfo"]["totalAmount"] == "70.3"


def test_pages_of_refunds_are_counted_from_0(members):
    members.run("seller_refunds")
    pages = {call.params["currentPageNum"] for call in members.calls() if "Refund" in call.api}
    assert {"0", "1"} <= pages


def test_old_orders_stand_in_a_table_of_their_own_and_are_read_as_well(members):
    first = members.run("seller_orders")
    asked = [call.params["isHis"] for call in members.calls() if "Order" in call.api]
    assert set(asked) == {"false", "true"}
    members.clock.sleep(95 * DAY)
    current = members.run("seller_orders", order_tables=["false"])
    assert current.records("seller_orders") == []
    assert members.wrong(members.run("seller_orders"), "seller_orders") == []
    assert members.wrong(first, "seller_orders") == []


def test_an_app_may_be_granted_masked_orders_only(members):
    messages = members.run("seller_orders", "seller_order_details", encrypted_orders=True)
    assert members.wrong(messages, "seller_orders") == []
    names = {call.api.rpartition("/")[2] for call in members.calls() if "trade" in call.api}
    assert names == {
        "alibaba.trade.ec.getOrderList.sellerView",
        "alibaba.trade.ec.getOrder.sellerView",
    }


def test_an_order_that_was_not_sent_has_no_parcel_and_is_no_failure(members):
    messages = members.run("seller_orders", "seller_shipments")
    orders = {record["idOfStr"] for record in messages.records("seller_orders")}
    sent = {record["orderId"] for record in messages.records("seller_shipments")}
    assert sent < orders
    assert "failures" not in messages.partition("seller_shipments", members.names[0])


def test_a_list_that_is_refused_like_a_wrong_id_is_no_empty_list(members):
    """The same code tells of an id that is none, and of a service that failed."""

    def refusing(call, reply):
        refused = {"errorCode": "003002", "errorMessage": "INVOKE_FAIL"}
        return json_reply(refused) if "getSellerOrderList" in call.api else reply

    healed = members.change_answers(refusing)
    first = members.run("seller_orders", fails=True)
    assert "replication_key_value" not in first.partition("seller_orders", members.names[0])
    healed()
    second = members.run("seller_orders", state=first.state)
    assert members.wrong(second, "seller_orders") == []


# -- tokens ---------------------------------------------------------------------------------------


def grants(members):
    return [call.api.rpartition("/")[2] for call in members.calls() if "token/" in call.api]


def test_an_access_token_is_refreshed_and_its_refresh_token_kept(members):
    members.run("logistics_companies")
    members.clock.sleep(11 * 3600)
    members.run("logistics_companies")
    assert grants(members) == ["getToken"] * 4
    assert {token["refresh"] for token in members.stored()} == {
        f"sandbox-refresh-{name}-1" for name in members.names
    }


def test_a_refresh_token_is_prolonged_in_its_last_month(members):
    members.run("logistics_companies")
    members.clock.sleep(155 * DAY)
    members.box.clear_requests()
    members.run("logistics_companies")
    # The members' calls may come in between each other.
    assert sorted(grants(members)) == ["getToken"] * 2 + ["postponeToken"] * 2
    assert {token["refresh"] for token in members.stored()} == {
        f"sandbox-refresh-{name}-2" for name in members.names
    }
    members.clock.sleep(100 * DAY)
    assert members.run("logistics_companies").records("logistics_companies")


def test_a_grant_that_ended_says_who_must_do_what(members, caplog):
    members.run("logistics_companies")
    members.clock.sleep(181 * DAY)
    messages = members.run("logistics_companies", fails=True)
    assert messages.records("logistics_companies") == []
    assert "let the member authorise the app again" in caplog.text


def test_a_code_is_exchanged_once(members):
    name = members.names[0]
    account = {"id": name, "code": f"sandbox-code-{name}", "redirect_uri": "https://example.com"}
    members.run("logistics_companies", accounts=[account])
    members.clock.sleep(11 * 3600)
    again = members.run("logistics_companies", accounts=[account])
    assert again.records("logistics_companies")


def test_the_token_of_another_member_is_not_taken_for_this_one(members, caplog):
    first, second = members.names
    accounts = [{"id": first, "refresh_token": f"sandbox-refresh-{second}-1"}]
    members.run("logistics_companies", accounts=accounts, fails=True)
    assert f"belongs to {second}" in caplog.text


def test_an_account_without_any_grant_says_what_is_missing(members, caplog):
    members.run("logistics_companies", accounts=[{"id": members.names[0]}], fails=True)
    assert "neither refresh_token nor code" in caplog.text
