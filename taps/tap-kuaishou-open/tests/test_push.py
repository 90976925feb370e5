"""What 快手开放平台 pushes: JSON with `kwaisign`."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timezone
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, strategies as st
from openplatform.push import PushRefusedError, PushRequest
from sandbox import ManualClock, SandboxSettings
from sandbox.pushes import Change
from sandbox.world import World
from tap_kuaishou_open.push import KuaishouOpenPush

APP, SECRET = "ks700000000000000001", "f7d1c2b3a4958677"
NOW = datetime(2026, 11, 21, 9, 40, tzinfo=timezone.utc)
WORKED = (
    '{"event":"USER_UNBIND","app_id":"ks700000000000000001","taskId":"1700000000001",'
    '"content":{"open_id":"f18d7c0example"}}'
)
WORKED_SIGN = "50dd11fe4bf6a4f30492c53bf5d58bd3"


def push():
    return KuaishouOpenPush({"app_key": APP, "app_secret": SECRET})


def request(body, signature=None, method="POST"):
    raw = body if isinstance(body, bytes) else body.encode()
    signed = hashlib.md5(raw + SECRET.encode()).hexdigest() if signature is None else signature
    return PushRequest(method, {}, {"kwaisign": signed}, raw, NOW)


def test_the_worked_example():
    answer = push().answer(request(WORKED, WORKED_SIGN))
    (one,) = answer.events
    assert (one.account, one.kind, one.key) == ("f18d7c0example", "USER_UNBIND", "1700000000001")
    assert (one.stream, one.at) == ("", NOW)
    assert answer.body == WORKED.encode()


def test_a_repetition_has_the_key_of_the_first():
    first, second = (json.dumps({"taskId": 7, "content": text}) for text in ("a", "b"))
    keys = {push().answer(request(body)).events[0].key for body in (first, second)}
    assert keys == {"7"}
    unnamed = [push().answer(request(json.dumps({"event": n}))).events[0].key for n in "ab"]
    assert unnamed[0] != unnamed[1]


@pytest.mark.parametrize("signature", ["", "x", "é", WORKED_SIGN.replace("5", "6", 1)])
def test_what_is_not_genuine_is_refused_without_quoting_a_secret(signature):
    with pytest.raises(PushRefusedError) as refused:
        push().answer(request(WORKED, signature))
    assert refused.value.status == 403
    assert SECRET not in str(refused.value)


def test_a_message_for_another_app_is_refused():
    with pytest.raises(PushRefusedError, match="another app"):
        push().answer(request(json.dumps({"app_id": "ks7"})))


def test_an_address_that_is_only_looked_at_is_no_message():
    with pytest.raises(PushRefusedError) as refused:
        push().answer(request(WORKED, WORKED_SIGN, method="GET"))
    assert refused.value.status == 405


@given(st.dictionaries(st.sampled_from(["event", "taskId", "content", "x"]), st.text() | st.none()))
def test_whatever_a_genuine_message_holds_it_is_one_event(content):
    (one,) = push().answer(request(json.dumps(content))).events
    assert all(isinstance(text, str) for text in (one.account, one.id, one.kind, one.key))


def test_what_the_simulator_pushes_is_understood():
    world = World(SandboxSettings(size=20, clock=ManualClock(NOW)))
    platform = world.platform("kuaishou_open")
    account, announcer = platform.accounts[0], platform.announcer
    data = platform.dataset(account, "videos")
    change = Change(data, data.update(0, int(NOW.timestamp() * 1000)), "update", 1, NOW.timestamp())
    letter = announcer.seal(account, announcer.message(change), 0, NOW.timestamp())
    headers = {name.lower(): value for name, value in letter.headers.items()}
    query = dict(parse_qsl(letter.query))
    settings = announcer.gates(platform.accounts)["kuaishou_open"]
    answer = KuaishouOpenPush(settings).answer(
        PushRequest(letter.method, query, headers, letter.body, NOW)
    )
    (one,) = answer.events
    assert (one.account, one.stream, one.kind) == (account, "", "VIDEO_UPDATE")
    assert announcer.taken(200, answer.reply)
