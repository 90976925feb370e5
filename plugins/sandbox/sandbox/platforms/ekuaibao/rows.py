"""The rows of 易快报: documents of seven types, staff, master data, accounts."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from typing_extensions import override

from sandbox.clock import beijing
from sandbox.company import name_of
from sandbox.dataset import Dataset, Entity, Record, Row
from sandbox.fields import filled
from sandbox.mixing import mix
from sandbox.money import yuan
from sandbox.platforms.ekuaibao.fields import FIELDS

View = Callable[[Dataset, Row], Record]

TYPES: t.Final = ("expense", "loan", "payment", "requisition", "custom", "receipt", "permit")
MESSAGES: t.Final = ("flow", "dataLink", "repayment")
ENTITIES: t.Final = ("sandboxentity0001", "sandboxentity0002")
_STATES: t.Final = ("approving", "rejected", "paying", "paid", "archived")
_NO_DATE: t.Final = 9_007_199_254_740_991


def money(cents: int) -> Record:
    """Return an amount as this platform writes it."""
    return {
        "standard": yuan(cents),
        "standardUnit": "元",
        "standardScale": "2",
        "standardSymbol": "¥",
        "standardNumCode": "156",
        "standardStrCode": "CNY",
    }


class EkuaibaoEntity(Entity):
    """Rows with an id of their own.

    Attributes:
        prefix: What the ids begin with.
        of_corporation: Whether ids begin with the corporation's.
        salt: Makes the values differ from those of other lists.
    """

    prefix: t.ClassVar[str] = "ID_"
    of_corporation: t.ClassVar[bool] = False
    salt: t.ClassVar[int] = 0

    @override
    def key(self, data: Dataset, row: Row) -> str:
        own = f"{self.prefix}{data.number:02d}$v{row.serial:06d}"
        return f"{data.account}:{own}" if self.of_corporation else own

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        serial = key.rpartition("$v")[2]
        return int(serial) if serial.isdigit() else None

    def active(self, data: Dataset, row: Row) -> bool:
        """Tell whether a row is neither deleted nor disabled; what is stays so."""
        dice = mix(data.seed, row.serial, 3) % 8
        return dice != 0 and (row.version == 1 or dice != 1)

    def special(self, data: Dataset, row: Row) -> Record:
        """Return the values that are more than filling."""
        return {}

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        dice = mix(data.seed, row.serial, self.salt)
        special = {
            "id": self.key(data, row),
            "active": self.active(data, row),
            "name": f"{self.name}{row.serial} v{row.version}",
            "version": row.version,
            "corporationId": data.account,
            **self.special(data, row),
        }
        moment = {"createTime": row.created, "updateTime": row.updated}
        plain = {
            "str": f"v{row.version}",
            "id": f"ID_{dice % 100_000}",
            "int": dice % 9,
            "bool": dice % 2 == 0,
            "num": dice % 9000 / 10,
            "obj": {"u_项目": f"v{row.version}"},
            "list": [f"ID_{dice % 97}"],
            "objs": [{"key": f"v{row.version}"}],
        }

        def value(name: str, form: str) -> t.Any:
            if name in special:
                return special[name]
            at = moment.get(name, row.created)
            return {"ms": at, "time": beijing(at)}.get(form) or plain[form]

        return filled(FIELDS[self.name], value)


class EkuaibaoDocument(EkuaibaoEntity):
    """Documents of all types; the list holds them whole."""

    name = "documents"
    precision_ms = 1
    salt = 11

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"document_details": self.detail}

    def type(self, row: Row) -> str:
        """Return the type."""
        return TYPES[row.serial % len(TYPES)]

    @override
    def special(self, data: Dataset, row: Row) -> Record:
        kind, dice = self.type(row), mix(data.seed, row.serial, 12)
        line = {
            "feeTypeId": f"{data.account}:office",
            "feeTypeForm": {"amount": money(dice % 90_000), "feeDate": row.created},
        }
        form = {
            "code": f"B{row.serial:08d}",
            "title": f"演示单据{row.serial} v{row.version}",
            "submitDate": row.created,
            "payMoney": money(dice % 90_000 + row.version),
            "repaymentDate": _NO_DATE,
            "voucherCreateTime": 0,
            "u_差旅类型": "国内",
            "details": [line],
        }
        return {
            "formType": kind,
            "state": _STATES[(dice + row.version) % len(_STATES)],
            "form": form,
        }

    def detail(self, data: Dataset, row: Row) -> Record:
        """Return a document as it is told alone: with the names of kinds of costs."""
        record = self.render(data, row)
        kind = {"id": f"{data.account}:office", "name": "办公用品", "active": True}
        for line in record["form"]["details"]:
            line["feeType"] = kind
        return record


class EkuaibaoStaff(EkuaibaoEntity):
    """People."""

    name = "staffs"
    per_order = 0.4
    of_corporation = True
    dated = False
    vanishes = True
    salt = 13

    @override
    def special(self, data: Dataset, row: Row) -> Record:
        name = name_of(mix(data.seed, row.serial, 14))
        mail = f"staff{row.serial}.v{row.version}@corp{data.number}.example"
        return {"name": name, "email": mail, "cellphone": f"1380000{row.serial % 10_000:04d}"}


class EkuaibaoDepartment(EkuaibaoEntity):
    """Departments; the root has the corporation's id and no parent."""

    name = "departments"
    per_order = 0.6
    of_corporation = True
    dated = False
    vanishes = True
    salt = 15

    @override
    def lasts(self, row: Row) -> bool:
        return row.serial == 0

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return super().key(data, row) if row.serial else data.account

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        return 0 if key == data.account else super().index(data, key)

    @override
    def special(self, data: Dataset, row: Row) -> Record:
        return {"parentId": data.account if row.serial else ""}


