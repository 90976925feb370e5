"""Connections that an app opens to a platform, and the messages that come over them.

A message waits from the first connection of its platform on. It goes over one of the app's connections;
what is not acknowledged in time, or whose connection ends before, goes again.
"""

from __future__ import annotations

import abc
import asyncio
import contextlib
import threading
import time
import typing as t
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from sandbox.dataset import Dataset, Row
from sandbox.http import Call, Rejected, Reply
from sandbox.pushes import Change, Kind

if t.TYPE_CHECKING:
    from sandbox.platform import Platform
    from sandbox.world import World

Frame: t.TypeAlias = str | bytes
Message = dict[str, t.Any]
_MOST_AT_ONCE = 100


@dataclass(slots=True)
class Guest:
    """One side of a connection: an app, and what the platform knows of it.

    Attributes:
        app: The app.
        accounts: Whose messages it gets.
        ready: Whether it may get messages; some platforms want a word first.
        notes: What the platform's operator keeps of it.
    """

    app: str
    accounts: Collection[str]
    ready: bool = True
    notes: Message = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the platform does upon a frame.

    Attributes:
        frames: What it says.
        done: Numbers of the messages that are acknowledged.
        later: Numbers of those that the app wants again.
        close: Whether it ends the connection.
    """

    frames: Sequence[Frame] = ()
    done: Sequence[int] = ()
    later: Sequence[int] = ()
    close: bool = False


@dataclass(slots=True)
class Parcel:
    """A message that is not acknowledged yet.

    Attributes:
        number: Its number, one for all its deliveries.
        account: Whose it is.
        message: What it says.
        due: When it goes (again), on the monotonic clock.
        line: The connection that it went over.
        sent: How often it went.
    """

    number: int
    account: str
    message: t.Any
    due: float = 0.0
    line: Line | None = None
    sent: int = 0


class Operator(abc.ABC):
    """How one platform talks over connections.

    Attributes:
        again: Seconds after which it repeats what was not acknowledged.
    """

    again: t.ClassVar[float]

    @abc.abstractmethod
    def gates(self, platform: Platform, base_url: str) -> dict[str, dict[str, str]]:
        """Return the settings of those who listen, by name."""

    @abc.abstractmethod
    def message(self, change: Change) -> t.Any:
        """Return what is told about a change; None when the platform says nothing of it."""

    @abc.abstractmethod
    def admit(self, platform: Platform, call: Call) -> Guest:
        """Check who opens a connection.

        Raises:
            Rejected: The platform refuses; see `refusal`.
        """

    def refusal(self, refused: Rejected) -> Reply:
        """Return the answer to a WebSocket that is not opened."""
        text = refused.message.encode()
        return Reply(text, int(refused.extra.get("status", 403)), content_type="text/plain")

    def greeting(self, guest: Guest) -> Sequence[Frame]:
        """Return what the platform says first."""
        return ()

    def farewell(self) -> Sequence[Frame]:
        """Return what it says before it ends a connection by its own will."""
        return ()

    @abc.abstractmethod
    def frames(self, guest: Guest, parcel: Parcel, now: float) -> Sequence[Frame]:
        """Return a message as it goes over a connection."""

    @abc.abstractmethod
    def hear(self, platform: Platform, guest: Guest, frame: Frame, now: float) -> Answer:
        """Understand what the app says.

        Raises:
            Rejected: It makes no sense; the connection ends.
        """


class Line:
    """One open connection."""

    def __init__(self, slug: str, guest: Guest) -> None:
        self.slug = slug
        self.guest = guest
        self.wanted = True
        self.polite = False
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Let it look for messages; from any thread."""
        with contextlib.suppress(RuntimeError):  # its loop has ended
            self._loop.call_soon_threadsafe(self._wake.set)

    async def wait(self, seconds: float | None) -> None:
        """Wait until there may be something to do."""
        # Before Python 3.12 wait_for could lose a cancellation.
        timer = None if seconds is None else self._loop.call_later(seconds, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            if timer is not None:
                timer.cancel()
        self._wake.clear()


class Lines:
    """The connections of one sandbox, and the messages that wait for them.

    Attributes:
        hurry: The waits before a repetition are divided by this.
        counts: What became of the messages.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Condition()
        self._lines: list[Line] = []
        self._slugs: set[str] = set()
        self._parcels: dict[str, dict[int, Parcel]] = {}
        self._number = 0
        self.hurry = 1.0
        self.counts = {"told": 0, "sent": 0, "acknowledged": 0, "returned": 0, "opened": 0}

    def announce(self, slug: str, operator: Operator, data: Dataset, kind: Kind, row: Row) -> None:
        """Tell of a change, if anybody ever listened."""
        with self._lock:
            if slug not in self._slugs:
                return
            self._number += 1
            message = operator.message(Change(data, row, kind, self._number, self._clock()))
            if message is None:
                return
            self.counts["told"] += 1
            parcel = Parcel(self._number, data.account, message)
            self._parcels.setdefault(slug, {})[self._number] = parcel
            self._wake(slug)

    def open(self, slug: str, guest: Guest) -> Line:
        """Take a connection in."""
        line = Line(slug, guest)
        with self._lock:
            self._slugs.add(slug)
            self._lines.append(line)
            self.counts["opened"] += 1
            self._lock.notify_all()
        return line

    def close(self, line: Line) -> None:
        """A connection has ended: what it did not acknowledge goes over another one, at once."""
        with self._lock:
            self._lines.remove(line)
            for parcel in self._parcels.get(line.slug, {}).values():
                if parcel.line is line:
                    parcel.line, parcel.due = None, 0.0
            self._wake(line.slug)
            self._lock.notify_all()

    def take(self, line: Line, again: float) -> tuple[list[Parcel], float | None]:
        """Return the messages that a connection shall carry now, and in how many seconds to ask again."""
        now = time.monotonic()
        with self._lock:
            if not line.guest.ready or not line.wanted:
                return [], None
            mine = [
                one
                for one in self._parcels.get(line.slug, {}).values()
                if one.account in line.guest.accounts
            ]
            found = [one for one in mine if one.due <= now][:_MOST_AT_ONCE]
            for parcel in found:
                parcel.due, parcel.line = now + again / self.hurry, line
                parcel.sent += 1
            self.counts["sent"] += len(found)
            self._lock.notify_all()
            next_due = min((one.due for one in mine), default=None)
            return found, None if next_due is None else max(next_due - now, 0.001)

    def settle_some(self, line: Line, answer: Answer) -> None:
        """Take away what is acknowledged, and send again what the app wants later."""
        with self._lock:
            parcels = self._parcels.get(line.slug, {})
            for number in answer.done:
                if parcels.pop(number, None) is not None:
                    self.counts["acknowledged"] += 1
            for number in answer.later:
                if (parcel := parcels.get(number)) is not None:
                    self.counts["returned"] += 1
                    parcel.due = time.monotonic() + 1.0 / self.hurry
            if answer.done or answer.later or line.guest.ready:
                self._wake(line.slug)
            self._lock.notify_all()

    def hang_up(self, slug: str, *, polite: bool = False) -> int:
        """End all of a platform's connections, from any thread; return how many."""
        with self._lock:
            found = [one for one in self._lines if one.slug == slug]
            for line in found:
                line.wanted, line.polite = False, polite
                line.wake()
            return len(found)

    def until(self, met: Callable[[Message], bool], seconds: float) -> Message:
        """Wait until what `status` tells is as wanted, and return it.

        Raises:
            TimeoutError: It did not come about in time.
        """
        with self._lock:
            if not self._lock.wait_for(lambda: met(self.status()), seconds):
                msg = f"not within {seconds:g} s: {self.status()}"
                raise TimeoutError(msg)
            return self.status()

    def status(self) -> Message:
        """Return the counts, the messages that wait, and the open connections by platform."""
        with self._lock:
            found: dict[str, int] = {}
            for line in self._lines:
                found[line.slug] = found.get(line.slug, 0) + line.guest.ready
            waiting = sum(len(parcels) for parcels in self._parcels.values())
            return {**self.counts, "waiting": waiting, "connections": found}

    def _wake(self, slug: str) -> None:
        for line in self._lines:
            if line.slug == slug:
                line.wake()


Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def converse(world: World, scope: Message, receive: Receive, send: Send) -> None:
    """Hold one connection, from its request to its end."""
    await receive()
    slug, _, rest = scope["path"].lstrip("/").partition("/")
    platform = world.platforms.get(slug)
    operator = None if platform is None else platform.operator
    if platform is None or operator is None:
        await _refuse(
            send, Reply(b"no platform takes connections here", 404, "rejected", "text/plain")
        )
        return
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
    call = Call("GET", f"/{rest}", query, headers, b"", 0, world.clock.now())
    try:
        with world.lock:
            guest = operator.admit(platform, call)
    except Rejected as refused:
        await _refuse(send, operator.refusal(refused))
        return
    await send({"type": "websocket.accept"})
    line = world.lines.open(slug, guest)
    talk = _Talk(world, platform, operator, line, send)
    carrier = asyncio.create_task(talk.carry())
    try:
        while (message := await receive())["type"] != "websocket.disconnect":
            if not await talk.hear(message.get("text") or message.get("bytes") or ""):
                break
    finally:
        world.lines.close(line)
        carrier.cancel()
        await asyncio.gather(carrier, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class _Talk:
    world: World
    platform: Platform
    operator: Operator
    line: Line
    send: Send

    async def carry(self) -> None:
        """Say what there is to say, until the platform itself ends the connection."""
        guest, now = self.line.guest, self.world.clock.now
        await self.say(self.operator.greeting(guest))
        while self.line.wanted:
            parcels, seconds = self.world.lines.take(self.line, self.operator.again)
            for parcel in parcels:
                await self.say(self.operator.frames(guest, parcel, now()))
            await self.line.wait(seconds)
        if self.line.polite:
            await self.say(self.operator.farewell())
        else:
            await self.send({"type": "websocket.close", "code": 1011})

    async def hear(self, frame: Frame) -> bool:
        """Take what the app says; tell whether the connection goes on."""
        try:
            with self.world.lock:
                answer = self.operator.hear(
                    self.platform, self.line.guest, frame, self.world.clock.now()
                )
        except Rejected:
            answer = Answer(close=True)
        self.world.lines.settle_some(self.line, answer)
        await self.say(answer.frames)
        if answer.close:
            await self.send({"type": "websocket.close", "code": 1008})
        return not answer.close

    async def say(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            kind = "text" if isinstance(frame, str) else "bytes"
            await self.send({"type": "websocket.send", kind: frame})


async def _refuse(send: Send, reply: Reply) -> None:
    headers = [(b"content-type", reply.content_type.encode())]
    headers += [(name.encode(), value.encode()) for name, value in reply.headers]
    start = {"status": reply.status, "headers": headers}
    await send({"type": "websocket.http.response.start", **start})
    await send({"type": "websocket.http.response.body", "body": reply.body})
