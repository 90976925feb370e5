"""得物开放平台: signature, tokens, calls and the envelope, after the fact sheet."""

from __future__ import annotations

import hashlib
import re
import typing as t
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from urllib.parse import quote_plus

import orjson
from typing_extensions import override

from sandbox import arguments
from sandbox.dataset import Axis, Record
from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.mixing import digest
from sandbox.platform import Gateway, TruthRow
from sandbox.platforms.dewu import rows
from sandbox.platforms.dewu.pushes import DewuAnnouncer
from sandbox.platforms.dewu.rows import ROWS

ISV: t.Final = ("sandbox-isv-key", "sandbox-isv-secret")
"""An app of a third party: its calls need a token."""

OWN: t.Final = ("sandbox-own-key", "sandbox-own-secret")
"""The first merchant's own app: its calls need none."""

_BEIJING = timezone(timedelta(hours=8))
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2})?")
_PASSPORT = "/api/v1/h5/passport/v1/oauth2/"
_DAY = 86_400
_DAY_MS = 86_400_000
_GET = (
    "bill/realtime_list",
    "bill/period_list",
    "storage/stock/list",
    "storage/appointment/list",
)
_LOOSE = {
    "account_changes": "change_no",
    "storage_stock": "stock_no",
    "storage_appointments": "appointment_no",
    "invoices": "invoice_no",
}

Body = dict[str, t.Any]


def sign(parameters: Mapping[str, t.Any], secret: str) -> str:
    """Return the signature of all parameters but `sign`."""
    pairs = []
    for name in sorted(parameters):
        value = parameters[name]
        if name == "sign" or value is None or value == "":
            continue
        if isinstance(value, bool):
            value = "true" if value else "false"
        elif isinstance(value, list):
            value = ",".join(one if isinstance(one, str) else _json(one) for one in value)
        elif isinstance(value, dict):
            value = _json(value)
        pairs.append(f"{name}={quote_plus(str(value))}")
    text = ("&".join(pairs) + secret).encode()
    return hashlib.md5(text, usedforsecurity=False).hexdigest().upper()


def _json(value: t.Any) -> str:
    return orjson.dumps(value).decode()


class Arguments(arguments.Arguments):
    """The parameters of one call."""

    digits = True

    @override
    def refusal(self, name: str, wanted: str) -> Rejected:
        return Rejected(400, f"参数错误: {name}, {wanted}")

    def window(self, start: str, end: str, days: int) -> tuple[int, int]:
        """Return a window, both ends of which count; a bare day counts as a whole."""
        first, last = self._time(start), self._time(end)
        whole = _DAY_MS if len(self.text(end)) == len("2026-11-20") else 1000
        if not 0 <= last - first <= days * _DAY_MS:
            raise self.refusal(end, f"within {days} days of {start}")
        return first, last + whole

    def _time(self, name: str) -> int:
        value = self.text(name)
        if not _TIME.fullmatch(value):
            raise self.refusal(name, "yyyy-MM-dd HH:mm:ss")
        return int(datetime.fromisoformat(value).replace(tzinfo=_BEIJING).timestamp()) * 1000


