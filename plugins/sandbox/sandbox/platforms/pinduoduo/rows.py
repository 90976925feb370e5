"""The rows of 拼多多: orders in yuan and local time, after-sales cases in text of epoch seconds, goods."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from typing_extensions import override

from sandbox.clock import beijing
from sandbox.dataset import Dataset, Numbered, Record, Row
from sandbox.fields import fresh
from sandbox.mixing import digest, mix
from sandbox.money import yuan
from sandbox.platforms.pinduoduo import fields
from sandbox.words import COLOURS, GOODS, PLACES, REMARKS

View = Callable[[Dataset, Row], Record]

CASE_STATES: t.Final = (0, *range(2, 19), 21, 22, 24, 25, 27, 31, 32, 33)
CASE_STEPS: t.Final = (2, 4, 10)
_FIRST_ITEM = 4_193_000_000
_AMOUNTS = ("goods_amount", "pay_amount", "discount_amount", "postage", "seller_discount")
_PERSONAL = ("receiver_name", "receiver_phone", "receiver_address", "address")
_CONSUMER = (*_PERSONAL, *(f"{name}_mask" for name in _PERSONAL), "pay_no", "inner_transaction_id")


def order_state(data: Dataset, row: Row) -> int:
    """Return an order's state, which advances with each version: to be sent, on its way, received."""
    return min(3, mix(data.seed, row.serial, 2) % 2 + row.version)


def case_state(data: Dataset, row: Row) -> int:
    """Return the state of an after-sales case, which advances with each version."""
    step = mix(data.seed, row.serial, 3) % 2 + row.version - 1
    return CASE_STEPS[min(step, len(CASE_STEPS) - 1)]


class PddOrder(Numbered):
    """An order as the lists and the detail show it."""

    name = "orders"
    prefix = "261120-"
    first = 355_530_178_000_000
    spread = 10_000_000_000

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {
            "order_details": self.detail,
            "orders_confirmed": self.confirmed,
            "orders_basic": self.basic,
        }

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        dice = mix(data.seed, row.serial, 5)
        state = order_state(data, row)
        item, count, price = (
            _FIRST_ITEM + dice % data.peer("items").size,
            1 + dice % 3,
            900 + dice % 30_000,
        )
        sent = beijing(row.created + 40_000) if state > 1 else ""
        province, city, town = PLACES[dice % len(PLACES)]
        record = fresh(fields.ORDER) | {
            "order_sn": self.key(data, row),
            "order_status": state,
            "refund_status": 1,
            "confirm_status": 1,
            "confirm_time": beijing(row.created),
            "created_time": beijing(row.created - 20_000),
            "pay_time": beijing(row.created - 10_000),
            "shipping_time": sent,
            "receive_time": beijing(row.created + 50_000) if state == 3 else "",
            "last_ship_time": beijing(row.created + 172_800_000),
            "updated_at": beijing(row.updated),
            "goods_amount": yuan(price * count),
            "pay_amount": yuan(price * count - (row.version - 1)),
            "discount_amount": yuan(row.version - 1),
            "seller_discount": yuan(row.version - 1),
            "postage": "0.00",
            "pay_type": "WEIXIN",
            "tracking_number": f"YT{row.serial:012d}" if state > 1 else "",
            "logistics_id": 85 if state > 1 else 0,
            "province": province,
            "province_id": 31,
            "city": city,
            "city_id": 383,
            "town": town,
            "town_id": 3232,
            "country": "中国",
            "country_id": 0,
            "remark": f"v{row.version}",
            "buyer_memo": REMARKS[dice % len(REMARKS)],
            "cat_id_1": 18_482,
            "item_list": [
                {
                    "goods_id": item,
                    "goods_name": GOODS[item % len(GOODS)],
                    "goods_img": f"https://img.example.com/{item}.jpg",
                    "goods_count": count,
                    "goods_price": yuan(price),
                    "goods_spec": COLOURS[dice % len(COLOURS)],
                    "sku_id": item * 10 + 1,
                    "outer_id": f"S{item}",
                    "outer_goods_id": f"G{item}",
                }
            ],
            "order_tag_list": [{"name": "return_freight_payer", "value": dice % 2}],
        }
        # Ciphertext only while the order waits to be sent; afterwards nothing.
        for name in _PERSONAL:
            record[name] = f"~sandbox~{digest(name, data.seed, row.serial)}~" if state == 1 else ""
            record[f"{name}_mask"] = "演**"
        return record

    def detail(self, data: Dataset, row: Row) -> Record:
        """Return `order_info` of the detail."""
        store = {"store_id": 0, "store_name": "", "store_number": ""}
        return self.render(data, row) | {"store_info": store}

    def confirmed(self, data: Dataset, row: Row) -> Record:
        """Return an order with its amounts as numbers, as the list by confirmation shows it."""
        record = self.render(data, row)
        return record | {name: float(record[name]) for name in _AMOUNTS}

    def basic(self, data: Dataset, row: Row) -> Record:
        """Return an order without what is personal."""
        record = self.confirmed(data, row)
        return {name: value for name, value in record.items() if name not in _CONSUMER}


