"""The orders of 淘宝: Beijing times without zone, amounts in yuan as text, ids beyond what a float holds."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from typing_extensions import override

from sandbox.clock import beijing
from sandbox.dataset import Dataset, Numbered, Record, Row
from sandbox.mixing import digest, mix
from sandbox.money import yuan
from sandbox.words import COLOURS, EXPRESS, GOODS, PLACES, REMARKS

View = Callable[[Dataset, Row], Record]

STATES: t.Final = (
    "WAIT_BUYER_PAY",
    "WAIT_SELLER_SEND_GOODS",
    "WAIT_BUYER_CONFIRM_GOODS",
    "TRADE_FINISHED",
)
KINDS: t.Final = ("fixed", "fixed", "cod", "step", "eticket", "tmall_i18n")
"""The last two are hidden unless they are asked for by name."""

HISTORY_MS: t.Final = 85 * 86_400_000
"""Orders of the history call are older than the others by this much."""

ARRIVES_MS: t.Final = 2000
"""A change reaches the shop's database this much later."""

_LISTED = frozenset(
    {
        "seller_nick",
        "pic_path",
        "payment",
        "seller_rate",
        "post_fee",
        "receiver_name",
        "receiver_state",
        "receiver_city",
        "receiver_district",
        "receiver_address",
        "receiver_zip",
        "receiver_mobile",
        "consign_time",
        "received_payment",
        "tid",
        "num",
        "num_iid",
        "status",
        "title",
        "type",
        "price",
        "discount_fee",
        "total_fee",
        "created",
        "pay_time",
        "modified",
        "end_time",
        "seller_flag",
        "buyer_nick",
        "buyer_open_uid",
        "shipping_type",
        "adjust_fee",
        "buyer_rate",
        "orders",
        "service_orders",
        "oaid",
        "async_modified",
    }
)
"""What the lists of orders can be asked for; the rest takes the call for one order."""


def nick(data: Dataset) -> str:
    """Return the shop's nick."""
    return f"演示店铺{data.number}"


def wrapped(kind: str, parts: list[Record]) -> Record | None:
    """Return a list as this platform sends it; nothing at all when it is empty."""
    return {kind: parts} if parts else None


def present(record: Record) -> Record:
    """Return a record without what is null: the platform leaves that out."""
    return {name: value for name, value in record.items() if value is not None}


def order_state(data: Dataset, row: Row) -> str:
    """Return an order's status: it advances with each version; some end as closed."""
    if row.version > 2 and mix(data.seed, row.serial, 1) % 7 == 0:
        return "TRADE_CLOSED"
    step = mix(data.seed, row.serial, 2) % 3 + row.version - 1
    return STATES[min(step, len(STATES) - 1)]


