"""The streams of 聚水潭; each names its API at openweb.jushuitan.com."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from openplatform.accounts import Account
from openplatform.declarations import ById, Each, FullTable, Incremental, RowVersions
from openplatform.paging import HasNext, PageNumber
from openplatform.streams import PlatformStream
from openplatform.windows import TimeFilter
from typing_extensions import override

from tap_jushuitan.client import JushuitanStream

# A minute less than what is allowed: spans of just that were seen to be refused.
_WEEK = timedelta(days=7, minutes=-1)
_DAY = timedelta(days=1, minutes=-1)
_RECEIPT_STATES = ["WaitConfirm", "Confirmed", "Cancelled", "Delete", "Archive", "OuterConfirming"]


# Counting would slow the platform down; the receipts take nothing beside the version.
_VERSIONS = RowVersions("start_ts", "ts", params={"is_get_total": False})
_BARE_VERSIONS = RowVersions("start_ts", "ts")
_STOCK_VERSIONS = RowVersions("ts", "ts", params={"has_lock_qty": True})


def _modified(maximum: timedelta = _WEEK) -> TimeFilter:
    return TimeFilter("modified_begin", "modified_end", "local", maximum=maximum)


def _pages(limit: int = 50) -> PageNumber:
    flag = "data.has_next"
    return PageNumber("page_index", "page_size", limit, "data.data_count", has_next=flag)


class _Numbers(JushuitanStream):
    """Lists that are asked by ids which are JSON numbers there, and text here."""

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Ids are text in our records, but JSON numbers to the platform."""
        name = self.by_id.param if self.by_id else ""
        if name in params:
            params[name] = [int(identifier) for identifier in params[name]]
        return params


class _Traded(_Numbers):
    """Lists that tell the figures of cross-border trade only when they are asked to.

    Attributes:
        wanted: The parameters that ask.
    """

    wanted: t.ClassVar[tuple[str, ...]]

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Whoever sells at home needs none of it, so a setting asks."""
        asked = self.wanted if self.config.get("cross_border") else ()
        return super().arguments(account, {**params, **dict.fromkeys(asked, True)})


class _Joined(JushuitanStream):
    """Lists that are asked by ids which are joined by commas."""

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Several ids are one text."""
        if "sku_ids" in params:
            params["sku_ids"] = ",".join(params["sku_ids"])
        return params


class Orders(_Traded):
    """orders.single.query: all but those of Taobao and Tmall (old generation: and Pinduoduo)."""

    name = "orders"
    api = "orders.single.query"
    records = "data.orders[]"
    key = ("o_id",)
    updated = "modified"
    wanted = ("is_get_cbfinance",)
    by_id = ById("o_ids", batch=20)
    reads = Incremental(time=_modified(), paging=_pages(), versions=_VERSIONS)


class Refunds(_Numbers):
    """refund.single.query: after-sales."""

    name = "refunds"
    api = "refund.single.query"
    records = "data.datas[]"
    key = ("as_id",)
    updated = "modified"
    by_id = ById("as_ids", batch=20)
    reads = Incremental(time=_modified(), paging=_pages(), versions=_VERSIONS)


class RefundReceipts(_Numbers):
    """aftersale.received.query: what came back."""

    name = "refund_receipts"
    api = "aftersale.received.query"
    records = "data.datas[]"
    key = ("io_id",)
    updated = "modified"
    by_id = ById("io_ids", batch=50)
    reads = Incremental(time=_modified(), paging=_pages(), versions=_VERSIONS)


class OutboundOrders(_Traded):
    """orders.out.simple.query: sales outbound."""

    name = "outbound_orders"
    api = "orders.out.simple.query"
    records = "data.datas[]"
    key = ("io_id",)
    updated = "modified"
    wanted = ("is_get_cbfinance", "is_get_cblogistic")
    by_id = ById("io_ids", batch=50)
    reads = Incremental(time=_modified(), paging=_pages(), versions=_VERSIONS)


class Inventory(_Joined):
    """inventory.query: the stock of all warehouses together; what did not change does not come."""

    name = "inventory"
    api = "inventory.query"
    records = "data.inventorys[]"
    key = ("sku_id",)
    updated = "modified"
    params: t.ClassVar = {"has_lock_qty": True}
    by_id = ById("sku_ids", batch=100)
    reads = Incremental(
        time=_modified(),
        paging=HasNext("page_index", "page_size", 100, "data.has_next"),
        versions=_STOCK_VERSIONS,
    )


class WarehouseInventory(JushuitanStream):
    """inventory.query, for each warehouse; the answer does not tell which one it is."""

    name = "warehouse_inventory"
    api = "inventory.query"
    records = "data.inventorys[]"
    key = ("wms_co_id", "sku_id")
    updated = "modified"
    params: t.ClassVar = {"has_lock_qty": True}
    reads = Incremental(
        time=_modified(),
        paging=HasNext("page_index", "page_size", 100, "data.has_next"),
        each=(Each("warehouses", "wms_co_id", "wms_co_id", carry="wms_co_id"),),
    )
    selected_by_default = False

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """The warehouse is a JSON number."""
        return {**params, "wms_co_id": int(params["wms_co_id"])}


class Skus(_Joined):
    """sku.query."""

    name = "skus"
    api = "sku.query"
    records = "data.datas[]"
    key = ("sku_id",)
    updated = "modified"
    params: t.ClassVar = {"date_field": "modified"}
    by_id = ById("sku_ids", batch=20)
    reads = Incremental(time=_modified(), paging=_pages())


