"""How 聚水潭 is called: two generations of its open platform, HTTP 200 whatever happens.

Sources: openweb.jushuitan.com (docId 23, 25, 30, 70) for the new one; for the old one, open.jushuitan.com
as clients quote it.
"""

from __future__ import annotations

import secrets
import typing as t
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

import msgspec
from openplatform.accounts import Account
from openplatform.errors import AuthExpiredError, FatalError, GrantError
from openplatform.http import Body, PlatformClient, Request, expect
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.signing import md5_hex, sorted_pairs
from openplatform.streams import PlatformStream
from openplatform.tokens import Token
from typing_extensions import override

_FORM = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
_JSON = {"Content-Type": "application/json; charset=utf-8"}
_OLD_HOST = "https://open.erp321.com"
_LISTS = ("datas", "orders", "inventorys")
_encode = msgspec.json.Encoder().encode

_CONSENT = "let the merchant authorise the app again and configure the new code"
_SECRET = "check app_key and app_secret (old generation: partnerid and partnerkey)"  # noqa: S105
_TOKEN = "(?i)token|授权"  # noqa: S105

ERRORS = ErrorTable(
    (
        Rule(Outcome.THROTTLED, {"199"}, wait=1.0),
        # A success is 0; 200 means more than 100 calls in this minute.
        Rule(Outcome.THROTTLED, {"200"}, wait=60.0),
        # Business APIs use 100 for refusals of their own.
        Rule(Outcome.AUTH_EXPIRED, {"100"}, message=_TOKEN),
        Rule(Outcome.FATAL, {"100"}, advice="the message tells what the API misses"),
        Rule(Outcome.GRANT_DEAD, {"150"}, advice=_CONSENT),
        Rule(Outcome.TRANSIENT, {"140"}, message="(?i)timestamp"),
        Rule(Outcome.FATAL, {"140"}, advice="check generation and base_url, which do not fit"),
        Rule(Outcome.FATAL, {"10"}, advice=_SECRET),
        Rule(
            Outcome.FATAL, {"110"}, advice="add this machine's IP address to the app's allow-list"
        ),
        Rule(Outcome.FATAL, {"190"}, advice="ask for the permission of this API for the app"),
        # The old generation's codes are not published; of the new one's others, only the text tells.
        Rule(Outcome.THROTTLED, message="频次|频率|次数"),
        Rule(Outcome.AUTH_EXPIRED, message=_TOKEN),
        Rule(Outcome.FATAL, message="签名", advice=_SECRET),
        Rule(Outcome.TRANSIENT, message="(?i)超时|timed? ?out"),
    )
)


def sign(fields: Mapping[str, str], secret: str) -> str:
    """Return the new generation's signature of form fields, as sent but not URL-encoded."""
    kept = {name: value for name, value in fields.items() if value and name != "sign"}
    return md5_hex(secret + sorted_pairs(kept, assign="", separator=""))


def sign_old(method: str, partner: str, token: str, ts: str, key: str) -> str:
    """Return the old generation's signature; the body is not part of it."""
    return md5_hex(f"{method}{partner}token{token}ts{ts}{key}")


