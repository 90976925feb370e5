"""The rows of 快手小店: times in epoch milliseconds, amounts in fen, ids as integers."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from typing_extensions import override

from sandbox.clock import beijing
from sandbox.dataset import Dataset, Numbered, Record, Row
from sandbox.fields import fresh
from sandbox.mixing import digest, mix
from sandbox.money import yuan
from sandbox.platforms.kuaishou_shop import fields
from sandbox.words import COLOURS, GOODS, PLACES, REMARKS

View = Callable[[Dataset, Row], Record]

ORDER_STATES: t.Final = (10, 30, 40, 50, 70)
_REFUND_STATES = (10, 30, 40, 50, 60)
_FIRST_ITEM = 4_193_000_000
_SETTLES_MS = 3_600_000


def masked(name: str, *parts: int) -> Record:
    """Return the pair of an encrypted and a shortened personal field."""
    return {f"encrypted{name}": f"sandbox#{digest(name, *parts)}", f"desensitise{name}": "演**"}


def order_state(data: Dataset, row: Row) -> int:
    """Return an order's status: it advances with each version; some end as failed."""
    if row.version > 2 and mix(data.seed, row.serial, 1) % 7 == 0:
        return 80
    step = mix(data.seed, row.serial, 2) % 3 + row.version - 1
    return ORDER_STATES[min(step, len(ORDER_STATES) - 1)]


class KuaishouOrder(Numbered):
    """`open.order.cursor.list` and `open.order.detail`."""

    name = "orders"
    precision_ms = 1
    first = 2_215_900_000_000_000
    spread = 10_000_000_000

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"order_details": self.detail}

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        return self._fill(data, row, fresh(fields.ORDER))

    def detail(self, data: Dataset, row: Row) -> Record:
        """Return `data` of `open.order.detail`."""
        record = self._fill(data, row, fresh(fields.ORDER_DETAIL))
        record["orderFlag"]["flag"] = ["grey_flag_tag_order"]
        record["orderBaseInfo"]["shopNewBuyer"] = row.serial % 2 == 0
        return record

    def _fill(self, data: Dataset, row: Row, record: Record) -> Record:
        dice = mix(data.seed, row.serial, 3)
        state = order_state(data, row)
        oid, num = self.number(data, row), 1 + dice % 3
        item = _FIRST_ITEM + dice % data.peer("items").size
        price = 1000 + dice % 30_000
        buyer = f"f198{digest(data.seed, dice % 5000)[:28]}"
        record["orderBaseInfo"] |= {
            "oid": oid,
            "payTime": row.created + 10_000 if state >= 30 else 0,
            "buyerOpenId": buyer,
            "buyerNick": "演**",
            "sellerOpenId": f"f198{digest(data.account)[:28]}",
            "sellerNick": f"演示小店{data.number}",
            "totalFee": price * num - (row.version - 1),
            "discountFee": row.version - 1,
            "status": state,
            "sendTime": row.created + 40_000 if 40 <= state < 80 else 0,
            "recvTime": row.created + 50_000 if 50 <= state < 80 else 0,
            "createTime": row.created,
            "updateTime": row.updated,
            "remark": f"v{row.version}",
            "theDayOfDeliverGoodsTime": 48,
            "payType": 2 if state >= 30 else 0,
            "cpsType": 1 + dice % 2,
        }
        record["orderItemInfo"] |= {
            "skuId": item * 10,
            "skuDesc": COLOURS[dice % len(COLOURS)],
            "skuNick": f"SKU{item}",
            "itemId": item,
            "itemTitle": GOODS[item % len(GOODS)],
            "itemPicUrl": f"https://img.example.com/{item}.jpg",
            "num": num,
            "originalPrice": price,
            "price": price,
            "itemType": 1,
            "goodsCode": f"G{item}",
            "orderItemId": oid * 10 + 1,
        }
        if state == 80:
            record["orderRefundList"] = [{"refundId": oid * 10 + 7, "refundStatus": 60}]
        if 40 <= state < 80:
            shipment = {"expressNo": f"KS{oid}", "expressCode": 4, "logisticsId": oid * 10}
            record["orderLogisticsInfo"] = [shipment]
        record["orderNote"] = {"sellerNote": [REMARKS[dice % 5]], "orderNoteInfo": []}
        province, city, district = PLACES[dice % len(PLACES)]
        record["orderAddress"] |= {
            **masked("Consignee", data.seed, row.serial),
            **masked("Mobile", data.seed, row.serial),
            **masked("Address", data.seed, row.serial),
            "provinceCode": 330000,
            "province": province,
            "cityCode": 330100,
            "city": city,
            "districtCode": 330106,
            "district": district,
        }
        return record


