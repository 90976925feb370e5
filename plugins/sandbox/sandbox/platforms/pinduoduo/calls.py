"""The calls of 拼多多: spans, pages and answers of each, by API name."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable

from typing_extensions import override

from sandbox import arguments
from sandbox.dataset import Axis, Dataset, Row
from sandbox.http import Call, Rejected
from sandbox.mixing import digest
from sandbox.platforms.pinduoduo.rows import CASE_STATES, case_state, order_state
from sandbox.words import EXPRESS

if t.TYPE_CHECKING:
    from sandbox.platforms.pinduoduo import Pinduoduo

Body = dict[str, t.Any]
Handler = Callable[["Pinduoduo", Call, "Arguments"], t.Any]

_SECOND_MS = 1000
_DAY_MS = 86_400_000
_HALF_HOUR, _DAY, _WEEK = 1800, 86_400, 7 * 86_400
_KEPT_MS = 90 * _DAY_MS
_PARAMETER, _BUSINESS, _BAD, _MISSING = 10000, 50001, 21001, 21002

COMPANIES: t.Final = tuple(
    {"id": number, "code": f"C{number:03d}", "logistics_company": name, "available": number % 2}
    for number, name in enumerate(EXPRESS, 1)
)


class Arguments(arguments.Arguments):
    """The business parameters of one call."""

    digits = True

    @override
    def refusal(self, name: str, wanted: str) -> Rejected:
        code, text = (_BAD, "请求参数错误") if name in self else (_MISSING, "请求参数不能为空")
        return Rejected(code, text, sub_msg=f"{name}: {wanted}")

    def window(self, start: str, end: str, longest: int) -> tuple[int, int]:
        """Return a window in milliseconds, both ends inclusive."""
        begin, last = self.number(start), self.number(end)
        if last < begin or last - begin > longest:
            raise Rejected(_PARAMETER, "参数错误", sub_msg=f"{start}, {end}: {longest} s at most")
        return begin * _SECOND_MS, last * _SECOND_MS + 1

    def page(self) -> tuple[int, int]:
        """Return number and size of the page."""
        return self.number("page", 1, low=1), self.number("page_size", 100, low=1, high=100)


def _orders_in(
    data: Dataset, call: Call, window: tuple[int, int], axis: Axis, arguments: Arguments
) -> list[Row]:
    """Return the orders of a window, newest first, as far as the platform keeps them."""
    state = arguments.number("order_status", low=1, high=5)
    refunded = arguments.number("refund_status", low=1, high=5)
    return [
        row
        for row in data.slice(*window, ascending=False, axis=axis)
        if row.created >= call.now_ms - _KEPT_MS
        and state in {5, order_state(data, row)}
        and refunded in {5, 1}  # no order of ours is in dispute
    ]


def _page(
    data: Dataset, call: Call, rows: list[Row], arguments: Arguments, *, name: str, view: str
) -> Body:
    """Return a page; a total is told unless only `has_next` is asked for."""
    number, size = arguments.page()
    first = (number - 1) * size
    shown = [] if call.blank else rows[first : first + size]
    answer: Body = {name: data.json_list(shown, view)}
    if arguments.get("use_has_next") == "true":
        return answer | {"has_next": first + size < len(rows)}
    return answer | {"has_next": False, "total_count": len(rows)}


def orders_by_update(platform: Pinduoduo, call: Call, arguments: Arguments) -> Body:
    """Answer orders by their last change."""
    data = platform.dataset(call.account, "orders", call)
    arguments.number("is_lucky_flag", low=0, high=2)
    window = arguments.window("start_updated_at", "end_updated_at", _HALF_HOUR)
    arguments.number("page", low=1)
    rows = _orders_in(data, call, window, "updated", arguments)
    return _page(data, call, rows, arguments, name="order_sn_list", view="orders")


def _orders_by_confirmation(view: str) -> Handler:
    def answer(platform: Pinduoduo, call: Call, arguments: Arguments) -> Body:
        data = platform.dataset(call.account, "orders", call)
        window = arguments.window("start_confirm_at", "end_confirm_at", _DAY)
        for name in ("page", "page_size"):
            arguments.number(name, low=1)
        rows = _orders_in(data, call, window, "created", arguments)
        return _page(data, call, rows, arguments, name="order_list", view=view)

    return answer


def order(platform: Pinduoduo, call: Call, arguments: Arguments) -> Body:
    """Answer one order."""
    data = platform.dataset(call.account, "orders", call)
    row = data.find(arguments.text("order_sn"))
    if row is None or row.created < call.now_ms - _KEPT_MS:
        raise Rejected(_BUSINESS, "业务服务错误", sub_msg="订单不存在")
    return {"order_info": data.render(row, "order_details")}


def refunds(platform: Pinduoduo, call: Call, arguments: Arguments) -> Body:
    """Answer the after-sales cases of one state, or of one order."""
    data = platform.dataset(call.account, "refunds", call)
    window = arguments.window("start_updated_at", "end_updated_at", _HALF_HOUR)
    state = arguments.number("after_sales_status")
    if state not in CASE_STATES:
        raise arguments.refusal("after_sales_status", "a documented state")
    arguments.number("after_sales_type", low=1, high=6)
    if "order_sn" in arguments:
        wanted = arguments.text("order_sn")
        rows = [row for row in data.rows() if data.render(row)["order_sn"] == wanted]
    else:
        rows = [
            row for row in data.slice(*window, ascending=False) if case_state(data, row) == state
        ]
    number, size = arguments.page()
    first = (number - 1) * size
    shown = [] if call.blank else rows[first : first + size]
    return {"refund_list": data.json_list(shown), "total_count": len(rows)}


def refund(platform: Pinduoduo, call: Call, arguments: Arguments) -> Body:
    """Answer one after-sales case."""
    data = platform.dataset(call.account, "refunds", call)
    order_sn = arguments.text("order_sn")
    row = data.find(str(arguments.number("after_sales_id")))
    if row is None or data.render(row)["order_sn"] != order_sn:
        raise Rejected(_BUSINESS, "业务服务错误", sub_msg="售后单不存在")
    return data.render(row, "refund_details")


def goods(platform: Pinduoduo, call: Call, arguments: Arguments) -> Body:
    """Answer the goods, newest first."""
    data = platform.dataset(call.account, "items", call)
    start, end = 0, call.now_ms + _DAY_MS
    if "created_at_from" in arguments:
        start, end = arguments.window("created_at_from", "created_at_end", _WEEK)
    number, size = arguments.page()
    rows = data.slice(
        start, end, offset=(number - 1) * size, limit=size, ascending=False, axis="created"
    )
    return {
        "goods_list": data.json_list([] if call.blank else rows),
        "total_count": data.count(start, end, "created"),
    }


def goods_detail(platform: Pinduoduo, call: Call, arguments: Arguments) -> Body:
    """Answer one goods."""
    data = platform.dataset(call.account, "items", call)
    row = data.find(str(arguments.number("goods_id")))
    if row is None:
        raise Rejected(_BUSINESS, "业务服务错误", sub_msg="商品不存在")
    return data.render(row, "item_details")


def shop(platform: Pinduoduo, account: str) -> Body:
    """Return the shop of an account."""
    number = platform.accounts.index(account) + 1
    return {
        "mall_id": int(account),
        "mall_name": f"演示店铺{number}",
        "mall_desc": "演示",
        "logo": "https://img.example.com/logo.jpg",
        "merchant_type": 3,
        "mall_character": 1,
    }


def _shop(platform: Pinduoduo, call: Call, _arguments: Arguments) -> Body:
    return shop(platform, call.account)


def _companies(_platform: Pinduoduo, call: Call, _arguments: Arguments) -> Body:
    return {"logistics_companies": [] if call.blank else list(COMPANIES)}


def daily_bill(platform: Pinduoduo, call: Call, arguments: Arguments) -> Body:
    """Answer where the file of a day lies."""
    date = arguments.text("bill_date")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", date):
        raise Rejected(_PARAMETER, "参数错误", sub_msg="bill_date")
    name = digest(call.account, date)
    return {"download_url": f"{call.base_url}/{platform.slug}/_files/{name}"}


CALLS: dict[str, tuple[str, Handler]] = {
    "pdd.order.number.list.increment.get": ("order_sn_increment_get_response", orders_by_update),
    "pdd.order.list.get": ("order_list_get_response", _orders_by_confirmation("orders_confirmed")),
    "pdd.order.basic.list.get": (
        "order_basic_list_get_response",
        _orders_by_confirmation("orders_basic"),
    ),
    "pdd.order.information.get": ("order_info_get_response", order),
    "pdd.refund.list.increment.get": ("refund_increment_get_response", refunds),
    # The sheet does not know this root; it is formed like none of the others on purpose.
    "pdd.refund.information.get": ("refund_info_of_the_sandbox_response", refund),
    "pdd.goods.list.get": ("goods_list_get_response", goods),
    "pdd.goods.detail.get": ("goods_detail_get_response", goods_detail),
    "pdd.mall.info.get": ("mall_info_get_response", _shop),
    "pdd.logistics.companies.get": ("logistics_companies_get_response", _companies),
    "pdd.finance.balance.daily.bill.url.get": (
        "finance_balance_daily_bill_url_get_response",
        daily_bill,
    ),
}
"""Every call that the simulated platform knows, with the root of its answer."""
