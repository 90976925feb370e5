"""The rows of 抖店: times in epoch seconds (bills in local text), amounts in fen, ids of 19 digits."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from typing_extensions import override

from sandbox.clock import beijing
from sandbox.dataset import Dataset, Numbered, Record, Row
from sandbox.fields import fresh
from sandbox.mixing import digest, mix
from sandbox.platforms.douyin_shop import fields
from sandbox.words import COLOURS, EXPRESS, GOODS, PLACES, REMARKS

View = Callable[[Dataset, Row], Record]

_ORDER_STEPS: t.Final = (1, 105, 2, 3, 5)
_CASE_STEPS: t.Final = (6, 7, 12)
_FIRST_ITEM = 3_660_207_428_038_970_000


def order_state(data: Dataset, row: Row) -> int:
    """Return an order's status: it advances with each version; some end as closed."""
    if row.version > 2 and mix(data.seed, row.serial, 1) % 7 == 0:
        return 4
    step = mix(data.seed, row.serial, 2) % 3 + row.version - 1
    return _ORDER_STEPS[min(step, len(_ORDER_STEPS) - 1)]


def item_state(data: Dataset, row: Row) -> int:
    """Return a product's status: online, offline, or deleted, which is a state like the others."""
    return mix(data.seed, row.serial, row.version // 3) % 3


def _item_of(data: Dataset, *parts: int) -> int:
    return _FIRST_ITEM + mix(data.seed, *parts) % data.peer("items").size


def _place(number: int) -> Record:
    province, city, town = PLACES[number % len(PLACES)]
    return {
        "province": {"name": province, "id": "35"},
        "city": {"name": city, "id": "350200"},
        "town": {"name": town, "id": "350203"},
        "street": {"name": "演示街道", "id": "350203010"},
    }


class DouyinOrder(Numbered):
    """`order.searchList` and `order.orderDetail`."""

    name = "orders"
    first = 6_936_476_692_437_000_000
    spread = 1_000_000_000

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"order_details": self.detail}

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        return self._fill(data, row, fresh(fields.ORDER))

    def detail(self, data: Dataset, row: Row) -> Record:
        """Return `data.shop_order_detail` of the detail."""
        record = self._fill(data, row, fresh(fields.ORDER_DETAIL))
        shop = record["promotion_detail"]["shop_discount_detail"]
        shop["total_amount"] = shop["coupon_amount"] = row.version - 1
        return record

    def _fill(self, data: Dataset, row: Row, record: Record) -> Record:
        dice = mix(data.seed, row.serial, 3)
        state, key = order_state(data, row), self.key(data, row)
        item, count, price = _item_of(data, row.serial), 1 + dice % 3, 900 + dice % 30_000
        paid = price * count - (row.version - 1)
        times = {
            "create_time": row.created // 1000,
            "update_time": row.updated // 1000,
            "pay_time": row.created // 1000 + 10 if state not in {1, 4} else 0,
            "ship_time": row.created // 1000 + 40 if state in {3, 5} else 0,
            "finish_time": row.updated // 1000 if state == 5 else 0,
        }
        shared = {
            **times,
            "order_id": key,
            "order_status": state,
            "order_status_desc": f"状态{state}",
            "main_status": state,
            "biz": 2,
            "biz_desc": "小店",
            "b_type": 2,
            "b_type_desc": "抖音",
            "order_amount": price * count,
            "pay_amount": paid,
            "promotion_amount": row.version - 1,
            "pay_type": 2,
            "order_expire_time": 1800,
            "post_addr": _place(dice) | {"detail": "", "encrypt_detail": _cipher(data, row, "#")},
            "encrypt_post_tel": _cipher(data, row, "$"),
            "encrypt_post_receiver": _cipher(data, row, "#"),
        }
        line = {
            "parent_order_id": key,
            "order_level": 3,
            "product_id": item,
            "product_id_str": str(item),
            "product_name": GOODS[item % len(GOODS)],
            "sku_id": item * 2 + 1,
            "item_num": count,
            "origin_amount": price,
            "goods_type": 0,
            "spec": [{"name": "颜色", "value": COLOURS[dice % len(COLOURS)]}],
            "code": f"S{item % 1000}",
        }
        record |= shared
        record |= {
            "shop_id": int(data.account),
            "shop_name": f"演示店铺{data.number}",
            "order_level": 2,
            "seller_words": f"v{row.version}",
            "buyer_words": REMARKS[dice % len(REMARKS)],
            "mask_post_receiver": "演**",
            "sku_order_list": [shared | line],
        }
        if times["ship_time"]:
            record["logistics_info"] = [
                {
                    "tracking_no": f"SF{row.serial:012d}",
                    "company": "shunfeng",
                    "company_name": EXPRESS[0],
                    "ship_time": times["ship_time"],
                    "delivery_id": str(row.serial),
                    "product_info": [
                        {
                            "product_id": item,
                            "price": price,
                            "sku_order_id": key,
                            "product_count": 1,
                        }
                    ],
                }
            ]
        return record


