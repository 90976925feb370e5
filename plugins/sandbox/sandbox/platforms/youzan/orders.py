"""Orders of 有赞 and their details, after the sheet's field lists and the logged answer."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from typing_extensions import override

from sandbox.clock import beijing
from sandbox.dataset import Dataset, Entity, Record, Row
from sandbox.mixing import digest, mix
from sandbox.money import yuan
from sandbox.words import GOODS, PLACES, REMARKS

STATES: t.Final = (
    ("WAIT_BUYER_PAY", "待付款"),
    ("WAIT_SELLER_SEND_GOODS", "待发货"),
    ("WAIT_BUYER_CONFIRM_GOODS", "已发货"),
    ("TRADE_SUCCESS", "已完成"),
    ("TRADE_CLOSED", "已关闭"),
)
_PAID, _SENT, _DONE, _CLOSED = 1, 2, 3, 4
FIRST_ITEM: t.Final = 457_000_000


def cipher(*parts: int) -> str:
    """Return a text in the form of the platform's encrypted personal fields."""
    return f"${digest('cipher', *parts)[:22]}==$1$"


def state_of(data: Dataset, row: Row) -> int:
    """Return how far an order has come: it advances with each version."""
    start = mix(data.seed, row.serial, 1) % 3
    state = min(_DONE, start + row.version - 1)
    return _CLOSED if state == _DONE and mix(data.seed, row.serial, 2) % 8 == 0 else state