class JushuitanClient(PlatformClient):
    """聚水潭开放平台, new (openapi.jushuitan.com) and old (open.erp321.com)."""

    base_url = "https://openapi.jushuitan.com"
    errors = ERRORS
    limits = (Limit(5, 1.0, "account"), Limit(100, 60.0, "account"))

    @property
    def old(self) -> bool:
        """Whether the app belongs to the old open platform."""
        return self.config.get("generation") == "old"

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        ts = str(int(now.timestamp()))
        key, secret = self._app(account)
        if api == "purchasein.query":
            api = str(self.config.get("purchase_receipts_api") or api)
        if self.old:
            signature = sign_old(api, key, token, ts, secret)
            query = {"method": api, "partnerid": key, "token": token, "ts": ts, "sign": signature}
            path = "/api/open/query.aspx"
            return Request("POST", path, query, _encode(params), _JSON, host=_OLD_HOST)
        fields = {
            "access_token": token,
            "app_key": key,
            "charset": "utf-8",
            "timestamp": ts,
            "version": "2",
            "biz": _encode(params).decode(),
        }
        return self._signed(f"/open/{api.replace('.', '/')}", fields, secret)

    def _app(self, account: Account) -> tuple[str, str]:
        """Return key and secret of the app that reads an account: its own, or the common one."""
        key = account.settings.get("app_key") or self.app_key
        secret = account.settings.get("app_secret") or self.config.get("app_secret")
        if not key or not secret:
            msg = f"account {account.id}: app_key or app_secret is missing; set them for it, or for all"
            raise GrantError(msg)
        return str(key), str(secret)

    def _signed(self, path: str, fields: Mapping[str, str], secret: str) -> Request:
        signed = {**fields, "sign": sign(fields, secret)}
        return Request("POST", path, {}, urlencode(signed).encode(), _FORM)

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        if not isinstance(body, dict):
            return None
        code = str(body.get("code", ""))
        return None if code == "0" else Failure(status, code, str(body.get("msg")))

    @override
    def call(self, account: Account, api: str, params: Mapping[str, t.Any]) -> Body:
        """Call an API; answers of both generations leave in the form of the new one."""
        return unwrapped(super().call(account, api, params))

    @override
    def fetch_token(self, account: Account, kind: str, previous: Token | None) -> Token:
        """Apps of one's own ask for tokens and refresh them; apps of the market exchange a code."""
        settings = account.settings
        if self.old:
            return self._handed_out(account, previous)
        refresh_token = (previous and previous.refresh) or settings.get("refresh_token")
        code = settings.get("code")
        if refresh_token:
            asked = {"grant_type": "refresh_token", "refresh_token": str(refresh_token)}
            try:
                return self._granted(account, "refreshToken", {**asked, "scope": "all"})
            except (AuthExpiredError, FatalError, GrantError) as exc:
                if code or settings.get("refresh_token"):
                    msg = f"{exc} — {_CONSENT}"
                    raise GrantError(msg) from exc
                self._logger.info("%s; a new token is asked for", exc)
        name = "accessToken" if code else "getInitToken"
        # For an app of one's own the code is whatever we make up.
        asked = {"grant_type": "authorization_code", "code": str(code or secrets.token_hex(3))}
        return self._granted(account, name, asked)

    def _handed_out(self, account: Account, previous: Token | None) -> Token:
        token = account.settings.get("token")
        if not token or previous is not None:
            told = "is refused" if previous else "is missing"
            msg = f"account {account.id}: its token {told}; ask 聚水潭 for the merchant's (授权码)"
            raise GrantError(msg)
        return Token(access=str(token))

    def _granted(self, account: Account, name: str, asked: Mapping[str, str]) -> Token:
        now = self.connection.clock.now()
        key, secret = self._app(account)
        fields = {
            "app_key": key,
            "timestamp": str(int(now.timestamp())),
            "charset": "utf-8",
            **asked,
        }
        body = self.send(account, name, self._signed(f"/openWeb/auth/{name}", fields, secret))
        where = f"account {account.id}, {name}"
        left = int(expect(body, "data", "expires_in", where=where))
        return Token(
            access=str(expect(body, "data", "access_token", where=where)),
            expires=now + timedelta(seconds=left),
            refresh=str(body["data"].get("refresh_token") or ""),
        )

    @override
    def token_seed(self, account: Account, kind: str) -> str:
        settings = account.settings
        names = ("token",) if self.old else ("refresh_token", "code")
        return str(next(filter(None, map(settings.get, names)), account.id))


def unwrapped(body: Body) -> Body:
    """Return an answer in one form: its only list under all the names that lists have here.

    The old generation's answers are flat, or nested as the new one's, and the names of most of its lists
    are documented nowhere.
    """
    if not isinstance(body, dict):
        return body
    data = body["data"] if isinstance(body.get("data"), dict) else body
    lists = {name: value for name, value in data.items() if isinstance(value, list)}
    found = [lists[name] for name in _LISTS if name in lists] or list(lists.values())
    if len(found) == 1:
        data = {**data, **dict.fromkeys(_LISTS, found[0])}
    return {"data": data}


class JushuitanStream(PlatformStream):
    """A stream of 聚水潭."""

    package = "tap_jushuitan"

    @property
    @override
    def by_version(self) -> bool:
        """Six lists know the row version of their database, `ts`; a setting prefers it."""
        versions = getattr(self.reads, "versions", None)
        return versions is not None and self.config.get("read_by") == "ts"
