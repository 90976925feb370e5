"""What is odd about the streams of 得物, and what a careless reading would break."""

from __future__ import annotations

import pytest
from conformance.trial import resting_tap
from hypothesis import given, strategies as st
from sandbox.platforms.dewu import OWN, sign as sandbox_sign
from tap_dewu.client import sign
from tap_dewu.tap import TapDewu

from .test_conformance import FACTS

DAY = 86_400
ORDERS = "/dop/api/v1/order/generic_increment"


def test_an_hour_is_asked_for_at_a_time_unless_more_is_allowed(merchants):
    del merchants.config["increment_window"]
    merchants.run("orders", start_date="2026-11-20T00:00:00+08:00", window_records=1000)
    spans = {
        (c.params["start_modified"], c.params["end_modified"]) for c in merchants.calls(ORDERS)
    }
    assert ("2026-11-20 00:00:00", "2026-11-20 01:00:00") in spans
    merchants.box.clear_requests()
    merchants.run("orders", start_date="2026-11-20T00:00:00+08:00", increment_window="1d")
    assert len(merchants.calls(ORDERS)) < len(spans)


def test_a_record_without_a_known_number_is_known_by_its_content(merchants):
    plain = merchants.run("storage_stock").records("storage_stock")
    assert all(len(record["id"]) == 32 for record in plain)
    assert len({(record["_account"], record["id"]) for record in plain}) == len(plain)
    named = merchants.run("storage_stock", keys={"storage_stock": "stock_no"})
    records = named.records("storage_stock")
    assert all(record["id"] == record["content"]["stock_no"] for record in records)
    assert len(records) == len(plain)


@pytest.mark.parametrize(("settings", "verb"), [({}, "GET"), ({"get_apis": []}, "POST")])
def test_how_an_api_is_asked_is_a_setting_where_nobody_tells(tmp_path, settings, verb):
    tap = resting_tap(TapDewu, {**FACTS.settings, **settings}, tmp_path)
    api = tap.platform_streams["bills"].api
    request = tap.client.build(tap.settings.accounts[0], api, {}, "token", tap.clock.now())
    assert request.method == verb
    assert bool(request.body) == (verb == "POST")


def test_an_article_that_many_ordered_is_asked_for_once(merchants):
    messages = merchants.run("products")
    calls = merchants.calls("/dop/api/v1/spu/batch_article_number")
    assert all(len(call.params["article_numbers"]) == 1 for call in calls)
    assert len(calls) <= 2 * 12
    product = messages.records("products")[0]
    assert product["skus"][0]["properties"]["尺码"]


def test_bids_that_vanish_are_marked_after_two_reads_without_them(merchants):
    first = merchants.run("biddings")
    gone = merchants.box.mutate(merchants.slug, merchants.names[0], "biddings", "delete", count=2)
    merchants.clock.sleep(3600)
    second = merchants.run("biddings", state=first.state)
    assert not set(gone) & set(second.latest("biddings", merchants.names[0]))
    merchants.clock.sleep(3600)
    third = merchants.run("biddings", state=second.state)
    assert third.activations("biddings")


def test_amounts_are_fen_in_orders_and_yuan_in_settlements(merchants):
    messages = merchants.run("orders", "settlements", increment_window="1d")
    order, row = messages.records("orders")[0], messages.records("settlements")[0]
    assert isinstance(order["sku_price"], int)
    assert "." in row["sku_price"]
    assert order["properties"]["尺码"] == "42"


# -- tokens ----------------------------------------------------------------------------------------


def test_a_refresh_token_stays_and_tells_how_long(merchants):
    merchants.run("biddings")
    first = merchants.stored()
    merchants.clock.sleep(2 * DAY)
    merchants.run("biddings")
    second = merchants.stored()
    assert {t["refresh"] for t in first} == {t["refresh"] for t in second}
    assert {t["access"] for t in first}.isdisjoint(t["access"] for t in second)
    ends = {token["refresh_expires"][:10] for token in first + second}
    assert len(ends) == 1, "its life is not made longer"


def test_an_authorisation_that_has_ended_says_who_must_do_what(merchants, caplog):
    merchants.run("biddings")
    merchants.clock.sleep(181 * DAY)
    assert merchants.run("biddings", fails=True).records("biddings") == []
    assert "let the merchant authorise the app again" in caplog.text


def test_a_code_is_exchanged_once(merchants):
    name = merchants.names[0]
    accounts = [{"id": name, "code": f"sandbox-code-{name}"}]
    merchants.run("biddings", accounts=accounts)
    merchants.clock.sleep(2 * DAY)
    assert merchants.run("biddings", accounts=accounts).records("biddings")
    assert [c.api for c in merchants.calls() if "oauth2" in c.api] == [
        "oauth2/token",
        "oauth2/refresh_token",
    ]


def test_a_merchants_own_app_needs_no_token(merchants):
    settings = {"app_key": OWN[0], "app_secret": OWN[1], "accounts": [{"id": merchants.names[0]}]}
    messages = merchants.run("biddings", **settings)
    assert set(messages.latest("biddings", merchants.names[0])) == {
        row.key for row in merchants.box.truth(merchants.slug, merchants.names[0], "biddings")
    }
    assert all("access_token" not in call.params for call in merchants.calls())
    assert {c.api for c in merchants.calls()} == {"/dop/api/v1/bidding/generic_list"}


def test_an_account_without_a_grant_is_told_once_the_platform_wants_a_token(merchants, caplog):
    merchants.run("biddings", accounts=[{"id": merchants.names[0]}], fails=True)
    assert "it is no app of its own" in caplog.text


# -- signature -------------------------------------------------------------------------------------

TEXT = st.text('aB9 红é壳&=+/%*~"{}\n', max_size=20)
NAMES = st.text("aZ_09xyz", min_size=1, max_size=8)
VALUE = TEXT | st.integers() | st.booleans() | st.none()
VALUES = VALUE | st.lists(TEXT.filter(bool), min_size=1, max_size=3)  # what is empty is not sent


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_it_agrees_with_the_sandbox_on_any_values(parameters):
    shuffled = dict(reversed(parameters.items()))
    assert sign(shuffled, "s") == sandbox_sign({**parameters, "sign": "x"}, "s")


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), ({"b": 1, "a": "é /"}, '{"a":"é /","b":1}')]
)
def test_values_are_signed_as_text(value, text):
    from tap_dewu.client import signed_text

    assert signed_text(value) == text
