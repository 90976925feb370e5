"""What a strict reader of 七鱼's fact sheet would send, and must get back."""

from __future__ import annotations

import hashlib
import io
import zipfile

import orjson
import pytest
from sandbox import ManualClock, SandboxSettings
from sandbox.platforms.qiyu import app_key, app_secret
from sandbox.world import World

NOW = 1_795_254_000
DAY_MS = 86_400_000
HEADERS = {"content-type": "application/json", "host": "127.0.0.1:8700"}


@pytest.fixture
def world():
    return World(SandboxSettings(size=30, history_days=3, clock=ManualClock(NOW), limits=False))


def ask(world, path, content, account="corp01", *, secret=None, late=0, key=None):
    body = orjson.dumps(content)
    time = str(int(world.clock.now()) - late)
    inner = hashlib.md5(body).hexdigest()
    checksum = hashlib.sha1(f"{secret or app_secret(account)}{inner}{time}".encode()).hexdigest()
    query = f"appKey={key or app_key(account)}&time={time}&checksum={checksum}"
    answer = world.answer("POST", f"/qiyu/openapi/{path}", query, HEADERS, body)
    return orjson.loads(answer.reply.body)


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"key": "no"}, 14001), ({"secret": "no"}, 14002), ({"late": 301}, 14003), ({}, 200)],
)
def test_signatures_are_checked(world, changed, code):
    assert ask(world, "v2/staff/list", {}, **changed)["code"] == code


def test_staff_come_as_json_within_json(world):
    message = ask(world, "v2/staff/list", {"status": 1})["message"]
    assert isinstance(message, str)
    assert {one["status"] for one in orjson.loads(message)} == {1}


def test_an_export_takes_its_time_and_ends_with_an_encrypted_archive(world):
    end = world.history_end_ms
    window = {"start": str(end - DAY_MS), "end": str(end)}
    key = ask(world, "export/session", window)["message"]
    assert ask(world, "export/session/check", {"key": key})["code"] == 14403
    world.clock.advance(12)
    address = ask(world, "export/session/check", {"key": key})["message"]
    assert ask(world, "export/session/check", {"key": key}, "corp01")["code"] == 200
    answer = world.answer("GET", address.partition(":8700")[2], "", HEADERS, b"")
    with zipfile.ZipFile(io.BytesIO(answer.reply.body)) as archive:
        (session, message) = archive.namelist()
        lines = archive.read(session, app_key("corp01")[:12].encode()).splitlines()
    assert (session.rpartition("/")[2], message.rpartition("/")[2]) == (
        "session.txt",
        "message.txt",
    )
    found = [orjson.loads(line) for line in lines[:-1]]
    assert found
    assert all(end - DAY_MS <= one["endTime"] < end for one in found)


def test_an_export_of_more_than_two_days_or_by_day_is_refused(world):
    end = world.history_end_ms
    window = {"start": str(end - DAY_MS), "end": str(end)}
    assert ask(world, "export/session", {**window, "start": str(end - 3 * DAY_MS)})["code"] == 14004
    assert ask(world, "export/session", {"start": end - DAY_MS, "end": end})["code"] == 14004
    world.limits.numbers["qiyu.night_only"] = 1
    assert ask(world, "export/session", window)["code"] == 14004
    world.clock.advance(10 * 3600)  # 03:40
    assert ask(world, "export/session", window)["code"] == 200


def test_six_calls_a_second_are_too_many():
    world = World(SandboxSettings(size=10, clock=ManualClock(NOW)))
    codes = [ask(world, "v2/staff/list", {})["code"] for _ in range(6)]
    assert codes == [200] * 5 + [14009]


def test_tickets_show_their_custom_fields_only_when_asked(world):
    asked = {"opStart": 0, "opEnd": NOW * 1000, "limit": 50, "offset": 0}
    message = orjson.loads(ask(world, "v2/ticket/search", asked)["message"])
    assert message["total"] == 30
    assert "custom" not in message["tickets"][0]
    (one,) = orjson.loads(
        ask(world, "v2/ticket/search", {**asked, "ticketId": 4_300_000, "withCustomField": True})[
            "message"
        ]
    )["tickets"]
    assert one["custom"]
    assert ask(world, "v2/ticket/search", {**asked, "limit": 51})["code"] == 14004
    assert ask(world, "v2/ticket/new/detail", {"ticketId": 1})["code"] == 14106
