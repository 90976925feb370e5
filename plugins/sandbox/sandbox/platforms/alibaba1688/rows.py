"""The rows of 1688: times with an offset, ids beyond a float, yuan and fen side by side."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from typing_extensions import override

from sandbox.clock import beijing
from sandbox.dataset import Dataset, Entity, Numbered, Record, Row
from sandbox.fields import filled
from sandbox.mixing import digest, mix
from sandbox.platforms.alibaba1688.fields import FIELDS
from sandbox.words import EXPRESS, GOODS

View = Callable[[Dataset, Row], Record]

_ORDER_STATES = ("waitbuyerpay", "waitsellersend", "waitbuyerreceive", "success", "cancel")
_REFUND_STATES = ("waitselleragree", "waitbuyersend", "refundsuccess", "refundclose")
_WORDS = {"name": GOODS, "subject": GOODS, "productName": GOODS, "logisticsCompanyName": EXPRESS}


def stamp(ms: int) -> str:
    """Return epoch milliseconds as `yyyyMMddHHmmssSSS+0800`."""
    digits = "".join(c for c in beijing(ms) if c.isdigit())
    return f"{digits}{ms % 1000:03d}+0800"


class _Values:
    """The values of one row, by name and kind of the field."""

    def __init__(self, data: Dataset, row: Row) -> None:
        self._row = row
        self._dice = mix(data.seed, row.serial, len(data.entity.name))
        self._drawn = 0

    def __call__(self, name: str, kind: str) -> t.Any:
        """Return a value."""
        self._drawn += 1
        drawn = mix(self._dice, self._drawn) % 10**17
        values: dict[str, t.Any] = {
            "time": stamp(self._row.created - drawn % 86_400 * 1000),
            "long": 10**17 + drawn,
            "num": drawn % 1_000_000 / 100,
            "int": drawn % 100,
            "bool": drawn % 2 == 0,
            "map": {str(10**17 + drawn): name},
        }
        words = _WORDS.get(name, (f"{name}-{drawn % 1000}",))
        return values.get(kind, words[drawn % len(words)])


class _Order(Numbered):
    """Orders of one side; the list has no shipments and no invoice."""

    details: t.ClassVar[str]
    precision_ms = 1000
    first = 193_441_303_243_969_811
    spread = 1_000_000_000

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {self.details: self.detail}

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        return self._filled(data, row, "orders")

    def detail(self, data: Dataset, row: Row) -> Record:
        """Return an order in full."""
        # The parts that both have are the same.
        return {**self._filled(data, row, "order_details"), **self._steady(data, row)}

    def _steady(self, data: Dataset, row: Row) -> Record:
        record = self._filled(data, row, "orders")
        return {name: value for name, value in record.items() if name != "nativeLogistics"}

    def _filled(self, data: Dataset, row: Row, fields: str) -> Record:
        record = filled(FIELDS[fields], _Values(data, row))
        number = self.number(data, row)
        record["baseInfo"] |= {
            # Their own tools damage it; the text is right.
            "id": number - number % 100,
            "idOfStr": str(number),
            "status": _ORDER_STATES[min(row.version, len(_ORDER_STATES)) - 1],
            "createTime": stamp(row.created),
            "modifyTime": stamp(row.updated),
            "sellerMemo": f"v{row.version}",
        }
        return record

    def sent(self, data: Dataset, row: Row) -> bool:
        """Tell whether an order has left the seller."""
        return mix(data.seed, row.serial, 5) % 3 > 0

    def shipment(self, data: Dataset, row: Row) -> Record:
        """Return the parcel of an order that was sent."""
        record = filled(FIELDS["shipments"], _Values(data, row))
        return record | {"logisticsBillNo": f"YT{self.number(data, row) % 10**12}"}

    def trace(self, data: Dataset, row: Row) -> Record:
        """Return how a parcel travelled."""
        record = filled(FIELDS["shipment_traces"], _Values(data, row))
        return record | {"orderId": self.number(data, row)}


class SellerOrder(_Order):
    """`alibaba.trade.getSellerOrderList` and its detail."""

    name, details = "seller_orders", "seller_order_details"


class BuyerOrder(_Order):
    """`alibaba.trade.getBuyerOrderList` and its detail."""

    name, details = "buyer_orders", "buyer_order_details"
    per_order = 0.5
    first = 283_441_303_243_969_811


class _Refund(Numbered):
    """Refunds of one side; what was done about them shows in the detail only."""

    details: t.ClassVar[str]
    per_order = 0.4
    prefix = "TQ"
    first = 10_426_553_019_961_198
    spread = 1_000_000_000

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {self.details: self.detail}

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        return self._filled(data, row, "refunds") | {"refundOperationList": []}

    def detail(self, data: Dataset, row: Row) -> Record:
        """Return a refund with its history."""
        return self._filled(data, row, "refund_details")

    def _filled(self, data: Dataset, row: Row, fields: str) -> Record:
        record = filled(FIELDS[fields], _Values(data, row))
        return record | {
            "refundId": self.key(data, row),
            "id": self.number(data, row),
            "status": _REFUND_STATES[min(row.version, len(_REFUND_STATES)) - 1],
            "gmtCreate": stamp(row.created),
            "gmtModified": stamp(row.updated),
            "applyReason": f"v{row.version}",
        }


class SellerRefund(_Refund):
    """`alibaba.trade.refund.queryOrderRefundList` and its detail."""

    name, details = "seller_refunds", "seller_refund_details"


class BuyerRefund(_Refund):
    """`alibaba.trade.refund.buyer.queryOrderRefundList` and its detail."""

    name, details = "buyer_refunds", "buyer_refund_details"
    per_order = 0.2
    first = 20_426_553_019_961_198


class Item(Numbered):
    """`alibaba.product.list.get` and its detail."""

    name = "items"
    per_order = 0.4
    vanishes = True
    first = 570_959_966_604
    spread = 10_000_000

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"item_details": self.detail}

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        record = filled(FIELDS["items"], _Values(data, row))
        number = self.number(data, row)
        subject = f"{record['subject']} v{row.version}"
        return record | {"productID": number, "subject": subject, "status": "published"}

    def detail(self, data: Dataset, row: Row) -> Record:
        """Return an item with its times."""
        record = filled(FIELDS["item_details"], _Values(data, row))
        times = {"createTime": stamp(row.created), "lastUpdateTime": stamp(row.updated)}
        return record | {"productInfo": self.render(data, row), "errMsg": ""} | times


def company(place: int) -> Record:
    """Return a logistics company."""
    name = EXPRESS[place]
    code = digest(name)[:6].upper()
    return {
        "id": place + 1,
        "companyName": name,
        "companyNo": code,
        "companyPhone": "95311",
        "supportPrint": place % 2 == 0,
        "spelling": code.lower(),
    }


ROWS: t.Final[tuple[type[Entity], ...]] = (SellerOrder, BuyerOrder, SellerRefund, BuyerRefund, Item)
