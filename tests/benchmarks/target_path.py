"""The target: shares of the engines' limits, memory, replays, and whether the content is right."""

from __future__ import annotations

import json
import os
import sys
import typing as t
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks.content import Content, expected, in_duckdb, in_postgres
from benchmarks.generate import PARTS, Orders
from benchmarks.limits import write_csv, write_records
from benchmarks.measure import Cost, median, run
from benchmarks.postgres import Postgres
from benchmarks.results import Pairs, Result, middle, take_turns

TESTS = Path(__file__).parent.parent
TARGET = [str(Path(sys.executable).with_name("target-warehouse"))]
LIMIT = [sys.executable, "-m", "benchmarks.limits"]


class Files:
    """The generated files, each written when it is first wanted.

    Args:
        folder: Where they are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def messages(self, part: str, records: int) -> Path:
        """Return a part as Singer messages; `all` is the three parts after each other."""
        parts = PARTS if part == "all" else (part,)
        return self._made(f"{part}-{records}.jsonl", lambda path: _write(parts, records, path))

    def csv(self, records: int) -> Path:
        """Return `base` as CSV."""
        source = self.messages("base", records)
        return self._made(f"base-{records}.csv", lambda path: write_csv(source, path))

    def records(self, records: int) -> Path:
        """Return the bare records of `base`."""
        source = self.messages("base", records)
        return self._made(f"base-{records}.ndjson", lambda path: write_records(source, path))

    def _made(self, name: str, make: Callable[[Path], None]) -> Path:
        path = self._folder / name
        if not path.exists():
            make(path)
        return path


class Loads:
    """Runs loaders, each into a fresh schema or file.

    Args:
        folder: For configurations and DuckDB files.
        server: The PostgreSQL server.
    """

    def __init__(self, folder: Path, server: Postgres) -> None:
        self.folder = folder
        self.server = server
        self.files = Files(folder)
        self.schema = ""
        self.database = folder / "run.duckdb"

    def fresh(self, engine: str) -> None:
        """Take away what the last run left."""
        if engine == "postgres":
            self.schema = self.server.fresh()
            return
        for path in (self.database, self.database.with_suffix(".duckdb.wal")):
            path.unlink(missing_ok=True)

    def ours(self, engine: str, source: Path, *, fresh: bool = True, **settings: t.Any) -> Cost:
        """Load a file with our target."""
        if fresh:
            self.fresh(engine)
        where = (
            {"url": self.server.url, "schema": self.schema}
            if engine == "postgres"
            else {"path": str(self.database)}
        )
        return self.load(engine, TARGET, {**where, **settings}, source)

    def load(
        self,
        engine: str,
        command: Sequence[str],
        config: dict[str, t.Any],
        source: Path,
        *,
        ours: bool = True,
    ) -> Cost:
        """Load a file with any target."""
        path = self.folder / "target.json"
        path.write_text(json.dumps(config))
        return self.timed(engine, [*command, "--config", str(path)], source, ours=ours)

    def timed(
        self,
        engine: str,
        command: Sequence[str],
        source: Path | None = None,
        *,
        ours: bool = True,
    ) -> Cost:
        """Run a command and count what it costs, with the server's share."""
        env = {**os.environ, "LOGLEVEL": "WARNING"}
        if ours:
            env["PYTHONPATH"] = str(TESTS)
        work = partial(run, command, source=source, env=env)
        return self.server.measured(work) if engine == "postgres" else work()

    def limit(self, engine: str, records: int) -> Cost:
        """Load `base` in the way of the engine's limit."""
        self.fresh(engine)
        if engine == "postgres":
            ready = self.files.csv(records)
            return self.timed(engine, [*LIMIT, engine, self.server.url, self.schema, str(ready)])
        ready = self.files.records(records)
        return self.timed(engine, [*LIMIT, engine, str(self.database), str(ready)])

    def content(self, engine: str) -> Content:
        """Return what the table of orders holds."""
        if engine == "postgres":
            return in_postgres(self.server.url, self.schema)
        return in_duckdb(self.database)


