"""The messages of 拼多多: the sheet's digest, an observed message, and what refuses a connection."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest
from end_to_end.messages import check_named
from hypothesis import given, strategies as st
from openplatform.errors import ConfigurationError, FatalError, TransientError
from openplatform.push import PushEvent, PushRefusedError, PushRequest
from tap_pinduoduo.push import PinduoduoPush

NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)
OBSERVED = json.loads(
    (Path(__file__).parent / "samples" / "push_refund_created.json").read_text(encoding="utf-8")
)
NUMBER = (1 << 53) + 1


@pytest.fixture
def line():
    return PinduoduoPush({"app_key": "app", "app_secret": "secret"}).dialogue()


def common(message, number=NUMBER, sent=1625637425100):
    content = {"id": number, "commandType": "Common", "sendTime": sent, "message": message}
    return json.dumps(content)


def test_the_address_is_signed_as_in_the_worked_example(line):
    assert int(NOW.timestamp() * 1000) == 1700000000000
    assert line.address(NOW) == (
        "wss://message-api.pinduoduo.com/message/app/1700000000000/"
        "OTgxODMwNDI2NWZiN2NiNzA2NzIxOTI0ZjJlMDMxMjE%3D"
    )
    values = {"app_key": "app", "app_secret": "secret", "base_url": "http://127.0.0.1:1/pinduoduo/"}
    elsewhere = PinduoduoPush(values).dialogue().address(NOW)
    assert elsewhere.startswith("ws://127.0.0.1:1/pinduoduo/message/app/1700000000000/")


def test_an_observed_message_is_understood_and_its_answer_prepared(line):
    heard = line.hear(common(OBSERVED), NOW)
    (event,) = heard.events
    at = datetime(2021, 7, 7, 5, 57, 5, 16_000, tzinfo=timezone.utc)
    assert event == PushEvent(
        account="171504183",
        stream="refund_details",
        id="210707-339507978993455/7381745730",
        kind="pdd_refund_RefundCreated",
        at=at,
        key=event.key,
    )
    common_part = {
        "id": NUMBER,
        "time": 1700000000000,
        "sendTime": 1625637425100,
        "type": "pdd_refund_RefundCreated",
        "mallID": 171504183,
    }
    assert [json.loads(one) for one in heard.reply] == [{**common_part, "commandType": "Ack"}]
    (failed,) = map(json.loads, heard.instead)
    assert failed == {**common_part, "commandType": "Fail", "failReason": "not stored"}


def test_repetitions_are_known_and_other_messages_differ(line):
    def key(message, **more):
        return line.hear(common(message, **more), NOW).events[0].key

    first = key(OBSERVED)
    assert key(OBSERVED, sent=1625637999999) == first  # the same, sent again
    assert key(OBSERVED, number=NUMBER + 1) != first
    # Numbers are told apart by days, so one may come back with another message.
    assert key({**OBSERVED, "type": "pdd_refund_RefundClosed"}) != first


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("pdd_trade_TradeSuccess", {"tid": "210707-1"}, ("orders", "210707-1")),
        ("pdd_goods_GoodsUpdate", {"goods_id": 7}, ("items", "7")),
        ("pdd_refund_RefundClosed", {"refund_id": 7}, ("", "")),
        ("pdd_chat_Something", {"tid": "1"}, ("", "")),
    ],
)
def test_messages_name_what_they_are_about(line, kind, content, expected):
    message = {"type": kind, "mallID": 1, "content": json.dumps(content)}
    (event,) = line.hear(common(message), NOW).events
    assert (event.stream, event.id) == expected
    assert event.at == datetime(2021, 7, 7, 5, 57, 5, 100_000, tzinfo=timezone.utc)


def test_heartbeats_go_and_come(line):
    (beat,) = map(json.loads, line.hello(NOW))
    assert beat == {"id": 1700000000000, "commandType": "HeartBeat", "time": 1700000000000}
    assert line.hear(json.dumps(beat), NOW).events == ()
    assert (line.beat_seconds, line.silence_seconds) == (5, 180)


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "[]",
        json.dumps({"commandType": "Fail", "message": "no such command"}),
        common({"type": "x", "mallID": 1, "content": "no json"}),
    ],
)
def test_what_makes_no_sense_is_not_answered(line, frame):
    with pytest.raises(PushRefusedError):
        line.hear(frame, NOW)


@pytest.mark.parametrize(("status", "error"), [(403, FatalError), (502, TransientError)])
def test_a_refused_connection_is_told_in_words(line, status, error):
    told = line.turned_away(status, {}, b"why not")
    assert type(told) is error
    assert f"HTTP {status}: why not" in str(told)


def test_nothing_comes_by_http_and_settings_are_asked_for():
    with pytest.raises(ConfigurationError, match="app_secret"):
        PinduoduoPush({"app_key": "app"})
    with pytest.raises(PushRefusedError) as refused:
        PinduoduoPush({"app_key": "app", "app_secret": "s"}).answer(
            PushRequest("POST", {}, {}, b"{}", NOW)
        )
    assert refused.value.status == 404


def test_what_a_message_names_is_asked_for_again(shops):
    streams = {
        "orders": ("orders", "order_sn"),
        "refunds": ("refund_details", "id"),
        "items": ("item_details", "goods_id"),
    }
    check_named(
        shops,
        lambda settings: PinduoduoPush(settings).dialogue(),
        streams,
        beside=("refunds", "items"),
    )


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    command=st.sampled_from(["Common", "HeartBeat", "Fail"]) | ANY,
    message=st.fixed_dictionaries(
        {}, optional={"type": ANY, "mallID": ANY, "content": ANY | ANY.map(json.dumps)}
    )
    | ANY,
    number=ANY,
)
def test_whatever_a_frame_holds_it_is_understood_or_refused(command, message, number):
    frame = {"id": number, "commandType": command, "sendTime": number, "message": message}
    line = PinduoduoPush({"app_key": "app", "app_secret": "secret"}).dialogue()
    try:
        heard = line.hear(json.dumps(frame), NOW)
    except PushRefusedError:
        return
    for one in heard.events:
        assert all(isinstance(text, str) for text in (one.account, one.id, one.kind, one.key))
