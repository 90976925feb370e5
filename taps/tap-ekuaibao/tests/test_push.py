"""What 合思 sends: any JSON object, at an address that carries a secret."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, strategies as st
from openplatform.errors import ConfigurationError
from openplatform.push import PushEvent, PushRefusedError, PushRequest
from sandbox import ManualClock, SandboxSettings
from sandbox.pushes import Change
from sandbox.world import World
from tap_ekuaibao.push import EkuaibaoPush

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=timezone.utc)
TOKEN = "a long random word"
MESSAGE = {
    "action": "flow.rejected",
    "actionName": "单据被驳回",
    "flowId": "ID_3xqWlEi0Jq5g",
    "userInfo": {"id": "corp1:u1", "name": "演示"},
}


def ask(content, *, token=TOKEN, at=NOW, method="POST"):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    gate = EkuaibaoPush({"token": TOKEN, "account": "corp1"})
    return gate.answer(PushRequest(method, {"token": token} if token else {}, {}, body, at))


def test_a_message_names_its_document():
    answer = ask(MESSAGE)
    (event,) = answer.events
    named = ("corp1", "document_details", "ID_3xqWlEi0Jq5g", "flow.rejected", NOW)
    assert event == PushEvent(*named, event.key)
    assert json.loads(answer.body) == MESSAGE
    assert answer.reply == b"ok"


@pytest.mark.parametrize("content", [{}, {"action": "message"}, {"flowId": None}, {"flowId": {}}])
def test_what_names_no_document_is_taken_for_the_log(content):
    (event,) = ask(content).events
    assert (event.stream, event.id) == ("", "")


@pytest.mark.parametrize("token", ["", "another", TOKEN + " ", "é"])
def test_who_does_not_know_the_token_is_refused_without_being_told_it(token):
    with pytest.raises(PushRefusedError) as refused:
        ask(MESSAGE, token=token)
    assert refused.value.status == 403
    assert TOKEN not in str(refused.value)


@given(st.binary(max_size=60).filter(lambda body: not body.strip().startswith(b"{")))
def test_what_is_no_object_is_refused(body):
    with pytest.raises(PushRefusedError) as refused:
        ask(body)
    assert refused.value.status == 400


def test_an_address_that_is_only_looked_at_is_no_message():
    with pytest.raises(PushRefusedError) as refused:
        ask(MESSAGE, method="GET")
    assert refused.value.status == 405


def test_a_retry_is_the_same_event_and_the_same_words_an_hour_later_another():
    def key(after):
        return ask(MESSAGE, at=NOW + after).events[0].key

    assert key(timedelta()) == key(timedelta(seconds=30)) != key(timedelta(hours=1))
    assert ask({**MESSAGE, "action": "flow.paid"}).events[0].key != key(timedelta())


@pytest.mark.parametrize("name", ["token", "account"])
def test_a_missing_setting_is_named(name):
    own = {"token": TOKEN, "account": "corp1"}
    with pytest.raises(ConfigurationError, match=name):
        EkuaibaoPush({one: value for one, value in own.items() if one != name})


def test_what_the_simulator_sends_is_understood():
    world = World(SandboxSettings(size=20, clock=ManualClock(NOW)))
    platform = world.platform("ekuaibao")
    account, announcer = platform.accounts[0], platform.announcer
    data = platform.dataset(account, "documents")
    row = data.insert(int(NOW.timestamp() * 1000))
    message = announcer.message(Change(data, row, "insert", 1, NOW.timestamp()))
    letter = announcer.seal(account, message, 0, NOW.timestamp())
    settings = announcer.gates(platform.accounts)[announcer.gate(account)]
    query = dict(parse_qsl(letter.query))
    answer = EkuaibaoPush(settings).answer(PushRequest(letter.method, query, {}, letter.body, NOW))
    (event,) = answer.events
    assert (event.account, event.stream, event.id) == (account, "document_details", data.key(row))
    assert announcer.taken(200, answer.reply)
