"""The streams of 淘宝; each names its API at open.taobao.com."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from openplatform.accounts import Account
from openplatform.declarations import ById, CountField, Details, Each, FullTable, Incremental
from openplatform.paging import PageNumber
from openplatform.streams import PlatformStream
from openplatform.windows import TimeFilter
from typing_extensions import override

from tap_taobao.client import TaobaoStream
from tap_taobao.pushed import PushedItems, PushedOrders, PushedRefunds
from tap_taobao.qimen import QimenRecords

_DAY = timedelta(days=1)
_MONTH = timedelta(days=30)
_DECADE = timedelta(days=3650)
_KEPT = timedelta(days=90)
_STATES = (
    "TRADE_NO_CREATE_PAY",
    "WAIT_BUYER_PAY",
    "SELLER_CONSIGNED_PART",
    "WAIT_SELLER_SEND_GOODS",
    "WAIT_BUYER_CONFIRM_GOODS",
    "TRADE_BUYER_SIGNED",
    "TRADE_FINISHED",
    "TRADE_CLOSED",
    "TRADE_CLOSED_BY_TAOBAO",
    "PAY_PENDING",
    "WAIT_PRE_AUTH_CONFIRM",
    "PAID_FORBID_CONSIGN",
)


def _pages(
    root: str, limit: int = 100, *, pages: int | None = None, rows: int | None = None
) -> PageNumber:
    total = f"{root}_response.total_results"
    return PageNumber("page_no", "page_size", limit, total, pages_cap=pages, rows_cap=rows)


class _Trades(TaobaoStream):
    """A list of orders, newest first: the platform itself asks to read it from its last page."""

    key = ("tid",)
    count_fields: t.ClassVar = {"status": CountField("status", _STATES, "status")}

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Without its types named, the list hides most kinds of orders."""
        arguments = super().arguments(account, params)
        return arguments if "tid" in params else {**arguments, "type": self.config["order_types"]}


class Orders(_Trades):
    """taobao.trades.sold.increment.get, by update time; a day at the most."""

    name = "orders"
    api = "taobao.trades.sold.increment.get"
    records = "trades_sold_increment_get_response.trades.trade[]"
    updated = "modified"
    by_id = ById(
        "tid", api="taobao.trade.fullinfo.get", records="trade_fullinfo_get_response.trade"
    )
    reads = Incremental(
        time=TimeFilter("start_modified", "end_modified", "local", maximum=_DAY, retention=_KEPT),
        paging=_pages("trades_sold_increment_get"),
    )


class OrdersArrived(_Trades):
    """taobao.trades.sold.incrementv.get, by the time at which a change reached the shop's database."""

    name = "orders_arrived"
    api = "taobao.trades.sold.incrementv.get"
    records = "trades_sold_incrementv_get_response.trades.trade[]"
    updated = "async_modified"
    reads = Incremental(
        time=TimeFilter("start_create", "end_create", "local", maximum=_DAY, retention=_KEPT),
        paging=_pages("trades_sold_incrementv_get"),
    )
    selected_by_default = False


class OrdersCreated(_Trades):
    """taobao.trades.sold.get, by creation: what changes later is not told."""

    name = "orders_created"
    api = "taobao.trades.sold.get"
    records = "trades_sold_get_response.trades.trade[]"
    happened = "created"
    reads = Incremental(
        time=TimeFilter("start_created", "end_created", "local", maximum=_MONTH, retention=_KEPT),
        paging=_pages("trades_sold_get"),
    )
    selected_by_default = False


class OrdersHistory(_Trades):
    """taobao.trades.sold.history.get, by creation: from two years to three months back."""

    name = "orders_history"
    api = "taobao.trades.sold.history.get"
    shaped_as = "orders_created"
    records = "trades_sold_history_get_response.trades.trade[]"
    happened = "created"
    reads = Incremental(
        time=TimeFilter(
            "start_created",
            "end_created",
            "local",
            maximum=_MONTH,
            retention=timedelta(days=730),
            behind=timedelta(days=93),
        ),
        paging=_pages("trades_sold_history_get", 50),
    )
    selected_by_default = False