def _cipher(data: Dataset, row: Row, mark: str) -> str:
    return f"{mark * 2}{digest(mark, data.seed, row.serial)}{mark}sandbox{mark}1{mark * 2}"


class DouyinRefund(Numbered):
    """`afterSale.List` and `afterSale.Detail`."""

    name = "refunds"
    per_order = 0.2
    first = 7_200_000_000_000_000_000
    spread = 1_000_000_000

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"refund_details": self.detail}

    def _order(self, data: Dataset, row: Row) -> str:
        orders = data.peer("orders")
        return orders.key(orders.generated(row.serial * 5 % orders.size))

    def _state(self, data: Dataset, row: Row) -> int:
        step = mix(data.seed, row.serial, 11) % 2 + row.version - 1
        return _CASE_STEPS[min(step, len(_CASE_STEPS) - 1)]

    def _amount(self, data: Dataset, row: Row) -> int:
        return 500 + mix(data.seed, row.serial, 12) % 9000 + row.version

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        record, order = fresh(fields.REFUND), self._order(data, row)
        record["aftersale_info"] |= {
            "aftersale_id": self.key(data, row),
            "aftersale_type": 1,
            "aftersale_status": self._state(data, row),
            "related_id": order,
            "apply_time": row.created // 1000,
            "create_time": row.created // 1000,
            "update_time": row.updated // 1000,
            "status_deadline": row.created // 1000 + 172_800,
            "refund_amount": self._amount(data, row),
            "aftersale_num": 1,
            "refund_status": 3 if self._state(data, row) == 12 else 1,
            "remark": f"v{row.version}",
        }
        record["order_info"] = {
            "shop_order_id": order,
            "order_flag": 0,
            "related_order_info": [
                {
                    "sku_order_id": order,
                    "product_id": _item_of(data, row.serial),
                    "aftersale_pay_amount": self._amount(data, row),
                    "create_time": row.created // 1000,
                }
            ],
        }
        record["text_part"]["reason_text"] = "不想要了"
        return record

    def detail(self, data: Dataset, row: Row) -> Record:
        """Return `data` of the detail, in which the ids are numbers."""
        record = fresh(fields.REFUND_DETAIL)
        record["process_info"]["after_sale_info"] |= {
            "after_sale_id": self.number(data, row),
            "after_sale_status": self._state(data, row),
            "refund_total_amount": self._amount(data, row),
            "apply_time": row.created // 1000,
            "update_time": row.updated // 1000,
            "reason": "不想要了",
            "post_address": _place(row.serial),
        }
        record["process_info"]["record_logs_list"] = [
            {"operator": "买家", "time": beijing(row.created), "text": f"v{row.version}"}
        ]
        record["order_info"] = {"shop_order_id": int(self._order(data, row))}
        return record


