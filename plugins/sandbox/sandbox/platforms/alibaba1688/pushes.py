"""What 1688 pushes, after the fact sheet: a form with JSON text, signed without any path."""

from __future__ import annotations

import hashlib
import hmac
import typing as t
from collections.abc import Sequence
from urllib.parse import urlencode

import orjson
from typing_extensions import override

from sandbox.clock import beijing
from sandbox.pushes import Announcer, Change, Letter


class Alibaba1688Announcer(Announcer):
    """About three more tries; HTTP 200 ends them."""

    waits = (60, 300, 1800)
    patience = 5.0

    def __init__(self, app_key: str, app_secret: str) -> None:
        self._app = {"app_key": app_key, "app_secret": app_secret}

    @override
    def gates(self, accounts: Sequence[str]) -> dict[str, dict[str, str]]:
        return {"alibaba1688": dict(self._app)}

    @override
    def gate(self, account: str) -> str:
        return "alibaba1688"

    @override
    def message(self, change: Change) -> dict[str, t.Any] | None:
        name = change.data.entity.name
        if name not in {"seller_orders", "buyer_orders"}:
            return None
        member, other = change.data.account, "b2b-900000001"
        sold = name == "seller_orders"
        base = change.data.render(change.row)["baseInfo"]
        topic = "BUYER_MAKE" if change.kind == "insert" else "ORDER_PAY"
        return {
            "bizKey": change.key,
            "data": {
                "orderId": int(change.key),
                "currentStatus": base["status"],
                "sellerMemberId": member if sold else other,
                "buyerMemberId": other if sold else member,
                "msgSendTime": beijing(int(change.now * 1000)),
            },
            "gmtBorn": int(change.now * 1000),
            "msgId": 7_565_000_000 + change.number,
            "type": f"ORDER_BUYER_VIEW_{topic}",
            "userInfo": member,
        }

    @override
    def seal(self, account: str, message: dict[str, t.Any], attempt: int, now: float) -> Letter:
        text = orjson.dumps(message).decode()
        key = self._app["app_secret"].encode()
        signed = hmac.new(key, f"message{text}".encode(), hashlib.sha1).hexdigest().upper()
        body = urlencode({"message": text, "_aop_signature": signed}).encode()
        return Letter(body, {"Content-Type": "application/x-www-form-urlencoded"})

    @override
    def taken(self, status: int, body: bytes) -> bool:
        return status == 200
