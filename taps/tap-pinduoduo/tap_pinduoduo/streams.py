"""The streams of 拼多多; each names its API at open.pinduoduo.com."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from openplatform.accounts import Account
from openplatform.declarations import ById, CountField, Details, Each, FullTable, Incremental
from openplatform.paging import PageNumber
from openplatform.streams import PlatformStream
from openplatform.windows import TimeFilter
from typing_extensions import override

from tap_pinduoduo.client import ROOTS, PinduoduoStream

_HALF_HOUR = timedelta(minutes=30)
_DAY = timedelta(days=1)
_KEPT = timedelta(days=90)
_BEHIND = timedelta(minutes=3)
_CONFIRMED = TimeFilter("start_confirm_at", "end_confirm_at", "s", maximum=_DAY, retention=_KEPT)
_STATES = ("1", "2", "3")
_CASE_STATES = (0, *range(2, 19), 21, 22, 24, 25, 27, 31, 32, 33)


class Orders(PinduoduoStream):
    """pdd.order.number.list.increment.get, by update time: half an hour a call, three minutes behind."""

    name = "orders"
    api = "pdd.order.number.list.increment.get"
    records = f"{ROOTS[api]}.order_sn_list[]"
    key = ("order_sn",)
    updated = "updated_at"
    # They look like filters, and must be there all the same.
    params: t.ClassVar = {
        "is_lucky_flag": 0,
        "order_status": 5,
        "refund_status": 5,
        "use_has_next": False,
    }
    by_id = ById(
        "order_sn",
        api="pdd.order.information.get",
        records=f"{ROOTS['pdd.order.information.get']}.order_info",
    )
    count_fields: t.ClassVar = {"order_status": CountField("order_status", _STATES, "order_status")}
    reads = Incremental(
        time=TimeFilter(
            "start_updated_at",
            "end_updated_at",
            "s",
            maximum=_HALF_HOUR,
            retention=_KEPT,
            behind=_BEHIND,
        ),
        paging=PageNumber("page", "page_size", 100, f"{ROOTS[api]}.total_count"),
    )


class OrderDetails(PinduoduoStream):
    """pdd.order.information.get, for each order; the list tells all of it but the store."""

    name = "order_details"
    api = "pdd.order.information.get"
    records = f"{ROOTS[api]}.order_info"
    key = ("order_sn",)
    updated = "updated_at"
    reads = Details(of="orders", field="order_sn", param="order_sn")
    selected_by_default = False


class OrdersConfirmed(PinduoduoStream):
    """pdd.order.list.get, by 成交时间: what changes later is not told, but a day fits into a call."""

    name = "orders_confirmed"
    api = "pdd.order.list.get"
    records = f"{ROOTS[api]}.order_list[]"
    key = ("order_sn",)
    happened = "confirm_time"
    params: t.ClassVar = {"order_status": 5, "refund_status": 5, "use_has_next": False}
    reads = Incremental(
        time=_CONFIRMED,
        paging=PageNumber("page", "page_size", 100, f"{ROOTS[api]}.total_count"),
    )
    selected_by_default = False


class OrdersBasic(OrdersConfirmed):
    """pdd.order.basic.list.get: the same without what is personal."""

    name = "orders_basic"
    api = "pdd.order.basic.list.get"
    records = f"{ROOTS[api]}.order_list[]"
    reads = Incremental(
        time=_CONFIRMED,
        paging=PageNumber("page", "page_size", 100, f"{ROOTS[api]}.total_count"),
    )


class Refunds(PinduoduoStream):
    """pdd.refund.list.increment.get, by update time, once for each state: none of them means all."""

    name = "refunds"
    api = "pdd.refund.list.increment.get"
    records = f"{ROOTS[api]}.refund_list[]"
    key = ("id",)
    updated = "updated_time"
    params: t.ClassVar = {"after_sales_type": 1}
    reads = Incremental(
        time=TimeFilter(
            "start_updated_at", "end_updated_at", "s", maximum=_HALF_HOUR, behind=_BEHIND
        ),
        paging=PageNumber("page", "page_size", 100, f"{ROOTS[api]}.total_count"),
        each=(
            Each(values=_CASE_STATES, param="after_sales_status", chosen="after_sales_statuses"),
        ),
        history=_KEPT,
    )

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """The detail of a case wants the order as well as the case."""
        return {**raw, "after_sales_key": f"{raw.get('order_sn')}/{raw.get('id')}"}


class RefundDetails(PinduoduoStream):
    """pdd.refund.information.get, for each after-sales case."""

    name = "refund_details"
    api = "pdd.refund.information.get"
    records = ""
    key = ("id",)
    updated = "updated_time"
    reads = Details(
        of="refunds", field="after_sales_key", param="after_sales_key", carry="after_sales_key"
    )

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """A case is asked for by its order, which must be there, and by its own number."""
        order, _, case = str(params.pop("after_sales_key")).rpartition("/")
        return {**params, "order_sn": order, "after_sales_id": int(case)}

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """What the answer's root is called is not documented: it is the one that holds the case."""
        if "order_sn" in raw:
            return t.cast("dict[str, t.Any]", raw)
        roots = (one for one in raw.values() if isinstance(one, dict))
        return next((one for one in roots if "order_sn" in one), {})


class Items(PinduoduoStream):
    """pdd.goods.list.get: no filter by update, no promise about the order."""

    name = "items"
    api = "pdd.goods.list.get"
    records = f"{ROOTS[api]}.goods_list[]"
    key = ("goods_id",)
    reads = FullTable(
        paging=PageNumber("page", "page_size", 100, f"{ROOTS[api]}.total_count"),
        confirm_absence=2,
    )


class ItemDetails(PinduoduoStream):
    """pdd.goods.detail.get, for each item; its prices are in fen."""

    name = "item_details"
    api = "pdd.goods.detail.get"
    records = ROOTS[api]
    key = ("goods_id",)
    reads = Details(of="items", field="goods_id", param="goods_id")


class Shops(PinduoduoStream):
    """pdd.mall.info.get: the shop itself."""

    name = "shops"
    api = "pdd.mall.info.get"
    records = ROOTS[api]
    key = ("mall_id",)
    reads = FullTable()


class LogisticsCompanies(PinduoduoStream):
    """pdd.logistics.companies.get."""

    name = "logistics_companies"
    api = "pdd.logistics.companies.get"
    records = f"{ROOTS[api]}.logistics_companies[]"
    key = ("id",)
    reads = FullTable()


class DailyBills(PinduoduoStream):
    """pdd.finance.balance.daily.bill.url.get: where each day's bill file lies."""

    name = "daily_bills"
    api = "pdd.finance.balance.daily.bill.url.get"
    records = ROOTS[api]
    key = ("bill_date",)
    reads = Incremental(
        time=TimeFilter("bill_date", None, "date", maximum=_DAY, align=_DAY, carry="bill_date"),
        lookback=timedelta(days=3),
    )
    selected_by_default = False


ALL: tuple[type[PlatformStream], ...] = (
    Orders,
    OrderDetails,
    OrdersConfirmed,
    OrdersBasic,
    Refunds,
    RefundDetails,
    Items,
    ItemDetails,
    Shops,
    LogisticsCompanies,
    DailyBills,
)
