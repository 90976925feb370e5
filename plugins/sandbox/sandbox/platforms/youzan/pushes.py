"""What 有赞 pushes, after the fact sheet: JSON with `Event-Sign` over client_id, body and client_secret."""

from __future__ import annotations

import hashlib
import typing as t
from collections.abc import Sequence
from urllib.parse import quote

import orjson
from typing_extensions import override

from sandbox.clock import beijing
from sandbox.platforms.youzan.orders import STATES, state_of
from sandbox.pushes import Announcer, Change, Letter

_TRADES = {
    "WAIT_SELLER_SEND_GOODS": "trade_TradePaid",
    "WAIT_BUYER_CONFIRM_GOODS": "trade_TradeSellerShip",
    "TRADE_SUCCESS": "trade_TradeSuccess",
    "TRADE_CLOSED": "trade_TradeClose",
}
_REFUNDS = {"SUCCESS": "youzan_trade_RefundSuccess", "CLOSED": "youzan_trade_RefundClosed"}


class YouzanAnnouncer(Announcer):
    """Sixteen tries from 10 s to 2 h; an answer with the word `success` within 5 s ends them."""

    waits = (10, 30, 60, 120, 180, 300, 600, 600, 900, 1200, 1800, 1800, 3600, 3600, 7200, 7200)
    patience = 5.0

    def __init__(self, client_id: str, client_secret: str) -> None:
        self._client_id = client_id
        self._client_secret = client_secret

    @override
    def gates(self, accounts: Sequence[str]) -> dict[str, dict[str, str]]:
        return {"youzan": {"app_key": self._client_id, "app_secret": self._client_secret}}

    @override
    def gate(self, account: str) -> str:
        return "youzan"

    @override
    def message(self, change: Change) -> dict[str, t.Any] | None:
        told = _told(change)
        if told is None:
            return None
        kind, identifier, status, content = told
        # The old topics carry their content as URL-encoded JSON text, the new ones as an object.
        new = kind.startswith("youzan_")
        return {
            "client_id": self._client_id,
            "kdt_id": int(change.data.account),
            "kdt_name": "演示店铺",
            "root_kdt_id": int(change.data.account),
            "id": identifier,
            "type": kind,
            "status": status,
            "msg": content if new else quote(orjson.dumps(content).decode(), safe=""),
            "msg_id": f"{change.data.account}{change.number:012d}",
            "version": change.row.updated,
            "sendCount": 0,
            "test": False,
            "mode": 1,
        }

    @override
    def seal(self, account: str, message: dict[str, t.Any], attempt: int, now: float) -> Letter:
        body = orjson.dumps({**message, "sendCount": attempt})
        text = self._client_id.encode() + body + self._client_secret.encode()
        headers = {
            "Content-Type": "application/json",
            "Client-Id": self._client_id,
            "Event-Type": message["type"],
            "Event-Sign": hashlib.md5(text, usedforsecurity=False).hexdigest(),
        }
        return Letter(body, headers)

    @override
    def taken(self, status: int, body: bytes) -> bool:
        return status == 200 and b"success" in body


def _told(change: Change) -> tuple[str, str, str, dict[str, t.Any]] | None:
    """Return type, id, status and content of a message."""
    updated, name = beijing(change.row.updated), change.data.entity.name
    if name == "orders":
        status = STATES[state_of(change.data, change.row)][0]
        kind = _TRADES.get(status, "trade_TradeMemoModified")
        if change.kind == "insert":
            kind = "trade_TradeCreate"
        return kind, change.key, status, {"tid": change.key, "update_time": updated}
    if name == "refunds":
        record = change.data.render(change.row)
        kind = _REFUNDS.get(record["status"], "trade_refund_RefundSellerAgree")
        if change.kind == "insert":
            kind = "youzan_trade_RefundCreated"
        content = {"refund_id": change.key, "tid": record["tid"], "update_time": updated}
        return kind, record["tid"], record["status"], content
    if name == "items":
        gone = change.kind == "delete"
        content = {"item_id": int(change.key), "update_time": updated}
        kind, status = ("ITEM_STATE", "ITEM_DELETE") if gone else ("ITEM_INFO", "ITEM_UPDATE")
        return kind, change.key, status, content
    if name == "customers":
        status = "CUSTOMER_CREATED" if change.kind == "insert" else "CUSTOMER_UPDATED"
        return "SCRM_CUSTOMER_EVENT", change.key, status, {"yz_open_id": change.key}
    return None
