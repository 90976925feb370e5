"""The forms of 云·星空: presets for the usual ones, changed and joined by the setting `forms`."""

from __future__ import annotations

import copy
import functools
import hashlib
import json
import typing as t
from collections.abc import Iterator, Mapping
from datetime import timedelta

from openplatform.accounts import Account
from openplatform.declarations import ById, CountCall, FullTable, Incremental, Reads
from openplatform.errors import ConfigurationError
from openplatform.schemas import Schema, load
from openplatform.streams import PlatformStream
from openplatform.windows import TimeFilter
from singer_sdk import typing as th
from typing_extensions import Self, override

from tap_kingdee.bills import Bills, Rows
from tap_kingdee.fields import KEY, entries, listed, properties
from tap_kingdee.k3cloud import COUNT, LIMIT, QUERY

PACKAGE = "tap_kingdee"
_CHANGES = TimeFilter("start", "end", "local", maximum=timedelta(days=186), ends="exclusive")
_DECADES = timedelta(days=20 * 365)
_AT_ONCE = 50
_TEXTS = th.ArrayType(th.StringType)


def columns(properties: Mapping[str, Schema]) -> dict[str, str]:
    """Return the platform's names of properties, by ours; `x-field` tells where they differ."""
    named = {name: part.get("x-field", name) for name, part in properties.items()}
    return {name: field for name, field in named.items() if field}


class Form(PlatformStream):
    """A form of 云·星空.

    Attributes:
        form: Its FormId.
        filtered: A condition that all rows must meet, as the platform writes it.
    """

    package = PACKAGE
    api = QUERY
    records = "[]"
    nulls = frozenset({" "})
    by_id: t.ClassVar[ById | None] = ById("ids", batch=_AT_ONCE)
    count_call: t.ClassVar[CountCall | None] = CountCall(COUNT, "total")
    form: t.ClassVar[str]
    filtered: t.ClassVar[str] = ""

    @classmethod
    def with_schema(cls, schema: Schema) -> type[Self]:
        """Return this form with other fields, which it asks for."""
        reads = cls.reading(schema)
        changes = {"made_schema": schema, "reads": reads, "__module__": __name__}
        return t.cast("type[Self]", type(cls.__name__, (cls,), changes))

    @classmethod
    def reading(cls, schema: Schema) -> Reads:
        """Return how the form is read with the fields of a schema."""
        known = schema["properties"]
        lists = {n: part["items"]["properties"] for n, part in known.items() if "items" in part}
        named = columns({name: part for name, part in known.items() if name not in lists})
        head = (named.pop(cls.key[0]), *named.values())
        paging = Bills(head)
        for entry, within in lists.items():
            paging = Bills(head, entry, tuple(columns(within).values()))
        if cls.updated is None:
            return FullTable(paging=paging)
        return Incremental(time=_CHANGES, paging=paging, history=_DECADES)

    @property
    def paging(self) -> Bills:
        """How the rows come in pages."""
        return t.cast("Bills", t.cast("t.Any", self.reads).paging)

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Write the query: the platform has a language for it, not parameters."""
        paging = self.paging
        key, fields = paging.head[0], (*paging.head, *paging.rows)
        order = [key, *paging.rows[:1]]
        if "Limit" not in params:  # only to be counted: one row a bill
            fields, order = (key,), [key]
        return {
            "FormId": self.form,
            "FieldKeys": ",".join(fields),
            "FilterString": " AND ".join(self._conditions(params)),
            "OrderString": ", ".join(f"{field} ASC" for field in order),
            "TopRowCount": 0,
            "StartRow": 0,
            "Limit": params.get("Limit", 0),
            "SubSystemId": "",
        }

    def _conditions(self, params: Mapping[str, t.Any]) -> Iterator[str]:
        key = self.paging.head[0]
        if self.filtered:
            yield f"({self.filtered})"
        if "start" in params:
            updated = columns(self.source_schema["properties"])[self.updated or ""]
            yield f"{updated} >= '{params['start']}'"
            yield f"{updated} < '{params['end']}'"
        if "ids" in params:
            yield f"{key} IN ({','.join(str(int(one)) for one in params['ids'])})"
        if "after" in params:
            beyond = f"{key} > {_literal(params['after'])}"
            if (row := params.get("after_row")) is not None:
                same = f"{key} = {_literal(params['after'])}"
                beyond = f"({beyond} OR ({same} AND {self.paging.rows[0]} > {_literal(row)}))"
            yield beyond

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """Give fields our names: dots, as in FCustId.FNumber, are none for columns of a table."""
        properties = self.source_schema["properties"]
        flat = {name: raw.get(field) for name, field in columns(properties).items()}
        entry = self.paging.entry
        if entry:
            named = columns(properties[entry]["items"]["properties"])
            flat[entry] = [{n: row.get(f) for n, f in named.items()} for row in raw[entry]]
        return flat


class Stock(Form):
    """A form whose rows have no key of their own: what tells them apart makes one.

    Attributes:
        values: The fields that do not tell rows apart.
    """

    by_id = None
    count_call = None
    values: t.ClassVar[frozenset[str]] = frozenset()

    @classmethod
    @override
    def reading(cls, schema: Schema) -> Reads:
        fields = tuple(columns(schema["properties"]).values())
        return FullTable(paging=Rows(fields, cls.values), confirm_absence=2)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields to ask for."""
        return t.cast("Rows", t.cast("t.Any", self.reads).paging).fields

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Order by all that tells rows apart, so that each has a place."""
        order = [field for field in self.fields if field not in self.values]
        return {
            "FormId": self.form,
            "FieldKeys": ",".join(self.fields),
            "FilterString": self.filtered,
            "OrderString": ", ".join(f"{field} ASC" for field in order),
            "TopRowCount": 0,
            "StartRow": params.get("StartRow", 0),
            "Limit": params.get("Limit", LIMIT),
            "SubSystemId": "",
        }

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """Make the key that the platform does not give."""
        named = columns(self.source_schema["properties"])
        flat = {name: raw.get(field) for name, field in named.items()}
        apart = [f"{f}={raw.get(f)}" for f in sorted(raw) if f not in self.values]
        flat["row_key"] = hashlib.sha256("\n".join(apart).encode()).hexdigest()[:32]
        return flat


def _literal(value: t.Any) -> str:
    """Write a value as the platform's filters have it."""
    if isinstance(value, int):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


