"""The comparisons by number, and the table that is printed."""

from __future__ import annotations

import argparse
import tempfile
import typing as t
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import page
from benchmarks.peers import PEERS, Peers
from benchmarks.postgres import SETTINGS, Postgres
from benchmarks.results import Result, renewed
from benchmarks.tap_path import TapPath
from benchmarks.target_path import Loads, TargetPath

Work: t.TypeAlias = Callable[[], "Result | list[Result]"]
DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
ALIASES = {"T10": "T9"}  # measured together
BAR_RECORDS = 100_000
QUICK_RECORDS, QUICK_PAIRS = 10_000, 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure, and how thoroughly.

    Attributes:
        records: How many records `base` has and the tap reads.
        pairs: How often A and B take turns.
        only: Numbers of the comparisons; all when empty.
    """

    records: int
    pairs: int
    only: frozenset[str] = frozenset()


def measure(
    plan: Plan, folder: Path, server: Postgres, say: Callable[[str], None]
) -> Iterator[Result]:
    """Run the comparisons of a plan; `say` is told what begins.

    Raises:
        ValueError: The plan names a comparison that there is not.
    """
    comparisons = _comparisons(plan, folder, server)
    only = {ALIASES.get(number, number) for number in plan.only}
    if unknown := only - comparisons.keys():
        known = ", ".join(comparisons)
        raise ValueError(f"no comparison is called {', '.join(sorted(unknown))}; there are {known}")
    for number, work in comparisons.items():
        if not only or number in only:
            say(number)
            found = work()
            yield from found if isinstance(found, list) else [found]


def _comparisons(plan: Plan, folder: Path, server: Postgres) -> dict[str, Work]:
    """Return the comparisons by number."""
    loads = Loads(folder, server)

    @cache
    def target() -> TargetPath:
        return TargetPath(loads, plan.records, plan.pairs)

    def peers(records: int) -> Peers:
        return Peers(loads, target(), records)

    tap = TapPath(folder, plan.records, plan.pairs)
    works: dict[str, Work] = {
        peer.number: lambda peer=peer: peers(plan.records).against(peer) for peer in PEERS
    }
    works |= {
        "T6": lambda: target().limit_postgres(),
        "T8": lambda: target().limit_duckdb(),
        "T9": lambda: target().memory(),
        "T11": lambda: target().replay(),
        "T12": lambda: target().content(thorough=plan.records > QUICK_RECORDS),
        "T12p": lambda: peers(max(plan.records // 5, 50)).all_leave(),
        "P2": tap.plain,
        "P3": tap.bare,
        "P3a": tap.as_they_come,
        "P4": tap.latency,
        "P4a": tap.latency_accounts,
        "P5": tap.memory,
    }
    return dict(sorted(works.items(), key=lambda item: _place(item[0])))


def _place(number: str) -> tuple[bool, int, str]:
    digits = "".join(letter for letter in number[1:] if letter.isdigit())
    return number.startswith("P"), int(digits), number


def table(results: list[Result]) -> Table:
    """Return the results as a table for the terminal."""
    shown = Table("", "comparison", "figure", "bar", "reached", title="Benchmarks")
    for result in results:
        if result.figure is None and result.bar is None:
            continue
        style = {True: "green", False: "bold red", None: ""}[result.reached]
        verdict = f"[{style}]{result.verdict}[/]" if style else ""
        shown.add_row(result.number, result.title, result.shown, result.shown_bar, verdict)
    return shown


def show(results: list[Result], plan: Plan, console: Console) -> None:
    """Print the table, and below it what was measured."""
    console.print(table(results))
    for result in results:
        head = result.number if result.figure is not None else f"{result.number} {result.title}"
        if result.told:
            console.print(f"{head}: {result.told}", markup=False, highlight=False)
    if plan.records < BAR_RECORDS:
        console.print(f"The bars are meant for {BAR_RECORDS:,} records and more; start-up counts.")


def main() -> None:
    """Print the table, and write it to the docs when asked."""
    parser = argparse.ArgumentParser(prog="python3 tests/benchmarks", description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--only", default="", help="numbers, such as T1,T7")
    parser.add_argument("--quick", action="store_true", help="few records, one pair: a try")
    parser.add_argument(
        "--write",
        action="store_true",
        help="write docs/benchmarks.{md,svg}; with --only the other lines stay as they were",
    )
    options = parser.parse_args()
    if options.write and (options.quick or options.records != BAR_RECORDS):
        parser.error("--write is for comparisons at full size: leave out --quick and --records")
    plan = Plan(
        QUICK_RECORDS if options.quick else options.records,
        QUICK_PAIRS if options.quick else options.pairs,
        frozenset(word.strip() for word in options.only.split(",") if word.strip()),
    )
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as folder, Postgres() as server:
        results = []
        for result in measure(
            plan, Path(folder), server, lambda name: console.print(f"{name} ...")
        ):
            console.print(f"  {result.number} {result.shown} {result.verdict}", highlight=False)
            results.append(result)
        show(results, plan, Console())
        if options.write:
            DOCS.mkdir(exist_ok=True)
            origin = page.origin(plan.pairs, server.version)
            lines = renewed(
                DOCS / "benchmarks.json", [replace(result, origin=origin) for result in results]
            )
            lines.sort(key=lambda result: _place(result.number))
            page.write(DOCS, lines, records=plan.records, settings=SETTINGS)
