"""Push messages of 有赞: the sheet's worked example, the official SDK's, and what is not genuine."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime, timezone
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, strategies as st
from openplatform.errors import ConfigurationError
from openplatform.push import PushRefusedError, PushRequest
from tap_youzan.push import YouzanPush

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=timezone.utc)
CLIENT, SECRET = "yzdemoclient01", "yzdemosecret01"
WORKED = (
    '{"client_id":"yzdemoclient01","id":"E20240601120000000100001","kdt_id":10000001,'
    '"kdt_name":"演示店铺","mode":1,"msg":"%7B%22tid%22%3A%22E20240601120000000100001%22%2C'
    '%22update_time%22%3A%222024-06-01%2012%3A30%3A00%22%7D","sendCount":0,'
    '"status":"TRADE_SUCCESS","test":false,"type":"trade_TradeSuccess","version":1717216200}'
)
WORKED_SIGN = "46e3f150b403321e7ae33fd9a1db2404"
# examples/crypto/decrypt.php of the official SDK.
OFFICIAL_SECRET = "def00000b1228e0f6ba8ef96be9"
OFFICIAL = (
    "zanO3UZzEA5Fm6qKsCq6rJ70VoKdiqXDfgdqGvzOfIZ%2FVNB%2FUHuG7%2F6TxdL6NQIVkO8CFm20whTivoPj4%2B"
    "6nXLAoe9J%2BZc42nRAbkTg5GruMl8RohxSDS0%2F99FwGtLW9TmMbxs554ZWVaRaiB5KaHF%2FNTzuLHyEtrLB2xu"
    "8Y%2BAnMN%2FVVVO9PPgO8o1BSAuvJdNXa1%2ButpG%2BRSSSMbxXrvCkRC34X7kCK1z5Xg51r%2Fym8nxrrSFn2c4"
    "R3rMRxKQAMmzRfGBkcQ9XayS31oT5DNy0h5pWzP8W5pe9naUguCiPIIAqGmBo8etlIn1Y1FHAU"
)


def push(secret=SECRET):
    return YouzanPush({"app_key": CLIENT, "app_secret": secret})


def request(body, sign=None, method="POST", **headers):
    given = {} if sign is None else {"event-sign": sign}
    raw = body if isinstance(body, bytes) else body.encode()
    return PushRequest(method, {}, given | headers, raw, NOW)


def signed(**content):
    body = json.dumps({"client_id": CLIENT, "kdt_id": 42583152, **content}, ensure_ascii=False)
    return request(body, hashlib.md5(f"{CLIENT}{body}{SECRET}".encode()).hexdigest())


def event(**content):
    (only,) = push().answer(signed(**content)).events
    return only


def test_the_worked_example():
    answer = push().answer(request(WORKED, WORKED_SIGN))
    (one,) = answer.events
    assert (one.account, one.stream, one.id) == ("10000001", "orders", "E20240601120000000100001")
    assert one.kind == "trade_TradeSuccess"
    assert one.at == datetime(2024, 6, 1, 4, 30, tzinfo=timezone.utc)
    assert b"success" in answer.reply
    assert answer.body == WORKED.encode()


@pytest.mark.parametrize(
    ("body", "sign"),
    [
        (WORKED, WORKED_SIGN.replace("4", "5", 1)),
        (WORKED, ""),
        (WORKED, "é"),
        (WORKED.replace("SUCCESS", "CLOSED"), WORKED_SIGN),
        (WORKED + " ", WORKED_SIGN),
        (WORKED, None),
        (b"\xff\xfe", WORKED_SIGN),
        ("", None),
        ("{}", None),
        ("message=", None),
    ],
)
def test_what_is_not_genuine_is_refused_without_quoting_a_secret(body, sign):
    with pytest.raises(PushRefusedError) as refused:
        push().answer(request(body, sign))
    assert refused.value.status in {400, 403}
    assert SECRET not in str(refused.value)
    assert "success" not in str(refused.value)


def test_an_address_that_is_only_looked_at_is_no_message():
    with pytest.raises(PushRefusedError) as refused:
        push().answer(request("", method="GET"))
    assert refused.value.status == 405


@pytest.mark.parametrize(
    "wrapped",
    [
        OFFICIAL,
        json.dumps({"message": OFFICIAL}),
        f"message={quote(OFFICIAL)}",
        f"message={OFFICIAL}",
    ],
)
def test_the_official_sdks_encrypted_message(wrapped):
    answer = push(OFFICIAL_SECRET).answer(request(wrapped))
    (one,) = answer.events
    assert (one.account, one.stream, one.id) == ("160", "", "E201905060000001")
    assert one.kind == "APP_SUBSCRIBE"
    assert one.at == datetime(2019, 5, 6, 10, 20, 32, tzinfo=timezone.utc)
    assert json.loads(answer.body)["skuVersionText"] == "试用版"
    with pytest.raises(PushRefusedError):
        push("another-secret-of-27-letters").answer(request(wrapped))


def test_padding_that_fits_by_chance_is_still_no_message():
    padder = padding.PKCS7(128).padder()
    cipher = Cipher(algorithms.AES(SECRET.encode()[:14] + b"xx"), modes.CBC(b"0102030405060708"))
    encryptor = cipher.encryptor()
    data = encryptor.update(padder.update(b"[1]") + padder.finalize()) + encryptor.finalize()
    key = (SECRET[:14] + "xx") * 2
    with pytest.raises(PushRefusedError):
        push(key).answer(request(base64.b64encode(data)))


@pytest.mark.parametrize(
    ("content", "stream", "identifier"),
    [
        ({"type": "trade_TradePaid", "id": "E1", "msg": quote('{"tid":"E1"}')}, "orders", "E1"),
        ({"type": "trade_TradeMemoModified", "id": "E1"}, "orders", "E1"),
        ({"type": "trade_refund_BuyerCreated", "id": "E1", "msg": quote('{"refund_id":"2026"}')},
         "refunds", "2026"),
        ({"type": "youzan_trade_RefundSuccess", "id": "E1", "msg": {"refund_id": "2026", "tid": "E1"}},
         "refunds", "2026"),
        ({"type": "ITEM_INFO", "id": "71", "msg": quote('{"item_id":71}')}, "items", "71"),
        ({"type": "youzan_item_SkuStockChanged", "id": "71", "msg": {"item_id": 71}}, "items", "71"),
        ({"type": "SCRM_CUSTOMER_EVENT", "id": "u", "msg": quote('{"yz_open_id":"u"}')}, "customers", "u"),
        ({"type": "POINTS", "id": "7"}, "", "7"),
        ({"type": "something_New", "id": "7", "msg": "no json"}, "", "7"),
        ({"type": "trade_TradePaid", "id": "E1", "test": True}, "", "E1"),
        ({"id": {"odd": 1}, "msg": ["odd"]}, "", ""),
    ],
)  # fmt: skip
def test_a_kind_tells_the_stream_and_the_id(content, stream, identifier):
    one = event(**content)
    assert (one.account, one.stream, one.id) == ("42583152", stream, identifier)


def test_repetitions_have_one_key_and_other_messages_another():
    first = {"type": "trade_TradePaid", "id": "E1", "version": 1, "msg": "{}"}
    assert event(**first).key == event(**first, sendCount=3).key
    for change in (
        {"version": 2},
        {"id": "E2"},
        {"type": "trade_TradeClose"},
        {"kdt_id": 2},
        {"msg": "{ }"},
    ):
        assert event(**{**first, **change}).key != event(**first).key
    named = {**first, "msg_id": "m1"}
    assert event(**named).key == event(**{**named, "sendCount": 1}).key
    assert event(**named).key != event(**{**named, "msg_id": "m2"}).key


def test_without_a_time_of_its_own_it_happened_when_it_came():
    assert event(type="POINTS", id="7").at == NOW
    assert event(type="POINTS", id="7", msg={"update_time": "soon"}).at == NOW


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    ["id", "type", "status", "msg", "msg_id", "version", "test", "kdt_id", "x"]
)


@given(st.dictionaries(FIELDS, JSON))
def test_whatever_a_genuine_message_holds_it_is_one_event(content):
    body = json.dumps(content)
    sign = hashlib.md5(f"{CLIENT}{body}{SECRET}".encode()).hexdigest()
    answer = push().answer(request(body, sign))
    (one,) = answer.events
    assert all(
        isinstance(text, str) for text in (one.account, one.stream, one.id, one.kind, one.key)
    )
    assert one.at.tzinfo is not None
    assert push().answer(request(body, sign)).events == (one,)


@given(st.binary(max_size=200), st.none() | st.text(max_size=40))
def test_whatever_else_comes_is_refused(body, sign):
    with pytest.raises(PushRefusedError):
        push().answer(request(body, sign))


@pytest.mark.parametrize("values", [{}, {"app_key": "a"}, {"app_key": "a", "app_secret": ""}])
def test_a_missing_setting_is_named(values):
    with pytest.raises(ConfigurationError, match=r"app_(key|secret) is missing"):
        YouzanPush(values)
    with pytest.raises(ConfigurationError, match="Unknown setting 'appkey'"):
        YouzanPush({"app_key": "a", "app_secret": "b", "appkey": "c"})
