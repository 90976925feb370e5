"""拼多多: signature, tokens, limits and the envelope, after the fact sheet."""

from __future__ import annotations

import hashlib
import hmac
import typing as t
from collections.abc import Iterator, Mapping

from typing_extensions import override

from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.mixing import digest
from sandbox.platform import Gateway, TruthRow
from sandbox.platforms.pinduoduo.calls import CALLS, COMPANIES, Arguments, shop
from sandbox.platforms.pinduoduo.lines import PinduoduoOperator
from sandbox.platforms.pinduoduo.rows import CASE_STEPS, ROWS
from sandbox.tokens import Grants

CLIENT_ID: t.Final = "sandbox-client"
CLIENT_SECRET: t.Final = "sandbox-client-secret"  # noqa: S105 - visibly a fake

_FIRST_MALL = 171_504_183
_TOKEN_CALLS = "pdd.pop.auth.token."  # noqa: S105
_DAY = 86_400
_REFRESHABLE = 30 * _DAY
_CLOCKS_DIFFER = 600
_FORM = "application/x-www-form-urlencoded"

BAD_COMMON, BAD_CLIENT, BAD_TYPE, EXPIRED = 10001, 10016, 10017, 10019
BAD_SIGN, BAD_TOKEN, BAD_VALUE, TOO_OFTEN = 20004, 20032, 21001, 70031

Body = dict[str, t.Any]


def sign(parameters: Mapping[str, str], secret: str) -> str:
    """Return the signature over the names and texts of all parameters but `sign`."""
    names = sorted(name for name in parameters if name != "sign")
    text = secret + "".join(name + parameters[name] for name in names) + secret
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()


