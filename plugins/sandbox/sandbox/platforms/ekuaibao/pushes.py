"""What 合思 sends of documents, after the fact sheet: chosen fields as JSON, with a token in the address."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence
from urllib.parse import urlencode

import orjson
from typing_extensions import override

from sandbox.pushes import Announcer, Change, Letter

_ACTIONS = {
    "approving": "backlog.approving",
    "paying": "backlog.paying",
    "paid": "flow.paid",
    "rejected": "flow.rejected",
}


class EkuaibaoAnnouncer(Announcer):
    """Tries three times more, some seconds apart, until it hears an accepted status."""

    waits = (10, 10, 10)
    patience = 10.0

    @override
    def gates(self, accounts: Sequence[str]) -> dict[str, dict[str, str]]:
        return {
            self.gate(account): {"token": f"sandbox-token-{account}", "account": account}
            for account in accounts
        }

    @override
    def gate(self, account: str) -> str:
        return f"ekuaibao/{account}"

    @override
    def greeting(self, account: str, now: float) -> tuple[Letter, bytes | None] | None:
        """What the message holds that tries an address is not documented."""
        return self.seal(account, {}, 0, now), None

    @override
    def message(self, change: Change) -> dict[str, t.Any] | None:
        if change.data.entity.name != "documents":
            return None
        document = change.data.render(change.row)
        return {
            "action": _ACTIONS.get(document["state"], "freeflow.comment"),
            "actionName": "流程消息",
            "flowId": change.key,
            "state": document["state"],
            "userInfo": {"id": document["ownerId"], "name": "演示", "cellphone": "", "email": ""},
        }

    @override
    def seal(self, account: str, message: dict[str, t.Any], attempt: int, now: float) -> Letter:
        query = urlencode({"token": f"sandbox-token-{account}"})
        return Letter(orjson.dumps(message), {"Content-Type": "application/json"}, query)

    @override
    def taken(self, status: int, body: bytes) -> bool:
        return status in {200, 201, 204}
