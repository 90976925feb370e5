"""The streams of 快手小店; each names its API at open.kwaixiaodian.com."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from openplatform.accounts import Account
from openplatform.declarations import ById, Details, Each, FullTable, Incremental
from openplatform.paging import Cursor, Offset, PageNumber
from openplatform.streams import PlatformStream
from openplatform.windows import TimeFilter
from typing_extensions import override

from tap_kuaishou_shop.client import KuaishouShopStream

_DAY = timedelta(days=1)
_MONTH = timedelta(days=31)
_KEPT = timedelta(days=90)
_MILLISECOND = timedelta(milliseconds=1)
# Each API writes it in its own way.
_ENDS = frozenset({"nomore", "no_more", "no more"})


class Orders(KuaishouShopStream):
    """open.order.cursor.list, by update time; the platform's defaults are creation, newest first."""

    name = "orders"
    api = "open.order.cursor.list"
    records = "data.orderList[]"
    key = ("oid",)
    lift: t.ClassVar = {"oid": "orderBaseInfo.oid", "updateTime": "orderBaseInfo.updateTime"}
    updated = "updateTime"
    by_id = ById("oid", api="open.order.detail", records="data")
    params: t.ClassVar = {"orderViewStatus": 1, "queryType": 2, "sort": 2}
    reads = Incremental(
        time=TimeFilter(
            "beginTime",
            "endTime",
            "ms",
            maximum=timedelta(days=7),
            granule=_MILLISECOND,
            retention=_KEPT,
        ),
        paging=Cursor("cursor", "data.cursor", first="", ends=_ENDS, size="pageSize", limit=50),
    )


class OrderDetails(KuaishouShopStream):
    """open.order.detail, for each order; the list already holds nearly all of it."""

    name = "order_details"
    api = "open.order.detail"
    records = "data"
    key = ("oid",)
    lift: t.ClassVar = {"oid": "orderBaseInfo.oid", "updateTime": "orderBaseInfo.updateTime"}
    updated = "updateTime"
    reads = Details(of="orders", field="oid", param="oid")
    selected_by_default = False


class Refunds(KuaishouShopStream):
    """open.seller.order.refund.pcursor.list, by update time; a day at the most, less in sales events."""

    name = "refunds"
    api = "open.seller.order.refund.pcursor.list"
    records = "data.refundOrderInfoList[]"
    key = ("refundId",)
    updated = "updateTime"
    params: t.ClassVar = {
        "type": 9,
        "currentPage": 1,
        "queryType": 2,
        "sort": 2,
        "option": {"needExchange": True},
    }
    reads = Incremental(
        time=TimeFilter(
            "beginTime", "endTime", "ms", maximum=_DAY, granule=_MILLISECOND, retention=_KEPT
        ),
        paging=Cursor(
            "pcursor",
            "data.pcursor",
            first="",
            ends=_ENDS,
            size="pageSize",
            limit=100,
            total="data.totalSize",
        ),
    )


class RefundDetails(KuaishouShopStream):
    """open.seller.order.refund.detail, for each refund."""

    name = "refund_details"
    api = "open.seller.order.refund.detail"
    records = "data"
    key = ("refundId",)
    updated = "updateTime"
    reads = Details(of="refunds", field="refundId", param="refundId")


class Items(KuaishouShopStream):
    """open.item.list.get; no filter by time, no promise about the order."""

    name = "items"
    api = "open.item.list.get"
    records = "data.items[]"
    key = ("kwaiItemId",)
    by_id = ById("kwaiItemId")
    reads = FullTable(
        paging=PageNumber("pageNumber", "pageSize", 100, "data.totalItemCount"),
        confirm_absence=2,
    )


class ItemDetails(KuaishouShopStream):
    """open.item.get, for each item; what the list calls kwaiItemId is called itemId here."""

    name = "item_details"
    api = "open.item.get"
    records = "data"
    key = ("itemId",)
    reads = Details(of="items", field="kwaiItemId", param="kwaiItemId")


