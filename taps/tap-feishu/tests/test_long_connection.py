"""The long connection of 飞书: frames beside those of the platform's own client, and refusals."""

from __future__ import annotations

import json
import warnings
from datetime import datetime, timezone

import pytest
from hypothesis import given, strategies as st
from openplatform.errors import ConfigurationError, FatalError, TransientError
from openplatform.push import PushRefusedError, PushRequest
from tap_feishu import frames
from tap_feishu.push import FeishuPush

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from lark_oapi.ws.pb.pbbp2_pb2 import Frame as Theirs

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=timezone.utc)
OWN = {"app_id": "cli_1", "app_secret": "s"}
URL = "wss://msg-frontier.feishu.cn/ws/v2?device_id=d1&service_id=33554678&access_key=k"
EVENT = {
    "schema": "2.0",
    "header": {
        "event_id": "5e3702a84e847582be8db7fb73283c02",
        "event_type": "contact.user.deleted_v3",
        "create_time": "1767225600000",
        "token": "rvaYgkND1GOiu5MM0E1rncYC6PLtF7JV",
        "app_id": "cli_9f5343c580712544",
        "tenant_key": "2ca1d211f64f6438",
    },
    "event": {"object": {"open_id": "ou_7dab8a3d3cdcc9da365777c7ad535d62"}},
}
PLAIN = json.dumps(EVENT).encode()


def theirs(payload=PLAIN, method=1, **headers):
    """A frame as the platform's own client writes it."""
    frame = Theirs(SeqID=1 << 40, LogID=(1 << 63) + 5, service=33554678, method=method)
    named = {"type": "event", "message_id": "m1", "trace_id": "t", "sum": "1", "seq": "0"} | headers
    for key, value in named.items():
        frame.headers.add(key=key, value=value)
    frame.payload = payload
    frame.payload_type = "json"
    frame.LogIDNew = "日志"
    return frame.SerializeToString()


@pytest.fixture
def line():
    opened = FeishuPush(OWN).dialogue()
    told = {"code": 0, "data": {"URL": URL, "ClientConfig": {"PingInterval": 90}}}
    opened.told(200, json.dumps(told).encode())
    return opened


def test_an_event_is_understood_and_answered_in_its_own_frame(line):
    heard = line.hear(theirs(), NOW)
    (event,) = heard.events
    assert (event.account, event.stream) == ("2ca1d211f64f6438", "users")
    assert event.id == "ou_7dab8a3d3cdcc9da365777c7ad535d62"
    assert event.key == "2ca1d211f64f6438/5e3702a84e847582be8db7fb73283c02"
    assert heard.body == PLAIN
    for (reply,), code in ((heard.reply, 200), (heard.instead, 500)):
        back = Theirs.FromString(reply)
        assert (back.SeqID, back.LogID, back.service) == (1 << 40, (1 << 63) + 5, 33554678)
        assert (back.method, back.payload_type, back.LogIDNew) == (1, "json", "日志")
        assert json.loads(back.payload) == {"code": code}
        headers = {one.key: one.value for one in back.headers}
        assert headers["message_id"] == "m1"
        assert headers["biz_rt"].isdigit()


def test_both_ways_of_delivery_name_an_event_alike(line):
    push = FeishuPush({"verification_token": EVENT["header"]["token"]})
    by_http = push.answer(PushRequest("POST", {}, {}, PLAIN, NOW)).events
    assert line.hear(theirs(), NOW).events == by_http


def test_a_message_in_pieces_is_put_together(line):
    pieces = [PLAIN[:100], PLAIN[100:200], PLAIN[200:]]
    frames_ = [theirs(piece, sum="3", seq=str(seq)) for seq, piece in enumerate(pieces)]
    for early in (2, 0):
        assert line.hear(frames_[early], NOW) == type(line.hear(frames_[early], NOW))()
    heard = line.hear(frames_[1], NOW)
    assert heard.body == PLAIN
    assert {one.key: one.value for one in Theirs.FromString(heard.reply[0]).headers}["seq"] == "1"


def test_pieces_that_never_end_do_not_fill_the_memory(line):
    for number in range(1000):
        line.hear(theirs(b"x", sum="2", message_id=f"m{number}"), NOW)
    assert len(line._parts) <= 101


def test_pings_are_those_of_the_platforms_own_client(line):
    (beat,) = line.hello(NOW)
    told = Theirs.FromString(beat)
    assert (told.method, told.service) == (0, 33554678)
    assert [(one.key, one.value) for one in told.headers] == [("type", "ping")]
    assert line.beat_seconds == 90
    conf = json.dumps({"PingInterval": 30, "ReconnectInterval": 7}).encode()
    assert line.hear(theirs(conf, 0, type="pong"), NOW).reply == ()
    assert (line.beat_seconds, line.longest_pause) == (30, 7)
    assert line.hear(theirs(b"", 0, type="pong"), NOW).events == ()


