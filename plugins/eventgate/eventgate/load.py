"""The load trial: genuine messages at a fixed rate, a SIGKILL in the middle, and then the count.

An open loop: messages are due at fixed moments, whether or not the gate keeps up, and a latency counts
from the moment that its message was due. What gets no success word is sent again, as platforms do.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import typing as t
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import parse_qsl

from openplatform.push import Push, PushRequest
from typing_extensions import override

from eventgate.config import PREFIX, read_config
from eventgate.log import NewEvent, open_log

if t.TYPE_CHECKING:
    from sandbox.pushes import Letter

# When what was not taken comes again. The platforms take from 1 s to 5 min; all at once they never come.
_AGAIN_SECONDS = (1.0, 5.0)
_PATIENCE_SECONDS = 60.0
_CHECKED_AT_ONCE = 1000
ENOUGH_PER_SECOND: t.Final = 1000.0
SLOWEST_P99_MS: t.Final = 50.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to try.

    Attributes:
        seconds: Length of the trial.
        rate: Messages a second.
        lines: Connections.
        kill: Whether the gate is killed half-way, and started again.
        database: Where the gate keeps its events; empty for a file that vanishes afterwards.
        platforms: Which platforms send, in turn.
    """

    seconds: float
    rate: float
    lines: int
    kill: bool
    database: str
    platforms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it; latencies in milliseconds.

    Attributes:
        sent: Messages.
        acknowledged: Messages that got the success word.
        seconds: From the first that was due to the last success word.
        repeated: Tries that got no success word.
        down: Seconds from the SIGKILL to the next success word; 0 without one.
        lost: Acknowledged messages that the log does not hold.
        p50: Half of the messages were acknowledged within so long.
        p95: And so on.
        p99: And so on.
        slowest: The worst.
    """

    sent: int
    acknowledged: int
    seconds: float
    repeated: int
    down: float
    lost: int
    p50: float
    p95: float
    p99: float
    slowest: float

    @property
    def rate(self) -> float:
        """Messages acknowledged a second."""
        return self.acknowledged / self.seconds if self.seconds else 0.0

    @property
    def good(self) -> bool:
        """Whether it is as fast as asked for, and nothing is lost."""
        whole = self.lost == 0 and self.acknowledged == self.sent
        return whole and self.rate >= ENOUGH_PER_SECOND and self.p99 < SLOWEST_P99_MS

    def as_dict(self) -> dict[str, t.Any]:
        """Return the numbers for programs."""
        told = {**asdict(self), "rate": self.rate, "good": self.good}
        return {name: round(n, 2) if isinstance(n, float) else n for name, n in told.items()}

    def as_text(self) -> str:
        """Return the numbers for people."""
        return (
            f"{self.acknowledged} of {self.sent} messages acknowledged in {self.seconds:.1f} s:"
            f" {self.rate:.0f} a second\n"
            f"latency p50 {self.p50:.1f} ms, p95 {self.p95:.1f} ms, p99 {self.p99:.1f} ms,"
            f" slowest {self.slowest:.1f} ms\n"
            f"{self.repeated} tries repeated; {self.down:.2f} s down after the SIGKILL\n"
            f"{self.lost} acknowledged events lost"
        )


@dataclass(slots=True)
class _Message:
    """A message on its way; `due` moves when it has to be sent again."""

    platform: str
    gate: str
    letter: Letter
    due: float


class _Line(asyncio.Protocol):
    """One connection that carries one request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.since = 0.0
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._bytes = b""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = t.cast("asyncio.Transport", transport)
        self.since = time.perf_counter()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError())

    @override
    def data_received(self, data: bytes) -> None:
        self._bytes += data
        head, end, body = self._bytes.partition(b"\r\n\r\n")
        if not end or self._answer is None or self._answer.done():
            return
        lines = head.lower().split(b"\r\n")
        length = next((int(one[15:]) for one in lines if one.startswith(b"content-length:")), 0)
        if len(body) >= length:
            self._bytes = b""
            self._answer.set_result((int(lines[0].split()[1]), body))

    async def ask(self, port: int, message: _Message) -> tuple[int, bytes]:
        loop = asyncio.get_running_loop()
        if self.transport is None:
            self._bytes = b""
            await loop.create_connection(lambda: self, "127.0.0.1", port)
        letter = message.letter
        path = f"/push/{message.gate}" + (f"?{letter.query}" if letter.query else "")
        head = {"Host": "127.0.0.1", "Content-Length": str(len(letter.body)), **letter.headers}
        text = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        self._answer = loop.create_future()
        t.cast("asyncio.Transport", self.transport).write(
            f"{letter.method} {path} HTTP/1.1\r\n{text}\r\n".encode() + letter.body
        )
        return await self._answer


