"""The comparisons by number, and the table that is printed."""

from __future__ import annotations

import argparse
import tempfile
import typing as t
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.peers import PEERS, Peers
from benchmarks.postgres import Postgres
from benchmarks.results import Result
from benchmarks.tap_path import TapPath
from benchmarks.target_path import Loads, TargetPath

Work: t.TypeAlias = Callable[[], "Result | list[Result]"]
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


def measure(plan: Plan, folder: Path, say: Callable[[str], None]) -> Iterator[Result]:
    """Run the comparisons of a plan; `say` is told what begins."""
    with ExitStack() as stack:
        comparisons = _comparisons(plan, folder, stack)
        for number, work in comparisons.items():
            if plan.only and number not in plan.only:
                continue
            say(number)
            found = work()
            yield from found if isinstance(found, list) else [found]


def _comparisons(plan: Plan, folder: Path, stack: ExitStack) -> dict[str, Work]:
    """Return the comparisons by number; the server starts only when one needs it."""

    @cache
    def loads() -> Loads:
        return Loads(folder, stack.enter_context(Postgres()))

    @cache
    def target() -> TargetPath:
        return TargetPath(loads(), plan.records, plan.pairs)

    def peers(records: int) -> Peers:
        return Peers(loads(), target(), records)

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
        "T13": lambda: peers(max(plan.records // 5, 50)).all_leave(),
        "P2": tap.plain,
        "P3": tap.bare,
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
    shown = Table("", "comparison", "figure", "bar", "reached", "detail", title="Benchmarks")
    for result in results:
        style = {True: "green", False: "bold red", None: ""}[result.reached]
        shown.add_row(
            result.number,
            result.title,
            result.shown,
            result.shown_bar,
            f"[{style}]{result.verdict}[/]" if style else "",
            result.told,
        )
    return shown


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python3 tests/benchmarks", description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--only", default="", help="numbers, such as T1,T7")
    parser.add_argument("--quick", action="store_true", help="few records, one pair: a try")
    options = parser.parse_args()
    plan = Plan(
        QUICK_RECORDS if options.quick else options.records,
        QUICK_PAIRS if options.quick else options.pairs,
        frozenset(word.strip() for word in options.only.split(",") if word.strip()),
    )
    with tempfile.TemporaryDirectory() as folder:
        results = list(measure(plan, Path(folder), Console(stderr=True).print))
    Console().print(table(results))
