"""Tokens: by the router and at the older address, rotating, and grants that are dead."""

from __future__ import annotations

import pytest
from singer_sdk.exceptions import ConfigValidationError

ROUTER = "pdd.pop.auth.token."
DAY = 86_400


@pytest.fixture(params=["router", "oauth"])
def either(shops, request):
    shops.config["token_api"] = request.param
    return shops


def asked(shops):
    return [call for call in shops.calls() if "token" in call.api]


def test_the_refresh_token_rotates_and_the_new_one_is_stored(either):
    assert either.run("shops").records("shops")
    either.clock.sleep(2 * DAY)
    assert either.run("shops").records("shops")
    assert {token["refresh"] for token in either.stored()} == {
        f"sandbox-refresh-{name}-3" for name in either.names
    }
    names = {call.api for call in asked(either)}
    router = either.config["token_api"] == "router"
    assert names == ({f"{ROUTER}refresh"} if router else {"oauth/token"})


def test_a_code_is_exchanged_once_and_its_refresh_token_goes_on(either):
    name = either.names[0]
    accounts = [{"id": name, "code": f"sandbox-code-{name}"}]
    either.run("shops", accounts=accounts)
    either.clock.sleep(2 * DAY)
    assert either.run("shops", accounts=accounts).records("shops")
    kinds = ["code" in call.params for call in asked(either)]
    assert kinds == [True, False]


def test_a_refresh_does_not_prolong_the_grant_and_its_end_is_told(shops, caplog):
    shops.run("shops")
    first = {token["refresh_expires"] for token in shops.stored()}
    shops.clock.sleep(17 * DAY)
    shops.run("shops")
    assert {token["refresh_expires"] for token in shops.stored()} == first
    assert caplog.text.count("its authorisation ends at") == len(shops.names)
    shops.clock.sleep(14 * DAY)
    shops.run("shops", fails=True)
    assert "check its credentials" in caplog.text


def test_the_grant_of_another_shop_is_not_taken_for_this_one(shops, caplog):
    first, second = shops.names
    accounts = [{"id": first, "refresh_token": f"sandbox-refresh-{second}-1"}]
    assert shops.run("shops", accounts=accounts, fails=True).records("shops") == []
    assert f"belongs to shop {second}" in caplog.text


def test_an_account_without_any_credential_says_so(shops, caplog):
    shops.run("shops", accounts=[{"id": shops.names[0]}], fails=True)
    assert "it has neither refresh_token nor code" in caplog.text


def test_an_unknown_way_to_tokens_is_told_at_once(shops):
    with pytest.raises(ConfigValidationError) as caught:
        shops.run("shops", token_api="letters")
    assert "letters" in str(caught.value.errors)