@dataclass
class Trial:
    """One load trial."""

    plan: Plan
    config: Path
    port: int
    latencies: list[float] = field(default_factory=list)
    kept: list[_Message] = field(default_factory=list)
    repeated: int = 0
    ended: float = 0.0
    killed: float = 0.0
    down: float = 0.0

    async def run(self) -> Outcome:
        """Start a gate, send, count."""
        from sandbox import SandboxSettings
        from sandbox.world import World

        self._world = World(SandboxSettings(accounts=1, size=1000))
        gates = self._world.gates()
        database = self.plan.database or str(self.config.with_name("events.db"))
        settings = {"database": database, "platforms": gates}
        self.config.write_text(json.dumps(settings), encoding="utf-8")
        self._queue: asyncio.Queue[_Message] = asyncio.Queue()
        self._total = math.ceil(self.plan.seconds * self.plan.rate)
        self._done = asyncio.Event()
        self._chance = random.Random(1)  # noqa: S311 - no secret
        process = await self._start()
        try:
            began = time.perf_counter()
            lines = [asyncio.create_task(self._carry(_Line())) for _ in range(self.plan.lines)]
            sender = asyncio.create_task(self._send(began))
            if self.plan.kill:
                await asyncio.sleep(self.plan.seconds / 2)
                process.kill()
                process.wait()
                self.killed = time.perf_counter()
                process = await self._start(wait=False)
            await sender
            with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
                await asyncio.wait_for(self._done.wait(), _PATIENCE_SECONDS)
            for line in lines:
                line.cancel()
            await asyncio.gather(*lines, return_exceptions=True)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
        return self._outcome(began, database)

    async def _start(self, *, wait: bool = True) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "eventgate", "--config", str(self.config)]
        # Not with the settings of a real gate, whose log this would fill.
        own = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        process = subprocess.Popen(  # noqa: ASYNC220 - starts at once, and is waited for elsewhere
            [*command, "serve", "--port", str(self.port)], stderr=subprocess.DEVNULL, env=own
        )
        while wait:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                if process.poll() is not None:
                    msg = f"the gate ended with exit code {process.returncode}"
                    raise RuntimeError(msg) from None
                await asyncio.sleep(0.02)
            else:
                writer.close()
                await writer.wait_closed()
                break
        return process

    async def _send(self, began: float) -> None:
        for number in range(self._total):
            due = began + number / self.plan.rate
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            self._queue.put_nowait(self._message(number, due))

    def _message(self, number: int, due: float) -> _Message:
        """A message about a row of its own, so that each is an event of its own."""
        from sandbox.dataset import Row
        from sandbox.pushes import Change

        slug = self.plan.platforms[number % len(self.plan.platforms)]
        platform = self._world.platform(slug)
        announcer = platform.announcer
        account = platform.accounts[0]
        if announcer is None:
            msg = f"{slug} pushes no messages"
            raise RuntimeError(msg)
        now = self._world.clock.now()
        milliseconds = int(now * 1000)
        data = platform.dataset(account, "approvals" if slug == "wecom" else "orders")
        row = Row(number, 1, milliseconds, milliseconds)
        told = announcer.message(Change(data, row, "update", number, now)) or {}
        letter = announcer.seal(account, told, 0, now)
        return _Message(slug, announcer.gate(account), letter, due)

    async def _carry(self, line: _Line) -> None:
        while True:
            message = await self._queue.get()
            announcer = self._world.platform(message.platform).announcer
            try:
                status, body = await line.ask(self.port, message)
                taken = announcer is not None and announcer.taken(status, body)
            except OSError:
                taken = False
            now = time.perf_counter()
            if taken:
                self._acknowledge(message, now, line.since)
            else:
                self.repeated += 1
                wait = self._chance.uniform(*_AGAIN_SECONDS)
                message.due = now + wait
                asyncio.get_running_loop().call_later(wait, self._queue.put_nowait, message)

    def _acknowledge(self, message: _Message, now: float, connected: float) -> None:
        self.latencies.append(now - message.due)
        self.kept.append(message)
        self.ended = now
        if self.killed and connected > self.killed and not self.down:
            self.down = now - self.killed
        if len(self.kept) == self._total:
            self._done.set()

    def _outcome(self, began: float, database: str) -> Outcome:
        ordered = sorted(self.latencies)

        def share(part: float) -> float:
            if not ordered:
                return math.inf
            return ordered[min(len(ordered) - 1, int(part * len(ordered)))] * 1000

        return Outcome(
            sent=self._total,
            acknowledged=len(self.kept),
            seconds=max(self.ended - began, 0.0),
            repeated=self.repeated,
            down=self.down,
            lost=self._lost(database),
            p50=share(0.50),
            p95=share(0.95),
            p99=share(0.99),
            slowest=share(1.0),
        )

    def _lost(self, database: str) -> int:
        """Offer every acknowledged message to the log again: what is new to it was lost."""
        gates = read_config(self.config, {}).gates
        lost, log = 0, open_log(database)
        for start in range(0, len(self.kept), _CHECKED_AT_ONCE):
            some = self.kept[start : start + _CHECKED_AT_ONCE]
            lost += log.append([one for message in some for one in _events(gates, message)])
        log.close()
        return lost


def _events(gates: t.Mapping[str, Push], message: _Message) -> list[NewEvent]:
    letter, now = message.letter, datetime.now(timezone.utc)
    headers = {name.lower(): value for name, value in letter.headers.items()}
    request = PushRequest(letter.method, dict(parse_qsl(letter.query)), headers, letter.body, now)
    answer = gates[message.gate].answer(request)
    return [NewEvent(message.platform, event, answer.body, now) for event in answer.events]


def run_trial(plan: Plan, port: int) -> Outcome:
    """Run a load trial with a gate of its own on this port."""
    with tempfile.TemporaryDirectory(prefix="eventgate-load-") as folder:
        trial = Trial(plan, Path(folder) / "eventgate.yml", port)
        loop = new_loop()
        try:
            return loop.run_until_complete(trial.run())
        finally:
            loop.close()


def new_loop() -> asyncio.AbstractEventLoop:
    """Return the loop that the gate itself uses as well."""
    try:
        import uvloop
    except ModuleNotFoundError:  # there is none for Windows
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