class TargetPath:
    """The comparisons of our target with itself and with the limits.

    Args:
        loads: What runs the loaders.
        records: How many orders `base` has.
        pairs: How often A and B take turns.
    """

    def __init__(self, loads: Loads, records: int, pairs: int) -> None:
        self._loads = loads
        self._records = records
        self._pairs = pairs
        self._base = loads.files.messages("base", records)

    def limit_postgres(self) -> Result:
        """T6."""
        return self._limit("T6", "postgres", "CSV COPY + INSERT ON CONFLICT", 0.45)

    def limit_duckdb(self) -> Result:
        """T8."""
        return self._limit("T8", "duckdb", "read_json", 0.4)

    def against(self, engine: str, peer: Callable[[], Cost], name: str) -> Pairs:
        """Let a peer and ours take turns."""
        ours = partial(self._loads.ours, engine, self._base)
        return take_turns(peer, ours, self._pairs, name)

    def _limit(self, number: str, engine: str, name: str, bar: float) -> Result:
        limit = partial(self._loads.limit, engine, self._records)
        limit()
        wanted, loaded = expected(Orders(self._records), "base"), self._loads.content(engine)
        # read_json writes the numbers inside nested values anew, 1.50 as 1.5: no digest for DuckDB.
        same = (wanted.rows, wanted.total) == (loaded.rows, loaded.total)
        wrong = "" if same else f"the limit's table is {differing(wanted, loaded)}"
        pairs = self.against(engine, limit, name)
        wrong = wrong or self._wrong(engine, "base", "our table is {}")
        title = f"{SHOWN[engine]}: {name} / ours"
        return Result(number, title, pairs.ratio, bar, wrong=wrong, pairs=pairs)

    def memory(self) -> list[Result]:
        """T9 and T10, on both engines."""
        found = []
        for engine in ENGINES:
            peaks = {}
            for records in (self._records, 5 * self._records):
                source = self._loads.files.messages("base", records)
                costs = [self._loads.ours(engine, source) for _ in range(min(self._pairs, 3))]
                peaks[records] = middle(costs).peak_mib
            few, many = peaks[self._records], peaks[5 * self._records]
            sizes = f"{5 * self._records:,} / {self._records:,} records"
            detail = f"{many:.0f} MiB / {few:.0f} MiB, default batch"
            only = engine == "postgres"
            found += [
                Result(
                    f"T9{'' if only else 'd'}",
                    f"{SHOWN[engine]}: peak memory at {sizes}",
                    many / few,
                    1.1 if only else None,
                    above=False,
                    detail=detail,
                ),
                Result(
                    f"T10{'' if only else 'd'}",
                    f"{SHOWN[engine]}: peak memory, default batch",
                    max(few, many),
                    150 if only else None,
                    above=False,
                    unit="MiB",
                    detail=detail,
                ),
            ]
        return found

    def replay(self) -> Result:
        """T11."""
        loads, base = self._loads, self._base

        def again() -> tuple[Cost, Cost]:
            return (
                loads.ours("postgres", base),
                loads.ours("postgres", base, fresh=False),
            )

        if self._pairs > 1:
            again()
        runs = [again() for _ in range(self._pairs)]
        ratios = [replayed.server_cpu / first.server_cpu for first, replayed in runs]
        pairs = Pairs(
            "first load (ours: the replay)",
            middle([first for first, _ in runs]),
            middle([replayed for _, replayed in runs]),
            median(ratios),
            (min(ratios), max(ratios)),
        )
        wrong = self._wrong("postgres", "base", "after the replay the table is {}")
        title = "PostgreSQL: replay of the same file / first load, server CPU"
        return Result("T11", title, pairs.ratio, 0.5, above=False, wrong=wrong, pairs=pairs)

    def content(self, *, thorough: bool = True) -> Result:
        """T12."""
        wrong, done = [], 0
        few, fewer = max(self._records // 5, 50), max(self._records // 50, 50)
        plans: list[tuple[int, dict[str, t.Any], bool]] = [
            (self._records, {}, False),
            (fewer, {"batch_rows": 7}, True),
            (few, {"batch_rows": 1_000_000, "batch_bytes": 2**40}, True),
            (few, {"batch_bytes": 300_000}, True),
            (few, {"batch_rows": 997}, False),
        ][: 5 if thorough else 2]
        for engine in ENGINES:
            for records, settings, at_once in plans:
                said = " ".join(f"{k}={v:,}" for k, v in settings.items()) or "default batch"
                said = f"{SHOWN[engine]}, {records:,}, {said}"
                for last, problem in self._loaded(engine, records, settings, at_once):
                    done += 1
                    if problem:
                        wrong.append(f"{said}, after {last}: {problem}")
        detail = (
            f"{done - len(wrong)} of {done} tables equal to what newest-wins must leave, after base, "
            f"updates and messy; {len(plans)} batch sizes from 7 rows to one batch, "
            f"up to {self._records:,} orders"
        )
        return Result(
            "T12",
            "content after base, updates, messy equals newest-wins: share of tables",
            (done - len(wrong)) / done,
            1.0,
            detail=detail,
            wrong="; ".join(wrong),
        )

    def _loaded(
        self, engine: str, records: int, settings: dict[str, t.Any], at_once: bool
    ) -> t.Iterator[tuple[str, str]]:
        """Load part after part, or all in one run; yield each part's name and what is wrong."""
        orders = Orders(records)
        for number, part in enumerate(("all",) if at_once else PARTS):
            source = self._loads.files.messages(part, records)
            self._loads.ours(engine, source, fresh=number == 0, **settings)
            last = "messy" if at_once else part
            yield last, differing(expected(orders, last), self._loads.content(engine))

    def _wrong(self, engine: str, last: str, text: str) -> str:
        problem = differing(expected(Orders(self._records), last), self._loads.content(engine))
        return text.format(problem) if problem else ""


ENGINES = ("postgres", "duckdb")
SHOWN = {"postgres": "PostgreSQL", "duckdb": "DuckDB"}


def differing(wanted: Content, found: Content) -> str:
    """Return how two contents differ; nothing when they are equal."""
    return "" if wanted == found else f"wrong: wanted {wanted}; found {found}"


def _write(parts: Sequence[str], records: int, path: Path) -> None:
    orders = Orders(records)
    with path.open("wb") as out:
        for part in parts:
            out.writelines(orders.lines(part))
