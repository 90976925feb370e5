"""消息服务 (TMC) of 淘宝, after the fact sheet and the platform's own client for Node (npm taobao-sdk).

Which codes refuse a connection, and how soon it repeats what was not confirmed, is not documented.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import struct
import typing as t
from collections.abc import Sequence

from typing_extensions import override

from sandbox.http import Call, Rejected
from sandbox.lines import Answer, Frame, Guest, Operator, Parcel
from sandbox.mixing import digest
from sandbox.pushes import Change

if t.TYPE_CHECKING:
    from sandbox.platform import Platform

_CLOCKS_DIFFER = 600
_TOPICS = {
    "orders": ("trade", "tid", "TradeCreate", "TradeChanged", "TradeClose"),
    "refunds": (
        "refund",
        "refund_id",
        "RefundCreated",
        "RefundSellerAgreeAgreement",
        "RefundClosed",
    ),
    "items": ("item", "num_iid", "ItemAdd", "ItemUpdate", "ItemDelete"),
}
_PLACES = ("insert", "update", "delete")


class TaobaoOperator(Operator):
    """Signed in-band; messages go once the app asks for them, every other one packed."""

    again = 30.0

    def __init__(self, app_key: str, app_secret: str) -> None:
        self._key = app_key
        self._secret = app_secret

    @override
    def gates(self, platform: Platform, base_url: str) -> dict[str, dict[str, str]]:
        settings = {"app_key": self._key, "app_secret": self._secret, "base_url": base_url}
        return {"taobao": settings}

    @override
    def message(self, change: Change) -> t.Any:
        found = _TOPICS.get(change.data.entity.name)
        if found is None:
            return None
        room, name, *verbs = found
        topic = f"taobao_{room}_{verbs[_PLACES.index(change.kind)]}"
        content = {name: int(change.key), "seller_nick": "演示", "status": f"v{change.row.version}"}
        return {
            "topic": topic,
            "time": int(change.now * 1000),
            "userid": int(change.data.account),
            "dataid": f"{change.number}",
            "content": json.dumps(content, ensure_ascii=False),
        }

    @override
    def admit(self, platform: Platform, call: Call) -> Guest:
        if call.path != "/":
            raise Rejected(404, "no such service", status=404)
        return Guest("", set(platform.accounts), ready=False)

    @override
    def frames(self, guest: Guest, parcel: Parcel, now: float) -> Sequence[Frame]:
        told = parcel.message
        text = told["content"].encode()
        content: list[bytes] = [
            _head("id", 5, struct.pack("<q", parcel.number)),
            _head("topic", 1, _counted(told["topic"].encode())),
            _head("userid", 5, struct.pack("<q", told["userid"])),
            _head("time", 6, struct.pack("<q", told["time"])),
            _head("outtime", 6, struct.pack("<q", int(now * 1000))),
            _head("dataid", 1, _counted(told["dataid"].encode())),
            _head("content", 7, _counted(gzip.compress(text)))
            if parcel.number % 2
            else _head("content", 1, _counted(text)),
        ]
        return [_frame(2, content)]

    @override
    def hear(self, platform: Platform, guest: Guest, frame: Frame, now: float) -> Answer:
        try:
            kind, token, content = _read(frame if isinstance(frame, bytes) else b"")
        except (struct.error, ValueError):
            raise Rejected(400, "this is no frame") from None
        if kind == 0:
            return self._connect(guest, content, now)
        if kind != 2 or not token or token != guest.notes.get("token"):
            raise Rejected(401, "the token is not that of the connection")
        if content.get("__kind") == 1:  # a pull request: messages may go
            guest.ready = True
            return Answer()
        if content.get("__kind") == 2:
            return Answer(done=[int(content["id"])])
        raise Rejected(400, "neither a pull request nor a confirmation")

    def _connect(self, guest: Guest, content: dict[str, t.Any], now: float) -> Answer:
        named = {
            name: str(content.get(name, "")) for name in ("app_key", "group_name", "timestamp")
        }
        text = self._secret + "".join(name + value for name, value in named.items()) + self._secret
        sign = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()
        refusal = ""
        stamp = named["timestamp"]
        if named["app_key"] != self._key or content.get("sign") != sign:
            refusal = "Invalid Signature"
        elif not stamp.isdigit() or abs(int(stamp) / 1000 - now) > _CLOCKS_DIFFER:
            refusal = "Invalid Timestamp"
        if refusal:
            status = struct.pack("<HI", 2, 401)
            phrase = struct.pack("<H", 3) + _counted(refusal.encode())
            return Answer(frames=[_frame(1, [status, phrase])], close=True)
        guest.app = named["app_key"]
        guest.notes["token"] = digest(stamp, guest.app)[:16]
        given = struct.pack("<H", 5) + _counted(guest.notes["token"].encode())
        return Answer(frames=[_frame(1, [given])])


def _frame(kind: int, parts: Sequence[bytes]) -> bytes:
    return bytes([2, kind]) + b"".join(parts) + struct.pack("<H", 0)


def _head(name: str, form: int, value: bytes) -> bytes:
    return struct.pack("<H", 1) + _counted(name.encode()) + bytes([form]) + value


def _counted(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data


def _read(data: bytes) -> tuple[int, str, dict[str, t.Any]]:
    """Read what apps send: a token, texts, bytes and long numbers."""
    if data[:1] != b"\2":
        raise ValueError
    kind, at, token = data[1], 2, ""
    content: dict[str, t.Any] = {}

    def counted() -> bytes:
        nonlocal at
        (size,) = struct.unpack_from("<I", data, at)
        at += 4 + size
        return data[at - size : at]

    while (place := struct.unpack_from("<H", data, at)[0]) != 0:
        at += 2
        if place == 5:
            token = counted().decode()
            continue
        if place != 1:
            raise ValueError
        name = counted().decode()
        form, at = data[at], at + 1
        if form == 1:
            content[name] = counted().decode()
        elif form == 2:
            content[name], at = data[at], at + 1
        elif form == 5:
            (content[name],) = struct.unpack_from("<q", data, at)
            at += 8
        elif form:
            raise ValueError
    return kind, token, content
