"""Tokens of both kinds of app: handed out for a shop, and rotating."""

from __future__ import annotations

import pytest
from sandbox.platforms.douyin_shop import TOOL

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


def asked(shops):
    return [(call.api, call.params) for call in shops.calls() if call.api.startswith("token.")]


def test_a_self_built_app_asks_for_its_shop_and_again_when_the_token_ended(shops):
    assert shops.run("brands").records("brands")
    shops.box.expire_tokens(shops.slug)
    assert shops.run("brands").records("brands")
    shops.clock.sleep(8 * DAY)
    assert shops.run("brands").records("brands")
    wanted = [
        ("token.create", {"code": "", "grant_type": "authorization_self", "shop_id": name})
        for name in shops.names
    ]
    assert sorted(asked(shops), key=str) == sorted(wanted * 3, key=str)


def test_the_token_of_a_test_shop_is_asked_for_as_such(shops):
    name = shops.names[0]
    assert shops.run("brands", accounts=[{"id": name}], test_shop=True).records("brands")
    ((_, params),) = asked(shops)
    assert (params["shop_id"], params["test_shop"]) == (name, "1")


def test_another_subject_than_a_shop_is_named_by_its_kind(shops):
    name = shops.names[0]
    accounts = [{"id": name, "auth_subject_type": "YunCang"}]
    assert shops.run("warehouses", accounts=accounts).records("warehouses")
    ((_, params),) = asked(shops)
    assert (params["auth_id"], params["auth_subject_type"]) == (name, "YunCang")
    assert "shop_id" not in params


def test_a_tool_app_rotates_both_tokens_in_the_last_minutes_of_the_old_ones(tool):
    tool.run("brands")
    first = {token["refresh"] for token in tool.stored()}
    tool.clock.sleep(6 * DAY)
    tool.box.clear_requests()
    tool.run("brands")
    assert asked(tool) == []
    tool.clock.sleep(2 * DAY)
    tool.run("brands")
    assert {token["refresh"] for token in tool.stored()}.isdisjoint(first)
    assert {api for api, _ in asked(tool)} == {"token.refresh"}


def test_a_code_is_exchanged_once_and_its_refresh_token_goes_on(tool):
    name = tool.names[0]
    accounts = [{"id": name, "code": f"sandbox-code-{name}"}]
    tool.run("brands", accounts=accounts)
    tool.clock.sleep(8 * DAY)
    assert tool.run("brands", accounts=accounts).records("brands")
    kinds = [params["grant_type"] for _, params in asked(tool)]
    assert kinds == ["authorization_code", "refresh_token"]


def test_a_shop_that_did_not_authorise_fails_alone_with_the_next_step(shops, caplog):
    accounts = [{"id": "1"}, *shops.config["accounts"]]
    messages = shops.run("brands", accounts=accounts, fails=True)
    assert {record["_account"] for record in messages.records("brands")} == set(shops.names)
    assert "authorise the app for this shop in the console" in caplog.text


def test_a_grant_that_ended_says_who_must_do_what(tool, caplog):
    accounts = [{"id": tool.names[0], "refresh_token": "sandbox-refresh-unknown"}]
    assert tool.run("brands", accounts=accounts, fails=True).records("brands") == []
    assert "let the merchant authorise the app again" in caplog.text
    assert "sandbox-refresh-unknown" not in caplog.text


def test_the_grant_of_another_shop_is_not_taken_for_this_one(tool, caplog):
    first, second = tool.names
    accounts = [{"id": first, "refresh_token": f"sandbox-refresh-{second}-1"}]
    tool.run("brands", accounts=accounts, fails=True)
    assert f"belongs to shop {second}" in caplog.text


def test_an_absolute_end_of_a_token_is_understood(shops):
    def absolute(call, reply):
        if call.api != "token.create":
            return reply
        moment = str(int(shops.box.world.clock.now()) + 7 * DAY).encode()
        return type(reply)(reply.body.replace(b'"expires_in":604800', b'"expires_in":' + moment))

    shops.change_answers(absolute)
    shops.run("brands")
    assert {token["expires"] for token in shops.stored()} == {"2026-11-28T09:40:00.000Z"}
