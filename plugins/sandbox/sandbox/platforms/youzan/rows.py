"""The rows of 有赞 beside orders and goods: refunds, customers, organisations."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from typing_extensions import override

from sandbox.clock import beijing
from sandbox.dataset import Dataset, Entity, Numbered, Record, Row
from sandbox.mixing import mix
from sandbox.money import yuan
from sandbox.platforms.youzan.goods import (
    YouzanItem,
    YouzanProduct,
    YouzanStockIn,
    YouzanStockOut,
    YouzanWarehouse,
)
from sandbox.platforms.youzan.orders import YouzanOrder, cipher
from sandbox.words import GIVEN, PLACES, SURNAMES

View = Callable[[Dataset, Row], Record]

_REFUND_STATES = (
    "WAIT_SELLER_AGREE",
    "WAIT_BUYER_RETURN_GOODS",
    "WAIT_SELLER_CONFIRM_GOODS",
    "SUCCESS",
)
_FEW = 4


class YouzanRefund(Entity):
    """`youzan.trade.refund.search` and its detail."""

    name = "refunds"
    per_order = 0.3

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"refund_details": self.detail}

    @override
    def key(self, data: Dataset, row: Row) -> str:
        stamp = beijing(row.created).translate({45: None, 32: None, 58: None})
        return f"{stamp}{row.serial:08d}{data.number % 100:02d}"

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        return int(key[14:22]) if len(key) == 24 and key.isdigit() else None

    def _order(self, data: Dataset, row: Row) -> tuple[Dataset, Row]:
        orders = data.peer("orders")
        return orders, orders.generated(row.serial * 3 % orders.size)

    def state(self, data: Dataset, row: Row) -> str:
        """Return the refund's status: it advances with each version."""
        if row.version > 1 and mix(data.seed, row.serial, 21) % 9 == 0:
            return "CLOSED"
        step = mix(data.seed, row.serial, 22) % 2 + row.version - 1
        return _REFUND_STATES[min(step, len(_REFUND_STATES) - 1)]

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        orders, order = self._order(data, row)
        dice = mix(data.seed, row.serial, 23)
        return {
            "refund_id": self.key(data, row),
            "tid": orders.key(order),
            "kdt_id": int(data.account),
            "status": self.state(data, row),
            "return_goods": dice % 2 == 0,
            "reason": dice % 20,
            "refund_fee": yuan(100 + dice % 20_000 + row.version),
            "created": beijing(row.created),
            "modified": beijing(row.updated),
            "cs_status": 1,
        }

    def detail(self, data: Dataset, row: Row) -> Record:
        """Return `data` of `youzan.trade.refund.get`."""
        orders, order = self._order(data, row)
        listed = self.render(data, row)
        province, city, _ = PLACES[row.serial % len(PLACES)]
        done = listed["status"] == "SUCCESS"
        kind = t.cast("YouzanOrder", orders.entity)
        return {
            "refund_id": listed["refund_id"],
            "status": listed["status"],
            "tid": listed["tid"],
            "oid": kind.oid(orders, order, 0),
            "refund_fee": listed["refund_fee"],
            "version": row.updated,
            "refund_type": "BUYER_APPLY_REFUND",
            "demand": 2 if listed["return_goods"] else 1,
            "demand_desc": "退货退款" if listed["return_goods"] else "仅退款",
            "reason": listed["reason"],
            "return_goods": listed["return_goods"],
            "refund_success_time": listed["modified"] if done else "",
            "refund_account_time": listed["modified"] if done else "",
            "refund_fund_list": [{"refund_fee": 100, "status": 60 if done else 1}],
            "logistics": {
                "address": cipher(data.seed, row.serial, 24),
                "receiver": cipher(data.seed, row.serial, 25),
                "province": province,
                "city": city,
            },
        }


