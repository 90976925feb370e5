"""The rows of 聚水潭: Beijing times as text, amounts in yuan, a row version that grows with each change."""

from __future__ import annotations

import typing as t

from typing_extensions import override

from sandbox.clock import beijing
from sandbox.dataset import Dataset, Entity, Numbered, Record, Row
from sandbox.fields import filled
from sandbox.mixing import mix
from sandbox.money import yuan
from sandbox.platforms.jushuitan.fields import FIELDS
from sandbox.words import GOODS, REMARKS

_VERSIONS = 1_000_000
# Numbers that come as text, and are empty where there is none.
_LOOSE = {
    "freight",
    "platform_free_amount",
    "pay_free_amount",
    "referrer_free_amount",
    "shop_free_amount",
    "cb_total_tax",
    "shop_price",
    "market_price",
}
_WORDS = {"remark": REMARKS, "name": GOODS}
# Fields that show the row's version; the first that an entity has is taken.
_SHOWING = ("remark", "remark1", "short_name", "group", "lc_name", "name", "logistics_company")
_STATES = ("WaitConfirm", "Confirmed", "Cancelled")


def row_version(row: Row) -> int:
    """Return `ts`: larger for each later change of any row."""
    return row.updated // 1000 * _VERSIONS + row.serial


def at_version(ts: int) -> tuple[int, int]:
    """Return update time in milliseconds and serial number of the row with this version."""
    return ts // _VERSIONS * 1000, ts % _VERSIONS


class _Rows(Numbered):
    """Rows with every field of their list.

    Attributes:
        field: The field that holds the key.
        states: What `status` may be; it changes with each version.
    """

    field: t.ClassVar[str]
    states: t.ClassVar[tuple[str, ...]] = _STATES
    spread = 1_000_000

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        record = filled(FIELDS[self.name], _Values(data, row))
        for name in _SHOWING:
            if name in record:
                record[name] = f"{record[name]} v{row.version}"
                break
        if "status" in record:
            step = mix(data.seed, row.serial, 3) + row.version
            record["status"] = self.states[step % len(self.states)]
        if "ts" in record:
            record["ts"] = type(record["ts"])(row_version(row))
        key = self.key(data, row)
        record[self.field] = key if isinstance(record[self.field], str) else int(key)
        return record


class _Values:
    """The values of one row, by name and kind of the field."""

    def __init__(self, data: Dataset, row: Row) -> None:
        self._data, self._row = data, row
        self._dice = mix(data.seed, row.serial, len(data.entity.name))
        self._drawn = 0

    def _draw(self, below: int) -> int:
        self._drawn += 1
        return mix(self._dice, self._drawn) % below

    def __call__(self, name: str, kind: str) -> t.Any:
        """Return a value; some texts and times are empty."""
        if kind == "time":
            return self._time(name)
        if kind == "num":
            number = self._draw(1_000_000)
            return number if name.endswith("_id") else number / 100
        if kind == "int":
            return int(self._data.account) if name == "co_id" else 1 + self._draw(100_000)
        return self._draw(2) == 0 if kind == "bool" else self._text(name)

    def _time(self, name: str) -> str:
        if name in {"created", "modified"}:
            return beijing(self._row.created if name == "created" else self._row.updated)
        return beijing(self._row.created - self._draw(86_400) * 1000) if self._draw(5) else ""

    def _text(self, name: str) -> str:
        if name in _LOOSE:
            return yuan(self._draw(90_000)) if self._draw(4) else ""
        if name in _WORDS:
            return _WORDS[name][self._draw(len(_WORDS[name]))]
        return f"{name}-{self._draw(1000)}"


class JushuitanOrder(_Rows):
    """`orders.single.query`."""

    name, field = "orders", "o_id"
    first = 9_340_000
    states = ("WaitConfirm", "Delivering", "Sent", "Question", "Cancelled")


class JushuitanRefund(_Rows):
    """`refund.single.query`; its row version is a text."""

    name, field = "refunds", "as_id"
    per_order = 0.3
    first = 2_100_000


class JushuitanRefundReceipt(_Rows):
    """`aftersale.received.query`."""

    name, field = "refund_receipts", "io_id"
    per_order = 0.3
    first = 3_100_000


class JushuitanOutbound(_Rows):
    """`orders.out.simple.query`."""

    name, field = "outbound_orders", "io_id"
    first = 4_100_000
    states = ("WaitConfirm", "Confirmed", "OuterConfirming", "Delete")


class JushuitanStock(_Rows):
    """`inventory.query`, of all warehouses or of one."""

    name, field = "inventory", "sku_id"
    per_order = 0.5
    prefix = "SKU"
    first = 1001

    def of_warehouse(self, data: Dataset, row: Row, warehouse: int) -> Record:
        """Return the stock of one warehouse; which one is not told."""
        return {**self.render(data, row), "qty": mix(data.seed, row.serial, warehouse) % 500}


