"""The calls of 有赞 about orders, refunds and items: parameters, caps and answers of each."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

import orjson

from sandbox.dataset import Axis, Dataset, Row
from sandbox.http import Call, Rejected
from sandbox.platforms.youzan.goods import YouzanItem, YouzanProduct
from sandbox.platforms.youzan.params import Params

if t.TYPE_CHECKING:
    from sandbox.platform import Platform

Body = dict[str, t.Any]
Handler = Callable[["Platform", Call, Params], Body]

CALLS: dict[tuple[str, str], Handler] = {}
"""Every call that the simulated platform knows, by (name, version)."""

DAY_MS = 86_400_000
_SPAN_TEXT = "每次可搜索一年订单记录,请重新选择起止时间"


def named(name: str, *versions: str) -> Callable[[Handler], Handler]:
    """Register the handler of a call."""

    def register(handler: Handler) -> Handler:
        for version in versions:
            CALLS[name, version] = handler
        return handler

    return register


def page_of(
    call: Call,
    data: Dataset,
    page: tuple[int, int],
    window: tuple[Axis, int | None, int | None] = ("updated", None, None),
    *,
    ascending: bool = False,
) -> tuple[list[Row], int]:
    """Return the rows of a page and the total of a window whose ends are both inclusive."""
    axis, start, end = window
    number, size = page
    rows = data.slice(
        start, end, offset=(number - 1) * size, limit=size, ascending=ascending, axis=axis
    )
    return ([] if call.blank else rows), data.count(start, end, axis)


def _scan(
    call: Call, data: Dataset, page: tuple[int, int], keep: Callable[[Row], bool]
) -> tuple[list[Row], int]:
    """Return a page of the rows that pass a test, newest first; for small entities."""
    number, size = page
    rows = [row for row in data.slice(ascending=False) if keep(row)]
    return ([] if call.blank else rows[(number - 1) * size : number * size]), len(rows)


# -- orders --------------------------------------------------------------------------------------


@named("youzan.trades.sold.get", "4.0.4")
def orders(platform: Platform, call: Call, params: Params) -> Body:
    """Answer the order search: 100 pages of 100, both ends inclusive, newest first."""
    data = platform.dataset(call.account, "orders", call)
    empty: Body = {"full_order_info_list": []}
    page = params.page(100, 100, default=20)
    if "tid" in params:
        row = data.find(params.text("tid"))
        rows, total = ([row], 1) if row else ([], 0)
    else:
        axis, start, end = params.pair(
            ("success", "updated"), ("update", "updated"), ("created", "created")
        )
        if start is not None and end is not None:
            if start > end:
                raise Rejected(5000, "开始时间不能大于结束时间", data=empty)
            if end > call.now_ms + 8 * DAY_MS:
                raise Rejected(106000003, "结束时间不能超过当前时间 7 天", data=empty)
            if end - start > 93 * DAY_MS:
                raise Rejected(106000001, _SPAN_TEXT, data=empty)
            end += 1000
        if "status" in params:
            rows, total = _orders_in_state(platform, call, params, (axis, start, end))
        else:
            rows, total = page_of(call, data, page, (axis, start, end))
    listed = b",".join([b'{"full_order_info":' + data.json(row) + b"}" for row in rows])
    found = orjson.Fragment(b"[" + listed + b"]")
    return {"data": {"full_order_info_list": found, "total_results": total}}


def _orders_in_state(
    platform: Platform, call: Call, params: Params, window: tuple[Axis, int | None, int | None]
) -> tuple[list[Row], int]:
    data = platform.dataset(call.account, "orders", call)
    axis, start, end = window
    number, size = params.page(100, 100, default=20)
    wanted = params.text("status")
    rows = [
        row
        for row in data.slice(start, end, ascending=False, axis=axis)
        if data.render(row)["order_info"]["status"] == wanted
    ]
    return rows[(number - 1) * size : number * size], len(rows)


@named("youzan.trade.get", "4.0.2", "4.0.0")
def order_detail(platform: Platform, call: Call, params: Params) -> Body:
    """Answer one order in full; another shop's order is not found."""
    data = platform.dataset(call.account, "orders", call)
    tid = params.text("tid")
    if tid[:1] not in {"E", "C"} or not tid[1:].isdigit():
        raise Rejected(106000004, "订单号非法")
    row = data.find(tid)
    if row is None:
        nothing = {
            "delivery_order": [],
            "refund_order": [],
            "full_order_info": {"orders": [], "pay_info": {"phase_payments": []}},
        }
        raise Rejected(5000, "trade not found", data=nothing)
    return {"data": orjson.Fragment(data.json(row, "order_details"))}


