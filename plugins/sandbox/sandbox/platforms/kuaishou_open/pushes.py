"""What 快手开放平台 pushes, after the fact sheet: JSON with `kwaisign` over body and secret."""

from __future__ import annotations

import hashlib
import typing as t
from collections.abc import Sequence

import orjson
from typing_extensions import override

from sandbox.pushes import Announcer, Change, Letter


class KuaishouOpenAnnouncer(Announcer):
    """Three more tries, every 5 s. Only `taskId` is the sheet's name; the others are illustrative."""

    waits = (5, 5, 5)
    patience = 5.0

    def __init__(self, app_id: str, app_secret: str) -> None:
        self._app = {"app_key": app_id, "app_secret": app_secret}

    @override
    def gates(self, accounts: Sequence[str]) -> dict[str, dict[str, str]]:
        return {"kuaishou_open": dict(self._app)}

    @override
    def gate(self, account: str) -> str:
        return "kuaishou_open"

    @override
    def message(self, change: Change) -> dict[str, t.Any] | None:
        content = {"open_id": change.data.account, "photo_id": change.key}
        task = f"{int(change.now)}{change.number:06d}"
        kind = f"VIDEO_{change.kind.upper()}"
        return {
            "event": kind,
            "app_id": self._app["app_key"],
            "taskId": task,
            "content": content,
        }

    @override
    def seal(self, account: str, message: dict[str, t.Any], attempt: int, now: float) -> Letter:
        body = orjson.dumps(message)
        text = body + self._app["app_secret"].encode()
        signed = hashlib.md5(text, usedforsecurity=False).hexdigest()
        return Letter(body, {"Content-Type": "application/json", "kwaisign": signed})

    @override
    def taken(self, status: int, body: bytes) -> bool:
        return status == 200
