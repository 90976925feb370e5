"""The rows of 得物: Beijing times, fen in orders and bids, yuan in settlements."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from typing_extensions import override

from sandbox.clock import beijing
from sandbox.dataset import Dataset, Numbered, Record, Row
from sandbox.mixing import mix
from sandbox.money import yuan
from sandbox.words import COLOURS, GOODS

View = Callable[[Dataset, Row], Record]

ARTICLES: t.Final = 12
BIDDING_TYPES: t.Final = (0, 6, 7)
_STATES = (2000, 2010, 3000, 3020, 3040, 4000)
_SPU = 4_210_000


def article(number: int) -> str:
    """Return an article number."""
    return f"DM62{number:02d}-045"


def product(number: int) -> Record:
    """Return a product of `spu/batch_article_number`."""
    skus = [
        {"sku_id": 600_000 + number * 10 + n, "properties": f'{{"尺码":"{40 + n}"}}', "barcode": ""}
        for n in range(2)
    ]
    return {
        "spu_id": _SPU + number,
        "title": GOODS[number % len(GOODS)],
        "article_number": article(number),
        "other_numbers": "",
        "brand_id": 144,
        "brand_name": "演示品牌",
        "category_id": 31,
        "category_name": "板鞋",
        "spu_logo": "https://img.example.com/1.jpg",
        "auth_price": 79_900,
        "status": 1,
        "has_auth": True,
        "skus": skus,
    }


class DewuOrder(Numbered):
    """`order/generic_increment` and `order/generic_list`."""

    name = "orders"
    first = 110_100_000_000
    spread = 1_000_000

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        dice = mix(data.seed, row.serial, 1)
        state = _STATES[min(dice % 2 + row.version - 1, len(_STATES) - 1)]
        number, price = dice % ARTICLES, 30_000 + dice % 90_000
        return {
            "order_no": self.key(data, row),
            "order_type": (0, 6, 7)[dice % 3],
            "order_status": state,
            "pay_status": 2,
            "pay_time": beijing(row.created + 10_000),
            "amount": price,
            "pay_amount": price - row.version,
            "merchant_subsidy_amount": 0,
            "properties": f'{{"颜色":"{COLOURS[dice % 5]}","尺码":"42"}}',
            "spu_id": _SPU + number,
            "sku_id": 600_000 + number * 10,
            "brand_id": 144,
            "title": GOODS[number % len(GOODS)],
            "sku_price": price,
            "article_number": article(number),
            "other_numbers": f"{article(number)},X{number}",
            "seller_bidding_no": str(220_000_000 + row.serial),
            "delivery_limit_time": beijing(row.created + 86_400_000),
            "qty": 1,
            "poundage": price // 20,
            "poundage_percent": 500,
            "close_type": 0,
            "close_time": "",
            "create_time": beijing(row.created),
            "modify_time": beijing(row.updated),
            "package_quantity": 1,
            "express_to_platform": {"express_no": f"SF{row.serial:09d}", "delivery_time": ""},
        }


class DewuBrandOrder(DewuOrder):
    """`order/brand_deliver/increment`."""

    name = "brand_deliver_orders"
    per_order = 0.3
    first = 120_100_000_000


class DewuRefund(Numbered):
    """`refund_order/increment`; its fields are ours, since nobody documents them."""

    name = "refunds"
    per_order = 0.3
    prefix = "R"
    first = 130_100_000_000
    spread = 1_000_000

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        return {
            "refund_no": self.key(data, row),
            "order_no": str(DewuOrder.first + data.number * DewuOrder.spread + row.serial),
            "amount": 30_000 + row.version,
            "modify_time": beijing(row.updated),
        }


class DewuBrandRefund(DewuRefund):
    """`refund/brand_deliver/increment`; likewise."""

    name = "brand_deliver_refunds"
    prefix = "B"


class DewuSettlement(Numbered):
    """`bill/realtime_list`: by the day of settlement."""

    name = "settlements"
    frozen = True
    dated = False
    first = DewuOrder.first
    spread = DewuOrder.spread

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"bills": self.bill}

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        dice = mix(data.seed, row.serial, 2)
        fen = 30_000 + dice % 90_000
        number = dice % ARTICLES
        return {
            "order_no": self.key(data, row),
            "order_type": "普通现货",
            "product_name": GOODS[number % len(GOODS)],
            "article_number": article(number),
            "props": "42",
            "num": 1,
            "sku_price": yuan(fen),
            "amount_receivable": yuan(fen - fen // 20),
            "bid_time": beijing(row.created - 800_000),
            "order_created_time": beijing(row.created - 700_000),
            "order_pay_time": beijing(row.created - 690_000),
            "platform_deliver_time": beijing(row.created - 100_000),
            "is_activity": "否",
            "standard_rate": "5%",
            "check_fee": "8.00",
            "identify_fee": "15.00",
            "transfer_fee": yuan(fen // 100),
            "adjust_fee": "-1.00",
            "stmt_fee": yuan(fen - fen // 20),
            "stmt_status": "已结算",
            "real_stmt_time": beijing(row.created),
            "settlement_channel": "支付宝",
        }

    def bill(self, data: Dataset, row: Row) -> Record:
        """Return a bill; its fields are ours, since nobody documents them."""
        return {"bill_no": f"Z{self.key(data, row)}", "bill_time": beijing(row.created), "n": 1}


class DewuBidding(Numbered):
    """`bidding/generic_list` and `bidding/generic_detail`."""

    name = "biddings"
    per_order = 0.5
    vanishes = True
    dated = False
    first = 220_000_000
    spread = 1_000_000

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"bidding_details": self.render}

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        dice = mix(data.seed, row.serial, 3)
        return {
            "bidding_no": self.key(data, row),
            "bidding_type": BIDDING_TYPES[row.serial % len(BIDDING_TYPES)],
            "spu_id": _SPU + dice % ARTICLES,
            "sku_id": 600_000 + dice % 100,
            "article_number": article(dice % ARTICLES),
            "price": 30_000 + dice % 90_000,
            "qty": 10,
            "qty_sold": min(row.version, 10),
            "qty_remain": max(0, 10 - row.version),
            "status": 1 if row.version < 10 else 20,
            "bidding_time": beijing(row.created),
            "campus_list": [],
        }


ROWS = (
    DewuOrder,
    DewuBrandOrder,
    DewuRefund,
    DewuBrandRefund,
    DewuSettlement,
    DewuBidding,
)
