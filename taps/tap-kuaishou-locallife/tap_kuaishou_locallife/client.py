"""How 快手本地生活 is called: two gateways with tokens, envelopes and apps of their own.

The goodlife gateway (lbs-open.kuaishou.com) takes a header and signs nothing; all that is known of it comes
from clients. Orders stand on the gateway of 快手电商 (openapi.kwaixiaodian.com), signed as there.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

import msgspec
from openplatform.accounts import Account
from openplatform.bookmarks import EPOCH
from openplatform.errors import AuthExpiredError, FatalError, GrantError
from openplatform.http import Body, PlatformClient, Request, expect
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.oauth import granted
from openplatform.signing import sign_pairs
from openplatform.streams import PlatformStream
from openplatform.tokens import Token
from typing_extensions import override

GOODLIFE, SHOP = "goodlife", "shop"
_SHOP_HOST = "https://openapi.kwaixiaodian.com"
_AGENT_HOST = "https://open.kwailocallife.com"
_AGENT = "rest/open/platform/claw/app/accessToken"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_JSON = {"Content-Type": "application/json"}
_READ_BY_GET = ("goodlife/v1/item/poi/query", "goodlife/lbs/bill/query/v2")
_encode = msgspec.json.Encoder().encode

_CONSENT = "let the merchant authorise the app again and configure the new grant"
_SIGNING = "check sign_secret and sign_method"

ERRORS = ErrorTable(
    (
        Rule(Outcome.QUOTA_EXHAUSTED, message="(?i)exceed quota limit"),
        Rule(Outcome.THROTTLED, message="(?i)exceed qps limit|too fast"),
        Rule(Outcome.THROTTLED, {"15", "16", "17", "1016", "1017", "802000", "100200410"}),
        Rule(Outcome.GRANT_DEAD, {"22", "24", "25", "26"}, advice=_CONSENT),
        Rule(Outcome.FATAL, {"27", "28"}, advice=_SIGNING),
        # Of a call; the call that refreshes turns it into a dead grant.
        Rule(Outcome.AUTH_EXPIRED, {"21", "100200102", "100200108"}),
        Rule(Outcome.FATAL, {"100200101"}, advice="check the key and the secret of the app"),
        Rule(
            Outcome.FATAL,
            {"100200103", "100200104", "100200105", "100200106", "100200107"},
            advice=_CONSENT,
        ),
        Rule(Outcome.FATAL, {"100200109", "100200110", "100200113"}, advice=_CONSENT),
        Rule(Outcome.TRANSIENT, {"100200500"}),
        Rule(Outcome.SHRINK_WINDOW, {"300004", "300019"}),
        Rule(Outcome.FATAL, {"100200100"}),
        # The goodlife gateway's codes are not published, so its texts must do.
        Rule(Outcome.THROTTLED, message="(?i)频繁|限流|qps"),
        Rule(Outcome.AUTH_EXPIRED, message="(?i)token.*(过期|失效|expired)"),
    )
)


class KuaishouLocallifeClient(PlatformClient):
    """快手本地生活开放平台 (open.kwailocallife.com)."""

    base_url = "https://lbs-open.kuaishou.com"
    errors = ERRORS
    # The gateway of 快手电商 allows 100; the goodlife gateway publishes nothing.
    limits = (Limit(5, 1.0, "account", assumed=True),)

    @override
    def token_kind(self, api: str) -> str:
        return SHOP if api.startswith("open.") else GOODLIFE

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        if self.token_kind(api) == SHOP:
            return self._signed(api, params, token, now)
        headers = {"access-token": token, **_JSON}
        if api in _READ_BY_GET:
            query = {name: str(value) for name, value in params.items()}
            return Request("GET", f"/{api}", query, None, headers)
        return Request("POST", f"/{api}", {}, _encode(params), headers)

    def _signed(self, api: str, params: Mapping[str, t.Any], token: str, now: datetime) -> Request:
        method = str(self.config.get("sign_method") or "HMAC_SHA256")
        public = {
            "access_token": token,
            "appkey": self._app(SHOP)[0],
            "method": api,
            "param": _encode(params).decode(),
            "signMethod": method,
            "timestamp": str((now - EPOCH) // timedelta(milliseconds=1)),
            "version": "1",
        }
        secret = str(self.config.get("sign_secret") or "")
        public["sign"] = sign_pairs(public, secret, name="signSecret", method=method)
        return Request("GET", "/" + api.replace(".", "/"), public, host=_SHOP_HOST)

    def _app(self, kind: str) -> tuple[str, str]:
        """Return key and secret of the app for a gateway; one app may serve both."""
        own = self.config.get("shop_app_key"), self.config.get("shop_app_secret")
        key, secret = own if kind == SHOP and all(own) else (self.app_key, None)
        return str(key), str(secret or self.config["app_secret"])

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        if not isinstance(body, dict):
            return None
        data = body.get("data")
        if isinstance(data, dict) and (inner := data.get("error_code")) is not None:
            # Clients disagree about the outer code, so the inner one decides.
            extra = body.get("extra") or {}
            told = [data.get("description"), extra.get("sub_description")]
            return None if str(inner) == "0" else Failure(status, str(inner), _joined(told))
        code, success = str(body.get("result", "")), "1"
        if "result" not in body and "status" in body:
            code, success = str(body["status"]), "200"
        if code == success:
            return None
        return Failure(status, code, _joined([body.get("error"), body.get("error_msg")]))

    @override
    def fetch_token(self, account: Account, kind: str, previous: Token | None) -> Token:
        """Each gateway has its own grant; an agent asks for a merchant's token anew."""
        try:
            if kind == GOODLIFE and (merchant := account.settings.get("merchant_id")):
                return self._of_merchant(account, str(merchant))
            return self._by_grant(account, kind, previous)
        except (AuthExpiredError, GrantError) as exc:
            # The other gateway may still answer, so the account is not given up.
            msg = f"{exc} — {_CONSENT}"
            raise FatalError(msg) from exc

    def _of_merchant(self, account: Account, merchant: str) -> Token:
        key, secret = self._app(GOODLIFE)
        asked = {"app_key": key, "merchant_id": merchant, "app_secret": secret}
        request = Request("POST", f"/{_AGENT}", {}, _encode(asked), _JSON, host=_AGENT_HOST)
        body = self.send(account, _AGENT, request)
        where = f"account {account.id}, {_AGENT}"
        data = expect(body, "data", where=where)
        return granted(data, now=self.connection.clock.now(), where=where, before=None)

    def _by_grant(self, account: Account, kind: str, previous: Token | None) -> Token:
        prefix = "shop_" if kind == SHOP else ""
        own = account.settings
        key, secret = self._app(kind)
        app = {"app_id": key, "app_secret": secret}
        refresh_token = (previous and previous.refresh) or own.get(f"{prefix}refresh_token")
        if refresh_token:
            api = "oauth2/refresh_token"
            asked = {**app, "grant_type": "refresh_token", "refresh_token": str(refresh_token)}
        elif code := own.get(f"{prefix}code"):
            api = "oauth2/access_token"
            asked = {**app, "grant_type": "code", "code": str(code)}
        else:
            msg = (
                f"account {account.id}: it has neither {prefix}refresh_token nor {prefix}code, which "
                f"the {kind} gateway needs; {_CONSENT}"
            )
            raise FatalError(msg)
        request = Request("GET", f"/{api}", asked)
        if kind == SHOP:
            request = Request("GET", f"/{api}", asked, host=_SHOP_HOST)
            if api == "oauth2/refresh_token":
                form = urlencode(asked).encode()
                request = Request("POST", f"/{api}", {}, form, _FORM, host=_SHOP_HOST)
        body = self.send(account, api, request)
        where = f"account {account.id}, {api}"
        return granted(body, now=self.connection.clock.now(), where=where, before=previous)

    @override
    def token_seed(self, account: Account, kind: str) -> str:
        prefix = "shop_" if kind == SHOP else ""
        names = (f"{prefix}refresh_token", f"{prefix}code", "merchant_id")
        return str(next(filter(None, map(account.settings.get, names)), account.id))


def _joined(texts: list[t.Any]) -> str:
    return ": ".join(str(text) for text in texts if text)


class KuaishouLocallifeStream(PlatformStream):
    """A stream of 快手本地生活."""

    package = "tap_kuaishou_locallife"
    confirmed = False
