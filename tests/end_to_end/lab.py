"""tap-lab: the invented platform `lab` of the sandbox, with one key per account.

It exists for the trials of the library. Run as a program it takes two words from the environment:
`LAB_PAGING` (how the list of orders is paged) and `LAB_LIMIT` (records a page).
"""

from __future__ import annotations

import os
import typing as t
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from openplatform.accounts import Account
from openplatform.declarations import ById, Details, FullTable, Incremental
from openplatform.http import Body, PlatformClient, Request
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.paging import Cursor, HasNext, Offset, PageNumber, Paging
from openplatform.settings import common_settings
from openplatform.streams import PlatformStream
from openplatform.tap import PlatformTap
from openplatform.windows import TimeFilter
from singer_sdk import typing as th
from typing_extensions import override

_encode = msgspec.json.Encoder().encode

ERRORS = ErrorTable(
    (
        Rule(Outcome.GRANT_DEAD, {"1001"}, advice="configure the key that the lab shows"),
        Rule(Outcome.THROTTLED, {"1002"}),
        Rule(Outcome.SKIP, {"1004"}),
        Rule(Outcome.FATAL, {"1003", "1005", "1006"}),
    )
)


class LabClient(PlatformClient):
    """The invented platform: a key in the header, JSON in the body."""

    base_url = "http://127.0.0.1:8700/lab"
    errors = ERRORS
    limits = (Limit(1_000_000, 1.0, "account", assumed=True),)

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        method, _, path = api.partition(" ")
        left = dict(params)
        path = path.format(id=left.pop("id", ""))
        headers = {"X-Lab-Key": str(account.settings.get("key", ""))}
        if method == "GET":
            return Request("GET", path, {k: str(v) for k, v in left.items()}, None, headers)
        headers["Content-Type"] = "application/json"
        return Request("POST", path, {}, _encode(left), headers)

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        if not isinstance(body, dict) or body.get("ok") is not False:
            return None
        return Failure(status, str(body.get("code")), str(body.get("message")))

    @override
    def token_kind(self, api: str) -> str | None:
        return None


class LabStream(PlatformStream):
    """A stream of the lab."""

    package = "end_to_end"


def paging_of(style: str, limit: int, *, pages_cap: int = 100, forward: bool = False) -> Paging:
    """Return a way to page through the lab's orders."""
    styles: dict[str, Paging] = {
        "pages": PageNumber("page", "size", limit, "total", pages_cap=pages_cap, forward=forward),
        "has_next": HasNext("page", "size", limit, "has_next", pages_cap=pages_cap),
        "cursor": Cursor("cursor", "cursor", size="size", limit=limit),
        "offset": Offset("offset", "limit", limit, "total", rows_cap=pages_cap * limit),
    }
    return styles[style]


def order_stream(style: str, paging: Paging, lookback: timedelta) -> type[LabStream]:
    """Return the stream of orders, read with this paging."""

    class Orders(LabStream):
        """/orders/STYLE, by update time."""

        name = "orders"
        api = f"POST /orders/{style}"
        records = "rows[]"
        key = ("id",)
        updated = "updated_ms"
        by_id = ById("id", api="GET /orders/{id}", records="row")
        reads = Incremental(
            time=TimeFilter("start", "end", "ms", timedelta(days=90), ends="exclusive"),
            paging=paging,
            lookback=lookback,
        )

    return Orders


class OrderDetails(LabStream):
    """/orders/ID, for each order."""

    name = "order_details"
    api = "GET /orders/{id}"
    records = "row"
    key = ("id",)
    updated = "updated_ms"
    reads = Details(of="orders", field="id", param="id")


class Items(LabStream):
    """/items/pages: newest change first, so the list moves while it is read, and rows vanish."""

    name = "items"
    api = "POST /items/pages"
    records = "rows[]"
    key = ("id",)
    by_id = ById("id", api="GET /items/{id}", records="row")
    ended_by = frozenset({"item_deleted"})
    reads = FullTable(paging=PageNumber("page", "size", 20, "total"), confirm_absence=2)


class LabTap(PlatformTap):
    """Base of the taps that `tap_class` makes."""

    name = "tap-lab"
    client_class = LabClient
    config_jsonschema = common_settings(
        account=(th.Property("key", th.StringType, required=True, secret=True),),
        zone="Asia/Shanghai",
    )


def tap_class(
    style: str = "pages",
    limit: int = 100,
    *,
    pages_cap: int = 100,
    forward: bool = False,
    lookback: timedelta = timedelta(minutes=10),
    item_limit: int = 20,
    confirm_absence: int = 2,
) -> type[LabTap]:
    """Return a tap whose orders are paged in this way.

    Args:
        style: `pages`, `has_next`, `cursor` or `offset`.
        limit: Records a page.
        pages_cap: The highest page that the platform serves.
        forward: Read pages first to last, which loses records; for the test of the tests.
        lookback: How far before its bookmark a run begins.
        item_limit: Records a page of the full list.
        confirm_absence: Complete reads that must miss a row before it counts as gone.
    """
    paging = paging_of(style, limit, pages_cap=pages_cap, forward=forward)
    orders = order_stream(style, paging, lookback)
    full = PageNumber("page", "size", item_limit, "total")

    class SomeItems(Items):
        reads = FullTable(paging=full, confirm_absence=confirm_absence)

    class TapLab(LabTap):
        stream_classes = (orders, OrderDetails, SomeItems)

    return TapLab


if __name__ == "__main__":
    tap_class(os.environ.get("LAB_PAGING", "pages"), int(os.environ.get("LAB_LIMIT", "100"))).cli()
