"""The calls of 淘宝: parameters, caps and answers of each, by method name."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from typing_extensions import override

from sandbox import arguments
from sandbox.dataset import Dataset, Record, Row
from sandbox.http import Call, Rejected
from sandbox.platforms.taobao.orders import (
    ARRIVES_MS,
    HISTORY_MS,
    TaobaoOrder,
    nick,
    order_state,
)
from sandbox.platforms.taobao.rows import BANNERS, TaobaoItem

if t.TYPE_CHECKING:
    from sandbox.platforms.taobao import Taobao

Body = dict[str, t.Any]
Handler = Callable[["Taobao", Call, "Arguments"], Body]

_BEIJING = timezone(timedelta(hours=8))
_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")
_DAY_MS = 86_400_000
_COMBINED = "guarantee_trade"
_UNLESS_ASKED = frozenset({_COMBINED, "auto_delivery", "ec", "cod", "step"})
COMPANIES = [
    {"id": number, "code": code, "name": name, "reg_mail_no": "^[0-9A-Z]{12,15}$"}
    for number, code, name in ((505, "SF", "顺丰速运"), (500, "ZTO", "中通快递"), (2, "EMS", "EMS"))
]


class Arguments(arguments.Arguments):
    """The form of one call."""

    digits = True

    @override
    def refusal(self, name: str, wanted: str) -> Rejected:
        missing = name not in self
        code, text = (40, "Missing Required Arguments") if missing else (41, "Invalid Arguments")
        kind = "missing-parameter" if missing else f"invalid-parameter:{name}"
        return Rejected(code, text, sub_code=f"isv.{kind}", sub_msg=f"{name} must be {wanted}")

    def fields(self) -> frozenset[str]:
        """Return the names of the fields that are wanted."""
        return frozenset(name.partition(".")[0] for name in self.text("fields").split(","))

    def time(self, name: str) -> int:
        """Return a Beijing time as epoch milliseconds."""
        value = self.text(name)
        if not _TIME.fullmatch(value):
            raise self.refusal(name, "yyyy-MM-dd HH:mm:ss")
        moment = datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_BEIJING)
        return int(moment.timestamp()) * 1000

    def window(self, start: str, end: str, *, days: float = 0) -> tuple[int, int]:
        """Return a window; the platform takes its end as part of it."""
        first, last = self.time(start), self.time(end)
        if last < first or (days and last - first > days * _DAY_MS):
            raise self.refusal(end, f"within {days} days of {start}")
        return first, last + 1000

    def page(self, most: int, default: int = 40) -> tuple[int, int]:
        """Return the page's number and its size."""
        return self.number("page_no", 1, low=1), self.number("page_size", default, low=1, high=most)

    def types(self) -> frozenset[str]:
        """Return the types of orders that are asked for."""
        named = frozenset(str(self.get("type") or "").split(",")) - {""} or _UNLESS_ASKED
        return named | {"fixed", "auction"} if _COMBINED in named else named


def asked(record: Record, fields: frozenset[str]) -> Record:
    """Return what was asked for by name."""
    return {name: value for name, value in record.items() if name in fields}


def listed(
    call: Call, names: tuple[str, str], page: tuple[int, int], records: list[Record]
) -> Body:
    """Return a page of some records; without any the list itself is absent."""
    number, size = page
    shown = [] if call.blank else records[(number - 1) * size : number * size]
    outer, inner = names
    body: Body = {"total_results": len(records)}
    if call.params.get("use_has_next") == "true":
        body = {"has_next": number * size < len(records)}
    return body | ({outer: {inner: shown}} if shown else {})


# -- orders ----------------------------------------------------------------------------------------


def _trades(
    call: Call,
    arguments: Arguments,
    data: Dataset,
    rows: list[Row],
    *,
    most: int = 100,
    view: str = "orders",
) -> Body:
    kind, types = t.cast("TaobaoOrder", data.entity), arguments.types()
    fields, page = arguments.fields(), arguments.page(most)
    wanted = arguments.get("status")
    records = [
        asked(data.render(row, view), fields)
        for row in rows
        if kind.kind(data, row) in types and wanted in {None, "", order_state(data, row)}
    ]
    return listed(call, ("trades", "trade"), page, records)


def orders(platform: Taobao, call: Call, arguments: Arguments) -> Body:
    """Answer the changed orders of at most a day, last change first."""
    data = platform.dataset(call.account, "orders", call)
    start, end = arguments.window("start_modified", "end_modified", days=1)
    return _trades(call, arguments, data, data.slice(start, end, ascending=False))


def orders_arrived(platform: Taobao, call: Call, arguments: Arguments) -> Body:
    """Answer the same by the time of arrival."""
    data = platform.dataset(call.account, "orders", call)
    start, end = arguments.window("start_create", "end_create", days=1)
    rows = data.slice(start - ARRIVES_MS, end - ARRIVES_MS, ascending=False)
    return _trades(call, arguments, data, rows, view="orders_arrived")


