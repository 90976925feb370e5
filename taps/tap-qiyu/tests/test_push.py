"""What 七鱼 pushes: signed over the body and the time, answered with nothing."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, strategies as st
from openplatform.errors import ConfigurationError
from openplatform.push import PushRefusedError, PushRequest
from sandbox import ManualClock, SandboxSettings
from sandbox.pushes import Change
from sandbox.world import World
from tap_qiyu.client import checksum
from tap_qiyu.push import QiyuPush

SAMPLES = Path(__file__).parent / "samples"
SECRET = "0123456789ABCDEF0123456789ABCDEF"
# The worked example, with the checksum that 七鱼's own classes made.
TIME = 1463725840
NOW = datetime.fromtimestamp(TIME, tz=timezone.utc)
BODY = (
    '{"uid":"user-1","staffId":17885,"sessionId":815518,'
    '"staffName":"超级管理员","staffType":1,"code":200}'
).encode()
WORKED = "0b16aa2ce83cfdcf2123ae7f226b58066ab1c546"


def push():
    return QiyuPush({"app_secret": SECRET, "account": "corp01"})


def request(body=BODY, kind="SESSION_START", *, signature="", at=NOW, method="POST"):
    query = {
        "eventType": kind,
        "time": str(TIME),
        "checksum": signature or checksum(SECRET, body, str(TIME)),
    }
    return PushRequest(method, query, {}, body, at)


def test_the_worked_example():
    answer = push().answer(request(signature=WORKED))
    (one,) = answer.events
    assert (one.account, one.stream, one.id, one.kind) == (
        "corp01",
        "sessions",
        "815518",
        "SESSION_START",
    )
    assert one.at == NOW
    assert answer.reply == b"", "anything else counts as refused"
    assert answer.body == BODY


@pytest.mark.parametrize(
    ("file", "kind", "stream", "identifier"),
    [
        ("push_MSG", "MSG", "", "8ca1c9fb30c40aa6cc390844e2756fac"),
        ("push_SESSION_END", "SESSION_END", "sessions", "62927"),
    ],
)
def test_recorded_messages(file, kind, stream, identifier):
    body = (SAMPLES / f"{file}.json").read_bytes()
    (one,) = push().answer(request(body, kind)).events
    assert (one.stream, one.id) == (stream, identifier)
    if kind == "MSG":
        assert one.at == datetime(2016, 5, 14, 9, 8, 34, 316000, tzinfo=timezone.utc)
        assert one.key == f"MSG {identifier}"


@pytest.mark.parametrize(
    "changed",
    [
        {"signature": "é"},
        {"signature": WORKED.replace("0", "1", 1)},
        {"body": BODY + b" ", "signature": WORKED},
        {"at": NOW + timedelta(minutes=6)},
        {"at": NOW - timedelta(minutes=6)},
    ],
)
def test_what_is_not_genuine_or_old_is_refused_without_quoting_a_secret(changed):
    with pytest.raises(PushRefusedError) as refused:
        push().answer(request(**changed))
    assert refused.value.status == 403
    assert SECRET not in str(refused.value)


def test_an_address_that_is_only_looked_at_is_no_message():
    with pytest.raises(PushRefusedError) as refused:
        push().answer(request(method="GET"))
    assert refused.value.status == 405


@given(st.binary(max_size=100))
def test_what_is_signed_and_no_object_is_refused(body):
    signed = request(body)
    if not body.startswith(b"{"):
        with pytest.raises(PushRefusedError) as refused:
            push().answer(signed)
        assert refused.value.status == 400


@given(
    st.dictionaries(
        st.sampled_from(["sessionId", "msgId", "timeStamp", "x"]), st.text("ab12-") | st.integers()
    )
)
def test_whatever_a_genuine_message_holds_it_is_one_event(content):
    (one,) = push().answer(request(json.dumps(content).encode())).events
    assert isinstance(one.id, str)
    assert one.at.tzinfo is not None


def test_a_repetition_has_the_same_key_whenever_it_was_signed():
    later = {"eventType": "SESSION_START", "time": str(TIME + 60)}
    later["checksum"] = checksum(SECRET, BODY, later["time"])
    again = PushRequest("POST", later, {}, BODY, NOW)
    assert push().answer(again).events[0].key == push().answer(request()).events[0].key


def test_a_missing_setting_is_named():
    with pytest.raises(ConfigurationError, match="account is missing"):
        QiyuPush({"app_secret": SECRET})


def test_what_the_simulator_pushes_is_understood():
    world = World(SandboxSettings(size=20, clock=ManualClock(NOW)))
    platform = world.platform("qiyu")
    account, announcer = platform.accounts[0], platform.announcer
    data = platform.dataset(account, "sessions")
    row = data.insert(TIME * 1000)
    message = announcer.message(Change(data, row, "insert", 1, TIME))
    letter = announcer.seal(account, message, 0, TIME)
    settings = announcer.gates(platform.accounts)[announcer.gate(account)]
    answer = QiyuPush(settings).answer(
        PushRequest(letter.method, dict(parse_qsl(letter.query)), {}, letter.body, NOW)
    )
    (one,) = answer.events
    assert (one.account, one.stream, one.id) == (account, "sessions", data.key(row))
    assert announcer.taken(200, answer.reply)
