"""The streams of 快手开放平台: what a user has of his own."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from dataclasses import dataclass

from openplatform.accounts import Account
from openplatform.declarations import ById, Details, FullTable
from openplatform.errors import TransientError
from openplatform.paging import Ask, Page
from openplatform.paths import records_at
from openplatform.streams import PlatformStream
from typing_extensions import override

from tap_kuaishou_open.client import KuaishouOpenStream

_COUNTS = ("public", "friend", "private", "all")


@dataclass(frozen=True, slots=True)
class OldestRow:
    """Newest first; the next page begins behind the id of the oldest row of the one before.

    Attributes:
        cursor: Parameter that takes the id.
        size: Parameter of the page's size.
        limit: Records a page.
        key: Field of the id.
        time: Field of the time of creation.
    """

    cursor: str
    size: str
    limit: int
    key: str
    time: str

    @property
    def reach(self) -> int | None:
        """It reaches everything."""
        return None

    def pages(self, ask: Ask, records: str, *, most: int | None) -> Iterator[Page]:
        """Yield the pages, newest first.

        Raises:
            TransientError: The platform leads in a circle.
        """
        at: str | None = None
        been: set[str] = set()
        while True:
            body = ask({self.size: self.limit, **({} if at is None else {self.cursor: at})})
            rows = records_at(body, records)
            ids = {row[self.key]: int(row[self.time]) for row in rows}
            # Whoever takes the page may change its rows, so they are looked at before.
            yield Page(rows, body)
            if not ids:
                return
            at = str(min(ids, key=lambda key: ids[key]))
            if at in been:
                msg = f"the list of videos leads back to {at}; the next run reads it again"
                raise TransientError(msg)
            been.add(at)


class Users(KuaishouOpenStream):
    """openapi/user_info: the profile of the user who authorised the app."""

    name = "users"
    api = "openapi/user_info"
    records = "user_info"
    key = ("open_id",)
    reads = FullTable()


class Videos(KuaishouOpenStream):
    """openapi/photo/list: all videos, as their counters are now."""

    name = "videos"
    api = "openapi/photo/list"
    records = "video_list[]"
    key = ("photo_id",)
    by_id = ById("photo_id", api="openapi/photo/info", records="video_info")
    reads = FullTable(
        paging=OldestRow("cursor", "count", 20, "photo_id", "create_time"), confirm_absence=2
    )

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """The greatest page is that of the API's twin only, so the size is a setting."""
        if "count" in params:
            params["count"] = int(self.config.get("video_page_size") or params["count"])
        return params


class VideoDetails(KuaishouOpenStream):
    """openapi/photo/info, for each video; the same fields as the list."""

    name = "video_details"
    api = "openapi/photo/info"
    records = "video_info"
    key = ("photo_id",)
    reads = Details(of="videos", field="photo_id", param="photo_id")
    selected_by_default = False


class VideoCounts(KuaishouOpenStream):
    """openapi/photo/count: how many videos the user has, by who may see them."""

    name = "video_counts"
    api = "openapi/photo/count"
    records = ""
    key = ("open_id",)
    reads = FullTable()

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """The spelling is not documented here; in its twin it is that of the fields which leave."""
        record = {name: value for name, value in raw.items() if name != "result"}
        for kind in _COUNTS:
            if f"{kind}_count" in record:
                record[f"{kind}Count"] = record.pop(f"{kind}_count")
        return record


ALL: tuple[type[PlatformStream], ...] = (Users, Videos, VideoDetails, VideoCounts)
