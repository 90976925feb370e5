"""The connections that this gate opens, where a platform's messages come over one.

A message is answered once the log has it, so whatever ends a connection, nothing is lost: what was not
answered comes again over the next one, and the log knows what it has already.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import threading
import typing as t
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

import requests
from openplatform.bookmarks import format_time
from openplatform.errors import FatalError, OpenPlatformError, TransientError
from openplatform.listening import Ask, Dialogue, Frame, Frames, Heard, Listening
from openplatform.push import PushRefusedError
from openplatform.transport import new_session
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from eventgate.log import NewEvent

_LOGGER = logging.getLogger("eventgate")
_JSON = {"Content-Type": "application/json", "Accept": "application/json"}
_ASK_SECONDS = (5.0, 10.0)
_OPEN_SECONDS = 10.0
_CLOSE_SECONDS = 2.0
# What is being stored when the gate ends is still answered.
_LAST_SECONDS = 3.0
_LARGEST_FRAME = 4 * 1024 * 1024
_MOST_UNDER_WAY = 1000
_FIRST_PAUSE = 0.5
# Whoever is not admitted is told so by a person's mistake, and asks less often.
_LONGEST_REFUSED = 300.0
# A connection that held so long was a good one: the next try comes at once.
_GOOD_SECONDS = 30.0

T = t.TypeVar("T")
Keep = Callable[[Sequence[NewEvent]], Awaitable[bool]]


@dataclass(slots=True)
class Tally:
    """What became of one gate's connections since the start.

    Attributes:
        state: `connecting`, `open`, `waiting` (for the next try) or `refused` (a person must act).
        since: Since when, in UTC.
        opened: Connections that were opened.
        messages: Messages that came.
        acknowledged: Messages that were stored and answered.
        error: What ended the last connection; empty when nothing did.
    """

    state: str = "connecting"
    since: str = ""
    opened: int = 0
    messages: int = 0
    acknowledged: int = 0
    error: str = ""


class Listener:
    """Holds one gate's connection, opens the next one when it ends, and answers what is stored.

    Args:
        name: The gate's name.
        push: What its messages mean.
        keep: Stores events durably, and tells whether that came about.
        refused: Is called for each frame that makes no sense.
    """

    def __init__(self, name: str, push: Listening, keep: Keep, refused: Callable[[], None]) -> None:
        self.name = name
        self.tally = Tally()
        self._push = push
        self._keep = keep
        self._refused = refused
        self._under_way: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(_MOST_UNDER_WAY)
        self._said = ""

    async def run(self) -> t.NoReturn:
        """Listen until cancelled."""
        tries = 0
        while True:
            dialogue = self._push.dialogue()
            self._is("connecting")
            began, opened = _seconds(), self.tally.opened
            state = "waiting"
            try:
                await self._connection(dialogue)
            except FatalError as error:
                state = "refused"
                self._tell(logging.ERROR, str(error), about=state)
            except (OpenPlatformError, OSError, WebSocketException) as error:
                words = str(error) or type(error).__name__
                ended = isinstance(error, ConnectionClosed)
                self._tell(logging.WARNING, f"the connection ended: {words}" if ended else words)
            except Exception as error:
                # Whatever a platform sends must not make this gate deaf.
                _LOGGER.exception("%s: the connection ended by a mistake of ours", self.name)
                self.tally.error = self._said = repr(error)
            good = self.tally.opened > opened and _seconds() - began > _GOOD_SECONDS
            tries = 0 if good else tries + 1
            self._is(state)
            # All of a platform's clients come back at once after its restart; spread them.
            longest = _LONGEST_REFUSED if state == "refused" else dialogue.longest_pause
            pause = min(longest, _FIRST_PAUSE * 2 ** min(tries, 20))
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - no secret

    # -- one connection --------------------------------------------------------------------------

    async def _connection(self, dialogue: Dialogue) -> None:
        """Hold one connection; return when the platform asks to leave it.

        Raises:
            OpenPlatformError, OSError, WebSocketException: It ended in another way.
        """
        if (asked := dialogue.ask()) is not None:
            dialogue.told(*await _in_thread(lambda: _post(asked)))
        try:
            line = await connect(
                dialogue.address(_now()),
                open_timeout=_OPEN_SECONDS,
                close_timeout=_CLOSE_SECONDS,
                max_size=_LARGEST_FRAME,
                user_agent_header="eventgate",
            )
        except InvalidStatus as error:
            answer = error.response
            headers = {name.lower(): value for name, value in answer.headers.raw_items()}
            refusal = dialogue.turned_away(answer.status_code, headers, answer.body or b"")
            raise refusal from None
        beats = asyncio.create_task(self._beat(line, dialogue))
        try:
            await self._listen(line, dialogue)
        finally:
            beats.cancel()
            await self._leave(line)

    async def _listen(self, line: ClientConnection, dialogue: Dialogue) -> None:
        await _say(line, dialogue.hello(_now()))
        while True:
            if dialogue.ready and self.tally.state != "open":
                self.tally.opened += 1
                self._is("open")
                self._tell(logging.INFO, "")
            patience = dialogue.silence_seconds if dialogue.ready else _OPEN_SECONDS
            frame = await _next(line, patience)
            received = _now()
            try:
                heard = dialogue.hear(frame, received)
            except PushRefusedError as refusal:
                self._refused()
                _LOGGER.warning("%s: not understood, and not answered: %s", self.name, refusal)
                continue
            if heard.leave:
                _LOGGER.info("%s: the platform ends the connection: %s", self.name, heard.leave)
                return
            if not heard.events:
                await _say(line, heard.reply)
                continue
            self.tally.messages += 1
            await self._room.acquire()
            self._begin(self._take(line, heard, received))

    async def _take(self, line: ClientConnection, heard: Heard, received: datetime) -> None:
        """Store a message; only then may the platform hear that it was taken."""
        slug = self.name.partition("/")[0]
        events = [NewEvent(slug, event, heard.body, received) for event in heard.events]
        try:
            stored = await self._keep(events)
            # It comes again where the answer does not arrive any more.
            with contextlib.suppress(ConnectionClosed):
                await _say(line, heard.reply if stored else heard.instead)
                self.tally.acknowledged += stored
        finally:
            self._room.release()

    async def _beat(self, line: ClientConnection, dialogue: Dialogue) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                # The platform may tell the pace when the connection stands.
                await asyncio.sleep(dialogue.beat_seconds or _OPEN_SECONDS)
                if dialogue.beat_seconds and dialogue.ready:
                    await _say(line, dialogue.beat(_now()))

    async def _leave(self, line: ClientConnection) -> None:
        """Answer what is still being stored, then close."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=_LAST_SECONDS)
        await line.close()

    # -- telling ---------------------------------------------------------------------------------

    def _begin(self, work: Coroutine[t.Any, t.Any, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def _is(self, state: str) -> None:
        self.tally.state = state
        self.tally.since = format_time(_now())

    def _tell(self, level: int, what: str, *, about: str = "") -> None:
        """Say once what is wrong, and once that it is well again.

        Args:
            level: How grave it is.
            what: What is wrong; empty when it is well.
            about: What makes it the same again; the text itself where that is always the same.
        """
        for setting in self._push.settings:
            if setting.secret and (secret := self._push.values.get(setting.name)):
                what = what.replace(secret, "***")
        self.tally.error, about = what, about or what
        if about != self._said or not what:
            _LOGGER.log(level, "%s: %s", self.name, what or "the connection is open")
        self._said = about


async def _next(line: ClientConnection, patience: float) -> Frame:
    """Return the next frame.

    Raises:
        TransientError: None came for so many seconds; 0 waits for ever.
        ConnectionClosed: The connection ended.
    """
    if not patience:
        return await line.recv()
    loop = asyncio.get_running_loop()
    # Before Python 3.12 wait_for could lose a cancellation, and the gate would not end.
    timer = loop.call_later(patience, line.transport.abort)
    try:
        return await line.recv()
    except ConnectionClosed:
        if loop.time() < timer.when():
            raise
        msg = f"nothing came for {patience:g} s: the connection is dead"
        raise TransientError(msg) from None
    finally:
        timer.cancel()


async def _say(line: ClientConnection, frames: Frames) -> None:
    for frame in frames:
        await line.send(frame)


def _post(asked: Ask) -> tuple[int, bytes]:
    """Ask for a ticket.

    Raises:
        TransientError: Nobody answers.
    """
    try:
        with new_session(asked.url) as session:
            answer = session.post(
                asked.url, asked.body, headers=_JSON, timeout=_ASK_SECONDS, allow_redirects=False
            )
            return answer.status_code, answer.content
    except requests.RequestException as error:
        msg = f"no ticket could be asked for at {asked.url.partition('?')[0]}: {error}"
        raise TransientError(msg) from None


async def _in_thread(work: Callable[[], T]) -> T:
    """Run in a thread that nobody waits for at the end."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: Exception | None) -> None:
        if future.cancelled():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(t.cast("T", result))

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - is raised where it is awaited
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, name="eventgate-ticket", daemon=True).start()
    return await future


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _seconds() -> float:
    return asyncio.get_running_loop().time()
