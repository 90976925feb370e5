"""The message service (PMC) of 拼多多, after the fact sheet and the platform's own client for Java.

What its gateway says to a wrong digest is not documented: here HTTP 403.
"""

from __future__ import annotations

import base64
import hashlib
import json
import typing as t
from collections.abc import Sequence
from urllib.parse import unquote

from typing_extensions import override

from sandbox.http import Call, Rejected
from sandbox.lines import Answer, Frame, Guest, Operator, Parcel
from sandbox.mixing import mix
from sandbox.pushes import Change

if t.TYPE_CHECKING:
    from sandbox.platform import Platform

_CLOCKS_DIFFER = 600
_KINDS = {
    "orders": {
        "insert": "pdd_trade_TradeConfirmed",
        "update": "pdd_trade_TradeSellerShip",
        "delete": "pdd_trade_TradeSuccess",
    },
    "refunds": {
        "insert": "pdd_refund_RefundCreated",
        "update": "pdd_refund_RefundAgreeAgreement",
        "delete": "pdd_refund_RefundClosed",
    },
    "items": {
        "insert": "pdd_goods_GoodsAdd",
        "update": "pdd_goods_GoodsUpdate",
        "delete": "pdd_goods_GoodsUpdate",
    },
}


class PinduoduoOperator(Operator):
    """All shops of one app on its connections; heartbeats are answered in kind."""

    again = 30.0

    def __init__(self, client_id: str, client_secret: str) -> None:
        self._client_id = client_id
        self._secret = client_secret

    @override
    def gates(self, platform: Platform, base_url: str) -> dict[str, dict[str, str]]:
        settings = {"app_key": self._client_id, "app_secret": self._secret, "base_url": base_url}
        return {"pinduoduo": settings}

    @override
    def message(self, change: Change) -> t.Any:
        data, row = change.data, change.row
        kinds = _KINDS.get(data.entity.name)
        if kinds is None:
            return None
        shop, moment = int(data.account), int(change.now * 1000)
        content: dict[str, t.Any] = {"mall_id": shop, "modified": moment}
        if data.entity.name == "orders":
            content["tid"] = change.key
        elif data.entity.name == "refunds":
            record = data.render(row, "refunds")
            content |= {"tid": record["order_sn"], "refund_id": int(change.key), "operation": 1000}
        else:
            content["goods_id"] = int(change.key)
        return {"type": kinds[change.kind], "mallID": shop, "content": json.dumps(content)}

    @override
    def admit(self, platform: Platform, call: Call) -> Guest:
        room, client, stamp, digest = ([*call.path.strip("/").split("/", 3), "", "", ""])[:4]
        if room != "message" or not stamp.isdigit():
            raise Rejected(404, "no such service", status=404)
        hashed = hashlib.md5(f"{client}{stamp}{self._secret}".encode(), usedforsecurity=False)
        expected = base64.b64encode(hashed.hexdigest().encode()).decode()
        late = call.astray(int(stamp) / 1000) > _CLOCKS_DIFFER
        if client != self._client_id or unquote(digest) != expected or late:
            raise Rejected(403, "authentication failed", status=403)
        return Guest(client, set(platform.accounts))

    @override
    def frames(self, guest: Guest, parcel: Parcel, now: float) -> Sequence[Frame]:
        name = _name(parcel.number)
        guest.notes[str(name)] = parcel.number
        content = {"commandType": "Common", "sendTime": int(now * 1000), "message": parcel.message}
        return [json.dumps({"id": name, **content})]

    @override
    def hear(self, platform: Platform, guest: Guest, frame: Frame, now: float) -> Answer:
        try:
            said = json.loads(frame)
            kind = said["commandType"]
            if kind == "HeartBeat":
                back = {"id": said["id"], "commandType": kind, "time": int(now * 1000)}
                return Answer(frames=[json.dumps(back)])
            number = guest.notes[str(said["id"])]
            complete = all(said[name] for name in ("time", "sendTime", "type", "mallID"))
        except (ValueError, KeyError, TypeError):
            raise Rejected(400, "this is no command") from None
        if kind not in {"Ack", "Fail"} or not complete:
            raise Rejected(400, "an answer tells time, sendTime, type and mallID")
        return Answer(done=[number]) if kind == "Ack" else Answer(later=[number])


def _name(number: int) -> int:
    """Return the id of a message: beyond what a double holds exactly."""
    return (1 << 53) + mix(number, 7) % (1 << 40) * 1000 + number % 1000
