"""What 快手小店 pushes, after the fact sheet: Base64 of AES-CBC with the app's message key.

Of the names of events only `kwaishop_order_addOrder` stands in the sheet; the others are formed after it.
"""

from __future__ import annotations

import base64
import typing as t
from collections.abc import Sequence

import orjson
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from typing_extensions import override

from sandbox.pushes import Announcer, Change, Letter

_KEY = b"sandbox-message-key-of-32-bytes!"
_TEXT = {"Content-Type": "text/plain;charset=utf-8"}
_VERBS = {"insert": "add", "update": "update", "delete": "delete"}
_SUBJECTS = {
    "orders": ("order", "Order", "oid"),
    "refunds": ("aftersales", "Refund", "refundId"),
    "items": ("item", "Item", "itemId"),
}


class KuaishouShopAnnouncer(Announcer):
    """Five repetitions within two hours; `{"result": 1}` within 3 s ends them."""

    waits = (300, 600, 1200, 1800, 3600)
    patience = 3.0

    def __init__(self, app_key: str) -> None:
        self._app_key = app_key

    @override
    def gates(self, accounts: Sequence[str]) -> dict[str, dict[str, str]]:
        key = base64.b64encode(_KEY).decode()
        return {"kuaishou_shop": {"app_key": self._app_key, "message_key": key}}

    @override
    def gate(self, account: str) -> str:
        return "kuaishou_shop"

    @override
    def message(self, change: Change) -> dict[str, t.Any] | None:
        subject = _SUBJECTS.get(change.data.entity.name)
        if subject is None:
            return None
        room, noun, name = subject
        info = {name: int(change.key), "sellerId": int(change.data.account)}
        return {
            "eventId": f"{change.data.number}_{change.row.serial}_{change.number}",
            "bizId": int(change.key),
            "userId": int(change.data.account),
            "openId": None,
            "appKey": self._app_key,
            "event": f"kwaishop_{room}_{_VERBS[change.kind]}{noun}",
            "info": orjson.dumps(info).decode(),
            "createTime": int(change.now * 1000),
            "test": False,
        }

    @override
    def seal(self, account: str, message: dict[str, t.Any], attempt: int, now: float) -> Letter:
        return Letter(_encrypt(orjson.dumps(message)), _TEXT)

    @override
    def taken(self, status: int, body: bytes) -> bool:
        try:
            content = orjson.loads(body)
        except ValueError:
            return False
        return status == 200 and isinstance(content, dict) and content.get("result") == 1

    @override
    def greeting(self, account: str, now: float) -> tuple[Letter, bytes | None]:
        """The heartbeat."""
        return Letter(_encrypt(b'{"test":true}'), _TEXT), None


def _encrypt(plain: bytes) -> bytes:
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(_KEY), modes.CBC(bytes(16))).encryptor()
    padded = padder.update(plain) + padder.finalize()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize())
