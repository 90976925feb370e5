"""The streams of 快手本地生活; only those of orders are documented by the platform itself."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from openplatform.accounts import Account
from openplatform.declarations import ById, Details, Each, FullTable, Incremental
from openplatform.paging import PageNumber
from openplatform.streams import PlatformStream
from openplatform.windows import TimeFilter
from typing_extensions import override

from tap_kuaishou_locallife.client import KuaishouLocallifeStream
from tap_kuaishou_locallife.listing import SoughtCursor, SoughtPage, kept_whole

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_MILLISECOND = timedelta(milliseconds=1)
# Cancelled, finished, expired.
_FINAL = frozenset({"1", "5", "6"})


class Orders(KuaishouLocallifeStream):
    """open.locallife.order.page, by creation: what changes later shows in `order_details` only."""

    name = "orders"
    api = "open.locallife.order.page"
    records = "data.orderList[]"
    key = ("orderId",)
    happened = "createTime"
    confirmed = True
    by_id = ById("orderId", api="open.locallife.order.detail", records="data")
    reads = Incremental(
        time=TimeFilter(
            "createTimeStart",
            "createTimeEnd",
            "ms",
            maximum=_WEEK,
            granule=_MILLISECOND,
            ends="exclusive",
        ),
        paging=PageNumber("pageNum", "pageSize", 200, "data.total"),
    )


class OrderDetails(KuaishouLocallifeStream):
    """open.locallife.order.detail, for each order, again until it is cancelled, finished or expired."""

    name = "order_details"
    api = "open.locallife.order.detail"
    records = "data"
    key = ("orderId",)
    confirmed = True
    reads = Details(of="orders", field="orderId", param="orderId", final=("orderStatus", _FINAL))


class Items(KuaishouLocallifeStream):
    """goodlife/v1/item/itemlist/batch/query, by a time of which nobody says what it is."""

    name = "items"
    api = "goodlife/v1/item/itemlist/batch/query"
    records = "data.item_list[]"
    key = ("product_id",)
    by_id = ById("product_id", batch=20)
    reads = Incremental(
        time=TimeFilter("start_time", "end_time", "ms", maximum=_WEEK, granule=_MILLISECOND),
        paging=SoughtCursor(20, "item_list"),
    )


class ItemPois(KuaishouLocallifeStream):
    """goodlife/v1/item/poi/query: the stores that an item can be used in."""

    name = "item_pois"
    api = "goodlife/v1/item/poi/query"
    records = "data"
    key = ("item_id", "poi_id")
    reads = FullTable(
        each=(Each("items", "product_id", "item_id", carry="item_id"),),
        paging=SoughtPage("page_num", "page_size"),
        confirm_absence=2,
    )
    selected_by_default = False

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """Of its fields only the store's id is known."""
        return {"poi_id": raw.get("poi_id"), "content": raw}


class PoiItemSkus(KuaishouLocallifeStream):
    """goodlife/v1/item/itemskulist/batch/query: what can be sold at a store."""

    name = "poi_item_skus"
    api = "goodlife/v1/item/itemskulist/batch/query"
    records = "data.item_list[]"
    key = ("poi_id", "product_id")
    reads = FullTable(
        each=(Each("item_pois", "poi_id", "poi_id", carry="poi_id"),),
        paging=SoughtCursor(20, "item_list"),
        confirm_absence=2,
    )
    selected_by_default = False


class _Whole(KuaishouLocallifeStream):
    """A list of which no field is described: each row is kept whole, known by what it holds."""

    records = "data"
    key: t.ClassVar[tuple[str, ...]] = ("digest",)
    selected_by_default = False

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """A row that changes is another row, and the one that it was does not come any more."""
        return kept_whole(raw)


class PoiClaims(_Whole):
    """goodlife/shopManage/poiMangeList (spelt so): the stores that the merchant has claimed."""

    name = "poi_claims"
    api = "goodlife/shopManage/poiMangeList"
    reads = FullTable(paging=SoughtPage("page", "pageSize"), confirm_absence=2)


class SubAccounts(_Whole):
    """goodlife/v1/merchant/subAccounts."""

    name = "sub_accounts"
    api = "goodlife/v1/merchant/subAccounts"
    reads = FullTable(paging=SoughtPage("current_page", "page_size"), confirm_absence=2)


class Artisans(_Whole):
    """goodlife/v1/merchant/artisan_list."""

    name = "artisans"
    api = "goodlife/v1/merchant/artisan_list"
    reads = FullTable(paging=SoughtPage("current_page", "page_size"), confirm_absence=2)

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """The page stands in an object of its own."""
        page = {name: params.pop(name) for name in ("current_page", "page_size")}
        return {**params, "merchant_base_page_request": page}


class Bills(_Whole):
    """goodlife/lbs/bill/query/v2, a day at a time; a day's bills come on the next one."""

    name = "bills"
    api = "goodlife/lbs/bill/query/v2"
    key = ("bill_date", "digest")
    reads = Incremental(
        time=TimeFilter("bill_date", None, "date", maximum=_DAY, align=_DAY, carry="bill_date"),
        paging=SoughtCursor(200, "records"),
        lookback=timedelta(days=3),
    )


ALL: tuple[type[PlatformStream], ...] = (
    Orders,
    OrderDetails,
    Items,
    ItemPois,
    PoiItemSkus,
    PoiClaims,
    Bills,
    SubAccounts,
    Artisans,
)
