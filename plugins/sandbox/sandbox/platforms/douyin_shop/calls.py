"""The calls of 抖店: windows, pages and answers of each, by method name."""

from __future__ import annotations

import calendar
import time
import typing as t
from collections.abc import Callable

import orjson
from typing_extensions import override

from sandbox import arguments
from sandbox.clock import BEIJING_SECONDS, beijing
from sandbox.dataset import Axis, Dataset, Row
from sandbox.http import Call, Rejected
from sandbox.platforms.douyin_shop.rows import DouyinItem, item_state, order_state

if t.TYPE_CHECKING:
    from sandbox.platforms.douyin_shop import DouyinShop

Body = dict[str, t.Any]
Handler = Callable[["DouyinShop", Call, "Arguments"], t.Any]

_SECOND_MS = 1000
_DAY_MS = 86_400_000
_KEPT_MS = 90 * _DAY_MS
_DEEPEST = 50_000
_EVER = 1 << 50

BRANDS: t.Final = tuple(
    {
        "id": 9000 + number,
        "brand_chinese_name": name,
        "brand_english_name": f"Brand {number}",
        "brand_reg_num": str(number),
    }
    for number, name in enumerate(("演示", "沙盒"), 1)
)


class Arguments(arguments.Arguments):
    """The business parameters of one call."""

    @override
    def refusal(self, name: str, wanted: str) -> Rejected:
        return invalid("10035" if name == "page" else "20008", f"{name}: {wanted}")

    def page(self, *, first: int, deepest: int) -> tuple[int, int]:
        """Return first row and size of a page."""
        number = self.number("page", low=first)
        size = self.number("size", low=1, high=100)
        if (number - first + 1) * size > deepest:
            raise invalid("20013", f"page * size > {deepest}")
        return (number - first) * size, size

    def between(self, start: str, end: str) -> tuple[int, int]:
        """Return a window in milliseconds, both ends inclusive; an absent end lies far away."""
        begin, last = self.number(start, 0), self.number(end, _EVER // _SECOND_MS)
        return begin * _SECOND_MS, last * _SECOND_MS + _SECOND_MS - 1


def invalid(number: str, message: str) -> Rejected:
    """Return the refusal of a business parameter."""
    sub_code = f"isv.parameter-invalid:{number}"
    return Rejected(40004, "非法的业务参数", sub_code=sub_code, sub_msg=message)


def _shown(data: Dataset, call: Call, rows: list[Row], view: str = "") -> orjson.Fragment:
    return data.json_list([] if call.blank else rows, view)


def orders(platform: DouyinShop, call: Call, arguments: Arguments) -> Body:
    """Answer orders of the last 90 days, by creation and newest first unless told otherwise."""
    data = platform.dataset(call.account, "orders", call)
    offset, size = arguments.page(first=0, deepest=_DEEPEST)
    if "update_time_start" not in arguments and "create_time_start" not in arguments:
        raise invalid("20011", "no start time")
    axis: Axis = "updated" if arguments.get("order_by") == "update_time" else "created"
    name = "update_time" if "update_time_start" in arguments else "create_time"
    begin, end = arguments.between(f"{name}_start", f"{name}_end")
    if begin < call.now_ms - _KEPT_MS:
        raise invalid("20022", "older than 90 days")
    kept: Axis = "updated" if name == "update_time" else "created"
    rows = data.slice(begin, end + 1, axis=kept)
    if "combine_status" in arguments:
        rows = [row for row in rows if str(order_state(data, row)) in _states(arguments)]
    rows.sort(key=lambda row: getattr(row, axis), reverse=arguments.get("order_asc") is not True)
    return {
        "page": offset // size,
        "size": size,
        "total": len(rows),
        "shop_order_list": _shown(data, call, rows[offset : offset + size]),
    }


def _states(arguments: Arguments) -> list[str]:
    combined = arguments.get("combine_status")
    if not isinstance(combined, list) or len(combined) != 1:
        raise invalid("20012", "combine_status must be a list of one")
    return str(combined[0].get("order_status")).split(",")


def order(platform: DouyinShop, call: Call, arguments: Arguments) -> Body:
    """Answer one order."""
    data = platform.dataset(call.account, "orders", call)
    row = data.find(arguments.text("shop_order_id"))
    if row is None:
        raise invalid("20014", "订单不存在")
    return {"shop_order_detail": data.render(row, "order_details")}


def cases(platform: DouyinShop, call: Call, arguments: Arguments) -> Body:
    """Answer after-sales cases; without `update_time asc` every seventh is left out."""
    data = platform.dataset(call.account, "refunds", call)
    offset, size = arguments.page(first=0, deepest=_DEEPEST)
    if "aftersale_id" in arguments:
        row = data.find(arguments.text("aftersale_id"))
        rows = [] if row is None else [row]
    else:
        begin, end = arguments.between("update_start_time", "update_end_time")
        rows = data.slice(begin, end + 1)
        if arguments.get("order_by") != ["update_time asc"]:
            rows = [row for row in rows if row.serial % 7]
    return {
        "items": _shown(data, call, rows[offset : offset + size]),
        "has_more": offset + size < len(rows),
        "total": len(rows),
        "page": offset // size,
        "size": size,
    }


def case(platform: DouyinShop, call: Call, arguments: Arguments) -> Body:
    """Answer one after-sales case."""
    data = platform.dataset(call.account, "refunds", call)
    row = data.find(arguments.text("after_sale_id"))
    if row is None:
        raise _missing("售后单不存在")
    record = data.render(row, "refund_details")
    if arguments.get("need_operation_record") is not True:
        record["process_info"]["record_logs_list"] = []
    return record


def _missing(message: str) -> Rejected:
    sub_code = "isv.business-failed:2010326"
    return Rejected(50002, "业务处理失败", sub_code=sub_code, sub_msg=message)


def products(platform: DouyinShop, call: Call, arguments: Arguments) -> Body:
    """Answer products; neither end of a window belongs to it, and deleted ones only by their state."""
    data = platform.dataset(call.account, "items", call)
    offset, size = arguments.page(first=1, deepest=10_000)
    if "product_id" in arguments:
        found = (data.find(one) for one in arguments.ids("product_id", 100))
        rows = [row for row in found if row is not None]
    else:
        begin = arguments.number("update_start_time", 0) * _SECOND_MS + _SECOND_MS
        end = arguments.number("update_end_time", _EVER // _SECOND_MS) * _SECOND_MS
        rows = data.slice(begin, max(begin, end), ascending=False)
    wanted = {arguments.number("status")} if "status" in arguments else {0, 1}
    if "product_id" not in arguments:
        rows = [row for row in rows if item_state(data, row) in wanted]
    return {
        "data": _shown(data, call, rows[offset : offset + size]),
        "total": len(rows),
        "page": offset // size + 1,
        "size": size,
    }


def product(platform: DouyinShop, call: Call, arguments: Arguments) -> Body:
    """Answer one product."""
    data = platform.dataset(call.account, "items", call)
    row = data.find(arguments.text("product_id"))
    if row is None:
        raise _missing("商品不存在")
    if arguments.get("show_draft") not in {None, "true", "false"}:
        raise arguments.refusal("show_draft", "the text true or false")
    return data.render(row, "item_details")


def skus(platform: DouyinShop, call: Call, arguments: Arguments) -> list[Body]:
    """Answer the skus of one product, as a bare array."""
    data = platform.dataset(call.account, "items", call)
    row = data.find(str(arguments.number("product_id")))
    if row is None:
        raise _missing("商品不存在")
    return [] if call.blank else t.cast("DouyinItem", data.entity).skus(data, row)


def _bills(entity: str, kind: type) -> Handler:
    def answer(platform: DouyinShop, call: Call, arguments: Arguments) -> Body:
        data = platform.dataset(call.account, entity, call)
        if not isinstance(arguments.get("time_type"), kind):
            raise arguments.refusal("time_type", kind.__name__)
        size = arguments.number("size", 100, low=1, high=100)
        try:
            begin, end = (_moment(arguments.text(name)) for name in ("start_time", "end_time"))
        except ValueError:
            return _not_ready("100001", "时间格式错误")
        index = int(arguments.get("start_index") or -1)
        rows = data.after(begin, index, end + _SECOND_MS, size + 1, "created")
        more = len(rows) > size
        rows = rows[:size]
        last = rows[-1] if rows else None
        return {
            "code": "100000",
            "code_msg": "success",
            "data": _shown(data, call, rows),
            "size": size,
            "data_size": len(rows),
            # Rows of one second go on by index, so both have to be sent back.
            "next_start_index": "" if last is None else str(last.serial),
            "next_start_time": "" if last is None else beijing(last.created),
            "is_end": int(not more),
        }

    return answer


def _not_ready(code: str, message: str) -> Body:
    return {"code": code, "code_msg": message, "data": [], "is_end": 1}


def _moment(text: str) -> int:
    parsed = time.strptime(text, "%Y-%m-%d %H:%M:%S")
    return (calendar.timegm(parsed) - BEIJING_SECONDS) * _SECOND_MS


def warehouses(platform: DouyinShop, call: Call, arguments: Arguments) -> Body:
    """Answer warehouses by creation."""
    data = platform.dataset(call.account, "warehouses", call)
    offset, size = arguments.page(first=0, deepest=101 * 100)
    ascending = arguments.get("rank") == "asc"
    rows = data.slice(offset=offset, limit=size, ascending=ascending, axis="created")
    return {"warehouses": _shown(data, call, rows), "total": data.count()}


def brands(_platform: DouyinShop, call: Call, _arguments: Arguments) -> list[Body]:
    """Answer the brands, as a bare array."""
    return [] if call.blank else list(BRANDS)


CALLS: dict[str, Handler] = {
    "order.searchList": orders,
    "order.orderDetail": order,
    "afterSale.List": cases,
    "afterSale.Detail": case,
    "product.listV2": products,
    "product.detail": product,
    "sku.list": skus,
    "order.getSettleBillDetailV3": _bills("settled_bills", str),
    "order.getShopAccountItem": _bills("funds_statements", int),
    "warehouse.list": warehouses,
    "shop.brandList": brands,
}
"""Every call that the simulated platform knows."""
