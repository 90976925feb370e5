"""快手本地生活: two gateways behind one address, after the fact sheet."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import orjson
from typing_extensions import override

from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.platform import Gateway, TruthRow
from sandbox.platforms.kuaishou_locallife import rows
from sandbox.platforms.kuaishou_locallife.calls import CALLS, Arguments, Inner
from sandbox.platforms.kuaishou_locallife.pushes import KuaishouLocallifeAnnouncer
from sandbox.platforms.kuaishou_shop import sign
from sandbox.tokens import Grants

APP: t.Final = ("ks000000000000000life", "sandbox-app-secret")
SHOP_APP: t.Final = ("ks000000000000000shop", "sandbox-shop-app-secret")
SIGN_SECRET: t.Final = "sandbox-sign-secret"  # noqa: S105 - visibly a fake

_FIRST = 12_342_323
_DAY = 86_400
_AGENT = "/rest/open/platform/claw/app/accessToken"

Body = dict[str, t.Any]


class KuaishouLocallife(Gateway):
    """The platform: a header on one gateway, seven signed parameters on the other."""

    slug = "kuaishou_locallife"
    title = "快手本地生活"
    entities = rows.ROWS
    announcer = KuaishouLocallifeAnnouncer(SIGN_SECRET)

    @override
    def __init__(self, world: t.Any) -> None:
        super().__init__(world)
        grace = self.world.settings.refresh_grace
        both = [*self.accounts, *(f"shop-{account}" for account in self.accounts)]
        self.consents = Grants(both, life=180 * _DAY, grace=grace, first_issued=world.started)

    @override
    def account_name(self, number: int) -> str:
        return str(_FIRST + number - 1)

    @override
    def demo(self, base_url: str) -> dict[str, t.Any]:
        accounts = [
            {
                "id": name,
                "refresh_token": f"sandbox-refresh-{name}-1",
                "shop_refresh_token": f"sandbox-refresh-shop-{name}-1",
            }
            for name in self.accounts
        ]
        return {
            "base_url": base_url,
            "app_key": APP[0],
            "app_secret": APP[1],
            "shop_app_key": SHOP_APP[0],
            "shop_app_secret": SHOP_APP[1],
            "sign_secret": SIGN_SECRET,
            "accounts": accounts,
        }

    # -- envelope --------------------------------------------------------------------------------

    @override
    def grants(self, call: Call) -> bool:
        return call.path.startswith("/oauth2/") or call.path == _AGENT

    @override
    def name_of(self, call: Call) -> str:
        name = super().name_of(call)
        if self.grants(call):
            return f"token/{name.rpartition('/')[2]}"
        return name.replace("/", ".") if name.startswith("open/") else name

    @override
    def success(self, call: Call, content: Body) -> Body:
        if call.api.startswith("goodlife"):
            content = {"error_code": 0, "description": "success", **content}
        return {"result": 1, "error_msg": "success", "data": content}

    @override
    def refusal(self, call: Call, refused: Rejected) -> Reply:
        content: Body = {"result": refused.code, "error_msg": refused.message, "data": None}
        if isinstance(refused, Inner):
            told = {"error_code": refused.code, "description": refused.message}
            content = {"result": 1, "error_msg": "success", "data": told}
        return json_reply(content, outcome=refused.outcome)

    @override
    def too_often(self, call: Call) -> Rejected:
        if call.api.startswith("open."):
            text = f"Exceed qps limit, KEY [apiId:{call.api};appkey:{SHOP_APP[0]}], MAX_QPS [100.0]"
            return Rejected(1016, text, "throttled")
        return Inner(2190008, "请求过于频繁，请稍后再试", "throttled")

    @override
    def answer(self, call: Call) -> Body:
        handler = CALLS.get((call.method, call.api))
        if handler is None:
            raise Rejected(100200100, "invalid_request")
        if call.api.startswith("open."):
            self._signed(call)
        else:
            self._headed(call)
        self.admit(call, call.api, call.account, allowed=100)
        return handler(self, call, Arguments(call.params))

    def _signed(self, call: Call) -> None:
        public = call.query
        if public.get("appkey") != SHOP_APP[0] or public.get("method") != call.api:
            raise Rejected(100200101, "unauthorized_client", "auth")
        if sign(public, SIGN_SECRET) != public.get("sign"):
            raise Rejected(28, "签名校验失败", "auth")
        self._token(call, public.get("access_token", ""), "shop", 21)
        call.params = orjson.loads(public["param"])

    def _headed(self, call: Call) -> None:
        self._token(call, call.headers.get("access-token", ""), "goodlife", 100200108)
        if call.method == "GET":
            call.params = dict(call.query)
            return
        if call.content_type != "application/json":
            raise Rejected(100200100, "invalid_request: content type")
        call.params = orjson.loads(call.body)

    def _token(self, call: Call, value: str, scope: str, expired: int) -> None:
        token = self.living(
            value,
            call.now,
            unknown=Rejected(100200102, "access_denied: invalid access_token", "auth"),
            expired=Rejected(expired, "token expired", "auth"),
        )
        if token.scope != scope:
            raise Rejected(100200102, "access_denied: a token of the other gateway", "auth")
        call.account = token.subject

    # -- tokens ----------------------------------------------------------------------------------

    @override
    def granted(self, call: Call) -> Body:
        if call.path == _AGENT:
            return self._of_merchant(call)
        posted = call.method == "POST"
        fields = call.params = call.form() if posted else dict(call.query)
        app = fields.get("app_id"), fields.get("app_secret")
        if app not in {APP, SHOP_APP}:
            raise Rejected(100200101, "unauthorized_client", "auth")
        shop, kind = app == SHOP_APP, fields.get("grant_type")
        if call.path == "/oauth2/access_token" and kind == "code" and not posted:
            subject = self.consents.by_code(fields.get("code", ""))
            if subject is None or subject.startswith("shop-") != shop:
                raise Rejected(100200105, "invalid_grant", "auth")
            return self._issue(call, subject, self.consents.chain(subject, call.now).current)
        # The gateway of 快手电商 takes this one by POST.
        if call.path != "/oauth2/refresh_token" or kind != "refresh_token" or posted != shop:
            raise Rejected(100200104, "unsupported_grant_type", "auth")
        value = fields.get("refresh_token", "")
        chain = self.consents.owner(value, call.now)
        if chain is None or chain.subject.startswith("shop-") != shop:
            raise Rejected(100200102, "invalid refresh_token", "auth")
        following = chain.use(value, call.now)
        if following is None:
            raise Rejected(100200102, "refreshToken.discarded", "auth")
        return self._issue(call, chain.subject, following)

    def _issue(self, call: Call, subject: str, refresh: str) -> Body:
        account = call.account = subject.removeprefix("shop-")
        scope = "goodlife" if account == subject else "shop"
        token = self.tokens.issue(account, call.now, 2 * _DAY, scope)
        ends = self.consents.chain(subject, call.now).expires
        return {
            "result": 1,
            "access_token": token.value,
            "expires_in": 2 * _DAY,
            "refresh_token": refresh,
            "refresh_token_expires_in": int(ends - call.now),
        }

    def _of_merchant(self, call: Call) -> Body:
        asked = orjson.loads(call.body)
        if (asked.get("app_key"), asked.get("app_secret")) != APP:
            raise Rejected(100200101, "unauthorized_client", "auth")
        account = str(asked.get("merchant_id", ""))
        if account not in self.accounts:
            raise Rejected(100200105, "invalid_grant", "auth")
        call.account = account
        token = self.tokens.issue(account, call.now, 2 * _DAY, "goodlife")
        return {"status": 200, "data": {"access_token": token.value, "expires_in": 2 * _DAY}}

    # -- truth -----------------------------------------------------------------------------------

    @override
    def streams(self) -> list[str]:
        own = ["item_pois", "poi_item_skus", "poi_claims", "sub_accounts", "artisans", "bills"]
        return [*super().streams(), *own]

    @override
    def truth(self, account: str, stream: str) -> Iterator[TruthRow]:
        if stream in {"item_pois", "poi_item_skus"}:
            data = self.dataset(account, "items")
            kind = t.cast("rows.LocallifeItem", data.entity)
            for row in data.rows():
                for poi in kind.pois(data, row):
                    key = (data.key(row), poi["poi_id"])
                    if stream == "item_pois":
                        yield TruthRow(":".join(key), None, 1, poi)
                    else:
                        yield TruthRow(":".join(reversed(key)), None, 1, data.render(row))
        elif stream == "bills":
            world = self.world
            now = int(world.clock.now() * 1000)
            for day in rows.days(world.history_end_ms, world.settings.history_days, now):
                for bill in rows.bills(account, day):
                    yield TruthRow(f"{day}:{bill['id']}", None, 1, bill)
        elif stream in {"poi_claims", "sub_accounts", "artisans"}:
            listed = rows.claims(account) if stream == "poi_claims" else rows.staff(account, stream)
            for one in listed:
                yield TruthRow(one["id"], None, 1, one)
        else:
            yield from super().truth(account, stream)


PLATFORM = KuaishouLocallife