class Pinduoduo(Gateway):
    """The platform: one address, all parameters signed, roots that follow no rule."""

    slug = "pinduoduo"
    title = "拼多多"
    entities = ROWS
    operator = PinduoduoOperator(CLIENT_ID, CLIENT_SECRET)

    @override
    def __init__(self, world: t.Any) -> None:
        super().__init__(world)
        self.consents = Grants(
            self.accounts, life=_REFRESHABLE, grace=self.world.settings.refresh_grace
        )

    @override
    def account_name(self, number: int) -> str:
        return str(_FIRST_MALL + number - 1)

    @override
    def demo(self, base_url: str) -> dict[str, t.Any]:
        accounts = [
            {"id": name, "refresh_token": f"sandbox-refresh-{name}-1"} for name in self.accounts
        ]
        return {
            "base_url": base_url,
            "app_key": CLIENT_ID,
            "app_secret": CLIENT_SECRET,
            "accounts": accounts,
            # The states that cases have here; all that are documented would take hours.
            "after_sales_statuses": list(CASE_STEPS),
        }

    # -- envelope --------------------------------------------------------------------------------

    @override
    def name_of(self, call: Call) -> str:
        if call.path != "/api/router":
            return super().name_of(call)
        return _parameters(call).get("type", "")

    @override
    def success(self, call: Call, content: t.Any) -> Body:
        return {CALLS[call.api][0]: content}

    @override
    def refusal(self, call: Call, refused: Rejected) -> Reply:
        content = {
            "error_msg": refused.message,
            "sub_msg": refused.extra.get("sub_msg", ""),
            "sub_code": str(refused.code) if refused.extra else None,
            "error_code": refused.code,
            "request_id": str(15_440_104_776_000_000 + call.number),
        }
        return json_reply({"error_response": content}, outcome=refused.outcome)

    @override
    def grants(self, call: Call) -> bool:
        return call.path == "/oauth/token" or self.name_of(call).startswith(_TOKEN_CALLS)

    @override
    def too_often(self, call: Call) -> Rejected:
        return Rejected(TOO_OFTEN, "调用过于频繁，请调整调用频率", "throttled")

    @override
    def answer(self, call: Call) -> t.Any:
        given = self._checked(call)
        if call.api not in CALLS:
            raise Rejected(BAD_TYPE, "type不正确")
        token = self.living(
            given.get("access_token", ""),
            call.now,
            unknown=Rejected(BAD_TOKEN, "access_token或client_id错误", "auth"),
            expired=Rejected(EXPIRED, "access_token已过期", "auth"),
        )
        call.account = token.subject
        call.params = {name: text for name, text in given.items() if name not in _COMMON}
        for level, (allowed, seconds) in _LIMITS.get(call.api, {}).items():
            subject = f"{level} {call.account if level == 'shop' else ''}"
            self.admit(call, call.api, subject, allowed=allowed, seconds=seconds)
        return CALLS[call.api][1](self, call, Arguments(call.params))

    def _checked(self, call: Call) -> dict[str, str]:
        """Return the parameters of a call whose signature is right."""
        if call.method != "POST" or call.path != "/api/router":
            raise Rejected(BAD_COMMON, "公共参数错误:url")
        given = _parameters(call)
        for name in ("type", "client_id", "timestamp", "sign"):
            if not given.get(name):
                raise Rejected(BAD_COMMON, f"公共参数错误:{name}")
        if given["client_id"] != CLIENT_ID:
            raise Rejected(BAD_CLIENT, "client下线或者clientId不正确")
        stamp = given["timestamp"]
        if not stamp.isdigit() or call.astray(int(stamp)) > _CLOCKS_DIFFER:
            raise Rejected(BAD_COMMON, "公共参数错误:timestamp")
        if not hmac.compare_digest(sign(given, CLIENT_SECRET).encode(), given["sign"].encode()):
            raise Rejected(BAD_SIGN, "签名sign校验失败", "auth")
        return given

    # -- tokens ----------------------------------------------------------------------------------

    @override
    def granted(self, call: Call) -> Body:
        if call.path == "/oauth/token":
            return self._by_oauth(call)
        given = self._checked(call)
        call.params = {name: text for name, text in given.items() if name not in _COMMON}
        step = call.api.removeprefix(_TOKEN_CALLS)
        if step == "create":
            return {"pop_auth_token_create_response": self._create(call, given.get("code", ""))}
        if step == "refresh":
            refresh = given.get("refresh_token", "")
            return {"pop_auth_token_refresh_response": self._refresh(call, refresh)}
        raise Rejected(BAD_TYPE, "type不正确")

    def _by_oauth(self, call: Call) -> Body:
        """Answer the older address: unsigned JSON, a flat answer."""
        given = _parameters(call)
        call.params = dict(given)
        if given.get("client_id") != CLIENT_ID or given.get("client_secret") != CLIENT_SECRET:
            raise Rejected(BAD_CLIENT, "client下线或者clientId不正确", "auth")
        if given.get("grant_type") == "authorization_code":
            return self._create(call, given.get("code", ""))
        if given.get("grant_type") == "refresh_token":
            return self._refresh(call, given.get("refresh_token", ""))
        raise Rejected(BAD_VALUE, "请求参数错误")

    def _create(self, call: Call, code: str) -> Body:
        account = self.consents.by_code(code)
        if account is None:
            raise Rejected(BAD_VALUE, "请求参数错误", "auth", sub_msg="code已失效")
        # A new consent ends what came of the old one at once.
        self.tokens.revoke(account)
        return self._issue(call, account, self.consents.chain(account, call.now).current)

    def _refresh(self, call: Call, value: str) -> Body:
        chain = self.consents.owner(value, call.now)
        following = chain.use(value, call.now) if chain is not None else None
        if chain is None or following is None:
            raise Rejected(BAD_VALUE, "请求参数错误", "auth", sub_msg="refresh_token已失效")
        return self._issue(call, chain.subject, following)

    def _issue(self, call: Call, account: str, refresh: str) -> Body:
        call.account = account
        token = self.tokens.issue(account, call.now, _DAY)
        ends = int(self.consents.chain(account, call.now).expires)
        return {
            "access_token": token.value,
            "refresh_token": refresh,
            "expires_in": _DAY,
            "expires_at": int(call.now) + _DAY,
            "refresh_token_expires_in": ends - int(call.now),
            "refresh_token_expires_at": ends,
            "owner_id": account,
            "owner_name": f"pdd{digest(account)[:11]}",
            "scope": sorted(CALLS),
        }

    # -- truth of streams that are not plain rows --------------------------------------------------

    @override
    def streams(self) -> list[str]:
        return [*super().streams(), "shops", "logistics_companies"]

    @override
    def truth(self, account: str, stream: str) -> Iterator[TruthRow]:
        if stream == "shops":
            yield TruthRow(account, None, 1, shop(self, account))
        elif stream == "logistics_companies":
            for company in COMPANIES:
                yield TruthRow(str(company["id"]), None, 1, company)
        else:
            yield from super().truth(account, stream)


def _parameters(call: Call) -> dict[str, str]:
    """Return the parameters as the texts that are signed, from a form or from JSON."""
    if call.content_type == _FORM:
        return call.form()
    try:
        content = call.json()
    except ValueError:
        return {}
    if not isinstance(content, dict):
        return {}
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in content.items()
        if isinstance(value, str | int)
    }


_COMMON = frozenset(
    {"type", "client_id", "access_token", "timestamp", "data_type", "version", "sign"}
)
_LIMITS: dict[str, dict[str, tuple[int, int]]] = {
    "pdd.order.number.list.increment.get": {"shop": (3000, 60)},
    "pdd.order.list.get": {"shop": (10_000, 60)},
    "pdd.order.information.get": {"shop": (30_000, 60)},
    "pdd.refund.list.increment.get": {"shop": (100, 10), "app": (500, 1)},
    "pdd.goods.list.get": {"shop": (1000, 60)},
    "pdd.goods.detail.get": {"shop": (3000, 60)},
    "pdd.mall.info.get": {"shop": (450, 1)},
}
"""Calls and seconds, of a shop and of the app."""

PLATFORM = Pinduoduo
