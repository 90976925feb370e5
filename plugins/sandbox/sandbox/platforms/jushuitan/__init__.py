"""聚水潭: two generations of the gateway, their signatures, tokens and limits, after the fact sheet."""

from __future__ import annotations

import hashlib
import time
import typing as t
from collections.abc import Iterator, Mapping

import orjson
from typing_extensions import override

from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.platform import Gateway, TruthRow
from sandbox.platforms.jushuitan.calls import BAD_PARAMETER, LISTINGS, answer
from sandbox.platforms.jushuitan.rows import ROWS, JushuitanStock
from sandbox.tokens import Grants

MARKET: t.Final = ("sandbox-market", "sandbox-market-secret")
PARTNER: t.Final = ("sandbox-partner", "sandbox-partner-key")

_FIRST = 12_252_001
_DAY = 86_400
_TOLERATED = 15 * 60
_FORM = "application/x-www-form-urlencoded"
_OLD = "/api/open/query.aspx"
_NO_TOKEN = "验证失败！无效的access_token或access_token已过期"  # noqa: S105

Body = dict[str, t.Any]


def sign(fields: Mapping[str, str], secret: str) -> str:
    """Return the new generation's signature of form fields."""
    named = sorted(name for name in fields if name != "sign" and fields[name] != "")
    text = secret + "".join(name + fields[name] for name in named)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def sign_old(query: Mapping[str, str], key: str) -> str:
    """Return the old generation's signature of a query string."""
    parts = [query.get("method", ""), query.get("partnerid", "")]
    for name in ("token", "ts"):
        parts += [name, query.get(name, "")]
    return hashlib.md5("".join([*parts, key]).encode(), usedforsecurity=False).hexdigest()