class Items(JushuitanStream):
    """mall.item.query: by style, with its skus."""

    name = "items"
    api = "mall.item.query"
    records = "data.datas[]"
    key = ("i_id",)
    updated = "modified"
    params: t.ClassVar = {"date_field": "modified"}
    by_id = ById("i_ids", batch=20)
    reads = Incremental(time=_modified(), paging=_pages())


class ShopSkus(JushuitanStream):
    """skumap.query: which sku of a shop is which of the ERP."""

    name = "shop_skus"
    api = "skumap.query"
    records = "data.datas[]"
    key = ("shop_id", "shop_i_id", "shop_sku_id")
    updated = "modified"
    reads = Incremental(time=_modified(), paging=_pages())


class CombineSkus(_Joined):
    """combine.sku.query: skus made of others."""

    name = "combine_skus"
    api = "combine.sku.query"
    records = "data.datas[]"
    key = ("sku_id",)
    updated = "modified"
    by_id = ById("sku_ids", batch=20)
    reads = Incremental(time=_modified(), paging=_pages())


class Shops(_Numbers):
    """shops.query."""

    name = "shops"
    api = "shops.query"
    records = "data.datas[]"
    key = ("shop_id",)
    by_id = ById("shop_ids", batch=100)
    reads = FullTable(
        paging=HasNext("page_index", "page_size", 100, "data.has_next"), confirm_absence=2
    )

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """The old generation takes nothing, and answers with all of them at once."""
        if self.config.get("generation") == "old":
            return {}
        return super().arguments(account, params)


class LogisticsCompanies(JushuitanStream):
    """logisticscompany.query."""

    name = "logistics_companies"
    api = "logisticscompany.query"
    records = "data.datas[]"
    key = ("lc_id",)
    reads = FullTable(paging=_pages())


class Warehouses(JushuitanStream):
    """wms.partner.query: those that are in use."""

    name = "warehouses"
    api = "wms.partner.query"
    records = "data.datas[]"
    key = ("wms_co_id",)
    reads = FullTable(paging=_pages(30))


class Categories(_Numbers):
    """category.query."""

    name = "categories"
    api = "category.query"
    records = "data.datas[]"
    key = ("c_id",)
    by_id = ById("c_ids", batch=20)
    reads = FullTable(paging=_pages(30))


class Suppliers(_Numbers):
    """supplier.query: a day at the most."""

    name = "suppliers"
    api = "supplier.query"
    records = "data.datas[]"
    key = ("supplier_id",)
    updated = "modified"
    by_id = ById("supplier_ids", batch=50)
    reads = Incremental(time=_modified(_DAY), paging=_pages(500))


class PurchaseOrders(_Numbers):
    """purchase.query."""

    name = "purchase_orders"
    api = "purchase.query"
    records = "data.datas[]"
    key = ("po_id",)
    updated = "modified"
    by_id = ById("po_ids", batch=20)
    reads = Incremental(time=_modified(), paging=_pages())


class PurchaseReceipts(_Numbers):
    """purchasein.query; without the states, only those that are done."""

    name = "purchase_receipts"
    api = "purchasein.query"
    records = "data.datas[]"
    key = ("io_id",)
    updated = "modified"
    params: t.ClassVar = {"statuss": _RECEIPT_STATES}
    by_id = ById("io_ids", batch=30)
    reads = Incremental(time=_modified(), paging=_pages(), versions=_BARE_VERSIONS)


class PurchaseReturns(_Numbers):
    """purchaseout.query."""

    name = "purchase_returns"
    api = "purchaseout.query"
    records = "data.datas[]"
    key = ("io_id",)
    updated = "modified"
    by_id = ById("io_ids", batch=30)
    reads = Incremental(time=_modified(), paging=_pages())


class Transfers(_Numbers):
    """allocate.query: between warehouses."""

    name = "transfers"
    api = "allocate.query"
    records = "data.datas[]"
    key = ("io_id",)
    updated = "modified"
    by_id = ById("io_ids", batch=20)
    reads = Incremental(time=_modified(), paging=_pages())


class OtherInout(_Numbers):
    """other.inout.query: all else that goes in or out."""

    name = "other_inout"
    api = "other.inout.query"
    records = "data.datas[]"
    key = ("io_id",)
    updated = "modified"
    by_id = ById("io_ids", batch=50)
    reads = Incremental(time=_modified(), paging=_pages())


class Shipments(JushuitanStream):
    """logistic.query, by modification; its records do not tell when that was."""

    name = "shipments"
    api = "logistic.query"
    records = "data.orders[]"
    key = ("o_id", "l_id")
    params: t.ClassVar = {"date_type": 0}
    reads = Incremental(time=_modified(), paging=_pages())


class OrderActions(JushuitanStream):
    """order.action.query: the log of what was done to orders; a day at the most."""

    name = "order_actions"
    api = "order.action.query"
    records = "data.datas[]"
    key = ("oa_id",)
    confirmed = False
    happened = "created"
    reads = Incremental(
        time=_modified(_DAY), paging=HasNext("page_index", "page_size", 500, "data.has_next")
    )


ALL: tuple[type[PlatformStream], ...] = (
    Orders,
    Refunds,
    RefundReceipts,
    OutboundOrders,
    Inventory,
    WarehouseInventory,
    Skus,
    Items,
    ShopSkus,
    CombineSkus,
    Shops,
    LogisticsCompanies,
    Warehouses,
    Categories,
    Suppliers,
    PurchaseOrders,
    PurchaseReceipts,
    PurchaseReturns,
    Transfers,
    OtherInout,
    Shipments,
    OrderActions,
)