def orders_created(platform: Taobao, call: Call, arguments: Arguments) -> Body:
    """Answer orders by creation, the newest first."""
    data = platform.dataset(call.account, "orders", call)
    start, end = arguments.window("start_created", "end_created")
    rows = data.slice(start, end, ascending=False, axis="created")
    return _trades(call, arguments, data, rows)


def orders_history(platform: Taobao, call: Call, arguments: Arguments) -> Body:
    """Answer orders that are older than three months."""
    data = platform.dataset(call.account, "orders_history", call)
    start, end = arguments.window("start_created", "end_created")
    recent = call.now_ms - 90 * _DAY_MS
    rows = [
        row
        for row in data.slice(start + HISTORY_MS, end + HISTORY_MS, ascending=False, axis="created")
        if row.created - HISTORY_MS < recent
    ]
    return _trades(call, arguments, data, rows, most=50, view="orders_history")


def _one(platform: Taobao, call: Call, entity: str, key: str, view: str) -> Record:
    data = platform.dataset(call.account, entity, call)
    row = data.find(key)
    if row is None:
        kind = {"orders": "trade"}.get(entity, entity.rstrip("s"))
        raise Rejected(
            15, "Remote service error", sub_code=f"isv.{kind}-not-exist", sub_msg="不存在"
        )
    return data.render(row, view)


def _detail(entity: str, param: str, view: str, name: str) -> Handler:
    def answer(platform: Taobao, call: Call, arguments: Arguments) -> Body:
        key, fields = arguments.number(param), arguments.fields()
        return {name: asked(_one(platform, call, entity, str(key), view), fields)}

    return answer


def logistics_trace(platform: Taobao, call: Call, arguments: Arguments) -> Body:
    """Answer where an order's parcel is."""
    return _one(platform, call, "orders", str(arguments.number("tid")), "logistics_traces")


def refunds(platform: Taobao, call: Call, arguments: Arguments) -> Body:
    """Answer changed refunds."""
    data = platform.dataset(call.account, "refunds", call)
    start, end = arguments.window("start_modified", "end_modified")
    fields = arguments.fields()
    if not {"cod", "fixed"} <= arguments.types():
        return listed(call, ("refunds", "refund"), arguments.page(100), [])
    records = [asked(data.render(row), fields) for row in data.slice(start, end, ascending=False)]
    return listed(call, ("refunds", "refund"), arguments.page(100), records)


# -- items -----------------------------------------------------------------------------------------


def _items(call: Call, arguments: Arguments, data: Dataset, banner: str) -> Body:
    kind = t.cast("TaobaoItem", data.entity)
    page, fields = arguments.page(200), arguments.fields()
    start, end = None, None
    if "start_modified" in arguments:
        start, end = arguments.window("start_modified", "end_modified")
    ascending = arguments.get("order_by") == "modified:asc"
    rows = data.slice(start, end, ascending=ascending)
    records = [asked(data.render(r), fields) for r in rows if kind.banner(data, r) == banner]
    return listed(call, ("items", "item"), page, records)


def items_onsale(platform: Taobao, call: Call, arguments: Arguments) -> Body:
    """Answer the items on sale, down to the 20,000th."""
    number, size = arguments.page(200)
    if number * size > 20_000:
        raise Rejected(41, "Invalid Arguments", sub_code="isv.invalid-parameter:page_no")
    return _items(call, arguments, platform.dataset(call.account, "items", call), "")


def items_inventory(platform: Taobao, call: Call, arguments: Arguments) -> Body:
    """Answer the items that are not on sale, for one reason."""
    banner = arguments.text("banner", BANNERS[0])
    if banner not in BANNERS or arguments.page(200)[0] > 101:
        raise arguments.refusal("banner", ", ".join(BANNERS))
    return _items(call, arguments, platform.dataset(call.account, "items", call), banner)


def items_by_id(platform: Taobao, call: Call, arguments: Arguments) -> Body:
    """Answer up to twenty items in full; others' ids are left out without a word."""
    data, fields = platform.dataset(call.account, "items", call), arguments.fields()
    numbers = arguments.text("num_iids").split(",")
    if len(numbers) > 20 or not all(number.isdigit() for number in numbers):
        raise arguments.refusal("num_iids", "1 to 20 numbers")
    fields = fields - {"skus"} | ({"skus"} if "sku" in fields else frozenset())
    rows = [row for row in map(data.find, numbers) if row is not None]
    records = [asked(data.render(row, "item_details"), fields) for row in rows]
    return {"items": {"item": records}} if records and not call.blank else {}


# -- the rest --------------------------------------------------------------------------------------


def _by_creation(
    entity: str, names: tuple[str, str], window: tuple[str, str], most: int, deepest: int = 0
) -> Handler:
    def answer(platform: Taobao, call: Call, arguments: Arguments) -> Body:
        data = platform.dataset(call.account, entity, call)
        start, end = arguments.window(*window)
        fields, page = arguments.fields(), arguments.page(most)
        if deepest and page[0] * page[1] > deepest + page[1]:
            raise arguments.refusal("page_no", f"within {deepest} rows")
        rows = data.slice(start, end, ascending=False, axis="created")
        return listed(call, names, page, [asked(data.render(row), fields) for row in rows])

    return answer


