"""The streams of 苍穹 / 星瀚: queries that a company has published, as the setting `queries` tells."""

from __future__ import annotations

import functools
import json
import typing as t
from collections.abc import Mapping
from datetime import timedelta

from openplatform.accounts import Account
from openplatform.declarations import ById, FullTable, Incremental
from openplatform.errors import ConfigurationError
from openplatform.paging import PageNumber
from openplatform.streams import PlatformStream
from openplatform.windows import TimeFilter
from singer_sdk import typing as th
from typing_extensions import override

from tap_kingdee.fields import KEY, entries, properties

_DECADES = timedelta(days=20 * 365)
_PAGING = ("pageNo", "pageSize")
_SIZE = 500
_TEXTS = th.ArrayType(th.StringType)


class Query(PlatformStream):
    """A query API of a company's tenant."""

    package = "tap_kingdee"
    records = "data.rows[]"
    static: t.ClassVar[Mapping[str, t.Any]] = {}

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Put filters into `data`, which must be there, and paging beside it: elsewhere it is ignored."""
        filters = {**self.static, **{n: v for n, v in params.items() if n not in _PAGING}}
        paging = {name: params[name] for name in _PAGING if name in params} or {
            "pageNo": 1,
            "pageSize": 1,
        }
        return {**filters, **paging} if self.api.startswith("GET ") else {"data": filters, **paging}


def setting() -> th.Property[t.Any]:
    """Return the setting `queries`."""
    return th.Property(
        "queries",
        th.ArrayType(
            th.ObjectType(
                th.Property("stream", th.StringType, required=True),
                th.Property("path", th.StringType, required=True),
                th.Property("method", th.StringType, allowed_values=["POST", "GET"]),
                th.Property("page_size", th.IntegerType),
                th.Property("key", th.StringType),
                th.Property("updated", th.StringType),
                th.Property("start_param", th.StringType),
                th.Property("end_param", th.StringType),
                th.Property("id_param", th.StringType),
                th.Property("params", th.ObjectType(additional_properties=True)),
                th.Property("fields", _TEXTS),
                th.Property("personal_fields", _TEXTS),
            )
        ),
        default=[],
        description=(
            "苍穹 / 星瀚: the query APIs to read: stream, path, method, page_size, key (id), updated "
            "(modifytime), start_param and end_param (without them: read as a whole), id_param, params "
            "(fixed ones), fields (NAME, NAME:TYPE, LIST[].NAME:TYPE), personal_fields."
        ),
    )


def streams(config: Mapping[str, t.Any]) -> tuple[type[PlatformStream], ...]:
    """Return the streams of the settings.

    Raises:
        ConfigurationError: A query is not described well enough.
    """
    found = entries(config, "queries")
    if not found:
        msg = "product is cosmic, where each company publishes queries of its own: set queries."
        raise ConfigurationError(msg)
    return _streams(json.dumps(found, default=str))


@functools.lru_cache(maxsize=8)
def _streams(queries: str) -> tuple[type[PlatformStream], ...]:
    return tuple(_made(entry) for entry in json.loads(queries))


def _made(entry: Mapping[str, t.Any]) -> type[PlatformStream]:
    name = str(entry["stream"])
    where, personal = f"queries, {name}", entry.get("personal_fields") or ()
    path = str(entry.get("path") or "")
    if not path.startswith("/") or not entry.get("fields"):
        msg = f"Setting {where}: set fields, and path, such as /kapi/v2/sm/sm_salorder/query."
        raise ConfigurationError(msg)
    start, end = entry.get("start_param"), entry.get("end_param")
    if bool(start) != bool(end):
        msg = f"Setting {where}: set start_param and end_param, or neither."
        raise ConfigurationError(msg)
    key = str(entry.get("key") or "id")
    updated = str(entry.get("updated") or "modifytime") if start else None
    known = properties(entry["fields"], where, personal=personal)
    first = {key: {**KEY, "x-personal": True} if key in personal else KEY}
    dated = properties([f"{updated}:time"], where) if updated else {}
    size = int(entry.get("page_size") or _SIZE)
    paging = PageNumber(*_PAGING, size, "data.totalCount", has_next="data.more")
    reads: t.Any = FullTable(paging=paging, confirm_absence=2)
    if start:
        time = TimeFilter(str(start), str(end), "local", maximum=timedelta(days=186))
        reads = Incremental(time=time, paging=paging, history=_DECADES)
    attributes = {
        "__module__": __name__,
        "name": name,
        "api": f"GET {path}" if entry.get("method") == "GET" else path,
        "key": (key,),
        "updated": updated,
        "reads": reads,
        "static": entry.get("params") or {},
        "by_id": ById(str(entry["id_param"])) if entry.get("id_param") else None,
        "made_schema": {"type": "object", "properties": {**known, **first, **dated}},
    }
    return t.cast("type[PlatformStream]", type(name.title().replace("_", ""), (Query,), attributes))
