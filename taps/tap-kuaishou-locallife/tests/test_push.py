"""What 快手本地生活 calls: signed over query and body."""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, strategies as st
from openplatform.push import PushRefusedError, PushRequest
from sandbox import ManualClock, SandboxSettings
from sandbox.pushes import Change
from sandbox.world import World
from tap_kuaishou_locallife.push import KuaishouLocallifePush

SECRET = "5f0e1d2c3b4a59687766554433221100"
NOW = datetime(2026, 11, 21, 9, 40, tzinfo=timezone.utc)
QUERY = {"app_key": "ks700000000000000009", "timestamp": "1700000000000", "msg_id": "a1b2 c3"}
BODY = b'{"order_id":"1234567890123456","action":"pay"}'
WORKED_SIGN = "5124f83841de8d9c771692cdf13441e591c35b1ea76cd4be6469768ba956c2db"


def push(**more):
    return KuaishouLocallifePush({"sign_secret": SECRET, **more})


def request(signature=WORKED_SIGN, body=BODY, method="POST", **query):
    return PushRequest(method, {**QUERY, **query, "sign": signature}, {}, body, NOW)


def test_the_worked_example():
    answer = push(account="12342323").answer(request())
    (one,) = answer.events
    assert (one.account, one.key, one.at) == ("12342323", "a1b2 c3", NOW)
    assert (one.stream, one.id, one.kind) == ("", "", "")
    assert answer.body == BODY


@pytest.mark.parametrize(
    "changed",
    [
        {"signature": ""},
        {"signature": "é"},
        {"signature": WORKED_SIGN.replace("5", "6", 1)},
        {"body": BODY + b" "},
        {"msg_id": "a1b2+c3"},
        {"more": "1"},
    ],
)
def test_what_is_not_genuine_is_refused_without_quoting_a_secret(changed):
    with pytest.raises(PushRefusedError) as refused:
        push().answer(request(**changed))
    assert refused.value.status == 403
    assert SECRET not in str(refused.value)


def test_an_address_that_is_only_looked_at_is_no_message():
    with pytest.raises(PushRefusedError) as refused:
        push().answer(request(method="GET"))
    assert refused.value.status == 405


@given(st.binary(max_size=100))
def test_whatever_a_genuine_message_holds_it_is_one_event(body):
    head = f"{SECRET}&msg_id=7&http_body=".encode()
    query = {"msg_id": "7", "sign": hashlib.sha256(head + body).hexdigest()}
    (one,) = push().answer(PushRequest("POST", query, {}, body, NOW)).events
    assert one.key == "7"


def test_what_the_simulator_pushes_is_understood():
    world = World(SandboxSettings(size=20, clock=ManualClock(NOW)))
    platform = world.platform("kuaishou_locallife")
    account, announcer = platform.accounts[0], platform.announcer
    data = platform.dataset(account, "orders")
    change = Change(data, data.update(0, int(NOW.timestamp() * 1000)), "update", 1, NOW.timestamp())
    letter = announcer.seal(account, announcer.message(change), 0, NOW.timestamp())
    headers = {name.lower(): value for name, value in letter.headers.items()}
    query = dict(parse_qsl(letter.query))
    settings = announcer.gates(platform.accounts)["kuaishou_locallife"]
    answer = KuaishouLocallifePush(settings).answer(
        PushRequest(letter.method, query, headers, letter.body, NOW)
    )
    assert len(answer.events) == 1
    assert change.key.encode() in answer.body
    assert announcer.taken(200, answer.reply)
