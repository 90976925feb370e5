"""The calls of 1688: texts in a form, each answer under names of its own."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable
from datetime import datetime

import orjson
from typing_extensions import override

from sandbox import arguments
from sandbox.dataset import Dataset, Row
from sandbox.http import Call, Rejected
from sandbox.platforms.alibaba1688 import rows
from sandbox.words import EXPRESS

if t.TYPE_CHECKING:
    from sandbox.platforms.alibaba1688 import Alibaba1688

Body = dict[str, t.Any]
Handler = Callable[["Alibaba1688", Call, "Arguments"], Body]

_TIME = re.compile(r"\d{17}\+0800")
_DAY_MS = 86_400_000
_RECENT_MS = 90 * _DAY_MS


class Gone(Rejected):
    """A business refusal: HTTP 200 and camel-case names."""


class Arguments(arguments.Arguments):
    """The form fields of one call."""

    digits = True

    @override
    def refusal(self, name: str, wanted: str) -> Rejected:
        return Rejected("400", f"{name} must be {wanted}")

    def time(self, name: str) -> int | None:
        """Return a time as epoch milliseconds; None without it."""
        if name not in self:
            return None
        value = self.text(name)
        if not _TIME.fullmatch(value):
            raise self.refusal(name, "yyyyMMddHHmmssSSS+0800")
        moment = datetime.strptime(f"{value[:14]}{value[17:]}", "%Y%m%d%H%M%S%z")
        return int(moment.timestamp()) * 1000 + int(value[14:17])

    def flag(self, name: str) -> bool:
        """Return a truth value, which is a text."""
        value = self.text(name, "false")
        if value not in {"true", "false"}:
            raise self.refusal(name, "true or false")
        return value == "true"


def _window(arguments: Arguments) -> tuple[int | None, int | None]:
    start, end = arguments.time("modifyStartTime"), arguments.time("modifyEndTime")
    return start, None if end is None else end + 1


def _page(
    call: Call, arguments: Arguments, found: list[Row], *, first: int, name: str, most: int
) -> list[Row]:
    size = arguments.number("pageSize", 20, low=1, high=most)
    number = arguments.number(name, first, low=first) - first
    return [] if call.blank else found[number * size : (number + 1) * size]


def _in_table(found: list[Row], call: Call, *, old: bool) -> list[Row]:
    """Return the orders of the current table, or of the one for what is older."""
    return [row for row in found if (row.created < call.now_ms - _RECENT_MS) == old]


def orders(entity: str, most: int) -> Handler:
    """Return the handler of an order list: newest first, both ends of the window inclusive."""

    def handle(platform: Alibaba1688, call: Call, arguments: Arguments) -> Body:
        data = platform.dataset(call.account, entity, call)
        start, end = _window(arguments)
        found = data.slice(start, end, ascending=False)
        found = _in_table(found, call, old=arguments.flag("isHis"))
        page = _page(call, arguments, found, first=1, name="page", most=most)
        total = 0 if call.blank else len(found)
        return {"result": data.json_list(page), "totalRecord": total, "success": True}

    return handle


def one_order(entity: str) -> Handler:
    """Return the handler of the call for one order."""

    def handle(platform: Alibaba1688, call: Call, arguments: Arguments) -> Body:
        data, row = _order(platform, call, arguments, entity)
        return {
            "result": orjson.Fragment(data.json(row, f"{entity[:-1]}_details")),
            "success": True,
        }

    return handle


def _order(
    platform: Alibaba1688, call: Call, arguments: Arguments, entity: str
) -> tuple[Dataset, Row]:
    if arguments.text("webSite") != "1688":
        raise arguments.refusal("webSite", "1688")
    data = platform.dataset(call.account, entity, call)
    row = data.find(arguments.text("orderId"))
    if row is None:
        raise Gone("003", "SERVICE: failed to query data by the given id")
    return data, row


def parcels(entity: str) -> Handler:
    """Return the handler of the call for the parcels of an order."""

    def handle(platform: Alibaba1688, call: Call, arguments: Arguments) -> Body:
        data, row = _order(platform, call, arguments, entity)
        kind = t.cast("rows.SellerOrder", data.entity)
        if not kind.sent(data, row):
            raise Gone("500_2", "订单尚未发货", success=False)
        return {"result": [kind.shipment(data, row)], "success": True}

    return handle


def traces(entity: str) -> Handler:
    """Return the handler of the call for the way of an order's parcels."""

    def handle(platform: Alibaba1688, call: Call, arguments: Arguments) -> Body:
        data, row = _order(platform, call, arguments, entity)
        kind = t.cast("rows.SellerOrder", data.entity)
        if not kind.sent(data, row):
            raise Gone("500_2", "订单尚未发货", success=False)
        return {"logisticsTrace": [kind.trace(data, row)], "success": True}

    return handle