class KuaishouRefund(Numbered):
    """`open.seller.order.refund.pcursor.list` and its detail."""

    name = "refunds"
    per_order = 0.2
    precision_ms = 1
    first = 2_300_000_000_000
    spread = 1_000_000_000

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"refund_details": self.detail}

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        return self._fill(data, row, fresh(fields.REFUND))

    def detail(self, data: Dataset, row: Row) -> Record:
        """Return `data` of `open.seller.order.refund.detail`."""
        record = self._fill(data, row, fresh(fields.REFUND_DETAIL))
        record["productNum"] = 1
        record["buyerOpenId"] = f"f198{digest(data.seed, row.serial)[:28]}"
        record["buyerExchangeAddress"] |= masked("Consignee", data.seed, row.serial)
        return record

    def _fill(self, data: Dataset, row: Row, record: Record) -> Record:
        orders = data.peer("orders")
        oid = t.cast("KuaishouOrder", orders.entity).number(
            orders, orders.generated(row.serial * 5 % orders.size)
        )
        dice = mix(data.seed, row.serial, 11)
        step = min(dice % 2 + row.version - 1, len(_REFUND_STATES) - 1)
        item = _FIRST_ITEM + dice % data.peer("items").size
        return record | {
            "oid": oid,
            "refundId": self.number(data, row),
            "handlingWay": 1 if dice % 2 else 10,
            "negotiateStatus": 1,
            "refundFee": 500 + dice % 9000 + row.version,
            "skuId": item * 10,
            "itemId": item,
            "refundReason": dice % 30,
            "refundReasonDesc": "多拍/不想要",
            "refundDesc": f"v{row.version}",
            "status": _REFUND_STATES[step],
            "refundType": 1,
            "sellerId": int(data.account),
            "submitTime": row.created,
            "createTime": row.created,
            "updateTime": row.updated,
            "negotiateUpdateTime": row.updated,
            "endTime": row.updated if step == len(_REFUND_STATES) - 1 else 0,
            "expireTime": row.created + 604_800_000,
        }


class KuaishouItem(Numbered):
    """`open.item.list.get`, its detail and its skus; deleted items vanish."""

    name = "items"
    per_order = 0.1
    precision_ms = 1
    vanishes = True
    first = _FIRST_ITEM

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"item_details": self.detail}

    def skus(self, data: Dataset, row: Row) -> list[Record]:
        """Return an item's skus."""
        number = self.number(data, row)
        return [
            fresh(fields.SKU)
            | {
                "kwaiSkuId": number * 10 + place,
                "kwaiItemId": number,
                "skuStock": mix(number, place, row.version) % 500,
                "skuSalePrice": self._price(data, row) + place,
                "isValid": 1,
                "createTime": row.created,
                "updateTime": row.updated,
                "specification": COLOURS[place],
                "skuNick": f"SKU{number}{place}",
                "goodsCode": [f"G{number}"],
            }
            for place in range(1 + number % 3)
        ]

    def _price(self, data: Dataset, row: Row) -> int:
        return 900 + mix(data.seed, row.serial, 21) % 20_000 + row.version

    def _common(self, data: Dataset, row: Row) -> Record:
        return {
            "categoryId": 1000 + row.serial % 40,
            "categoryName": "演示类目",
            "title": f"{GOODS[row.serial % len(GOODS)]} v{row.version}",
            "details": "演示商品",
            "imageUrls": [f"https://img.example.com/{row.serial}.jpg"],
            "updateTime": row.updated,
            "auditStatus": 2,
            "expressTemplateId": 1,
            "multipleStock": False,
        }

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        number = self.number(data, row)
        return (
            fresh(fields.ITEM)
            | self._common(data, row)
            | {
                "kwaiItemId": number,
                "skuList": self.skus(data, row),
                "userId": int(data.account),
                "mainImageUrl": f"https://img.example.com/{row.serial}.jpg",
                "linkUrl": f"https://app.example.com/detail?id={number}",
                "price": self._price(data, row),
                "volume": row.serial % 300,
                "status": 1,
                "createTime": row.created,
                "shelfStatus": 1,
                "itemStatus": 1,
                "itemType": 1,
            }
        )

    def detail(self, data: Dataset, row: Row) -> Record:
        """Return `data` of `open.item.get`, whose key is called itemId."""
        return (
            fresh(fields.ITEM_DETAIL)
            | self._common(data, row)
            | {
                "itemId": self.number(data, row),
                "parentCategoryId": 100,
                "parentCategoryName": "演示上级",
                "rootCategoryId": 10,
                "rootCategoryName": "演示根类目",
                "skuInfos": self.skus(data, row),
                "createdTime": row.created,
                "onOfflineStatus": 1,
            }
        )


