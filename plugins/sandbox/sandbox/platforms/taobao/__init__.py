"""淘宝开放平台: signature, tokens, limits and the envelope, after the fact sheet."""

from __future__ import annotations

import hashlib
import hmac
import time
import typing as t
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone

import orjson
from typing_extensions import override

from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.mixing import digest
from sandbox.platform import Gateway, TruthRow
from sandbox.platforms.taobao.calls import (
    CALLS,
    COMPANIES,
    Arguments,
    categories_of,
    scenario,
    seller_of,
    shop_of,
    subscription_of,
)
from sandbox.platforms.taobao.lines import TaobaoOperator
from sandbox.platforms.taobao.orders import nick
from sandbox.platforms.taobao.rows import ROWS, TaobaoItem
from sandbox.tokens import Grants

MARKET: t.Final = ("12345678", "sandbox-market-secret")
"""An app of the service market: its tokens are refreshed."""

OWN: t.Final = ("23456789", "sandbox-own-secret")
"""A merchant's own app: its sessions have a fixed length, and nothing renews them."""

PROVIDER: t.Final = "87654321"
SCENARIO: t.Final = "demo.qimen.order.query"

_FIRST_SELLER = 2_600_000_001
_DAY = 86_400
_SKEW = 600
_TOKENS = "taobao.top.auth.token."

Body = dict[str, t.Any]


def sign(parameters: Mapping[str, str], secret: str) -> str:
    """Return the signature of the parameters, by their own `sign_method`."""
    text = "".join(
        f"{n}{parameters[n]}" for n in sorted(parameters) if n != "sign" and parameters[n]
    )
    if parameters.get("sign_method") == "md5":
        whole = f"{secret}{text}{secret}".encode()
        return hashlib.md5(whole, usedforsecurity=False).hexdigest().upper()
    kind = {"hmac": hashlib.md5, "hmac-sha256": hashlib.sha256}[parameters["sign_method"]]
    return hmac.new(secret.encode(), text.encode(), kind).hexdigest().upper()


