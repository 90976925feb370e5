"""The tap: against a plain SDK tap, a bare loop, itself without concurrency, and its memory."""

from __future__ import annotations

import json
import os
import sys
import typing as t
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path

from benchmarks.measure import Cost, Server, digest, run
from benchmarks.results import Result, take_turns

TESTS = Path(__file__).parent.parent
PLAIN = [sys.executable, "-m", "benchmarks.plain_tap"]
BARE = [sys.executable, "-m", "benchmarks.bare_loop"]
AS_THEY_COME = [*BARE, "--as-they-come"]
OURS = [sys.executable, "-m", "end_to_end.lab"]
LATENCY_MS = 50


class TapPath:
    """The comparisons of our tap; each starts its own server.

    Args:
        folder: For configurations, catalogs and outputs.
        records: How many records to read.
        pairs: How often A and B take turns.
    """

    def __init__(self, folder: Path, records: int, pairs: int) -> None:
        self._folder = folder
        self._records = records
        self._pairs = pairs

    def plain(self) -> Result:
        """P2."""
        return self._against("P2", "plain SDK tap / ours, 0 ms", PLAIN, 4.5, "x")

    def bare(self) -> Result:
        """P3: both write the same records."""
        return self._against("P3", "bare requests + orjson loop / ours, 0 ms", BARE, 0.7, "")

    def as_they_come(self) -> Result:
        """P3 with a loop that leaves the work on the records to whoever comes after it."""
        title = "bare loop that converts nothing / ours, 0 ms"
        return self._against("P3a", title, AS_THEY_COME, None, "")

    def latency(self) -> Result:
        """P4: one account, many windows."""
        return self._latency("P4", "one account, many windows", 1, 5)

    def latency_accounts(self) -> Result:
        """P4 with 50 accounts of one window each."""
        return self._latency("P4a", "50 accounts, one window each", 50, None)

    def memory(self) -> Result:
        """P5."""
        peaks = []
        for size in (self._records, 10 * self._records):
            with Server(accounts=1, size=size, limits=False) as server:
                ours = {**server.config, "settle": 0, "start_date": _days_ago(60)}
                peaks.append(self._tap(OURS, ours).peak_mib)
        few, many = peaks
        detail = (
            f"{many:.0f} MiB / {few:.0f} MiB for {10 * self._records:,} / {self._records:,} records"
        )
        title = "peak memory at 10 times the pages / at 1"
        return Result("P5", title, many / few, 1.1, above=False, detail=detail)

    def _against(
        self, number: str, title: str, peer: list[str], bar: float | None, unit: str
    ) -> Result:
        with Server(accounts=1, size=self._records, limits=False, max_pages=1_000_000) as server:
            mine = {**server.config, "concurrency": 1, "settle": 0, "start_date": "2020-01-01"}
            a, b = self._folder / "theirs.jsonl", self._folder / "ours.jsonl"
            self._tap(peer, server.config, output=a)
            self._tap(OURS, mine, output=b)
            theirs, ours = digest(a), digest(b)
            pairs = take_turns(
                partial(self._tap, peer, server.config),
                partial(self._tap, OURS, mine),
                self._pairs,
                title.partition(" / ")[0],
                "cpu",
            )
        raw = peer is AS_THEY_COME
        wrong = ""
        if theirs[0] != ours[0] or (theirs != ours and not raw):
            wrong = f"the records differ: {theirs} and {ours}"
        detail = f"{self._records:,} records, {'as many' if raw else 'the same'} records"
        return Result(
            number, title, pairs.ratio, bar, unit=unit, detail=detail, wrong=wrong, pairs=pairs
        )

    def _latency(self, number: str, title: str, accounts: int, bar: float | None) -> Result:
        records = min(self._records, 80_000)
        with Server(
            accounts=accounts, size=records // accounts, limits=False, latency_ms=LATENCY_MS
        ) as server:
            many = {**server.config, "settle": 0, "start_date": _days_ago(60)}
            pairs = take_turns(
                partial(self._tap, OURS, {**many, "concurrency": 1}),
                partial(self._tap, OURS, {**many, "concurrency": 8}),
                self._pairs,
                "serial",
                "wall",
            )
        title = f"serial / 8 in flight, {LATENCY_MS} ms, wall: {title}"
        return Result(
            number, title, pairs.ratio, bar, unit="x", detail=f"{records:,} records", pairs=pairs
        )

    def _tap(
        self, command: list[str], config: dict[str, t.Any], *, output: Path | None = None
    ) -> Cost:
        """Run a tap that reads the orders."""
        path = self._folder / "config.json"
        path.write_text(json.dumps({**config, "token_store": str(self._folder)}))
        env = {**os.environ, "PYTHONPATH": str(TESTS), "LOGLEVEL": "WARNING"}
        arguments = ["--config", str(path)]
        if command[: len(BARE)] != BARE:
            catalog = self._folder / f"{command[-1]}.catalog.json"
            if not catalog.exists():
                run([*command, *arguments, "--discover"], output=catalog, env=env)
                _select(catalog, "orders")
            arguments += ["--catalog", str(catalog)]
        return run([*command, *arguments], output=output, env=env)


def _days_ago(days: int) -> str:
    """A start close before the sandbox's data (30 days), within the lab's longest window."""
    return f"{datetime.now(timezone.utc) - timedelta(days=days):%Y-%m-%d}"


def _select(catalog: Path, wanted: str) -> None:
    content = json.loads(catalog.read_text())
    for stream in content["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = stream["tap_stream_id"] == wanted
    catalog.write_text(json.dumps(content))