class PddRefund(Numbered):
    """An after-sales case."""

    name = "refunds"
    per_order = 0.2
    first = 7_381_000_000
    spread = 10_000_000

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"refund_details": self.detail}

    def _order(self, data: Dataset, row: Row) -> str:
        orders = data.peer("orders")
        return orders.key(orders.generated(row.serial * 5 % orders.size))

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        dice = mix(data.seed, row.serial, 11)
        item = _FIRST_ITEM + dice % data.peer("items").size
        return fresh(fields.REFUND) | {
            "id": self.number(data, row),
            "order_sn": self._order(data, row),
            "after_sales_status": case_state(data, row),
            "after_sales_type": 2,
            "after_sale_reason": "不想要了",
            "confirm_time": _text(row.created),
            "created_time": _text(row.created),
            "updated_time": _text(row.updated),
            "goods_id": item,
            "goods_name": GOODS[item % len(GOODS)],
            "goods_number": "1",
            "goods_price": yuan(900 + dice % 3000),
            "good_image": f"https://img.example.com/{item}.jpg",
            "order_amount": yuan(900 + dice % 3000),
            "discount_amount": "0.00",
            "refund_amount": yuan(500 + dice % 400 + row.version),
            "refund_operator_role": 1,
            "sku_id": str(item * 10 + 1),
            "outer_id": f"S{item}",
            "outer_goods_id": f"G{item}",
            "speed_refund_status": "0",
        }

    def detail(self, data: Dataset, row: Row) -> Record:
        """Return the detail of a case, whose kinds are numbered otherwise."""
        listed = self.render(data, row)
        return fresh(fields.REFUND_DETAIL) | {
            "id": listed["id"],
            "order_sn": listed["order_sn"],
            "after_sales_status": listed["after_sales_status"],
            "after_sales_type": 1,
            "after_sales_reason": listed["after_sale_reason"],
            "confirm_time": row.created // 1000,
            "updated_time": beijing(row.updated),
            "goods_number": 1,
            "refund_amount": float(listed["refund_amount"]),
            "remark": f"v{row.version}",
            "images": [f"https://img.example.com/case-{row.serial}.jpg"],
            "sku_id": listed["sku_id"],
        }


class PddItem(Numbered):
    """A goods with its skus; deleted ones are listed no more, and no change is dated."""

    name = "items"
    per_order = 0.1
    vanishes = True
    dated = False
    first = _FIRST_ITEM

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"item_details": self.detail}

    def _specs(self, data: Dataset, row: Row) -> list[tuple[int, str, int]]:
        """Return number, colour and stock of each sku."""
        number = self.number(data, row)
        return [
            (number * 10 + place, COLOURS[place], mix(number, place, row.version) % 500)
            for place in range(1, 2 + number % 3)
        ]

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        skus = self._specs(data, row)
        return fresh(fields.ITEM) | {
            "goods_id": self.number(data, row),
            "goods_name": f"{GOODS[row.serial % len(GOODS)]} v{row.version}",
            "goods_quantity": sum(stock for *_, stock in skus),
            "created_at": row.created // 1000,
            "image_url": f"https://img.example.com/{row.serial}.jpg",
            "thumb_url": f"https://img.example.com/{row.serial}-s.jpg",
            "is_more_sku": int(len(skus) > 1),
            "is_onsale": row.serial % 2,
            "sku_list": [
                {
                    "sku_id": sku,
                    "sku_quantity": stock,
                    "reserve_quantity": 0,
                    "is_sku_onsale": 1,
                    "outer_id": f"S{sku}",
                    "outer_goods_id": f"G{row.serial}",
                    "spec": colour,
                    "spec_details": [
                        {
                            "parent_id": 1215,
                            "parent_name": "颜色",
                            "spec_id": place,
                            "spec_name": colour,
                            "spec_note": "",
                        }
                    ],
                }
                for place, (sku, colour, stock) in enumerate(skus)
            ],
        }

    def detail(self, data: Dataset, row: Row) -> Record:
        """Return the detail of a goods, with its prices in fen."""
        number = self.number(data, row)
        price = 900 + mix(data.seed, row.serial, 21) % 20_000 + row.version
        return fresh(fields.ITEM_DETAIL) | {
            "goods_id": number,
            "goods_name": f"{GOODS[row.serial % len(GOODS)]} v{row.version}",
            "goods_desc": "演示商品",
            "cat_id": 18_482,
            "cost_template_id": 1,
            "market_price": price * 2,
            "status": 1 + row.serial % 2,
            "carousel_gallery_list": [f"https://img.example.com/{row.serial}.jpg"],
            "sku_list": [
                {
                    "sku_id": sku,
                    "price": price,
                    "multi_price": price - 100,
                    "quantity": stock,
                    "out_sku_sn": f"S{sku}",
                    "spec": [
                        {
                            "parent_id": 1215,
                            "parent_name": "颜色",
                            "spec_id": 1,
                            "spec_name": colour,
                        }
                    ],
                }
                for sku, colour, stock in self._specs(data, row)
            ],
        }


def _text(ms: int) -> str:
    return str(ms // 1000)


ROWS = (PddOrder, PddRefund, PddItem)
