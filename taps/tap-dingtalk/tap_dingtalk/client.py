"""How 钉钉 is called: two generations of its API side by side, each with tokens of its own.

The old one (oapi.dingtalk.com) takes the token in the query and answers HTTP 200 with `errcode`; the new
one (api.dingtalk.com, paths from /v1.0) takes it in a header and answers with true HTTP statuses.

Source: open.dingtalk.com, 获取企业内部应用的accessToken, 全局返回码 and 如何处理钉钉服务端API限流.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from openplatform.accounts import Account
from openplatform.http import Body, PlatformClient, Request, expect
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.streams import PlatformStream
from openplatform.tokens import Token
from typing_extensions import override

DEPARTMENT = "topapi/v2/department/get"
CHILDREN = "topapi/v2/department/listsub"
ROOT = 1
_NEW = "v1.0/"
_NEW_HOST = "https://api.dingtalk.com"
_NEW_TOKEN = "new"  # noqa: S105 - the name of a kind
_TOKEN_HEADER = "x-acs-dingtalk-access-token"  # noqa: S105 - the name of a header
_GET = frozenset({"v1.0/workflow/processInstances", "v1.0/hrm/employees/dismissions"})
_JSON = {"Content-Type": "application/json"}
_LISTED = (
    "dept_id",
    "name",
    "parent_id",
    "create_dept_group",
    "auto_add_user",
    "source_identifier",
    "tags",
    "from_union_org",
    "ext",
)
_encode = msgspec.json.Encoder().encode

_QUOTA = (
    "the company's calls of this month are spent: the platform answers again next month, or when more "
    "are bought (开发者后台, 资源管理)"
)
_PERMISSION = "grant the app this API's permission (开发者后台, 权限管理), or leave out the stream"

ERRORS = ErrorTable(
    (
        Rule(Outcome.THROTTLED, {"90018", "90002", "90019"}, wait=1.0),
        Rule(Outcome.THROTTLED, {"45009", "90001"}),
        Rule(Outcome.THROTTLED, code=r"900(0[3-9]|1[0-7])"),
        # It is called Forbidden, and comes with HTTP 403, and is none.
        Rule(Outcome.THROTTLED, code=r".*QpsLimit.*", wait=1.0),
        Rule(Outcome.THROTTLED, code=r"Throttling.*"),
        # The page of the wall before the platform, whatever its status: the IP address rests 5 minutes.
        Rule(Outcome.THROTTLED, message=r'"punish"\s*:\s*"deny"', wait=300.0),
        Rule(Outcome.QUOTA_EXHAUSTED, {"90020"}, advice=_QUOTA),
        Rule(Outcome.QUOTA_EXHAUSTED, code=r".*ApiCountLimit.*", advice=_QUOTA),
        Rule(Outcome.AUTH_EXPIRED, {"40014", "42001", "40001", "InvalidAuthentication"}),
        Rule(Outcome.TRANSIENT, {"-1", "internalError", "systemError", "unknownError"}),
        # A member, a department or a form that is gone, or was never ours to see.
        Rule(Outcome.SKIP, {"33012", "40003", "60121", "60111", "46004", "60003", "40009"}),
        Rule(Outcome.SKIP, {"processInstanceNotExist"}),
        Rule(
            Outcome.FATAL,
            {"40096", "40089", "40013", "41002", "41004", "invalidClientIdOrSecret"},
            advice="check client_id and client_secret (凭证与基础信息) of this company's app",
        ),
        Rule(Outcome.FATAL, {"60011"}, advice=_PERMISSION),
        Rule(Outcome.FATAL, code=r"Forbidden\..*", advice=_PERMISSION),
        Rule(
            Outcome.FATAL,
            {"60020"},
            advice="add this machine's IP address to the app's 服务器出口IP",
        ),
        Rule(Outcome.FATAL, {"50002"}, advice="widen the app's 通讯录权限范围"),
        Rule(Outcome.FATAL, {"50003", "50005"}, advice="the app or the company is disabled"),
        Rule(Outcome.FATAL, {"40000", "41001", "AuthenticationFailed.MissingParameter"}),
        Rule(Outcome.FATAL, {"40035", "400002", "40063", "40068", "40069", "43005", "47001"}),
        Rule(Outcome.FATAL, {"22", "404", "33001"}),
        Rule(
            Outcome.FATAL,
            {"invalidProcessCode"},
            advice="correct the account's process_codes (OA审批, 表单管理, 编辑: the code is in the address)",
        ),
        Rule(Outcome.FATAL, {"invalidParameter", "invalidInstanceListIdsStartTime"}),
        Rule(Outcome.FATAL, {"invalidNextToken", "invalidMaxResults", "invalidEndTime"}),
        Rule(Outcome.FATAL, {"invalidUserIds"}),
        Rule(Outcome.FATAL, {"noPermission", "needAuth"}, advice=_PERMISSION),
    )
)


class DingtalkClient(PlatformClient):
    """钉钉 (oapi.dingtalk.com and api.dingtalk.com), for apps that a company built for itself."""

    base_url = "https://oapi.dingtalk.com"
    errors = ERRORS
    limits = (
        Limit(20, 1.0, api="*"),
        # All companies together leave from one IP address; beyond this it is banned.
        Limit(10_000, 20.0, "app"),
    )

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        if not api.startswith(_NEW):
            return Request("POST", f"/{api}", {"access_token": token}, _encode(params), _JSON)
        headers = {_TOKEN_HEADER: token}
        if api in _GET:
            query = {name: str(value) for name, value in params.items()}
            return Request("GET", f"/{api}", query, headers=headers, host=_NEW_HOST)
        return Request(
            "POST", f"/{api}", body=_encode(params), headers=_JSON | headers, host=_NEW_HOST
        )

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        if not isinstance(body, dict):
            return Failure(status, "", "the answer is no object")
        if "punish" in body:
            return Failure(status, "", _encode(body).decode())
        if "errcode" in body:
            if body["errcode"] == 0:
                return None
            # The gateway wraps its refusals as 88 and says what it means below.
            code = body.get("sub_code") or body["errcode"]
            return Failure(status, str(code), str(body.get("sub_msg") or body.get("errmsg")))
        # The new generation says "true" as a text, sometimes.
        if status < 400 and str(body.get("success", True)).lower() == "true":
            return None
        return Failure(status, str(body.get("code") or ""), str(body.get("message") or body))

    @override
    def call(self, account: Account, api: str, params: Mapping[str, t.Any]) -> Body:
        """Bring the root, which is nobody's child, as a list of one where no parent is named."""
        if api != CHILDREN or "dept_id" in params:
            return super().call(account, api, params)
        body = super().call(account, DEPARTMENT, {**params, "dept_id": ROOT})
        root = expect(body, "result", where=f"account {account.id}, {DEPARTMENT}")
        return {**body, "result": [{name: root[name] for name in _LISTED if name in root}]}

    @override
    def token_kind(self, api: str) -> str:
        """Return the generation: a token of one is said to fail in the other, at times."""
        return _NEW_TOKEN if api.startswith(_NEW) else ""

    @override
    def token_seed(self, account: Account, kind: str) -> str:
        return f"{account.settings['client_id']} {account.settings['client_secret']}"

    @override
    def fetch_token(self, account: Account, kind: str, previous: Token | None) -> Token:
        """Tokens belong to an app; asked again, the platform gives the same one while it lives."""
        key, secret = account.settings["client_id"], account.settings["client_secret"]
        if kind == _NEW_TOKEN:
            api, names = "v1.0/oauth2/accessToken", ("accessToken", "expireIn")
            asked = _encode({"appKey": key, "appSecret": secret})
            request = Request("POST", f"/{api}", body=asked, headers=_JSON, host=_NEW_HOST)
        else:
            api, names = "gettoken", ("access_token", "expires_in")
            request = Request("GET", "/gettoken", {"appkey": key, "appsecret": secret})
        body = self.send(account, api, request)
        where = f"account {account.id}, {api}"
        life = timedelta(seconds=int(expect(body, names[1], where=where)))
        return Token(
            access=str(expect(body, names[0], where=where)),
            expires=self.connection.clock.now() + life,
        )


class DingtalkStream(PlatformStream):
    """A stream of 钉钉."""

    package = "tap_dingtalk"