class OrderDetails(TaobaoStream):
    """taobao.trade.fullinfo.get, for each order."""

    name = "order_details"
    api = "taobao.trade.fullinfo.get"
    records = "trade_fullinfo_get_response.trade"
    key = ("tid",)
    updated = "modified"
    reads = Details(of="orders", field="tid", param="tid")


class OrderAmounts(TaobaoStream):
    """taobao.trade.amount.get, for each order: what was paid, and for what."""

    name = "order_amounts"
    api = "taobao.trade.amount.get"
    records = "trade_amount_get_response.trade_amount"
    key = ("tid",)
    reads = Details(of="orders", field="tid", param="tid")
    selected_by_default = False


class LogisticsTraces(TaobaoStream):
    """taobao.logistics.trace.search, for each order."""

    name = "logistics_traces"
    api = "taobao.logistics.trace.search"
    records = "logistics_trace_search_response"
    key = ("tid",)
    wanted = ""
    reads = Details(of="orders", field="tid", param="tid")
    selected_by_default = False

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """The answer itself is the record, so the number of the call stands in it."""
        return {name: value for name, value in super().flatten(raw).items() if name != "request_id"}


class Refunds(TaobaoStream):
    """taobao.refunds.receive.get, by update time."""

    name = "refunds"
    api = "taobao.refunds.receive.get"
    records = "refunds_receive_get_response.refunds.refund[]"
    key = ("refund_id",)
    updated = "modified"
    by_id = ById("refund_id", api="taobao.refund.get", records="refund_get_response.refund")
    # The API names the fields that it can be asked for, fewer than its answers are said to hold.
    wanted = (
        "refund_id,tid,title,buyer_nick,seller_nick,total_fee,status,created,refund_fee,oid,"
        "good_status,company_name,sid,payment,reason,desc,has_good_return,modified,order_status,"
        "refund_phase,dispute_type"
    )
    reads = Incremental(
        time=TimeFilter("start_modified", "end_modified", "local", maximum=_DAY),
        paging=_pages("refunds_receive_get"),
    )

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Without its types named, the list hides the refunds of most kinds of orders."""
        arguments = super().arguments(account, params)
        if "refund_id" in params:
            return arguments
        return {**arguments, "type": self.config["order_types"]}


class RefundDetails(TaobaoStream):
    """taobao.refund.get, for each refund."""

    name = "refund_details"
    api = "taobao.refund.get"
    records = "refund_get_response.refund"
    key = ("refund_id",)
    updated = "modified"
    reads = Details(of="refunds", field="refund_id", param="refund_id")


class ItemsOnsale(TaobaoStream):
    """taobao.items.onsale.get, in windows of update time: 20,000 rows a query."""

    name = "items_onsale"
    api = "taobao.items.onsale.get"
    records = "items_onsale_get_response.items.item[]"
    key = ("num_iid",)
    params: t.ClassVar = {"order_by": "modified:asc"}
    reads = FullTable(
        time=TimeFilter("start_modified", "end_modified", "local", maximum=_DECADE),
        paging=_pages("items_onsale_get", 200, rows=20_000),
    )


class ItemsInventory(TaobaoStream):
    """taobao.items.inventory.get: what is not on sale, one reason after the other; 101 pages."""

    name = "items_inventory"
    api = "taobao.items.inventory.get"
    records = "items_inventory_get_response.items.item[]"
    key = ("num_iid",)
    params: t.ClassVar = {"order_by": "modified:asc"}
    reads = FullTable(
        time=TimeFilter("start_modified", "end_modified", "local", maximum=_DECADE),
        paging=_pages("items_inventory_get", 200, pages=101),
        each=(
            Each(
                values=("for_shelved", "sold_out", "violation_off_shelf"),
                param="banner",
                carry="banner",
            ),
        ),
    )


class _ItemDetails(TaobaoStream):
    """taobao.items.seller.list.get, for twenty items at a time."""

    api = "taobao.items.seller.list.get"
    records = "items_seller_list_get_response.items.item[]"
    key = ("num_iid",)
    by_id = ById("num_iids", batch=20)

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """This API alone wants the skus called by their type."""
        arguments = super().arguments(account, params)
        return {**arguments, "fields": arguments["fields"].replace("skus", "sku")}


class ItemDetails(_ItemDetails):
    """The items on sale in full."""

    name = "item_details"
    reads = FullTable(each=(Each("items_onsale", "num_iid", "num_iids", batch=20),))


class InventoryItemDetails(_ItemDetails):
    """The items that are not on sale in full."""

    name = "inventory_item_details"
    shaped_as = "item_details"
    reads = FullTable(each=(Each("items_inventory", "num_iid", "num_iids", batch=20),))
    selected_by_default = False


class Shippings(TaobaoStream):
    """taobao.logistics.orders.get, by creation: parcels change for days, so it looks back."""

    name = "shippings"
    api = "taobao.logistics.orders.get"
    records = "logistics_orders_get_response.shippings.shipping[]"
    key = ("order_code", "tid")
    happened = "created"
    reads = Incremental(
        time=TimeFilter("start_created", "end_created", "local", maximum=_MONTH),
        paging=_pages("logistics_orders_get", 40),
        lookback=timedelta(days=15),
    )


class LogisticsCompanies(TaobaoStream):
    """taobao.logistics.companies.get."""

    name = "logistics_companies"
    api = "taobao.logistics.companies.get"
    records = "logistics_companies_get_response.logistics_companies.logistics_company[]"
    key = ("id",)
    reads = FullTable()


class Sellers(TaobaoStream):
    """taobao.user.seller.get: who the shop belongs to."""

    name = "sellers"
    api = "taobao.user.seller.get"
    records = "user_seller_get_response.user"
    key = ("user_id",)
    reads = FullTable()


class Shops(TaobaoStream):
    """taobao.shop.seller.get: the shop itself."""

    name = "shops"
    api = "taobao.shop.seller.get"
    records = "shop_seller_get_response.shop"
    key = ("sid",)
    reads = FullTable()


class SellerCategories(TaobaoStream):
    """taobao.sellercats.list.get: the shop's own categories."""

    name = "seller_categories"
    api = "taobao.sellercats.list.get"
    records = "sellercats_list_get_response.seller_cats.seller_cat[]"
    key = ("cid",)
    reads = FullTable()


