"""What 1688 pushes: forms that are signed with the app's secret."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, strategies as st
from openplatform.push import PushRefusedError, PushRequest
from sandbox import ManualClock, SandboxSettings
from sandbox.pushes import Change
from sandbox.world import World
from tap_alibaba1688.client import sign
from tap_alibaba1688.push import Alibaba1688Push

SECRET = "test123"
NOW = datetime(2026, 11, 21, 9, 40, tzinfo=timezone.utc)
OBSERVED = (Path(__file__).parent / "samples" / "push_order_pay.json").read_text(encoding="utf-8")


def push():
    return Alibaba1688Push({"app_key": "1000000", "app_secret": SECRET})


def request(message, signature=None, method="POST"):
    signed = sign("", {"message": message}, SECRET) if signature is None else signature
    body = urlencode({"message": message, "_aop_signature": signed}).encode()
    return PushRequest(method, {}, {}, body, NOW)


def event(**content):
    (only,) = push().answer(request(json.dumps(content))).events
    return only


def test_the_observed_message():
    answer = push().answer(request(OBSERVED))
    (one,) = answer.events
    assert (one.account, one.stream) == ("b2b-1676547900b7bb3", "seller_orders")
    assert one.id == "167539019420540000"
    assert (one.kind, one.key) == ("ORDER_BUYER_VIEW_ORDER_PAY", "7565094247")
    assert one.at == datetime(2020, 4, 7, 2, 51, 9, 437000, tzinfo=timezone.utc)
    assert answer.body == OBSERVED.encode()


def test_whose_side_it_is_tells_the_member_that_it_is_for():
    sides = {"sellerMemberId": "b2b-1", "buyerMemberId": "b2b-2", "orderId": 7}
    kind = "ORDER_BUYER_VIEW_BUYER_MAKE"
    assert event(type=kind, userInfo="b2b-1", data=sides).stream == "seller_orders"
    assert event(type=kind, userInfo="b2b-2", data=sides).stream == "buyer_orders"


@pytest.mark.parametrize(
    "content",
    [
        {"type": "PRODUCT_RELATION_VIEW_PRODUCT_NEW_OR_MODIFY", "bizKey": "7", "data": {}},
        {"type": "LOGISTICS_BUYER_VIEW_TRACE", "bizKey": "7", "data": "odd"},
        {"type": "ORDER_BATCH_PAY", "bizKey": "7", "data": {"batchPay": []}},
        {"bizKey": 7},
    ],
)
def test_what_no_order_stream_holds_is_kept_all_the_same(content):
    one = event(**content)
    assert (one.stream, one.id) == ("", "7")
    assert one.at == NOW


@pytest.mark.parametrize("signature", ["", "x", "é", sign("", {"message": OBSERVED}, "another")])
def test_what_is_not_genuine_is_refused_without_quoting_a_secret(signature):
    with pytest.raises(PushRefusedError) as refused:
        push().answer(request(OBSERVED, signature))
    assert refused.value.status == 403
    assert SECRET not in str(refused.value)


def test_a_signature_in_small_letters_is_the_same():
    assert push().answer(request(OBSERVED, sign("", {"message": OBSERVED}, SECRET).lower())).events


def test_an_address_that_is_only_looked_at_is_no_message():
    with pytest.raises(PushRefusedError) as refused:
        push().answer(request(OBSERVED, method="GET"))
    assert refused.value.status == 405


@given(st.binary(max_size=200))
def test_whatever_else_comes_is_refused(body):
    with pytest.raises(PushRefusedError):
        push().answer(PushRequest("POST", {}, {}, body, NOW))


def test_what_the_simulator_pushes_is_understood():
    world = World(SandboxSettings(size=20, clock=ManualClock(NOW)))
    platform = world.platform("alibaba1688")
    account, announcer = platform.accounts[0], platform.announcer
    data = platform.dataset(account, "seller_orders")
    change = Change(data, data.update(0, int(NOW.timestamp() * 1000)), "update", 1, NOW.timestamp())
    letter = announcer.seal(account, announcer.message(change), 0, NOW.timestamp())
    headers = {name.lower(): value for name, value in letter.headers.items()}
    query = dict(parse_qsl(letter.query))
    settings = announcer.gates(platform.accounts)["alibaba1688"]
    answer = Alibaba1688Push(settings).answer(
        PushRequest(letter.method, query, headers, letter.body, NOW)
    )
    (one,) = answer.events
    assert (one.account, one.stream, one.id) == (account, "seller_orders", change.key)
    assert announcer.taken(200, answer.reply)
