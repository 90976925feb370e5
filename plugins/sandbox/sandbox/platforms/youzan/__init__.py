"""有赞云: the gateway, the tokens and the calls, after the fact sheet."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

from typing_extensions import override

from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.mixing import digest
from sandbox.platform import Gateway, TruthRow
from sandbox.platforms.youzan import more_calls as _more_calls  # noqa: F401 - adds to CALLS
from sandbox.platforms.youzan.calls import CALLS, Handler
from sandbox.platforms.youzan.params import Params
from sandbox.platforms.youzan.pushes import YouzanAnnouncer
from sandbox.platforms.youzan.rows import ROWS
from sandbox.platforms.youzan.truth import OWN_TRUTH
from sandbox.tokens import Grants, Token

SELF_BUILT: t.Final = ("sandbox-client", "sandbox-client-secret")
TOOL: t.Final = ("sandbox-tool", "sandbox-tool-secret")
_FIRST_SHOP = 42_583_152
_DAY = 86_400

Body = dict[str, t.Any]


class Refused(Rejected):
    """A refusal by the gateway itself, before any method is asked: it has an envelope of its own."""


class Youzan(Gateway):
    """The platform: tokens in the query string, HTTP 200 for everything, three envelopes."""

    slug = "youzan"
    title = "有赞云"
    entities = ROWS
    announcer = YouzanAnnouncer(*SELF_BUILT)

    @override
    def __init__(self, world: t.Any) -> None:
        super().__init__(world)
        grace = self.world.settings.refresh_grace
        self.consents = Grants(self.accounts, life=28 * _DAY, grace=grace)

    @override
    def account_name(self, number: int) -> str:
        return str(_FIRST_SHOP + number - 1)

    @override
    def demo(self, base_url: str) -> dict[str, t.Any]:
        return {
            "base_url": base_url,
            "app_key": SELF_BUILT[0],
            "app_secret": SELF_BUILT[1],
            "accounts": [{"id": account} for account in self.accounts],
        }

    # -- envelope --------------------------------------------------------------------------------

    def _trace(self, call: Call) -> str:
        return f"yz7-{digest(call.number)[:8]}-{call.now_ms}-{call.number}"

    @override
    def grants(self, call: Call) -> bool:
        return call.path == "/auth/token"

    @override
    def name_of(self, call: Call) -> str:
        parts = [part for part in call.path.split("/") if part not in {"", "_textarea_"}]
        return "/".join(parts[1:] if parts[:1] == ["api"] else parts)

    @override
    def too_often(self, call: Call) -> Rejected:
        return Refused(4101, "请求太频繁", "throttled")

    @override
    def refusal(self, call: Call, refused: Rejected) -> Reply:
        content: Body = {"code": refused.code, "success": False, "message": refused.message}
        content["data"] = refused.extra.get("data")
        if isinstance(refused, Refused):
            error = {"err_msg": refused.message, "err_code": int(refused.code)}
            content = {"gw_err_resp": {"trace_id": self._trace(call), **error}}
        elif not self.grants(call):
            content["trace_id"] = self._trace(call)
        return json_reply(content, outcome=refused.outcome)

    @override
    def success(self, call: Call, content: Body) -> Body:
        told = {"code": 200, "success": True, "message": "successful"}
        return {"trace_id": self._trace(call), **told, **content}

    @override
    def answer(self, call: Call) -> Body:
        handler = self._admit(call)
        return handler(self, call, Params(call.params))

    # -- gateway ---------------------------------------------------------------------------------

    def _admit(self, call: Call) -> Handler:
        name, _, version = call.api.partition("/")
        if not call.path.startswith("/api/") or not version or "/" in version:
            raise Refused(4001, "非法请求地址")
        handler = CALLS.get((name, version))
        if handler is None:
            raise Refused(4005, "非法的API")
        call.params = self._params(call)
        token = self._token_of(call)
        call.account = token.subject
        self.admit(call, name, call.account, allowed=_ADVISED.get(name, 50))
        self.admit(call, "quota", SELF_BUILT[0], allowed=500_000, seconds=30 * _DAY)
        return handler

    def _params(self, call: Call) -> Body:
        if call.method == "GET":
            return {name: value for name, value in call.query.items() if name != "access_token"}
        if call.method != "POST" or call.content_type not in _BODY_TYPES:
            raise Refused(
                4007, f"非法的请求姿势，httpMethod:{call.method}, contentType:{call.content_type}"
            )
        if call.content_type != "application/json":
            return dict(call.form())
        try:
            params = call.json()
        except ValueError:
            raise Refused(4004, "非法的Content") from None
        if not isinstance(params, dict):
            raise Refused(4004, "非法的Content")
        return params

    def _token_of(self, call: Call) -> Token:
        value = call.query.get("access_token", "")
        if not value:  # a token in a header or in the body is no token
            raise Refused(4201, "非法的请求凭证", "auth")
        return self.living(
            value,
            call.now,
            unknown=Refused(4203, "Token 不存在", "auth"),
            expired=Refused(4202, "请求凭证过期", "auth"),
        )

    # -- tokens ----------------------------------------------------------------------------------

    @override
    def granted(self, call: Call) -> Body:
        call.params = self._token_params(call)
        data = self._grant(call, call.params)
        return {"success": True, "code": 200, "data": data, "message": None}

    def _token_params(self, call: Call) -> Body:
        if call.content_type != "application/json":
            raise Rejected(1000, f"Content type '{call.content_type}' not supported")
        try:
            params = call.json()
        except ValueError:
            raise Rejected(1000, "应用信息错误") from None
        if not isinstance(params, dict):
            raise Rejected(1000, "应用信息错误")
        return params

    def _grant(self, call: Call, params: Body) -> Body:
        app = (params.get("client_id"), params.get("client_secret"))
        if app[0] not in {SELF_BUILT[0], TOOL[0]}:
            raise Rejected(1103, "Client 不存在")
        if app not in {SELF_BUILT, TOOL}:
            raise Rejected(1000, "应用信息错误")
        kind = params.get("authorize_type")
        if (app == SELF_BUILT) != (kind == "silent"):
            raise Rejected(1105, "不支持的应用类型")
        if kind == "silent":
            return self._silent(call, params)
        if kind == "authorization_code":
            return self._by_code(call, str(params.get("code", "")))
        if kind == "refresh_token":
            return self._by_refresh(call, str(params.get("refresh_token", "")))
        raise Rejected(1105, "不支持的应用类型")

    def _issue(self, call: Call, account: str, *, renew: bool, refresh: str = "") -> Body:
        call.account = account
        token = None if renew else self.tokens.valid(account, call.now)
        if token is None:
            token = self.tokens.issue(account, call.now, 7 * _DAY)
            self.tokens.revoke(account, keep=token)
        data: Body = {
            "expires": int(token.expires * 1000),
            "scope": "trade item crm",
            "access_token": token.value,
            "authority_id": account,
        }
        return data | ({"refresh_token": refresh} if refresh else {})

    def _silent(self, call: Call, params: Body) -> Body:
        refresh = params.get("refresh", False)
        if not isinstance(refresh, bool):
            raise Rejected(1000, "refresh 参数类型错误")
        account = str(params.get("grant_id", ""))
        if account not in self.accounts:
            raise Rejected(1103, "授权关系不存在")
        return self._issue(call, account, renew=refresh)

    def _by_code(self, call: Call, code: str) -> Body:
        account = self.consents.by_code(code)
        if account is None:
            raise Rejected(1005, "非法授权码")
        chain = self.consents.chain(account, call.now)
        return self._issue(call, account, renew=True, refresh=chain.current)

    def _by_refresh(self, call: Call, value: str) -> Body:
        chain = self.consents.owner(value, call.now)
        if chain is None:
            raise Rejected(1103, "授权关系不存在")
        following = chain.use(value, call.now)
        if following is None:
            raise Rejected(1004, "授权关系已过期")
        return self._issue(call, chain.subject, renew=True, refresh=following)

    # -- truth -----------------------------------------------------------------------------------

    @override
    def streams(self) -> list[str]:
        return list(dict.fromkeys([*super().streams(), *OWN_TRUTH]))

    @override
    def truth(self, account: str, stream: str) -> Iterator[TruthRow]:
        own = OWN_TRUTH.get(stream)
        return own(self, account) if own else super().truth(account, stream)


_BODY_TYPES = {"application/json", "application/x-www-form-urlencoded"}
_ADVISED = {
    "youzan.items.onsale.get": 300,
    "youzan.items.inventory.get": 300,
    "youzan.item.base.search": 300,
    "youzan.item.detail.get": 300,
    "youzan.crm.customer.points.changelog.search": 100,
}
"""Calls per second and shop that the doc advises; for the rest the platform publishes nothing."""

PLATFORM = Youzan
