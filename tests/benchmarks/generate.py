"""Orders as Singer messages, made from a seed: `python -m benchmarks.generate base > base.jsonl`.

25 columns and about 1,000 bytes a line: ids of 19 digits as text, amounts as JSON numbers and as text,
four times with an offset, epoch milliseconds, a nested object, an array of objects, an array of texts,
Chinese text. The version of a row is `updated_at`. Three files go together:

    base     N orders
    updates  N/5 of them again: 70 % with a newer version, 30 % with an older one
    messy    N/10 lines out of order: new and known orders by halves, each in two lines, which are
             the same line twice, two versions in either order, or two contents with one version;
             their times are written with several offsets

`expect` tells the rows, the sum of an amount and the digest of the content that newest-wins leaves.
Every row follows from (seed, order, revision) alone, so nothing is kept in memory.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import typing as t
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

PARTS = ("base", "updates", "messy")
STREAM = "orders"
SEED = 20261120
STATE_EVERY = 10_000

_MASK = (1 << 64) - 1
_START = datetime(2025, 1, 1, tzinfo=timezone.utc)
_STEP = 41  # seconds from one order to the next
_HOUR, _DAY = 3_600, 86_400
_BEIJING = timezone(timedelta(hours=8))
_ZONES = (
    _BEIJING,
    timezone.utc,
    timezone(timedelta(hours=9, minutes=30)),
    timezone(-timedelta(hours=5)),
)

_STATUSES = ("WAIT_BUYER_PAY", "WAIT_SELLER_SEND", "WAIT_BUYER_CONFIRM", "TRADE_SUCCESS", "CLOSED")
_CHANNELS = ("weixin", "wx_mini_program", "alipay_app", "browser", "offline_store")
_NAMES = ("王建国", "李秀英", "张伟", "刘洋", "陈桂兰", "杨欣怡", "赵子轩", "欧阳娜娜")
_CITIES = ("浙江省杭州市余杭区", "北京市海淀区", "广东省深圳市南山区", "四川省成都市武侯区")
_STREETS = ("文一西路969号海创园", "中关村南大街5号", "科苑南路3099号", "天府大道北段1700号")
_GOODS = (
    "有机五常大米 5kg",
    "手工龙井茶 礼盒",
    "纯棉婴儿连体衣",
    "黑芝麻糊 独立小袋",
    "潮汕牛肉丸",
)
_REMARKS = (
    "请尽快发货，谢谢",
    "周末送货，放门卫处",
    "不要塑料袋；发票抬头：个人",
    "生日礼物，附贺卡",
)
_TAGS = ("新客", "会员", "复购", "满减", "直播", "赠品", "预售", "跨境")


def _text() -> dict[str, t.Any]:
    return {"type": ["string", "null"]}


def _time() -> dict[str, t.Any]:
    return {"type": ["string", "null"], "format": "date-time"}


def _amount() -> dict[str, t.Any]:
    return {"type": ["number", "null"], "multipleOf": 0.01}


def _nested(**properties: str) -> dict[str, t.Any]:
    described = {name: {"type": [kind, "null"]} for name, kind in properties.items()}
    return {"type": ["object", "null"], "properties": described}


PROPERTIES: dict[str, dict[str, t.Any]] = {
    "id": {"type": "string"},
    "shop_id": _text(),
    "buyer_id": _text(),
    "revision": {"type": ["integer", "null"]},
    "status": _text(),
    "channel": _text(),
    "title": _text(),
    "receiver_name": _text(),
    "receiver_address": _text(),
    "remark": _text(),
    "total_amount": _amount(),
    "discount_amount": _amount(),
    "freight_amount": _amount(),
    "paid_amount": _text(),
    "refunded_amount": _text(),
    "item_count": {"type": ["integer", "null"]},
    "is_paid": {"type": ["boolean", "null"]},
    "created_at": _time(),
    "paid_at": _time(),
    "shipped_at": _time(),
    "updated_at": _time(),
    "created_ms": {"type": ["integer", "null"]},
    "buyer": _nested(nickname="string", level="integer", phone="string", follows="boolean"),
    "items": {
        "type": ["array", "null"],
        "items": _nested(sku_id="string", name="string", count="integer", price="number"),
    },
    "tags": {"type": ["array", "null"], "items": {"type": ["string", "null"]}},
}
SCHEMA = {
    "type": "SCHEMA",
    "stream": STREAM,
    "schema": {"type": "object", "properties": PROPERTIES},
    "key_properties": ["id"],
    "bookmark_properties": ["updated_at"],
}

_RECORD = (
    '{"id":"%d","shop_id":"%d","buyer_id":"%d","revision":%d,"status":"%s","channel":"%s",'
    '"title":"%s","receiver_name":"%s","receiver_address":"%s","remark":%s,'
    '"total_amount":%s,"discount_amount":%s,"freight_amount":%s,'
    '"paid_amount":"%s","refunded_amount":"%s","item_count":%d,"is_paid":%s,'
    '"created_at":"%s","paid_at":%s,"shipped_at":%s,"updated_at":"%s","created_ms":%d,'
    '"buyer":{"nickname":"%s","level":%d,"phone":"1%010d","follows":%s},'
    '"items":[%s],"tags":["%s","%s"]}'
)
_ITEM = '{"sku_id":"%d","name":"%s","count":%d,"price":%s}'
_LINE = (
    '{"type":"RECORD","stream":"%s","record":%s,"time_extracted":"2026-11-20T08:00:00.000000Z"}\n'
)


class Version(t.NamedTuple):
    """One version of one order.

    Attributes:
        order: The order's number, from 0.
        revision: Which version it is; 0 in `base`.
        shift: Seconds by which its `updated_at` differs from that of revision 0.
        zone: Which offset its `updated_at` is written with.
    """

    order: int
    revision: int = 0
    shift: int = 0
    zone: int = 0


class Orders:
    """The three files of one size and one seed.

    Args:
        records: How many orders `base` has.
        seed: Another seed, other orders.
    """

    def __init__(self, records: int, seed: int = SEED) -> None:
        self.records = records
        self._seed = seed

    def versions(self, part: str) -> Iterator[Version]:
        """Yield the versions of a part in the order of its lines."""
        return {"base": self._base, "updates": self._updates, "messy": self._messy}[part]()

    def newest(self, last: str) -> Iterator[Version]:
        """Yield what newest-wins leaves after the parts up to `last`, in the order of the orders.

        A later line wins when its version is strictly newer.
        """
        changed: dict[int, Version] = {}
        new = 0
        for part in PARTS[1 : PARTS.index(last) + 1]:
            for version in self.versions(part):
                new = max(new, version.order + 1 - self.records)
                known = changed.get(version.order)
                if known is None and version.order < self.records:
                    known = Version(version.order)
                if known is None or version.shift > known.shift:
                    changed[version.order] = version
        for order in range(self.records + new):
            yield changed.get(order, Version(order))

    def lines(self, part: str) -> Iterator[bytes]:
        """Yield the messages of a part, a STATE after each 10,000 records and at the end."""
        yield (json.dumps(SCHEMA, ensure_ascii=False) + "\n").encode()
        count = 0
        for count, version in enumerate(self.versions(part), start=1):
            yield (_LINE % (STREAM, self.record(version))).encode()
            if count % STATE_EVERY == 0:
                yield _state(part, count)
        if count % STATE_EVERY:
            yield _state(part, count)

    def record(self, version: Version) -> str:
        """Return the record of a version as JSON text."""
        order, revision, shift, zone = version
        a = self._random(order, revision)
        b = self._random(a, 1)
        paid = a % 10 > 0
        shipped = a % 10 > 2
        cents = 1_000 + (a >> 8) % 500_000
        discount = (a >> 28) % 1_000
        created = _START + timedelta(seconds=order * _STEP)
        updated = created + timedelta(seconds=7 * _HOUR + shift)
        local = created.astimezone(_BEIJING)
        city = (b >> 40) % len(_CITIES)
        name = _NAMES[b % len(_NAMES)]
        items = ",".join(
            _ITEM
            % (
                3_200_000_000_000_000_000 + ((b >> at) & 0xFFFFFFFFFF),
                _GOODS[(b >> at) % len(_GOODS)],
                1 + (b >> at) % 3,
                _money(500 + (b >> at) % 99_000),
            )
            for at in ((0,) if (b >> 6) % 2 else (0, 11))
        )
        return _RECORD % (
            2_500_000_000_000_000_000 + order,
            1_100_000_000_000_000_000 + a % 50,
            4_000_000_000_000_000_000 + (a >> 4),
            revision,
            _STATUSES[a % len(_STATUSES)],
            _CHANNELS[(a >> 16) % len(_CHANNELS)],
            _GOODS[(a >> 20) % len(_GOODS)],
            name,
            f"{_CITIES[city]}{_STREETS[city]}{1 + b % 30}幢{1 + (b >> 9) % 28}单元",
            f'"{_REMARKS[(b >> 12) % len(_REMARKS)]}"' if b & 3 else "null",
            _money(cents),
            _money(discount),
            _money((a >> 44) % 2 * 800),
            _money(cents - discount),
            _money((b >> 50) % 10 // 9 * 990),
            1 + (a >> 50) % 9,
            "true" if paid else "false",
            local.isoformat(),
            f'"{(local + timedelta(seconds=60 + a % 600)).isoformat()}"' if paid else "null",
            f'"{(local + timedelta(seconds=3 * _HOUR + b % 9000)).isoformat()}"'
            if shipped
            else "null",
            updated.astimezone(_ZONES[zone]).isoformat(),
            (1_735_689_600 + order * _STEP) * 1000 + a % 1000,
            f"{name[0]}同学{a % 9973}",
            a % 7,
            3_000_000_000 + a % 6_999_999_999,
            "true" if b & 128 else "false",
            items,
            _TAGS[a % len(_TAGS)],
            _TAGS[(b >> 30) % len(_TAGS)],
        )

    def _random(self, first: int, second: int) -> int:
        """Return 64 bits that follow from the seed and two numbers (splitmix64)."""
        z = (self._seed * 0x9E3779B97F4A7C15 + first * 0xD1342543DE82EF95 + second + 1) & _MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return z ^ (z >> 31)

    def _base(self) -> Iterator[Version]:
        return (Version(order) for order in range(self.records))

    def _updates(self) -> Iterator[Version]:
        for index in range(self.records // 5):
            chance = self._random(index, 11)
            order = 5 * index + chance % 5
            if chance // 5 % 10 < 7:
                yield Version(order, 1, _DAY + index)
            else:
                yield Version(order, 2, -_HOUR)

    def _messy(self) -> Iterator[Version]:
        places = list(range(self.records // 10))
        random.Random(self._seed).shuffle(places)
        for place in places:
            index, second = divmod(place, 2)
            chance = self._random(index, 12)
            known = index % 2
            order = (
                (index * 20 + chance % 20) % self.records if known else self.records + index // 2
            )
            zone = (chance >> 20) % len(_ZONES)
            shape = (chance >> 8) % 10
            if shape < 3:  # the same line twice
                yield Version(order, 3, 40 * _DAY, zone)
            elif shape < 6:  # two newer versions
                yield Version(order, 3 + second, (40 + second) * _DAY, (zone + second) % 4)
            elif shape < 9:  # an older and a newer one
                yield Version(order, 3 + second, (40 * second - 2) * _DAY, (zone + second) % 4)
            else:  # one version, two contents: the first that came stays
                yield Version(order, 3 + second, 40 * _DAY, (zone + second) % 4)


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _state(part: str, count: int) -> bytes:
    value = {"bookmarks": {STREAM: {"replication_key": "updated_at", "part": part, "lines": count}}}
    return (json.dumps({"type": "STATE", "value": value}) + "\n").encode()


def main() -> None:
    """Print a part, or what the parts must leave."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generate", description=__doc__)
    parser.add_argument("what", choices=[*PARTS, "expect"])
    parser.add_argument("--records", type=int, default=100_000, help="orders in base")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    orders = Orders(options.records, options.seed)
    if options.what != "expect":
        sys.stdout.buffer.writelines(orders.lines(options.what))
        return
    from benchmarks.content import expected

    for part in PARTS:
        print(f"{part:8} {expected(orders, part)}")  # noqa: T201


if __name__ == "__main__":
    main()
