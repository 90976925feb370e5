"""Tokens as OAuth answers tell them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from openplatform.errors import FatalError
from openplatform.oauth import granted
from openplatform.signing import hmac_sha1, sign_pairs
from openplatform.tokens import Token

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


def test_all_that_is_told():
    body = {"access_token": "a", "expires_in": "3600", "refresh_token": "r"}
    body["refresh_token_expires_in"] = 7200
    token = granted(body, now=NOW, where="here", before=None)
    assert token == Token("a", NOW + HOUR, "r", NOW + 2 * HOUR)


def test_what_is_not_told_stays_as_it_was():
    before = Token("old", NOW, "kept", NOW + 5 * HOUR)
    token = granted({"access_token": "a", "expires_in": 60}, now=NOW, where="here", before=before)
    assert (token.refresh, token.refresh_expires) == ("kept", NOW + 5 * HOUR)
    alone = granted({"access_token": "a", "expires_in": 60}, now=NOW, where="here", before=None)
    assert (alone.refresh, alone.refresh_expires) == ("", None)


@pytest.mark.parametrize("body", [{}, {"access_token": "a"}, {"expires_in": 1}])
def test_an_answer_without_a_token_says_where(body):
    with pytest.raises(FatalError, match="here"):
        granted(body, now=NOW, where="here", before=None)


def test_signatures():
    # RFC 2202, test case 2.
    assert hmac_sha1("Jefe", "what do ya want for nothing?").hex() == (
        "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
    )
    pairs = {"b": "2", "a": "1"}
    # md5 and HMAC-SHA256 of "a=1&b=2&key=s".
    assert sign_pairs(pairs, "s", name="key", method="MD5") == "c7564e0d05cacaf0baa8d1240e7c1ca5"
    assert (
        sign_pairs(pairs, "s", name="key", method="HMAC_SHA256")
        == "8GjdJtUOBZ8Q/0+Fi/dGALiOoaDrfgL5ISC1nqlabwg="
    )
