"""The streams of 有赞; each names its API at doc.youzanyun.com."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from openplatform.accounts import Account
from openplatform.declarations import ById, CountField, Details, Each, FullTable, Incremental
from openplatform.paging import PageNumber
from openplatform.streams import PlatformStream
from openplatform.windows import TimeFilter
from typing_extensions import override

from tap_youzan.client import YouzanStream

_QUARTER = timedelta(days=89)
_DECADE = timedelta(days=3650)
_MINUTE = timedelta(minutes=1)
_STATES = (
    "WAIT_BUYER_PAY",
    "WAIT_SELLER_SEND_GOODS",
    "WAIT_BUYER_CONFIRM_GOODS",
    "TRADE_SUCCESS",
    "TRADE_CLOSED",
    "TRADE_REFUND",
)


class Orders(YouzanStream):
    """youzan.trades.sold.get 4.0.4, by update time."""

    name = "orders"
    api = "youzan.trades.sold.get/4.0.4"
    records = "data.full_order_info_list[].full_order_info"
    key = ("tid",)
    lift: t.ClassVar = {"tid": "order_info.tid", "update_time": "order_info.update_time"}
    updated = "update_time"
    by_id = ById("tid")
    count_fields: t.ClassVar = {"status": CountField("status", _STATES, "order_info.status")}
    reads = Incremental(
        time=TimeFilter("start_update", "end_update", "local", maximum=_QUARTER),
        paging=PageNumber("page_no", "page_size", 100, "data.total_results", pages_cap=100),
        confirm_empty=True,
    )


class OrderDetails(YouzanStream):
    """youzan.trade.get 4.0.2, for each order."""

    name = "order_details"
    api = "youzan.trade.get/4.0.2"
    records = "data"
    key = ("tid",)
    lift: t.ClassVar = {
        "tid": "full_order_info.order_info.tid",
        "update_time": "full_order_info.order_info.update_time",
    }
    updated = "update_time"
    reads = Details(of="orders", field="tid", param="tid")


class Refunds(YouzanStream):
    """youzan.trade.refund.search 3.0.1, by update time."""

    name = "refunds"
    api = "youzan.trade.refund.search/3.0.1"
    records = "data.refunds[]"
    key = ("refund_id",)
    updated = "modified"
    by_id = ById("refund_id")
    reads = Incremental(
        time=TimeFilter("update_time_start", "update_time_end", "s", maximum=_QUARTER),
        paging=PageNumber("page_no", "page_size", 100, "data.total", rows_cap=3000),
        confirm_empty=True,
    )


class RefundDetails(YouzanStream):
    """youzan.trade.refund.get 3.0.1, for each refund."""

    name = "refund_details"
    api = "youzan.trade.refund.get/3.0.1"
    records = "data"
    key = ("refund_id",)
    reads = Details(of="refunds", field="refund_id", param="refund_id")


class Items(YouzanStream):
    """youzan.item.base.search 1.0.0 (new model), in windows of update time: 5,000 rows a query."""

    name = "items"
    api = "youzan.item.base.search/1.0.0"
    records = "data.items[]"
    key = ("item_id",)
    params: t.ClassVar = {"channel": 0, "sorts": ["UPDATE_TIME_ASC"]}
    by_id = ById("item_ids", batch=20)
    ended_by = frozenset({"ITEM_STATE"})
    reads = FullTable(
        time=TimeFilter("min_update_time", "max_update_time", "ms", maximum=_DECADE),
        paging=PageNumber("page_no", "page_size", 50, "data.paginator.total_count", rows_cap=5000),
    )

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """The API wants the shop named, ids as numbers, and the time filter in an object of its own."""
        if "item_ids" in params:
            params["item_ids"] = [int(identifier) for identifier in params["item_ids"]]
        low, high = params.pop("min_update_time", None), params.pop("max_update_time", None)
        if low is not None:
            params["item_range_query"] = {"min_update_time": low, "max_update_time": high}
        return {"kdt_id": int(account.id), **params}


class _OldItems(YouzanStream):
    """Lists of the old item model: page_no x page_size below 4,000, in windows of update time."""

    records = "data.items[]"
    key = ("item_id",)
    params: t.ClassVar = {"order_by": "update_time:asc", "channel": 0}
    reads = FullTable(
        time=TimeFilter("update_time_start", "update_time_end", "ms", maximum=_DECADE),
        paging=PageNumber("page_no", "page_size", 100, "data.count", rows_cap=3900),
    )


class ItemsOnsale(_OldItems):
    """youzan.items.onsale.get 3.0.0 (old model, still served)."""

    name = "items_onsale"
    api = "youzan.items.onsale.get/3.0.0"


class ItemsInventory(_OldItems):
    """youzan.items.inventory.get 3.0.0 (old model, still served): items in the warehouse."""

    name = "items_inventory"
    api = "youzan.items.inventory.get/3.0.0"


class ItemDetails(YouzanStream):
    """youzan.item.detail.get 1.0.1, for each item."""

    name = "item_details"
    api = "youzan.item.detail.get/1.0.1"
    records = "data"
    key = ("item_id",)
    reads = Details(of="items", field="item_id", param="item_id", cache=_MINUTE)


class Skus(YouzanStream):
    """The sku_list of youzan.item.detail.get 1.0.1, one record a sku."""

    name = "skus"
    api = "youzan.item.detail.get/1.0.1"
    records = "data.sku_list[]"
    key = ("item_id", "sku_id")
    reads = Details(of="items", field="item_id", param="item_id", carry="item_id", cache=_MINUTE)


class RetailProducts(YouzanStream):
    """youzan.retail.open.spu.query 3.0.0, in windows of creation: 3,600 rows a query."""

    name = "retail_products"
    api = "youzan.retail.open.spu.query/3.0.0"
    records = "data.spus[]"
    key = ("spu_id",)
    reads = FullTable(
        time=TimeFilter("create_time_start", "create_time_end", "local", maximum=_DECADE),
        paging=PageNumber("page_no", "page_size", 20, "data.paginator.total_count", rows_cap=3600),
    )


class Warehouses(YouzanStream):
    """youzan.retail.open.warehouse.query 3.0.0."""

    name = "warehouses"
    api = "youzan.retail.open.warehouse.query/3.0.0"
    records = "data.warehouses[]"
    key = ("warehouse_id",)
    reads = FullTable(paging=PageNumber("page_no", "page_size", 20, "data.paginator.total_count"))


class WarehouseStock(YouzanStream):
    """youzan.retail.open.query.warehousestock 1.0.0, for each warehouse and 50 skus at a time."""

    name = "warehouse_stock"
    api = "youzan.retail.open.query.warehousestock/1.0.0"
    records = "data[]"
    key = ("warehouse_code", "sku_code")
    reads = FullTable(
        each=(
            Each("warehouses", "warehouse_code", "warehouse_code", carry="warehouse_code"),
            Each("retail_products", "skus[].sku_code", "sku_codes", batch=50),
        )
    )


class _StockOrders(YouzanStream):
    """Stock movements, by creation: what changes later is not told."""

    records = "data.orders[]"
    key = ("biz_bill_no",)
    happened = "create_time"
    params: t.ClassVar = {"show_item": True}
    reads = Incremental(
        time=TimeFilter("create_time_start", "create_time_end", "local", maximum=_QUARTER),
        paging=PageNumber("page_no", "page_size", 20, "data.paginator.total_count"),
        lookback=timedelta(days=3),
    )


class StockInOrders(_StockOrders):
    """youzan.retail.open.stockinorder.query 3.0.0."""

    name = "stock_in_orders"
    api = "youzan.retail.open.stockinorder.query/3.0.0"


class StockOutOrders(_StockOrders):
    """youzan.retail.open.stockoutorder.query 3.0.0."""

    name = "stock_out_orders"
    api = "youzan.retail.open.stockoutorder.query/3.0.0"


class Customers(YouzanStream):
    """youzan.scrm.customer.list 1.0.0, in windows of creation: 10,000 rows a query."""

    name = "customers"
    api = "youzan.scrm.customer.list/1.0.0"
    records = "data.record_list[]"
    key = ("yz_open_id",)
    reads = FullTable(
        time=TimeFilter("created_at_start", "created_at_end", "s", maximum=_DECADE),
        paging=PageNumber("page_no", "page_size", 50, "data.total", rows_cap=10_000),
    )

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """The unit of the time filter is in dispute, so it is a setting."""
        if self.config.get("customer_time_unit") == "ms":
            for name in ("created_at_start", "created_at_end"):
                if name in params:
                    params[name] *= 1000
        return params


class CustomerDetails(YouzanStream):
    """youzan.scrm.customer.detail.get 1.0.1, for each customer."""

    name = "customer_details"
    api = "youzan.scrm.customer.detail.get/1.0.1"
    records = "data"
    key = ("yz_open_id",)
    params: t.ClassVar = {
        "fields": (
            "user_base,tags,benefit_cards,benefit_level,benefit_rights,credit,behavior,giftcard,"
            "prepaid,coupon,level,auth_info"
        ),
        "is_do_ext_point": False,
    }
    reads = Details(of="customers", field="yz_open_id", param="yz_open_id", carry="yz_open_id")
    selected_by_default = False

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """The customer is named twice: versions of the API read one or the other."""
        return {**params, "account_info": _customer(params["yz_open_id"])}


class PointsChanges(YouzanStream):
    """youzan.crm.customer.points.changelog.search 4.0.2, for each customer; one year at the most."""

    name = "points_changes"
    api = "youzan.crm.customer.points.changelog.search/4.0.2"
    records = "data.items[]"
    key = ("yz_open_id", "created_at", "amount", "biz_value")
    happened = "created_at"
    reads = Incremental(
        time=TimeFilter(
            "begin_time",
            "end_time",
            "local",
            maximum=timedelta(days=31),
            retention=timedelta(days=365),
        ),
        paging=PageNumber("page", "page_size", 50, "data.paginator.total_count"),
        each=(Each("customers", "yz_open_id", "user", carry="yz_open_id"),),
        lookback=timedelta(days=1),
    )
    params: t.ClassVar = {"type": 0}
    selected_by_default = False

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """The customer is an object."""
        return {**params, "user": _customer(params["user"])}

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """Entries without a business number still need a whole key: they have no id."""
        return {**raw, "biz_value": raw.get("biz_value") or ""}


class Shops(YouzanStream):
    """youzan.shop.basic.get 3.0.0: the shop itself."""

    name = "shops"
    api = "youzan.shop.basic.get/3.0.0"
    records = "data"
    key = ("kdt_id",)
    lift: t.ClassVar = {"kdt_id": "sid"}
    reads = FullTable()


class Branches(YouzanStream):
    """youzan.shop.chain.descendent.organization.list 1.0.1: the shops below a chain's head office."""

    name = "branches"
    api = "youzan.shop.chain.descendent.organization.list/1.0.1"
    records = "data.organization_list[]"
    key = ("kdt_id",)
    reads = FullTable(paging=PageNumber("page_num", "page_size", 50, "data.total"))
    selected_by_default = False


