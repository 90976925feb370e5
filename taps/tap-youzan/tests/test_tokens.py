"""Tokens of both kinds of app: handed out for a shop, and rotating."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from sandbox.platforms.youzan import TOOL

from .conftest import GRACE

TOKEN = "auth/token"
DAY = 86_400


@pytest.fixture
def tool(shops):
    """The same shops through an app of the market."""
    shops.config |= {
        "app_key": TOOL[0],
        "app_secret": TOOL[1],
        "accounts": [
            {"id": name, "refresh_token": f"sandbox-refresh-{name}-1"} for name in shops.names
        ],
    }
    return shops


# -- self-built -----------------------------------------------------------------------------------


def test_a_self_built_app_is_given_a_token_for_its_shop_and_keeps_it(shops):
    shops.run("shops")
    first = shops.calls(TOKEN)
    assert [(c.params["authorize_type"], c.params["refresh"]) for c in first] == [
        ("silent", False)
    ] * len(shops.names)
    shops.box.clear_requests()
    shops.run("shops")
    assert shops.calls(TOKEN) == []
    for file in Path(shops.config["token_store"]).glob("*.json"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_refused_token_is_replaced_by_force(shops):
    shops.run("shops")
    shops.box.expire_tokens(shops.slug)
    shops.box.clear_requests()
    messages = shops.run("orders")
    assert messages.records("orders")
    assert {call.params["refresh"] for call in shops.calls(TOKEN)} == {True}
    assert len(shops.calls(TOKEN)) == len(shops.names)


def test_an_unknown_shop_fails_alone_with_the_next_step(shops, caplog):
    accounts = [{"id": "1"}, *shops.config["accounts"]]
    messages = shops.run("shops", accounts=accounts, fails=True)
    assert {r["_account"] for r in messages.records("shops")} == set(shops.names)
    assert "check app_key, app_secret and the account's id" in caplog.text


def test_a_wrong_secret_says_what_to_check(shops, caplog):
    shops.run("shops", app_secret="quite-another", fails=True)
    assert "check app_key, app_secret" in caplog.text
    assert "quite-another" not in caplog.text


# -- of the market --------------------------------------------------------------------------------


def test_a_tool_app_rotates_its_refresh_token_and_stores_the_new_one(tool):
    tool.run("shops")
    assert {token["refresh"] for token in tool.stored()} == {
        f"sandbox-refresh-{name}-2" for name in tool.names
    }
    tool.clock.sleep(8 * DAY)  # an access token lives for seven
    tool.run("shops")
    assert {token["refresh"] for token in tool.stored()} == {
        f"sandbox-refresh-{name}-3" for name in tool.names
    }


def test_a_grant_that_ended_says_who_must_do_what(tool, caplog):
    tool.run("shops")
    tool.clock.sleep(29 * DAY)
    messages = tool.run("shops", fails=True)
    assert messages.records("shops") == []
    assert "let the merchant authorise the app again" in caplog.text


def test_a_lost_store_within_the_grace_is_survived_and_after_it_told(tool):
    tool.run("shops")
    tool.forget_tokens()
    assert tool.run("shops").records("shops")
    tool.forget_tokens()
    tool.clock.sleep(GRACE + 1)
    assert "shops of" in str(tool.run("shops", fails=True).error)


def test_a_code_is_exchanged_once_and_its_refresh_token_goes_on(tool):
    name = tool.names[0]
    accounts = [{"id": name, "code": f"sandbox-code-{name}"}]
    tool.run("shops", accounts=accounts)
    tool.clock.sleep(8 * DAY)
    assert tool.run("shops", accounts=accounts).records("shops")
    assert [call.params["authorize_type"] for call in tool.calls(TOKEN)] == [
        "authorization_code",
        "refresh_token",
    ]


def test_the_token_of_another_shop_is_not_taken_for_this_one(tool, caplog):
    first, second = tool.names
    accounts = [{"id": first, "refresh_token": f"sandbox-refresh-{second}-1"}]
    messages = tool.run("shops", accounts=accounts, fails=True)
    assert messages.records("shops") == []
    assert f"belongs to shop {second}" in caplog.text


def test_no_secret_of_a_tool_app_leaves_the_process(tool, caplog):
    tool.box.set_faults(cut=0.2, expire=0.1, throttle=0.1)
    with caplog.at_level("DEBUG"):
        messages = tool.run("orders", "shops")
    written = json.dumps(messages.all) + caplog.text
    assert len(tool.secrets()) > 4
    assert [secret for secret in tool.secrets() if secret in written] == []
