"""What is odd about 快手本地生活, and what a careless reading would break."""

from __future__ import annotations

import json

import pytest
from openplatform.accounts import Account
from openplatform.errors import FatalError
from tap_kuaishou_locallife.listing import SoughtCursor, SoughtPage, kept_whole, rows_of

DAY = 86_400


def pages_of(paging, answer):
    asked = []

    def ask(params):
        asked.append(dict(params))
        return answer(params)

    found = [row for page in paging.pages(ask, "data", most=None) for row in page.records]
    return found, asked


# -- lists that nobody has described --------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({"data": {"rows": [1], "total": 7}}, [1]),
        ({"data": {"item_list": [1], "tags": []}}, [1]),
        ({"data": {}}, []),
        ({"data": [1]}, [1]),
        ({"data": None}, []),
        ([], []),
    ],
)
def test_the_rows_are_the_named_or_the_only_list(body, wanted):
    assert rows_of(body, "item_list") == wanted


def test_of_several_lists_none_is_taken_for_no_rows():
    with pytest.raises(FatalError, match=r"several lists \(a, b\)"):
        rows_of({"data": {"a": [1], "b": []}}, "item_list")


@pytest.mark.parametrize("paging", [SoughtCursor(2), SoughtPage("page", "size", 2)])
def test_a_platform_that_does_not_turn_its_pages_is_not_asked_for_ever(paging):
    with pytest.raises(FatalError, match="two pages in a row hold the same"):
        pages_of(paging, lambda _: {"data": {"rows": [{"a": [1]}, {"a": [2]}]}})


@pytest.mark.parametrize("told", [{}, {"cursor": "same"}, {"cursor": 0}, {"next_cursor": "next"}])
def test_a_cursor_is_taken_from_the_answer_or_counted(told):
    rows = list(range(5))

    def answer(params):
        page = rows[params["cursor"] : params["cursor"] + 2]
        meant = {"same": params["cursor"], "next": params["cursor"] + len(page), 0: 0}
        named = {name: meant[value] for name, value in told.items()}
        return {"data": {"item_list": page, **named}}

    if told == {"cursor": 0}:  # an end that is told is believed, once there was a page before
        found, asked = pages_of(SoughtCursor(2), answer)
        assert found == rows[:4]
        return
    found, asked = pages_of(SoughtCursor(2), answer)
    assert found == rows
    assert [one["cursor"] for one in asked] == [0, 2, 4, 5]


def test_pages_are_turned_until_one_is_empty():
    found, asked = pages_of(
        SoughtPage("page", "size", 2),
        lambda p: {"data": {"x": [p["page"]] if p["page"] < 4 else []}},
    )
    assert found == [1, 2, 3]
    assert [one["page"] for one in asked] == [1, 2, 3, 4]


def test_a_row_is_known_by_what_it_holds():
    first, second = ({"a": 1, "b": 2}, {"b": 2, "a": 1})
    assert kept_whole(first)["digest"] == kept_whole(second)["digest"]
    assert kept_whole({"a": 1})["digest"] != kept_whole({"a": 2})["digest"]


# -- orders ---------------------------------------------------------------------------------------


def test_an_order_is_asked_for_again_until_it_is_final(merchants):
    first = merchants.run("orders", "order_details")
    account = merchants.names[0]
    states = {r["orderId"]: r["orderStatus"] for r in first.records("order_details", account)}
    waiting = {order for order, state in states.items() if state == 4}
    assert waiting
    assert set(first.partition("order_details", account)["open"]) == waiting
    changed = min(waiting)
    merchants.box.world.mutate(merchants.slug, account, "orders", "update", keys=[changed])
    merchants.clock.sleep(3600)
    second = merchants.run("orders", "order_details", state=first.state)
    latest = second.latest("order_details", account)
    assert latest[changed]["orderStatus"] == 5
    assert set(latest) == waiting
    assert set(second.partition("order_details", account)["open"]) == waiting - {changed}


