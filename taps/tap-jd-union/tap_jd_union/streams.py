"""The streams of 京东联盟; each names its API at union.jd.com/openplatform/api."""

from __future__ import annotations

import typing as t
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from openplatform.accounts import Account
from openplatform.declarations import ById, Details, Each, FullTable, Incremental
from openplatform.errors import ConfigurationError, FatalError
from openplatform.freshness import Reading
from openplatform.paging import Ask, HasNext, Page, PageNumber
from openplatform.paths import records_at
from openplatform.streams import PlatformStream
from openplatform.windows import TimeFilter
from typing_extensions import override

from tap_jd_union.client import JdUnionStream, promoter

_DAY = timedelta(days=1)
_KEPT = timedelta(days=90)
_GRADES = 3
_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class SortValue:
    """Pages that are numbered and go on from the last record's sortValue; a short one is the end.

    Attributes:
        limit: Records a page.
    """

    limit: int = 100

    @property
    def reach(self) -> int | None:
        """Cursors reach everything."""
        return None

    def pages(self, ask: Ask, records: str, *, most: int | None) -> Iterator[Page]:
        """Yield the pages, first to last."""
        place: dict[str, t.Any] = {"pageNo": 1}
        while True:
            body = ask({**place, "pageSize": self.limit})
            found = records_at(body, records)
            full = len(found) >= self.limit
            last = found[-1].get("sortValue") if full else None
            yield Page(found, body)
            if not last or last == place.get("sortValue"):
                return
            place = {"pageNo": place["pageNo"] + 1, "sortValue": last}


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree that is asked for level by level: the children of each node."""

    @property
    def reach(self) -> int | None:
        """Every node is asked for."""
        return None

    def pages(self, ask: Ask, records: str, *, most: int | None) -> Iterator[Page]:
        """Yield the nodes, those of a parent at a time."""
        ahead = deque([(0, 0)])
        while ahead:
            parent, grade = ahead.popleft()
            body = ask({"parentId": parent, "grade": grade})
            found = records_at(body, records)
            if grade + 1 < _GRADES:
                ahead.extend((int(node["id"]), grade + 1) for node in found)
            yield Page(found, body)


class Orders(JdUnionStream):
    """jd.union.open.order.row.query: a row for each order and sku, by update time; an hour at the most."""

    name = "orders"
    api = "jd.union.open.order.row.query"
    records = "data[]"
    key = ("id",)
    updated = "modifyTime"
    top = "orderReq"
    params: t.ClassVar = {"type": 3, "fields": "goodsInfo,categoryInfo"}
    reads = Incremental(
        time=TimeFilter(
            "startTime", "endTime", "local", maximum=timedelta(hours=1), retention=_KEPT
        ),
        paging=HasNext("pageIndex", "pageSize", 500, "hasMore", pages_cap=20),
    )

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Tool vendors and parents of sub-promoters name whose orders they want."""
        return super().arguments(account, {**params, **promoter(account)})


