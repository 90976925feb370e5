"""How the lab is called: a key in the header, JSON in the body, `ok: false` for an error."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from datetime import datetime

import msgspec
from openplatform.accounts import Account
from openplatform.http import Body, PlatformClient, Request
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.streams import PlatformStream
from typing_extensions import override

ERRORS = ErrorTable(
    (
        Rule(Outcome.GRANT_DEAD, {"1001"}, advice="configure the key that the lab shows"),
        Rule(Outcome.THROTTLED, {"1002"}),
        Rule(Outcome.SKIP, {"1004"}),
        Rule(Outcome.FATAL, {"1003", "1005", "1006"}),
    )
)


class LabClient(PlatformClient):
    """The invented platform of the sandbox."""

    base_url = "http://127.0.0.1:8700/lab"
    errors = ERRORS
    limits = (Limit(10, 1.0, "account", assumed=True),)

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        headers = {
            "X-Lab-Key": str(account.settings["key"]),
            "Content-Type": "application/json",
        }
        return Request("POST", f"/{api}", {}, msgspec.json.encode(params), headers)

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        if not isinstance(body, dict) or body.get("ok") is not False:
            return None
        return Failure(status, str(body.get("code")), str(body.get("message")))

    @override
    def token_kind(self, api: str) -> str | None:
        return None


class LabStream(PlatformStream):
    """A stream of the lab."""

    package = "tap_lab"
