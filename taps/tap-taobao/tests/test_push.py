"""The messages of 淘宝: frames beside those of the platform's own client, its signature, refusals."""

from __future__ import annotations

import contextlib
import json
import struct
from datetime import datetime, timezone

import pytest
from end_to_end.messages import check_named
from hypothesis import given, strategies as st
from openplatform.errors import ConfigurationError, FatalError, TransientError
from openplatform.push import PushEvent, PushRefusedError, PushRequest
from tap_taobao import frames
from tap_taobao.frames import Frame
from tap_taobao.push import TaobaoPush

NOW = datetime(2024, 6, 1, 4, 0, tzinfo=timezone.utc)  # 1717214400000
SENT = datetime(2024, 6, 1, 3, 59, 59, tzinfo=timezone.utc)
# Written by npm taobao-sdk 2.0.5 (tmcCodec) for the key 12345678 and the sheet's secret `helloworld`.
CONNECT = (
    "02000100070000006170705f6b65790108000000313233343536373801000a00000067726f75705f6e616d6501070000"
    "0064656661756c7401000900000074696d657374616d70010d0000003137313732313434303030303001000400000073"
    "69676e0120000000413235394233463836354638373244393842434534424537334341453935334401000300000073646b"
    "010c0000004e6f64654a532d322e302e3001000b000000696e7472616e65745f697001090000003132372e302e302e31"
    "0000"
)
PULL = "0202050003000000746f6b0100060000005f5f6b696e6402010000"
CONFIRM = "0202050003000000746f6b0100060000005f5f6b696e64020201000200000069640501000000000020000000"
NUMBER = 9007199254740993
CONTENT = {"tid": 2120000000000000001, "seller_nick": "店", "status": "TRADE_FINISHED"}
MESSAGE = {
    "id": NUMBER,
    "topic": "taobao_trade_TradeSuccess",
    "userid": 2600000001,
    "time": SENT,
    "outtime": NOW,
    "content": json.dumps(CONTENT),
}


def dialogue(**changes):
    return TaobaoPush({"app_key": "12345678", "app_secret": "helloworld"} | changes).dialogue()


@pytest.fixture
def line():
    opened = dialogue()
    opened.hello(NOW)
    opened.hear(frames.encode(Frame(frames.CONNECT_ACK, token="tok")), NOW)
    return opened


def message(**changes):
    return frames.encode(Frame(frames.SEND, MESSAGE | changes))


def test_frames_are_those_of_the_platforms_own_client(line):
    theirs = frames.decode(bytes.fromhex(CONNECT))
    assert frames.encode(theirs).hex() == CONNECT
    (hello,) = dialogue().hello(NOW)
    ours = frames.decode(hello)
    names = ("app_key", "group_name", "timestamp", "sign")
    assert [ours.content[n] for n in names] == [theirs.content[n] for n in names]
    assert ours.content["sign"] == "A259B3F865F872D98BCE4BE73CAE953D"
    assert [one.hex() for one in line.beat(NOW)] == [PULL]
    assert [one.hex() for one in line.hear(message(), NOW).reply] == [CONFIRM]


def test_a_message_is_understood(line):
    (event,) = line.hear(message(), NOW).events
    assert event == PushEvent(
        account="2600000001",
        stream="orders",
        id="2120000000000000001",
        kind="taobao_trade_TradeSuccess",
        at=SENT,
        key=event.key,
    )
    packed = line.hear(message(content=frames.packed(MESSAGE["content"])), NOW)
    assert packed.events == (event,)
    assert json.loads(json.loads(packed.body)["content"]) == CONTENT


def test_repetitions_are_known_and_other_messages_differ(line):
    def key(**changes):
        return line.hear(message(**changes), NOW).events[0].key

    assert key(id=NUMBER + 1, outtime=SENT) == key()
    others = [key(time=NOW), key(topic="taobao_trade_TradeRated"), key(userid=1), key(dataid="2")]
    assert len({key(), *others}) == 5


@pytest.mark.parametrize(
    ("topic", "content", "expected"),
    [
        ("taobao_refund_RefundCreated", {"refund_id": 7, "tid": 1}, ("refunds", "7")),
        ("taobao_item_ItemUpdate", {"num_iid": 7}, ("item_details", "7")),
        ("taobao_trade_TradeChanged", {}, ("", "")),
        ("taobao_jds_TradeTrace", {"tid": 1}, ("", "")),
    ],
)
def test_messages_name_what_they_are_about(line, topic, content, expected):
    (event,) = line.hear(message(topic=topic, content=json.dumps(content)), NOW).events
    assert (event.stream, event.id) == expected


