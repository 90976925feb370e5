"""Tokens: rotation, codes, and grants that are dead."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

import pytest
import requests
from sandbox.platforms.kuaishou_shop import APP_KEY, APP_SECRET

from .conftest import GRACE

REFRESH = "oauth2.refresh_token"
DAY = 86_400


def test_the_first_run_rotates_the_refresh_token_and_stores_the_new_one(shops):
    shops.run("sellers")
    tokens = shops.stored()
    assert {token["refresh"] for token in tokens} == {
        f"sandbox-refresh-{name}-2" for name in shops.names
    }
    for file in Path(shops.config["token_store"]).glob("*.json"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_second_run_uses_the_stored_token(shops):
    shops.run("sellers")
    shops.box.clear_requests()
    shops.run("sellers")
    assert shops.calls(REFRESH) == []


def test_the_chain_goes_on_from_the_stored_refresh_token(shops):
    shops.run("sellers")
    shops.clock.sleep(3 * DAY)  # an access token lives for two
    shops.run("sellers")
    assert {token["refresh"] for token in shops.stored()} == {
        f"sandbox-refresh-{name}-3" for name in shops.names
    }


def test_the_end_of_the_grant_is_inherited(shops):
    shops.run("sellers")
    first = {token["refresh_expires"] for token in shops.stored()}
    shops.clock.sleep(30 * DAY)
    shops.run("sellers")
    assert {token["refresh_expires"][:16] for token in shops.stored()} == {
        text[:16] for text in first
    }


def test_a_token_that_dies_in_the_middle_is_refreshed_once(shops):
    shops.run("sellers")
    shops.box.expire_tokens(shops.slug)
    shops.box.clear_requests()
    messages = shops.run("orders")
    assert shops.wrong(messages, "orders") == []
    assert len(shops.calls(REFRESH)) == len(shops.names)


def test_a_grant_that_ended_fails_its_shop_with_the_next_step_and_the_other_goes_on(shops):
    shops.run("sellers")
    bad, good = shops.config["accounts"]
    accounts = [{**bad, "refresh_token": "sandbox-refresh-unknown"}, good]
    messages = shops.run("sellers", accounts=accounts, fails=True)
    assert [r["_account"] for r in messages.records("sellers")] == [good["id"]]
    assert f"sellers of {bad['id']}" in str(messages.error)


def test_the_log_says_what_to_do_about_a_dead_grant(shops, caplog):
    accounts = [{"id": shops.names[0], "refresh_token": "sandbox-refresh-unknown"}]
    with caplog.at_level(logging.ERROR):
        shops.run("sellers", accounts=accounts, fails=True)
    assert "let the merchant authorise the app again" in caplog.text
    assert "sandbox-refresh-unknown" not in caplog.text


def test_a_discarded_refresh_token_is_tried_once_only(shops):
    shops.run("sellers")
    shops.forget_tokens()  # as if another installation had rotated them
    shops.clock.sleep(GRACE + 1)
    shops.box.clear_requests()
    messages = shops.run("sellers", fails=True)
    assert messages.records("sellers") == []
    assert len(shops.calls(REFRESH)) == len(shops.names)


def test_after_180_days_a_person_must_authorise_again(shops):
    shops.run("sellers")
    shops.clock.sleep(181 * DAY)
    messages = shops.run("sellers", fails=True)
    assert "sellers of" in str(messages.error)


def test_an_answer_that_was_lost_on_its_way_does_not_lose_the_grant(shops):
    account = shops.config["accounts"][0]
    lost = {
        "app_id": APP_KEY,
        "app_secret": APP_SECRET,
        "grant_type": "refresh_token",
        "refresh_token": account["refresh_token"],
    }
    url = f"{shops.config['base_url']}/oauth2/refresh_token"
    assert requests.post(url, data=lost, timeout=10).json()["result"] == 1
    # For minutes the platform still takes the old one, so the next try wins the chain back.
    messages = shops.run("sellers", accounts=[account])
    assert len(messages.records("sellers")) == 1


def test_a_new_refresh_token_in_the_settings_replaces_the_chain(shops):
    shops.run("sellers")
    name = shops.names[0]
    again = [{"id": name, "refresh_token": f"sandbox-refresh-{name}-2"}]
    shops.box.clear_requests()
    messages = shops.run("sellers", accounts=again)
    assert len(messages.records("sellers")) == 1
    assert len(shops.calls(REFRESH)) == 1


def test_a_code_is_exchanged_once_and_its_refresh_token_goes_on(shops):
    name = shops.names[0]
    accounts = [{"id": name, "code": f"sandbox-code-{name}"}]
    shops.run("sellers", accounts=accounts)
    assert len(shops.calls("oauth2.access_token")) == 1
    shops.clock.sleep(3 * DAY)
    messages = shops.run("sellers", accounts=accounts)
    assert len(messages.records("sellers")) == 1
    assert len(shops.calls("oauth2.access_token")) == 1
    assert len(shops.calls(REFRESH)) == 1


def test_an_account_without_any_credential_says_so(shops, caplog):
    shops.run("sellers", accounts=[{"id": shops.names[0]}], fails=True)
    assert "it has neither refresh_token nor code" in caplog.text


@pytest.mark.parametrize(
    ("setting", "advice"),
    [
        ("sign_secret", "check sign_secret"),
        ("app_secret", "check app_key and app_secret"),
        ("app_key", "check app_key and app_secret"),
    ],
)
def test_a_wrong_secret_names_the_setting(shops, caplog, setting, advice):
    shops.run("sellers", fails=True, **{setting: "quite-another"})
    assert advice in caplog.text


def test_two_weeks_before_the_grant_ends_the_log_says_so(shops, caplog):
    shops.run("sellers")
    shops.clock.sleep(160 * DAY)
    shops.run("sellers")
    assert "authorisation ends" not in caplog.text
    shops.clock.sleep(7 * DAY)
    shops.run("sellers")
    assert caplog.text.count("its authorisation ends at 2027-05-20") == len(shops.names)