class Dewu(Gateway):
    """The platform: flat JSON bodies that hold the signature too, HTTP 200 for everything."""

    slug = "dewu"
    title = "得物"
    entities = ROWS
    announcer = DewuAnnouncer(ISV[1])
    volatile = frozenset({"access_token", "timestamp", "sign"})

    @override
    def __init__(self, world: t.Any) -> None:
        super().__init__(world)
        self._codes: set[str] = set()

    @override
    def account_name(self, number: int) -> str:
        return f"efMZsandbox{number:02d}"

    @override
    def demo(self, base_url: str) -> Body:
        return {
            "base_url": base_url,
            "app_key": ISV[0],
            "app_secret": ISV[1],
            "increment_window": "1d",
            "accounts": [
                {"id": name, "refresh_token": f"sandbox-refresh-{name}"} for name in self.accounts
            ],
        }

    @override
    def identity(self, call: Call) -> t.Hashable:
        steady = {n: v for n, v in self._given(call).items() if n not in self.volatile}
        return call.path, orjson.dumps(steady, option=orjson.OPT_SORT_KEYS)

    def _given(self, call: Call) -> Body:
        if call.method == "GET":
            return dict(call.query)
        try:
            given = call.json()
        except ValueError:
            return {}
        return given if isinstance(given, dict) else {}

    # -- envelope --------------------------------------------------------------------------------

    @override
    def name_of(self, call: Call) -> str:
        if self.grants(call):
            return f"oauth2/{call.path.rpartition('/')[2]}"
        return call.path

    @override
    def grants(self, call: Call) -> bool:
        return call.path.startswith(_PASSPORT)

    def _trace(self, call: Call) -> str:
        return digest(call.number)

    @override
    def success(self, call: Call, content: t.Any) -> Body:
        told = {"code": 200, "msg": "success", "data": content}
        return {**told, "trace_id": self._trace(call), "status": 200}

    @override
    def refusal(self, call: Call, refused: Rejected) -> Reply:
        told = {"code": refused.code, "msg": refused.message, "data": None}
        return json_reply({**told, "trace_id": self._trace(call)}, outcome=refused.outcome)

    @override
    def too_often(self, call: Call) -> Rejected:
        return Rejected(5030, "调用频次超限", "throttled")

    # -- gateway ---------------------------------------------------------------------------------

    @override
    def answer(self, call: Call) -> t.Any:
        call.params = given = self._given(call)
        secrets = dict((ISV, OWN))
        secret = secrets.get(str(given.get("app_key")))
        if secret is None or not given.get("timestamp") or sign(given, secret) != given.get("sign"):
            raise Rejected(401, "签名认证失败", "auth")
        handler = CALLS.get(call.path.removeprefix("/dop/api/"))
        wanted = "GET" if call.path.partition("/dop/api/")[2][3:] in _GET else "POST"
        if handler is None or call.method != wanted:
            raise Rejected(404, f"no {call.method} {call.path}")
        call.account = self.accounts[0]
        if given["app_key"] == ISV[0]:
            refused = Rejected(5044, "access_token无效", "auth")
            token = str(given.get("access_token") or "")
            call.account = self.living(token, call.now, unknown=refused, expired=refused).subject
        self.admit(call, call.api, f"{call.account} {call.api}", allowed=300)
        return handler(self, call, Arguments(given))

    @override
    def granted(self, call: Call) -> Body:
        call.params = given = self._given(call)
        if (given.get("client_id"), given.get("client_secret")) != ISV:
            raise Rejected(401, "签名认证失败", "auth")
        if call.path == f"{_PASSPORT}token":
            code = str(given.get("authorization_code"))
            account = code.removeprefix("sandbox-code-")
            if account not in self.accounts or code in self._codes:
                raise Rejected(500, f"无效的authorization_code:{code[:4]}********")
            self._codes.add(code)
        else:
            account = str(given.get("refresh_token")).removeprefix("sandbox-refresh-")
            if account not in self.accounts or call.now > self.world.started + 180 * _DAY:
                raise Rejected(500, "无效的refresh_token")
        call.account = account
        left = int(self.world.started + 180 * _DAY - call.now)
        told = {
            "scope": ["all"],
            "open_id": account,
            "access_token": self.tokens.issue(account, call.now, _DAY).value,
            "access_token_expires_in": _DAY,
            "refresh_token": f"sandbox-refresh-{account}",
            "refresh_token_expires_in": left,
        }
        return self.success(call, told)

    # -- calls -----------------------------------------------------------------------------------

    def loose(self, account: str, stream: str) -> list[Record]:
        """Return records whose fields are ours, since nobody documents them."""
        first = 1000 * (1 + self.accounts.index(account))
        return [{_LOOSE[stream]: f"{first + n}", "qty": n} for n in range(40)]

    # -- truth -----------------------------------------------------------------------------------

    @override
    def streams(self) -> list[str]:
        return [*super().streams(), *_LOOSE, "products"]

    @override
    def truth(self, account: str, stream: str) -> Iterator[TruthRow]:
        if stream in _LOOSE:
            for record in self.loose(account, stream):
                yield TruthRow(str(record[_LOOSE[stream]]), None, 1, record)
        elif stream == "products":
            sold = {row.record["article_number"] for row in super().truth(account, "orders")}
            for number in range(rows.ARTICLES):
                record = rows.product(number)
                if record["article_number"] in sold:
                    yield TruthRow(str(record["spu_id"]), None, 1, record)
        else:
            for row in super().truth(account, stream):
                key = row.record["bill_no"] if stream == "bills" else row.key
                yield TruthRow(key, row.update_time, row.version, row.record)


