"""The signature: worked examples of the documentation, and an independent implementation."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
from hypothesis import given, strategies as st
from openplatform.accounts import Account
from sandbox.platforms.kuaishou_shop import sign as sandbox_sign
from tap_kuaishou_shop.client import sign
from tap_kuaishou_shop.tap import TapKuaishouShop

SECRET = "sandboxSignSecret01"
ORDERS = {
    "access_token": "ChFvYXV0aC5hY2Nlc3NUb2tlbhJ4AAA",
    "appkey": "ks700000000000000001",
    "method": "open.order.cursor.list",
    "param": '{"beginTime":1700000000000,"cursor":"","endTime":1700086400000,"orderViewStatus":1,"pageSize":50,"queryType":2,"sort":2}',
    "timestamp": "1700086405123",
    "version": "1",
}
SHOP = {**ORDERS, "method": "open.shop.info.get", "param": "{}", "timestamp": "1700086405456"}


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        (ORDERS | {"signMethod": "HMAC_SHA256"}, "aILU6DrfiSvxgSNcTd8pHbGWGutNqZRg7Q70lhjZEhs="),
        (ORDERS | {"signMethod": "MD5"}, "0c91d1fb7d22d3a757258fd8ee587d0f"),
        (SHOP | {"signMethod": "MD5"}, "f516492b210e392856439c7c24426778"),
    ],
)
def test_the_worked_examples(parameters, wanted):
    assert sign(parameters, SECRET) == wanted


@pytest.mark.parametrize(
    ("method", "wanted"),
    [
        ("HMAC_SHA256", "aILU6DrfiSvxgSNcTd8pHbGWGutNqZRg7Q70lhjZEhs="),
        ("MD5", "0c91d1fb7d22d3a757258fd8ee587d0f"),
    ],
)
def test_a_call_is_built_as_in_the_worked_example(tap, method, wanted):
    client = TapKuaishouShop(config={**tap.config, "sign_method": method}).client
    moment = datetime(2023, 11, 15, 22, 13, 25, 123000, tzinfo=timezone.utc)
    request = client.build(
        Account("12342323"),
        ORDERS["method"],
        json.loads(ORDERS["param"]),
        ORDERS["access_token"],
        moment,
    )
    assert (request.method, request.path, request.body) == ("GET", "/open/order/cursor/list", None)
    assert request.query == ORDERS | {"signMethod": method, "sign": wanted}


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