class EkuaibaoRequisition(EkuaibaoEntity):
    """申请事项, told of those who own or share them."""

    name = "requisitions"
    per_order = 0.3
    dated = False
    salt = 16

    def people(self, data: Dataset, row: Row) -> set[str]:
        """Return whose they are: two at the most."""
        staff = data.peer("staffs")
        dice = mix(data.seed, row.serial, 17)
        rows = (staff.generated(number % staff.size) for number in (dice, dice >> 20))
        return {staff.key(one) for one in rows}

    @override
    def special(self, data: Dataset, row: Row) -> Record:
        return {
            "requisitionMoney": (mix(data.seed, row.serial, 18) % 9000 + row.version) / 10,
            "standard": "20.00",
            "standardScale": 2,
            "rule": None,
            "closeLog": None,
        }


class EkuaibaoDataLinkItem(EkuaibaoEntity):
    """Instances of business objects."""

    name = "data_link_items"
    per_order = 0.5
    precision_ms = 1
    salt = 19

    def entity(self, row: Row) -> str:
        """Return the business object."""
        return ENTITIES[row.serial % len(ENTITIES)]

    @override
    def special(self, data: Dataset, row: Row) -> Record:
        field = f"E_{self.entity(row)}_code"
        return {"entityId": self.entity(row), "form": {field: f"v{row.version}"}}


class EkuaibaoMessage(EkuaibaoEntity):
    """Messages that could not be delivered."""

    name = "outbound_message_failures"
    per_order = 0.3
    precision_ms = 1
    salt = 20

    def type(self, row: Row) -> str:
        """Return what a message is about."""
        return MESSAGES[row.serial % len(MESSAGES)]

    @override
    def special(self, data: Dataset, row: Row) -> Record:
        return {"messageType": self.type(row), "state": "FAILURE"}


class EkuaibaoCurrency(EkuaibaoEntity):
    """The rates of one 本位币."""

    name = "currencies"
    dated = False

    @override
    def size(self, orders: int) -> int:
        return 2

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return f"CU{row.serial}"

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        return int(key[2:]) if key[2:].isdigit() else None

    @override
    def special(self, data: Dataset, row: Row) -> Record:
        return {"orgCode": self.key(data, row)}


def _plain(name: str, salt: int, **more: t.Any) -> type[Entity]:
    """Return the kind of rows that hold nothing but filling."""
    base = {"name": name, "salt": salt, "per_order": 0.2, "dated": False, **more}
    return type(f"Ekuaibao_{name}", (EkuaibaoEntity,), base)


ROWS: tuple[type[Entity], ...] = (
    EkuaibaoDocument,
    EkuaibaoStaff,
    EkuaibaoDepartment,
    EkuaibaoRequisition,
    EkuaibaoDataLinkItem,
    EkuaibaoMessage,
    EkuaibaoCurrency,
    _plain("fee_types", 30, of_corporation=True),
    _plain("dimensions", 31, of_corporation=True),
    _plain("dimension_items", 32, dated=True, per_order=1.0),
    _plain("payee_accounts", 33, precision_ms=1),
    _plain("payment_accounts", 34),
    _plain("specifications", 35),
    _plain("roles", 36),
    _plain("budgets", 37),
)
