"""The streams of 抖店; each names its API at op.jinritemai.com."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from openplatform.accounts import Account
from openplatform.declarations import ById, CountField, Details, Each, FullTable, Incremental
from openplatform.paging import Cursor, PageNumber
from openplatform.streams import PlatformStream
from openplatform.windows import TimeFilter
from typing_extensions import override

from tap_douyin_shop.client import DouyinShopStream

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_DECADE = timedelta(days=3650)
_KEPT = timedelta(days=90)
_STATES = ("1", "105", "2", "101", "3", "4", "5")


class Orders(DouyinShopStream):
    """order.searchList, by update time; the platform's defaults are creation, newest first."""

    name = "orders"
    api = "order.searchList"
    records = "data.shop_order_list[]"
    key = ("order_id",)
    updated = "update_time"
    params: t.ClassVar = {"order_by": "update_time", "order_asc": True}
    by_id = ById("shop_order_id", api="order.orderDetail", records="data.shop_order_detail")
    count_fields: t.ClassVar = {"order_status": CountField("order_status", _STATES, "order_status")}
    reads = Incremental(
        time=TimeFilter(
            "update_time_start",
            "update_time_end",
            "s",
            maximum=_WEEK,
            retention=_KEPT,
            behind=3 * _MINUTE,
        ),
        paging=PageNumber("page", "size", 100, "data.total", rows_cap=50_000, first=0),
    )

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """The filter by state is a list of one object."""
        if (state := params.pop("order_status", None)) is not None:
            params["combine_status"] = [{"order_status": state, "main_status": ""}]
        return params


class OrderDetails(DouyinShopStream):
    """order.orderDetail, for each order; it tells more of promotions, taxes and addresses."""

    name = "order_details"
    api = "order.orderDetail"
    records = "data.shop_order_detail"
    key = ("order_id",)
    updated = "update_time"
    reads = Details(of="orders", field="order_id", param="shop_order_id")
    selected_by_default = False


class Refunds(DouyinShopStream):
    """afterSale.List, by update time; without its order told, the platform leaves rows out."""

    name = "refunds"
    api = "afterSale.List"
    records = "data.items[]"
    key = ("aftersale_id",)
    lift: t.ClassVar = {
        "aftersale_id": "aftersale_info.aftersale_id",
        "update_time": "aftersale_info.update_time",
    }
    updated = "update_time"
    params: t.ClassVar = {"order_by": ["update_time asc"]}
    by_id = ById("aftersale_id")
    reads = Incremental(
        time=TimeFilter(
            "update_start_time",
            "update_end_time",
            "s",
            maximum=_WEEK,
            ends="inclusive",
            behind=3 * _MINUTE,
        ),
        paging=PageNumber("page", "size", 100, "data.total", rows_cap=50_000, first=0),
    )


class RefundDetails(DouyinShopStream):
    """afterSale.Detail, for each after-sales case."""

    name = "refund_details"
    api = "afterSale.Detail"
    records = "data"
    key = ("after_sale_id",)
    lift: t.ClassVar = {
        "after_sale_id": "process_info.after_sale_info.after_sale_id",
        "update_time": "process_info.after_sale_info.update_time",
    }
    updated = "update_time"
    params: t.ClassVar = {"need_operation_record": True}
    reads = Details(of="refunds", field="aftersale_id", param="after_sale_id")


class Items(DouyinShopStream):
    """product.listV2, once for each state (deleted ones are a state), in windows of update time."""

    name = "items"
    api = "product.listV2"
    records = "data.data[]"
    key = ("product_id",)
    by_id = ById("product_id", batch=10)
    reads = FullTable(
        time=TimeFilter("update_start_time", "update_end_time", "s", maximum=_DECADE),
        paging=PageNumber("page", "size", 100, "data.total", pages_cap=100),
        each=(Each(values=(0, 1, 2), param="status"),),
        # A state may change between the reading of two states.
        confirm_absence=2,
    )

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Neither end of the window belongs to it."""
        if "update_start_time" in params:
            params["update_start_time"] -= 1
        return params


class ItemDetails(DouyinShopStream):
    """product.detail, for each item, as it is online."""

    name = "item_details"
    api = "product.detail"
    records = "data"
    key = ("product_id",)
    params: t.ClassVar = {"show_draft": "false"}
    reads = Details(of="items", field="product_id", param="product_id")


class Skus(DouyinShopStream):
    """sku.list, for each item: stock and prices."""

    name = "skus"
    api = "sku.list"
    records = "data[]"
    key = ("id",)
    reads = Details(of="items", field="product_id", param="product_id", carry="product_id")

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """The other APIs take the same id as text."""
        return {**params, "product_id": int(params["product_id"])}


class _Bills(DouyinShopStream):
    """What the accounts show: complete from 15:00 on for the day before."""

    records = "data.data[]"
    params: t.ClassVar = {"time_type": "0"}
    reads = Incremental(
        time=TimeFilter(
            "start_time",
            "end_time",
            "local",
            maximum=_WEEK,
            align=_DAY,
            behind=timedelta(hours=15),
        ),
        paging=Cursor(
            "start_index",
            "data.next_start_index",
            size="size",
            last_flag="data.is_end",
            beside={"start_time": "data.next_start_time"},
        ),
        lookback=_WEEK,
    )


class SettledBills(_Bills):
    """order.getSettleBillDetailV3 (结算账单), by time of settlement."""

    name = "settled_bills"
    api = "order.getSettleBillDetailV3"
    key = ("request_no", "order_id", "trade_type")
    happened = "settle_time"


class FundsStatements(_Bills):
    """order.getShopAccountItem (动账明细), by the time at which money moved."""

    name = "funds_statements"
    api = "order.getShopAccountItem"
    key = ("account_trade_no",)
    happened = "bill_time"
    params: t.ClassVar = {"time_type": 0}


class Warehouses(DouyinShopStream):
    """warehouse.list; no filter by time."""

    name = "warehouses"
    api = "warehouse.list"
    records = "data.warehouses[]"
    key = ("warehouse_id",)
    params: t.ClassVar = {"order_by": "create_time", "rank": "asc"}
    reads = FullTable(paging=PageNumber("page", "size", 100, "data.total", pages_cap=101, first=0))


class Brands(DouyinShopStream):
    """shop.brandList: the brands that the shop may sell."""

    name = "brands"
    api = "shop.brandList"
    records = "data[]"
    key = ("id",)
    reads = FullTable()


ALL: tuple[type[PlatformStream], ...] = (
    Orders,
    OrderDetails,
    Refunds,
    RefundDetails,
    Items,
    ItemDetails,
    Skus,
    SettledBills,
    FundsStatements,
    Warehouses,
    Brands,
)
