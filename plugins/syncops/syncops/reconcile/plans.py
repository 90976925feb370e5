"""The repair plan: what a comparison found, in a file from which it can be mended later."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime, timedelta

import click
import msgspec
from openplatform.bookmarks import format_time

from syncops.errors import SyncopsError
from syncops.reconcile.compared import Compared
from syncops.reconcile.findings import Difference, Stream, Window

if t.TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from syncops.pipelines import Pipeline

FOLDER = "reconcile"
_LIFE = timedelta(days=1)


class Repair(msgspec.Struct, frozen=True):
    """What is to be mended of one stream of one account.

    Attributes:
        window: The stretch of time that was compared.
        windows: Where its records were read; None for a whole list.
        pages: Calls that reading these takes, about.
        missing: Records to fetch.
        stale: Likewise.
        surplus: Rows to mark as deleted.
    """

    stream: str
    account: str
    window: Window
    windows: list[Window] | None
    pages: int
    missing: list[Difference]
    stale: list[Difference]
    surplus: list[Difference]

    def compared(self, stream: Stream) -> Compared:
        """Return it as a comparison's result, whose surplus is asked for once more where that can be."""
        surplus = [replace(one, confirmed=not stream.looks) for one in self.surplus]
        differences = [*self.missing, *self.stale, *surplus]
        found = Compared(self.stream, self.account, self.window, differences=differences)
        found.looked, found.pages, found.read = True, self.pages, self.windows
        return found


class Plan(msgspec.Struct, frozen=True):
    """A plan, as its file holds it; the attributes that are not told here are those of the command."""

    made_at: datetime
    tap: str
    loader: str
    environment: str | None
    bucket: str
    field: str
    streams: list[Stream]
    parts: list[Repair]

    @classmethod
    def of(
        cls,
        pipeline: Pipeline,
        results: Iterable[Compared],
        streams: Iterable[Stream],
        now: datetime,
        *,
        bucket: str,
        field: str,
    ) -> Plan:
        """Return what would be fetched, and what would be marked."""
        who = (pipeline.tap, pipeline.loader, pipeline.environment)
        parts = [_repair(one) for one in results if one.differences]
        return cls(now, *who, bucket, field, list(streams), parts)

    def keep(self, folder: Path) -> Path:
        """Write it; return where it stands."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.made_at:%Y%m%d-%H%M%S}-{self.tap}.json"
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n")
        return path

    @classmethod
    def read(cls, path: Path, pipeline: Pipeline, now: datetime) -> Plan:
        """Read a plan for a pipeline.

        Raises:
            SyncopsError: The file holds none, or one that is too old.
            UsageError: It was made for another pipeline.
        """
        try:
            plan = msgspec.json.decode(path.read_bytes(), type=cls)
        except (OSError, msgspec.MsgspecError) as exc:
            raise SyncopsError(f"{path} holds no plan of `syncops reconcile` ({exc}).") from exc
        made, here = (
            f"{one.tap} and {one.loader} in the environment {one.environment or '(none)'}"
            for one in (plan, pipeline)
        )
        if made != here:
            raise click.UsageError(f"{path} was made for {made}, not for {here}.")
        if now - plan.made_at > _LIFE:
            raise SyncopsError(
                f"{path} was made at {format_time(plan.made_at)}; too much may have happened since. "
                "Compare again."
            )
        return plan


def _repair(one: Compared) -> Repair:
    kinds = (one.of(kind) for kind in ("missing", "stale", "surplus"))
    return Repair(one.stream, one.account, one.window, one.read, one.pages, *kinds)
