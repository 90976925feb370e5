"""The signature: a client that others wrote, and any text."""

from __future__ import annotations

import json
import time

import msgspec
import pytest
from doudian import AppType, DouDian
from hypothesis import given, strategies as st
from sandbox.platforms.douyin_shop import sign as sandbox_sign
from tap_douyin_shop.client import sign

from .test_conformance import APP_KEY, APP_SECRET, EXAMPLES

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]))
KEYS = st.recursive(
    TEXT | st.integers(0, 1 << 62) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def signed(method, body, timestamp, how):
    query = {"app_key": APP_KEY, "method": method, "timestamp": timestamp, "v": "2"}
    query["sign_method"] = how
    return query, sign({**query, "param_json": body}, APP_SECRET)


@given(st.dictionaries(TEXT, KEYS, max_size=5), st.integers(1, 1 << 33))
def test_it_agrees_with_doudian_on_any_parameters(params, timestamp):
    theirs = DouDian(APP_KEY, APP_SECRET, AppType.TOOL)
    body = msgspec.json.Encoder(order="sorted").encode(params).decode()
    assert json.loads(body) == params
    _, ours = signed("order.searchList", body, str(timestamp), "hmac-sha256")
    assert ours == theirs._sign("order.searchList", body, str(timestamp))


@given(st.dictionaries(TEXT, KEYS, max_size=5), st.sampled_from(["hmac-sha256", "md5"]))
def test_it_agrees_with_the_sandbox_on_any_parameters(params, how):
    body = msgspec.json.Encoder(order="sorted").encode(params)
    query, ours = signed("sku.list", body.decode(), "1700000000", how)
    assert ours == sandbox_sign(APP_SECRET, query, body)


@pytest.fixture
def in_china(monkeypatch):
    """The machine's clock shows the time of Beijing."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Shanghai")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_china")
def test_doudian_reads_the_sandbox(shops):
    """It writes local times, and knows the old envelope."""
    theirs = DouDian(shops.config["app_key"], shops.config["app_secret"], AppType.TOOL)
    theirs._gate_way = shops.box.base_url(shops.slug)
    theirs._app_type, theirs._shop_id = AppType.SELF, shops.names[0]
    assert theirs.init_token()
    answer = theirs.request("/product/listV2", {"page": 1, "size": 100, "status": 0})
    wanted = {
        row.key
        for row in shops.box.truth(shops.slug, shops.names[0], "items")
        if row.record["status"] == 0
    }
    assert {str(one["product_id"]) for one in answer["data"]["data"]} == wanted
    theirs._app_secret = "another"
    assert theirs.request("/shop/brandList", {})["err_no"] == 40003


@pytest.mark.parametrize("method", EXAMPLES)
def test_the_body_is_what_is_signed_sorted_at_every_level_and_not_escaped(tap, method):
    params = {"z": {"b": "<&/>é中", "a": [{"y": 1, "x": None}]}, "a": 1, "gone": None}
    account = tap.settings.accounts[0]
    request = tap.client.build(account, method, params, "", tap.clock.now())
    assert request.body == '{"a":1,"z":{"a":[{"x":null,"y":1}],"b":"<&/>é中"}}'.encode()
    expected = sandbox_sign(APP_SECRET, request.query, request.body)
    assert request.query["sign"] == expected
