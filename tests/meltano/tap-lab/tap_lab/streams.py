"""The lab's streams."""

from __future__ import annotations

from datetime import timedelta

from openplatform.declarations import FullTable, Incremental
from openplatform.paging import PageNumber
from openplatform.windows import TimeFilter

from tap_lab.client import LabStream


class Orders(LabStream):
    """/orders/pages, by update time."""

    name = "orders"
    api = "orders/pages"
    records = "rows[]"
    key = ("id",)
    updated = "updated_ms"
    reads = Incremental(
        time=TimeFilter("start", "end", "ms", timedelta(days=90), ends="exclusive"),
        paging=PageNumber("page", "size", 100, "total", pages_cap=100),
        lookback=timedelta(minutes=10),
    )


class Items(LabStream):
    """/items/pages: the whole list."""

    name = "items"
    api = "items/pages"
    records = "rows[]"
    key = ("id",)
    reads = FullTable(paging=PageNumber("page", "size", 100, "total"))


ALL = (Orders, Items)