class TaobaoOrder(Numbered):
    """The order lists, and one order in full."""

    name = "orders"
    first = 2_276_684_604_172_000_000
    spread = 1_000_000_000

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {
            "order_details": self.detail,
            "orders_arrived": self.arrived,
            "orders_created": self.render,
            "order_amounts": self.amounts,
            "logistics_traces": self.traces,
            "qimen_records": self.scenario,
        }

    def kind(self, data: Dataset, row: Row) -> str:
        """Return the type of the order."""
        return KINDS[mix(data.seed, row.serial, 3) % len(KINDS)]

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        return {name: v for name, v in self.detail(data, row).items() if name in _LISTED}

    def arrived(self, data: Dataset, row: Row) -> Record:
        """Return an order as the list by arrival shows it."""
        return self.render(data, row) | {"async_modified": beijing(row.updated + ARRIVES_MS)}

    def scenario(self, data: Dataset, row: Row) -> Record:
        """Return an order as the provider of the 奇门 scenario shows it."""
        return {
            "order_no": f"P{self.number(data, row)}",
            "gmt_modified": beijing(row.updated),
            "status": order_state(data, row),
            "lines": [{"sku": f"S{row.serial % 9}", "qty": 1 + row.version}],
        }

    def _lines(self, data: Dataset, row: Row) -> list[Record]:
        dice, tid = mix(data.seed, row.serial, 4), self.number(data, row)
        items, state = data.peer("items"), order_state(data, row)
        first = t.cast("Numbered", items.entity)
        lines = []
        for place in range(1 + dice % 2):
            item = first.number(items, items.generated(dice % items.size))
            price = 1000 + mix(dice, place) % 30_000
            lines.append(
                present(
                    {
                        "oid": str(tid + place) if place else tid,
                        "num_iid": item,
                        "sku_id": str(item * 10 + place),
                        "outer_iid": f"W{item % 1000}",
                        "title": GOODS[item % len(GOODS)],
                        "sku_properties_name": f"颜色:{COLOURS[place]}",
                        "num": 1,
                        "price": yuan(price),
                        "total_fee": yuan(price),
                        "payment": yuan(price - 100 * row.version),
                        "discount_fee": yuan(100 * row.version),
                        "adjust_fee": "0.00",
                        "status": state,
                        "refund_status": "NO_REFUND",
                        "buyer_rate": False,
                        "seller_rate": state == "TRADE_FINISHED",
                        "seller_type": "C",
                        "cid": 50_000_436,
                        "pic_path": f"https://img.example.com/{item}.jpg",
                        "consign_time": beijing(row.created + 40_000)
                        if state in STATES[2:]
                        else None,
                        "logistics_company": EXPRESS[dice % 8] if state in STATES[2:] else None,
                        "is_daixiao": False,
                    }
                )
            )
        return lines

    def detail(self, data: Dataset, row: Row) -> Record:
        """Return `trade` of `taobao.trade.fullinfo.get`."""
        dice, tid = mix(data.seed, row.serial, 5), self.number(data, row)
        lines, state = self._lines(data, row), order_state(data, row)
        province, city, district = PLACES[dice % len(PLACES)]
        total = yuan(sum(int(line["price"].replace(".", "")) for line in lines))
        saved = {"discount_fee": "1.00", "id": tid, "promotion_name": "满就送"}
        return present(
            {
                # Documented as a number, seen as text as well.
                "tid": tid if dice % 2 else str(tid),
                "tid_str": str(tid),
                "status": state,
                "type": self.kind(data, row),
                "title": nick(data),
                "seller_nick": nick(data),
                "buyer_nick": "演**",
                "buyer_open_uid": f"AAE{digest(data.seed, dice % 5000)[:20]}",
                "created": beijing(row.created),
                "modified": beijing(row.updated),
                "pay_time": beijing(row.created + 10_000) if state != STATES[0] else None,
                "consign_time": beijing(row.created + 40_000) if state in STATES[2:] else None,
                "end_time": beijing(row.updated) if state == STATES[-1] else None,
                "num": 1 if len(lines) == 1 else 0,
                "num_iid": lines[0]["num_iid"],
                "price": lines[0]["price"],
                "pic_path": lines[0]["pic_path"],
                "payment": total,
                "total_fee": total,
                "discount_fee": "0.00",
                "adjust_fee": "0.00",
                "post_fee": "0.00",
                "received_payment": total if state == STATES[-1] else "0.00",
                "seller_rate": state == STATES[-1],
                "buyer_rate": False,
                "seller_flag": dice % 6,
                "shipping_type": "express",
                "receiver_name": "演**",
                "receiver_state": province,
                "receiver_city": city,
                "receiver_district": district,
                "receiver_address": "演****",
                "receiver_zip": "000000",
                "receiver_mobile": "139****0000",
                "oaid": f"1oaid{digest(data.seed, row.serial)[:24]}",
                "orders": {"order": lines},
                "promotion_details": wrapped(
                    "promotion_detail", [saved] if row.version > 1 else []
                ),
                # The rest is not in the lists.
                "buyer_memo": REMARKS[dice % len(REMARKS)] or None,
                "seller_memo": f"v{row.version}",
                "alipay_no": f"2026{tid % 10**12}",
                "commission_fee": "0.00",
                "cod_status": "NEW_CREATED",
                "is_3D": False,
                "trade_from": "WAP,WAP",
                "point_fee": 0,
                "coupon_fee": 150,
            }
        )

    def amounts(self, data: Dataset, row: Row) -> Record:
        """Return `trade_amount` of `taobao.trade.amount.get`."""
        whole = self.detail(data, row)
        names = ("tid", "alipay_no", "created", "pay_time", "end_time", "total_fee", "post_fee")
        of_line = ("oid", "title", "num_iid", "sku_id", "num", "price", "discount_fee", "payment")
        lines = [{name: line[name] for name in of_line} for line in self._lines(data, row)]
        return {name: whole[name] for name in (*names, "payment") if name in whole} | {
            "commission_fee": "0.00",
            "order_amounts": {"order_amount": lines},
        }

    def traces(self, data: Dataset, row: Row) -> Record:
        """Return the root of `taobao.logistics.trace.search`."""
        sent = order_state(data, row) in STATES[2:]
        step = {
            "status_time": beijing(row.created + 50_000),
            "status_desc": "已揽收",
            "action": "GOT",
        }
        return present(
            {
                "tid": self.number(data, row),
                "out_sid": f"SF{row.serial:09d}" if sent else None,
                "company_name": EXPRESS[row.serial % len(EXPRESS)],
                "status": "物流公司揽收成功" if sent else "等候发送给物流公司",
                "trace_list": wrapped("transit_step_info", [step] if sent else []),
            }
        )


class TaobaoOldOrder(TaobaoOrder):
    """`taobao.trades.sold.history.get`: orders that nothing happens to any more."""

    name = "orders_history"
    mutable = False
    first = 1_276_684_604_172_000_000

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {}

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        long_ago = row._replace(created=row.created - HISTORY_MS, updated=row.updated - HISTORY_MS)
        return super().render(data, long_ago)
