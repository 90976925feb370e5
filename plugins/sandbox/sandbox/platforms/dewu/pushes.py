"""What 得物 pushes, after the fact sheet: AES by single blocks, with a key made from the app's secret."""

from __future__ import annotations

import base64
import hashlib
import typing as t
from collections.abc import Sequence

import orjson
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from typing_extensions import override

from sandbox.pushes import Announcer, Change, Letter


def sealed(secret: str, content: t.Any) -> str:
    """Return a content as it is pushed."""
    once = hashlib.sha1(secret.encode(), usedforsecurity=False).digest()
    key = hashlib.sha1(once, usedforsecurity=False).digest()[:16]
    padder = padding.PKCS7(128).padder()
    cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305 - the platform's choice
    encryptor = cipher.encryptor()
    plain = padder.update(orjson.dumps(content)) + padder.finalize()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


class DewuAnnouncer(Announcer):
    """Two repetitions; the sheet tells no rule. An address for each merchant."""

    waits = (60, 300)
    patience = 5.0

    def __init__(self, secret: str) -> None:
        self._secret = secret

    @override
    def gates(self, accounts: Sequence[str]) -> dict[str, dict[str, str]]:
        return {
            self.gate(account): {"app_secret": self._secret, "account": account}
            for account in accounts
        }

    @override
    def gate(self, account: str) -> str:
        return f"dewu/{account}"

    @override
    def message(self, change: Change) -> dict[str, t.Any] | None:
        if change.data.entity.name == "orders":
            kind = "ORDER_CREATED" if change.kind == "insert" else "ORDER_BUYER_CANCEL"
            state = change.data.render(change.row)["order_status"]
            content = {"orderNo": change.key, "orderStatus": state, "version": change.row.version}
            return {"type": kind, "name": kind, "content": content}
        if change.data.entity.name == "biddings":
            left = 0 if change.kind == "delete" else change.row.version
            content = {"sellerBiddingNo": change.key, "remainQuantity": left}
            return {"type": "SELLER_CANCEL_RESULT", "name": "卖家取消出价", "content": content}
        return None

    @override
    def seal(self, account: str, message: dict[str, t.Any], attempt: int, now: float) -> Letter:
        told = {name: message[name] for name in ("type", "name")}
        body = orjson.dumps({**told, "msg": sealed(self._secret, message["content"])})
        return Letter(body, {"Content-Type": "application/json"})

    @override
    def taken(self, status: int, body: bytes) -> bool:
        try:
            return status == 200 and orjson.loads(body).get("code") == 200
        except (ValueError, AttributeError):
            return False