def seller_of(platform: Taobao, account: str) -> Record:
    """Return the seller behind an account."""
    name = nick(platform.dataset(account, "orders"))
    credit = {"level": 15, "score": 100_000, "total_num": 101_000, "good_num": 100_500}
    return {
        "user_id": int(account),
        "nick": name,
        "sex": "m",
        "seller_credit": credit,
        "type": "C",
        "has_shop": True,
        "status": "normal",
    }


def shop_of(platform: Taobao, account: str) -> Record:
    """Return the shop of an account."""
    name = nick(platform.dataset(account, "orders"))
    return {"sid": int(account) - 2_600_000_000 + 70_000_000, "title": name, "pic_path": "/1.jpg"}


def categories_of(platform: Taobao, account: str) -> list[Record]:
    """Return the shop's own categories."""
    first = 1100 + 10 * platform.accounts.index(account)
    names = ("新品", "热卖", "清仓")
    return [
        {"cid": first + n, "parent_cid": 0, "name": name, "sort_order": n, "type": "manual_type"}
        for n, name in enumerate(names)
    ]


def subscription_of(platform: Taobao, account: str) -> Record:
    """Return how an account's data are pushed into a database."""
    return {
        "user_id": int(account),
        "rds_id": 1,
        "status": 1,
        "rds_name": "rm-sandbox",
        "user_nick": nick(platform.dataset(account, "orders")),
    }


def _companies(_platform: Taobao, _call: Call, arguments: Arguments) -> Body:
    shown = [asked(company, arguments.fields()) for company in COMPANIES]
    return {"logistics_companies": {"logistics_company": shown}}


def _seller(platform: Taobao, call: Call, arguments: Arguments) -> Body:
    return {"user": asked(seller_of(platform, call.account), arguments.fields())}


def _shop(platform: Taobao, call: Call, _arguments: Arguments) -> Body:
    return {"shop": shop_of(platform, call.account)}


def _categories(platform: Taobao, call: Call, _arguments: Arguments) -> Body:
    return {"seller_cats": {"seller_cat": categories_of(platform, call.account)}}


def _subscriptions(platform: Taobao, call: Call, arguments: Arguments) -> Body:
    wanted = arguments.get("user_id")
    rows = [subscription_of(platform, a) for a in platform.accounts if wanted in {None, a}]
    return listed(call, ("users", "jdp_user"), arguments.page(200, 200), rows)


def scenario(platform: Taobao, call: Call, arguments: Arguments) -> Body:
    """Answer the orders of a 奇门 custom scenario, in the words of its provider."""
    customer = arguments.text("customerId")
    call.account = customer.removeprefix("c-")
    if call.account not in platform.accounts:
        refused = {"flag": "failure", "sub_code": "no-customer", "sub_message": "客户不存在"}
        return {"response": refused}
    data = platform.dataset(call.account, "orders", call)
    start, end = arguments.window("start_time", "end_time", days=1)
    number, size = arguments.page(50, 50)
    rows = data.slice(start, end, ascending=False)
    page = [] if call.blank else rows[(number - 1) * size : number * size]
    orders = [data.render(row, "qimen_records") for row in page]
    return {"response": {"flag": "success", "total": len(rows), "orders": orders}}


CALLS: dict[str, Handler] = {
    "taobao.trades.sold.increment.get": orders,
    "taobao.trades.sold.incrementv.get": orders_arrived,
    "taobao.trades.sold.get": orders_created,
    "taobao.trades.sold.history.get": orders_history,
    "taobao.trade.fullinfo.get": _detail("orders", "tid", "order_details", "trade"),
    "taobao.trade.amount.get": _detail("orders", "tid", "order_amounts", "trade_amount"),
    "taobao.logistics.trace.search": logistics_trace,
    "taobao.refunds.receive.get": refunds,
    "taobao.refund.get": _detail("refunds", "refund_id", "refund_details", "refund"),
    "taobao.items.onsale.get": items_onsale,
    "taobao.items.inventory.get": items_inventory,
    "taobao.items.seller.list.get": items_by_id,
    "taobao.logistics.orders.get": _by_creation(
        "shippings", ("shippings", "shipping"), ("start_created", "end_created"), 100
    ),
    "taobao.logistics.companies.get": _companies,
    "taobao.user.seller.get": _seller,
    "taobao.shop.seller.get": _shop,
    "taobao.sellercats.list.get": _categories,
    "taobao.traderates.get": _by_creation(
        "ratings", ("trade_rates", "trade_rate"), ("start_date", "end_date"), 150, 1500
    ),
    "taobao.jushita.jdp.users.get": _subscriptions,
}
"""Every call that the simulated platform knows, beside those for tokens and scenarios."""