def test_windows_of_orders_do_not_share_their_ends(merchants):
    merchants.run("orders")
    for account in merchants.names:
        spans = sorted(
            (call.params["createTimeStart"], call.params["createTimeEnd"])
            for call in merchants.calls("open.locallife.order.page", account)
        )
        ends = dict.fromkeys(spans)
        assert [end for _, end in ends][:-1] == [start for start, _ in ends][1:]


def test_the_page_of_artisans_stands_in_an_object(merchants):
    messages = merchants.run("artisans")
    assert len(messages.records("artisans", merchants.names[0])) == 25
    (first, *_) = merchants.calls("goodlife/v1/merchant/artisan_list")
    assert first.params == {"merchant_base_page_request": {"current_page": 1, "page_size": 20}}


def test_bills_are_those_of_days_that_are_over(merchants):
    merchants.run("bills")
    days = {call.params["bill_date"] for call in merchants.calls("goodlife/lbs/bill/query/v2")}
    assert max(days) == "2026-11-20"
    assert "rejected" not in {call.outcome for call in merchants.calls()}


# -- tokens ---------------------------------------------------------------------------------------


def test_each_gateway_has_a_grant_of_its_own_and_both_rotate(merchants):
    merchants.run("orders", "items")
    merchants.clock.sleep(3 * DAY)
    merchants.run("orders", "items")
    assert {token["refresh"] for token in merchants.stored()} == {
        f"sandbox-refresh-{prefix}{name}-3" for name in merchants.names for prefix in ("", "shop-")
    }


def test_without_one_grant_the_streams_of_the_other_gateway_are_read(merchants, caplog):
    for account in merchants.config["accounts"]:
        del account["shop_refresh_token"]
    messages = merchants.run("orders", "items", fails=True)
    assert messages.records("items")
    assert not messages.records("orders")
    assert "neither shop_refresh_token nor shop_code" in caplog.text


def test_a_dead_grant_of_one_gateway_leaves_the_other(merchants, caplog):
    merchants.run("orders", "items")
    merchants.forget_tokens()
    merchants.clock.sleep(400)
    for account in merchants.config["accounts"]:
        account["refresh_token"] = account["refresh_token"].removesuffix("1") + "2"
    messages = merchants.run("orders", "items", fails=True)
    assert messages.records("items")
    assert not messages.records("orders")
    assert "let the merchant authorise the app again" in caplog.text


def test_a_wrong_sign_secret_says_what_to_check(merchants, caplog):
    messages = merchants.run("orders", "items", sign_secret="quite-another", fails=True)
    assert messages.records("items")
    assert "check sign_secret and sign_method" in caplog.text
    assert "quite-another" not in caplog.text


def test_an_agent_asks_for_the_token_of_a_merchant(merchants):
    accounts = [{"id": name, "merchant_id": name} for name in merchants.names]
    messages = merchants.run("items", accounts=accounts)
    assert merchants.wrong(messages, "items") == []
    merchants.clock.sleep(3 * DAY)
    assert merchants.run("items", accounts=accounts).records("items")
    assert len(merchants.calls("token/accessToken")) == 4


def test_codes_are_exchanged_once(merchants):
    accounts = [
        {"id": name, "code": f"sandbox-code-{name}", "shop_code": f"sandbox-code-shop-{name}"}
        for name in merchants.names
    ]
    merchants.run("orders", "items", accounts=accounts)
    merchants.clock.sleep(3 * DAY)
    messages = merchants.run("orders", "items", accounts=accounts)
    assert messages.records("items")
    assert messages.records("orders")


def test_one_app_may_serve_both_gateways(tap):
    request = tap.client.build(Account("1"), "open.locallife.order.page", {}, "t", tap.clock.now())
    assert request.query["appkey"] == "ks700000000000000001"
    assert request.host == "https://openapi.kwaixiaodian.com"
    assert json.loads(request.query["param"]) == {}