# -- refunds -------------------------------------------------------------------------------------


@named("youzan.trade.refund.search", "3.0.1", "3.0.0")
def refunds(platform: Platform, call: Call, params: Params) -> Body:
    """Answer the refund search: times in seconds, at most 3,000 rows deep."""
    data = platform.dataset(call.account, "refunds", call)
    number, size = params.number("page_no", 1), params.number("page_size", 20)
    if not 1 <= size <= 100:
        raise Rejected(53002, "page_size type error")
    if number < 1 or number > 100 or number * size > 3000:
        raise Rejected(5000, "超过ES搜索最大深度")
    if "refund_id" in params:
        row = data.find(params.text("refund_id"))
        rows, total = ([row], 1) if row else ([], 0)
    else:
        rows, total = page_of(call, data, (number, size), _refund_window(call, params))
    return {"data": {"refunds": data.json_list(rows), "total": total}}


def _refund_window(call: Call, params: Params) -> tuple[Axis, int | None, int | None]:
    axes: tuple[tuple[str, Axis], ...] = (("update_time", "updated"), ("create_time", "created"))
    for name, axis in axes:
        if f"{name}_start" in params or f"{name}_end" in params:
            start = params.number(f"{name}_start", 0) * 1000
            end = params.number(f"{name}_end", call.now_ms // 1000) * 1000
            if start > end:
                raise Rejected(5000, "开始时间不能大于结束时间")
            return axis, start, end + 1000
    return "created", call.now_ms - 92 * DAY_MS, call.now_ms + 1000


@named("youzan.trade.refund.get", "3.0.1", "3.0.0")
def refund_detail(platform: Platform, call: Call, params: Params) -> Body:
    """Answer one refund."""
    data = platform.dataset(call.account, "refunds", call)
    number = params.text("refund_id")
    if len(number) != 24 or not number.isdigit():
        raise Rejected(103010052, "退款单号非法")
    row = data.find(number)
    if row is None:
        raise Rejected(103011024, "退款单不存在")
    return {"data": orjson.Fragment(data.json(row, "refund_details"))}


# -- items ---------------------------------------------------------------------------------------


@named("youzan.item.base.search", "1.0.0")
def items(platform: Platform, call: Call, params: Params) -> Body:
    """Answer the new item search: 5,000 rows deep, pages of 50, times in milliseconds."""
    data = platform.dataset(call.account, "items", call)
    for needed in ("kdt_id", "channel"):
        if needed not in params:
            raise Rejected(301000002, f"{needed} 参数缺失")
    number, size = params.number("page_no", 1), params.number("page_size", 20)
    if not 1 <= size <= 50 or number < 1 or number * size > 5000:
        raise Rejected(200000026, "非法的page或pageSize")
    sorts = params.get("sorts") or ["CREATED_TIME_DESC"]
    axis: Axis = "updated" if str(sorts[0]).startswith("UPDATE_TIME") else "created"
    span = params.get("item_range_query") or {}
    start, end = span.get("min_update_time"), span.get("max_update_time")
    if start is not None or end is not None:
        axis = "updated"
    shown = params.get("is_displays")
    kind = t.cast("YouzanItem", data.entity)
    if (wanted_ids := params.get("item_ids")) is not None:
        rows, total = _scan(call, data, (number, size), _among(data, wanted_ids))
    elif isinstance(shown, list) and set(shown) in ({0}, {1}):
        wanted = shown[0] == 1
        rows, total = _scan(call, data, (number, size), lambda r: kind.on_sale(data, r) == wanted)
    else:
        window = (axis, start, None if end is None else end + 1)
        ascending = str(sorts[0]).endswith("_ASC")
        rows, total = page_of(call, data, (number, size), window, ascending=ascending)
    paging = {"total_count": total, "page_no": number, "page_size": size}
    return {"data": {"items": data.json_list(rows), "paginator": paging}}


def _among(data: Dataset, ids: t.Any) -> Callable[[Row], bool]:
    """Return the test for some item ids: a list of at most 20 integers."""
    if not isinstance(ids, list) or len(ids) > 20 or not all(isinstance(one, int) for one in ids):
        raise Rejected(301000002, "item_ids 参数非法")
    keys = {str(one) for one in ids}
    return lambda row: data.key(row) in keys


def _old_items(platform: Platform, call: Call, params: Params, view: str) -> Body:
    data = platform.dataset(call.account, "items", call)
    number, size = params.number("page_no", 1), params.number("page_size", 40)
    if not (1 <= number <= 100 and 1 <= size <= 300) or number * size >= 4000:
        raise Rejected(200000026, "非法的page或pageSize")
    start = params.number("update_time_start", 0)
    end = params.number("update_time_end", 1 << 50)
    order = params.text("order_by", "created_time:desc")
    column, _, direction = order.partition(":")
    wanted = view == "items_onsale"
    kind = t.cast("YouzanItem", data.entity)
    axis: Axis = "updated" if column == "update_time" else "created"
    rows = [
        row
        for row in data.slice(ascending=direction != "desc", axis=axis)
        if kind.on_sale(data, row) == wanted and start <= row.updated <= end
    ]
    page = [] if call.blank else rows[(number - 1) * size : number * size]
    return {"data": {"items": data.json_list(page, view), "count": len(rows)}}


@named("youzan.items.onsale.get", "3.0.0")
def items_onsale(platform: Platform, call: Call, params: Params) -> Body:
    """Answer the old list of items on sale."""
    return _old_items(platform, call, params, "items_onsale")


@named("youzan.items.inventory.get", "3.0.0")
def items_inventory(platform: Platform, call: Call, params: Params) -> Body:
    """Answer the old list of items in the warehouse."""
    return _old_items(platform, call, params, "items_inventory")


def _item(platform: Platform, call: Call, number: int) -> Body:
    data = platform.dataset(call.account, "items", call)
    row = data.find(str(number))
    if row is None:
        raise Rejected(122001001, "商品不存在")
    return {"data": orjson.Fragment(data.json(row, "item_details"))}


@named("youzan.item.detail.get", "1.0.1")
def item_detail(platform: Platform, call: Call, params: Params) -> Body:
    """Answer one item by its id."""
    return _item(platform, call, params.number("item_id"))


@named("youzan.item.itemdetail.get", "1.0.0")
def item_detail_wrapped(platform: Platform, call: Call, params: Params) -> Body:
    """Answer one item; this call wants its parameters inside `request`."""
    inner = params.get("request")
    if not isinstance(inner, dict) or not {"kdt_id", "item_id", "channel"} <= set(inner):
        raise Rejected(301000002, "request 参数缺失")
    return _item(platform, call, Params(inner).number("item_id"))


@named("youzan.retail.open.spu.query", "3.0.0")
def retail_products(platform: Platform, call: Call, params: Params) -> Body:
    """Answer the product library: 3,600 rows deep, or further behind `last_spu_id`."""
    data = platform.dataset(call.account, "retail_products", call)
    number, size = params.number("page_no", 1), params.number("page_size", 20)
    if params.get("is_search_after"):
        last = params.number("last_spu_id", 0)
        every = sorted(data.rows(), key=lambda row: row.serial)
        beyond = [row for row in every if row.serial + YouzanProduct.first > last]
        rows, total = beyond[:size], len(every)
    else:
        if number < 1 or size < 1 or number * size > 3600:
            raise Rejected(301000004, "分页参数非法")
        window: tuple[Axis, int | None, int | None] = ("created", None, None)
        if "create_time_start" in params and "create_time_end" in params:
            start, end = params.time("create_time_start"), params.time("create_time_end")
            window = ("created", start, end + 1000)
        rows, total = page_of(call, data, (number, size), window)
    paging = {"total_count": total, "page": number, "page_size": size}
    return {"data": {"spus": data.json_list(rows), "paginator": paging}}
