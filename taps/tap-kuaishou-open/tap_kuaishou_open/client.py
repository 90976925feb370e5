"""How 快手开放平台 is called: everything in the query, `result` 1 for success, no signature.

Source: open.kuaishou.com as a Go client reads it; the codes from the official Java SDK.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from datetime import datetime

from openplatform.accounts import Account
from openplatform.errors import AuthExpiredError, FatalError, GrantError
from openplatform.http import Body, PlatformClient, Request
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.oauth import granted
from openplatform.streams import PlatformStream
from openplatform.tokens import Token
from typing_extensions import override

_SUCCESS = 1
_CONSENT = "let the user authorise the app again and configure the new refresh_token or code"

ERRORS = ErrorTable(
    (
        Rule(Outcome.THROTTLED, {"100200410", "400002"}),
        Rule(Outcome.THROTTLED, {"100100402", "100100403", "100100404"}),
        # Of a call; the call that refreshes turns it into a dead grant.
        Rule(Outcome.AUTH_EXPIRED, {"100200102", "100200108"}),
        Rule(Outcome.GRANT_DEAD, {"100200101"}, advice="check app_key and app_secret"),
        Rule(
            Outcome.GRANT_DEAD,
            {"100200103", "100200104", "100200105", "100200106", "100200107"},
            advice=_CONSENT,
        ),
        Rule(
            Outcome.GRANT_DEAD,
            {"100200109", "100200110", "100200111", "100200112", "100200113"},
            advice=_CONSENT,
        ),
        Rule(Outcome.TRANSIENT, {"100200500"}),
        # A video that is gone, or not ours to read.
        Rule(Outcome.SKIP, {"120001", "120002", "120003"}),
        Rule(Outcome.FATAL, {"100200114"}, advice="check app_secret"),
        Rule(
            Outcome.FATAL,
            {"100200300", "100200301"},
            advice="the platform's risk control holds this account; its owner must look into the app",
        ),
        Rule(Outcome.FATAL, {"100200100", "100200115", "100200130", "400000", "100400"}),
    )
)


class KuaishouOpenClient(PlatformClient):
    """快手开放平台 (open.kuaishou.com)."""

    base_url = "https://open.kuaishou.com"
    errors = ERRORS
    # No rate is published.
    limits = (Limit(5, 1.0, "app", assumed=True),)

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        given = {name: str(value) for name, value in params.items()}
        return Request("GET", f"/{api}", {"app_id": self.app_key, "access_token": token, **given})

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        if not isinstance(body, dict) or body.get("result") == _SUCCESS:
            return None
        told = (body.get("error"), body.get("error_msg"))
        text = ": ".join(str(part) for part in told if part)
        return Failure(status, str(body.get("result", "")), text)

    @override
    def call(self, account: Account, api: str, params: Mapping[str, t.Any]) -> Body:
        """Call an API; what it tells of the user himself gets his open_id, which it leaves out."""
        body = super().call(account, api, params)
        of_user = body.get("user_info", body if api == "openapi/photo/count" else None)
        if isinstance(of_user, dict):
            of_user["open_id"] = account.id
        return body

    @override
    def fetch_token(self, account: Account, kind: str, previous: Token | None) -> Token:
        """Rotate the refresh token, or exchange a code."""
        app = {"app_id": self.app_key, "app_secret": str(self.config["app_secret"])}
        refresh_token = (previous and previous.refresh) or account.settings.get("refresh_token")
        if refresh_token:
            api = "oauth2/refresh_token"
            asked = {"grant_type": "refresh_token", "refresh_token": str(refresh_token)}
        elif code := account.settings.get("code"):
            api = "oauth2/access_token"
            asked = {"grant_type": "authorization_code", "code": str(code)}
        else:
            msg = f"account {account.id}: it has neither refresh_token nor code; {_CONSENT}"
            raise GrantError(msg)
        try:
            body = self.send(account, api, Request("GET", f"/{api}", {**app, **asked}))
        except (AuthExpiredError, FatalError) as exc:
            msg = f"{exc} — {_CONSENT}"
            raise GrantError(msg) from exc
        where = f"account {account.id}, {api}"
        user = str(body.get("open_id") or account.id)
        if user != account.id:
            msg = f"{where}: the grant belongs to {user}; correct the account's id or its token"
            raise GrantError(msg)
        return granted(body, now=self.connection.clock.now(), where=where, before=previous)


class KuaishouOpenStream(PlatformStream):
    """A stream of 快手开放平台."""

    package = "tap_kuaishou_open"
    confirmed = False
