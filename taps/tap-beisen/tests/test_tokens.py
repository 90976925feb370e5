"""The two ways to a token, and the two ways to read how long the older one lives."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from openplatform.errors import ConfigurationError
from tap_beisen.client import expires

SAMPLES = Path(__file__).parent / "samples"
NOW = datetime(2016, 11, 15, 15, 12, 24, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


def test_each_company_is_asked_in_the_way_of_its_credentials(companies):
    companies.run("organizations")
    new, old = companies.names
    # What is secret, the log of the sandbox hides.
    (asked,) = companies.calls("token", new)
    assert set(asked.params) == {"app_key", "app_secret", "grant_type"}
    (asked,) = companies.calls("OAuth/Token", old)
    assert set(asked.params) == {"app_id", "tenant_id", "secret", "grant_type"}
    assert asked.params["grant_type"] == "client_credentials"


@pytest.mark.parametrize(
    ("told", "lives"),
    [
        (7200, HOUR),
        ("1800", HOUR / 2),
        (str(int(NOW.timestamp()) + 1800), HOUR / 2),
        (8_400_000, HOUR),
        (None, HOUR),
        ("soon", HOUR),
    ],
)
def test_a_large_number_is_a_moment_and_a_small_one_are_seconds(told, lives):
    assert expires(told, NOW, HOUR) == NOW + lives


def test_the_recorded_answer_tells_a_moment():
    told = json.loads((SAMPLES / "token_oauth.json").read_text(encoding="utf-8"))["expires_in"]
    ends = datetime.fromtimestamp(1479202744, timezone.utc)
    assert expires(told, ends - HOUR / 2, HOUR) == ends


def test_a_company_without_credentials_is_told_before_any_call(companies):
    accounts = [{"id": companies.names[0]}]
    with pytest.raises(ConfigurationError, match="app_key and app_secret of its connector"):
        companies.run("organizations", accounts=accounts)
    assert companies.calls() == []
