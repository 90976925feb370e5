"""The frames of 消息服务 (TMC) of 淘宝: a version, a type, and headers up to an end, little-endian.

Source: the platform's own client for Node (npm taobao-sdk 2.0.5, lib/tmc).
"""

from __future__ import annotations

import gzip
import struct
import typing as t
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

from openplatform.push import PushRefusedError

CONNECT, CONNECT_ACK, SEND, SEND_ACK = range(4)
PULL, CONFIRM, DATA, FAILED = 1, 2, 3, 4
KIND: t.Final = "__kind"
_VERSION = 2
_END, _CUSTOM, _STATUS, _PHRASE, _FLAG, _TOKEN = range(6)
_VOID, _TEXT, _BYTE, _SHORT, _INT, _LONG, _DATE, _BYTES = range(8)
_FORMS = {_BYTE: "<B", _SHORT: "<h", _INT: "<i", _LONG: "<q", _DATE: "<q"}
_LARGEST = 8 * 1024 * 1024

Value: t.TypeAlias = str | int | bytes | datetime | None


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame.

    Attributes:
        kind: `CONNECT` and so on.
        content: Its own headers. As bytes a number that is one byte, as text what is counted text.
        token: What the platform gave when the connection began.
        status: Code of a refusal; 0 for none.
        phrase: Words of a refusal.
    """

    kind: int
    content: Mapping[str, Value] = field(default_factory=dict)
    token: str = ""
    status: int = 0
    phrase: str = ""


def encode(frame: Frame) -> bytes:
    """Return the bytes of a frame; numbers are long ones, but for the kind of a message."""
    parts = [bytes([_VERSION, frame.kind])]
    if frame.status:
        parts.append(struct.pack("<HI", _STATUS, frame.status))
    for place, text in ((_PHRASE, frame.phrase), (_TOKEN, frame.token)):
        if text:
            parts.append(struct.pack("<H", place) + _counted(text.encode()))
    for name, value in frame.content.items():
        parts.append(struct.pack("<H", _CUSTOM) + _counted(name.encode()) + _value(name, value))
    return b"".join(parts) + struct.pack("<H", _END)


def decode(data: bytes) -> Frame:
    """Read a frame.

    Raises:
        PushRefusedError: It is none.
    """
    try:
        return _Reader(data).frame()
    except (struct.error, ValueError):
        msg = "the frame is none of TMC"
        raise PushRefusedError(msg, status=400) from None


def text_in(value: Value) -> str:
    """Return a text; long ones come packed.

    Raises:
        PushRefusedError: It cannot be unpacked.
    """
    if not isinstance(value, bytes):
        return value if isinstance(value, str) else ""
    try:
        unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
        plain = unpacker.decompress(value, _LARGEST) if value[:2] == b"\x1f\x8b" else value
        return plain.decode()
    except (zlib.error, UnicodeDecodeError):
        msg = "the content cannot be unpacked"
        raise PushRefusedError(msg, status=400) from None


def packed(text: str) -> bytes:
    """Return a text as the platform packs long ones."""
    return gzip.compress(text.encode(), mtime=0)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def frame(self) -> Frame:
        version, kind = self._take("<BB")
        if version not in {1, _VERSION}:
            raise ValueError
        content: dict[str, Value] = {}
        token, phrase, status = "", "", 0
        while (place := self._take("<H")[0]) != _END:
            if place == _CUSTOM:
                name = self._counted().decode()
                content[name] = self._value()
            elif place == _STATUS:
                (status,) = self._take("<I")
            elif place == _PHRASE:
                phrase = self._counted().decode("utf-8", "replace")
            elif place == _FLAG:
                self._take("<I")
            elif place == _TOKEN:
                token = self._counted().decode()
            else:
                raise ValueError
        return Frame(kind, content, token, status, phrase)

    def _take(self, form: str) -> tuple[int, ...]:
        found = struct.unpack_from(form, self._data, self._at)
        self._at += struct.calcsize(form)
        return found

    def _counted(self) -> bytes:
        (size,) = self._take("<I")
        found = self._data[self._at : self._at + size]
        if len(found) < size:
            raise ValueError
        self._at += size
        return found

    def _value(self) -> Value:
        (form,) = self._take("<B")
        if form == _VOID:
            return None
        if form == _TEXT:
            return self._counted().decode()
        if form == _BYTES:
            return self._counted()
        if form not in _FORMS:
            raise ValueError
        (number,) = self._take(_FORMS[form])
        return _moment(number) if form == _DATE else number


def _moment(milliseconds: int) -> datetime | None:
    """Return a date; None for one that no calendar has, which is no reason to refuse the message."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None


def _counted(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data


def _value(name: str, value: Value) -> bytes:
    if value in {None, ""}:
        return bytes([_VOID])
    if isinstance(value, str):
        return bytes([_TEXT]) + _counted(value.encode())
    if isinstance(value, bytes):
        return bytes([_BYTES]) + _counted(value)
    if isinstance(value, datetime):
        return bytes([_DATE]) + struct.pack("<q", int(value.timestamp() * 1000))
    if name == KIND:
        return bytes([_BYTE]) + struct.pack("<B", value)
    return bytes([_LONG]) + struct.pack("<q", value)