def refunds(entity: str) -> Handler:
    """Return the handler of a refund list: pages from 0, 730 days back."""

    def handle(platform: Alibaba1688, call: Call, arguments: Arguments) -> Body:
        data = platform.dataset(call.account, entity, call)
        applied = arguments.time("applyStartTime")
        if applied is not None and applied < call.now_ms - 730 * _DAY_MS:
            raise Gone("APPLY_TIME_ERROR", "apply time is too early")
        if arguments.number("dipsuteType", 1, low=0, high=2) != 0:
            raise arguments.refusal("dipsuteType", "0: no other is simulated")
        start, end = _window(arguments)
        found = data.slice(start, end, ascending=False)
        page = _page(call, arguments, found, first=0, name="currentPageNum", most=20)
        content = {
            "opOrderRefundModels": data.json_list(page),
            "totalCount": 0 if call.blank else len(found),
            "currentPageNum": arguments.number("currentPageNum", 0),
        }
        return {"result": content, "success": True}

    return handle


def one_refund(entity: str) -> Handler:
    """Return the handler of the call for one refund."""

    def handle(platform: Alibaba1688, call: Call, arguments: Arguments) -> Body:
        data = platform.dataset(call.account, entity, call)
        row = data.find(arguments.text("refundId"))
        if row is None:
            raise Gone("003002", "INVOKE_FAIL: no such refund")
        detail = orjson.Fragment(data.json(row, f"{entity[:-1]}_details"))
        return {"result": {"opOrderRefundModelDetail": detail}, "success": True}

    return handle


def items(platform: Alibaba1688, call: Call, arguments: Arguments) -> Body:
    """Answer the list of items."""
    data = platform.dataset(call.account, "items", call)
    found = data.slice(ascending=False)
    size = arguments.number("pageSize", 20, low=1, high=20)
    number = arguments.number("pageNo", 1, low=1)
    page = {
        "resultList": data.json_list(
            _page(call, arguments, found, first=1, name="pageNo", most=20)
        ),
        "totalRecords": 0 if call.blank else len(found),
        "sizePerPage": size,
        "pageIndex": number,
    }
    return {"result": {"pageResult": page}}


def one_item(platform: Alibaba1688, call: Call, arguments: Arguments) -> Body:
    """Answer one item."""
    data = platform.dataset(call.account, "items", call)
    row = data.find(arguments.text("productID"))
    if row is None or arguments.text("webSite") != "1688":
        raise Gone("003", "SERVICE: failed to query data by the given id")
    return data.render(row, "item_details")


def companies(_platform: Alibaba1688, _call: Call, _arguments: Arguments) -> Body:
    """Answer the logistics companies, all at once."""
    return {"result": [rows.company(place) for place in range(len(EXPRESS))]}


_TRADE, _LOGISTICS = "com.alibaba.trade/alibaba.trade", "com.alibaba.logistics/alibaba"
CALLS: t.Final[dict[str, Handler]] = {
    f"{_TRADE}.getSellerOrderList": orders("seller_orders", 20),
    f"{_TRADE}.ec.getOrderList.sellerView": orders("seller_orders", 20),
    f"{_TRADE}.getBuyerOrderList": orders("buyer_orders", 50),
    f"{_TRADE}.get.sellerView": one_order("seller_orders"),
    f"{_TRADE}.ec.getOrder.sellerView": one_order("seller_orders"),
    f"{_TRADE}.get.buyerView": one_order("buyer_orders"),
    f"{_TRADE}.refund.queryOrderRefundList": refunds("seller_refunds"),
    f"{_TRADE}.refund.buyer.queryOrderRefundList": refunds("buyer_refunds"),
    f"{_TRADE}.refund.OpQueryOrderRefund.sellerView": one_refund("seller_refunds"),
    f"{_TRADE}.refund.OpQueryOrderRefund": one_refund("buyer_refunds"),
    f"{_LOGISTICS}.trade.getLogisticsInfos.sellerView": parcels("seller_orders"),
    f"{_LOGISTICS}.trade.getLogisticsInfos.buyerView": parcels("buyer_orders"),
    f"{_LOGISTICS}.trade.getLogisticsTraceInfo.sellerView": traces("seller_orders"),
    f"{_LOGISTICS}.trade.getLogisticsTraceInfo.buyerView": traces("buyer_orders"),
    f"{_LOGISTICS}.logistics.OpQueryLogisticCompanyList": companies,
    "com.alibaba.product/alibaba.product.list.get": items,
    "com.alibaba.product/alibaba.product.get": one_item,
}
