"""The rows of 快手本地生活: fen, epoch milliseconds, orders without an update time."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from typing_extensions import override

from sandbox.clock import beijing
from sandbox.dataset import Dataset, Entity, Numbered, Record, Row
from sandbox.fields import filled
from sandbox.mixing import mix
from sandbox.platforms.kuaishou_locallife.fields import FIELDS
from sandbox.words import GOODS

POIS: t.Final = 3
_ORDER_STATES = (4, 5, 5, 6)
_DAY_MS = 86_400_000


class _Values:
    """The values of one row, by name and kind of the field."""

    def __init__(self, data: Dataset, row: Row) -> None:
        self._row = row
        self._dice = mix(data.seed, row.serial, len(data.entity.name))
        self._drawn = 0

    def __call__(self, name: str, kind: str) -> t.Any:
        """Return a value."""
        self._drawn += 1
        drawn = mix(self._dice, self._drawn) % 10**9
        values: dict[str, t.Any] = {
            "time": self._row.created - drawn % 10_000_000,
            "int": drawn % 100_000,
            "map": {str(drawn % 5): drawn % 100},
        }
        return values.get(kind, f"{name}-{drawn % 1000}")


class LocallifeOrder(Numbered):
    """`open.locallife.order.page`: found by creation only, so that what changes stays unseen there."""

    name = "orders"
    dated = False
    mutable = False
    precision_ms = 1
    first = 7_100_000_000_000
    spread = 1_000_000_000

    @property
    @override
    def views(self) -> Mapping[str, t.Callable[[Dataset, Row], Record]]:
        return {"order_details": self.render}

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        record = filled(FIELDS["orders"], _Values(data, row))
        state = _ORDER_STATES[(mix(data.seed, row.serial, 3) + row.version - 1) % 4]
        return record | {
            "orderId": self.key(data, row),
            "orderStatus": state,
            "createTime": row.created,
            "orderStatusDesc": f"v{row.version}",
        }


class LocallifeItem(Numbered):
    """`goodlife/v1/item/itemlist/batch/query`: a deleted one stays, with status 3."""

    name = "items"
    per_order = 4
    precision_ms = 1
    first = 88_000_001
    spread = 1_000_000

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        record = filled(FIELDS["items"], _Values(data, row))
        return record | {
            "product_id": self.key(data, row),
            "product_name": f"{GOODS[row.serial % len(GOODS)]} v{row.version}",
            "status": 1 + row.version % 3,
        }

    def pois(self, data: Dataset, row: Row) -> list[Record]:
        """Return the stores that an item can be used in."""
        return [
            {"poi_id": poi_of(data.account, place), "poi_name": f"演示门店{place}"}
            for place in range(POIS)
            if (row.serial + place) % 2 == 0
        ]


ROWS: t.Final[tuple[type[Entity], ...]] = (LocallifeOrder, LocallifeItem)


def poi_of(account: str, place: int) -> str:
    """Return the id of a store."""
    return f"{account}{place:03d}"


def claims(account: str) -> list[Record]:
    """Return the stores that a merchant has claimed."""
    return [{"id": poi_of(account, n), "name": f"演示门店{n}", "score": 4.5} for n in range(POIS)]


def staff(account: str, kind: str) -> list[Record]:
    """Return sub-accounts or artisans."""
    return [{"id": f"{kind}{account}{n}", "nick": f"演**{n}"} for n in range(25)]


def bills(account: str, day: str) -> list[Record]:
    """Return the bills of a day, `yyyy-MM-dd`."""
    number = int(day.replace("-", ""))
    return [
        {"id": f"B{number}{n}", "amount": mix(number, n, int(account)) % 10_000, "day": day}
        for n in range(3)
    ]


def days(end_ms: int, history_days: float, now_ms: int) -> list[str]:
    """Return the days of which there are bills: all that are over."""
    first = end_ms - int(history_days * _DAY_MS)
    found = dict.fromkeys(beijing(at)[:10] for at in range(first, now_ms, _DAY_MS // 2))
    return [day for day in found if day < beijing(now_ms)[:10]]
