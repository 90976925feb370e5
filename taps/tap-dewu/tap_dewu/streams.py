"""The streams of 得物; each names its API in the catalogue of open.dewu.com."""

from __future__ import annotations

import hashlib
import typing as t
from dataclasses import replace
from datetime import timedelta

import msgspec
from openplatform.accounts import Account
from openplatform.declarations import ById, Details, Each, FullTable, Incremental
from openplatform.paging import PageNumber
from openplatform.settings import parse_duration
from openplatform.streams import PlatformStream
from openplatform.windows import TimeFilter
from typing_extensions import override

from tap_dewu.client import DewuStream

if t.TYPE_CHECKING:
    from openplatform.tap import PlatformTap

_DAY = timedelta(days=1)
_MONTH = timedelta(days=30)
_PAGES = PageNumber("page_no", "page_size", 30, "data.total_results")
# The longest span is a setting, since nobody tells it.
_INCREMENT = Incremental(
    time=TimeFilter("start_modified", "end_modified", "local", maximum=_DAY), paging=_PAGES
)
_encode = msgspec.json.Encoder(order="sorted", decimal_format="number").encode


class _Changed(DewuStream):
    """A list by update time."""

    reads = _INCREMENT

    @override
    def __init__(self, tap: PlatformTap, *, incremental: bool) -> None:
        """The longest span is not documented; a public client asks for an hour at a time."""
        super().__init__(tap, incremental=incremental)
        longest = parse_duration(tap.config["increment_window"], setting="increment_window")
        stream = t.cast("t.Any", self)  # for this one, declared for the class elsewhere
        stream.reads = replace(_INCREMENT, time=replace(_INCREMENT.time, maximum=longest))


class _Unknown(DewuStream):
    """Records whose fields nobody documents: they stay whole, under their number or their fingerprint."""

    key = ("id",)
    shaped_as = "unknown"
    selected_by_default = False

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """Without a known number, only the content itself tells one record from another."""
        field = (self.config.get("keys") or {}).get(self.name)
        if field:
            return {"id": raw.get(field), "content": raw}
        return {"id": hashlib.sha256(_encode(raw)).hexdigest()[:32], "content": raw}


class Orders(_Changed):
    """/dop/api/v1/order/generic_increment, by update time."""

    name = "orders"
    api = "/dop/api/v1/order/generic_increment"
    records = "data.orders[]"
    key = ("order_no",)
    updated = "modify_time"
    by_id = ById("order_no", api="/dop/api/v1/order/generic_list", records="data.orders[]")


class BrandDeliverOrders(_Changed):
    """/dop/api/v1/order/brand_deliver/increment (品牌直发); taken to be like the orders."""

    name = "brand_deliver_orders"
    api = "/dop/api/v1/order/brand_deliver/increment"
    records = "data.orders[]"
    key = ("order_no",)
    updated = "modify_time"
    shaped_as = "orders"
    selected_by_default = False


class Refunds(_Unknown, _Changed):
    """/dop/api/v1/refund_order/increment; only its path is known."""

    name = "refunds"
    api = "/dop/api/v1/refund_order/increment"
    records = "data.list[]"


class BrandDeliverRefunds(_Unknown, _Changed):
    """/dop/api/v1/refund/brand_deliver/increment (品牌直发); only its path is known."""

    name = "brand_deliver_refunds"
    api = "/dop/api/v1/refund/brand_deliver/increment"
    records = "data.list[]"


class Settlements(DewuStream):
    """/dop/api/v2/bill/realtime_list, by the day of settlement; adjustments come later."""

    name = "settlements"
    api = "/dop/api/v2/bill/realtime_list"
    records = "data.list[]"
    key = ("order_no",)
    happened = "real_stmt_time"
    reads = Incremental(
        time=TimeFilter(
            "settle_start_time",
            "settle_end_time",
            "date",
            maximum=_MONTH,
            granule=_DAY,
            align=_DAY,
        ),
        paging=_PAGES,
        lookback=timedelta(days=7),
    )


class Bills(_Unknown):
    """/dop/api/v1/bill/period_list; its parameters are those of the platform's overseas twin."""

    name = "bills"
    api = "/dop/api/v1/bill/period_list"
    records = "data.list[]"
    reads = Incremental(
        time=TimeFilter(
            "bill_start_time", "bill_end_time", "date", maximum=_MONTH, granule=_DAY, align=_DAY
        ),
        paging=_PAGES,
        lookback=timedelta(days=7),
    )


class AccountChanges(_Unknown):
    """/dop/api/v1/account/change_list; only its path is known."""

    name = "account_changes"
    api = "/dop/api/v1/account/change_list"
    records = "data.list[]"
    reads = FullTable(paging=_PAGES, activates=False)


class Biddings(DewuStream):
    """/dop/api/v1/bidding/generic_list, for each type; a bid that is edited gets another number."""

    name = "biddings"
    api = "/dop/api/v1/bidding/generic_list"
    records = "data.list[]"
    key = ("bidding_no",)
    by_id = ById("bidding_no", api="/dop/api/v1/bidding/generic_detail", records="data")
    reads = FullTable(
        paging=_PAGES,
        each=(Each(values=(0, 6, 7), param="bidding_type", chosen="bidding_types"),),
        confirm_absence=2,
    )


class BiddingDetails(DewuStream):
    """/dop/api/v1/bidding/generic_detail, for each bid."""

    name = "bidding_details"
    api = "/dop/api/v1/bidding/generic_detail"
    records = "data"
    key = ("bidding_no",)
    shaped_as = "biddings"
    reads = Details(of="biddings", field="bidding_no", param="bidding_no")


class StorageStock(_Unknown):
    """/dop/api/v2/storage/stock/list (入仓库存); only its path is known."""

    name = "storage_stock"
    api = "/dop/api/v2/storage/stock/list"
    records = "data.list[]"
    reads = FullTable(paging=_PAGES, confirm_absence=2)


class StorageAppointments(_Unknown):
    """/dop/api/v1/storage/appointment/list (入仓预约); only its path is known."""

    name = "storage_appointments"
    api = "/dop/api/v1/storage/appointment/list"
    records = "data.list[]"
    reads = FullTable(paging=_PAGES, activates=False)


class Products(DewuStream):
    """/dop/api/v1/spu/batch_article_number, for each article that was ordered."""

    name = "products"
    api = "/dop/api/v1/spu/batch_article_number"
    records = "data[]"
    key = ("spu_id",)
    reads = Details(
        of="orders",
        field="article_number",
        param="article_numbers",
        carry="article_number",
        cache=_DAY,
    )

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """The call takes a list, of five at the most; it is asked for one article at a time."""
        return {"article_numbers": [params["article_numbers"]]}


class Invoices(_Unknown):
    """/dop/api/v1/invoice/list, of the last year; only its path is known."""

    name = "invoices"
    api = "/dop/api/v1/invoice/list"
    records = "data.list[]"
    reads = FullTable(paging=_PAGES, activates=False)


ALL: tuple[type[PlatformStream], ...] = (
    Orders,
    BrandDeliverOrders,
    Refunds,
    BrandDeliverRefunds,
    Settlements,
    Bills,
    AccountChanges,
    Biddings,
    BiddingDetails,
    StorageStock,
    StorageAppointments,
    Products,
    Invoices,
)
