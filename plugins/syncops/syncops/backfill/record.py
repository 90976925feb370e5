"""What is remembered about a backfill, so that the same command goes on with it after a kill."""

from __future__ import annotations

import typing as t
from datetime import datetime
from pathlib import Path

import msgspec

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from syncops.pipelines import Pipeline

FOLDER = "backfill"


class Backfill(msgspec.Struct, kw_only=True):
    """One backfill.

    Attributes:
        id: The suffix of its state id.
        environment: The Meltano environment.
        tap: The tap.
        loader: The loader.
        streams: What it reads.
        asked: The stretch as it was asked for, such as `--last 90d`.
        start: Where it begins (UTC).
        end: Where it ends (UTC).
        begun_at: When it was first started (UTC).
        finished_at: When it came to its end; None before.
    """

    id: str
    environment: str | None
    tap: str
    loader: str
    streams: list[str]
    asked: str
    start: datetime
    end: datetime
    begun_at: datetime
    finished_at: datetime | None = None

    @property
    def state_id(self) -> str:
        """The id of its state."""
        name = f"{self.tap}-to-{self.loader}:{self.id}"
        return f"{self.environment}:{name}" if self.environment else name

    def save(self, folder: Path) -> None:
        """Write it, whole or not at all."""
        path = folder / FOLDER / f"{self.id}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".tmp")
        unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(self)) + b"\n")
        unfinished.replace(path)


def unfinished(pipeline: Pipeline, streams: Sequence[str], asked: str) -> Backfill | None:
    """Return the newest backfill of the same wish that has not come to its end."""
    wanted = (pipeline.environment, pipeline.tap, pipeline.loader, sorted(streams), asked)
    for path in sorted((pipeline.folder / FOLDER).glob("*.json"), reverse=True):
        try:
            one = msgspec.json.decode(path.read_bytes(), type=Backfill)
        except (OSError, msgspec.MsgspecError):
            continue
        same = (one.environment, one.tap, one.loader, sorted(one.streams), one.asked) == wanted
        if same and one.finished_at is None:
            return one
    return None
