"""How the Taobao Open Platform (TOP) is called: one signed form, HTTP 200 whatever happens.

Source: open.taobao.com, 调用方法介绍 (articleId 101617), 用户授权介绍 (102635) and the FAQ on the error
codes 7 and 27. What a code means often stands in its sub_code alone, so rules look at both.
"""

from __future__ import annotations

import hmac
import re
import typing as t
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
from openplatform.accounts import Account
from openplatform.declarations import ById, Details
from openplatform.errors import GrantError
from openplatform.http import Body, Connection, PlatformClient, Request, expect
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.signing import md5_hex, sorted_pairs
from openplatform.streams import PlatformStream
from openplatform.tokens import Token
from typing_extensions import override

from tap_taobao import qimen
from tap_taobao.database import TABLES, PushTables

_FORM = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}
_ZONE = ZoneInfo("Asia/Shanghai")
_BAN = re.compile(r"last for (\d+) more seconds")
_decode = msgspec.json.Decoder().decode

_CONSENT = (
    "let the shop authorise the app again and configure the new session, refresh_token or code"
)

ERRORS = ErrorTable(
    (
        Rule(
            Outcome.QUOTA_EXHAUSTED,
            {"7"},
            message="limited-by-app-access-count",
            of_app=True,
            advice="the app's calls of this day are used up; its console can reset them, 3 times a day",
        ),
        Rule(Outcome.THROTTLED, {"4", "5", "6", "7", "8"}),
        Rule(Outcome.AUTH_EXPIRED, {"27"}),
        Rule(Outcome.TRANSIENT, {"10"}),
        Rule(
            Outcome.FATAL,
            {"12"},
            advice="the shop must authorise the app again, with the permission package of this API",
        ),
        Rule(
            Outcome.FATAL,
            {"11", "13"},
            advice="apply for the permission package of this API in the console",
        ),
        Rule(Outcome.FATAL, {"24", "25"}, advice="check app_secret and sign_method"),
        Rule(Outcome.FATAL, {"26"}, advice="give the account a session, refresh_token or code"),
        Rule(Outcome.FATAL, {"28", "29"}, advice="check app_key"),
        Rule(
            Outcome.FATAL,
            {"30", "31"},
            advice="set this machine's clock right: it may be off by 10 minutes at the most",
        ),
        # Public code reads this one as "gone"; the platform's table does not hold it.
        Rule(Outcome.SKIP, message=r"isv\.(trade|refund|item)-not-exist"),
        Rule(Outcome.TRANSIENT, {"15"}, message=r"isp\."),
        Rule(Outcome.FATAL, {"15"}, message=r"isv\."),
        Rule(Outcome.TRANSIENT, {"15"}),
        Rule(Outcome.FATAL, {"3", "9", "21", "22", "23", "32", "33", "34", "40", "41", "42", "43"}),
        # The services' own codes, 50 and from 100 on: the sub_code tells whose fault it is.
        Rule(Outcome.THROTTLED, message=r"isp\.system-busy"),
        Rule(Outcome.TRANSIENT, message=r"isp\."),
        Rule(Outcome.FATAL, message=r"isv\."),
        Rule(
            Outcome.FATAL,
            {qimen.PROVIDER},
            advice="this is the scenario's provider speaking; its documentation tells more",
        ),
    )
)


def sign(parameters: Mapping[str, str], secret: str) -> str:
    """Return the signature of a call's parameters, by the method that they name."""
    text = sorted_pairs(parameters, assign="", separator="")
    method = parameters["sign_method"]
    if method == "md5":
        return md5_hex(f"{secret}{text}{secret}").upper()
    digest = "md5" if method == "hmac" else "sha256"
    return hmac.digest(secret.encode(), text.encode(), digest).hex().upper()