class ItemSkus(KuaishouShopStream):
    """open.item.sku.list.get, for each item; the same as skuList of items."""

    name = "item_skus"
    api = "open.item.sku.list.get"
    records = "data.skuList[]"
    key = ("kwaiSkuId",)
    params: t.ClassVar = {"skuStatus": 1}
    reads = Details(of="items", field="kwaiItemId", param="kwaiItemId", carry="kwaiItemId")
    selected_by_default = False


class Comments(KuaishouShopStream):
    """open.comment.list.get, by creation: what changes later is found only by looking back."""

    name = "comments"
    api = "open.comment.list.get"
    records = "data.rootComment[]"
    key = ("commentId",)
    happened = "createTime"
    reads = Incremental(
        time=TimeFilter(
            "createTimeFrom", "createTimeTo", "ms", maximum=_MONTH, granule=_MILLISECOND
        ),
        paging=Offset("offset", "limit", 20, "data.total"),
        lookback=timedelta(days=7),
    )


class FundsStatements(KuaishouShopStream):
    """open.funds.financial.statement.list, by accounting day; the newest one is yesterday's."""

    name = "funds_statements"
    api = "open.funds.financial.statement.list"
    records = "data.record[]"
    key = ("bookTransNo",)
    happened = "billTime"
    reads = Incremental(
        time=TimeFilter(
            "startTime",
            "endTime",
            "ms",
            maximum=_MONTH,
            granule=_MILLISECOND,
            retention=timedelta(days=180),
            align=_DAY,
        ),
        paging=Cursor("cursor", "data.cursor", ends=_ENDS),
        lookback=timedelta(days=7),
    )


class SettledBills(KuaishouShopStream):
    """open.funds.financial.settled.bill.detail, by time of settlement; its end is an empty page."""

    name = "settled_bills"
    api = "open.funds.financial.settled.bill.detail"
    records = "data.orders[]"
    key = ("orderNo",)
    happened = "settlementTime"
    reads = Incremental(
        time=TimeFilter("settlementStartTime", "settlementEndTime", "ms", maximum=_MONTH),
        paging=Cursor("cursor", "data.cursor", ends=_ENDS, until_empty=True),
        lookback=timedelta(days=7),
    )

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """No greatest page size is documented, so it is a setting; 10 is the platform's default."""
        return {**params, "size": int(self.config.get("bill_page_size") or 10)}


class DailyBills(KuaishouShopStream):
    """open.funds.center.get.daily.bill: where each day's bill file lies; made while we ask again."""

    name = "daily_bills"
    api = "open.funds.center.get.daily.bill"
    records = "data"
    key = ("billDate", "billType")
    params: t.ClassVar = {"expireDate": 720}
    reads = Incremental(
        time=TimeFilter("billDate", None, "day", maximum=_DAY, align=_DAY, carry="billDate"),
        each=(Each(values=(1, 2, 3, 4), param="billType", carry="billType"),),
        lookback=timedelta(days=3),
    )
    selected_by_default = False


class Sellers(KuaishouShopStream):
    """open.user.seller.get: the account that authorised us."""

    name = "sellers"
    api = "open.user.seller.get"
    records = "data"
    key = ("sellerId",)
    reads = FullTable()


class Shops(KuaishouShopStream):
    """open.shop.info.get: the shop itself."""

    name = "shops"
    api = "open.shop.info.get"
    records = "data"
    key = ("sellerId",)
    reads = FullTable(each=(Each("sellers", "sellerId", "sellerId", carry="sellerId"),))

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """The answer names no shop, so the seller's id names it; the call itself takes nothing."""
        return {}


ALL: tuple[type[PlatformStream], ...] = (
    Orders,
    OrderDetails,
    Refunds,
    RefundDetails,
    Items,
    ItemDetails,
    ItemSkus,
    Comments,
    FundsStatements,
    SettledBills,
    DailyBills,
    Sellers,
    Shops,
)