class Inventory(Stock):
    """STK_Inventory, 即时库存: as it is now, without times."""

    name = "inventory"
    form = "STK_Inventory"
    key = ("row_key",)
    values = frozenset({"FQty", "FBaseQty", "FMaterialId.FName", "FBaseUnitId.FName"})


def preset(name: str, form: str, key: str = "FID", *, whole: bool = False) -> type[Form]:
    """Return the stream of a usual form; its fields stand in its schema file."""
    attributes = {"name": name, "form": form, "key": (key,), "__module__": __name__}
    changing = {"updated": None if whole else "FModifyDate"}
    kind = _class(name, Form, {**attributes, **changing})
    return kind.with_schema(load(PACKAGE, name))


def _class(name: str, base: type[Form], attributes: Mapping[str, t.Any]) -> type[Form]:
    return t.cast("type[Form]", type(name.title().replace("_", ""), (base,), dict(attributes)))


PRESETS: t.Final[tuple[type[Form], ...]] = (
    preset("sales_orders", "SAL_SaleOrder"),
    preset("outbound_orders", "SAL_OUTSTOCK"),
    preset("purchase_orders", "PUR_PurchaseOrder"),
    preset("purchase_receipts", "STK_InStock"),
    preset("receipts", "AR_RECEIVEBILL"),
    preset("payments", "AP_PAYBILL"),
    preset("vouchers", "GL_VOUCHER", "FVoucherID"),
    preset("materials", "BD_MATERIAL", "FMATERIALID"),
    preset("customers", "BD_Customer", "FCUSTID"),
    preset("suppliers", "BD_Supplier", "FSupplierId"),
    Inventory.with_schema(load(PACKAGE, "inventory")),
    preset("ledger_accounts", "BD_Account", "FACCTID", whole=True),
    preset("departments", "BD_Department", "FDEPTID", whole=True),
    preset("employees", "BD_Empinfo", whole=True),
    preset("organizations", "ORG_Organizations", "FOrgID", whole=True),
)


def setting() -> th.Property[t.Any]:
    """Return the setting `forms`."""
    return th.Property(
        "forms",
        th.ArrayType(
            th.ObjectType(
                th.Property("stream", th.StringType, required=True),
                th.Property("form_id", th.StringType),
                th.Property("key", th.StringType),
                th.Property("updated", th.StringType),
                th.Property("fields", _TEXTS),
                th.Property("add_fields", _TEXTS),
                th.Property("drop_fields", _TEXTS),
                th.Property("entry", th.StringType),
                th.Property("entry_key", th.StringType),
                th.Property("entry_fields", _TEXTS),
                th.Property("personal_fields", _TEXTS),
                th.Property("filter", th.StringType),
            )
        ),
        default=[],
        description=(
            "云·星空: forms to read beside the presets, or changes of a preset of that name: stream, "
            "form_id, key, updated (empty: read as a whole), fields (NAME or NAME:TYPE), add_fields, "
            "drop_fields, entry with entry_key and entry_fields, personal_fields, filter."
        ),
    )


