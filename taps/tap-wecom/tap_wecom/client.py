"""How 企业微信 is called: token in the query, HTTP 200 whatever happens, `errcode` in the answer.

Source: developer.work.weixin.qq.com, 获取access_token, 访问频率限制 and 全局错误码.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from openplatform.accounts import Account
from openplatform.errors import ConfigurationError
from openplatform.http import Body, Connection, PlatformClient, Request, expect
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.streams import PlatformStream
from openplatform.tokens import Token
from typing_extensions import override

_JSON = {"Content-Type": "application/json; charset=utf-8"}
_FAMILIES = ("department", "user", "checkin", "oa", "externalcontact")
_GET = frozenset(
    {
        "department/list",
        "department/simplelist",
        "user/get",
        "user/list",
        "user/simplelist",
        "externalcontact/get_follow_user_list",
        "externalcontact/list",
    }
)
# Real UTF-8: a body with \uXXXX can be refused (40033).
_encode = msgspec.json.Encoder().encode

ERRORS = ErrorTable(
    (
        Rule(Outcome.TRANSIENT, {"-1"}),
        # A minute's limit blocks for 60 s. If it stays, it was the hour's: the next run goes on.
        Rule(Outcome.THROTTLED, {"45009"}, wait=60.0),
        Rule(Outcome.THROTTLED, {"45033"}, wait=2.0),
        Rule(Outcome.AUTH_EXPIRED, {"42001", "40014"}),
        Rule(Outcome.SHRINK_BATCH, {"301023", "40058", "40063", "40035"}),
        Rule(
            Outcome.SHRINK_BATCH,
            {"45029"},
            advice="the answer is too large; for a department, read user_ids and user_details instead",
        ),
        # A member, contact or department that is gone, or was never ours to see.
        Rule(Outcome.SKIP, {"40003", "40031", "60111", "301021"}),
        Rule(Outcome.SKIP, {"40096", "84061", "84074", "84084"}),
        Rule(Outcome.SKIP, {"60003", "60123"}),
        Rule(
            Outcome.FATAL,
            {"40001", "40013", "40091", "41002", "41004"},
            advice="check the account's id (corpid) and secret; is the app enabled?",
        ),
        Rule(
            Outcome.FATAL,
            {"48001", "48002", "48004", "48006"},
            advice=(
                "list the app under 可调用接口的应用 of 打卡, 审批, 汇报 or 客户联系 in the admin console, or "
                "configure another secret for this API (setting secrets)"
            ),
        ),
        Rule(
            Outcome.FATAL,
            {"60020"},
            advice="add this machine's IP address to the app's 企业可信IP; it takes a minute",
        ),
        Rule(Outcome.FATAL, {"60011"}, advice="widen the app's visible range (可见范围)"),
        Rule(Outcome.FATAL, {"50003"}, advice="the app is disabled: enable it"),
        Rule(
            Outcome.FATAL,
            {"301002"},
            advice="the API wants another app's secret (setting secrets)",
        ),
        Rule(
            Outcome.FATAL,
            {"301055", "301056"},
            advice="enable 审批 and list the app under its 可调用接口的应用",
        ),
        Rule(Outcome.FATAL, {"41001", "48005", "301024", "301025"}),
    )
)


class WeComClient(PlatformClient):
    """企业微信 (qyapi.weixin.qq.com), for apps that a company built for itself."""

    base_url = "https://qyapi.weixin.qq.com"
    errors = ERRORS
    limits = (
        Limit(10_000, 60.0, api="*"),
        Limit(150_000, 3600.0, api="*"),
        # All companies together leave from one IP address.
        Limit(20_000, 60.0, "app", api="*"),
        Limit(600_000, 3600.0, "app", api="*"),
        Limit(600, 60.0, api="checkin/getcheckindata"),
        Limit(100, 60.0, api="checkin/getcheckin_daydata"),
        Limit(600, 60.0, api="oa/getapprovalinfo"),
        Limit(600, 60.0, api="oa/journal/get_record_list"),
    )

    def __init__(self, config: Mapping[str, t.Any], connection: Connection) -> None:
        super().__init__(config, connection)
        names = {n for entry in config.get("accounts") or [] for n in entry.get("secrets") or {}}
        self._secrets = sorted(names, key=len, reverse=True)
        for name in self._secrets:
            if name.partition("/")[0] not in _FAMILIES:
                msg = (
                    f"Setting secrets: {name!r} is no API of this platform. Write a family "
                    f"({', '.join(_FAMILIES)}) or one API such as user/list_id."
                )
                raise ConfigurationError(msg)

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        path, query = f"/cgi-bin/{api}", {"access_token": token}
        if api in _GET:
            return Request("GET", path, query | {name: str(v) for name, v in params.items()})
        return Request("POST", path, query, _encode(params), _JSON)

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        if not isinstance(body, dict) or "errcode" not in body:
            return Failure(status, "", "the answer has no errcode")
        if body["errcode"] == 0:
            return None
        return Failure(status, str(body["errcode"]), str(body.get("errmsg")))

    @override
    def token_kind(self, api: str) -> str:
        """Return which of the account's secrets an API takes: the longest name that it begins with."""
        return next((n for n in self._secrets if f"{api}/".startswith(f"{n}/")), "")

    @override
    def token_seed(self, account: Account, kind: str) -> str:
        return str((account.settings.get("secrets") or {}).get(kind) or account.settings["secret"])

    @override
    def fetch_token(self, account: Account, kind: str, previous: Token | None) -> Token:
        """Tokens belong to a secret; asked again, the platform gives the same one while it lives."""
        query = {"corpid": account.id, "corpsecret": self.token_seed(account, kind)}
        body = self.send(account, "gettoken", Request("GET", "/cgi-bin/gettoken", query))
        where = f"account {account.id}, gettoken"
        life = timedelta(seconds=int(expect(body, "expires_in", where=where)))
        return Token(
            access=str(expect(body, "access_token", where=where)),
            expires=self.connection.clock.now() + life,
        )


class WeComStream(PlatformStream):
    """A stream of 企业微信."""

    package = "tap_wecom"