def test_messages_are_asked_for_once_the_platform_has_admitted_us():
    line = dialogue(base_url="http://127.0.0.1:1/taobao", group_name="g1")
    assert line.address(NOW) == "ws://127.0.0.1:1/taobao/"
    assert frames.decode(line.hello(NOW)[0]).content["group_name"] == "g1"
    assert not line.ready
    heard = line.hear(frames.encode(Frame(frames.CONNECT_ACK, token="tok")), NOW)
    assert line.ready
    assert [one.hex() for one in heard.reply] == [PULL]


@pytest.mark.parametrize(
    ("status", "error"), [(401, FatalError), (0, FatalError), (503, TransientError)]
)
def test_a_refusal_is_told_in_words(status, error):
    refusal = frames.encode(Frame(frames.CONNECT_ACK, status=status, phrase="Invalid Signature"))
    with pytest.raises(error, match="Invalid Signature"):
        dialogue().hear(refusal, NOW)


@pytest.mark.parametrize(
    "frame",
    [
        "text",
        b"",
        b"\x02\x02",
        b"\x02\x02\x09\x00\x00\x00",
        message()[:-2],
        message(content="no json"),
        message(content=b"\x1f\x8bbroken"),
    ],
)
def test_what_makes_no_sense_is_not_answered(line, frame):
    with pytest.raises(PushRefusedError):
        line.hear(frame, NOW)


def test_acknowledgements_of_our_own_frames_need_no_answer(line):
    assert line.hear(frames.encode(Frame(frames.SEND_ACK)), NOW) == line.hear(
        frames.encode(Frame(frames.SEND, {"topic": "without an id"})), NOW
    )


TEXTS = st.text(min_size=1, max_size=20)
NUMBERS = st.integers(-(1 << 63), (1 << 63) - 1)


@given(
    content=st.dictionaries(
        TEXTS.filter(lambda name: name != frames.KIND),
        TEXTS | NUMBERS | st.binary(min_size=1, max_size=20) | st.none(),
    ),
    token=st.text(max_size=10),
    status=st.integers(0, (1 << 32) - 1),
)
def test_what_is_written_is_read(content, token, status):
    frame = Frame(frames.SEND, content, token, status, "why")
    assert frames.decode(frames.encode(frame)) == frame


@given(st.binary(max_size=60))
def test_any_bytes_are_a_frame_or_refused(data):
    with contextlib.suppress(PushRefusedError):
        assert isinstance(frames.decode(data), Frame)


@pytest.mark.parametrize(
    ("form", "code", "number"), [("<B", 2, 7), ("<h", 3, -7), ("<i", 4, -70000)]
)
def test_short_numbers_are_read(form, code, number):
    head = b"\x02\x02" + struct.pack("<HI", 1, 1) + b"n" + bytes([code])
    assert frames.decode(head + struct.pack(form, number) + b"\0\0").content == {"n": number}


def test_nothing_comes_by_http_and_settings_are_asked_for():
    with pytest.raises(ConfigurationError, match="app_secret"):
        TaobaoPush({"app_key": "k"})
    with pytest.raises(PushRefusedError) as refused:
        TaobaoPush({"app_key": "k", "app_secret": "s"}).answer(
            PushRequest("POST", {}, {}, b"{}", NOW)
        )
    assert refused.value.status == 404


def test_what_a_message_names_is_asked_for_again(shops):
    streams = {
        "orders": ("orders", "tid"),
        "refunds": ("refunds", "refund_id"),
        "items": ("item_details", "num_iid"),
    }
    check_named(shops, lambda settings: TaobaoPush(settings).dialogue(), streams)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    topic=TEXTS | NUMBERS | st.none(),
    userid=TEXTS | NUMBERS | st.none() | st.binary(),
    time=NUMBERS,
    told=st.dictionaries(st.sampled_from(["tid", "refund_id", "modified", "seller_id"]), ANY) | ANY,
)
def test_whatever_a_message_holds_it_is_understood_or_refused(topic, userid, time, told):
    fields = {"topic": topic, "userid": userid, "content": json.dumps(told)}
    encoded = frames.encode(Frame(frames.SEND, {"id": 1, **fields}))
    # A date may be any number.
    encoded = (
        encoded[:-2] + struct.pack("<HI", 1, 4) + b"time\6" + struct.pack("<q", time) + b"\0\0"
    )
    try:
        heard = dialogue().hear(encoded, NOW)
    except PushRefusedError:
        assert not isinstance(told, dict)
        return
    (one,) = heard.events
    assert all(isinstance(text, str) for text in (one.account, one.id, one.kind, one.key))
