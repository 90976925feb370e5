"""How 得物 is called: system and business parameters side by side, signed together; most calls are JSON.

Source: the catalogue of APIs that open.dewu.com shows to merchants, logged answers of its token service,
and public clients, of which one is in production. The documentation itself is not public.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import quote_plus

import msgspec
from openplatform.accounts import Account
from openplatform.bookmarks import EPOCH
from openplatform.errors import GrantError
from openplatform.http import Body, PlatformClient, Request, expect
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.signing import md5_hex
from openplatform.streams import PlatformStream
from openplatform.tokens import Token
from typing_extensions import override

_JSON = {"Content-Type": "application/json"}
_SUCCESS = 200
_PASSPORT = "/api/v1/h5/passport/v1/oauth2"
_TOKENLESS: t.Final = "own-app-without-token"
"""In place of a token, until the platform wants one after all."""
ASKED_BY_GET: t.Final = (
    "/dop/api/v1/bill/period_list",
    "/dop/api/v1/storage/appointment/list",
    "/dop/api/v2/bill/realtime_list",
    "/dop/api/v2/storage/stock/list",
)
"""What takes its parameters in the query; that of the first is known of the overseas twin only."""
# Objects are written with their names in order: so all that sign, sign the same.
_encode = msgspec.json.Encoder(order="sorted").encode

_CONSENT = "let the merchant authorise the app again and configure the new refresh_token or code"

ERRORS = ErrorTable(
    (
        # How long the platform wants is not documented; a public client rests an API for ten minutes,
        # which five tries outlast.
        Rule(Outcome.THROTTLED, {"5030"}, wait=150.0),
        Rule(Outcome.AUTH_EXPIRED, {"5044"}),
        Rule(
            Outcome.FATAL,
            {"5025"},
            advice="add this machine's IP address to the app's allow-list (白名单)",
        ),
        Rule(Outcome.FATAL, {"401"}, advice="check app_key and app_secret"),
        Rule(
            Outcome.FATAL,
            message="无权调用接口",
            advice="apply for the permission package of this API, or do not select its stream",
        ),
        # The token service says 500 to a code or a refresh token that is none.
        Rule(
            Outcome.GRANT_DEAD, {"500"}, message="authorization_code|refresh_token", advice=_CONSENT
        ),
        Rule(Outcome.TRANSIENT, {"500"}),
        Rule(Outcome.FATAL, {"20900020"}),
    )
)


def signed_text(value: t.Any) -> str:
    """Return a value as the signature knows it: of a list, the elements with commas between."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(part if isinstance(part, str) else _compact(part) for part in value)
    return _compact(value) if isinstance(value, Mapping) else str(value)


def _compact(value: t.Any) -> str:
    return _encode(value).decode()


def sign(parameters: Mapping[str, t.Any], secret: str) -> str:
    """Return the signature of all parameters; what is empty is left out."""
    pairs = (
        f"{name}={quote_plus(text)}"
        for name, value in sorted(parameters.items())
        if value is not None and (text := signed_text(value))
    )
    return md5_hex("&".join(pairs) + secret).upper()


class DewuClient(PlatformClient):
    """得物开放平台 (open.dewu.com)."""

    base_url = "https://openapi.dewu.com"
    passport_host = "https://open.dewu.com"
    errors = ERRORS
    # No rate is published.
    limits = (Limit(5, 1.0, "account", assumed=True),)

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        given = {
            "app_key": self.app_key,
            "timestamp": (now - EPOCH) // timedelta(milliseconds=1),
            "access_token": None if token == _TOKENLESS else token,
            **params,
        }
        # What is empty is never sent: whether it is signed is in dispute.
        given = {name: value for name, value in given.items() if value not in (None, "", [])}
        given["sign"] = sign(given, str(self.config["app_secret"]))
        if api in self.config.get("get_apis", ASKED_BY_GET):
            return Request("GET", api, {name: signed_text(v) for name, v in given.items()})
        return Request("POST", api, {}, _encode(given), _JSON)

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        if not isinstance(body, dict) or body.get("code") == _SUCCESS:
            return None
        return Failure(status, str(body.get("code") or ""), str(body.get("msg")))

    @override
    def fetch_token(self, account: Account, kind: str, previous: Token | None) -> Token:
        """A merchant's own app has no token; others exchange a code, then a refresh token that stays."""
        settings = account.settings
        refresh_token = (previous and previous.refresh) or settings.get("refresh_token")
        asked = {"client_id": self.app_key, "client_secret": str(self.config["app_secret"])}
        if refresh_token:
            step, grant = "refresh_token", {"refresh_token": str(refresh_token)}
        elif code := settings.get("code"):
            step, grant = "token", {"authorization_code": str(code)}
        elif previous is None:
            return Token(access=_TOKENLESS)
        else:
            msg = f"account {account.id}: the platform wants a token, so it is no app of its own; {_CONSENT}"
            raise GrantError(msg)
        path = f"{_PASSPORT}/{step}"
        request = Request("POST", path, {}, _encode({**asked, **grant}), _JSON, self.passport_host)
        body = self.send(account, f"oauth2/{step}", request)
        where, now = f"account {account.id}, oauth2/{step}", self.connection.clock.now()
        told = expect(body, "data", where=where)
        ends, renewable = told.get("access_token_expires_in"), told.get("refresh_token_expires_in")
        return Token(
            access=str(expect(told, "access_token", where=where)),
            expires=now + timedelta(seconds=int(ends)) if ends else None,
            refresh=str(told.get("refresh_token") or refresh_token or ""),
            refresh_expires=now + timedelta(seconds=int(renewable)) if renewable else None,
        )

    @override
    def token_seed(self, account: Account, kind: str) -> str:
        settings = account.settings
        return str(settings.get("refresh_token") or settings.get("code") or account.id)


class DewuStream(PlatformStream):
    """A stream of 得物."""

    package = "tap_dewu"
    confirmed = False
