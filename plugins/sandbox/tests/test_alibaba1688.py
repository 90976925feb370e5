"""1688: the signature, tokens, pages and both forms of refusals, over HTTP."""

from __future__ import annotations

import pytest
import requests
from sandbox import ManualClock, Sandbox, SandboxSettings
from sandbox.platforms.alibaba1688 import APP_KEY, APP_SECRET, sign

NOW = 1_795_254_000
MEMBER = "b2b-162300001"
TRADE = "com.alibaba.trade/alibaba.trade"
ORDERS = f"{TRADE}.getSellerOrderList"


class Member:
    """A client of one member."""

    def __init__(self, box):
        self.base = box.base_url("alibaba1688")
        self.token = self.grant("refresh_token", refresh_token=f"sandbox-refresh-{MEMBER}-1")[1][
            "access_token"
        ]

    def grant(self, kind, name="getToken", protocol="http/1", **fields):
        fields = {"client_id": APP_KEY, "client_secret": APP_SECRET, "grant_type": kind, **fields}
        url = f"{self.base}/openapi/{protocol}/system.oauth2/{name}/{APP_KEY}"
        reply = requests.post(url, data=fields, timeout=5)
        return reply.status_code, reply.json()

    def call(self, api, **fields):
        path = f"param2/1/{api}/{APP_KEY}"
        fields = {"access_token": self.token} | {n: str(v) for n, v in fields.items()}
        fields.setdefault("_aop_signature", sign(path, fields, APP_SECRET))
        reply = requests.post(f"{self.base}/openapi/{path}", data=fields, timeout=5)
        return reply.status_code, reply.json()


@pytest.fixture
def box():
    with Sandbox(SandboxSettings(size=120, limits=False, clock=ManualClock(NOW))) as running:
        yield running


@pytest.fixture
def member(box):
    return Member(box)


def test_the_official_example_of_a_signature():
    path = "param2/1/system/currentTime/1000000"
    assert sign(path, {"b": "2", "a": "1"}, "test123") == "33E54F4F7B989E3E0E912D3FBD2F1A03CA7CCE88"


def test_the_gateway_refuses_with_a_status_and_the_apis_do_not(member, box):
    assert member.call(ORDERS, _aop_signature="X")[1]["error_code"] == "gw.SignatureInvalid"
    assert member.call(f"{TRADE}.getNothing")[1]["error_code"] == "gw.APIACLDecline"
    status, body = member.call(f"{TRADE}.get.sellerView", webSite="1688", orderId="7")
    assert (status, body["errorCode"]) == (200, "003")
    box.advance(11 * 3600)
    status, body = member.call(ORDERS)
    assert (status, body["error_code"]) == (401, "401")


def test_pages_of_orders_begin_at_1_and_those_of_refunds_at_0(member):
    first, second = (member.call(ORDERS, page=page, pageSize=20)[1] for page in (1, 2))
    assert first["totalRecord"] == 120
    assert len(first["result"]) == len(second["result"]) == 20
    assert first["result"][-1] != second["result"][0]
    assert member.call(ORDERS, pageSize=21)[0] == 400
    api = f"{TRADE}.refund.queryOrderRefundList"
    begin = member.call(api, dipsuteType=0)[1]["result"]
    assert begin["currentPageNum"] == 0
    same = member.call(api, dipsuteType=0, currentPageNum=0)[1]["result"]
    assert same["opOrderRefundModels"] == begin["opOrderRefundModels"]


def test_a_window_is_written_with_milliseconds_and_its_offset(member):
    window = {
        "modifyStartTime": "20261120000000000+0800",
        "modifyEndTime": "20261121000000000+0800",
    }
    status, body = member.call(ORDERS, **window)
    assert status == 200
    assert 0 < body["totalRecord"] < 120
    assert member.call(ORDERS, modifyStartTime="2026-11-20 00:00:00")[0] == 400


def test_a_refresh_token_stays_and_is_prolonged_in_its_last_month_only(member, box):
    value = f"sandbox-refresh-{MEMBER}-1"
    again = member.grant("refresh_token", refresh_token=value)[1]
    assert again["expires_in"] == "36000"
    assert "refresh_token" not in again
    asked = {"name": "postponeToken", "protocol": "param2/1", "refresh_token": value}
    assert member.grant("", **asked, access_token=member.token)[0] == 400
    box.advance(155 * 86_400)
    status, body = member.grant("", **asked, access_token=member.token)
    assert (status, body["refresh_token"]) == (200, f"sandbox-refresh-{MEMBER}-2")