class TaobaoClient(PlatformClient):
    """淘宝开放平台 (open.taobao.com), its 奇门 scenarios and its push tables."""

    base_url = "https://eco.taobao.com"
    errors = ERRORS
    # An app's daily calls depend on its level; no rate is published.
    limits = (Limit(10, 1.0, "account", assumed=True),)

    @override
    def __init__(self, config: Mapping[str, t.Any], connection: Connection) -> None:
        super().__init__(config, connection)
        self._tables = PushTables(config, connection)

    @override
    def token_kind(self, api: str) -> str | None:
        return None if api == qimen.API else ""

    @override
    def call(self, account: Account, api: str, params: Mapping[str, t.Any]) -> Body:
        """Read the push tables from their database, and everything else by HTTP."""
        if api.partition("/")[0] in TABLES:
            return self.ask(account, api, lambda: self._tables.answer(account, api, params))
        return super().call(account, api, params)

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        host, path, routing = "", "/router/rest", {"method": api, "session": token}
        if api == qimen.API:
            scenario = qimen.Scenario.of(self.config)
            host, path, routing = scenario.host, scenario.path, scenario.routing(account)
        given = {
            "app_key": self.app_key,
            "format": "json",
            "sign_method": str(self.config.get("sign_method") or "md5"),
            "timestamp": now.astimezone(_ZONE).strftime("%Y-%m-%d %H:%M:%S"),
            "v": "2.0",
            **routing,
            **params,
        }
        # What is empty is neither signed nor sent.
        form = {name: text for name, value in sorted(given.items()) if (text := _text(value))}
        form["sign"] = sign(form, str(self.config["app_secret"]))
        return Request("POST", path, {}, urlencode(form).encode(), _FORM, host)

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        if not isinstance(body, dict):
            return None
        if told := body.get("error_response"):
            parts = (told.get("msg"), told.get("sub_code"), told.get("sub_msg"))
            message = ": ".join(str(part) for part in parts if part)
            ban = _BAN.search(message)
            return Failure(status, str(told.get("code")), message, ban and float(ban[1]))
        return qimen.failure(status, body)

    @override
    def fetch_token(self, account: Account, kind: str, previous: Token | None) -> Token:
        """Rotate the refresh token, exchange a code, or take the session key that never changes."""
        settings = account.settings
        refresh_token = (previous and previous.refresh) or settings.get("refresh_token")
        if refresh_token:
            return self._granted(account, "refresh", {"refresh_token": str(refresh_token)})
        if previous is None and (code := settings.get("code")):
            return self._granted(account, "create", {"code": str(code)})
        if previous is None and (session := settings.get("session")):
            return Token(access=str(session))
        why = "its session has ended, and its app cannot refresh" if previous else "it has no grant"
        msg = f"account {account.id}: {why}; {_CONSENT}"
        raise GrantError(msg)

    def _granted(self, account: Account, step: str, grant: Mapping[str, str]) -> Token:
        api = f"taobao.top.auth.token.{step}"
        where, now = f"account {account.id}, {api}", self.connection.clock.now()
        body = self.send(account, api, self.build(account, api, grant, "", now))
        root = f"top_auth_token_{step}_response"
        told = _decode(str(expect(body, root, "token_result", where=where)))
        access = str(expect(told, "access_token", where=where))
        granted = str(told.get("taobao_user_id") or account.id)
        if granted != account.id:
            msg = f"{where}: the grant belongs to shop {granted}; correct the account's id or its token"
            raise GrantError(msg)
        ends, renewable = int(told.get("expires_in") or 0), int(told.get("re_expires_in") or 0)
        return Token(
            access=access,
            expires=now + timedelta(seconds=ends) if ends else None,
            refresh=str(told.get("refresh_token") or "") if renewable else "",
            refresh_expires=now + timedelta(seconds=renewable) if renewable else None,
        )

    @override
    def token_seed(self, account: Account, kind: str) -> str:
        settings = account.settings
        grant = settings.get("refresh_token") or settings.get("code") or settings.get("session")
        return str(grant or account.id)


class TaobaoStream(PlatformStream):
    """A stream of 淘宝.

    Attributes:
        wanted: Fields to ask for, with commas between; None for all that the schema knows.
    """

    package = "tap_taobao"
    wanted: t.ClassVar[str | None] = None

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Only the fields that are named come back; ids must be numbers."""
        for asked in (self.reads, self.by_id):
            if isinstance(asked, (Details, ById)) and asked.param in params:
                ids = params[asked.param]
                params[asked.param] = list(map(int, ids)) if isinstance(ids, list) else int(ids)
        names = self.wanted
        if names is None:
            carried = {each.carry for each in getattr(self.reads, "each", ())}
            names = ",".join(n for n in self.source_schema["properties"] if n not in carried)
        return {**params, "fields": names}

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """Every list stands alone in an object that names its elements' type."""
        return t.cast("dict[str, t.Any]", unwrapped(raw))


def unwrapped(value: t.Any) -> t.Any:
    """Return a value with its lists freed of the objects around them: `{"order": [...]}`."""
    if isinstance(value, dict):
        if len(value) == 1:
            (only,) = value.values()
            if isinstance(only, list):
                return [unwrapped(part) for part in only]
        return {name: unwrapped(part) for name, part in value.items()}
    return [unwrapped(part) for part in value] if isinstance(value, list) else value


def _text(value: t.Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    return "" if value is None else str(value)