def test_cards_are_not_answered(line):
    assert line.hear(theirs(type="card"), NOW).reply == ()


@given(
    numbers=st.tuples(*[st.integers(0, (1 << 63) - 1)] * 2, *[st.integers(0, (1 << 31) - 1)] * 2),
    headers=st.dictionaries(st.text(), st.text(), max_size=5),
    payload=st.binary(max_size=300),
)
def test_frames_agree_with_the_platforms_own_client(numbers, headers, payload):
    ours = frames.Frame(*numbers, headers, payload)
    read = Theirs.FromString(frames.encode(ours))
    assert (read.SeqID, read.LogID, read.service, read.method) == numbers
    assert {one.key: one.value for one in read.headers} == headers
    assert read.payload == payload
    assert frames.decode(read.SerializeToString()) == ours


@given(st.binary(max_size=60))
def test_any_bytes_are_a_frame_or_refused(data):
    try:
        frames.decode(data)
    except PushRefusedError:
        return
    assert isinstance(frames.decode(data), frames.Frame)


@pytest.mark.parametrize("frame", ["text", b"\x08", theirs(b"no json"), theirs()[:-9]])
def test_what_makes_no_sense_is_not_answered(line, frame):
    with pytest.raises(PushRefusedError):
        line.hear(frame, NOW)


def test_the_address_is_asked_for():
    line = FeishuPush(OWN | {"base_url": "http://127.0.0.1:1/feishu/"}).dialogue()
    asked = line.ask()
    assert asked.url == "http://127.0.0.1:1/feishu/callback/ws/endpoint"
    assert json.loads(asked.body) == {"AppID": "cli_1", "AppSecret": "s"}
    line.told(200, json.dumps({"code": 0, "data": {"URL": URL}}).encode())
    assert (line.address(NOW), line.beat_seconds) == (URL, 120)


@pytest.mark.parametrize(
    ("status", "answer", "error", "words"),
    [
        (200, {"code": 514, "msg": "auth failed"}, FatalError, "app_id and app_secret"),
        (200, {"code": 403, "msg": "forbidden"}, FatalError, "app_id and app_secret"),
        (200, {"code": 1000040344, "msg": "no credential"}, FatalError, "app_id and app_secret"),
        (200, {"code": 1000040350, "msg": "too many"}, FatalError, "no further connection"),
        (200, {"code": 1, "msg": "system busy"}, TransientError, "system busy"),
        (200, {"code": 1000040343, "msg": "internal"}, TransientError, "internal"),
        (500, None, TransientError, "HTTP 500"),
        (200, {"code": 0}, TransientError, "did not open"),
    ],
)
def test_no_address_is_told_in_words(status, answer, error, words):
    body = b"<html>" if answer is None else json.dumps(answer).encode()
    with pytest.raises(error, match=words):
        FeishuPush(OWN).dialogue().told(status, body)


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({"handshake-status": "514", "handshake-autherrcode": "1000040343"}, TransientError),
        ({"handshake-status": "514", "handshake-autherrcode": "1000040350"}, FatalError),
        ({"handshake-status": "403", "handshake-msg": "Forbidden"}, FatalError),
        ({"handshake-status": "1"}, TransientError),
        ({}, TransientError),
    ],
)
def test_refused_connections_are_sorted_as_by_the_platforms_own_client(line, headers, error):
    assert type(line.turned_away(400, headers, b"")) is error


def test_each_way_wants_its_own_settings():
    with pytest.raises(ConfigurationError, match="app_id and app_secret"):
        FeishuPush({"app_id": "only"})
    only = FeishuPush(OWN)
    assert (only.listens, only.takes_requests) == (True, False)
    with pytest.raises(PushRefusedError) as refused:
        only.answer(PushRequest("POST", {}, {}, PLAIN, NOW))
    assert refused.value.status == 404


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "header": st.dictionaries(st.sampled_from([*EVENT["header"]]), ANY) | ANY,
            "event": st.dictionaries(st.sampled_from(["object", "type", "tenant_key"]), ANY) | ANY,
            "uuid": ANY,
        },
    )
)
def test_whatever_a_message_holds_it_is_one_event(message):
    heard = FeishuPush(OWN).dialogue().hear(theirs(json.dumps(message).encode()), NOW)
    (one,) = heard.events
    assert all(isinstance(text, str) for text in (one.account, one.id, one.kind, one.key))
