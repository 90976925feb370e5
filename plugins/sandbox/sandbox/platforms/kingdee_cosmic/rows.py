"""The rows of 苍穹: bills with nested rows, master data; 19-digit ids, decimals of ten places."""

from __future__ import annotations

import typing as t

from typing_extensions import override

from sandbox.clock import beijing
from sandbox.company import name_of
from sandbox.dataset import Dataset, Entity, Record, Row
from sandbox.mixing import mix

_FIRST = 1_858_013_541_517_000_000


class CosmicEntity(Entity):
    """Rows of one form.

    Attributes:
        path: Where the company has published its query.
        rows: Name of the list of rows; empty for master data.
        person: Whether a row is somebody.
    """

    path: t.ClassVar[str]
    rows: t.ClassVar[str] = ""
    person: t.ClassVar[bool] = False

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return str(_FIRST + data.number * 1_000_000 + row.serial)

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        return int(key) - _FIRST - data.number * 1_000_000 if key.isdigit() else None

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        dice = mix(data.seed, row.serial, len(self.name))
        record: Record = {
            "id": self.key(data, row),
            "org_number": f"{dice % 7:02d}",
            "org_name": f"演示组织{dice % 7}",
            "createtime": beijing(row.created),
            "modifytime": beijing(row.updated),
        }
        if not self.rows:
            name = name_of(dice) if self.person else f"演示{row.serial} v{row.version}"
            return {**record, "number": f"N{row.serial:06d}", "name": name, "enable": "1"}
        lines = [
            {
                "id": str(int(record["id"]) * 10 + place),
                "qty": float(dice % 90 + place + row.version),
                "material_masterid_number": f"M{dice % 40:04d}",
                "material_masterid_name": f"演示物料{dice % 40}",
            }
            for place in range(1, 2 + (dice + row.version) % 3)
        ]
        amount = f"{dice % 90_000 / 100 + row.version:.10f}"
        head = {"billno": f"B{row.serial:08d}", "billstatus": "ABC"[(dice + row.version) % 3]}
        return {**record, **head, "totalamount": amount, self.rows: lines}


class SalesOrder(CosmicEntity):
    """sm_salorder."""

    name = "sales_orders"
    path = "/kapi/v2/sm/sm_salorder/query"
    rows = "billentry"


class PurchaseOrder(CosmicEntity):
    """pm_purorderbill; here its query is asked by GET."""

    name = "purchase_orders"
    path = "/kapi/v2/pm/pm_purorderbill/query"
    rows = "billentry"
    per_order = 0.6


class Material(CosmicEntity):
    """bd_material."""

    name = "materials"
    path = "/kapi/v2/basedata/bd_material/query"
    per_order = 0.5


class User(CosmicEntity):
    """bos_user, whose query has no filter by time."""

    name = "users"
    path = "/kapi/v2/base/bos_user/query"
    per_order = 0.4
    dated = False
    vanishes = True
    person = True

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        record = super().render(data, row)
        return {n: v for n, v in record.items() if n not in {"modifytime", "createtime"}}


ROWS: tuple[type[CosmicEntity], ...] = (SalesOrder, PurchaseOrder, Material, User)
