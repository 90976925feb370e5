"""How 1688 is called: a signature over the path and all parameters, two forms of errors.

Source: open.1688.com (api/sysSignature.htm, the pages of the single APIs) and the official PHP SDK.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
from openplatform.accounts import Account
from openplatform.bookmarks import EPOCH
from openplatform.errors import GrantError, OpenPlatformError
from openplatform.http import Body, PlatformClient, Request, expect
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.push import moment_of
from openplatform.signing import hmac_sha1
from openplatform.streams import PlatformStream
from openplatform.tokens import Token
from typing_extensions import override

_FORM = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
_ZONE = ZoneInfo("Asia/Shanghai")
# A new refresh token is handed out in the last thirty days of the old one.
_POSTPONED_FROM = timedelta(days=29)
_encode = msgspec.json.Encoder().encode

_CONSENT = "let the member authorise the app again and configure the new code or refresh_token"
# What a newly approved app may be granted instead, with masked buyers.
_ENCRYPTED = {
    "com.alibaba.trade/alibaba.trade.getSellerOrderList": (
        "com.alibaba.trade/alibaba.trade.ec.getOrderList.sellerView"
    ),
    "com.alibaba.trade/alibaba.trade.get.sellerView": (
        "com.alibaba.trade/alibaba.trade.ec.getOrder.sellerView"
    ),
}

ERRORS = ErrorTable(
    (
        Rule(Outcome.THROTTLED, {"gw.QosAppFrequencyLimit"}, wait=10.0),
        Rule(Outcome.AUTH_EXPIRED, {"401"}),
        Rule(Outcome.FATAL, {"gw.SignatureInvalid"}, advice="check app_key and app_secret"),
        Rule(
            Outcome.FATAL,
            {"gw.APIACLDecline", "APIACLDecline", "403"},
            advice="book a solution (解决方案) that holds this API for the app",
        ),
        Rule(Outcome.FATAL, {"gw.ParamMissing", "400"}),
        Rule(
            Outcome.FATAL,
            code=r"gw\..+",
            advice="the gateway refused it: look up the code, and the app's rights in its console",
        ),
        Rule(
            Outcome.FATAL,
            {"APPLY_TIME_ERROR"},
            advice="set start_date (of this stream) to less than 730 days ago",
        ),
        Rule(
            Outcome.FATAL,
            {"003", "003002"},
            advice="the id is wrong or another member's, or the service behind the API failed",
        ),
        # An order that was not sent yet.
        Rule(Outcome.SKIP, {"500_2"}),
        Rule(Outcome.TRANSIENT, message="SYSTEM_ERROR|TIMEOUT"),
    )
)


def sign(path: str, parameters: Mapping[str, str], secret: str) -> str:
    """Return the signature: the strings name+value are sorted, which differs from sorting names.

    Args:
        path: From the protocol on, such as `param2/1/system/currentTime/1000000`.
        parameters: As sent, but not URL-encoded.
        secret: The app's.
    """
    joined = "".join(sorted(name + value for name, value in parameters.items()))
    return hmac_sha1(secret, path + joined).hex().upper()


def as_text(value: t.Any) -> str:
    """Return a parameter as it is sent: texts as they are, all else as JSON."""
    return value if isinstance(value, str) else _encode(value).decode()


class Alibaba1688Client(PlatformClient):
    """1688 开放平台 (gw.open.1688.com)."""

    base_url = "https://gw.open.1688.com"
    errors = ERRORS
    # Rates depend on the app's package and are shown in its console only.
    limits = (Limit(5, 1.0, "app", assumed=True),)

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        if self.config.get("encrypted_orders"):
            api = _ENCRYPTED.get(api, api)
        path = f"param2/1/{api}/{self.app_key}"
        fields = {name: as_text(value) for name, value in params.items() if value is not None}
        fields["access_token"] = token
        fields["_aop_timestamp"] = str((now - EPOCH) // timedelta(milliseconds=1))
        fields["_aop_signature"] = sign(path, fields, str(self.config["app_secret"]))
        return Request("POST", f"/openapi/{path}", {}, urlencode(fields).encode(), _FORM)

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        if not isinstance(body, dict):
            return None
        code = body.get("error_code") or body.get("errorCode") or ""
        told = body.get("error_message") or body.get("errorMessage") or body.get("errorMsg")
        told = told or body.get("exception") or body.get("error_description")
        code = code or body.get("error") or ""
        if code or body.get("success") is False or status >= HTTPStatus.BAD_REQUEST:
            # Some codes are known by a part of them only, so the text holds it too.
            return Failure(status, str(code), f"{code}: {told}" if told else str(code))
        return None

    @override
    def fetch_token(self, account: Account, kind: str, previous: Token | None) -> Token:
        """Refresh, or exchange a code; a refresh token is prolonged before its half year is over."""
        settings = account.settings
        refresh_token = (previous and previous.refresh) or settings.get("refresh_token")
        if refresh_token:
            asked = {"grant_type": "refresh_token", "refresh_token": str(refresh_token)}
        elif code := settings.get("code"):
            asked = {
                "grant_type": "authorization_code",
                "need_refresh_token": "true",
                "redirect_uri": str(settings.get("redirect_uri") or ""),
                "code": str(code),
            }
        else:
            msg = f"account {account.id}: it has neither refresh_token nor code; {_CONSENT}"
            raise GrantError(msg)
        try:
            token = self._granted(account, "http/1", "getToken", asked, previous)
        except GrantError:
            raise
        except OpenPlatformError as exc:
            raise type(exc)(f"{exc} — {_CONSENT}") from exc
        return self._prolonged(account, token)

    def _granted(
        self,
        account: Account,
        protocol: str,
        name: str,
        asked: Mapping[str, str],
        previous: Token | None,
    ) -> Token:
        now = self.connection.clock.now()
        secret = str(self.config["app_secret"])
        fields = {"client_id": self.app_key, "client_secret": secret, **asked}
        path = f"/openapi/{protocol}/system.oauth2/{name}/{self.app_key}"
        request = Request("POST", path, {}, urlencode(fields).encode(), _FORM)
        body = self.send(account, name, request)
        where = f"account {account.id}, {name}"
        member = str(body.get("memberId") or account.id)
        if member != account.id:
            msg = f"{where}: the grant belongs to {member}; correct the account's id or its token"
            raise GrantError(msg)
        ends = previous.refresh_expires if previous else None
        told = body.get("refresh_token_timeout")
        return Token(
            access=str(expect(body, "access_token", where=where)),
            expires=now + timedelta(seconds=int(expect(body, "expires_in", where=where))),
            refresh=str(body.get("refresh_token") or asked.get("refresh_token") or ""),
            refresh_expires=moment_of(told, form="auto", zone=_ZONE, otherwise=now)
            if told
            else ends,
        )

    def _prolonged(self, account: Account, token: Token) -> Token:
        """Return a token with a new refresh token, where the old one ends soon."""
        ends = token.refresh_expires
        if ends is None or ends - self.connection.clock.now() > _POSTPONED_FROM:
            return token
        asked = {"refresh_token": token.refresh, "access_token": token.access}
        try:
            return self._granted(account, "param2/1", "postponeToken", asked, token)
        except OpenPlatformError as exc:
            self._logger.warning("%s; its authorisation was not prolonged", exc)
            return token


class Alibaba1688Stream(PlatformStream):
    """A stream of 1688."""

    package = "tap_alibaba1688"