def lines_of(data: Dataset, row: Row) -> list[tuple[int, int, int]]:
    """Return (item number, quantity, payment in fen) of each line of an order."""
    dice = mix(data.seed, row.serial, 3)
    items = data.peer("items").size
    lines = []
    for place in range(1 + dice % 3):
        draw = mix(dice, place)
        quantity = 1 + draw % 4
        lines.append((draw % items, quantity, quantity * (100 + draw // 8 % 9900)))
    item, quantity, fen = lines[0]
    lines[0] = (item, quantity, fen - min(fen - 1, row.version - 1))
    return lines


class YouzanOrder(Entity):
    """`youzan.trades.sold.get`: never vanishes; closed orders stay."""

    name = "orders"

    @property
    @override
    def views(self) -> Mapping[str, Callable[[Dataset, Row], Record]]:
        return {"order_details": self.detail}

    @override
    def key(self, data: Dataset, row: Row) -> str:
        stamp = beijing(row.created).translate({45: None, 32: None, 58: None})
        return f"E{stamp}{row.serial:07d}{data.number % 100:02d}"

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        return int(key[15:22]) if len(key) == 24 and key[1:].isdigit() else None

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        return {
            "order_info": self._order_info(data, row),
            "source_info": {
                "is_offline_order": False,
                "book_key": digest(data.seed, row.serial)[:32],
                "biz_source": "null",
                "source": {"platform": "wx", "wx_entrance": "direct_buy"},
                "order_mark": None,
            },
            "buyer_info": {
                "yz_open_id": f"sandbox{mix(data.seed, row.serial, 4) % 10**9:09d}",
                "buyer_phone": cipher(data.seed, row.serial, 5),
                "outer_user_id": "",
                "fans_type": 9,
                "fans_id": mix(data.seed, row.serial, 6) % 10**9,
                "fans_nickname": "",
            },
            "channel_info": {"type": "", "entrance": "", "app_id": "", "app_name": ""},
            "pay_info": self._pay_info(data, row),
            "remark_info": {
                "buyer_message": REMARKS[mix(data.seed, row.serial, 7) % len(REMARKS)],
                "star": row.version % 6,
                "trade_memo": f"v{row.version}",
            },
            "address_info": self._address(data, row),
            "orders": self._lines(data, row),
            "child_info": {"child_orders": []},
        }

    def _order_info(self, data: Dataset, row: Row) -> Record:
        state = state_of(data, row)
        paid, sent, done = state >= _PAID, _SENT <= state <= _DONE, state == _DONE
        updated = beijing(row.updated)
        return {
            "tid": self.key(data, row),
            "status": STATES[state][0],
            "status_str": STATES[state][1],
            "type": 0,
            "pay_type": 10 if paid else 0,
            "pay_type_str": "WEIXIN_DAIXIAO" if paid else "",
            "team_type": 0,
            "close_type": 2 if state == _CLOSED else 0,
            "express_type": mix(data.seed, row.serial, 8) % 3,
            "refund_state": 12 if state == _CLOSED else 0,
            "created": beijing(row.created),
            "update_time": updated,
            "expired_time": beijing(row.created + 3_600_000),
            "pay_time": beijing(row.created + 6_000) if paid else "",
            "consign_time": updated if sent else "",
            "confirm_time": updated if done else "",
            "success_time": updated if done else "",
            "offline_id": 0,
            "is_retail_order": False,
            "order_url": "",
            "activity_type": 1,
            "is_multi_store": False,
            "node_kdt_id": int(data.account),
            "root_kdt_id": int(data.account),
            "shop_display_no": "",
            "shop_name": f"演示店铺{data.number}",
            "order_tags": {
                "is_virtual": None,
                "is_purchase_order": None,
                "is_member": True,
                "is_message_notify": True,
                "is_preorder": None,
                "is_offline_order": None,
                "is_multi_store": None,
                "is_settle": None,
                "is_payed": True if paid else None,
                "is_secured_transactions": True,
                "is_postage_free": True,
                "is_feedback": True if state == _CLOSED else None,
                "is_refund": True if state == _CLOSED else None,
                "is_fenxiao_order": None,
                "is_down_payment_pre": None,
            },
            "order_extra": {
                "is_from_cart": "true",
                "cashier_id": None,
                "cashier_name": None,
                "invoice_title": None,
                "settle_time": None,
                "is_parent_order": None,
                "is_sub_order": None,
                "parent_order_no": None,
                "purchase_order_no": None,
                "is_points_order": "0",
                "is_member": "true",
                "tm_cash": None,
                "t_cash": None,
                "cash": 0,
                "buyer_name": cipher(data.seed, row.serial, 9),
            },
        }

    def _pay_info(self, data: Dataset, row: Row) -> Record:
        total = sum(fen for _, _, fen in lines_of(data, row._replace(version=1)))
        payment = sum(fen for _, _, fen in lines_of(data, row))
        paid = state_of(data, row) >= _PAID
        number = f"{mix(data.seed, row.serial, 10):020d}"
        return {
            "total_fee": yuan(total),
            "post_fee": "0.00",
            "payment": yuan(payment),
            "transaction": [number] if paid else [],
            "outer_transactions": [number[::-1]] if paid else [],
            "phase_payments": [],
        }

    def _address(self, data: Dataset, row: Row) -> Record:
        province, city, district = PLACES[mix(data.seed, row.serial, 11) % len(PLACES)]
        return {
            "receiver_name": cipher(data.seed, row.serial, 12),
            "receiver_tel": cipher(data.seed, row.serial, 13),
            "delivery_province": province,
            "delivery_city": city,
            "delivery_district": district,
            "delivery_address": cipher(data.seed, row.serial, 14),
            "address_extra": '{"areaCode":"510191","lon":104.0,"lat":30.5}',
            "delivery_postal_code": "",
            "self_fetch_info": "",
            "delivery_start_time": None,
            "delivery_end_time": None,
        }

    def oid(self, data: Dataset, row: Row, place: int) -> str:
        """Return the number of an order's line."""
        return str(1_507_000_000_000_000_000 + data.number * 10**12 + row.serial * 8 + place)

    def _lines(self, data: Dataset, row: Row) -> list[Record]:
        return [
            {
                "oid": self.oid(data, row, place),
                "item_id": FIRST_ITEM + item,
                "sku_id": 0 if item % 3 else 36_000_000 + item,
                "item_type": 0,
                "title": GOODS[item % len(GOODS)],
                "num": quantity,
                "price": yuan(fen // quantity),
                "discount_price": yuan(fen // quantity),
                "total_fee": yuan(fen),
                "payment": yuan(fen),
                "points_price": "0",
                "outer_item_id": str(8000 + item),
                "outer_sku_id": str(8000 + item),
                "sku_properties_name": "[]" if item % 3 else '[{"k":"颜色","v":"红色"}]',
                "buyer_messages": "",
                "alias": digest(item)[:13],
                "pic_path": f"https://img.example.com/{digest(item)[:16]}.jpg",
                "goods_url": f"https://h5.example.com/goods?alias={digest(item)[:13]}",
                "is_present": False,
                "is_cross_border": "null",
                "is_pre_sale": "null",
                "pre_sale_type": "null",
                "customs_code": "null",
                "cross_border_trade_mode": "null",
                "sub_order_no": "null",
                "fenxiao_price": "0.00",
                "fenxiao_payment": "0.00",
                "sku_unique_code": "",
                "biz_item_attribute": '{"EXTERNAL_TICKET":"0"}',
            }
            for place, (item, quantity, fen) in enumerate(lines_of(data, row))
        ]

    def detail(self, data: Dataset, row: Row) -> Record:
        """Return the whole `data` of `youzan.trade.get`."""
        order = self.render(data, row)
        order["pay_info"] |= {
            "real_payment": order["pay_info"]["payment"],
            "deduction_pay": 0,
            "deduction_real_pay": 0,
        }
        discount = sum(f for _, _, f in lines_of(data, row._replace(version=1)))
        discount -= sum(f for _, _, f in lines_of(data, row))
        promotion = {
            "promotion_type": "meetReduce",
            "promotion_title": "满减",
            "promotion_type_name": "满减送",
            "promotion_type_id": 101,
            "promotion_id": 4_295_457_682,
            "promotion_condition": "",
            "promotion_content": "",
            "sub_promotion_type": "",
            "coupon_id": "",
            "discount_fee": yuan(discount),
        }
        return {
            "full_order_info": order,
            "order_promotion": {
                "item": None,
                "item_discount_fee": None,
                "order_discount_fee": yuan(discount),
                "adjust_fee": "0.00",
                "order": [promotion] if discount else [],
            },
            "refund_order": self._refunds(data, row),
            "delivery_order": self._deliveries(data, row),
            "qr_info": None,
        }

    def _refunds(self, data: Dataset, row: Row) -> list[Record]:
        if state_of(data, row) != _CLOSED:
            return []
        return [
            {
                "refund_type": 1,
                "refund_fee": yuan(fen),
                "refund_id": f"{self.key(data, row)[1:15]}{row.serial:07d}{place:03d}",
                "refund_state": 60,
                "oids": [{"oid": self.oid(data, row, place)}],
            }
            for place, (_, _, fen) in enumerate(lines_of(data, row))
        ]

    def _deliveries(self, data: Dataset, row: Row) -> list[Record]:
        if not _SENT <= state_of(data, row) <= _DONE:
            return []
        lines = range(len(lines_of(data, row)))
        return [
            {
                "pk_id": 1_507_387_369_000_000_001 + row.serial * 1000,
                "express_state": 1,
                "express_type": 0,
                "oids": [{"oid": self.oid(data, row, place)} for place in lines],
                "dists": [
                    {
                        "dist_id": f"{self.key(data, row)[1:15]}{row.serial:010d}",
                        "create_time": beijing(row.created + 10_000),
                        "express_info": {"express_id": 4, "express_no": f"SF{row.serial:012d}"},
                    }
                ],
            }
        ]