class YouzanCustomer(Entity):
    """`scrm.customer.list`: filtered by creation only, newest first."""

    name = "customers"
    per_order = 0.4
    dated = False

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"customer_details": self.detail}

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return f"sandbox{data.number:02d}{row.serial:08d}"

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        digits = key.removeprefix(f"sandbox{data.number:02d}")
        return int(digits) if digits.isdigit() else None

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        dice = mix(data.seed, row.serial, 51)
        return {
            "yz_open_id": self.key(data, row),
            "name": cipher(data.seed, row.serial, 52),
            "show_name": SURNAMES[dice % len(SURNAMES)] + GIVEN[dice // 32 % len(GIVEN)],
            "gender": dice % 3,
            "mobile": cipher(data.seed, row.serial, 53),
            "is_member": dice % 2,
            "trade_count": row.version,
            "points": dice % 500 + row.version,
            "created_at": row.created // 1000,
            "created_member_at": row.created // 1000 if dice % 2 else 0,
            "is_mobile_enable": True,
            "is_mobile_auth": dice % 2 == 0,
        }

    def detail(self, data: Dataset, row: Row) -> Record:
        """Return `data` of `scrm.customer.detail.get`; here times come in milliseconds."""
        listed = self.render(data, row)
        return {
            "yz_open_id": listed["yz_open_id"],
            "created_at": row.created,
            "updated_at": row.updated,
            "member_created_at": row.created if listed["is_member"] else 0,
            "user_base": {name: listed[name] for name in ("show_name", "gender", "mobile")},
            "behavior": {"trade_count": listed["trade_count"]},
            "credit": {"points": listed["points"]},
        }

    def points_log(self, data: Dataset, row: Row) -> list[tuple[int, Record]]:
        """Return the changes of a customer's points as (moment in ms, record)."""
        dice, current, log = mix(data.seed, row.serial, 54), 0, []
        for place in range(dice % 4):
            at, amount = row.created + place * 60_000, 5 + mix(dice, place) % 90
            current += amount
            record = {
                "created_at": at // 1000,
                "expired_at": at // 1000 + 31_536_000,
                "amount": amount,
                "current": current,
                "description": "购物奖励积分",
                "biz_value": f"B{row.serial}{place}",
            }
            log.append((at, record))
        return log


class YouzanBranch(Entity):
    """The organisations of a chain: the head office and its branches."""

    name = "branches"
    dated = False

    @override
    def size(self, orders: int) -> int:
        return _FEW

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return data.account if row.serial == 0 else f"{data.account}{row.serial:02d}"

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        branch = key.removeprefix(data.account)
        return int(branch or 0) if branch.isdigit() or not branch else None

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        province, city, area = PLACES[row.serial % len(PLACES)]
        return {
            "kdt_id": int(self.key(data, row)),
            "name": f"演示店铺{data.number}-{row.serial} v{row.version}",
            "role": 1 if row.serial == 0 else 2,
            "join_type": 1,
            "parent_kdt_id": 0 if row.serial == 0 else int(data.account),
            "shop_address": {
                "county": area,
                "county_id": 330106,
                "address": f"{province}{city}{area}",
            },
            "outer_id": "",
            "access_status": "ENABLE",
            "offline_business_status": "OPEN",
            "store_status": "NORMAL",
            "lifecycle_end_time": "2030-01-01 00:00:00",
            "dept_info_list": [],
        }


class YouzanStore(Numbered):
    """Multi-store points (网点) in the form of the 2019 SDK."""

    name = "stores"
    first = 57_694_718

    @override
    def size(self, orders: int) -> int:
        return _FEW

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        province, city, area = PLACES[row.serial % len(PLACES)]
        return {
            "id": self.number(data, row),
            "name": f"{area}网点 v{row.version}",
            "sid": int(data.account),
            "kdt_id": int(data.account),
            "province": province,
            "city": city,
            "area": area,
            "address": "演示路 2 号",
            "created_time": beijing(row.created),
            "updated_time": beijing(row.updated),
        }


class YouzanSalesman(Entity):
    """`salesman.account.list` in the form of the 2019 SDK."""

    name = "salesmen"
    per_order = 0.02
    dated = False

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return f"SLM{data.number:02d}{row.serial:06d}"

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        digits = key.removeprefix(f"SLM{data.number:02d}")
        return int(digits) if digits.isdigit() else None

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        dice = mix(data.seed, row.serial, 61)
        return {
            "mobile": cipher(data.seed, row.serial, 62),
            "nickname": SURNAMES[dice % len(SURNAMES)] + GIVEN[dice // 32 % len(GIVEN)],
            "seller": self.key(data, row),
            "order_num": row.version,
            "money": yuan(dice % 90_000),
            "created_at": beijing(row.created),
        }


ROWS = (
    YouzanOrder,
    YouzanRefund,
    YouzanItem,
    YouzanProduct,
    YouzanWarehouse,
    YouzanStockIn,
    YouzanStockOut,
    YouzanCustomer,
    YouzanBranch,
    YouzanStore,
    YouzanSalesman,
)
