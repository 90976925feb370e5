"""The comparisons, and the table that is printed."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import typing as t
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.measure import Cost, Server, digest, median, run

TESTS = Path(__file__).parent.parent
PLAIN = [sys.executable, "-m", "benchmarks.plain_tap"]
OURS = [sys.executable, "-m", "end_to_end.lab"]
Row = tuple[str, str, str]


class Bench:
    """Runs taps against one server after the other.

    Args:
        folder: For configurations, catalogs and outputs.
        pairs: How often A and B take turns.
    """

    def __init__(self, folder: Path, pairs: int) -> None:
        self._folder = folder
        self._pairs = pairs

    def tap(
        self, command: list[str], config: dict[str, t.Any], *, output: Path | None = None
    ) -> Cost:
        """Run a tap that reads the orders."""
        path = self._folder / "config.json"
        path.write_text(json.dumps({**config, "token_store": str(self._folder)}))
        env = {**os.environ, "PYTHONPATH": str(TESTS), "LOGLEVEL": "WARNING"}
        catalog = self._folder / f"{command[-1]}.catalog.json"
        if not catalog.exists():
            run([*command, "--config", str(path), "--discover"], output=catalog, env=env)
            _select(catalog, "orders")
        arguments = ["--config", str(path), "--catalog", str(catalog)]
        return run([*command, *arguments], output=output, env=env)

    def ratio(
        self, first: Callable[[], Cost], second: Callable[[], Cost], what: str
    ) -> tuple[float, float, float]:
        """Return the medians of A and B, and of A / B pair by pair, for a figure of `Cost`."""
        second()  # warms files and the server
        pairs = [(getattr(first(), what), getattr(second(), what)) for _ in range(self._pairs)]
        return (
            median([a for a, _ in pairs]),
            median([b for _, b in pairs]),
            median([a / b for a, b in pairs]),
        )

    def plain_against_ours(self, records: int) -> Row:
        """CPU of a plain SDK tap against ours, without latency, one reader."""
        with Server(accounts=1, size=records, limits=False, max_pages=1_000_000) as server:
            ours = {**server.config, "concurrency": 1, "settle": 0, "start_date": "2020-01-01"}
            a, b = self._folder / "plain.jsonl", self._folder / "ours.jsonl"
            self.tap(PLAIN, server.config, output=a)
            self.tap(OURS, ours, output=b)
            plain, mine = digest(a), digest(b)
            cost_a, cost_b, ratio = self.ratio(
                lambda: self.tap(PLAIN, server.config), lambda: self.tap(OURS, ours), "cpu"
            )
        same = "the same records" if plain == mine else f"DIFFERENT records: {plain} {mine}"
        detail = f"{records:,} records, {same}; CPU {cost_a:.2f} s / {cost_b:.2f} s"
        return "plain SDK tap / ours, 0 ms, CPU", f"{ratio:.2f}", detail

    def serial_against_parallel(self, title: str, accounts: int, records: int) -> Row:
        """Wall time with 50 ms latency, concurrency 1 against 8."""
        size = records // accounts
        with Server(accounts=accounts, size=size, limits=False, latency_ms=50) as server:
            many = {
                **server.config,
                "settle": 0,
                "start_date": _days_ago(60),
            }
            wall_1, wall_8, ratio = self.ratio(
                lambda: self.tap(OURS, {**many, "concurrency": 1}),
                lambda: self.tap(OURS, {**many, "concurrency": 8}),
                "wall",
            )
        detail = f"{records:,} records, {accounts} accounts; wall {wall_1:.2f} s / {wall_8:.2f} s"
        return f"concurrency 1 / 8, 50 ms, wall: {title}", f"{ratio:.2f}", detail

    def memory(self, small: int, large: int) -> Row:
        """Peak memory of our tap for many records against few."""
        peaks = []
        for size in (small, large):
            with Server(accounts=1, size=size, limits=False) as server:
                ours = {**server.config, "settle": 0, "start_date": "2020-01-01"}
                peaks.append(self.tap(OURS, ours).peak_mib)
        detail = f"{large:,} against {small:,} records: {peaks[1]:.0f} MiB / {peaks[0]:.0f} MiB"
        return "peak memory of the tap, many / few", f"{peaks[1] / peaks[0]:.2f}", detail


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


def measure(folder: Path, *, records: int, pairs: int, large: int) -> list[Row]:
    """Run all comparisons."""
    bench = Bench(folder, pairs)
    latency = min(records, 20_000)
    return [
        bench.plain_against_ours(records),
        bench.serial_against_parallel("one account, many windows", 1, latency),
        bench.serial_against_parallel("50 accounts, one window each", 50, latency),
        bench.memory(large // 20, large),
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python3 tests/benchmarks", description=__doc__)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--large", type=int, default=1_000_000, help="records of the memory run")
    options = parser.parse_args()
    table = Table("comparison", "ratio", "measured", title="Benchmarks of the tap path")
    with tempfile.TemporaryDirectory() as folder:
        for row in measure(
            Path(folder), records=options.records, pairs=options.pairs, large=options.large
        ):
            table.add_row(*row)
    Console().print(table)
