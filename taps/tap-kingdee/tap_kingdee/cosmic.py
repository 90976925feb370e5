"""How 苍穹 / 星瀚 (Cosmic) is called: a token from a JSON call, paging beside the filters in the body.

Source: OpenAPI 手册 of vip.kingdee.com. Each company publishes its own queries.
"""

from __future__ import annotations

import re
import typing as t
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
from openplatform.accounts import Account
from openplatform.errors import FatalError, GrantError, TransientError, UnreachableError
from openplatform.http import Body, PlatformClient, Request, expect
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.tokens import Token
from typing_extensions import override

NEW_LOGIN = "kapi/oauth2/getToken"
_APP_TOKEN, _LOGIN = "api/getAppToken.do", "api/login.do"
_JSON = {"Content-Type": "application/json"}
_LOCKED = 180.0
_OLD_LIFE = timedelta(hours=2)
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_ASKED = "check the account's id (数据中心), app_id, app_secret and username (代理用户)"
_encode = msgspec.json.Encoder().encode

ERRORS = ErrorTable(
    (
        Rule(Outcome.THROTTLED, message="秒后再试", wait=_LOCKED),
        Rule(Outcome.AUTH_EXPIRED, codes={"401"}, advice=_ASKED),
        Rule(
            Outcome.FATAL,
            codes={"403"},
            advice="the administrator must grant the app this API, and allow this machine's address",
        ),
        Rule(
            Outcome.FATAL,
            codes={"404"},
            advice="no such API is published, or it is disabled; correct path in the setting queries",
        ),
        Rule(Outcome.FATAL, codes={"400", "405", "406", "415"}),
        Rule(Outcome.THROTTLED, codes={"429"}),
        Rule(Outcome.TRANSIENT, codes={"500", "999"}),
        # A nonce counts once, also where the answer was lost; the next try has another.
        Rule(Outcome.TRANSIENT, codes={"603"}, message="(?i)nonce|随机数"),
        Rule(Outcome.FATAL, codes={"603"}, advice="is username one of the app's 代理用户?"),
        Rule(Outcome.FATAL, codes={"601", "602", "604", "611", "612", "701", "702"}),
        Rule(Outcome.AUTH_EXPIRED, statuses={401}, advice=_ASKED),
        Rule(Outcome.FATAL, statuses={400, 403, 404, 405, 406, 415}),
    )
)


class CosmicClient(PlatformClient):
    """苍穹 OpenAPI of a company's own tenant."""

    base_url = "https://cosmic.invalid"  # each account has its own tenant
    errors = ERRORS
    limits = (
        # The tenant's administrator sets what the app may do; none is published.
        Limit(5, 1.0, "account", assumed=True),
        Limit(30, 60.0, "account", api=NEW_LOGIN),
    )

    @override
    def call(self, account: Account, api: str, params: Mapping[str, t.Any]) -> Body:
        """Query, and see that the filters were applied: one that is misspelt is ignored in silence."""
        try:
            body = super().call(account, api, params)
        except UnreachableError as exc:  # says nothing of the tenants of other companies
            raise TransientError(str(exc)) from exc
        data = body.get("data") if isinstance(body, dict) else None
        if isinstance(data, dict):
            data["more"] = data.get("lastPage") is False
            asked = {**params, **(params.get("data") or {})}
            if self.config.get("check_filter") is not False:
                _check(asked, data.get("filter"), f"account {account.id}, {api}")
        return body

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        method, _, path = api.rpartition(" ")
        host, context = self._tenant(account)
        sent = {"accesstoken": token}
        if method == "GET":
            query = {name: str(value) for name, value in params.items()}
            return Request("GET", context + path, query, None, sent, host)
        return Request("POST", context + path, {}, _encode(params), {**_JSON, **sent}, host)

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        if not isinstance(body, dict):
            return None
        data = body.get("data")
        if isinstance(data, dict) and data.get("success") is False:  # the calls of older releases
            return Failure(status, str(data.get("error_code") or ""), str(data.get("error_desc")))
        code = str(body.get("errorCode", "0"))
        if code == "0" and body.get("status") is not False:
            return None
        return Failure(status, code, str(body.get("message") or ""))

    @override
    def token_seed(self, account: Account, kind: str) -> str:
        return str(account.settings.get("app_secret") or account.id)

    @override
    def fetch_token(self, account: Account, kind: str, previous: Token | None) -> Token:
        if self.config.get("auth") == "app_token":
            return self._login(account)
        where, settings = f"account {account.id}, {NEW_LOGIN}", account.settings
        zone = ZoneInfo(str(self.config.get("time_zone") or "Asia/Shanghai"))

        def asked() -> Request:
            now = self.connection.clock.now()
            fields = {
                "client_id": settings.get("app_id"),
                "client_secret": settings.get("app_secret"),
                "username": settings.get("username"),
                "accountId": account.id,
                "language": "zh_CN",
                "nonce": uuid.uuid4().hex,
                "timestamp": now.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
            }
            return self._post(account, NEW_LOGIN, fields)

        body = self._insist(account, NEW_LOGIN, lambda: self._exchange(account, NEW_LOGIN, asked))
        access = expect(body, "data", "access_token", where=where)
        life = timedelta(milliseconds=int(body["data"].get("expires_in") or 0))
        return Token(str(access), self.connection.clock.now() + life)

    def _login(self, account: Account) -> Token:
        """Log in as before V6: for a token of the app first, with it for one of the user."""
        settings = account.settings
        secret = settings.get("app_secret")
        whose = {"tenantid": settings.get("tenant_id"), "accountId": account.id}
        asked = {
            "appId": settings.get("app_id"),
            "appSecret": secret,
            "appSecuret": secret,  # so older releases spell it
            **whose,
            "language": "zh_CN",
        }
        body = self.send(account, _APP_TOKEN, self._post(account, _APP_TOKEN, asked))
        app = expect(body, "data", "app_token", where=f"account {account.id}, {_APP_TOKEN}")
        self.connection.redact.learn(str(app))
        user = {"user": settings.get("username"), "apptoken": app}
        kind = {"usertype": settings.get("user_type") or "UserName"}
        body = self.send(account, _LOGIN, self._post(account, _LOGIN, {**user, **whose, **kind}))
        access = expect(body, "data", "access_token", where=f"account {account.id}, {_LOGIN}")
        return Token(str(access), self.connection.clock.now() + _OLD_LIFE)

    def _post(self, account: Account, path: str, asked: Mapping[str, t.Any]) -> Request:
        host, context = self._tenant(account)
        return Request("POST", f"{context}/{path}", {}, _encode(asked), _JSON, host)

    def _tenant(self, account: Account) -> tuple[str, str]:
        parts = urlsplit(str(account.settings.get("server_url") or "").rstrip("/"))
        if not parts.scheme or not parts.netloc:
            msg = f"account {account.id}: set server_url, such as https://erp.example.com/ierp"
            raise GrantError(msg)
        return f"{parts.scheme}://{parts.netloc}", parts.path


def _check(asked: Mapping[str, t.Any], applied: t.Any, where: str) -> None:
    """Look for the times that were asked for in the echo of the filter, where there is one."""
    if not isinstance(applied, str):
        return
    for name, value in asked.items():
        if isinstance(value, str) and _TIME.fullmatch(value) and value not in applied:
            msg = (
                f"{where}: {name} was not applied (the platform filtered by {applied or 'nothing'!r}), so "
                "everything would come; correct start_param and end_param in the setting queries"
            )
            raise FatalError(msg)
