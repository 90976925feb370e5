"""What a platform's push messages mean: the protocol between a tap's `push.py` and who receives them.

A tap that can read its platform's notifications names a subclass of `Push` in its pyproject.toml:

    [project.entry-points."openplatform.push"]
    youzan = "tap_youzan.push:YouzanPush"

The name is the platform's slug, as in the addresses of the sandbox. `answer` is a pure function of the
request and of the settings: it does no input or output, so that it can be tried with recorded
messages. Who receives the messages stores `PushAnswer.events` durably before it sends the reply.
"""

from __future__ import annotations

import abc
import hashlib
import json
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from importlib.metadata import EntryPoint, entry_points

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import (
    BlockCipherAlgorithm,
    Cipher,
    algorithms,
    modes,
)

from openplatform.errors import ConfigurationError, OpenPlatformError
from openplatform.times import Misfit, parse_time

GROUP: t.Final = "openplatform.push"


@dataclass(frozen=True, slots=True)
class PushRequest:
    """One request as it came in.

    Attributes:
        method: The HTTP method.
        query: Query parameters, decoded.
        headers: Headers, names in lower case.
        body: The raw bytes: signatures are made over these.
        received_at: When it came, in UTC; stands for the time of an event that tells none.
    """

    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime

    def expect_post(self) -> None:
        """Refuse anything but POST, by which messages come.

        Raises:
            PushRefusedError: Another method was used.
        """
        if self.method != "POST":
            msg = f"a message comes by POST, not {self.method}"
            raise PushRefusedError(msg, status=405)


@dataclass(frozen=True, slots=True)
class PushEvent:
    """Something happened to one entity of one account.

    Attributes:
        account: The shop, company or tenant, as in a tap's setting `accounts`.
        stream: The stream whose entity changed; empty when no stream of the tap holds it.
        id: The entity's key in that stream beside the account; parts of a composite key are joined
            by a colon. What the platform names where there is no stream.
        kind: The platform's own name of what happened.
        at: When it happened, in UTC.
        key: Equal for repetitions of one event, different for different events of one platform.
    """

    account: str
    stream: str
    id: str
    kind: str
    at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class PushAnswer:
    """What a genuine request says, and the platform's word for "taken".

    Attributes:
        events: What happened; empty for tests, heartbeats and checks of the address.
        body: The message in the clear.
        reply: Body of the answer with HTTP status 200, to be sent once the events are durable.
        content_type: Media type of the reply.
    """

    events: tuple[PushEvent, ...]
    body: bytes
    reply: bytes
    content_type: str = "application/json"


class PushRefusedError(OpenPlatformError):
    """A request is not genuine, or not meant for this app; its text never quotes a secret.

    Attributes:
        status: HTTP status of the refusal.
    """

    def __init__(self, message: str, *, status: int = 403) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class PushSetting:
    """A setting that a platform's messages need.

    Attributes:
        name: Its name, the same as the tap's where the tap has it too.
        description: What it is, and where the platform's console shows it.
        secret: Whether it must never be shown.
        optional: Whether it may be left out.
    """

    name: str
    description: str
    secret: bool = False
    optional: bool = False


class Push(abc.ABC):
    """The push messages of one app on one platform.

    Attributes:
        settings: What must be configured.
        console: What to do with the address in the platform's console, in one sentence.

    Args:
        values: The settings by name.

    Raises:
        ConfigurationError: One is missing or has the wrong form.
    """

    settings: t.ClassVar[tuple[PushSetting, ...]]
    console: t.ClassVar[str]

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)
        known = [one.name for one in self.settings]
        for name in self.values:
            if name not in known:
                msg = f"Unknown setting {name!r}; known: {', '.join(known)}."
                raise ConfigurationError(msg)
        for one in self.settings:
            if not one.optional and not self.values.get(one.name):
                msg = f"The setting {one.name} is missing: {one.description}"
                raise ConfigurationError(msg)

    @property
    def takes_requests(self) -> bool:
        """Whether messages come by HTTP with these settings."""
        return True

    @abc.abstractmethod
    def answer(self, request: PushRequest) -> PushAnswer:
        """Verify, decrypt and understand one request.

        Raises:
            PushRefusedError: It is not genuine.
        """


def pushes() -> dict[str, EntryPoint]:
    """Return the platforms whose push messages an installed tap understands, by slug; none is loaded."""
    return {point.name: point for point in sorted(entry_points(group=GROUP))}


def load(point: EntryPoint) -> type[Push]:
    """Return the class behind an entry point."""
    return t.cast("type[Push]", point.load())


def decrypt(
    key: bytes,
    iv: bytes,
    data: bytes,
    *,
    block: int = 16,
    algorithm: t.Callable[[bytes], BlockCipherAlgorithm] = algorithms.AES,
) -> bytes:
    """Decrypt CBC (of AES unless told) and take off the PKCS#7 padding to blocks of so many bytes.

    Raises:
        PushRefusedError: The key does not fit the message.
    """
    try:
        cipher = Cipher(algorithm(key), modes.CBC(iv)).decryptor()
        plain = cipher.update(data) + cipher.finalize()
        unpadder = padding.PKCS7(block * 8).unpadder()
        return unpadder.update(plain) + unpadder.finalize()
    except ValueError:
        msg = "the message cannot be decrypted with the configured key"
        raise PushRefusedError(msg) from None


def read_object(data: bytes | str) -> dict[str, t.Any]:
    """Read a JSON object.

    Raises:
        PushRefusedError: It is none.
    """
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        msg = "the message is no JSON object"
        raise PushRefusedError(msg, status=400)
    return content


def text_of(value: t.Any) -> str:
    """Return an identifier as text; empty for what is absent."""
    return "" if value is None or isinstance(value, dict | list | bool) else str(value)


def moment_of(value: t.Any, *, form: str, zone: tzinfo, otherwise: datetime) -> datetime:
    """Read a time of the platform; where there is none, or it makes no sense, take the other."""
    try:
        return parse_time(value, form=form, zone=zone) or otherwise
    except Misfit:
        return otherwise


def fingerprint(data: bytes) -> str:
    """Return a short name for exactly this content, where the platform gives a message none."""
    return hashlib.sha256(data).hexdigest()[:32]
