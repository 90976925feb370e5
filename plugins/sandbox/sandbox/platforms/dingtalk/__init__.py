"""钉钉: two generations of calls with tokens of their own, after the fact sheet."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

from typing_extensions import override

from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.mixing import digest
from sandbox.platform import Gateway, TruthRow
from sandbox.platforms.dingtalk import attendance
from sandbox.platforms.dingtalk.calls import AGENT, CALLS, Arguments, QueryArguments, beginning
from sandbox.platforms.dingtalk.lines import OPEN, DingtalkOperator
from sandbox.platforms.dingtalk.pushes import DingtalkAnnouncer
from sandbox.platforms.dingtalk.rows import CODES, ROWS

_LIFE = 7200
_KEY, _SECRET = "dingapp", "sandbox-secret"
_OLD, _NEW = "old", "new"
_GRANTS = {"gettoken": ("GET", _OLD), "v1.0/oauth2/accessToken": ("POST", _NEW)}
_TOKEN_HEADER = "x-acs-dingtalk-access-token"  # noqa: S105 - the name of a header
_MISSING = "AuthenticationFailed.MissingParameter"


class Dingtalk(Gateway):
    """The platform: HTTP 200 with `errcode` on old paths, true statuses below /v1.0."""

    slug = "dingtalk"
    title = "钉钉"
    entities = ROWS
    announcer = DingtalkAnnouncer()
    operator = DingtalkOperator()

    @override
    def account_name(self, number: int) -> str:
        return f"dingsandbox{number:08d}"

    @override
    def subjects(self, account: str) -> list[str]:
        return [f"{account} {_OLD}", f"{account} {_NEW}"]

    @override
    def demo(self, base_url: str) -> dict[str, t.Any]:
        accounts = [
            {
                "id": name,
                "client_id": f"{_KEY}{number:08d}",
                "client_secret": f"{_SECRET}-{name}",
                "agent_id": AGENT,
                "process_codes": list(CODES),
            }
            for number, name in enumerate(self.accounts, 1)
        ]
        return {"base_url": base_url, "accounts": accounts}

    # -- envelope --------------------------------------------------------------------------------

    @override
    def grants(self, call: Call) -> bool:
        return self.name_of(call) in {*_GRANTS, OPEN}

    @override
    def success(self, call: Call, content: dict[str, t.Any]) -> dict[str, t.Any]:
        if _is_new(call):
            return content
        return {"errcode": 0, "errmsg": "ok", **content, "request_id": digest(call.number)[:12]}

    @override
    def refusal(self, call: Call, refused: Rejected) -> Reply:
        code, text = refused.code, refused.message
        if _is_new(call):
            content = {"code": code, "message": text, "requestid": digest(call.number).upper()}
            status = refused.extra.get("status", 400)
            return json_reply(content, status=status, outcome=refused.outcome)
        if code == "invalidParameter":
            code = 400002
        content = {"errcode": code, "errmsg": text}
        if call.api.startswith("topapi/") and refused.extra.get("wrapped"):
            told = f"ding talk error[subcode={code},submsg={text}]"
            content = {"errcode": 88, "sub_code": str(code), "sub_msg": text, "errmsg": told}
            content["request_id"] = digest(call.number)[:12]
        return json_reply(content, outcome=refused.outcome)

    @override
    def too_often(self, call: Call) -> Rejected:
        if _is_new(call):
            code = "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"
            return Rejected(code, "接口调用频率超过限制", "throttled", status=403)
        # Which of both forms old calls are refused in is not documented: have both.
        return Rejected(90018, "接口调用频率超过限制", "throttled", wrapped=call.number % 2)

    @override
    def answer(self, call: Call) -> t.Any:
        found = CALLS.get(call.api)
        if found is None:
            if _is_new(call):
                raise Rejected("InvalidAction.NotFound", "Specified api is not found", status=404)
            raise Rejected(22, f"Invalid method[submsg=不合法ApiName，ApiName = {call.api}]")
        self._identify(call)
        method, handler = found
        if call.method != method:
            raise Rejected("invalidParameter", f"use {method}")
        query = {name: value for name, value in call.query.items() if name != "access_token"}
        call.params = query if method == "GET" else self._body(call)
        self.admit(call, "calls", f"{call.account} {call.api}", allowed=20)
        kind = QueryArguments if method == "GET" else Arguments
        return handler(self, call, kind(call.params))

    def _identify(self, call: Call) -> None:
        """Find the company by a token of the right generation, at the right place."""
        new = _is_new(call)
        value = call.headers.get(_TOKEN_HEADER, "") if new else call.query.get("access_token", "")
        if not value:
            if new:
                raise Rejected(_MISSING, f"缺少参数：{_TOKEN_HEADER}")
            raise Rejected(40000, "access_token is blank", wrapped=True)
        refused = Rejected(
            "InvalidAuthentication" if new else 40014, "不合法的access_token", "auth", wrapped=True
        )
        token = self.living(value, call.now, unknown=refused, expired=refused)
        call.account, _, generation = token.subject.partition(" ")
        if (generation == _NEW) is not new:
            raise refused

    def _body(self, call: Call) -> dict[str, t.Any]:
        try:
            params = call.json() if call.body else {}
        except ValueError:
            params = None
        if not isinstance(params, dict):
            raise Rejected("invalidParameter" if _is_new(call) else 47001, "不合法的JSON")
        return params

    # -- tokens ----------------------------------------------------------------------------------

    @override
    def granted(self, call: Call) -> dict[str, t.Any]:
        method, generation = _GRANTS.get(call.api, ("POST", _NEW))
        if call.method != method:
            raise Rejected("invalidParameter", f"use {method}")
        new = generation == _NEW
        asked = self._body(call) if new else call.query
        if call.api == OPEN:
            account = self._owner(call, asked, ("clientId", "clientSecret"))
            if not account:
                raise Rejected("authFailed", "鉴权失败", "auth", status=401)
            return t.cast("dict[str, t.Any]", self.operator.ticket(self, call, account, asked))
        account = self._owner(
            call, asked, ("appKey", "appSecret") if new else ("appkey", "appsecret")
        )
        if not account:
            if new:
                raise Rejected("invalidClientIdOrSecret", "无效的clientId或者clientSecret", "auth")
            raise Rejected(40096, "不合法的appKey或appSecret", "auth")
        subject = f"{account} {generation}"
        token = self.tokens.valid(subject, call.now) or self.tokens.issue(subject, call.now, _LIFE)
        life = int(token.expires - call.now)
        if new:
            return {"accessToken": token.value, "expireIn": life}
        return {"errcode": 0, "access_token": token.value, "errmsg": "ok", "expires_in": life}

    def _owner(self, call: Call, asked: t.Mapping[str, t.Any], names: tuple[str, str]) -> str:
        """Return the company whose app proves itself; empty when it does not."""
        key, secret = (str(asked.get(name, "")) for name in names)
        call.params = dict(zip(names, (key, secret), strict=True))
        number = key.removeprefix(_KEY)
        known = key.startswith(_KEY) and number.isdigit()
        account = self.account_name(int(number)) if known else ""
        if account not in self.accounts or secret != f"{_SECRET}-{account}":
            return ""
        call.account = account
        return account

    # -- truth -----------------------------------------------------------------------------------

    @override
    def streams(self) -> list[str]:
        return [*super().streams(), "attendance_results", "attendance_records"]

    @override
    def truth(self, account: str, stream: str) -> Iterator[TruthRow]:
        if stream not in {"attendance_results", "attendance_records"}:
            yield from super().truth(account, stream)
            return
        users, now = self.dataset(account, "users"), self.world.clock.now()
        show = attendance.results if stream == "attendance_results" else attendance.records
        for user in users.rows():
            for record in show(users, user, beginning(self), int(now), now):
                yield TruthRow(str(record["id"]), None, 1, record)


def _is_new(call: Call) -> bool:
    return call.path.startswith("/v1.0/")


PLATFORM = Dingtalk
