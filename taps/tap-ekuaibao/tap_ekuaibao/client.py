"""How 易快报 is called: token in the query, the HTTP status as verdict, a Chinese sentence as reason.

Source: docs.ekuaibao.com, 开放平台, state of 2024-05-29. The keys of an error's body are not documented.
"""

from __future__ import annotations

import threading
import typing as t
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus

import msgspec
from openplatform.accounts import Account
from openplatform.bookmarks import EPOCH
from openplatform.errors import GrantError, OpenPlatformError
from openplatform.http import Body, Connection, PlatformClient, Request, expect
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.streams import PlatformStream
from openplatform.tokens import Token
from typing_extensions import override

ROOT = "api/openapi/"
REQUISITIONS = f"{ROOT}v1/requisition/getData"
EDITIONS = {
    "standalone": "https://app.ekuaibao.com",
    "dingtalk": "https://dd2.hosecloud.com",
    "wecom": "https://wx2.ekuaibao.com",
    "yunzhijia": "https://kdcloud2.ekuaibao.com",
    "dingtalk_own_app": "https://ddenterprise.ekuaibao.com",
    "feishu": "https://feishu.ekuaibao.com",
}
"""Where the corporations of an edition live; another's address answers 403."""

_TOKEN = f"{ROOT}v1/auth/getAccessToken"
_LOCATION = f"{ROOT}v2/location"
_JSON = {"Content-Type": "application/json"}
_encode = msgspec.json.Encoder().encode

ERRORS = ErrorTable(
    (
        Rule(Outcome.AUTH_EXPIRED, message="未授权", statuses={403}),
        Rule(Outcome.AUTH_EXPIRED, message="请先登录", statuses={401}),
        Rule(
            Outcome.FATAL,
            message="密钥无效",
            advice="check app_key, app_secret and the account's edition",
        ),
        Rule(
            Outcome.FATAL,
            message="未开通功能",
            statuses={403},
            advice="the corporation must book this function (合思+, 开放接口)",
        ),
        Rule(Outcome.FATAL, message="没有权限|不允许调用", statuses={403}),
        # A document that is gone, which the list tells by `active`.
        Rule(Outcome.SKIP, message="单据不存在|单据已删除", statuses={412}),
        Rule(Outcome.FATAL, message="参数type无法识别|缺少\\w+参数|不能大于100", statuses={400}),
        Rule(Outcome.FATAL, message="超过最大查询数量|费用类型不存在", statuses={412}),
        Rule(
            Outcome.FATAL,
            statuses={404},
            advice="the path is wrong, or a parameter's name was left out",
        ),
        Rule(Outcome.FATAL, statuses={413}),
    )
)


class EkuaibaoClient(PlatformClient):
    """合思开放平台."""

    base_url = EDITIONS["standalone"]
    errors = ERRORS
    # Published for invoices only; others who read whole companies kept to this.
    limits = (Limit(5, 1.0, "account", assumed=True),)

    def __init__(self, config: Mapping[str, t.Any], connection: Connection) -> None:
        super().__init__(config, connection)
        self._hosts: dict[str, str] = {}
        self._asking = threading.Lock()

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        query = {"accessToken": token, **{name: str(value) for name, value in params.items()}}
        method = "POST" if api == REQUISITIONS else "GET"
        return Request(method, f"/{api}", query, host=self._host(account))

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        if not isinstance(body, dict):
            return None
        code = body.get("errorCode", body.get("code"))
        told = next((body[n] for n in ("errorMessage", "msg", "message") if body.get(n)), "")
        if status == HTTPStatus.OK and ("items" in body or "value" in body or not code):
            return None
        return Failure(status, str(code or ""), str(told)) if told or code else None

    @override
    def token_seed(self, account: Account, kind: str) -> str:
        return str(account.settings.get("app_secret") or account.id)

    @override
    def fetch_token(self, account: Account, kind: str, previous: Token | None) -> Token:
        settings = account.settings
        asked = {"appKey": settings.get("app_key"), "appSecurity": settings.get("app_secret")}
        host = _edition(account)
        request = Request("POST", f"/{_TOKEN}", {}, _encode(asked), _JSON, host)
        body = self.send(account, "auth/getAccessToken", request)
        where = f"account {account.id}, auth/getAccessToken"
        access = expect(body, "value", "accessToken", where=where)
        granted = str(body["value"].get("corporationId") or account.id)
        if granted != account.id:
            msg = f"{where}: the keys belong to corporation {granted}; correct the account's id or keys"
            raise GrantError(msg)
        ends = EPOCH + timedelta(milliseconds=int(body["value"].get("expireTime") or 0))
        return Token(str(access), ends)

    def _host(self, account: Account) -> str:
        """Return where a corporation lives today, which the platform wants to be asked once a run."""
        with self._asking:
            if account.id not in self._hosts:
                self._hosts[account.id] = self._look_up(account)
            return self._hosts[account.id]

    def _look_up(self, account: Account) -> str:
        configured = _edition(account)
        if (
            self.connection.base_url != self.base_url
        ):  # a proxy or a private address is to be kept to
            return configured
        request = Request("GET", f"/{_LOCATION}", {"corpId": account.id}, host=configured)
        try:
            told = self._exchange(account, "location", lambda: request).get("value")
        except OpenPlatformError as exc:
            self._logger.info("account %s: %s; its edition's address is used", account.id, exc)
            return configured
        return str(told or configured).rstrip("/")


def _edition(account: Account) -> str:
    return EDITIONS[account.settings.get("edition") or "standalone"]


class EkuaibaoStream(PlatformStream):
    """A stream of 易快报."""

    package = "tap_ekuaibao"