class Jushuitan(Gateway):
    """The platform: each merchant has an app of its own, and may authorise one of the market."""

    slug = "jushuitan"
    title = "聚水潭"
    entities = ROWS
    volatile = frozenset({"access_token", "timestamp", "ts", "sign", "code"})

    @override
    def __init__(self, world: t.Any) -> None:
        super().__init__(world)
        grace = self.world.settings.refresh_grace
        self.consents = Grants(self.accounts, life=365 * _DAY, grace=grace)

    @override
    def account_name(self, number: int) -> str:
        return str(_FIRST + number - 1)

    @override
    def demo(self, base_url: str) -> dict[str, t.Any]:
        accounts = [
            {"id": name, "app_key": app_of(name)[0], "app_secret": app_of(name)[1]}
            for name in self.accounts
        ]
        return {"base_url": base_url, "accounts": accounts}

    # -- envelope --------------------------------------------------------------------------------

    @override
    def grants(self, call: Call) -> bool:
        return call.path.startswith("/openWeb/auth/")

    @override
    def name_of(self, call: Call) -> str:
        if call.path == _OLD:
            return call.query.get("method", "")
        name = super().name_of(call)
        return name if self.grants(call) else name.removeprefix("open/").replace("/", ".")

    @override
    def success(self, call: Call, content: Body) -> Body:
        if call.path == _OLD:
            return {**content, "code": 0, "issuccess": True, "msg": None}
        return {"code": 0, "msg": "执行成功", "data": content}

    @override
    def refusal(self, call: Call, refused: Rejected) -> Reply:
        content: Body = {"code": refused.code, "msg": refused.message}
        if call.path == _OLD:
            content |= {"issuccess": False, "requestId": f"r{call.number}"}
        return json_reply(content, outcome=refused.outcome)

    @override
    def too_often(self, call: Call) -> Rejected:
        return Rejected(199, "调用频次超过限制!请稍后再试", "throttled")

    @override
    def answer(self, call: Call) -> Body:
        old = call.path == _OLD
        text = self._admit_old(call) if old else self._admit_new(call)
        try:
            call.params = orjson.loads(text)
        except ValueError:
            raise Rejected(BAD_PARAMETER, "参数错误：not JSON") from None
        if not isinstance(call.params, dict):
            raise Rejected(BAD_PARAMETER, "参数错误：no object")
        listing = LISTINGS.get(call.api)
        if listing is None:
            raise Rejected(190, "验证失败！无API权限，请申请API权限", "auth")
        self.admit(call, "second", call.account, allowed=5)
        admit = self.world.limits.admit
        if not admit(f"{self.slug}.minute", call.account, call.now, allowed=100, seconds=60):
            raise Rejected(200, "调用频次超过限制", "throttled")
        return answer(self, call, listing, old=old)

    # -- admission -------------------------------------------------------------------------------

    def _signed(self, call: Call) -> dict[str, str]:
        """Return the form fields of a call of the new generation, and check the signature."""
        if call.method != "POST" or call.content_type != _FORM or call.query:
            raise Rejected(140, "参数传递错误")
        fields = call.form()
        secret = self._secret(fields.get("app_key", ""))
        if secret is None or sign(fields, secret) != fields.get("sign"):
            raise Rejected(10, "验证失败！无效签名", "auth")
        stamp = fields.get("timestamp", "")
        if len(stamp) != 10 or not stamp.isdigit() or _late(int(stamp), call.now):
            text = "验证失败！无效的timestamp，请求最大时间误差15分钟"
            raise Rejected(140, text)
        if fields.get("charset") != "utf-8":
            raise Rejected(140, "参数传递错误")
        return fields

    def _secret(self, app: str) -> str | None:
        apps = dict([MARKET, *map(app_of, self.accounts)])
        return apps.get(app)

    def _admit_new(self, call: Call) -> str:
        fields = self._signed(call)
        if fields.get("version") != "2" or "biz" not in fields:
            raise Rejected(140, "参数传递错误")
        refused = Rejected(100, _NO_TOKEN, "auth")
        token = self.living(
            fields.get("access_token", ""), call.now, unknown=refused, expired=refused
        )
        if token.scope != fields["app_key"]:
            raise refused
        call.account = token.subject
        return fields["biz"]

    def _admit_old(self, call: Call) -> bytes:
        query = call.query
        if call.content_type != "application/json":
            raise Rejected(140, "参数传递错误")
        if query.get("partnerid") != PARTNER[0] or query.get("sign") != sign_old(query, PARTNER[1]):
            raise Rejected(BAD_PARAMETER, "签名错误", "auth")
        call.account = query["token"].removeprefix("sandbox-token-")
        if call.account not in self.accounts:
            raise Rejected(BAD_PARAMETER, "token不存在", "auth")
        return call.body

    # -- tokens ----------------------------------------------------------------------------------

    @override
    def granted(self, call: Call) -> Body:
        fields = self._signed(call)
        call.params = dict(fields)
        name, app = call.path.rpartition("/")[2], fields["app_key"]
        wanted = "refresh_token" if name == "refreshToken" else "authorization_code"
        if fields.get("grant_type") != wanted:
            raise Rejected(140, "参数传递错误")
        if name == "refreshToken":
            account = self._refreshed(call, app, fields.get("refresh_token", ""))
        elif name == "getInitToken" and app != MARKET[0] and len(fields.get("code", "")) == 6:
            account = app.removeprefix("sandbox-app-")
        elif name == "accessToken" and app == MARKET[0]:
            account = self.consents.by_code(fields.get("code", "")) or ""
        else:
            raise Rejected(140, "参数传递错误")
        if account not in self.accounts:
            raise Rejected(100, "验证失败！无效的授权code", "auth")
        call.account = account
        token = self.tokens.issue(account, call.now, 30 * _DAY, app)
        self.tokens.revoke(account, keep=token)
        data = {
            "access_token": token.value,
            "expires_in": 30 * _DAY,
            "refresh_token": self.consents.chain(account, call.now).current,
            "scope": "all",
        }
        return {"code": 0, "msg": "执行成功", "data": data}

    def _refreshed(self, call: Call, app: str, value: str) -> str:
        if app == MARKET[0]:
            text = "服务商应用禁止刷新access_token,需商户重新授权"
            raise Rejected(150, text, "auth")
        chain = self.consents.owner(value, call.now)
        if chain is None or chain.use(value, call.now) is None:
            raise Rejected(100, "验证失败！无效的refresh_token", "auth")
        return chain.subject

    # -- truth -----------------------------------------------------------------------------------

    @override
    def streams(self) -> list[str]:
        return [*super().streams(), "warehouse_inventory"]

    @override
    def truth(self, account: str, stream: str) -> Iterator[TruthRow]:
        if stream != "warehouse_inventory":
            yield from super().truth(account, stream)
            return
        stock, houses = (self.dataset(account, name) for name in ("inventory", "warehouses"))
        kind = t.cast("JushuitanStock", stock.entity)
        for house in houses.rows():
            number = int(houses.key(house))
            for row in stock.rows():
                record = {**kind.of_warehouse(stock, row, number), "wms_co_id": number}
                yield TruthRow(f"{number}:{stock.key(row)}", None, row.version, record)


def _late(stamp: int, now: float) -> bool:
    """Tell whether a call is older or younger than the platform tolerates.

    Where our clock is moved by hand, those who run as a process still go by the machine's.
    """
    return min(abs(stamp - now), abs(stamp - time.time())) > _TOLERATED


def app_of(account: str) -> tuple[str, str]:
    """Return key and secret of a merchant's own app."""
    return f"sandbox-app-{account}", f"sandbox-app-secret-{account}"


PLATFORM = Jushuitan
