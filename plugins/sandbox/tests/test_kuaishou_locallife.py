"""快手本地生活: two gateways, their tokens and their refusals, over HTTP."""

from __future__ import annotations

import json

import pytest
import requests
from sandbox import ManualClock, Sandbox, SandboxSettings
from sandbox.platforms.kuaishou_locallife import APP, SHOP_APP, SIGN_SECRET
from sandbox.platforms.kuaishou_shop import sign

NOW = 1_795_254_000
NOW_MS = NOW * 1000
DAY_MS = 86_400_000
MERCHANT = "12342323"


class Merchant:
    """A client of one merchant on both gateways."""

    def __init__(self, box):
        self.base = box.base_url("kuaishou_locallife")
        self.token = self.grant()["access_token"]
        self.shop_token = self.shop_grant()["access_token"]

    def grant(self, app=APP, value=f"sandbox-refresh-{MERCHANT}-1"):
        query = {"app_id": app[0], "app_secret": app[1], "grant_type": "refresh_token"}
        url = f"{self.base}/oauth2/refresh_token"
        return requests.get(url, params={**query, "refresh_token": value}, timeout=5).json()

    def shop_grant(self):
        fields = {"app_id": SHOP_APP[0], "app_secret": SHOP_APP[1], "grant_type": "refresh_token"}
        fields["refresh_token"] = f"sandbox-refresh-shop-{MERCHANT}-1"
        return requests.post(f"{self.base}/oauth2/refresh_token", data=fields, timeout=5).json()

    def goodlife(self, api, token=None, **body):
        headers = {"access-token": token or self.token}
        return requests.post(
            f"{self.base}/goodlife/{api}", json=body, headers=headers, timeout=5
        ).json()

    def orders(self, secret=SIGN_SECRET, token=None, **param):
        given = {
            "access_token": token or self.shop_token,
            "appkey": SHOP_APP[0],
            "method": "open.locallife.order.page",
            "param": json.dumps(param),
            "signMethod": "MD5",
            "timestamp": str(NOW_MS),
            "version": "1",
        }
        given["sign"] = sign(given, secret)
        url = f"{self.base}/open/locallife/order/page"
        return requests.get(url, params=given, timeout=5).json()


@pytest.fixture
def box():
    with Sandbox(SandboxSettings(size=100, limits=False, clock=ManualClock(NOW))) as running:
        yield running


@pytest.fixture
def merchant(box):
    return Merchant(box)


def week(days=7):
    return {"createTimeStart": NOW_MS - days * DAY_MS, "createTimeEnd": NOW_MS}


def test_orders_are_signed_and_a_week_long_at_the_most(merchant):
    whole = merchant.orders(**week(), pageNum=1, pageSize=200)
    assert whole["result"] == 1
    assert whole["data"]["total"] == len(whole["data"]["orderList"]) > 0
    assert merchant.orders(**week(), pageNum=1, pageSize=200, secret="x")["result"] == 28
    assert merchant.orders(**week(8), pageNum=1, pageSize=200)["result"] == 300004
    assert merchant.orders(**week(), pageNum=1, pageSize=201)["result"] == 100200100


def test_the_end_of_a_window_of_orders_is_exclusive(merchant):
    found = merchant.orders(**week(), pageNum=1, pageSize=200)["data"]["orderList"]
    newest, page = found[0]["createTime"], {"pageNum": 1, "pageSize": 200}
    for end, count in ((newest, 0), (newest + 1, 1)):
        window = {"createTimeStart": newest, "createTimeEnd": end}
        assert merchant.orders(**window, **page)["data"]["total"] == count


def test_a_token_of_one_gateway_is_none_of_the_other(merchant, box):
    api, body = "v1/merchant/subAccounts", {"current_page": 1, "page_size": 20}
    assert merchant.goodlife(api, **body)["data"]["error_code"] == 0
    assert merchant.goodlife(api, token=merchant.shop_token, **body)["result"] == 100200102
    assert merchant.orders(token=merchant.token)["result"] == 100200102
    assert merchant.grant()["result"] == 100200102, "used"
    assert merchant.grant(app=SHOP_APP)["result"] == 100200104, "by POST there"
    box.advance(3 * 86_400)
    assert merchant.goodlife(api, **body)["result"] == 100200108
    assert merchant.orders()["result"] == 21


def test_the_goodlife_gateway_hides_its_refusals_within(merchant, box):
    headers = {"access-token": merchant.token}
    url = f"{merchant.base}/goodlife/lbs/bill/query/v2"
    query = {"cursor": 0, "size": 200, "bill_date": "2026-11-21"}
    body = requests.get(url, params=query, headers=headers, timeout=5).json()
    assert (body["result"], body["data"]["error_code"]) == (1, 2190002)
    query["bill_date"] = "2026-11-20"
    body = requests.get(url, params=query, headers=headers, timeout=5).json()
    assert len(body["data"]["records"]) == 3
