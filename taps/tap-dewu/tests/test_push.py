"""Push messages of 得物: the worked example, the sandbox's, and what is not genuine."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
from hypothesis import given, strategies as st
from openplatform.errors import ConfigurationError
from openplatform.push import PushRefusedError, PushRequest
from sandbox.platforms.dewu.pushes import sealed
from tap_dewu.push import DewuPush, key_of

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=timezone.utc)
# Made with Java's SHA1PRNG, and opened by a receiver that is in production.
SECRET = "5d41402abc4b2a76b9719d911017c592aaaabbbbccccddddeeeeffff00001111"
WORKED = "vPYUkiwOMXDf/gIb5iH49yXZM4VJhfjdqz++2Xk7jgYsJIcGsyEITIZIHqNAr2T+"


def push(secret=SECRET):
    return DewuPush({"app_secret": secret, "account": "efMZ"})


def request(body, method="POST"):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return PushRequest(method, {}, {}, raw, NOW)


def event(kind, content):
    (only,) = push().answer(request({"type": kind, "msg": sealed(SECRET, content)})).events
    return only


def test_the_worked_example():
    assert key_of(SECRET).hex() == "a5a8653785d4ac871aad6c1157c8e49c"
    answer = push().answer(request({"type": "ORDER_CREATED", "name": "x", "msg": WORKED}))
    (one,) = answer.events
    assert (one.account, one.stream, one.id) == ("efMZ", "orders", "110100000001")
    assert (one.kind, one.at) == ("ORDER_CREATED", NOW)
    assert json.loads(answer.body) == {"orderNo": "110100000001", "orderStatus": 2000}
    assert json.loads(answer.reply)["code"] == 200


@pytest.mark.parametrize(
    ("kind", "content", "stream", "identifier"),
    [
        ("ORDER_QUALITY_BAD", {"orderNo": "1"}, "orders", "1"),
        ("REFUND_ORDER", {"orderNo": 1}, "orders", "1"),
        ("SELLER_CANCEL_RESULT", {"sellerBiddingNo": "B1", "remainQuantity": 0}, "biddings", "B1"),
        ("SOMETHING_NEW", {"odd": [1]}, "", ""),
    ],
)
def test_the_content_tells_the_stream_and_the_id(kind, content, stream, identifier):
    one = event(kind, content)
    assert (one.stream, one.id, one.kind) == (stream, identifier, kind)


def test_repetitions_have_one_key_and_other_messages_another():
    first = event("ORDER_CREATED", {"orderNo": "1"})
    assert first.key == event("ORDER_CREATED", {"orderNo": "1"}).key
    assert first.key != event("ORDER_BUYER_CANCEL", {"orderNo": "1"}).key
    assert first.key != event("ORDER_CREATED", {"orderNo": "2"}).key


@pytest.mark.parametrize(
    "body",
    [
        {"type": "ORDER_CREATED", "msg": WORKED[:-4] + "AAA="},
        {"type": "ORDER_CREATED", "msg": WORKED[4:]},
        {"type": "ORDER_CREATED", "msg": ""},
        {"type": "ORDER_CREATED"},
        {"msg": {"orderNo": "1"}},
        b"",
        b"[]",
    ],
)
def test_what_is_not_genuine_is_refused_without_quoting_a_secret(body):
    with pytest.raises(PushRefusedError) as refused:
        push().answer(request(body))
    assert refused.value.status in {400, 403}
    assert SECRET not in str(refused.value)


def test_another_secret_opens_nothing():
    with pytest.raises(PushRefusedError):
        push("another").answer(request({"type": "ORDER_CREATED", "msg": WORKED}))


def test_an_address_that_is_only_looked_at_is_no_message():
    with pytest.raises(PushRefusedError) as refused:
        push().answer(request(b"", method="GET"))
    assert refused.value.status == 405


@given(st.binary(max_size=200))
def test_whatever_else_comes_is_refused(body):
    with pytest.raises(PushRefusedError):
        push().answer(request(body))


@pytest.mark.parametrize("values", [{}, {"app_secret": "a"}, {"account": "b"}])
def test_a_missing_setting_is_named(values):
    with pytest.raises(ConfigurationError, match="is missing"):
        DewuPush(values)
