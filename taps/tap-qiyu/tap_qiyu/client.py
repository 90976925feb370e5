"""How 七鱼 is called: JSON by POST, signed over the secret, the MD5 of the body and the time in seconds.

Source: qiyukf.com/docs/guide/server (通用说明, 工单系统) and 七鱼's own Java sample. Codes that the
documentation does not list come from public clients.
"""

from __future__ import annotations

import hashlib
import typing as t
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal

import msgspec
from openplatform.accounts import Account
from openplatform.http import Body, Connection, PlatformClient, Request
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.signing import sha1_hex
from openplatform.streams import PlatformStream
from openplatform.undescribed import rows_within
from typing_extensions import override

from tap_qiyu.exports import BEGIN, Exports, Hours

_JSON = {"Content-Type": "application/json;charset=utf-8"}
_PREPARING = "14403"
_FINE = frozenset({"200", _PREPARING})
# Of these, nothing more is known than that they list something, or in which of two ways they do.
_ROWS = frozenset(
    {
        "openapi/v2/ticket/log",
        "openapi/v2/ticket/template/list",
        "openapi/category/list",
        "openapi/statistic/staffworklod",
        "openapi/statistic/staffquality",
        "openapi/statistic/satisfaction/report",
        "openapi/statistic/staffAttendance",
    }
)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(float_hook=Decimal).decode

ERRORS = ErrorTable(
    (
        Rule(Outcome.FATAL, {"14001"}, advice="check the account's app_key"),
        Rule(Outcome.FATAL, {"14002"}, advice="check the account's app_secret"),
        # Each try is signed anew, so one that waited too long on its way comes through.
        Rule(Outcome.TRANSIENT, {"14003"}, advice="set this machine's clock right"),
        Rule(Outcome.FATAL, {"14004", "14005", "14006", "14007", "14010"}),
        Rule(
            Outcome.FATAL,
            {"14008"},
            advice="add this machine's IP address to the allow-list (IP白名单)",
        ),
        Rule(Outcome.THROTTLED, {"14009"}, wait=2.0),
        # A ticket that is gone: its details are left out.
        Rule(Outcome.SKIP, {"14106"}),
        Rule(Outcome.FATAL, {str(code) for code in range(14100, 14111)}),
        Rule(Outcome.FATAL, {"14200"}),
        Rule(Outcome.TRANSIENT, {"14500", "16001"}),
        Rule(Outcome.SHRINK_WINDOW, {"14501"}),
        Rule(
            Outcome.FATAL,
            {"14515", "8802"},
            advice="let 七鱼 open this interface for the company, or do not select its stream",
        ),
        # The body's code decides; where there is none, whatever stands between us has answered.
        Rule(Outcome.THROTTLED, {""}, statuses={429}),
        Rule(Outcome.TRANSIENT, {""}, statuses=range(300, 600)),
    )
)


def checksum(secret: str, body: bytes, time: str) -> str:
    """Return the signature of a request, or of a message that 七鱼 pushes."""
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
    return sha1_hex(secret + digest + time)


def opened(body: Body, api: str) -> Body:
    """Return an answer with what it is about as `payload`, and its rows where only the list is known.

    `message` is a word, an object, or JSON text of one; then the payload is in `data`, or here.
    """
    message = body.get("message")
    if isinstance(message, str) and message[:1] in {"{", "["}:
        with suppress(msgspec.DecodeError):
            message = _decode(message)
    payload = body.get("data") if isinstance(message, str) or message is None else message
    opened = {**body, "payload": payload}
    if api in _ROWS:
        opened["rows"] = rows_within(payload, "result")
    return opened


class QiyuClient(PlatformClient):
    """网易七鱼 (qiyukf.com)."""

    base_url = "https://qiyukf.com"
    errors = ERRORS
    # What the vendor's knowledge base says; single interfaces may have another rate.
    limits = (Limit(5, 1.0, "account", api="*"), Limit(20, 1.0, "account"))

    @override
    def __init__(self, config: Mapping[str, t.Any], connection: Connection) -> None:
        super().__init__(config, connection)
        hours = Hours.parse(str(config.get("export_hours") or "02:00-06:00"))
        self._exports = Exports(self, hours)

    @override
    def token_kind(self, api: str) -> str | None:
        return None

    @override
    def call(self, account: Account, api: str, params: Mapping[str, t.Any]) -> Body:
        """Call an API; an export gives the file that it ends with."""
        if api == BEGIN:
            return self._exports.archive(account, params)
        return opened(self.ask_for(account, api, params), api)

    def ask_for(self, account: Account, api: str, params: Mapping[str, t.Any]) -> Body:
        """Call an API and return its answer as it is."""
        return super().call(account, api, params)

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        body, time = _encode(params), str(int(now.timestamp()))
        settings = account.settings
        query = {
            "appKey": str(settings["app_key"]),
            "time": time,
            "checksum": checksum(str(settings["app_secret"]), body, time),
        }
        return Request("POST", f"/{api}", query, body, _JSON)

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        if not isinstance(body, dict):
            return Failure(status, "", f"the answer is no object: {str(body)[:80]}")
        code = str(body.get("code", ""))
        return None if code in _FINE else Failure(status, code, str(body.get("message") or ""))


class QiyuStream(PlatformStream):
    """A stream of 七鱼."""

    package = "tap_qiyu"
    confirmed = False

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Ids of tickets and sessions are numbers."""
        for name in ("ticketId", "sessionId"):
            if name in params:
                params[name] = int(params[name])
        return params