class KuaishouComment(Numbered):
    """`open.comment.list.get`: filtered by creation only."""

    name = "comments"
    per_order = 0.3
    precision_ms = 1
    frozen = True
    dated = False
    first = 5_100_000_000_000
    spread = 1_000_000_000

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        dice = mix(data.seed, row.serial, 31)
        item = _FIRST_ITEM + dice % data.peer("items").size
        return fresh(fields.COMMENT) | {
            "commentId": self.number(data, row),
            "itemId": item,
            "itemSkuId": item * 10,
            "orderId": KuaishouOrder.first + data.number * KuaishouOrder.spread + row.serial,
            "content": f"很好，{REMARKS[dice % len(REMARKS)]} v{row.version}",
            "auditStatus": "PASS",
            "valid": True,
            "serviceScore": 1 + dice % 5,
            "qualityScore": 1 + dice % 5,
            "logisticsScore": 1 + dice % 5,
            "createTime": row.created,
            "updateTime": row.updated,
        }


class KuaishouStatement(Numbered):
    """`open.funds.financial.statement.list`: by business time, up to yesterday."""

    name = "funds_statements"
    precision_ms = 1
    frozen = True
    dated = False
    prefix = "BT"
    first = 8_000_000_000
    spread = 100_000_000

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        amount = 800 + mix(data.seed, row.serial, 41) % 40_000
        return fresh(fields.STATEMENT) | {
            "billTime": row.created,
            "inOutType": 1,
            "amount": amount,
            "bookTransNo": self.key(data, row),
            "outOrderId": str(
                KuaishouOrder.first + data.number * KuaishouOrder.spread + row.serial
            ),
            "remark": f"v{row.version}",
            "actualPayAmount": amount,
            "settlementAmount": amount - amount // 20,
            "serviceAmount": amount // 20,
            "settlementStatus": "已结算",
            "settlementTime": row.created,
            "orderStatus": 70,
        }


class KuaishouBill(Numbered):
    """`open.funds.financial.settled.bill.detail`: one row per settled order, amounts as text."""

    name = "settled_bills"
    per_order = 0.5
    frozen = True
    dated = False
    first = KuaishouOrder.first
    spread = KuaishouOrder.spread

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        fen = 800 + mix(data.seed, row.serial, 51) % 40_000
        item = _FIRST_ITEM + row.serial % data.peer("items").size
        return fresh(fields.BILL) | {
            "orderNo": self.number(data, row),
            "productId": str(item),
            "productName": GOODS[item % len(GOODS)],
            "productNum": 1,
            "orderCreateTime": beijing(row.created - _SETTLES_MS),
            "actualPayAmount": yuan(fen),
            "totalIncome": yuan(fen),
            "platformCommissionAmount": yuan(fen // 20),
            "totalOutgoingAmount": yuan(fen // 20),
            "settlementStatus": "已结算",
            "settlementAmount": yuan(fen - fen // 20),
            "settlementTime": beijing(row.created),
            "orderRemark": f"v{row.version}",
        }


ROWS = (
    KuaishouOrder,
    KuaishouRefund,
    KuaishouItem,
    KuaishouComment,
    KuaishouStatement,
    KuaishouBill,
)