Handler = Callable[[Dewu, Call, Arguments], t.Any]


def _page(call: Call, arguments: Arguments, name: str, found: list[Record]) -> Body:
    number = arguments.number("page_no", 1, low=1)
    size = arguments.number("page_size", 20, low=1, high=100)
    shown = [] if call.blank else found[(number - 1) * size : number * size]
    return {name: shown, "total_results": len(found), "page_no": number}


def _timed(
    entity: str,
    name: str,
    ends: tuple[str, str],
    *,
    view: str = "",
    days: int = 1,
    axis: Axis = "updated",
) -> Handler:
    def answer(platform: Dewu, call: Call, arguments: Arguments) -> Body:
        data = platform.dataset(call.account, entity, call)
        start, end = arguments.window(*ends, days)
        found = data.slice(start, end, ascending=False, axis=axis)
        return _page(call, arguments, name, [data.render(row, view) for row in found])

    return answer


def _loose(stream: str) -> Handler:
    def answer(platform: Dewu, call: Call, arguments: Arguments) -> Body:
        return _page(call, arguments, "list", platform.loose(call.account, stream))

    return answer


def _order_list(platform: Dewu, call: Call, arguments: Arguments) -> Body:
    data = platform.dataset(call.account, "orders", call)
    row = data.find(arguments.text("order_no"))
    return _page(call, arguments, "orders", [] if row is None else [data.render(row)])


def _biddings(platform: Dewu, call: Call, arguments: Arguments) -> Body:
    data, kind = platform.dataset(call.account, "biddings", call), arguments.number("bidding_type")
    found = [data.render(row) for row in data.slice(ascending=False)]
    return _page(call, arguments, "list", [bid for bid in found if bid["bidding_type"] == kind])


def _bidding(platform: Dewu, call: Call, arguments: Arguments) -> Record | None:
    data = platform.dataset(call.account, "biddings", call)
    row = data.find(arguments.text("bidding_no"))
    return None if row is None else data.render(row)


def _products(_platform: Dewu, _call: Call, arguments: Arguments) -> list[Record]:
    wanted = arguments.ids("article_numbers", 5)
    known = [rows.product(number) for number in range(rows.ARTICLES)]
    return [record for record in known if record["article_number"] in wanted]


_CHANGED = ("start_modified", "end_modified")
_SETTLED = ("settle_start_time", "settle_end_time")
_BILLED = ("bill_start_time", "bill_end_time")
CALLS: dict[str, Handler] = {
    "v1/order/generic_increment": _timed("orders", "orders", _CHANGED),
    "v1/order/generic_list": _order_list,
    "v1/order/brand_deliver/increment": _timed("brand_deliver_orders", "orders", _CHANGED),
    "v1/refund_order/increment": _timed("refunds", "list", _CHANGED),
    "v1/refund/brand_deliver/increment": _timed("brand_deliver_refunds", "list", _CHANGED),
    "v2/bill/realtime_list": _timed("settlements", "list", _SETTLED, days=30, axis="created"),
    "v1/bill/period_list": _timed(
        "settlements", "list", _BILLED, view="bills", days=30, axis="created"
    ),
    "v1/account/change_list": _loose("account_changes"),
    "v1/bidding/generic_list": _biddings,
    "v1/bidding/generic_detail": _bidding,
    "v2/storage/stock/list": _loose("storage_stock"),
    "v1/storage/appointment/list": _loose("storage_appointments"),
    "v1/spu/batch_article_number": _products,
    "v1/invoice/list": _loose("invoices"),
}
"""Every call that the simulated platform knows, by its path."""

PLATFORM = Dewu
