"""Tokens: both are new ones each time."""

from __future__ import annotations

DAY = 86_400
REFRESH = "oauth2/authorize/refresh_token"


def test_both_tokens_rotate_and_the_new_ones_are_stored(users):
    users.run("fund_balances")
    first = {(token["access"], token["refresh"]) for token in users.stored()}
    users.clock.sleep(2 * DAY)
    assert users.run("fund_balances").records("fund_balances")
    second = {(token["access"], token["refresh"]) for token in users.stored()}
    assert first.isdisjoint(second)
    assert {refresh for _, refresh in second} == {
        f"sandbox-refresh-{name}-3" for name in users.names
    }
    assert len(users.calls(REFRESH)) == 2 * len(users.names)


def test_a_code_is_exchanged_once_and_its_refresh_token_goes_on(users):
    name = users.names[0]
    accounts = [{"id": name, "code": f"sandbox-code-{name}"}]
    users.run("advertisers", accounts=accounts)
    users.clock.sleep(2 * DAY)
    assert users.run("advertisers", accounts=accounts).records("advertisers")
    assert len(users.calls("oauth2/authorize/access_token")) == 1
    assert len(users.calls(REFRESH)) == 1


def test_a_discarded_refresh_token_says_who_must_do_what(users, caplog):
    accounts = [{"id": users.names[0], "refresh_token": "sandbox-refresh-unknown"}]
    messages = users.run("advertisers", accounts=accounts, fails=True)
    assert messages.records("advertisers") == []
    assert "let the advertiser authorise the app again" in caplog.text
    assert "sandbox-refresh-unknown" not in caplog.text


def test_an_account_without_any_credential_says_so(users, caplog):
    users.run("advertisers", accounts=[{"id": users.names[0]}], fails=True)
    assert "it has neither refresh_token nor code" in caplog.text
