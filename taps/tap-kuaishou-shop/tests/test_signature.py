"""The signature: worked examples of the documentation, and an independent implementation."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from openplatform.accounts import Account
from sandbox.platforms.kuaishou_shop import sign as sandbox_sign
from tap_kuaishou_shop.client import sign

from .test_conformance import ORDERS, SIGNATURES

SECRET = "sandboxSignSecret01"
SHOP = {**ORDERS, "method": "open.shop.info.get", "param": "{}", "timestamp": "1700086405456"}


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        *((ORDERS | {"signMethod": method}, wanted) for method, wanted in SIGNATURES.items()),
        (SHOP | {"signMethod": "MD5"}, "f516492b210e392856439c7c24426778"),
    ],
)
def test_the_worked_examples(parameters, wanted):
    assert sign(parameters, SECRET) == wanted


def test_hmac_is_what_is_signed_with_by_default(tap):
    request = tap.client.build(Account("1"), "open.shop.info.get", {}, "t", tap.clock.now())
    assert request.query["signMethod"] == "HMAC_SHA256"
    assert request.query["param"] == "{}"


@given(
    param=st.text(st.characters(codec="utf-8", exclude_categories=["Cs"])),
    token=st.text(st.characters(min_codepoint=33, max_codepoint=126)),
    secret=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1),
    method=st.sampled_from(["HMAC_SHA256", "MD5"]),
)
def test_it_agrees_with_the_sandbox_on_any_text(param, token, secret, method):
    parameters = {**ORDERS, "param": param, "access_token": token, "signMethod": method}
    shuffled = dict(reversed(parameters.items()))
    assert sign(shuffled, secret) == sandbox_sign(parameters, secret)
