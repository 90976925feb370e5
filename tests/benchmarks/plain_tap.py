"""The peer: the lab's orders read by a tap as the SDK's template makes it, writing the same records."""

from __future__ import annotations

import json
import typing as t
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import requests
from end_to_end.lab import tap_class
from openplatform.schemas import published
from singer_sdk import RESTStream, Tap, typing as th
from singer_sdk.pagination import PageNumberPaginator
from typing_extensions import override

PAGE = 100
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
BEIJING = timezone(timedelta(hours=8))


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


class Paginator(PageNumberPaginator):
    """Ends after the page that holds the last row."""

    @override
    def has_more(self, response: requests.Response) -> bool:
        return self.current_value * PAGE < response.json()["total"]


class Orders(RESTStream[int]):
    """The orders, page after page."""

    name = "orders"
    path = "/orders/pages"
    http_method = "POST"
    records_jsonpath = "$.rows[*]"
    primary_keys = ("_account", "id")
    replication_key = "_bookmark"

    @property
    @override
    def url_base(self) -> str:
        return str(self.config["base_url"])

    @property
    @override
    def http_headers(self) -> dict[str, str]:
        return {"X-Lab-Key": str(self.config["accounts"][0]["key"])}

    @override
    def get_new_paginator(self) -> Paginator:
        return Paginator(start_value=1)

    @override
    def prepare_request_payload(self, context: t.Any, next_page_token: int | None) -> t.Any:
        return {"page": next_page_token, "size": PAGE}

    @override
    def post_process(self, row: dict[str, t.Any], context: t.Any = None) -> dict[str, t.Any]:
        """Bring the types into the same form as our tap does."""
        for name, part in self._times.items():
            if not row.get(name):
                row[name] = None
                continue
            moment = (
                EPOCH + timedelta(milliseconds=row[name])
                if part == "ms"
                else datetime.fromisoformat(row[name]).replace(tzinfo=BEIJING)
            )
            row[name] = _utc(moment)
        for name in self._amounts:
            if row.get(name) is not None:
                row[name] = format(Decimal(str(row[name])), "f")
        row["remark_json"] = json.loads(row["remark_json"]) if row.get("remark_json") else None
        row["_account"] = str(self.config["accounts"][0]["id"])
        row["_bookmark"] = f"{row['updated_ms']}@{row['id']}"
        return row

    @property
    def _times(self) -> dict[str, str]:
        if not hasattr(self, "_time_fields"):
            source = t.cast("PlainLab", self._tap).source["properties"]
            self._time_fields = {k: v["x-time"] for k, v in source.items() if "x-time" in v}
            self._amounts = [k for k, v in source.items() if v.get("format") == "singer.decimal"]
        return self._time_fields


class PlainLab(Tap):
    """The lab's orders."""

    name = "tap-plain-lab"
    config_jsonschema = th.PropertiesList(
        th.Property("base_url", th.StringType), th.Property("accounts", th.AnyType)
    ).to_dict()
    source: t.ClassVar[dict[str, t.Any]]

    @override
    def discover_streams(self) -> list[Orders]:
        ours = tap_class()(config=dict(self.config), validate_config=False).streams["orders"]
        type(self).source = ours.source_schema  # type: ignore[attr-defined]
        return [Orders(self, schema=published(ours.schema))]


if __name__ == "__main__":
    PlainLab.cli()
