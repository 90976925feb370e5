"""The long connection of 飞书, after the fact sheet and the platform's own client (PyPI lark-oapi).

Frames are protocol buffers, written and read here by the client's descriptor. Repeated like calls to an
address: after 15 s first. Longer messages come in several frames; here from 300 bytes on.
"""

from __future__ import annotations

import json
import typing as t
from collections.abc import Iterator, Sequence

from typing_extensions import override

from sandbox.http import Call, Rejected, Reply
from sandbox.lines import Answer, Frame, Guest, Operator, Parcel
from sandbox.mixing import digest
from sandbox.platforms.feishu.pushes import FeishuAnnouncer
from sandbox.pushes import Change

if t.TYPE_CHECKING:
    from sandbox.platform import Platform

OPEN: t.Final = "callback/ws/endpoint"
PING_SECONDS: t.Final = 120
_DEVICE_SECONDS = 300
_LONGEST = 300
_SERVICE = 33554678
_KIND = "device"
_CONFIG = {
    "ReconnectCount": -1,
    "ReconnectInterval": 120,
    "ReconnectNonce": 30,
    "PingInterval": PING_SECONDS,
}
Headers = dict[str, str]


class FeishuOperator(Operator):
    """An address for one connection; pings of the app are answered with the pace that is wanted."""

    again = 15.0
    _announcer = FeishuAnnouncer()

    @override
    def gates(self, platform: Platform, base_url: str) -> dict[str, dict[str, str]]:
        names = ("app_id", "app_secret")
        return {
            f"feishu/{one['id']}": {"base_url": base_url, **{name: one[name] for name in names}}
            for one in platform.demo(base_url)["accounts"]
        }

    @override
    def message(self, change: Change) -> t.Any:
        return self._announcer.message(change)

    def endpoint(self, platform: Platform, call: Call, account: str) -> dict[str, t.Any]:
        """Give the address of one connection."""
        token = platform.tokens.issue(f"{account} {_KIND}", call.now, _DEVICE_SECONDS)
        place = call.base_url.replace("http", "ws", 1)
        url = f"{place}/{platform.slug}/ws/v2?device_id={token.value}&service_id={_SERVICE}"
        return {"code": 0, "msg": "", "data": {"URL": url, "ClientConfig": _CONFIG}}

    @override
    def admit(self, platform: Platform, call: Call) -> Guest:
        token = platform.tokens.get(call.query.get("device_id", ""))
        account, _, kind = token.subject.partition(" ") if token is not None else ("", "", "")
        if call.path != "/ws/v2" or token is None or kind != _KIND or token.expires <= call.now:
            raise Rejected(514, "AuthFailed")
        platform.tokens.revoke(token.subject)
        return Guest(account, {account})

    @override
    def refusal(self, refused: Rejected) -> Reply:
        headers = (
            ("handshake-status", str(refused.code)),
            ("handshake-msg", refused.message),
            ("handshake-autherrcode", "1000040343"),
        )
        return Reply(b"", 400, content_type="text/plain", headers=headers)

    @override
    def frames(self, guest: Guest, parcel: Parcel, now: float) -> Sequence[Frame]:
        text = json.dumps(parcel.message, ensure_ascii=False).encode()
        parts = [text[at : at + _LONGEST] for at in range(0, len(text), _LONGEST)]
        common = {
            "type": "event",
            "message_id": f"{parcel.number}-{parcel.sent}",
            "trace_id": digest(parcel.number)[:16],
            "sum": str(len(parts)),
            "timestamp": str(int(now * 1000)),
        }
        return [
            _frame(1, {**common, "seq": str(seq)}, part, sequence=parcel.number)
            for seq, part in enumerate(parts)
        ]

    @override
    def hear(self, platform: Platform, guest: Guest, frame: Frame, now: float) -> Answer:
        try:
            method, headers, payload = _read(frame if isinstance(frame, bytes) else b"")
            if method == 0:
                if headers["type"] != "ping":
                    raise Rejected(400, "apps say nothing but ping")
                pong = _frame(0, {"type": "pong"}, json.dumps(_CONFIG).encode())
                guest.notes["pings"] = guest.notes.get("pings", 0) + 1
                return Answer(frames=[pong])
            number = int(headers["message_id"].partition("-")[0])
            code = json.loads(payload)["code"]
        except (ValueError, KeyError, TypeError, IndexError):
            raise Rejected(400, "this is no frame") from None
        return Answer(done=[number]) if code == 200 else Answer(later=[number])


def _frame(method: int, headers: Headers, payload: bytes, *, sequence: int = 0) -> bytes:
    numbers = ((1, sequence), (2, 0), (3, _SERVICE), (4, method))
    parts = [_number(n << 3) + _number(value) for n, value in numbers]
    pairs = [_text(1, key.encode()) + _text(2, value.encode()) for key, value in headers.items()]
    return b"".join(parts) + b"".join(_text(5, pair) for pair in pairs) + _text(8, payload)


def _number(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _number(rest) if rest else bytes([low])


def _text(place: int, value: bytes) -> bytes:
    return _number(place << 3 | 2) + _number(len(value)) + value


def _read(data: bytes) -> tuple[int, Headers, bytes]:
    method, payload, headers = -1, b"", {}
    for place, value in _fields(data):
        if place == 4:
            method = t.cast("int", value)
        elif place == 5:
            pair = dict(_fields(t.cast("bytes", value)))
            headers[t.cast("bytes", pair[1]).decode()] = t.cast("bytes", pair[2]).decode()
        elif place == 8:
            payload = t.cast("bytes", value)
    return method, headers, payload


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    stream = iter(data)

    def number() -> int:
        value = shift = 0
        for byte in stream:
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
        raise IndexError

    for first in stream:
        tag = first if first < 0x80 else (first & 0x7F) | number() << 7
        if tag & 7 == 2:
            size = number()
            value = bytes(byte for _, byte in zip(range(size), stream, strict=False))
            if len(value) < size:
                raise IndexError
            yield tag >> 3, value
        else:
            yield tag >> 3, number()
