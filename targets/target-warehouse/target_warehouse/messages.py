"""Singer messages: their envelope, and the lines in which they come."""

from __future__ import annotations

import os
import re
import select
import time
import typing as t

import msgspec

from target_warehouse.errors import InputError

_CHUNK = 1 << 18
_SHOWN = 200

ABSENT = msgspec.Raw(b"")
"""Stands for a part that a message does not have."""

NO_BEGINNING = b"\xff"
"""No line begins so, since it is not UTF-8."""


TableVersion: t.TypeAlias = t.Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""The version of a full read."""


class Message(msgspec.Struct, gc=False):
    """The envelope of any Singer message; what it carries stays undecoded."""

    type: str
    stream: str = ""
    record: msgspec.Raw = ABSENT
    version: t.Optional[TableVersion] = None  # noqa: UP045 - msgspec reads it at run time
    time_extracted: t.Optional[str] = None  # noqa: UP045
    schema: msgspec.Raw = ABSENT
    key_properties: t.Optional[t.List[str]] = None  # noqa: UP006, UP045
    bookmark_properties: t.Optional[t.List[str]] = None  # noqa: UP006, UP045
    value: msgspec.Raw = ABSENT
    scope: t.Optional[t.Dict[str, t.Any]] = None  # noqa: UP006, UP045
    encoding: t.Optional[t.Dict[str, t.Any]] = None  # noqa: UP006, UP045
    manifest: t.Optional[t.List[str]] = None  # noqa: UP006, UP045


_decode = msgspec.json.Decoder(Message).decode
_STRING = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_ODD = re.compile(_STRING + rb"|-?Infinity|NaN", re.DOTALL)
_BRACKET = re.compile(_STRING + rb"|[\[\]{}]", re.DOTALL)
# Each escape as a whole, so that an escaped backslash never lends itself to what follows it.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F]..)|(u0000)|.)", re.DOTALL
)
_REPLACEMENT = rb"\ufffd"


def decode(line: bytes) -> Message:
    """Read one line.

    Raises:
        InputError: When it is not a Singer message.
    """
    try:
        return _decode(line)
    except msgspec.ValidationError as error:
        raise _no_message(line, error) from error
    except RecursionError:
        return _decode_deep(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        mended = mend(line)
        try:
            return _decode(mended)
        except msgspec.ValidationError as again:
            raise _no_message(line, again) from again
        except RecursionError:
            return _decode_deep(mended)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise InputError(
                f"{_shown(line)} is not valid JSON ({error}). What came before it is kept as far "
                "as STATE was given out; look at what the tap wrote (a print? a cut line?)."
            ) from error


def _decode_deep(line: bytes) -> Message:
    """Read a line that is nested too deeply to be read, but for its record, which is left so."""
    depth, start, end, last = 0, 0, 0, b""
    for token in _BRACKET.finditer(line):
        if token[0] in b"[{":
            depth += 1
            if depth == 2 and last == b'"record"':
                start = token.start()
        elif token[0] in b"]}":
            depth -= 1
            if depth == 1 and start:
                end = token.end()
                break
        else:
            last = token[0]
    try:
        message = _decode(line[:start] + b"null" + line[end:]) if end else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        message = None
    if message is None:
        raise InputError(
            f"{_shown(line)} is nested too deeply to be read. Only records may be so (they go to "
            "the quarantine); look at what the tap wrote."
        )
    message.record = msgspec.Raw(line[start:end])
    return message


def mend(line: bytes) -> bytes:
    """Return a line made strict JSON where it is only nearly so; anything else stays as it is.

    Half of a surrogate pair becomes U+FFFD. NaN and the infinities, which JSON does not know,
    become text, so that the record is refused for the field that holds them and not as a whole.
    """
    return _ODD.sub(_mended_token, line)


def _mended_token(token: re.Match[bytes]) -> bytes:
    text = token[0]
    if text[:1] != b'"':
        return b'"' + text + b'"'
    return _ESCAPE.sub(lambda match: _REPLACEMENT if match[1] else match[0], text)


def without_nul(text: bytes) -> bytes:
    """Return JSON in which each NUL character, which no engine takes, is U+FFFD."""
    return _ESCAPE.sub(lambda match: _REPLACEMENT if match[2] else match[0], text)


def _no_message(line: bytes, error: Exception) -> InputError:
    return InputError(f"{_shown(line)} is no Singer message: {error}.")


def _shown(line: bytes) -> str:
    text = line[:_SHOWN].decode(errors="replace").strip()
    return f"The input line {text!r}{'...' if len(line) > _SHOWN else ''}"


def read_blocks(
    source: t.IO[t.Any], *, on_idle: t.Callable[[], None], idle_seconds: float
) -> t.Iterator[bytes]:
    """Yield whole lines, as many together as came, and call `on_idle` while the stream is silent.

    The line break at the end of a block is left out.

    A tap that waits for its platform's limits would otherwise keep rows waiting with it.
    """
    descriptor = _descriptor(source)
    if descriptor is None:
        while lines := source.readlines(_CHUNK):
            yield b"".join(
                line if isinstance(line, bytes) else line.encode(errors="surrogatepass")
                for line in lines
            ).removesuffix(b"\n")
        return
    rest: list[bytes] = []
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
        end = chunk.rfind(b"\n")
        if end < 0:
            rest.append(chunk)
            continue
        yield b"".join((*rest, chunk[:end]))
        rest = [chunk[end + 1 :]]
    if any(rest):
        yield b"".join(rest)


def _descriptor(source: t.IO[t.Any]) -> int | None:
    """Return the file descriptor to wait on; None for what has none, and for Windows' pipes."""
    if os.name == "nt":
        return None
    try:
        return source.fileno()
    except (OSError, ValueError, AttributeError):
        return None


def record_beginning(line: bytes, stream: str) -> bytes:
    """Return the beginning of a RECORD line that all lines of its stream share.

    A tap writes the envelope of a stream's records always in one way. What begins with these bytes
    is a record of this stream, without a look at the whole line.

    Returns:
        The bytes before `"record"`, when they name the type and the stream; else NO_BEGINNING.
    """
    beginning = line[: line.find(b'"record"')].rstrip()
    try:
        named = msgspec.json.decode(beginning.rstrip(b",") + b"}")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return NO_BEGINNING
    return beginning if named == {"type": "RECORD", "stream": stream} else NO_BEGINNING


def all_begin(block: bytes, count: int, beginning: bytes) -> bool:
    """Tell whether all lines of a block begin with these bytes."""
    return block.startswith(beginning) and block.count(b"\n" + beginning) == count - 1


def raw(text: bytes) -> msgspec.Raw:
    """Return JSON text as an undecoded value."""
    return msgspec.Raw(text)
