"""How 飞书 is called: a bearer token, JSON in and out, a `code` in every answer.

Source: open.feishu.cn, 自建应用获取 tenant_access_token, 频控策略 and 通用错误码.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import quote

import msgspec
from openplatform.accounts import Account
from openplatform.http import Body, PlatformClient, Request, expect
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.streams import PlatformStream
from openplatform.tokens import Token
from typing_extensions import override

_JSON = {"Content-Type": "application/json; charset=utf-8"}
_TOKEN = "auth/v3/tenant_access_token/internal"  # noqa: S105 - the name of an API
# What a POST still carries in its query.
_QUERY = frozenset(
    {
        "page_size",
        "page_token",
        "user_id_type",
        "department_id_type",
        "employee_type",
        "ignore_invalid_users",
        "include_terminated_user",
    }
)
_POST = frozenset(
    {
        "attendance/v1/user_tasks/query",
        "attendance/v1/user_flows/query",
        "approval/v4/instances/query",
        "bitable/v1/apps/:app_token/tables/:table_id/records/search",
        "corehr/v2/employees/search",
    }
)
_PLACE = re.compile(r":(\w+)")
_encode = msgspec.json.Encoder().encode

_APP = (
    "check app_id and app_secret (凭证与基础信息); is a version of the app published and enabled?"
)
_SCOPE = (
    "grant the app the scopes that the message names (权限管理) and publish a version, or leave out the "
    "stream"
)
_RANGE = "widen the app's 通讯录权限范围 to all members, or set root_departments to those that it may see"

ERRORS = ErrorTable(
    (
        Rule(Outcome.THROTTLED, {"99991400", "1254290"}),
        Rule(Outcome.THROTTLED, statuses={429}),
        Rule(Outcome.AUTH_EXPIRED, {"99991663", "99991664", "99991668", "99991677"}),
        Rule(Outcome.TRANSIENT, {"40003", "1225000", "1226500", "1227500", "1228000"}),
        # With HTTP 400, and yet: please try again later.
        Rule(Outcome.TRANSIENT, {"1395001"}),
        Rule(Outcome.TRANSIENT, {"1254291", "1254607", "1254036", "1255040"}),
        # A department or a form that is gone.
        Rule(Outcome.SKIP, {"40015", "43010", "1390003"}),
        Rule(Outcome.FATAL, {"99991543", "10003", "10014"}, advice=_APP),
        Rule(Outcome.FATAL, {"99991662", "99991673"}, advice=_APP),
        Rule(Outcome.FATAL, {"99991672", "99991676", "99991679", "230027"}, advice=_SCOPE),
        Rule(Outcome.FATAL, {"40004", "41050"}, advice=_RANGE),
        Rule(Outcome.FATAL, {"1220004", "1220005"}, advice=_SCOPE),
        Rule(
            Outcome.FATAL,
            {"1390002"},
            advice="correct approval_codes (审批管理后台: the code is in the address of the form)",
        ),
        Rule(Outcome.FATAL, {"99991661", "99991671", "99992402", "40001", "40011", "40012"}),
        Rule(Outcome.FATAL, {"1220001", "1220002", "1390001", "42008"}),
        Rule(Outcome.FATAL, statuses={404}, message="page not found", advice="check base_url"),
    )
)


class FeishuClient(PlatformClient):
    """飞书 (open.feishu.cn) or Lark (open.larksuite.com), for apps that a company built for itself."""

    base_url = "https://open.feishu.cn"
    errors = ERRORS
    limits = (Limit(50, 1.0, api="*"), Limit(1000, 60.0, api="*"))
    wait_headers = ("x-ogw-ratelimit-reset", "Retry-After")

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        places = set(_PLACE.findall(api))
        path = _PLACE.sub(lambda found: quote(str(params[found[1]]), safe=""), api)
        rest = {name: value for name, value in params.items() if name not in places}
        headers = {"Authorization": f"Bearer {token}"}
        if api not in _POST:
            return Request("GET", f"/open-apis/{path}", _texts(rest), headers=headers)
        query = _texts({name: value for name, value in rest.items() if name in _QUERY})
        body = _encode({name: value for name, value in rest.items() if name not in _QUERY})
        return Request("POST", f"/open-apis/{path}", query, body, _JSON | headers)

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        if not isinstance(body, dict) or "code" not in body:
            return Failure(status, "", "the answer has no code")
        if body["code"] == 0:
            return None
        return Failure(status, str(body["code"]), str(body.get("msg")))

    @override
    def token_seed(self, account: Account, kind: str) -> str:
        return f"{account.settings['app_id']} {account.settings['app_secret']}"

    @override
    def fetch_token(self, account: Account, kind: str, previous: Token | None) -> Token:
        """Asked again in the last half hour of a token, the platform gives another; else the same."""
        settings = account.settings
        asked = _encode({"app_id": settings["app_id"], "app_secret": settings["app_secret"]})
        request = Request("POST", f"/open-apis/{_TOKEN}", body=asked, headers=_JSON)
        body = self.send(account, _TOKEN, request)
        where = f"account {account.id}, {_TOKEN}"
        life = timedelta(seconds=int(expect(body, "expire", where=where)))
        return Token(
            access=str(expect(body, "tenant_access_token", where=where)),
            expires=self.connection.clock.now() + life,
        )


def _texts(params: Mapping[str, t.Any]) -> dict[str, str]:
    return {name: str(value) for name, value in params.items()}


class FeishuStream(PlatformStream):
    """A stream of 飞书."""

    package = "tap_feishu"
