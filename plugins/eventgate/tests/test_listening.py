"""Messages over connections that the gate opens, against the simulated platforms."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import sqlite3

import pytest
from eventgate import listening
from eventgate.config import read_config
from eventgate.listening import Listener
from eventgate.log import NewEvent, open_log
from sandbox import Sandbox, SandboxSettings
from websockets.asyncio.server import serve

STAFF = ("users", "departments", "approvals")
TRADE = ("orders", "refunds", "items")
ENTITIES = {"dingtalk": STAFF, "feishu": STAFF, "pinduoduo": TRADE, "taobao": TRADE}
SECRETS = {
    "dingtalk": ("client_secret", "client_id and client_secret"),
    "feishu": ("app_secret", "app_id and app_secret"),
    "pinduoduo": ("app_secret", "app_key and app_secret"),
    "taobao": ("app_secret", "app_key, app_secret"),
}


@pytest.fixture(params=ENTITIES)
def platform(request):
    return request.param


@pytest.fixture
def box():
    with Sandbox(SandboxSettings(accounts=1, size=60)) as running:
        running.world.lines.hurry = 200
        yield running


def change(box, platform, count=2):
    """Change some rows; return how many messages that makes."""
    before = box.world.lines.status()["told"]
    for account in box.accounts(platform):
        for entity in ENTITIES[platform]:
            box.mutate(platform, account, entity, count=count)
    return box.world.lines.status()["told"] - before


class Watched(Listener):
    """Tells its states one after the other."""

    def __init__(self, *arguments):
        self.states = asyncio.Queue()
        super().__init__(*arguments)

    def _is(self, state):
        super()._is(state)
        self.states.put_nowait(state)

    async def reaches(self, state):
        while await self.states.get() != state:
            pass


class Room:
    """A listener in this process, with a store that does as it is told."""

    def __init__(self, box, platform, folder, **changes):
        ((self.name, values),) = box.listeners(platform).items()
        file = folder / "eventgate.yml"
        file.write_text(json.dumps({"platforms": {self.name: {**values, **changes}}}))
        gate = read_config(file, {}).gates[self.name]
        self.kept = []
        self.broken = False
        self.refused = 0
        self.asked, self.may = asyncio.Semaphore(0), asyncio.Event()
        self.may.set()
        self.listener = Watched(self.name, gate, self.keep, self.refuse)

    async def keep(self, events):
        self.asked.release()
        await self.may.wait()
        if self.broken:
            return False
        self.kept += events
        return True

    def refuse(self):
        self.refused += 1

    @property
    def tally(self):
        return self.listener.tally

    @property
    def keys(self):
        return {one.event.key for one in self.kept}

    @contextlib.asynccontextmanager
    async def listening(self):
        task = asyncio.create_task(self.listener.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(listening, "_FIRST_PAUSE", 0.02)


def run(scenario):
    return asyncio.run(asyncio.wait_for(scenario, 20))


def aside(work, *arguments, **named):
    """Wait for the sandbox, which has threads of its own, and let the listener go on meanwhile."""
    return asyncio.to_thread(work, *arguments, **named)


def test_what_is_told_is_stored_first_and_acknowledged_then(box, platform, tmp_path):
    async def scenario():
        room = Room(box, platform, tmp_path)
        room.may.clear()
        async with room.listening():
            await aside(box.connected, platform)
            told = await aside(change, box, platform)
            await room.asked.acquire()
            assert box.world.lines.status()["acknowledged"] == 0
            room.may.set()
            counts = await aside(box.acknowledged)
        assert counts["acknowledged"] == told == len(room.keys) > 0
        assert room.tally.acknowledged == room.tally.messages >= told
        assert room.tally.opened == 1
        assert {one.platform for one in room.kept} == {platform}
        assert {one.event.account for one in room.kept} == set(box.accounts(platform))
        assert all(one.event.stream and one.event.id for one in room.kept)
        assert room.refused == 0

    run(scenario())


def test_what_cannot_be_stored_is_not_acknowledged_and_comes_again(box, platform, tmp_path):
    async def scenario():
        room = Room(box, platform, tmp_path)
        room.broken = True
        async with room.listening():
            await aside(box.connected, platform)
            told = await aside(change, box, platform)
            await aside(box.world.lines.until, lambda now: now["sent"] >= 2 * told, 10)
            assert box.world.lines.status()["acknowledged"] == 0
            room.broken = False
            await aside(box.acknowledged)
        assert len(room.keys) == told
        assert room.tally.messages > told

    run(scenario())


def test_a_dropped_connection_is_opened_again_and_nothing_is_lost(box, platform, tmp_path):
    async def scenario():
        room = Room(box, platform, tmp_path)
        async with room.listening():
            await aside(box.connected, platform)
            told = await aside(change, box, platform)
            await aside(box.acknowledged)
            for _ in range(2):
                before = box.world.lines.status()["opened"]
                assert box.hang_up(platform) == 1
                told += await aside(change, box, platform)
                await aside(
                    box.world.lines.until,
                    lambda now, least=before: now["opened"] > least and not now["waiting"],
                    10,
                )
        assert room.tally.opened == 3
        assert len(room.keys) == told

    run(scenario())


def test_the_platform_may_ask_to_leave(box, tmp_path):
    async def scenario():
        room = Room(box, "dingtalk", tmp_path)
        async with room.listening():
            await aside(box.connected, "dingtalk")
            box.hang_up("dingtalk", polite=True)
            await aside(box.world.lines.until, lambda now: now["opened"] == 2, 10)
            told = await aside(change, box, "dingtalk")
            await aside(box.acknowledged)
        assert room.tally.error == ""
        assert len(room.keys) == told

    run(scenario())


def test_wrong_credentials_are_told_and_asked_for(box, platform, tmp_path, caplog):
    setting, words = SECRETS[platform]

    async def scenario():
        room = Room(box, platform, tmp_path, **{setting: "wrong-secret-of-mine"})
        with caplog.at_level(logging.ERROR, "eventgate"):
            async with room.listening():
                await room.listener.reaches("refused")
        assert words in room.tally.error
        assert "wrong-secret-of-mine" not in room.tally.error

    run(scenario())
    assert len(caplog.records) == 1  # once, however often it is tried


def test_a_platform_that_is_away_is_waited_for(box, platform, tmp_path, caplog):
    async def scenario():
        room = Room(box, platform, tmp_path)
        box.stop()
        async with room.listening():
            await room.listener.reaches("waiting")
            assert room.tally.error
            box.start()
            await aside(box.connected, platform)
            told = await aside(change, box, platform)
            await aside(box.acknowledged)
        assert len(room.keys) == told

    run(scenario())


def test_a_silent_connection_counts_as_dead(box, tmp_path, monkeypatch, caplog):
    from tap_pinduoduo import push

    monkeypatch.setattr(push._Pmc, "silence_seconds", 0.05)
    monkeypatch.setattr(push._Pmc, "beat_seconds", 0.0)

    async def scenario():
        room = Room(box, "pinduoduo", tmp_path)
        async with room.listening():
            await aside(box.world.lines.until, lambda now: now["opened"] >= 2, 10)

    run(scenario())
    assert "nothing came for 0.05 s" in caplog.text


def test_a_platform_that_never_answers_the_first_word_is_left(box, tmp_path, monkeypatch):
    monkeypatch.setattr(listening, "_OPEN_SECONDS", 0.1)

    async def scenario():
        async with serve(lambda line: line.wait_closed(), "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            room = Room(box, "taobao", tmp_path, base_url=f"http://127.0.0.1:{port}")
            async with room.listening():
                await room.listener.reaches("waiting")
                assert "nothing came for 0.1 s" in room.tally.error
        assert room.tally.opened == 0

    run(scenario())


def test_a_secret_that_a_platform_repeats_is_not_told(box, tmp_path, caplog):
    async def scenario():
        async def refuse(line, request):
            return line.respond(403, "the secret own-secret-of-mine is wrong, request 1\n")

        async with serve(lambda line: None, "127.0.0.1", 0, process_request=refuse) as server:
            port = server.sockets[0].getsockname()[1]
            changes = {"app_secret": "own-secret-of-mine", "base_url": f"http://127.0.0.1:{port}"}
            room = Room(box, "pinduoduo", tmp_path, **changes)
            async with room.listening():
                await room.listener.reaches("refused")
        return room.tally.error

    error = run(scenario())
    assert "the secret *** is wrong" in error
    assert "own-secret-of-mine" not in caplog.text


def test_beats_keep_a_connection_alive(box, tmp_path, monkeypatch):
    from tap_pinduoduo import push

    monkeypatch.setattr(push._Pmc, "silence_seconds", 0.3)
    monkeypatch.setattr(push._Pmc, "beat_seconds", 0.02)
    beats, hear = asyncio.Semaphore(0), push._Pmc.hear

    def counted(dialogue, frame, received_at):
        beats.release()
        return hear(dialogue, frame, received_at)

    monkeypatch.setattr(push._Pmc, "hear", counted)

    async def scenario():
        room = Room(box, "pinduoduo", tmp_path)
        async with room.listening():
            for _ in range(20):  # in more time than the silence that would end it
                await beats.acquire()
        assert room.tally.opened == 1

    run(scenario())


# -- as a process -------------------------------------------------------------------------------


def locked(file):
    blocker = sqlite3.connect(file, isolation_level=None)
    blocker.execute("begin immediate")
    return blocker


@pytest.fixture
def gate(box, platform, tmp_path, make_gate):
    settings = {"database": str(tmp_path / "e.db"), "platforms": box.listeners(platform)}
    started = make_gate(settings)
    started.file = tmp_path / "e.db"
    box.connected(platform)
    return started


def test_killed_between_receipt_and_answer_nothing_is_lost(box, platform, gate):
    blocker = locked(gate.file)
    told = change(box, platform)
    box.world.lines.until(lambda now: now["sent"] >= told, 10)
    gate.stop(signal.SIGKILL)
    assert box.world.lines.status()["acknowledged"] == 0
    blocker.execute("rollback")
    blocker.close()
    gate.start()
    box.acknowledged()
    assert len(gate.events()["events"]) == told


@pytest.mark.parametrize("platform", ["dingtalk"], indirect=True)
def test_what_is_under_way_is_answered_before_the_end(box, platform, gate):
    blocker = locked(gate.file)
    told = change(box, platform, count=1)
    while json.loads(gate.ask("/health")[1])["waiting"] < told:
        pass
    gate.process.send_signal(signal.SIGTERM)
    blocker.execute("rollback")
    blocker.close()
    gate.process.communicate(timeout=10)
    assert gate.process.returncode == -signal.SIGTERM
    box.acknowledged()
    with contextlib.closing(open_log(str(gate.file))) as log:
        assert log.count() == told


@pytest.mark.parametrize("platform", ["taobao"], indirect=True)
def test_health_and_metrics_tell_of_connections(box, platform, gate):
    told = change(box, platform, count=1)
    box.acknowledged()
    ((name, tally),) = json.loads(gate.ask("/health")[1])["connections"].items()
    assert tally.pop("since").endswith("Z")
    assert name == "taobao"
    assert tally == {
        "state": "open",
        "opened": 1,
        "messages": told,
        "acknowledged": told,
        "error": "",
    }
    status, text = gate.ask("/metrics")
    lines = text.decode().splitlines()
    assert status == 200
    for line in (
        f"eventgate_stored_total {told}",
        'eventgate_connection_open{gate="taobao"} 1',
        f'eventgate_connection_acknowledged_total{{gate="taobao"}} {told}',
        "# TYPE eventgate_connection_open gauge",
    ):
        assert line in lines
    assert gate.ask("/push/taobao", b"{}")[0] == 404  # nothing comes by HTTP


def test_a_message_that_is_sent_twice_is_one_event(box, platform, tmp_path):
    async def scenario():
        room = Room(box, platform, tmp_path)
        room.may.clear()
        async with room.listening():
            await aside(box.connected, platform)
            told = await aside(change, box, platform)
            for _ in range(told + 1):
                await room.asked.acquire()
            room.may.set()
            await aside(box.acknowledged)
        return told, room.kept

    told, kept = run(scenario())
    assert all(isinstance(one, NewEvent) for one in kept)
    with contextlib.closing(open_log(str(tmp_path / "e.db"))) as log:
        assert log.append(kept) == told < len(kept)