class Taobao(Gateway):
    """The platform: one signed form, HTTP 200 for everything, lists within objects."""

    slug = "taobao"
    title = "淘宝"
    entities = ROWS
    operator = TaobaoOperator(*MARKET)
    volatile = frozenset({"session", "timestamp", "sign"})

    @override
    def __init__(self, world: t.Any) -> None:
        super().__init__(world)
        grace = self.world.settings.refresh_grace
        self.consents = Grants(self.accounts, life=365 * _DAY, grace=grace)

    @override
    def account_name(self, number: int) -> str:
        return str(_FIRST_SELLER + number - 1)

    @override
    def demo(self, base_url: str) -> Body:
        return {
            "base_url": base_url,
            "app_key": MARKET[0],
            "app_secret": MARKET[1],
            "accounts": [
                {
                    "id": account,
                    "refresh_token": f"sandbox-refresh-{account}-1",
                    "nick": nick(self.dataset(account, "orders")),
                    "customer_id": f"c-{account}",
                }
                for account in self.accounts
            ],
            "qimen": {
                "url": "http://scenario.api.example.com/router/qm",
                "method": SCENARIO,
                "target_app_key": PROVIDER,
                "records": "response.orders[]",
                "total": "response.total",
                "key": "order_no",
                "updated": "gmt_modified",
            },
        }

    # -- envelope --------------------------------------------------------------------------------

    @override
    def name_of(self, call: Call) -> str:
        return call.form().get("method", "") or call.query.get("method", "")

    @override
    def grants(self, call: Call) -> bool:
        return self.name_of(call).startswith(_TOKENS)

    @override
    def success(self, call: Call, content: Body) -> Body:
        if call.api == SCENARIO:
            return content
        root = call.api.removeprefix("taobao.").replace(".", "_") + "_response"
        return {root: {**content, "request_id": digest(call.number)[:12]}}

    @override
    def refusal(self, call: Call, refused: Rejected) -> Reply:
        error = {"code": refused.code, "msg": refused.message, **refused.extra}
        error["request_id"] = digest(call.number)[:12]
        return json_reply({"error_response": error}, outcome=refused.outcome)

    @override
    def too_often(self, call: Call) -> Rejected:
        return Rejected(
            7,
            "App Call Limited",
            "throttled",
            sub_code="accesscontrol.limited-by-app-api-access-count",
            sub_msg="This ban will last for 1 more seconds",
        )

    # -- gateway ---------------------------------------------------------------------------------

    @override
    def answer(self, call: Call) -> Body:
        params = self._checked(call)
        arguments = Arguments(params)
        if call.path == "/router/qm":
            if call.api != SCENARIO or params.get("target_app_key") != PROVIDER:
                raise Rejected(22, "Invalid Method")
            return scenario(self, call, arguments)
        handler = CALLS.get(call.api)
        if handler is None:
            raise Rejected(22, "Invalid Method")
        call.account = self._account(call, params)
        self.admit(call, call.api, f"{call.account} {call.api}", allowed=50)
        day = int((call.now + 8 * 3600) // _DAY)
        if not self.world.limits.admit(
            "taobao.day", f"app {day}", call.now, allowed=1_000_000, seconds=_DAY
        ):
            left = int((day + 1) * _DAY - 8 * 3600 - call.now)
            raise Rejected(
                7,
                "App Call Limited",
                "throttled",
                sub_code="accesscontrol.limited-by-app-access-count",
                sub_msg=f"This ban will last for {left} more seconds",
            )
        return handler(self, call, arguments)

    def _checked(self, call: Call) -> dict[str, str]:
        """Return the parameters of a call whose signature is right."""
        params = call.query if call.method == "GET" else {**call.query, **call.form()}
        call.params = dict(params)
        secrets = dict((MARKET, OWN))
        for name, code, text in (
            ("method", 21, "Missing Method"),
            ("app_key", 28, "Missing App Key"),
            ("timestamp", 30, "Missing Timestamp"),
            ("v", 32, "Missing Version"),
            ("sign", 24, "Missing Signature"),
        ):
            if not params.get(name):
                raise Rejected(code, text)
        if call.path not in {"/router/rest", "/router/qm"} or params.get("format") != "json":
            raise Rejected(23, "Invalid Format")  # the default is XML, which nobody here reads
        if params["app_key"] not in secrets:
            raise Rejected(29, "Invalid App Key")
        if params["v"] != "2.0":
            raise Rejected(33, "Invalid Version")
        self._check_time(call, params["timestamp"])
        known = params.get("sign_method") in {"md5", "hmac", "hmac-sha256"}
        if not known or sign(params, secrets[params["app_key"]]) != params["sign"]:
            raise Rejected(25, "Invalid Signature", "auth")
        return params

    def _check_time(self, call: Call, text: str) -> None:
        zone = timezone(timedelta(hours=8))
        try:
            # The platform's own SDK sends milliseconds.
            moment = (
                datetime.fromtimestamp(int(text) / 1000, zone)
                if text.isdigit()
                else datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=zone)
            )
        except ValueError:
            raise Rejected(31, "Invalid Timestamp") from None
        # A client in a process of its own cannot know of a clock that a test holds.
        if min(abs(moment.timestamp() - now) for now in (call.now, time.time())) > _SKEW:
            raise Rejected(31, "Invalid Timestamp")

    def _account(self, call: Call, params: Mapping[str, str]) -> str:
        session = params.get("session", "")
        if not session:
            raise Rejected(26, "Missing Session", "auth")
        fixed = session.removeprefix("sandbox-session-")
        if params["app_key"] == OWN[0] and fixed in self.accounts:
            return fixed
        refused = Rejected(
            27,
            "Invalid session",
            "auth",
            sub_code="invalid-sessionkey",
            sub_msg="非法或过期的SessionKey参数，请使用有效的SessionKey参数",
        )
        return self.living(session, call.now, unknown=refused, expired=refused).subject

    # -- tokens ----------------------------------------------------------------------------------

    @override
    def granted(self, call: Call) -> Body:
        params = self._checked(call)
        if call.api == f"{_TOKENS}create":
            account = self.consents.by_code(params.get("code", ""))
            if account is None:
                raise _no_grant("code")
            return self._issue(
                call, params, account, self.consents.chain(account, call.now).current
            )
        chain = self.consents.owner(params.get("refresh_token", ""), call.now)
        following = chain and chain.use(params["refresh_token"], call.now)
        if chain is None or not following or params["app_key"] != MARKET[0]:
            raise _no_grant("refresh_token")
        return self._issue(call, params, chain.subject, following)

    def _issue(self, call: Call, params: Mapping[str, str], account: str, refresh: str) -> Body:
        call.account = account
        renewable = params["app_key"] == MARKET[0]
        token = self.tokens.issue(account, call.now, _DAY)
        result = {
            "access_token": token.value if renewable else f"sandbox-session-{account}",
            "token_type": "Bearer",
            "expires_in": _DAY if renewable else 365 * _DAY,
            "refresh_token": refresh,
            "re_expires_in": 30 * _DAY if renewable else 0,
            "taobao_user_id": account,
            "taobao_user_nick": "%E6%BC%94%E7%A4%BA",
        }
        return self.success(call, {"token_result": orjson.dumps(result).decode()})

    # -- truth of streams that are not plain rows --------------------------------------------------

    @override
    def streams(self) -> list[str]:
        names = [name for name in super().streams() if name != "items"]
        return list(dict.fromkeys([*names, *_ITEMS, *_OWN]))

    @override
    def truth(self, account: str, stream: str) -> Iterator[TruthRow]:
        if stream in _ITEMS:
            yield from self._items(account, stream)
        elif stream in _OWN:
            key, rows = _OWN[stream]
            for record in rows(self, account):
                yield TruthRow(str(record[key]), None, 1, record)
        else:
            for row in super().truth(account, stream):
                key = row.record["order_no"] if stream == "qimen_records" else row.key
                yield TruthRow(key, row.update_time, row.version, row.record)

    def _items(self, account: str, stream: str) -> Iterator[TruthRow]:
        """Yield the items that are on sale, or not, as a list or in full."""
        data, on_sale = self.dataset(account, "items"), not stream.startswith(("items_inv", "inv"))
        kind = t.cast("TaobaoItem", data.entity)
        for row in data.rows():
            banner = kind.banner(data, row)
            if bool(banner) == on_sale:
                continue
            record = data.render(row, "item_details" if "details" in stream else "items")
            if stream == "items_inventory":
                record["banner"] = banner
            yield TruthRow(data.key(row), None, row.version, record)


def _no_grant(name: str) -> Rejected:
    return Rejected(
        15,
        "Remote service error",
        "auth",
        sub_code=f"isv.invalid-parameter:{name}",
        sub_msg=f"{name} is invalid",
    )


_ITEMS = ("items_onsale", "items_inventory", "item_details", "inventory_item_details")
_OWN: dict[str, tuple[str, t.Callable[[Taobao, str], list[Body]]]] = {
    "logistics_companies": ("id", lambda _platform, _account: COMPANIES),
    "sellers": ("user_id", lambda platform, account: [seller_of(platform, account)]),
    "shops": ("sid", lambda platform, account: [shop_of(platform, account)]),
    "seller_categories": ("cid", categories_of),
    "push_subscriptions": (
        "user_id",
        lambda platform, account: [subscription_of(platform, account)],
    ),
}

PLATFORM = Taobao