class DouyinItem(Numbered):
    """`product.listV2`, `product.detail` and `sku.list`; rows of old deleted products go in the end."""

    name = "items"
    per_order = 0.1
    vanishes = True
    first = _FIRST_ITEM

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"item_details": self.detail}

    def _common(self, data: Dataset, row: Row) -> Record:
        price = 900 + mix(data.seed, row.serial, 21) % 20_000 + row.version
        return {
            "product_id": self.number(data, row),
            "status": item_state(data, row),
            "check_status": 3,
            "market_price": price * 2,
            "discount_price": price,
            "name": f"{GOODS[row.serial % len(GOODS)]} v{row.version}",
            "pay_type": 1,
            "spec_id": 1_803_361_102_927_000 + row.serial,
            "category_detail": {"first_cid": 20048, "first_cname": "餐饮具", "fourth_cid": 0},
        }

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        return fresh(fields.ITEM) | {
            **self._common(data, row),
            "img": f"https://img.example.com/{row.serial}.jpg",
            "create_time": row.created // 1000,
            "update_time": row.updated // 1000,
        }

    def detail(self, data: Dataset, row: Row) -> Record:
        """Return `data` of the detail, whose times are text of two kinds."""
        number = self.number(data, row)
        return fresh(fields.ITEM_DETAIL) | {
            **self._common(data, row),
            "product_id_str": str(number),
            "description": "演示商品",
            "create_time": beijing(row.created),
            "update_time": f"{beijing(row.updated).replace(' ', 'T')}+08:00",
            "pic": [f"https://img.example.com/{row.serial}.jpg"],
            "spec_prices": [
                {"sku_id": sku["id"], "price": sku["price"], "stock_num": sku["stock_num"]}
                for sku in self.skus(data, row)
            ],
        }

    def skus(self, data: Dataset, row: Row) -> list[Record]:
        """Return an item's skus."""
        number = self.number(data, row)
        return [
            fresh(fields.SKU)
            | {
                "id": number * 2 + place,
                "product_id": number,
                "product_id_str": str(number),
                "spec_detail_name1": COLOURS[place],
                "price": 900 + place,
                "stock_num": mix(number, place, row.version) % 500,
                "create_time": row.created // 1000,
                "code": f"S{number % 1000}{place}",
            }
            for place in range(1 + number % 2)
        ]


class DouyinSettledBill(Numbered):
    """`order.getSettleBillDetailV3`: a row per settled order line."""

    name = "settled_bills"
    per_order = 0.5
    frozen = True
    dated = False
    prefix = "RN"
    first = 7_300_000_000
    spread = 100_000_000

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        amount = 800 + mix(data.seed, row.serial, 51) % 40_000
        line = str(DouyinOrder.first + data.number * DouyinOrder.spread + row.serial)
        return fresh(fields.SETTLED_BILL) | {
            "request_no": self.key(data, row),
            "order_id": line,
            "shop_order_id": line,
            "trade_type": row.serial % 2,
            "settle_time": beijing(row.created),
            "order_time": beijing(row.created - 3_600_000),
            "product_id": str(_item_of(data, row.serial)),
            "goods_count": 1,
            "real_pay_amount": amount,
            "total_amount": amount,
            "settle_amount": amount - amount // 20,
            "commission": amount // 20,
            "remark": f"v{row.version}",
        }


class DouyinStatement(Numbered):
    """`order.getShopAccountItem`: each movement of money."""

    name = "funds_statements"
    frozen = True
    dated = False
    prefix = "AT"
    first = 8_000_000_000
    spread = 100_000_000

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        amount = 800 + mix(data.seed, row.serial, 41) % 40_000
        line = str(DouyinOrder.first + data.number * DouyinOrder.spread + row.serial)
        return fresh(fields.FUNDS_STATEMENT) | {
            "account_trade_no": self.key(data, row),
            "bill_time": beijing(row.created),
            "fund_flow": 1,
            "fund_flow_desc": "入账",
            "account_amount": amount,
            "order_id": line,
            "shop_order_id": line,
            "pay_amount": amount,
            "account_type": 1,
            "business_order_create_time": beijing(row.created - 3_600_000),
            "shop_id": data.account,
            "remark": f"v{row.version}",
        }


class DouyinWarehouse(Numbered):
    """`warehouse.list`."""

    name = "warehouses"
    per_order = 0.02
    vanishes = True
    first = 5_500_000

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        return fresh(fields.WAREHOUSE) | {
            "warehouse_id": self.number(data, row),
            "name": f"仓库{row.serial} v{row.version}",
            "shop_id": int(data.account),
            "out_warehouse_id": f"W{row.serial}",
            "create_time": row.created // 1000,
            "update_time": row.updated // 1000,
            "addr": [{"addr_id1": 35, "addr_id2": 350_200, "create_time": row.created // 1000}],
        }


ROWS = (
    DouyinOrder,
    DouyinRefund,
    DouyinItem,
    DouyinSettledBill,
    DouyinStatement,
    DouyinWarehouse,
)
