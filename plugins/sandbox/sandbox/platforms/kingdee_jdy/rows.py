"""The rows of 云·星辰: master data, bills of materials, bills with their rows in the details only."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from typing_extensions import override

from sandbox.clock import beijing
from sandbox.dataset import Dataset, Entity, Record, Row
from sandbox.mixing import mix

_FIRST = 142_016_911_687_000_000


class JdyEntity(Entity):
    """Rows with an id of 18 digits.

    Attributes:
        path: The path of their list.
        bill: Whether they are bills, which are filtered by their creation and have details.
        switched: Whether they can be disabled.
    """

    path: t.ClassVar[str]
    bill: t.ClassVar[bool] = False
    switched: t.ClassVar[bool] = False

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return str(_FIRST + data.number * 1_000_000 + row.serial)

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        return int(key) - _FIRST - data.number * 1_000_000 if key.isdigit() else None

    def disabled(self, data: Dataset, row: Row) -> bool:
        """Tell whether a row is left out unless asked for."""
        return self.switched and mix(data.seed, row.serial, 7) % 4 == 0

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        dice = mix(data.seed, row.serial, len(self.name))
        times = {"modify_time": beijing(row.updated)}
        if self.bill:
            head = {"id": self.key(data, row), "bill_no": f"B{row.serial:06d} v{row.version}"}
            return {**head, "create_time": beijing(row.created), **times}
        master = {"id": self.key(data, row), "number": f"N{row.serial:06d}", **times}
        if self.name == "boms":
            line = {"material_number": f"M{dice % 50}", "qty": dice % 9}
            kind = {"version": f"V{row.version}.0", "status": "Z", "yield": 90 + dice % 10}
            who = {"audit_time": beijing(row.created), "auditor_id": str(_FIRST + dice % 99)}
            return {**master, **kind, **who, "material_entity": [line]}
        named = {**master, "name": f"演示{row.serial} v{row.version}"}
        if self.name != "stores":
            return named
        place = {"address": f"演示路{dice % 99}号", "mobile": "13800000000", "city_name": "深圳市"}
        return {**named, **place, "allow_negative": dice % 2 == 0}

    def detail(self, data: Dataset, row: Row) -> Record:
        """Return a bill with its rows."""
        dice = mix(data.seed, row.serial, row.version)
        lines = [
            {"material_number": f"M{(dice + n) % 50:04d}", "qty": str(dice % 90 + n)}
            for n in range(1 + dice % 3)
        ]
        return {**self.render(data, row), "material_entity": lines}

    @property
    @override
    def views(self) -> Mapping[str, Callable[[Dataset, Row], Record]]:
        return {f"{self.name.removesuffix('s')}_details": self.detail} if self.bill else {}


def _kind(name: str, path: str, **more: t.Any) -> type[JdyEntity]:
    body = {"name": name, "path": path, "per_order": 0.4, "__module__": __name__, **more}
    return type(f"Jdy_{name}", (JdyEntity,), body)


_MASTER: t.Final = {"dated": False, "vanishes": True}
_SWITCHED: t.Final = {**_MASTER, "switched": True}
ROWS: tuple[type[JdyEntity], ...] = (
    _kind("materials", "jdy/v2/bd/material", **_SWITCHED),
    _kind("customers", "jdy/v2/bd/customer", **_SWITCHED),
    _kind("suppliers", "jdy/v2/bd/supplier", **_SWITCHED),
    _kind("stores", "jdy/v2/bd/store", **_SWITCHED),
    _kind("material_groups", "jdy/v2/bd/material_group", **_MASTER),
    _kind("boms", "jdy/v2/bd/bom", **_MASTER),
    _kind("sales_orders", "jdy/v2/scm/sal_order", bill=True),
    _kind("sales_outbounds", "jdy/v2/scm/sal_out_bound", bill=True),
    _kind("sales_inbounds", "jdy/v2/scm/sal_in_bound", bill=True),
    _kind("purchase_orders", "jdy/v2/scm/pur_order", bill=True),
    _kind("purchase_inbounds", "jdy/v2/scm/pur_inbound", bill=True),
)
