"""Connections that apps open: who is let in, what comes again, and clients that the platforms wrote."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
import time
import warnings

import pytest
import requests
from sandbox import Sandbox, SandboxSettings
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

USERS = "users"


@pytest.fixture
def box():
    with Sandbox(SandboxSettings(accounts=1, size=60)) as running:
        running.world.lines.hurry = 100
        yield running


def company(box, platform="dingtalk"):
    (account,) = box.accounts(platform)
    return account


def ticket(box, **changes):
    (values,) = box.listeners("dingtalk").values()
    asked = {
        "clientId": values["client_id"],
        "clientSecret": values["client_secret"],
        "subscriptions": [{"type": "EVENT", "topic": "*"}],
    }
    url = f"{values['base_url']}/v1.0/gateway/connections/open"
    return requests.post(url, json=asked | changes, timeout=5)


def dial(box):
    given = ticket(box).json()
    return connect(f"{given['endpoint']}?ticket={given['ticket']}", proxy=None)


def answer(line, frame, code=200, **data):
    headers = {"messageId": frame["headers"]["messageId"], "contentType": "application/json"}
    content = {"code": code, "headers": headers, "message": "", "data": json.dumps(data)}
    line.send(json.dumps(content))


def greeted(box):
    line = dial(box)
    ping = json.loads(line.recv(5))
    assert (ping["type"], ping["headers"]["topic"]) == ("SYSTEM", "ping")
    answer(line, ping, **json.loads(ping["data"]))
    return line


def test_a_ticket_is_for_who_proves_itself(box):
    refused = ticket(box, clientSecret="wrong")
    assert (refused.status_code, refused.json()["code"]) == (401, "authFailed")
    assert ticket(box, subscriptions=[]).status_code == 400


def test_a_ticket_opens_one_connection_and_lives_ninety_seconds(box):
    given = ticket(box).json()
    url = f"{given['endpoint']}?ticket={given['ticket']}"
    with connect(url, proxy=None), pytest.raises(InvalidStatus, match="401"):
        connect(url, proxy=None)
    given = ticket(box).json()
    box.advance(91)
    with pytest.raises(InvalidStatus, match="401"):
        connect(f"{given['endpoint']}?ticket={given['ticket']}", proxy=None)


def test_what_is_not_answered_comes_again_and_what_is_put_off_later(box):
    with greeted(box) as line:
        (key,) = box.mutate("dingtalk", company(box), USERS)
        first, again = json.loads(line.recv(5)), json.loads(line.recv(5))
        assert json.loads(first["data"])["userId"] == [key]
        assert first["headers"]["eventId"] == again["headers"]["eventId"]
        assert first["headers"]["messageId"] != again["headers"]["messageId"]
        answer(line, again, code=500, status="LATER")
        later = json.loads(line.recv(5))
        answer(line, later, status="SUCCESS")
        counts = box.acknowledged()
    assert (counts["told"], counts["acknowledged"], counts["returned"]) == (1, 1, 1)
    assert counts["sent"] >= 3


def test_a_message_goes_over_one_connection_and_over_the_next_when_it_ends(box):
    box.world.lines.hurry = 0.001
    with greeted(box) as one, greeted(box) as two:
        box.connected("dingtalk", 2)
        box.mutate("dingtalk", company(box), USERS, count=1)
        box.world.lines.until(lambda now: now["sent"] == 1, 5)
        held = box.world.lines._parcels["dingtalk"][1].line
        lines = [one, two] if held is box.world.lines._lines[0] else [two, one]
        with pytest.raises(TimeoutError):
            lines[1].recv(0.05)
        lines[0].close()
        answer(lines[1], json.loads(lines[1].recv(5)))
        assert box.acknowledged()["sent"] == 2


def test_a_ping_must_come_back_as_it_went(box):
    with dial(box) as line:
        answer(line, json.loads(line.recv(5)), opaque="another")
        with pytest.raises(ConnectionClosed):
            line.recv(5)


def test_before_anybody_listens_nothing_is_kept(box):
    box.mutate("dingtalk", company(box), USERS)
    assert box.world.lines.status()["told"] == 0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/dingtalk/connect?ticket=none", 401),
        ("/feishu/ws/v2?device_id=none", 400),
        ("/pinduoduo/message/app/1/none", 403),
        ("/pinduoduo/elsewhere", 404),
        ("/taobao/elsewhere", 404),
        ("/youzan/", 404),
        ("/nowhere", 404),
    ],
)
def test_who_is_not_let_in_is_told(box, path, status):
    with pytest.raises(InvalidStatus) as refused:
        connect(f"{box.url.replace('http', 'ws')}{path}", proxy=None)
    response = refused.value.response
    assert response.status_code == status
    if "feishu" in path:
        assert response.headers["handshake-status"] == "514"


def place(box, platform):
    """The address of a connection that will be let in."""
    (values,) = box.listeners(platform).values()
    base = values["base_url"]
    if platform == "taobao":
        return f"{base}/".replace("http", "ws", 1)
    if platform == "pinduoduo":
        stamp = int(time.time() * 1000)
        text = f"{values['app_key']}{stamp}{values['app_secret']}"
        digest = base64.b64encode(hashlib.md5(text.encode()).hexdigest().encode()).decode()
        return f"{base}/message/{values['app_key']}/{stamp}/{digest}".replace("http", "ws", 1)
    asked = {"AppID": values["app_id"], "AppSecret": values["app_secret"]}
    return requests.post(f"{base}/callback/ws/endpoint", json=asked, timeout=5).json()["data"][
        "URL"
    ]


@pytest.mark.parametrize("frame", ["no json", "[]", b"\x02\x09", b"\xff" * 40, "{}"])
@pytest.mark.parametrize("platform", ["pinduoduo", "taobao", "feishu"])
def test_nonsense_ends_a_connection_and_nothing_else(box, platform, frame):
    with connect(place(box, platform), proxy=None) as line:
        line.send(frame)
        with pytest.raises(ConnectionClosed):
            line.recv(5)
    assert requests.get(f"{box.url}/_sandbox/status.json", timeout=5).status_code == 200


def test_the_client_of_dingtalk_listens_here(box, monkeypatch):
    import dingtalk_stream as stream

    (values,) = box.listeners("dingtalk").values()
    place = f"{values['base_url']}/v1.0/gateway/connections/open"
    monkeypatch.setattr(stream.DingTalkStreamClient, "OPEN_CONNECTION_API", place)
    heard = []

    class Handler(stream.EventHandler):
        async def process(self, event):
            heard.append((event.headers.event_type, event.headers.event_corp_id, event.data))
            return stream.AckMessage.STATUS_OK, "OK"

    async def scenario():
        credential = stream.Credential(values["client_id"], values["client_secret"])
        client = stream.DingTalkStreamClient(credential, logging.getLogger("witness"))
        client.register_all_event_handler(Handler())
        task = asyncio.create_task(client.start())
        await asyncio.to_thread(box.connected, "dingtalk")
        keys = box.mutate("dingtalk", company(box), USERS, count=2)
        await asyncio.to_thread(box.acknowledged)
        while not task.done():  # it takes the first for a failing network, and would try again
            task.cancel()
            await asyncio.wait({task}, timeout=0.05)
        return keys

    keys = asyncio.run(scenario())
    assert {kind for kind, _, _ in heard} == {"user_modify_org"}
    assert {corp for _, corp, _ in heard} == {company(box)}
    assert {data["userId"][0] for _, _, data in heard} == set(keys)


def test_the_client_of_feishu_listens_here(box, monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lark_oapi as lark
        from lark_oapi.ws import client as room

    (values,) = box.listeners("feishu").values()
    heard = []
    builder = lark.EventDispatcherHandler.builder("", "")
    handler = builder.register_p2_contact_user_updated_v3(heard.append).build()

    async def scenario():
        monkeypatch.setattr(room, "loop", asyncio.get_running_loop())
        client = lark.ws.Client(
            values["app_id"],
            values["app_secret"],
            event_handler=handler,
            domain=values["base_url"],
            auto_reconnect=False,
        )
        await client._connect()
        pings = asyncio.create_task(client._ping_loop())
        keys = box.mutate("feishu", company(box, "feishu"), USERS, count=2)
        await asyncio.to_thread(box.acknowledged)
        pings.cancel()
        told = client._ping_interval
        client._auto_reconnect = True  # or its end would be an error that nobody hears
        monkeypatch.setattr(client, "_reconnect", asyncio.Event().wait)
        await client._disconnect()
        return keys, told

    keys, interval = asyncio.run(scenario())
    assert {event.event.object.open_id for event in heard} == set(keys)
    assert {event.header.tenant_key for event in heard} == {company(box, "feishu")}
    assert interval == 120


def test_the_client_of_feishu_is_refused_as_by_the_platform(box):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lark_oapi as lark
        from lark_oapi.ws.exception import ClientException

    (values,) = box.listeners("feishu").values()
    client = lark.ws.Client(values["app_id"], "wrong", domain=values["base_url"])
    with pytest.raises(ClientException, match="514"):
        client._get_conn_url()
