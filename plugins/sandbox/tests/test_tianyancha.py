"""What a strict reader of 天眼查's fact sheet would send, and must get back."""

from __future__ import annotations

from urllib.parse import urlencode

import orjson
import pytest
from sandbox import ManualClock, SandboxSettings
from sandbox.world import World

NOW = 1_795_254_000
TOKEN = "sandbox-token-buyer01"


@pytest.fixture
def world():
    return World(SandboxSettings(size=40, clock=ManualClock(NOW), limits=False))


def ask(world, path, *, token=TOKEN, **query):
    headers = {"authorization": token, "host": "127.0.0.1:8700"}
    answer = world.answer("GET", f"/tianyancha/services/{path}", urlencode(query), headers, b"")
    return orjson.loads(answer.reply.body)


def test_the_token_stands_alone_in_its_header(world):
    assert (
        ask(world, "open/ic/baseinfo/normal", keyword="x", token=f"Bearer {TOKEN}")["error_code"]
        == 300009
    )
    assert ask(world, "open/ic/baseinfo/normal", keyword="x")["error_code"] == 300000
    assert ask(world, "open/ic/baseinfo/normal")["error_code"] == 300008
    assert ask(world, "open/no/such", keyword="x")["error_code"] == 300010


def test_a_company_is_known_by_name_code_and_id(world):
    (named, coded, numbered, *_) = world.platform("tianyancha").demo("")["accounts"][0]["companies"]
    ids = [
        ask(world, "open/ic/baseinfo/normal", keyword=k)["result"]["id"]
        for k in (named, coded, numbered)
    ]
    assert len(set(ids)) == 3
    contacts = ask(world, "open/ic/baseinfoV2/2.0", keyword=named)["result"]
    assert contacts["email"]


def test_pages_have_twenty_rows_at_the_most(world):
    (named, *_) = world.platform("tianyancha").demo("")["accounts"][0]["companies"]
    page = ask(world, "open/ic/holder/2.0", keyword=named)["result"]
    assert (page["total"], len(page["items"])) == (23, 20)
    assert len(ask(world, "open/ic/holder/2.0", keyword=named, pageNum=2)["result"]["items"]) == 3
    assert ask(world, "open/ic/holder/2.0", keyword=named, pageSize=21)["error_code"] == 300008


def test_each_answer_is_charged_and_no_refusal(world):
    platform = world.platform("tianyancha")
    ask(world, "open/ic/baseinfo/normal", keyword="x")
    ask(world, "open/ic/baseinfo/normal")
    assert platform.charged == {"buyer01": 1}
    world.limits.numbers["tianyancha.balance"] = 1
    assert ask(world, "open/ic/baseinfo/normal", keyword="x")["error_code"] == 300006


def test_more_calls_than_allowed_are_too_many():
    world = World(SandboxSettings(size=10, clock=ManualClock(NOW)))
    world.limits.numbers["tianyancha.calls"] = 5
    codes = [ask(world, "open/ic/baseinfo/normal", keyword="x")["error_code"] for _ in range(6)]
    assert codes == [300000] * 5 + [300004]
