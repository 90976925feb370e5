"""How 云·星辰 (jdy) is called: a signed gateway, secrets that change daily, a router header.

Source: the official Java client 0.1.5 and copies of open.jdy.com.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import typing as t
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import quote, quote_plus, urlsplit

from openplatform.accounts import Account
from openplatform.bookmarks import EPOCH
from openplatform.errors import GrantError
from openplatform.http import Body, PlatformClient, Request, expect
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.tokens import Token
from typing_extensions import override

GRANTED = "jdyconnector/app_management/kingdee_auth_token"
_AUTHORISED = "jdyconnector/app_management/push_app_authorize"
_LIFE = timedelta(hours=24)
_ASKED = (
    "check app_key and app_secret (client_id, client_secret), and the account's outerInstanceId"
)

ERRORS = ErrorTable(
    (
        Rule(Outcome.FATAL, codes={"4001", "4002", "4003", "4004", "4005"}, advice=_ASKED),
        Rule(Outcome.FATAL, codes={"4006"}, advice="correct this machine's clock"),
        Rule(Outcome.FATAL, codes={"4007", "4008"}, advice=_ASKED),
        Rule(Outcome.AUTH_EXPIRED, codes={"4009", "4010", "4011"}),
        Rule(Outcome.FATAL, codes={"4012"}, advice="the app lacks the permission for this API"),
        Rule(Outcome.FATAL, codes={"5001", "5002"}),
        Rule(Outcome.TRANSIENT, codes={"5000", "5003", "5004", "5005", "5006", "2000002000"}),
        Rule(Outcome.THROTTLED, codes={"5007"}),
        # The account's secret has changed, as it does daily; the next token begins with the new one.
        Rule(Outcome.AUTH_EXPIRED, codes={"1030002006"}),
    )
)


def signature(
    call: tuple[str, str], query: Mapping[str, str], nonce: str, moment: str, secret: str
) -> str:
    """Return the signature of a call (method and path); values of the query are encoded twice for it."""
    method, path = call
    pairs = sorted(f"{name}={_form(value)}" for name, value in query.items())
    split = (pair.partition("=") for pair in pairs)
    line = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, _, value in split)
    stamps = f"x-api-nonce:{nonce}\nx-api-timestamp:{moment}\n"
    return digest(secret, f"{method}\n{quote(path, safe='')}\n{line}\n{stamps}")


def _form(value: str) -> str:
    return quote_plus(value, safe="*").replace("~", "%7E")


def digest(key: str, text: str) -> str:
    """Return the platform's form of a signature: base64 of the hexadecimal HMAC-SHA256."""
    found = hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
    return base64.b64encode(found.encode()).decode()


class JdyClient(PlatformClient):
    """The gateway of 云·星辰."""

    base_url = "https://api.kingdee.com"
    errors = ERRORS
    limits = (Limit(500, 60.0), Limit(2, 60.0, api=GRANTED))

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        access, _, domain = token.partition("|")
        self.connection.redact.learn(access)
        query = {name: str(value) for name, value in params.items()}
        more = {"app-token": access, "X-GW-Router-Addr": domain}
        return self._signed("GET", f"/{api}", query, now, more)

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        if not isinstance(body, dict):
            return None
        code = str(
            body.get("errcode", "0" if body.get("code") in {None, 200, "200"} else body["code"])
        )
        told = body.get("descriptionCn") or body.get("description") or body.get("msg")
        return None if code == "0" else Failure(status, code, str(told or ""))

    @override
    def token_seed(self, account: Account, kind: str) -> str:
        return str(self.config.get("app_secret") or account.id)

    @override
    def fetch_token(self, account: Account, kind: str, previous: Token | None) -> Token:
        now = self.connection.clock.now()
        asked = self._signed("POST", f"/{_AUTHORISED}", {"outerInstanceId": account.id}, now, {})
        body = self.send(account, _AUTHORISED, asked)
        found = expect(body, "data", where=f"account {account.id}, {_AUTHORISED}")
        grants = [one for one in found or () if str(one.get("outerInstanceId")) == account.id]
        grant = next((one for one in grants if str(one.get("status")) == "1"), None)
        if grant is None:
            msg = f"account {account.id}: no authorisation is in force; have the company authorise the app"
            raise GrantError(msg)
        key, secret = str(grant["appKey"]), str(grant["appSecret"])
        self.connection.redact.learn(secret)
        query = {"app_key": key, "app_signature": digest(secret, key)}
        body = self.send(account, GRANTED, self._signed("GET", f"/{GRANTED}", query, now, {}))
        access = expect(body, "data", "app-token", where=f"account {account.id}, {GRANTED}")
        return Token(f"{access}|{grant['domain']}", now + _LIFE)

    def _signed(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        now: datetime,
        more: Mapping[str, str],
    ) -> Request:
        moment = str((now - EPOCH) // timedelta(milliseconds=1))
        secret = str(self.config.get("app_secret") or "")
        whole = urlsplit(self.connection.base_url).path + path
        headers = {
            "Content-Type": "application/json",
            "X-Api-ClientID": self.app_key,
            "X-Api-Auth-Version": "2.0",
            "X-Api-TimeStamp": moment,
            "X-Api-Nonce": moment,
            "X-Api-SignHeaders": "X-Api-TimeStamp,X-Api-Nonce",
            "X-Api-Signature": signature((method, whole), query, moment, moment, secret),
            **more,
        }
        return Request(method, path, query, b"{}" if method == "POST" else None, headers)
