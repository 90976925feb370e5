"""The rows of 淘宝 beside orders: refunds, items, parcels and ratings."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from typing_extensions import override

from sandbox.clock import beijing
from sandbox.dataset import Dataset, Entity, Numbered, Record, Row
from sandbox.mixing import mix
from sandbox.money import yuan
from sandbox.platforms.taobao.orders import (
    TaobaoOldOrder,
    TaobaoOrder,
    View,
    nick,
    present,
    wrapped,
)
from sandbox.words import COLOURS, EXPRESS, GOODS, REMARKS

BANNERS: t.Final = ("for_shelved", "sold_out", "violation_off_shelf")
_REFUND_STATES = (
    "WAIT_SELLER_AGREE",
    "WAIT_BUYER_RETURN_GOODS",
    "WAIT_SELLER_CONFIRM_GOODS",
    "SUCCESS",
)


class TaobaoRefund(Numbered):
    """`taobao.refunds.receive.get` and one refund in full."""

    name = "refunds"
    per_order = 0.3
    first = 190_000_000_000_000_000
    spread = 1_000_000_000

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"refund_details": self.detail}

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        orders = data.peer("orders")
        order = orders.generated(row.serial * 5 % orders.size)
        tid = t.cast("TaobaoOrder", orders.entity).number(orders, order)
        dice = mix(data.seed, row.serial, 11)
        state = _REFUND_STATES[min(dice % 2 + row.version - 1, len(_REFUND_STATES) - 1)]
        return {
            "refund_id": self.key(data, row),
            "tid": tid,
            "oid": tid,
            "title": GOODS[dice % len(GOODS)],
            "seller_nick": nick(data),
            "buyer_nick": "演**",
            "total_fee": yuan(1000 + dice % 9000),
            "refund_fee": yuan(500 + dice % 500 + row.version),
            "payment": yuan(500),
            "status": state,
            "order_status": "WAIT_SELLER_SEND_GOODS",
            "good_status": "BUYER_NOT_RECEIVED",
            "has_good_return": dice % 2 == 0,
            "reason": "多拍/不想要",
            "desc": f"v{row.version}",
            "created": beijing(row.created),
            "modified": beijing(row.updated),
            "refund_phase": "onsale",
            "dispute_type": "REFUND",
        }

    def detail(self, data: Dataset, row: Row) -> Record:
        """Return `refund` of `taobao.refund.get`."""
        waits = {
            "exist_timeout": True,
            "remind_type": 1,
            "timeout": beijing(row.created + 86_400_000),
        }
        return self.render(data, row) | {
            "num": 1,
            "price": "12.30",
            "num_iid": 35_223_917_483,
            "refund_version": row.updated,
            "split_taobao_fee": "0.00",
            "split_seller_fee": "0.00",
            "refund_remind_timeout": waits,
        }


class TaobaoItem(Numbered):
    """The items, on sale or not; deleted ones vanish."""

    name = "items"
    per_order = 0.5
    vanishes = True
    first = 559_884_639_463
    spread = 10_000_000

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"item_details": self.detail}

    def banner(self, data: Dataset, row: Row) -> str:
        """Return why an item is not on sale; empty when it is."""
        dice = mix(data.seed, row.serial, 21) % 6
        return BANNERS[dice] if dice < len(BANNERS) else ""

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        number, banner = self.number(data, row), self.banner(data, row)
        return present(
            {
                "num_iid": number,
                "approve_status": "instock" if banner else "onsale",
                "title": f"{GOODS[row.serial % len(GOODS)]} v{row.version}",
                "nick": nick(data),
                "type": "fixed",
                "cid": 50_000_436,
                "seller_cids": ",1101,1102,",
                "pic_url": f"https://img.example.com/{number}.jpg",
                "num": 0 if banner == "sold_out" else 10 + row.version,
                "props": "20000:29534",
                "valid_thru": 7,
                "list_time": beijing(row.created),
                "delist_time": beijing(row.updated) if banner else None,
                "price": yuan(900 + mix(data.seed, row.serial, 22) % 20_000),
                "has_discount": False,
                "has_showcase": row.serial % 2 == 0,
                "modified": beijing(row.updated),
                "postage_id": 0,
                "outer_id": f"W{row.serial}",
                "is_taobao": True,
                "sold_quantity": row.serial % 300,
            }
        )

    def detail(self, data: Dataset, row: Row) -> Record:
        """Return an item of `taobao.items.seller.list.get`."""
        number = self.number(data, row)
        skus = [
            {
                "sku_id": number * 10 + place,
                "price": yuan(900 + place),
                "properties": f"1627207:{place}",
                "properties_name": f"1627207:{place}:颜色分类:{COLOURS[place]}",
                "quantity": row.version,
                "created": beijing(row.created),
                "modified": beijing(row.updated),
            }
            for place in range(row.serial % 3)
        ]
        images = [{"id": number + 1, "position": 0, "url": f"https://img.example.com/{number}.jpg"}]
        return present(
            self.render(data, row)
            | {
                "created": beijing(row.created),
                "desc": "<p>演示商品</p>",
                "detail_url": f"https://item.example.com/?id={number}",
                "location": {"city": "杭州", "state": "浙江"},
                "item_imgs": wrapped("item_img", images),
                "skus": wrapped("sku", skus),
                "post_fee": "10.00",
                "with_hold_quantity": 0,
                "auto_repost": False,
                "auction_point": 5,
                "is_fenxiao": 0,
                "desc_module_info": {"type": 1, "anchor_module_ids": "1"},
                "food_security": {"prd_license_no": "SC000000", "period": "365"},
                "locality_life": {"expirydate": "2027-12-31", "merchant": "演示"},
            }
        )


class TaobaoShipping(Numbered):
    """`taobao.logistics.orders.get`: filtered by creation only."""

    name = "shippings"
    dated = False
    prefix = "LP"
    first = 710_000_000
    spread = 1_000_000

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return f"{super().key(data, row)}:{self._tid(data, row)}"

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        return super().index(data, key.partition(":")[0])

    def _tid(self, data: Dataset, row: Row) -> int:
        return TaobaoOrder.first + data.number * TaobaoOrder.spread + row.serial

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        tid = self._tid(data, row)
        return {
            "order_code": self.key(data, row).partition(":")[0],
            "tid": tid,
            "seller_nick": nick(data),
            "buyer_nick": "演**",
            "out_sid": f"SF{row.serial:09d}",
            "item_title": GOODS[row.serial % len(GOODS)],
            "receiver_name": "演**",
            "created": beijing(row.created),
            "modified": beijing(row.updated),
            "status": "ACCEPTING" if row.version == 1 else "SENT",
            "type": "express",
            "freight_payer": "seller",
            "company_name": EXPRESS[row.serial % len(EXPRESS)],
            "seller_confirm": "yes",
            "is_split": row.serial % 2,
            "sub_tids": {"number": [tid, tid + 1]},
        }


class TaobaoRating(Entity):
    """`taobao.traderates.get`: without an id of its own."""

    name = "ratings"
    per_order = 0.4
    frozen = True
    dated = False

    def _tid(self, data: Dataset, row: Row) -> int:
        return TaobaoOrder.first + data.number * TaobaoOrder.spread + row.serial

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return f"{self._tid(data, row)}:{self._tid(data, row) + 1}:buyer"

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        tid = key.partition(":")[0]
        return int(tid) - self._tid(data, Row(0, 1, 0, 0)) if tid.isdigit() else None

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        dice, tid = mix(data.seed, row.serial, 31), self._tid(data, row)
        return {
            "tid": tid,
            "oid": tid + 1,
            "role": "buyer",
            "nick": "演**",
            "rated_nick": nick(data),
            "result": ("good", "neutral", "bad")[dice % 3],
            "created": beijing(row.created),
            "item_title": GOODS[dice % len(GOODS)],
            "item_price": yuan(1000 + dice % 9000),
            "content": f"很好，{REMARKS[dice % len(REMARKS)]}",
            "valid_score": True,
            "num_iid": 559_884_639_463,
        }


ROWS = (TaobaoOrder, TaobaoOldOrder, TaobaoRefund, TaobaoItem, TaobaoShipping, TaobaoRating)
