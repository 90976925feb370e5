"""The streams of 云·星辰. Few of their fields are documented; the setting `more_fields` adds others."""

from __future__ import annotations

import functools
import json
import typing as t
from collections.abc import Mapping
from datetime import timedelta

from openplatform.declarations import ById, Details, FullTable, Incremental, Reads
from openplatform.errors import ConfigurationError
from openplatform.paging import PageNumber
from openplatform.schemas import load
from openplatform.streams import PlatformStream
from openplatform.windows import TimeFilter
from singer_sdk import typing as th

from tap_kingdee.fields import properties

_PAGES = PageNumber("page", "page_size", 100, "data.count")
_CREATED = TimeFilter("create_start_time", "create_end_time", "ms", maximum=timedelta(days=186))
_DECADES = timedelta(days=20 * 365)
# Bills are filtered by their creation only, so what changes later is found by looking back.
_BACK = timedelta(days=30)


class _Jdy(PlatformStream):
    """What all lists have in common."""

    package = "tap_kingdee"
    records = "data.rows[]"
    key: t.ClassVar[tuple[str, ...]] = ("id",)
    # It is not verified that they can be filtered by their changes, so they are read whole.
    reads: t.ClassVar[Reads] = FullTable(paging=_PAGES, confirm_absence=2)


class Materials(_Jdy):
    """bd/material, the disabled among them."""

    name = "materials"
    api = "jdy/v2/bd/material"
    shaped_as = "jdy_masters"
    params: t.ClassVar[Mapping[str, t.Any]] = {"enable": -1}


class Customers(_Jdy):
    """bd/customer, the disabled among them."""

    name = "customers"
    api = "jdy/v2/bd/customer"
    shaped_as = "jdy_masters"
    params: t.ClassVar[Mapping[str, t.Any]] = {"enable": -1}


class Suppliers(_Jdy):
    """bd/supplier, the disabled among them."""

    name = "suppliers"
    api = "jdy/v2/bd/supplier"
    shaped_as = "jdy_masters"
    params: t.ClassVar[Mapping[str, t.Any]] = {"enable": -1}


class Stores(_Jdy):
    """bd/store, the disabled among them."""

    name = "stores"
    api = "jdy/v2/bd/store"
    shaped_as = "jdy_stores"
    params: t.ClassVar[Mapping[str, t.Any]] = {"enable": -1}


class MaterialGroups(_Jdy):
    """bd/material_group."""

    name = "material_groups"
    api = "jdy/v2/bd/material_group"
    shaped_as = "jdy_masters"


class Boms(_Jdy):
    """bd/bom, whose list wants a time of creation: any."""

    name = "boms"
    api = "jdy/v2/bd/bom"
    shaped_as = "jdy_boms"
    params: t.ClassVar[Mapping[str, t.Any]] = {
        "start_date": "2000-01-01",
        "end_date": "2099-12-31",
    }


class _Bills(_Jdy):
    """Bills, by the time of their creation."""

    shaped_as = "jdy_bills"
    happened = "create_time"
    reads: t.ClassVar[Reads] = Incremental(
        time=_CREATED, paging=_PAGES, lookback=_BACK, history=_DECADES
    )


def _alone(path: str) -> ById:
    return ById("id", api=f"{path}_detail", records="data")


class SalesOrders(_Bills):
    """scm/sal_order."""

    name = "sales_orders"
    api = "jdy/v2/scm/sal_order"
    by_id = _alone(api)


class SalesOutbounds(_Bills):
    """scm/sal_out_bound."""

    name = "sales_outbounds"
    api = "jdy/v2/scm/sal_out_bound"
    by_id = _alone(api)


class SalesInbounds(_Bills):
    """scm/sal_in_bound: returns."""

    name = "sales_inbounds"
    api = "jdy/v2/scm/sal_in_bound"
    by_id = _alone(api)


class PurchaseOrders(_Bills):
    """scm/pur_order."""

    name = "purchase_orders"
    api = "jdy/v2/scm/pur_order"
    by_id = _alone(api)


class PurchaseInbounds(_Bills):
    """scm/pur_inbound."""

    name = "purchase_inbounds"
    api = "jdy/v2/scm/pur_inbound"
    by_id = _alone(api)


def _details(of: type[_Bills], name: str) -> type[PlatformStream]:
    """Return the details of bills, which have the rows that the list lacks: a call each."""
    source = str(of.name)  # type: ignore[misc] # the SDK declares it for instances
    attributes = {
        "__module__": __name__,
        "__doc__": f"{of.api}_detail, for each bill.",
        "name": name,
        "api": f"{of.api}_detail",
        "records": "data",
        "shaped_as": "jdy_bill_details",
        "reads": Details(of=source, field="id", param="id"),
        "selected_by_default": False,
    }
    return t.cast("type[PlatformStream]", type(name.title().replace("_", ""), (_Jdy,), attributes))


ALL: t.Final[tuple[type[PlatformStream], ...]] = (
    Materials,
    Customers,
    Suppliers,
    Stores,
    MaterialGroups,
    Boms,
    SalesOrders,
    _details(SalesOrders, "sales_order_details"),
    SalesOutbounds,
    _details(SalesOutbounds, "sales_outbound_details"),
    SalesInbounds,
    _details(SalesInbounds, "sales_inbound_details"),
    PurchaseOrders,
    _details(PurchaseOrders, "purchase_order_details"),
    PurchaseInbounds,
    _details(PurchaseInbounds, "purchase_inbound_details"),
)


def setting() -> th.Property[t.Any]:
    """Return the setting `more_fields`."""
    return th.Property(
        "more_fields",
        th.ObjectType(additional_properties=th.ArrayType(th.StringType)),
        default={},
        description=(
            "云·星辰: fields beside the few that are documented, by stream: NAME, NAME:TYPE or "
            "LIST[].NAME:TYPE."
        ),
    )


def streams(config: Mapping[str, t.Any]) -> tuple[type[PlatformStream], ...]:
    """Return the streams, with the fields that the settings add.

    Raises:
        ConfigurationError: A stream or a type is none of ours.
    """
    return _streams(json.dumps(config.get("more_fields") or {}))


@functools.lru_cache(maxsize=8)
def _streams(more: str) -> tuple[type[PlatformStream], ...]:
    wanted: dict[str, list[str]] = json.loads(more)
    found = [_with(kind, wanted.pop(str(kind.name), ())) for kind in ALL]  # type: ignore[misc]
    if wanted:
        msg = f"Setting more_fields: there is no stream {next(iter(wanted))!r} of 云·星辰."
        raise ConfigurationError(msg)
    return tuple(found)


def _with(kind: type[PlatformStream], fields: t.Sequence[str]) -> type[PlatformStream]:
    if not fields:
        return kind
    schema = load("tap_kingdee", kind.shaped_as or "")
    known = schema["properties"] | properties(fields, "more_fields")
    changes = {"made_schema": {**schema, "properties": known}, "__module__": __name__}
    return t.cast("type[PlatformStream]", type(kind.__name__, (kind,), changes))
