"""The lists of 聚水潭: what each filters by, how many rows a page and how many days a window has."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from typing_extensions import override

from sandbox import arguments
from sandbox.dataset import Dataset, Row
from sandbox.http import Call, Rejected
from sandbox.platforms.jushuitan.rows import JushuitanStock, at_version

if t.TYPE_CHECKING:
    from sandbox.platforms.jushuitan import Jushuitan

Body = dict[str, t.Any]

_BEIJING = timezone(timedelta(hours=8))
_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")
_DAY_MS = 86_400_000
_ON_REQUEST = ("cb_finances", "cb_finance")
BAD_PARAMETER = -1
"""The documents name no code for bad parameters; this one is ours."""


class Arguments(arguments.Arguments):
    """The business parameters of one call."""

    @override
    def refusal(self, name: str, wanted: str) -> Rejected:
        return Rejected(BAD_PARAMETER, f"参数错误：{name} must be {wanted}")

    def time(self, name: str) -> int:
        """Return a Beijing time as epoch milliseconds."""
        value = self.text(name)
        if not _TIME.fullmatch(value):
            raise self.refusal(name, "yyyy-MM-dd HH:mm:ss")
        parsed = datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_BEIJING)
        return int(parsed.timestamp()) * 1000

    def window(self, days: int) -> tuple[int, int] | None:
        """Return both ends of the window; None without any."""
        if ("modified_begin" in self) != ("modified_end" in self):
            raise self.refusal("modified_begin", "given together with modified_end")
        if "modified_begin" not in self:
            return None
        begin, end = self.time("modified_begin"), self.time("modified_end")
        # Spans of just so many days were seen to be refused.
        if end < begin or end - begin >= days * _DAY_MS:
            raise self.refusal("modified_end", f"within {days} days")
        return begin, end


@dataclass(frozen=True)
class Listing:
    """How one list is asked for.

    Attributes:
        entity: Its rows.
        rows: Name of the array in its answers.
        size: Most rows a page.
        days: Longest window.
        ids: Parameters that take ids, with how many, and the field they are compared with.
        joined: Ids are one text, joined by commas.
        whole: It may be asked for without any filter.
        total: It tells how many rows there are.
        version: Parameter that takes a row version.
        created: The window is about creation.
    """

    entity: str
    rows: str = "datas"
    size: int = 50
    days: int = 7
    ids: tuple[str, int, str] | None = None
    joined: bool = False
    whole: bool = False
    total: bool = True
    version: str = ""
    created: bool = False
    defaults: t.Mapping[str, t.Any] = field(default_factory=dict)


LISTINGS: t.Final = {
    "orders.single.query": Listing(
        "orders", "orders", ids=("o_ids", 20, "o_id"), version="start_ts"
    ),
    "refund.single.query": Listing("refunds", ids=("as_ids", 20, "as_id"), version="start_ts"),
    "aftersale.received.query": Listing(
        "refund_receipts", ids=("io_ids", 50, "io_id"), version="start_ts"
    ),
    "orders.out.simple.query": Listing(
        "outbound_orders", ids=("io_ids", 50, "io_id"), version="start_ts"
    ),
    "inventory.query": Listing(
        "inventory",
        "inventorys",
        size=100,
        ids=("sku_ids", 100, "sku_id"),
        joined=True,
        total=False,
        version="ts",
    ),
    "sku.query": Listing("skus", ids=("sku_ids", 20, "sku_id"), joined=True),
    "mall.item.query": Listing("items", ids=("i_ids", 20, "i_id")),
    "skumap.query": Listing("shop_skus"),
    "combine.sku.query": Listing("combine_skus", ids=("sku_ids", 20, "sku_id"), joined=True),
    "shops.query": Listing(
        "shops", size=100, ids=("shop_ids", 100, "shop_id"), whole=True, total=False
    ),
    "logisticscompany.query": Listing("logistics_companies", whole=True),
    "wms.partner.query": Listing("warehouses", size=30, whole=True),
    "category.query": Listing("categories", size=30, ids=("c_ids", 20, "c_id"), whole=True),
    "supplier.query": Listing(
        "suppliers", size=500, days=1, ids=("supplier_ids", 50, "supplier_id")
    ),
    "purchase.query": Listing("purchase_orders", ids=("po_ids", 30, "po_id")),
    "purchasein.query": Listing(
        "purchase_receipts",
        ids=("io_ids", 30, "io_id"),
        version="start_ts",
        defaults={"statuss": ["Confirmed"]},
    ),
    "purchaseout.query": Listing("purchase_returns", ids=("io_ids", 30, "io_id")),
    "allocate.query": Listing("transfers", ids=("io_ids", 50, "io_id")),
    "other.inout.query": Listing("other_inout", ids=("io_ids", 50, "io_id")),
    "logistic.query": Listing("shipments", "orders", defaults={"date_type": 3}),
    "order.action.query": Listing("order_actions", size=500, days=1, total=False, created=True),
}
LISTINGS["webapi.wmsapi.purchasein.purchaseinquery"] = LISTINGS["purchasein.query"]


def answer(platform: Jushuitan, call: Call, listing: Listing, *, old: bool) -> Body:
    """Answer a list: newest first by time, oldest first by row version; both ends inclusive."""
    given = Arguments({**listing.defaults, **call.params})
    data = platform.dataset(call.account, listing.entity, call)
    if old and listing.entity == "shops":
        rows = [] if call.blank else data.slice()
        return {"shops": [data.render(row) for row in rows]}
    size = given.number("page_size", 30, low=1, high=listing.size)
    number = given.number("page_index", 1, low=1)
    found = _found(data, listing, given)
    if "statuss" in given:
        states = given.ids("statuss", 10)
        found = [row for row in found if data.render(row)["status"] in states]
    page = [] if call.blank else found[(number - 1) * size : number * size]
    told: Body = {
        "page_index": number,
        "page_size": size,
        "has_next": len(found) > number * size and not call.blank,
        listing.rows: [_rendered(platform, call, data, row, given) for row in page],
    }
    if listing.total and given.get("is_get_total") is not False:
        total = 0 if call.blank else len(found)
        told |= {"data_count": total, "page_count": -(-total // size)}
    return told


def _found(data: Dataset, listing: Listing, given: Arguments) -> list[Row]:
    if listing.version and listing.version in given:
        moment, serial = at_version(given.number(listing.version, low=0))
        return data.after(moment, serial - 1, None, len(data))
    if listing.ids is not None and listing.ids[0] in given:
        return _by_ids(data, listing, given, listing.ids)
    window = given.window(listing.days)
    if window is None:
        if listing.whole:
            return data.slice()
        raise given.refusal("modified_begin", "given, or ids")
    if listing.entity == "shipments" and given.number("date_type") != 0:
        raise given.refusal("date_type", "0: no other is simulated")
    axis: t.Literal["created", "updated"] = "created" if listing.created else "updated"
    return data.slice(window[0], window[1] + 1000, ascending=False, axis=axis)


def _by_ids(
    data: Dataset, listing: Listing, given: Arguments, ids: tuple[str, int, str]
) -> list[Row]:
    name, most, key = ids
    if listing.joined:
        wanted = given.text(name).split(",")
        if len(wanted) > most:
            raise given.refusal(name, f"at most {most}")
    else:
        wanted = given.ids(name, most)
        sent = {type(one) for one in given.get(name)}
        if sent != {str if key == "i_id" else int}:
            raise given.refusal(name, "numbers")
    return [row for one in wanted if (row := data.find(one)) is not None]


def _rendered(platform: Jushuitan, call: Call, data: Dataset, row: Row, given: Arguments) -> t.Any:
    if data.entity.name != "inventory" or not given.number("wms_co_id", 0):
        record = data.render(row)
        if given.get("is_get_cbfinance") is not True:
            for name in _ON_REQUEST:
                record.pop(name, None)
        return record
    warehouse = given.number("wms_co_id")
    if platform.dataset(call.account, "warehouses").find(str(warehouse)) is None:
        raise given.refusal("wms_co_id", "a warehouse of yours")
    return t.cast("JushuitanStock", data.entity).of_warehouse(data, row, warehouse)