class JushuitanSku(_Rows):
    """`sku.query`."""

    name, field = "skus", "sku_id"
    per_order = 0.5
    prefix = "SKU"
    first = 1001


class JushuitanItem(_Rows):
    """`mall.item.query`."""

    name, field = "items", "i_id"
    per_order = 0.3
    prefix = "K"
    first = 501


class JushuitanShopSku(_Rows):
    """`skumap.query`: known by shop, item and sku of the shop."""

    name, field = "shop_skus", "sku_id"
    per_order = 0.5
    first = 70_001

    @override
    def key(self, data: Dataset, row: Row) -> str:
        number = self.number(data, row)
        return f"{10_178_000 + row.serial % 2}:P{number}:{number}"

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        return super().index(data, key.rpartition(":")[2])

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        shop, item, sku = self.key(data, row).split(":")
        record = super().render(data, row)
        own = {"shop_id": int(shop), "shop_i_id": item, "shop_sku_id": sku}
        return record | own | {"sku_id": f"SKU{1001 + row.serial}"}


class JushuitanCombineSku(_Rows):
    """`combine.sku.query`."""

    name, field = "combine_skus", "sku_id"
    per_order = 0.2
    prefix = "SET"
    first = 1


class JushuitanShop(_Rows):
    """`shops.query`."""

    name, field = "shops", "shop_id"
    per_order = 0.1
    first = 10_178_845
    vanishes = True


class JushuitanLogisticsCompany(_Rows):
    """`logisticscompany.query`."""

    name, field = "logistics_companies", "lc_id"
    per_order = 0.2
    prefix = "LC"


class JushuitanWarehouse(_Rows):
    """`wms.partner.query`: one that is out of use does not come any more."""

    name, field = "warehouses", "wms_co_id"
    per_order = 0.05
    first = 11_000
    vanishes = True
    states = ("生效",)


class JushuitanCategory(_Rows):
    """`category.query`."""

    name, field = "categories", "c_id"
    per_order = 0.2
    first = 310


class JushuitanSupplier(_Rows):
    """`supplier.query`."""

    name, field = "suppliers", "supplier_id"
    per_order = 0.2
    first = 55_001


class JushuitanPurchaseOrder(_Rows):
    """`purchase.query`."""

    name, field = "purchase_orders", "po_id"
    per_order = 0.3
    first = 600_001
    states = ("Creating", "WaitConfirm", "Confirmed", "Finished", "Cancelled")


class JushuitanPurchaseReceipt(_Rows):
    """`purchasein.query`; without `statuss` only those that are done."""

    name, field = "purchase_receipts", "io_id"
    per_order = 0.3
    first = 7_100_000


class JushuitanPurchaseReturn(_Rows):
    """`purchaseout.query`."""

    name, field = "purchase_returns", "io_id"
    per_order = 0.2
    first = 8_100_000


class JushuitanTransfer(_Rows):
    """`allocate.query`."""

    name, field = "transfers", "io_id"
    per_order = 0.2
    first = 5_100_000


class JushuitanOtherInout(_Rows):
    """`other.inout.query`."""

    name, field = "other_inout", "io_id"
    per_order = 0.2
    first = 6_100_000


class JushuitanShipment(_Rows):
    """`logistic.query`: filtered by a modification that its records do not tell."""

    name, field = "shipments", "o_id"
    per_order = 0.5
    first = 9_340_000

    @override
    def key(self, data: Dataset, row: Row) -> str:
        number = self.number(data, row)
        return f"{number}:SF{number}"

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        return super().index(data, key.partition(":")[0])

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        record = filled(FIELDS[self.name], _Values(data, row))
        number, bill = self.key(data, row).split(":")
        return record | {"o_id": int(number), "l_id": bill, "logistics_company": f"v{row.version}"}


class JushuitanOrderAction(_Rows):
    """`order.action.query`: entries are only added."""

    name, field = "order_actions", "oa_id"
    first = 88_000_000
    frozen = True


ROWS: t.Final[tuple[type[Entity], ...]] = (
    JushuitanOrder,
    JushuitanRefund,
    JushuitanRefundReceipt,
    JushuitanOutbound,
    JushuitanStock,
    JushuitanSku,
    JushuitanItem,
    JushuitanShopSku,
    JushuitanCombineSku,
    JushuitanShop,
    JushuitanLogisticsCompany,
    JushuitanWarehouse,
    JushuitanCategory,
    JushuitanSupplier,
    JushuitanPurchaseOrder,
    JushuitanPurchaseReceipt,
    JushuitanPurchaseReturn,
    JushuitanTransfer,
    JushuitanOtherInout,
    JushuitanShipment,
    JushuitanOrderAction,
)
