"""What 七鱼 pushes, after the fact sheet: signed like a call, answered with nothing at all."""

from __future__ import annotations

import hashlib
import typing as t
from collections.abc import Sequence
from urllib.parse import urlencode

import orjson
from typing_extensions import override

from sandbox.pushes import Announcer, Change, Letter


def signed(secret: str, body: bytes, time: str) -> str:
    """Return the checksum of a body and a time in seconds."""
    inner = hashlib.md5(body, usedforsecurity=False).hexdigest()
    return hashlib.sha1(f"{secret}{inner}{time}".encode(), usedforsecurity=False).hexdigest()


class QiyuAnnouncer(Announcer):
    """How often it calls again is not known; three times here. An address for each company."""

    waits = (10, 60, 300)
    patience = 10.0

    def __init__(self, secrets: t.Callable[[str], str]) -> None:
        self._secrets = secrets

    @override
    def gates(self, accounts: Sequence[str]) -> dict[str, dict[str, str]]:
        return {
            self.gate(account): {"app_secret": self._secrets(account), "account": account}
            for account in accounts
        }

    @override
    def gate(self, account: str) -> str:
        return f"qiyu/{account}"

    @override
    def message(self, change: Change) -> dict[str, t.Any] | None:
        if change.data.entity.name != "sessions":
            return None
        session = change.data.render(change.row)
        told = {
            "code": 200,
            "uid": session["foreignId"],
            "sessionId": session["id"],
            "staffId": session["staffId"],
            "staffName": session["staffName"],
            "staffType": 1,
        }
        return {"kind": "SESSION_END", "told": {**told, "closeReason": 0, "transferTo": 0}}

    @override
    def seal(self, account: str, message: dict[str, t.Any], attempt: int, now: float) -> Letter:
        body, time = orjson.dumps(message["told"]), str(int(now))
        checksum = signed(self._secrets(account), body, time)
        query = {"eventType": message["kind"], "time": time, "checksum": checksum}
        return Letter(body, {"Content-Type": "application/json"}, urlencode(query))

    @override
    def taken(self, status: int, body: bytes) -> bool:
        return status == 200 and body == b""
