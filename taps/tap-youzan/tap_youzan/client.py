"""How 有赞 is called: token in the query, JSON in the body, HTTP 200 whatever happens.

Source: doc.youzanyun.com, 接口调用 and 授权; the error codes from the pages of the single APIs.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from openplatform.accounts import Account
from openplatform.bookmarks import EPOCH
from openplatform.errors import GrantError
from openplatform.http import Body, PlatformClient, Request, expect
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.streams import PlatformStream
from openplatform.tokens import Token
from typing_extensions import override

_JSON = {"Content-Type": "application/json"}
_encode = msgspec.json.Encoder().encode

ERRORS = ErrorTable(
    (
        Rule(Outcome.THROTTLED, {"4101", "500100004", "123000042", "141500203"}),
        Rule(Outcome.AUTH_EXPIRED, {"4201", "4202", "4203"}),
        Rule(
            Outcome.FATAL,
            {"4204"},
            advice="book the capability package (能力包) of this API for the app",
        ),
        Rule(
            Outcome.FATAL,
            {"4007"},
            message="白名单",
            advice="add this machine's IP address to the app's allow-list",
        ),
        Rule(Outcome.SHRINK_WINDOW, {"106000001"}, message="搜索一年|起止时间"),
        Rule(Outcome.TRANSIENT, {"106000001", "106100118", "-100"}),
        Rule(Outcome.SHRINK_WINDOW, {"142710032"}),
        # An item, refund, customer or order that is gone, or belongs to another shop.
        Rule(Outcome.SKIP, {"122001001", "123005001", "103011024", "4009"}),
        Rule(Outcome.SKIP, {"144100000", "144100001", "141001107"}),
        Rule(Outcome.SKIP, {"5000"}, message="not found"),
        Rule(
            Outcome.GRANT_DEAD,
            {"1004", "1005"},
            advice="let the merchant authorise the app again and configure the new refresh_token",
        ),
        Rule(
            Outcome.GRANT_DEAD,
            {"1000", "1103", "1105"},
            advice="check app_key, app_secret and the account's id, and the kind of app",
        ),
        Rule(Outcome.FATAL, {"4001", "4004", "4005", "4007", "4008", "4010", "5000", "5001"}),
        Rule(Outcome.FATAL, {"5002", "5003", "53002", "106000003", "106000004", "106100110"}),
        Rule(Outcome.FATAL, {"103010052", "103010054", "200000026", "18910002"}),
        Rule(Outcome.FATAL, {"301000002", "301000004"}),
    )
)


class YouzanClient(PlatformClient):
    """有赞云 (open.youzanyun.com)."""

    base_url = "https://open.youzanyun.com"
    errors = ERRORS
    # The order APIs publish no rate; the documentation asks for waits of 3, 6, 12, 24, 48 s.
    limits = (Limit(10, 1.0, "account", assumed=True),)
    first_wait = 3.0

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        return Request("POST", f"/api/{api}", {"access_token": token}, _encode(params), _JSON)

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        if not isinstance(body, dict):
            return None
        if gateway := body.get("gw_err_resp"):
            return Failure(status, str(gateway.get("err_code")), str(gateway.get("err_msg")))
        if old := body.get("error_response"):
            return Failure(status, str(old.get("code")), str(old.get("msg")))
        code = body.get("code")
        if body.get("success") is False or str(code) not in {"200", "None"}:
            return Failure(status, str(code), str(body.get("message")))
        return None

    @override
    def fetch_token(self, account: Account, kind: str, previous: Token | None) -> Token:
        """Self-built apps are given a token for their shop; tool apps rotate a refresh token."""
        settings = account.settings
        app = {"client_id": self.app_key, "client_secret": self.config.get("app_secret")}
        refresh_token = (previous and previous.refresh) or settings.get("refresh_token")
        if refresh_token:
            asked = {**app, "authorize_type": "refresh_token", "refresh_token": refresh_token}
        elif code := settings.get("code"):
            asked = {**app, "authorize_type": "authorization_code", "code": code}
        else:
            # A refused token is replaced by force: without it the same one would come back.
            asked = {
                **app,
                "authorize_type": "silent",
                "grant_id": account.id,
                "refresh": previous is not None,
            }
        body = self.send(
            account, "auth/token", Request("POST", "/auth/token", {}, _encode(asked), _JSON)
        )
        where = f"account {account.id}, auth/token"
        access = expect(body, "data", "access_token", where=where)
        granted = str(body["data"].get("authority_id") or account.id)
        if granted != account.id:
            msg = f"{where}: the grant belongs to shop {granted}; correct the account's id or its token"
            raise GrantError(msg)
        expires = body["data"].get("expires")
        return Token(
            access=str(access),
            expires=EPOCH + timedelta(milliseconds=int(expires)) if expires else None,
            refresh=str(body["data"].get("refresh_token") or ""),
        )


class YouzanStream(PlatformStream):
    """A stream of 有赞."""

    package = "tap_youzan"
    nulls = frozenset({"null"})
