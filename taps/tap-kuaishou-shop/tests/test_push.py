"""Push messages of 快手小店: the sheet's worked example, and what is not genuine."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone

import pytest
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, strategies as st
from openplatform.errors import ConfigurationError
from openplatform.push import PushRefusedError, PushRequest
from tap_kuaishou_shop.push import KuaishouShopPush

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=timezone.utc)
KEY = "MDEyMzQ1Njc4OWFiY2RlZg=="
APP = "ks700000000000000001"
WORKED = (
    "dfeWYlIikAu1qaaojGdMcEMXubOI0qjqohiEU2r9QrSQjYAvcWl4/gtDFGs8dxw0a5rSY9Wy0wMyERoOSaA6MvgCxtKw"
    "SQYu7c0a8CKZAhnGWPhtdFfc8NKLR2ZPCcnz1R2KpW1qD2OyKu0NgqhRFSJsTMyqUd5Ri6IQ4+RF1N7850uIC9y0Tr40"
    "oDK6XO8tK0ZJ6v4ugsSK/DxaAt0uQAwTS5S7dtTtigwEfaME7D7YJvzc4NbhHEYdT6CxmECYVArkyozW5kyNN2rYPnMN"
    "pXcNmGWOS34GYYcgGjdVfb6sJD5q8R8g8SQ0V/6zOMR9RUiKwaP9ZKYcZu+Hr9j8nMP/Act2/xrgj7yyJcnxI2I="
)


def push(app=APP):
    return KuaishouShopPush({"app_key": app, "message_key": KEY})


def request(body, method="POST"):
    raw = body if isinstance(body, bytes) else body.encode()
    return PushRequest(method, {}, {}, raw, NOW)


def encrypted(content, key=KEY):
    plain = content if isinstance(content, bytes) else json.dumps(content).encode()
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(base64.b64decode(key)), modes.CBC(bytes(16))).encryptor()
    data = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    return request(base64.b64encode(data))


def event(**content):
    (only,) = push().answer(encrypted({"eventId": "1", "userId": 12342323, **content})).events
    return only


def test_the_worked_example():
    answer = push().answer(request(WORKED + "\n"))
    (one,) = answer.events
    assert (one.account, one.stream, one.id) == ("12342323", "orders", "2320500055556666")
    assert (one.kind, one.key) == ("kwaishop_order_addOrder", "267_2345_147402")
    assert one.at == datetime(2023, 11, 14, 22, 13, 20, 333000, tzinfo=timezone.utc)
    assert json.loads(answer.reply) == {"result": 1}
    assert json.loads(answer.body)["openId"] == "f198openidsample"


def test_the_heartbeat_is_acknowledged_and_nothing_more():
    answer = push().answer(encrypted({"test": True}))
    assert answer.events == ()
    assert json.loads(answer.reply) == {"result": 1}


@pytest.mark.parametrize(
    "bad",
    [
        request(""),
        request("no base64!"),
        request(b"\xff"),
        request(WORKED[:-8]),
        request("A" + WORKED[1:-2] + "A="),
        encrypted({"test": True}, key="ZmVkY2JhOTg3NjU0MzIxMA=="),
        encrypted(b"[1]"),
        encrypted(b"\xff"),
    ],
)
def test_all_that_is_not_genuine_is_refused_in_the_same_words(bad):
    with pytest.raises(PushRefusedError, match=r"^the message cannot be decrypted") as refused:
        push().answer(bad)
    assert refused.value.status == 403


def test_messages_for_another_app_and_other_methods_are_refused():
    with pytest.raises(PushRefusedError, match="another app"):
        push("ks1").answer(request(WORKED))
    with pytest.raises(PushRefusedError, match="POST"):
        push().answer(request("", "GET"))


@pytest.mark.parametrize(
    ("content", "stream", "identifier"),
    [
        ({"event": "kwaishop_order_addOrder", "bizId": 5, "info": '{"oid":2}'}, "orders", "2"),
        ({"event": "kwaishop_order_addOrder", "bizId": 2, "info": None}, "orders", "2"),
        (
            {"event": "kwaishop_refund_x", "bizId": 5, "info": '{"refundId":7,"oid":5}'},
            "refunds",
            "7",
        ),
        ({"event": "kwaishop_aftersales_x", "bizId": 7, "info": "no json"}, "refunds", "7"),
        ({"event": "kwaishop_item_x", "bizId": 9, "info": "{}"}, "items", "9"),
        ({"event": "kwaishop_new_thing", "bizId": 9}, "", "9"),
        ({"event": "odd", "bizId": None}, "", ""),
        ({"event": "kwaishop_order_addOrder", "bizId": 2, "test": True}, "", "2"),
    ],
)
def test_an_event_tells_the_stream_and_the_id(content, stream, identifier):
    one = event(**content)
    assert (one.account, one.stream, one.id) == ("12342323", stream, identifier)


def test_without_an_event_id_the_content_is_the_key():
    bare = {"eventId": None, "event": "kwaishop_order_addOrder", "bizId": 2}
    assert event(**bare).key == event(**bare).key
    assert event(**bare).key != event(**{**bare, "bizId": 3}).key
    assert event(**bare).at == NOW


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(["eventId", "bizId", "userId", "event", "info", "createTime", "test", "x"])


@given(st.dictionaries(FIELDS, JSON, min_size=2))
def test_whatever_a_genuine_message_holds_it_is_one_event(content):
    (one,) = push().answer(encrypted(content)).events
    assert all(
        isinstance(text, str) for text in (one.account, one.stream, one.id, one.kind, one.key)
    )
    assert one.at.tzinfo is not None


@given(st.binary(max_size=200))
def test_whatever_else_comes_is_refused(body):
    for text in (body, base64.b64encode(body)):
        with pytest.raises(PushRefusedError):
            push().answer(request(text))


@pytest.mark.parametrize("key", ["no base64", "MDEy", "MDEyMzQ1Njc4OWFiY2RlZg"])
def test_a_key_that_is_none_is_told_at_once(key):
    with pytest.raises(ConfigurationError, match="message_key is no AES key"):
        KuaishouShopPush({"app_key": APP, "message_key": key})
