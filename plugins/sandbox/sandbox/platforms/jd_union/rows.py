"""The rows of 京东联盟: Beijing times in orders, milliseconds elsewhere; amounts in yuan as JSON numbers."""

from __future__ import annotations

import typing as t

from typing_extensions import override

from sandbox.clock import beijing
from sandbox.dataset import Dataset, Entity, Numbered, Record, Row
from sandbox.fields import filled
from sandbox.mixing import mix
from sandbox.platforms.jd_union import grammar
from sandbox.words import GOODS

SKUS: t.Final = 60
FIRST_SKU: t.Final = 10_053_130_147_970
CHANNELS: t.Final = (1, 2, 10, 15, 22, 31, 33, 40, 41, 110, 129, 153)
_BEGIN_MS = 1_795_000_000_000
_VALID = (15, 16, 17)


def record_of(fields: str, *dice: int) -> Record:
    """Return a record of these fields whose values follow from some numbers."""

    def value(name: str, kind: str) -> t.Any:
        number = mix(*dice, sum(map(ord, name)))
        if kind == "int":
            return number % 3
        if kind == "dec":
            return number % 10_000 / 100
        return _BEGIN_MS + number % 86_400_000 if kind == "ms" else f"{name} {number % 100}"

    return filled(fields, value)


class JdOrder(Numbered):
    """`jd.union.open.order.row.query`: a row for each order and sku."""

    name = "orders"
    first = 415_900_297_816_660_001
    spread = 10_000_000

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        dice, order = mix(data.seed, row.serial, 1), 308_618_000_005_000_000 + row.serial // 2
        valid = _VALID[min(dice % 2 + row.version - 1, 2)]
        return record_of(grammar.ORDER, data.seed, row.serial) | {
            "id": self.key(data, row),
            "orderId": order,
            "parentId": 0,
            "unionId": int(data.account),
            "skuId": FIRST_SKU + dice % SKUS,
            "skuName": GOODS[dice % len(GOODS)],
            "orderTime": beijing(row.created),
            "modifyTime": beijing(row.updated),
            "finishTime": beijing(row.updated) if valid == 17 else "",
            "validCode": valid,
            "payMonth": 20261220 if valid == 17 else 0,
            "actualFee": row.version / 4,
            "balanceExt": "{20191020:10,20191120:-2}",
            "unionTag": "00000000000000000000000000000001",
        }


class JdBonusOrder(Entity):
    """`jd.union.open.order.bonus.query`: rows without an id or a time of change."""

    name = "bonus_orders"
    precision_ms = 1
    dated = False

    def _parts(self, data: Dataset, row: Row) -> tuple[int, int, int]:
        return 81_823_969_001 + data.number * 1_000_000 + row.serial, FIRST_SKU, 1

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return ":".join(map(str, self._parts(data, row)))

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        order = key.partition(":")[0]
        begin = self._parts(data, Row(0, 1, 0, 0))[0]
        return int(order) - begin if order.isdigit() else None

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        order, sku, activity = self._parts(data, row)
        return record_of(grammar.BONUS, data.seed, row.serial) | {
            "unionId": int(data.account),
            "orderId": order,
            "skuId": sku,
            "activityId": activity,
            "orderTime": row.created,
            "finishTime": 0,
            "estimateBonusFee": row.version / 4,
            "sortValue": f"{row.updated},{row.serial}",
        }


class JdGoods(Numbered):
    """`jd.union.open.goods.query` and its channels: the same for everyone."""

    name = "goods"
    mutable = False
    dated = False
    first = 26_898_778_000

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        sku, dice = self.number(data, row), mix(data.seed, row.serial, 3)
        return record_of(grammar.GOODS, row.serial) | {
            "skuId": sku,
            "skuName": GOODS[dice % len(GOODS)],
            "jxFlags": [1, 2],
        }

    def in_channel(self, data: Dataset, row: Row, channel: int) -> Record:
        """Return the goods as a channel shows it, which tells less in places and more in others."""
        record = self.render(data, row)
        for name in ("specInfo", "stockState", "commentInfo"):
            del record[name]
        resource = {"eliteId": channel, "eliteName": f"频道{channel}"}
        return record | {"resourceInfo": resource, "inOrderCount30DaysSku": row.serial}


def order_goods(sku: int) -> Record:
    """Return what is told of a sku that was ordered."""
    return record_of(grammar.ORDER_GOODS, sku) | {"skuId": sku, "wlUnitPrice": -1}


def activities() -> list[Record]:
    """Return all activities: more than a page of them."""
    return [record_of(grammar.ACTIVITY, number) | {"id": number} for number in range(1, 61)]


def categories(parent: int, grade: int) -> list[Record]:
    """Return the categories below a parent; three levels of them."""
    count = 3 if grade == 0 else 2
    first = parent * 10 + 1 if parent else 1
    return [
        {"id": first + n, "name": f"类目{first + n}", "grade": grade, "parentId": parent}
        for n in range(count)
    ]


def positions(account: str, kind: int) -> list[Record]:
    """Return the promotion positions of a promoter, of one kind."""
    first = int(account) * 1000 + kind * 100
    rows = [
        {"id": first + n, "siteId": 0, "spaceName": f"推广位{n}", "type": kind} for n in range(7)
    ]
    return [row | {"pid": f"{account}_4_{row['id']}"} if kind == 4 else row for row in rows]


def redpackets(account: str, day: str) -> list[Record]:
    """Return the red packets' numbers of a day; one row is not told by position."""
    rows = []
    for number in range(3):
        dice = (int(account), int(day.replace("-", "")), number)
        place = {"positionId": 6_188_886_186 + number} if number else {}
        keys = {"tjDate": day, "actId": 100 + number, "channelId": 0, **place}
        rows.append(record_of(grammar.REDPACKET, *dice) | keys)
    return rows


ROWS = (JdOrder, JdBonusOrder, JdGoods)
