"""Push messages that come over a connection which we open: what both sides say on it.

Some platforms call no address: the app opens a WebSocket, and the messages come over it. A tap's `push.py`
names a `Listening` in place of a plain `Push`; each of its connections is a `Dialogue`: how its ticket is
asked for, where it leads, what is said when, and what a frame means. Like `Push.answer`, a dialogue does no
input or output. Who holds the connection stores `Heard.events` durably before it sends `Heard.reply`.
"""

from __future__ import annotations

import abc
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from typing_extensions import override

from openplatform.errors import OpenPlatformError, TransientError
from openplatform.push import Push, PushAnswer, PushEvent, PushRefusedError, PushRequest

Frame: t.TypeAlias = str | bytes
Frames: t.TypeAlias = tuple[Frame, ...]
_SHOWN = 200
_SCHEMES = {"http": "ws", "https": "wss"}


@dataclass(frozen=True, slots=True)
class Ask:
    """The request for the ticket of a connection; a POST with a JSON body.

    Attributes:
        url: Where to.
        body: The body.
    """

    url: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Heard:
    """What a frame says, and what is said to it.

    Attributes:
        events: What happened; empty for pings and the like.
        body: The message in the clear.
        reply: The answer, to be sent once the events are durable.
        instead: The answer when they cannot be stored; empty for silence, after which it comes again.
        leave: Why the platform wants this connection closed; empty to stay.
    """

    events: tuple[PushEvent, ...] = ()
    body: bytes = b""
    reply: Frames = ()
    instead: Frames = ()
    leave: str = ""


class Dialogue(abc.ABC):
    """One connection from its ticket to its end; the next one is another dialogue.

    Attributes:
        ready: Whether messages may come; the platform may want a word first.
        beat_seconds: How often `beat` is to be sent; 0 for never.
        silence_seconds: After so long without any frame the connection counts as dead; 0 for never.
        longest_pause: The longest wait before another try to connect, in seconds.
    """

    ready: bool = True
    beat_seconds: float = 0.0
    silence_seconds: float = 0.0
    longest_pause: float = 60.0

    def ask(self) -> Ask | None:
        """Return the request for the ticket; None where none is needed."""
        return None

    def told(self, status: int, body: bytes) -> None:  # noqa: B027 - most ask for nothing
        """Take the answer to `ask`.

        Raises:
            FatalError: The platform does not admit this app; the text says what to do.
            TransientError: It may the next time.
        """

    @abc.abstractmethod
    def address(self, now: datetime) -> str:
        """Return where the WebSocket is opened, by `ws://` or `wss://`."""

    def turned_away(
        self, status: int, headers: Mapping[str, str], body: bytes
    ) -> OpenPlatformError:
        """Return what it means that the WebSocket was refused; names of headers are in lower case."""
        return TransientError(f"the WebSocket was refused with HTTP {status}{shown(body)}")

    def hello(self, now: datetime) -> Frames:
        """Return what is said first."""
        return ()

    @abc.abstractmethod
    def hear(self, frame: Frame, received_at: datetime) -> Heard:
        """Understand a frame.

        Raises:
            PushRefusedError: It makes no sense; nothing is answered.
            FatalError: The platform does not admit this app; the text says what to do.
            TransientError: It may the next time.
        """

    def beat(self, now: datetime) -> Frames:
        """Return what keeps the connection alive."""
        return ()


class Listening(Push):
    """The push messages of one app that come over connections; in some cases by HTTP as well.

    Attributes:
        connection_console: What to do in the platform's console, in one sentence.
    """

    console = ""
    connection_console: t.ClassVar[str]

    @property
    def listens(self) -> bool:
        """Whether the settings are those of a connection."""
        return True

    @property
    @override
    def takes_requests(self) -> bool:
        return False

    @abc.abstractmethod
    def dialogue(self) -> Dialogue:
        """Return the next connection."""

    @override
    def answer(self, request: PushRequest) -> PushAnswer:
        msg = (
            "messages of this platform come over a connection that is opened from here, not by HTTP"
        )
        raise PushRefusedError(msg, status=404)


def ws_url(url: str) -> str:
    """Return the address of a WebSocket at a base URL, without a final slash."""
    scheme, mark, rest = url.partition("://")
    return f"{_SCHEMES.get(scheme, scheme)}{mark}{rest}".rstrip("/")


def shown(body: bytes) -> str:
    """Return the beginning of an answer, as the end of an error's text."""
    text = " ".join(body[:_SHOWN].decode("utf-8", "replace").split())
    return f": {text}" if text else ""