class OrderGoods(JdUnionStream):
    """jd.union.open.goods.promotiongoodsinfo.query, for each sku that was ordered."""

    name = "order_goods"
    api = "jd.union.open.goods.promotiongoodsinfo.query"
    confirmed = False
    records = "data[]"
    key = ("skuId",)
    reads = Details(of="orders", field="skuId", param="skuIds", cache=_DAY)

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Here the skus stand alone, with commas between."""
        return {"skuIds": str(int(params["skuIds"]))}


class BonusOrders(JdUnionStream):
    """jd.union.open.order.bonus.query, by update time, which no record tells; ten minutes at the most."""

    name = "bonus_orders"
    api = "jd.union.open.order.bonus.query"
    records = "data[]"
    key = ("orderId", "skuId", "activityId")
    top = "orderReq"
    params: t.ClassVar = {"optType": 2}
    reads = Incremental(
        time=TimeFilter("startTime", "endTime", "ms", maximum=timedelta(minutes=10)),
        paging=SortValue(),
    )
    selected_by_default = False

    @override
    def finish(
        self,
        records: Sequence[dict[str, t.Any]],
        *,
        account: Account,
        fallback: datetime | None,
        reading: Reading,
    ) -> None:
        """The API takes no promoter, so that another account's rows would be the app's own again."""
        owners = (record.get("unionId") or account.id for record in records)
        if other := next((owner for owner in owners if owner != account.id), None):
            msg = (
                f"{self.name}, account {account.id}: the rows belong to {other}, as this API tells of the "
                "app's own promoter only; deselect the stream, or run it with that account alone"
            )
            raise FatalError(msg)
        super().finish(records, account=account, fallback=fallback, reading=reading)


class Goods(JdUnionStream):
    """jd.union.open.goods.query, for each filter of the setting `goods_filters`."""

    name = "goods"
    api = "jd.union.open.goods.query"
    records = "data[]"
    key = ("skuId",)
    top = "goodsReqDTO"
    by_id = ById("skuIds", batch=20)
    reads = FullTable(
        paging=PageNumber("pageIndex", "pageSize", 30, "totalCount", rows_cap=100_000),
        each=(Each(values=("{}",), param="filter", chosen="goods_filters"),),
        distinct=True,
        confirm_absence=2,
    )
    selected_by_default = False

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """A filter is several parameters at once; ids must be numbers."""
        if "skuIds" in params:
            params["skuIds"] = [int(sku) for sku in params["skuIds"]]
        text = params.pop("filter", "{}")
        try:
            chosen = _decode(text)
        except (msgspec.DecodeError, TypeError):
            chosen = None
        if not isinstance(chosen, dict):
            msg = f'Setting goods_filters: {text!r} is no JSON object. Write for instance {{"cid1": 737}}.'
            raise ConfigurationError(msg)
        return super().arguments(account, {**chosen, **params})


class JingfenGoods(JdUnionStream):
    """jd.union.open.goods.jingfen.query, for each channel of the setting `elite_ids`."""

    name = "jingfen_goods"
    api = "jd.union.open.goods.jingfen.query"
    records = "data[]"
    key = ("eliteId", "skuId")
    top = "goodsReq"
    reads = FullTable(
        paging=PageNumber("pageIndex", "pageSize", 50, "totalCount", rows_cap=10_000),
        each=(
            Each(
                values=(1, 2, 10, 15, 22, 31, 33, 40, 41, 110, 129, 153),
                param="eliteId",
                carry="eliteId",
                chosen="elite_ids",
            ),
        ),
        confirm_absence=2,
    )
    selected_by_default = False


class Positions(JdUnionStream):
    """jd.union.open.position.query: 推广位, of private domains (3) and of the console (4)."""

    name = "positions"
    api = "jd.union.open.position.query"
    records = "data.result[]"
    key = ("id",)
    top = "positionReq"
    reads = FullTable(
        paging=PageNumber("pageIndex", "pageSize", 100, "data.total", pages_cap=100),
        each=(Each(values=(3, 4), param="unionType"),),
    )
    selected_by_default = False

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """The promoter is named twice: by the id, and by the 授权Key that proves it."""
        key = account.settings.get("key")
        if not key:
            msg = f"Setting accounts: account {account.id} has no key (授权Key), which positions need."
            raise ConfigurationError(msg)
        return super().arguments(account, {"unionId": int(account.id), "key": key, **params})


class Categories(JdUnionStream):
    """jd.union.open.category.goods.get: three levels of categories of goods."""

    name = "categories"
    api = "jd.union.open.category.goods.get"
    records = "data[]"
    key = ("id",)
    top = "req"
    reads = FullTable(paging=Tree())
    selected_by_default = False


class Activities(JdUnionStream):
    """jd.union.open.activity.query."""

    name = "activities"
    api = "jd.union.open.activity.query"
    records = "data[]"
    key = ("id",)
    top = "activityReq"
    reads = FullTable(paging=PageNumber("pageIndex", "pageSize", 50, "totalCount"))
    selected_by_default = False


class RedpacketStats(JdUnionStream):
    """jd.union.open.statistics.redpacket.query, by day: numbers settle later, so it looks back."""

    name = "redpacket_stats"
    api = "jd.union.open.statistics.redpacket.query"
    records = "data[]"
    key = ("tjDate", "actId", "positionId", "channelId")
    happened = "tjDate"
    top = "effectDataReq"
    reads = Incremental(
        time=TimeFilter(
            "startDate",
            "endDate",
            "date",
            maximum=_DAY,
            granule=_DAY,
            ends="inclusive",
            retention=_KEPT,
            align=_DAY,
        ),
        paging=PageNumber("pageIndex", "pageSize", 100, "totalCount"),
        lookback=timedelta(days=7),
    )
    selected_by_default = False

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Tool vendors name whose numbers they want."""
        key = account.settings.get("key")
        return super().arguments(account, {**params, **({"key": key} if key else {})})

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """What was not counted by position or channel still needs a whole key."""
        return {**dict.fromkeys(self.key, ""), **{n: v for n, v in raw.items() if v is not None}}


ALL: tuple[type[PlatformStream], ...] = (
    Orders,
    OrderGoods,
    BonusOrders,
    Goods,
    JingfenGoods,
    Positions,
    Categories,
    Activities,
    RedpacketStats,
)
