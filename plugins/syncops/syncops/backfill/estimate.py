"""What a backfill will cost: calls and time, from the platform's own counts."""

from __future__ import annotations

import math
import tempfile
import typing as t
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import msgspec
from openplatform.bookmarks import format_time

from syncops.errors import SyncopsError
from syncops.reconcile.findings import Found, Stream

if t.TYPE_CHECKING:
    from datetime import datetime

    from syncops.pipelines import Pipeline


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a backfill will take.

    Attributes:
        records: Records by stream, over all accounts; None where the platform does not count.
        calls: Calls by stream, over all accounts; None likewise.
        seconds: How long the limits alone make it last; None where they set no bound.
        spent: Calls that the estimate itself took.
    """

    records: dict[str, int | None]
    calls: dict[str, int | None]
    seconds: float | None
    spent: int


def estimate(
    pipeline: Pipeline, streams: list[str], start: datetime, end: datetime, share: float
) -> Estimate:
    """Count a stretch at the platform and say what reading it takes.

    Raises:
        SyncopsError: A stream has no windows of time, or the tap cannot be run.
    """
    window = [[format_time(start), format_time(end)]]
    parts = [
        {"do": "count", "stream": s, "account": a, "windows": window, "bucket": "range"}
        for s in streams
        for a in pipeline.accounts
    ]
    with tempfile.TemporaryDirectory(prefix="syncops-") as folder:
        path, results = Path(folder, "task.json"), Path(folder, "results.jsonl")
        path.write_bytes(msgspec.json.encode({"results": str(results), "parts": parts}))
        settings = {"task": str(path), "_select": [f"{name}.*" for name in streams]}
        done = pipeline.invoke(settings)
        found = Found.load(results) if results.exists() else Found()
    if not found.streams or (not done and not found.problems):
        raise SyncopsError(f"{pipeline.tap} could not count; its last lines stand above.")
    if whole := [one.stream for one in found.streams.values() if not one.incremental]:
        raise SyncopsError(
            f"{', '.join(whole)}: read whole each time, so there is no stretch of time to read again. "
            f"Run: meltano run {pipeline.tap} {pipeline.loader}"
        )
    return _estimated(found, share)


def _estimated(found: Found, share: float) -> Estimate:
    records: dict[str, int | None] = {}
    calls: dict[str, int | None] = {}
    by_account: defaultdict[str, float] = defaultdict(float)
    lists: set[tuple[str, str]] = set()
    slowest = 0.0
    for stream in found.streams.values():
        records[stream.stream] = calls[stream.stream] = None
        if not stream.countable:
            continue
        records[stream.stream] = calls[stream.stream] = 0
        for (name, account), counts in found.counts.items():
            if name != stream.stream:
                continue
            number = sum(count["count"] for count in counts)
            wanted = number if stream.details else 0
            if (stream.source, account) not in lists:
                lists.add((stream.source, account))
                wanted += max(1, math.ceil(number / (stream.page or 1)))
            records[name] = (records[name] or 0) + number
            calls[name] = (calls[name] or 0) + wanted
            by_account[account] += wanted
        slowest = max(slowest, _seconds(stream, by_account, share))
    return Estimate(records, calls, slowest or None, found.calls)


def _seconds(stream: Stream, by_account: dict[str, float], share: float) -> float:
    """Return how long the limits make all calls so far last."""
    account, app = stream.rates["account"], stream.rates["app"]
    bounds = [max(by_account.values(), default=0) / account] if account else []
    bounds += [sum(by_account.values()) / app] if app else []
    return max(bounds, default=0.0) / share