class Ratings(TaobaoStream):
    """taobao.traderates.get: the ratings that buyers gave, by creation; 1,500 rows a query."""

    name = "ratings"
    api = "taobao.traderates.get"
    records = "traderates_get_response.trade_rates.trade_rate[]"
    key = ("tid", "oid", "role")
    happened = "created"
    params: t.ClassVar = {"rate_type": "get", "role": "buyer"}
    reads = Incremental(
        time=TimeFilter(
            "start_date", "end_date", "local", maximum=_MONTH, retention=timedelta(days=180)
        ),
        paging=_pages("traderates_get", 150, rows=1500),
        lookback=timedelta(days=7),
    )


class PushSubscriptions(TaobaoStream):
    """taobao.jushita.jdp.users.get: whether the shop's data are pushed into a database, and which."""

    name = "push_subscriptions"
    api = "taobao.jushita.jdp.users.get"
    records = "jushita_jdp_users_get_response.users.jdp_user[]"
    key = ("user_id",)
    wanted = ""
    reads = FullTable(paging=_pages("jushita_jdp_users_get", 200))
    selected_by_default = False

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """The list holds all shops of the app; each account asks for its own row."""
        return {**super().arguments(account, params), "user_id": account.id}


ALL: tuple[type[PlatformStream], ...] = (
    Orders,
    OrdersArrived,
    OrdersCreated,
    OrdersHistory,
    OrderDetails,
    OrderAmounts,
    LogisticsTraces,
    Refunds,
    RefundDetails,
    ItemsOnsale,
    ItemsInventory,
    ItemDetails,
    InventoryItemDetails,
    Shippings,
    LogisticsCompanies,
    Sellers,
    Shops,
    SellerCategories,
    Ratings,
    PushSubscriptions,
    PushedOrders,
    PushedRefunds,
    PushedItems,
    QimenRecords,
)
