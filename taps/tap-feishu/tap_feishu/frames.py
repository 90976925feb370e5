"""The frames on a long connection of 飞书: protocol buffers, of which two messages are used.

    Header: 1 key, 2 value (text)
    Frame: 1 SeqID, 2 LogID, 3 service, 4 method (0 control, 1 data), 5 headers, 6 payload_encoding,
           7 payload_type (text), 8 payload (bytes), 9 LogIDNew (text)

Source: the descriptor `pbbp2.proto` in the platform's own client (PyPI lark-oapi 1.7.5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from openplatform.push import PushRefusedError

CONTROL, DATA = 0, 1
_VARINT, _BYTES = 0, 2
_NUMBERS = {1: "sequence", 2: "log", 3: "service", 4: "method"}
_HEADERS, _PAYLOAD = 5, 8
_MOST_BITS = 64


@dataclass(slots=True)
class Frame:
    """One frame; what is not used here stays as it came.

    Attributes:
        sequence: SeqID.
        log: LogID.
        service: The number of the service that the address of the connection names.
        method: `CONTROL` or `DATA`.
        headers: Keys and values; a key comes once.
        payload: The content.
        rest: The other fields, as they came.
    """

    sequence: int = 0
    log: int = 0
    service: int = 0
    method: int = CONTROL
    headers: dict[str, str] = field(default_factory=dict)
    payload: bytes = b""
    rest: bytes = b""


def encode(frame: Frame) -> bytes:
    """Return the bytes of a frame."""
    numbers = (frame.sequence, frame.log, frame.service, frame.method)
    parts = [_tag(place, _VARINT) + _varint(n) for place, n in enumerate(numbers, 1)]
    parts += [
        _sized(_HEADERS, _sized(1, key.encode()) + _sized(2, value.encode()))
        for key, value in frame.headers.items()
    ]
    return b"".join(parts) + _sized(_PAYLOAD, frame.payload) + frame.rest


def decode(data: bytes) -> Frame:
    """Read a frame.

    Raises:
        PushRefusedError: It is none.
    """
    frame, rest = Frame(), b""
    try:
        for number, value, raw in _fields(data):
            if number in _NUMBERS and isinstance(value, int):
                setattr(frame, _NUMBERS[number], value)
            elif number == _HEADERS and isinstance(value, bytes):
                found = {n: v.decode() for n, v, _ in _fields(value) if isinstance(v, bytes)}
                frame.headers[found[1]] = found[2]
            elif number == _PAYLOAD and isinstance(value, bytes):
                frame.payload = value
            else:
                rest += raw
    except (IndexError, KeyError, ValueError):
        msg = "the frame is none of 飞书"
        raise PushRefusedError(msg, status=400) from None
    frame.rest = rest
    return frame


def answer(frame: Frame, payload: bytes, extra: Mapping[str, str]) -> bytes:
    """Return a frame that goes back as it came, but for its payload and more headers."""
    headers = {**frame.headers, **extra}
    back = Frame(
        frame.sequence, frame.log, frame.service, frame.method, headers, payload, frame.rest
    )
    return encode(back)


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes, bytes]]:
    """Yield number, value and raw bytes of each field."""
    at = 0
    while at < len(data):
        begin = at
        tag, at = _read_varint(data, at)
        value: int | bytes
        if tag & 7 == _VARINT:
            value, at = _read_varint(data, at)
        elif tag & 7 == _BYTES:
            size, at = _read_varint(data, at)
            value, at = data[at : at + size], at + size
            if at > len(data):
                raise IndexError
        else:
            raise ValueError
        yield tag >> 3, value, data[begin:at]


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > _MOST_BITS:
            raise ValueError


def _varint(value: int) -> bytes:
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _tag(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _sized(number: int, value: bytes) -> bytes:
    return _tag(number, _BYTES) + _varint(len(value)) + value
