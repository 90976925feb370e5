"""Tokens of apps of one's own, which refresh, and of the market's, which may not."""

from __future__ import annotations

import pytest
from sandbox.platforms.jushuitan import MARKET, sign as sandbox_sign
from tap_jushuitan.client import sign

DAY = 86_400
SECRET = "demoSecret0001"
COMMON = {"app_key": "demoAppKey0001", "timestamp": "1700000000", "charset": "utf-8"}


@pytest.fixture
def market(merchants):
    """The same merchants through an app of the market."""
    accounts = [{"id": name, "code": f"sandbox-code-{name}"} for name in merchants.names]
    merchants.config |= {"app_key": MARKET[0], "app_secret": MARKET[1], "accounts": accounts}
    return merchants


def grants(trial):
    return [call.api.rpartition("/")[2] for call in trial.calls() if "auth" in call.api]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (
            {"grant_type": "authorization_code", "code": "a1b2c3"},
            "1ec86e31d1e64f2b0a6813bbdb4c82c0",
        ),
        (
            {
                "grant_type": "refresh_token",
                "refresh_token": "demoRefresh0001",
                "scope": "all",
            },
            "5ae3c3b806ca397b6dfa4446fee25699",
        ),
    ],
)
def test_the_worked_examples_of_token_calls(asked, wanted):
    fields = {**COMMON, **asked}
    assert sign(fields, SECRET) == sandbox_sign(fields, SECRET) == wanted
    assert sign({**fields, "sign": "x", "empty": ""}, SECRET) == wanted


def test_an_own_app_asks_once_and_then_refreshes(merchants):
    merchants.run("shops")
    assert grants(merchants) == ["getInitToken"] * 2
    merchants.box.clear_requests()
    merchants.run("shops")
    assert grants(merchants) == []
    merchants.clock.sleep(31 * DAY)
    merchants.run("shops")
    assert grants(merchants) == ["refreshToken"] * 2


def test_an_own_app_whose_refresh_is_refused_asks_anew(merchants):
    merchants.run("shops")
    merchants.clock.sleep(400 * DAY)
    merchants.box.clear_requests()
    assert merchants.run("shops").records("shops")
    assert sorted(grants(merchants)) == ["getInitToken"] * 2 + ["refreshToken"] * 2


def test_an_app_of_the_market_exchanges_its_code_once(market):
    market.run("shops")
    assert grants(market) == ["accessToken"] * 2
    assert market.run("shops").records("shops")
    assert grants(market) == ["accessToken"] * 2


def test_an_app_of_the_market_may_not_refresh_and_says_who_must_do_what(market, caplog):
    market.run("shops")
    market.clock.sleep(31 * DAY)
    messages = market.run("shops", fails=True)
    assert messages.records("shops") == []
    assert "let the merchant authorise the app again" in caplog.text


def test_without_any_app_the_account_says_what_is_missing(merchants, caplog):
    merchants.run("shops", accounts=[{"id": "1"}], fails=True)
    assert "app_key or app_secret is missing" in caplog.text