class Stores(YouzanStream):
    """youzan.multistore.offline.search 3.0.0: 网点 (2019 SDK; may be retired)."""

    name = "stores"
    api = "youzan.multistore.offline.search/3.0.0"
    records = "data.list[]"
    key = ("id",)
    reads = FullTable(paging=PageNumber("page_no", "page_size", 50, "data.count"))
    selected_by_default = False


class ExpressCompanies(YouzanStream):
    """youzan.logistics.express.get 3.0.0."""

    name = "express_companies"
    api = "youzan.logistics.express.get/3.0.0"
    records = "data.allExpress[]"
    key = ("id",)
    reads = FullTable()


class Salesmen(YouzanStream):
    """youzan.salesman.accounts.get 3.0.0 (2019 SDK; may be retired)."""

    name = "salesmen"
    api = "youzan.salesman.accounts.get/3.0.0"
    records = "data.accounts[]"
    key = ("seller",)
    reads = FullTable(paging=PageNumber("page_no", "page_size", 100, "data.total_results"))
    selected_by_default = False


def _customer(open_id: str) -> dict[str, t.Any]:
    return {"account_type": 5, "account_id": open_id}


ALL: tuple[type[PlatformStream], ...] = (
    Orders,
    OrderDetails,
    Refunds,
    RefundDetails,
    Items,
    ItemsOnsale,
    ItemsInventory,
    ItemDetails,
    Skus,
    RetailProducts,
    Warehouses,
    WarehouseStock,
    StockInOrders,
    StockOutOrders,
    Customers,
    CustomerDetails,
    PointsChanges,
    Shops,
    Branches,
    Stores,
    ExpressCompanies,
    Salesmen,
)
