"""How 快手小店 is called: seven signed parameters, the business parameters as one JSON text.

Source: open.kwaixiaodian.com, API调用说明, APP授权说明, API限流说明 and 返回码说明. The texts of errors
are the platform's own; most numbers come from a community SDK, so both are looked at.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

import msgspec
from openplatform.accounts import Account
from openplatform.bookmarks import EPOCH
from openplatform.declarations import Details
from openplatform.errors import AuthExpiredError, GrantError
from openplatform.http import Body, PlatformClient, Request
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.oauth import granted
from openplatform.signing import sign_pairs
from openplatform.streams import PlatformStream
from openplatform.tokens import Token
from typing_extensions import override

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_SUCCESS = 1
_PREPARING = {1, 2}
_encode = msgspec.json.Encoder().encode

_CONSENT = (
    "let the merchant authorise the app again (main account, all scopes ticked) and configure the "
    "new refresh_token or code"
)

ERRORS = ErrorTable(
    (
        Rule(
            Outcome.QUOTA_EXHAUSTED,
            message="(?i)exceed quota limit",
            advice=(
                "the day's calls are used up until 00:00 China time; accounts in the app's list of "
                "test users have 2,000 a day"
            ),
        ),
        Rule(Outcome.THROTTLED, message="(?i)exceed qps limit|too fast"),
        Rule(Outcome.THROTTLED, {"15", "16", "17", "1016", "1017", "802000"}),
        Rule(Outcome.GRANT_DEAD, {"24"}, advice=_CONSENT),
        Rule(Outcome.GRANT_DEAD, message="AUTHORIZATION_REVOKED", advice=_CONSENT),
        Rule(Outcome.GRANT_DEAD, {"26"}, advice=_CONSENT),
        Rule(Outcome.GRANT_DEAD, message="主账号不存在", advice=_CONSENT),
        Rule(Outcome.GRANT_DEAD, {"22", "25"}, advice=_CONSENT),
        Rule(Outcome.GRANT_DEAD, message="scope权限", advice=_CONSENT),
        Rule(
            Outcome.FATAL,
            {"27", "28"},
            advice="check sign_secret (it is neither app_secret nor the message key) and sign_method",
        ),
        Rule(
            Outcome.FATAL,
            message="验签失败|签名校验失败",
            advice="check sign_secret (it is neither app_secret nor the message key) and sign_method",
        ),
        # Of a call; the call that refreshes turns it into a dead grant.
        Rule(Outcome.AUTH_EXPIRED, {"21", "100200102"}),
        Rule(Outcome.AUTH_EXPIRED, message="(?i)token expired|token过期|鉴权失败"),
        Rule(Outcome.GRANT_DEAD, {"100200101"}, advice="check app_key and app_secret"),
        Rule(
            Outcome.GRANT_DEAD,
            {"100200103", "100200104", "100200105", "100200106", "100200107"},
            advice=_CONSENT,
        ),
        Rule(Outcome.TRANSIENT, {"100200500"}),
        Rule(Outcome.TRANSIENT, {"preparing"}),
        # A limit that the platform lowers during sales events.
        Rule(Outcome.SHRINK_WINDOW, {"300004", "300019"}),
        Rule(Outcome.SHRINK_WINDOW, message="SEARCH TIME RANGE EXPAND"),
        Rule(
            Outcome.FATAL,
            {"300005"},
            advice="set start_date (of this stream) to less than 90 days ago",
        ),
        Rule(Outcome.FATAL, {"100200100", "300002", "300003"}),
        Rule(Outcome.FATAL, {str(code) for code in range(300006, 300019)}),
        # Deleted between the list and the detail. The text is inferred; no code is documented.
        Rule(
            Outcome.SKIP, message=r"(商品|订单|退款单|售后单|items?|orders?|refunds?) ?\d* ?不存在"
        ),
        Rule(Outcome.TRANSIENT, {""}, statuses={200}),
    )
)


def sign(parameters: Mapping[str, str], secret: str) -> str:
    """Return the signature of the public parameters, by the method that they name."""
    return sign_pairs(parameters, secret, name="signSecret", method=parameters["signMethod"])


class KuaishouShopClient(PlatformClient):
    """快手电商开放平台 (open.kwaixiaodian.com)."""

    base_url = "https://openapi.kwaixiaodian.com"
    errors = ERRORS
    # What every app has from its first day; the order list alone may be called three times as often.
    limits = (Limit(100, 1.0, "app", api="*"),)

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        public = {
            "access_token": token,
            "appkey": self.app_key,
            "method": api,
            "param": _encode(params).decode(),
            "signMethod": str(self.config.get("sign_method") or "HMAC_SHA256"),
            "timestamp": str((now - EPOCH) // timedelta(milliseconds=1)),
            "version": "1",
        }
        public["sign"] = sign(public, str(self.config["sign_secret"]))
        return Request("GET", "/" + api.replace(".", "/"), public)

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        if not isinstance(body, dict) or "result" not in body:
            return Failure(status, "", f"the answer has no result: {str(body)[:80]}")
        if body["result"] != _SUCCESS:
            told = (
                body.get("error"),
                body.get("error_msg") or body.get("msg"),
                body.get("sub_msg"),
            )
            return Failure(
                status, str(body["result"]), ": ".join(str(text) for text in told if text)
            )
        data = body.get("data")
        if isinstance(data, dict) and data.get("processStatus") in _PREPARING:
            return Failure(status, "preparing", "the platform is still preparing the file")
        return None

    @override
    def fetch_token(self, account: Account, kind: str, previous: Token | None) -> Token:
        """Rotate the refresh token, or exchange a code; the chain keeps the end of its first token."""
        app = {"app_id": self.app_key, "app_secret": str(self.config["app_secret"])}
        refresh_token = (previous and previous.refresh) or account.settings.get("refresh_token")
        if refresh_token:
            fields = {**app, "grant_type": "refresh_token", "refresh_token": str(refresh_token)}
            form = urlencode(fields).encode()
            api = "oauth2/refresh_token"
            request = Request("POST", f"/{api}", {}, form, _FORM)
        elif code := account.settings.get("code"):
            api = "oauth2/access_token"
            request = Request("GET", f"/{api}", {**app, "grant_type": "code", "code": str(code)})
        else:
            msg = f"account {account.id}: it has neither refresh_token nor code; {_CONSENT}"
            raise GrantError(msg)
        try:
            body = self.send(account, api, request)
        except AuthExpiredError as exc:
            msg = f"{exc} — {_CONSENT}"
            raise GrantError(msg) from exc
        now = self.connection.clock.now()
        return granted(body, now=now, where=f"account {account.id}, {api}", before=previous)


class KuaishouShopStream(PlatformStream):
    """A stream of 快手小店."""

    package = "tap_kuaishou_shop"

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Ids are text in our records, but the platform takes nothing but JSON numbers."""
        asked = self.reads if isinstance(self.reads, Details) else self.by_id
        if asked is not None and asked.param in params:
            params[asked.param] = int(params[asked.param])
        return params
