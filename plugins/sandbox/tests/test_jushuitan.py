"""聚水潭: signatures, clock, tokens, windows, pages and limits, over HTTP."""

from __future__ import annotations

import json

import pytest
import requests
from sandbox import ManualClock, Sandbox, SandboxSettings
from sandbox.platforms.jushuitan import PARTNER, app_of, sign, sign_old

NOW = 1_795_254_000
MERCHANT = "12252001"
ORDERS = "orders.single.query"
WEEK = {"modified_begin": "2026-11-15 00:00:01", "modified_end": "2026-11-22 00:00:00"}


class Merchant:
    """A client of one merchant's own app."""

    def __init__(self, box):
        self.base = box.base_url("jushuitan")
        self.app, self.secret = app_of(MERCHANT)
        self.clock = box.world.clock
        answer = self.grant("getInitToken", code="abcdef")
        self.token = answer["data"]["access_token"]

    def signed(self, path, **fields):
        stamp = str(int(self.clock.now()))
        fields = {"app_key": self.app, "timestamp": stamp, "charset": "utf-8", **fields}
        fields.setdefault("sign", sign(fields, self.secret))
        return requests.post(f"{self.base}{path}", data=fields, timeout=5).json()

    def grant(self, name, **fields):
        kind = "refresh_token" if name == "refreshToken" else "authorization_code"
        return self.signed(f"/openWeb/auth/{name}", grant_type=kind, **fields)

    def call(self, method, **biz):
        path = f"/open/{method.replace('.', '/')}"
        return self.signed(path, access_token=self.token, version="2", biz=json.dumps(biz))

    def old(self, method, **biz):
        query = {"method": method, "partnerid": PARTNER[0], "token": f"sandbox-token-{MERCHANT}"}
        query["ts"] = str(NOW)
        query["sign"] = sign_old(query, PARTNER[1])
        url = f"{self.base}/api/open/query.aspx"
        return requests.post(url, params=query, json=biz, timeout=5).json()


@pytest.fixture
def box():
    with Sandbox(SandboxSettings(size=200, limits=False, clock=ManualClock(NOW))) as running:
        yield running


@pytest.fixture
def merchant(box):
    return Merchant(box)


def test_what_is_not_signed_or_not_of_this_hour_is_refused(merchant, box):
    assert merchant.signed("/open/shops/query", version="2", biz="{}", sign="x")["code"] == 10
    late = merchant.signed("/open/shops/query", version="2", biz="{}", timestamp="1700000000")
    assert late["code"] == 140
    box.advance(31 * 86_400)
    assert merchant.call(ORDERS, **WEEK)["code"] == 100


def test_a_new_token_ends_the_one_before(merchant):
    before = merchant.token
    refreshed = merchant.grant(
        "refreshToken", refresh_token=f"sandbox-refresh-{MERCHANT}-1", scope="all"
    )
    assert merchant.call("shops.query")["code"] == 100
    merchant.token = refreshed["data"]["access_token"]
    assert merchant.token != before
    assert merchant.call("shops.query")["code"] == 0


@pytest.mark.parametrize(
    "biz",
    [
        {},
        {"modified_begin": "2026-11-15 00:00:00"},
        {**WEEK, "modified_begin": "2026-11-15 00:00:00"},
        {**WEEK, "modified_end": "2026-11-22"},
        {**WEEK, "page_size": 51},
        {**WEEK, "page_index": 0},
        {"o_ids": ["9340001"]},
        {"o_ids": list(range(21))},
    ],
)
def test_what_the_orders_are_not_asked_for_with(merchant, biz):
    assert merchant.call(ORDERS, **biz)["code"] == -1


def test_both_generations_tell_the_same_in_their_own_form(merchant):
    new = merchant.call(ORDERS, **WEEK, page_size=50)["data"]
    old = merchant.old(ORDERS, **WEEK, page_size=50)
    assert old["issuccess"] is True
    assert old["orders"] == new["orders"]
    assert (old["data_count"], old["has_next"]) == (new["data_count"], new["has_next"])
    assert len(new["orders"]) > 20
    assert "data_count" not in merchant.call("inventory.query", **WEEK)["data"]


def test_a_row_version_brings_itself_and_all_that_is_newer_in_order(merchant):
    first = merchant.call(ORDERS, start_ts=1, page_size=50, is_get_total=False)["data"]
    assert "data_count" not in first
    versions = [order["ts"] for order in first["orders"]]
    assert versions == sorted(versions)
    following = merchant.call(ORDERS, start_ts=versions[-1], page_size=50)["data"]["orders"]
    assert following[0] == first["orders"][-1]


def test_five_a_second_and_a_hundred_a_minute(merchant, box):
    box.set_limits(active=True)
    codes = [merchant.call("shops.query")["code"] for _ in range(6)]
    assert codes == [0] * 5 + [199]
    for _ in range(19):
        box.advance(1)
        assert {merchant.call("shops.query")["code"] for _ in range(5)} == {0}
    box.advance(1)
    assert merchant.call("shops.query")["code"] == 200
