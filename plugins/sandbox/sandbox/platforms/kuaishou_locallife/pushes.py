"""What 快手本地生活 calls, after the fact sheet: SHA-256 over query and body. The names are illustrative."""

from __future__ import annotations

import hashlib
import typing as t
from collections.abc import Sequence
from urllib.parse import urlencode

import orjson
from typing_extensions import override

from sandbox.pushes import Announcer, Change, Letter


class KuaishouLocallifeAnnouncer(Announcer):
    """How often it calls again is not known; three times here."""

    waits = (10, 60, 300)
    patience = 5.0

    def __init__(self, sign_secret: str) -> None:
        self._secret = sign_secret

    @override
    def gates(self, accounts: Sequence[str]) -> dict[str, dict[str, str]]:
        return {"kuaishou_locallife": {"sign_secret": self._secret}}

    @override
    def gate(self, account: str) -> str:
        return "kuaishou_locallife"

    @override
    def message(self, change: Change) -> dict[str, t.Any] | None:
        if change.data.entity.name != "orders":
            return None
        number = f"{change.number:09d}"
        return {"order_id": change.key, "action": change.kind, "msg_id": f"m {number}"}

    @override
    def seal(self, account: str, message: dict[str, t.Any], attempt: int, now: float) -> Letter:
        body = orjson.dumps(message)
        query = {"msg_id": message["msg_id"], "timestamp": str(int(now * 1000))}
        text = f"{self._secret}&{urlencode(sorted(query.items()))}&http_body=".encode() + body
        signed = {**query, "sign": hashlib.sha256(text).hexdigest()}
        return Letter(body, {"Content-Type": "application/json"}, urlencode(signed))

    @override
    def taken(self, status: int, body: bytes) -> bool:
        return status == 200
