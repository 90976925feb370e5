"""The rows of 云·星空: bills with their lines, master data, stock; values by the platform's own names."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone

from typing_extensions import override

from sandbox.company import name_of
from sandbox.dataset import Dataset, Numbered, Record, Row
from sandbox.mixing import mix

_BEIJING = timezone(timedelta(hours=8))
_HEAD: t.Final = "FID:key FBillNo:no FDate:date FDocumentStatus:status"
_MASTER: t.Final = "FNumber:no FName:str"
_TIMES: t.Final = "FCreateDate:created FModifyDate:modified"

FIELDS: t.Final = {
    "sales_orders": (
        f"{_HEAD} FCloseStatus:str FCustId.FNumber:str FCustId.FName:str FSalerId.FName:person "
        "FSaleDeptId.FName:str FSaleOrgId.FName:str FLocalCurrId.FName:str FCreatorId.FName:person "
        f"FApproverId.FName:person FApproveDate:created {_TIMES}"
    ),
    "outbound_orders": f"{_HEAD} FCreatorId.FName:person {_TIMES}",
    "purchase_orders": (
        f"{_HEAD} FPurchaseOrgId.FNumber:str FSupplierId.FNumber:str FSupplierId.FName:str {_TIMES}"
    ),
    "purchase_receipts": f"{_HEAD} {_TIMES}",
    "receipts": f"{_HEAD} {_TIMES}",
    "payments": f"{_HEAD} {_TIMES}",
    "sales_returns": f"{_HEAD} F_ABC_Reason:str {_TIMES}",
    "vouchers": (
        "FVoucherID:key FNumber:no FDate:date FYear:year FPeriod:int FVoucherGroupID.FName:str "
        f"FDocumentStatus:status FAttachments:int FCreatorId.FName:person {_TIMES}"
    ),
    "materials": (
        f"FMATERIALID:key {_MASTER} FSpecification:blank FMaterialGroup.FName:str "
        "FBaseUnitId.FName:str FCreateOrgId.FName:str FUseOrgId.FName:str FForbidStatus:str "
        f"FDocumentStatus:status FMnemonicCode:null F_ABC_Colour:str {_TIMES}"
    ),
    "customers": (
        f"FCUSTID:key {_MASTER} FShortName:str FAddress:str FMobile:phone FEmail:mail "
        "FDescription:blank FCurrencyId:int FCreateOrgId:int FUseOrgId:int FGroup.FName:str "
        f"FSOCIALCRECODE:str {_TIMES}"
    ),
    "suppliers": (
        f"FSupplierId:key {_MASTER} FShortName:str FDescription:null FGroup:int "
        "FDocumentStatus:status FForbidStatus:str FCreateOrgId:int FUseOrgId:int FCreatorId:int "
        f"FModifierId:int FAuditDate:created {_TIMES}"
    ),
    "departments": f"FDEPTID:key {_MASTER}",
    "employees": "FID:key FNumber:no FName:person",
    "organizations": f"FOrgID:key {_MASTER}",
    "ledger_accounts": f"FACCTID:key {_MASTER}",
    "inventory": (
        "FMaterialId.FNumber:no FMaterialId.FName:str FStockId.FName:place FStockOrgId.FName:place "
        "FLot.FNumber:null FQty:num FBaseQty:num FBaseUnitId.FName:place FStockStatusId.FName:place "
        "FProduceDate:date FExpiryDate:null FMtoNo:blank"
    ),
}
LINES: t.Final = {
    "sales_orders": (
        "FSaleOrderEntry",
        (
            "FSaleOrderEntry_FEntryID:line FSaleOrderEntry_FSeq:seq FMaterialId.FNumber:str "
            "FMaterialId.FName:str FQty:num FUnitId.FName:str FPrice:num FTaxPrice:num FAmount:num "
            "FTaxAmount:num FAllAmount:num FDeliveryDate:created"
        ),
    ),
    "purchase_orders": (
        "FPOOrderEntry",
        (
            "FPOOrderEntry_FEntryID:line FMaterialId.FNumber:str FMaterialId.FName:str FQty:num "
            "FTaxPrice:num FAllAmount:num FDeliveryDate:created"
        ),
    ),
    "vouchers": (
        "FEntity",
        (
            "FEntryID:line FSeq:seq FAccountID.FNumber:str FAccountID.FName:str FExplanation:str "
            "FDebit:num FCredit:num FCurrencyID.FName:str FExchangeRate:num"
        ),
    ),
    "sales_returns": ("FEntity", "FEntity_FEntryID:line FMaterialId.FNumber:str FRealQty:num"),
}
FORMS: t.Final = {
    "SAL_SaleOrder": "sales_orders",
    "SAL_OUTSTOCK": "outbound_orders",
    "SAL_RETURNSTOCK": "sales_returns",
    "PUR_PurchaseOrder": "purchase_orders",
    "STK_InStock": "purchase_receipts",
    "AR_RECEIVEBILL": "receipts",
    "AP_PAYBILL": "payments",
    "GL_VOUCHER": "vouchers",
    "BD_MATERIAL": "materials",
    "BD_Customer": "customers",
    "BD_Supplier": "suppliers",
    "BD_Account": "ledger_accounts",
    "BD_Department": "departments",
    "BD_Empinfo": "employees",
    "ORG_Organizations": "organizations",
    "STK_Inventory": "inventory",
}


def kinds(grammar: str) -> dict[str, str]:
    """Return the kinds of fields by their names."""
    return dict(word.split(":") for word in grammar.split())


def local(ms: int, *, fraction: bool = False) -> str:
    """Return a moment as the server writes it: Beijing's, without a zone."""
    moment = datetime.fromtimestamp(ms // 1000, tz=_BEIJING).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{moment}.{ms % 1000:03d}" if fraction and ms % 1000 else moment


class Line(t.NamedTuple):
    """One row of a bill: what fills its fields."""

    number: int
    place: int
    dice: int


class KingdeeEntity(Numbered):
    """Rows with a number of their own."""

    first = 100_001
    spread = 1_000_000
    precision_ms = 1
    salt: t.ClassVar[int] = 0

    def lines(self, data: Dataset, row: Row) -> list[Line]:
        """Return the rows of a bill: a later version may have fewer, or others."""
        if self.name not in LINES:
            return []
        dice = mix(data.seed, row.serial, self.salt, row.version)
        first = self.number(data, row) * 10
        places = [n for n in range(4) if n == dice % 4 or dice >> n & 1]
        return [Line(first + n, n + 1, mix(dice, n)) for n in places]

    def value(self, data: Dataset, row: Row, kind: str, dice: int) -> t.Any:
        """Return the value of a field of the head."""
        number = self.number(data, row)
        plain: dict[str, t.Any] = {
            "key": number,
            "no": f"{self.name[:2].upper()}{number:08d}",
            "str": f"演示{dice % 97} v{row.version}",
            "place": f"演示{dice % 5}",
            "person": name_of(mix(data.seed, row.serial, 9)),
            "phone": f"1380000{row.serial % 10_000:04d}",
            "mail": f"c{row.serial}.v{row.version}@corp{data.number}.example",
            "status": "ZABCD"[(dice + row.version) % 5],
            "year": 2026,
            "int": dice % 12 + 1,
            "num": dice % 90_000 / 100 + row.version,
            "blank": " ",
            "null": None,
        }
        if kind == "date":
            return local(row.created)[:10] + "T00:00:00"
        if kind == "created":
            return local(row.created, fraction=True)
        # The database keeps milliseconds, and the answer does not show them.
        return local(row.updated) if kind == "modified" else plain[kind]

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        """Return a bill as a reader puts it together: its head, and the list of its rows."""
        dice = mix(data.seed, row.serial, self.salt)
        named = kinds(FIELDS[self.name]).items()
        record = {name: self.value(data, row, kind, dice) for name, kind in named}
        if self.name in LINES:
            entry, grammar = LINES[self.name]
            record[entry] = [
                {name: self.of_line(data, row, line, kind) for name, kind in kinds(grammar).items()}
                for line in self.lines(data, row)
            ]
        return record

    def of_line(self, data: Dataset, row: Row, line: Line, kind: str) -> t.Any:
        """Return the value of a field of a row."""
        own = {"line": line.number, "seq": line.place}
        return own[kind] if kind in own else self.value(data, row, kind, line.dice)


class Stock(KingdeeEntity):
    """Stock has neither key nor times; here each material lies in one place."""

    name = "inventory"
    per_order = 0.5
    dated = False
    mutable = False
    salt = 31

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return str(self.value(data, row, "no", 0))

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        return super().index(data, key.lstrip("IN0"))


def _kind(name: str, salt: int, per_order: float = 0.4, **more: t.Any) -> type[KingdeeEntity]:
    body = {"name": name, "salt": salt, "per_order": per_order, "__module__": __name__, **more}
    return type(f"Kingdee_{name}", (KingdeeEntity,), body)


_WHOLE: t.Final = {"dated": False, "vanishes": True}
ROWS: tuple[type[KingdeeEntity], ...] = (
    _kind("sales_orders", 11, 1.0),
    _kind("outbound_orders", 12),
    _kind("sales_returns", 13, 0.2),
    _kind("purchase_orders", 14, 0.6),
    _kind("purchase_receipts", 15),
    _kind("receipts", 16),
    _kind("payments", 17),
    _kind("vouchers", 18, 0.6),
    _kind("materials", 19),
    _kind("customers", 20),
    _kind("suppliers", 21),
    _kind("ledger_accounts", 22, **_WHOLE),
    _kind("departments", 23, **_WHOLE),
    _kind("employees", 24, **_WHOLE),
    _kind("organizations", 25, 0.1, **_WHOLE),
    Stock,
)
