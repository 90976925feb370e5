"""The calls of 快手本地生活; where nobody describes an answer, its names are ours."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from typing_extensions import override

from sandbox import arguments
from sandbox.clock import beijing
from sandbox.http import Call, Rejected
from sandbox.platforms.kuaishou_locallife import rows

if t.TYPE_CHECKING:
    from sandbox.platforms.kuaishou_locallife import KuaishouLocallife

Body = dict[str, t.Any]
Handler = Callable[["KuaishouLocallife", Call, "Arguments"], Body]

_WEEK_MS = 604_800_000


class Inner(Rejected):
    """A refusal of the goodlife gateway: the outer code says that all is well."""


class Arguments(arguments.Arguments):
    """The parameters of one call."""

    digits = True

    @override
    def refusal(self, name: str, wanted: str) -> Rejected:
        return Rejected(100200100, f"invalid_request: {name} must be {wanted}")

    def span(self, start: str, end: str) -> tuple[int, int]:
        """Return both ends of a window of at most seven days."""
        begin, until = self.number(start), self.number(end)
        if until < begin or until - begin > _WEEK_MS:
            raise Rejected(300004, "SEARCH TIME RANGE EXPAND 7 DAYS")
        return begin, until


def orders(platform: KuaishouLocallife, call: Call, given: Arguments) -> Body:
    """Answer the list of orders: by creation, its end exclusive."""
    data = platform.dataset(call.account, "orders", call)
    begin, end = given.span("createTimeStart", "createTimeEnd")
    size = given.number("pageSize", low=1, high=200)
    first = (given.number("pageNum", low=1) - 1) * size
    page = data.slice(begin, end, offset=first, limit=size, ascending=False, axis="created")
    total = data.count(begin, end, "created")
    rendered = [] if call.blank else [data.render(row) for row in page]
    return {"total": 0 if call.blank else total, "orderList": rendered}


def order(platform: KuaishouLocallife, call: Call, given: Arguments) -> Body:
    """Answer one order."""
    data = platform.dataset(call.account, "orders", call)
    row = data.find(given.text("orderId"))
    if row is None:
        raise Rejected(9001, "订单不存在")
    return data.render(row)


def items(platform: KuaishouLocallife, call: Call, given: Arguments) -> Body:
    """Answer items by ids or by a week of updates; the cursor is the number of rows read."""
    data = platform.dataset(call.account, "items", call)
    size, cursor = given.number("size", low=1, high=20), given.number("cursor", low=0)
    if "product_id" in given:
        ids = given.ids("product_id", 20)
        found = [row for one in ids if (row := data.find(one)) is not None]
    else:
        begin, end = given.span("start_time", "end_time")
        found = data.slice(begin, end + 1)
    page = [] if call.blank else found[cursor : cursor + size]
    return {"item_list": [data.render(row) for row in page], "next_cursor": cursor + len(page)}


def item_pois(platform: KuaishouLocallife, call: Call, given: Arguments) -> Body:
    """Answer the stores of an item."""
    data = platform.dataset(call.account, "items", call)
    row = data.find(given.text("item_id"))
    if row is None:
        raise Inner(2190001, "商品不存在")
    found = t.cast("rows.LocallifeItem", data.entity).pois(data, row)
    return {"poi_list": _numbered(call, given, found, "page_num", "page_size")}


def poi_items(platform: KuaishouLocallife, call: Call, given: Arguments) -> Body:
    """Answer what can be sold at a store; where the next page begins is not told."""
    data = platform.dataset(call.account, "items", call)
    poi, kind = given.text("poi_id"), t.cast("rows.LocallifeItem", data.entity)
    size, cursor = given.number("size", low=1, high=20), given.number("cursor", low=0)
    found = [row for row in data.slice() if poi in {one["poi_id"] for one in kind.pois(data, row)}]
    page = [] if call.blank else found[cursor : cursor + size]
    return {"item_list": [data.render(row) for row in page]}


def _numbered(
    call: Call, given: Arguments, found: list[t.Any], page: str, size: str
) -> list[t.Any]:
    length = given.number(size, low=1, high=50)
    first = (given.number(page, low=1) - 1) * length
    return [] if call.blank else found[first : first + length]


def claims(_platform: KuaishouLocallife, call: Call, given: Arguments) -> Body:
    """Answer the stores that the merchant has claimed."""
    return {"pois": _numbered(call, given, rows.claims(call.account), "page", "pageSize")}


def sub_accounts(_platform: KuaishouLocallife, call: Call, given: Arguments) -> Body:
    """Answer the sub-accounts."""
    found = rows.staff(call.account, "sub_accounts")
    return {"accounts": _numbered(call, given, found, "current_page", "page_size")}


def artisans(_platform: KuaishouLocallife, call: Call, given: Arguments) -> Body:
    """Answer the artisans; the page stands in an object of its own."""
    inner = Arguments(given.get("merchant_base_page_request") or {})
    found = rows.staff(call.account, "artisans")
    return {"artisans": _numbered(call, inner, found, "current_page", "page_size")}


def bills(_platform: KuaishouLocallife, call: Call, given: Arguments) -> Body:
    """Answer the bills of a day that is over; the answer's cursor is the one that was sent."""
    world, day = _platform.world, given.text("bill_date")
    size, cursor = given.number("size", low=1, high=200), given.number("cursor", low=0)
    if day >= beijing(call.now_ms)[:10]:
        raise Inner(2190002, "账单未生成")
    known = rows.days(world.history_end_ms, world.settings.history_days, call.now_ms)
    found = rows.bills(call.account, day) if day in known else []
    page = [] if call.blank else found[cursor : cursor + size]
    return {"records": page, "cursor": cursor}


CALLS: t.Final[dict[tuple[str, str], Handler]] = {
    ("GET", "open.locallife.order.page"): orders,
    ("GET", "open.locallife.order.detail"): order,
    ("POST", "goodlife/v1/item/itemlist/batch/query"): items,
    ("GET", "goodlife/v1/item/poi/query"): item_pois,
    ("POST", "goodlife/v1/item/itemskulist/batch/query"): poi_items,
    ("POST", "goodlife/shopManage/poiMangeList"): claims,
    ("POST", "goodlife/v1/merchant/subAccounts"): sub_accounts,
    ("POST", "goodlife/v1/merchant/artisan_list"): artisans,
    ("GET", "goodlife/lbs/bill/query/v2"): bills,
}