def streams(config: Mapping[str, t.Any]) -> tuple[type[PlatformStream], ...]:
    """Return the presets and the forms of the settings.

    Raises:
        ConfigurationError: A form is not described well enough.
    """
    return _streams(json.dumps(entries(config, "forms"), default=str))


@functools.lru_cache(maxsize=8)
def _streams(forms: str) -> tuple[type[PlatformStream], ...]:
    wanted = {str(entry["stream"]): entry for entry in json.loads(forms)}
    found = [_changed(one, wanted.pop(_name(one), {})) for one in PRESETS]
    return (*found, *(_made(name, entry) for name, entry in wanted.items()))


def _name(kind: type[PlatformStream]) -> str:
    return kind.name  # type: ignore[misc] # the SDK declares it for instances; ours are classes


def _made(name: str, entry: Mapping[str, t.Any]) -> type[Form]:
    """Return the stream of a form that is no preset."""
    where = f"forms, {name}"
    if not entry.get("form_id") or not (entry.get("fields") or entry.get("add_fields")):
        msg = f"Setting {where}: set form_id and fields. (The presets: {', '.join(map(_name, PRESETS))}.)"
        raise ConfigurationError(msg)
    empty = {"made_schema": {"type": "object", "properties": {}}, "form": ""}
    attributes = {"name": name, "key": ("FID",), "updated": "FModifyDate", **empty}
    base = _class(name, Form, attributes)
    return _changed(base, entry)


def _changed(kind: type[Form], entry: Mapping[str, t.Any]) -> type[Form]:
    """Return a form as an entry of the settings wants it."""
    if not entry:
        return kind
    updated = kind.updated if entry.get("updated") is None else str(entry["updated"]) or None
    changes: dict[str, t.Any] = {
        "__module__": __name__,
        "form": entry.get("form_id") or kind.form,
        "filtered": entry.get("filter") or kind.filtered,
    }
    if not issubclass(kind, Stock):
        changes |= {"key": (str(entry.get("key") or kind.key[0]),), "updated": updated}
    changed = _class(_name(kind), kind, changes)
    schema = t.cast("Schema", kind.made_schema)
    return changed.with_schema({**schema, "properties": _fields(changed, kind, entry)})


def _fields(changed: type[Form], kind: type[Form], entry: Mapping[str, t.Any]) -> dict[str, Schema]:
    """Return the fields of a form that an entry of the settings changes, the key first."""
    where, personal = f"forms, {entry['stream']}", entry.get("personal_fields") or ()
    known: dict[str, Schema] = copy.deepcopy(t.cast("Schema", kind.made_schema)["properties"])
    if entry.get("fields"):
        known = {name: part for name, part in known.items() if name in kind.key}
    added = [*(entry.get("fields") or ()), *(entry.get("add_fields") or ())]
    for name, part in properties(added, where, personal=personal, dots=True).items():
        if "items" in part and "items" in known.get(name, ()):
            listed(known, name).update(listed({name: part}, name))
        else:
            known[name] = part
    _drop(known, frozenset(map(str, entry.get("drop_fields") or ())))
    if issubclass(kind, Stock):
        return known
    key = changed.key[0]
    first = {key: known.pop(key, {**KEY, "x-personal": True} if key in personal else KEY)}
    known = {**first, **{n: part for n, part in known.items() if n not in {key, kind.key[0]}}}
    if changed.updated:
        known |= properties([f"{changed.updated}:time"], where)
    return known | _rows(entry, where, personal) if entry.get("entry") else known


def _drop(known: dict[str, Schema], fields: frozenset[str]) -> None:
    """Take fields out, of bills and of their rows, by the platform's names."""
    for name, part in list(known.items()):
        if part.get("x-field", name) in fields:
            del known[name]
        elif "items" in part:
            _drop(listed(known, name), fields)


def _rows(entry: Mapping[str, t.Any], where: str, personal: t.Collection[str]) -> dict[str, Schema]:
    """Return the list of a bill's rows."""
    name = str(entry["entry"])
    key = str(entry.get("entry_key") or f"{name}_FEntryID")
    within = {"FEntryID": {"type": ["string", "null"], "x-field": key}}
    texts = entry.get("entry_fields") or ()
    within |= properties(texts, where, personal=personal, dots=True)
    item = {"type": ["object", "null"], "properties": within}
    return {name: {"type": ["array", "null"], "items": item}}
