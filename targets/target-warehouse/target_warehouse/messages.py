"""Singer messages: their envelope, and the lines in which they come."""

from __future__ import annotations

import json
import os
import select
import time
import typing as t
from decimal import Decimal

import msgspec

from target_warehouse.errors import InputError

_CHUNK = 1 << 18
_SHOWN = 200

ABSENT = msgspec.Raw(b"")
"""Stands for a part that a message does not have."""


class Message(msgspec.Struct, gc=False):
    """The envelope of any Singer message; what it carries stays undecoded."""

    type: str
    stream: str = ""
    record: msgspec.Raw = ABSENT
    version: t.Optional[int] = None  # noqa: UP045 - msgspec reads it at run time
    time_extracted: t.Optional[str] = None  # noqa: UP045
    schema: msgspec.Raw = ABSENT
    key_properties: t.Optional[t.List[str]] = None  # noqa: UP006, UP045
    bookmark_properties: t.Optional[t.List[str]] = None  # noqa: UP006, UP045
    value: msgspec.Raw = ABSENT
    scope: t.Optional[t.Dict[str, t.Any]] = None  # noqa: UP006, UP045
    encoding: t.Optional[t.Dict[str, t.Any]] = None  # noqa: UP006, UP045
    manifest: t.Optional[t.List[str]] = None  # noqa: UP006, UP045


_decode = msgspec.json.Decoder(Message).decode
_encode_exact = msgspec.json.Encoder(decimal_format="number").encode


def decode(line: bytes) -> Message:
    """Read one line.

    Raises:
        InputError: When it is not a Singer message.
    """
    try:
        return _decode(line)
    except msgspec.ValidationError as error:
        raise InputError(f"{_shown(line)} is no Singer message: {error}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        mended = mend(line)
        if mended is None:
            raise InputError(
                f"{_shown(line)} is not valid JSON ({error}). What came before it is kept as far "
                "as STATE was given out; look at what the tap wrote (a print? a cut line?)."
            ) from error
        try:
            return _decode(mended)
        except msgspec.MsgspecError as again:
            raise InputError(f"{_shown(line)} is no Singer message: {again}.") from again


def mend(line: bytes) -> bytes | None:
    """Return a line that only Python's own reader accepts as strict JSON; None when it is no JSON.

    Half of a surrogate pair becomes U+FFFD. NaN and the infinities, which JSON does not know,
    become text, so that the record is refused for the field that holds them and not as a whole.
    """
    try:
        value = json.loads(line, parse_float=Decimal, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    return _encode_exact(replace_text(value, _without_half_surrogates))


def _without_half_surrogates(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def replace_text(value: t.Any, change: t.Callable[[str], str]) -> t.Any:
    """Return a JSON value with `change` applied to each text and each name in it."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [replace_text(item, change) for item in value]
    if isinstance(value, dict):
        return {change(name): replace_text(item, change) for name, item in value.items()}
    return value


def _shown(line: bytes) -> str:
    text = line[:_SHOWN].decode(errors="replace").strip()
    return f"The input line {text!r}{'...' if len(line) > _SHOWN else ''}"


def read_lines(
    source: t.IO[t.Any], *, on_idle: t.Callable[[], None], idle_seconds: float
) -> t.Iterator[bytes]:
    """Yield the lines of a stream, and call `on_idle` while it stays silent.

    A tap that waits for its platform's limits would otherwise keep rows waiting with it.
    """
    descriptor = _descriptor(source)
    if descriptor is None:
        for line in source:
            yield line if isinstance(line, bytes) else line.encode(errors="surrogatepass")
        return
    rest = b""
    woken = time.monotonic()
    while True:
        ready, _, _ = select.select([descriptor], [], [], idle_seconds)
        if not ready or time.monotonic() - woken > idle_seconds:
            on_idle()
            woken = time.monotonic()
        if not ready:
            continue
        chunk = os.read(descriptor, _CHUNK)
        if not chunk:
            break
        if b"\n" not in chunk:
            rest += chunk
            continue
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        yield from lines
    if rest:
        yield rest


def _descriptor(source: t.IO[t.Any]) -> int | None:
    """Return the file descriptor to wait on; None for what has none, and for Windows' pipes."""
    if os.name == "nt":
        return None
    try:
        return source.fileno()
    except (OSError, ValueError, AttributeError):
        return None


def raw(text: bytes) -> msgspec.Raw:
    """Return JSON text as an undecoded value."""
    return msgspec.Raw(text)
