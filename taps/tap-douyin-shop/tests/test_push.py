"""Push messages of 抖店: the sheet's worked example, and what is not genuine."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timezone

import pytest
from hypothesis import given, strategies as st
from openplatform.errors import ConfigurationError
from openplatform.push import PushRefusedError, PushRequest
from tap_douyin_shop.push import DouyinShopPush

from .test_conformance import APP_KEY, APP_SECRET

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=timezone.utc)
WORKED = (
    '[{"tag":"100","msg_id":"68f0b7e1","data":"{\\"biz\\":2,\\"create_time\\":1700000000,'
    '\\"order_status\\":1,\\"order_type\\":0,\\"p_id\\":6936476692437472563,'
    '\\"s_ids\\":[6936476692437472563],\\"shop_id\\":4463798}"}]'
)
WORKED_SIGN = "99d68a126c5751028d37f6876b08a93f"


def push():
    return DouyinShopPush({"app_key": APP_KEY, "app_secret": APP_SECRET})


def request(body, sign=None, method="POST", app=APP_KEY):
    raw = body if isinstance(body, bytes) else body.encode()
    headers = {"app-id": app} | ({} if sign is None else {"event-sign": sign})
    return PushRequest(method, {}, headers, raw, NOW)


def signed(content):
    body = json.dumps(content, ensure_ascii=False)
    return request(body, hashlib.md5(f"{APP_KEY}{body}{APP_SECRET}".encode()).hexdigest())


def events(*messages):
    return push().answer(signed(list(messages))).events


def message(tag, msg_id="m1", **data):
    return {"tag": tag, "msg_id": msg_id, "data": json.dumps({"shop_id": 4463798, **data})}


def test_the_worked_example():
    answer = push().answer(request(WORKED, WORKED_SIGN))
    (one,) = answer.events
    assert (one.account, one.stream, one.id) == ("4463798", "orders", "6936476692437472563")
    assert (one.kind, one.key) == ("100", "68f0b7e1")
    assert one.at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)
    assert json.loads(answer.reply) == {"code": 0, "msg": "success"}
    assert answer.body == WORKED.encode()


@pytest.mark.parametrize(
    "bad",
    [
        request(WORKED, WORKED_SIGN.replace("9", "8", 1)),
        request(WORKED, ""),
        request(WORKED, "é"),
        request(WORKED, None),
        request(WORKED + " ", WORKED_SIGN),
        request(WORKED.replace("100", "101", 1), WORKED_SIGN),
        request(WORKED, WORKED_SIGN, app="7000000000000000002"),
        request(b"\xff", WORKED_SIGN),
        signed(["no message"]),
        signed(7),
    ],
)
def test_what_is_not_genuine_is_refused_without_quoting_a_secret(bad):
    with pytest.raises(PushRefusedError) as refused:
        push().answer(bad)
    assert refused.value.status in {400, 403}
    assert APP_SECRET not in str(refused.value)


def test_an_address_that_is_only_looked_at_is_no_message():
    with pytest.raises(PushRefusedError) as refused:
        push().answer(request("", method="GET"))
    assert refused.value.status == 405


@pytest.mark.parametrize(
    ("told", "stream", "identifier"),
    [
        (message("101", p_id=6936476692437472563, pay_time=1700000010), "orders", "6936476692437472563"),
        (message("102", p_id=1), "orders", "1"),
        (message("110", p_id=1), "orders", "1"),
        (message("206", p_id=1, aftersale_id=7), "refunds", "7"),
        (message("206", p_id=1), "", ""),
        (message("400", product_id=3660207428038974464), "items", "3660207428038974464"),
        (message("999", p_id=1), "", "1"),
        (message("0"), "", ""),
        ({"tag": "100", "msg_id": "m", "data": "no json"}, "", ""),
        ({"tag": None, "data": ["odd"]}, "", ""),
    ],
)  # fmt: skip
def test_a_tag_tells_the_stream_and_the_id(told, stream, identifier):
    (one,) = events(told)
    assert (one.stream, one.id) == (stream, identifier)


def test_several_messages_come_at_once_and_repetitions_have_one_key():
    first, second = message("100", "m1", p_id=1), message("101", "m2", p_id=1)
    assert [one.key for one in events(first, second)] == ["m1", "m2"]
    nameless = {name: value for name, value in first.items() if name != "msg_id"}
    assert events(nameless)[0].key == events(nameless)[0].key
    assert events(nameless)[0].key != events({**nameless, "tag": "101"})[0].key
    assert events(nameless)[0].at == NOW


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(["tag", "msg_id", "data", "x"])


@given(st.lists(st.dictionaries(FIELDS, JSON), max_size=3))
def test_whatever_genuine_messages_hold_each_is_an_event(content):
    found = push().answer(signed(content)).events
    assert len(found) == len(content)
    for one in found:
        texts = (one.account, one.stream, one.id, one.kind, one.key)
        assert all(isinstance(text, str) for text in texts)
        assert one.at.tzinfo is not None


@given(st.binary(max_size=200), st.none() | st.text(max_size=40))
def test_whatever_else_comes_is_refused(body, sign):
    with pytest.raises(PushRefusedError):
        push().answer(request(body, sign))


def test_a_missing_setting_is_named():
    with pytest.raises(ConfigurationError, match="app_secret is missing"):
        DouyinShopPush({"app_key": "a"})
