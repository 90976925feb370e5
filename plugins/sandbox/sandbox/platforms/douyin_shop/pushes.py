"""What 抖店 pushes, after the fact sheet: arrays of messages, signed over the body.

When it repeats is not known; a short schedule stands in for it.
"""

from __future__ import annotations

import hashlib
import typing as t
from collections.abc import Sequence

import orjson
from typing_extensions import override

from sandbox.pushes import Announcer, Change, Letter


class DouyinShopAnnouncer(Announcer):
    """Messages about orders, refunds and products; `code` 0 ends the repetitions."""

    waits = (60, 300, 1800)
    patience = 3.0

    def __init__(self, app_key: str, app_secret: str) -> None:
        self._app_key, self._app_secret = app_key, app_secret

    @override
    def gates(self, accounts: Sequence[str]) -> dict[str, dict[str, str]]:
        return {"douyin_shop": {"app_key": self._app_key, "app_secret": self._app_secret}}

    @override
    def gate(self, account: str) -> str:
        return "douyin_shop"

    @override
    def message(self, change: Change) -> dict[str, t.Any] | None:
        told = _told(change)
        if told is None:
            return None
        tag, content = told
        content |= {"shop_id": int(change.data.account), "update_time": change.row.updated // 1000}
        return {
            "tag": tag,
            "msg_id": f"{change.data.account}-{change.number}",
            "data": orjson.dumps(content).decode(),
        }

    @override
    def seal(self, account: str, message: dict[str, t.Any], attempt: int, now: float) -> Letter:
        body = orjson.dumps([message])
        text = self._app_key.encode() + body + self._app_secret.encode()
        headers = {
            "Content-Type": "application/json",
            "app-id": self._app_key,
            "event-sign": hashlib.md5(text, usedforsecurity=False).hexdigest(),
        }
        return Letter(body, headers)

    @override
    def taken(self, status: int, body: bytes) -> bool:
        try:
            content = orjson.loads(body)
        except ValueError:
            return False
        return status == 200 and isinstance(content, dict) and content.get("code") == 0


def _told(change: Change) -> tuple[str, dict[str, t.Any]] | None:
    """Return tag and content of a message."""
    name, key = change.data.entity.name, int(change.key) if change.key.isdigit() else 0
    if name == "orders":
        tag = "100" if change.kind == "insert" else "102"
        return tag, {"biz": 2, "order_type": 0, "p_id": key, "s_ids": [key]}
    if name == "refunds":
        order = change.data.render(change.row)["order_info"]["shop_order_id"]
        return "206", {"aftersale_id": key, "p_id": int(order)}
    if name == "items":
        return "400", {"product_id": key}
    return None
