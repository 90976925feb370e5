"""A line of the report, and what takes turns to get there."""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmarks.measure import Cost, median


class Pairs(t.NamedTuple):
    """The medians of A and of B, and of A / B pair by pair.

    Attributes:
        name: What A is; B is ours.
        first: What A cost.
        second: What B cost.
        ratio: The median of A / B.
        spread: The lowest and the highest A / B.
    """

    name: str
    first: Cost
    second: Cost
    ratio: float
    spread: tuple[float, float]

    def __str__(self) -> str:
        return (
            f"{_told(self.name, self.first)}; {_told('ours', self.second)}; "
            f"pairs {self.spread[0]:.2f} to {self.spread[1]:.2f}"
        )


@dataclass(frozen=True, slots=True)
class Result:
    """One comparison.

    Attributes:
        number: Its number in the issue, such as `T1`.
        title: What is compared with what.
        figure: What came out; None where something else than a number is told.
        bar: What it should reach, None for information only.
        above: Whether the figure should be at least the bar; else at most.
        unit: What the figure counts: `x` for a ratio, `MiB`, nothing for a share.
        detail: What else there is to tell.
        wrong: Why the figure does not count, such as a table with the wrong content.
        pairs: What was measured.
        origin: When, where and how, as the page tells it.
    """

    number: str
    title: str
    figure: float | None
    bar: float | None
    above: bool = True
    unit: str = ""
    detail: str = ""
    wrong: str = ""
    pairs: Pairs | None = None
    origin: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the bar is reached; None where there is none."""
        if self.wrong:
            return False
        if self.figure is None or self.bar is None:
            return None
        return self.figure >= self.bar if self.above else self.figure <= self.bar

    @property
    def shown(self) -> str:
        """The figure as text."""
        if self.figure is None:
            return "-"
        return self._text(self.figure)

    @property
    def shown_bar(self) -> str:
        """The bar as text."""
        return "" if self.bar is None else f"{'≥' if self.above else '≤'} {self._text(self.bar)}"

    @property
    def told(self) -> str:
        """Everything else in one text."""
        parts = [self.wrong, str(self.pairs or ""), self.detail]
        return "; ".join(part for part in parts if part)

    @property
    def verdict(self) -> str:
        """`yes`, `NO`, or nothing."""
        return {True: "yes", False: "NO", None: ""}[self.reached]

    def _text(self, value: float) -> str:
        if self.unit == "MiB":
            return f"{value:.0f} MiB"
        return f"{value:.1f}×" if self.unit == "x" else f"{value:.2f}"


def take_turns(
    first: Callable[[], Cost], second: Callable[[], Cost], pairs: int, name: str, what: str = "both"
) -> Pairs:
    """Run A and B in turn, and compare a figure of `Cost`.

    With several pairs one more B goes first, to warm files and servers.
    """
    if pairs > 1:
        second()
    costs = [(first(), second()) for _ in range(pairs)]
    ratios = [getattr(a, what) / getattr(b, what) for a, b in costs]
    return Pairs(
        name,
        middle([a for a, _ in costs]),
        middle([b for _, b in costs]),
        median(ratios),
        (min(ratios), max(ratios)),
    )


def middle(costs: list[Cost]) -> Cost:
    """Return the median of each figure."""
    return Cost(
        wall=median([cost.wall for cost in costs]),
        cpu=median([cost.cpu for cost in costs]),
        peak_mib=median([cost.peak_mib for cost in costs]),
        processes=max(cost.processes for cost in costs),
        server_cpu=median([cost.server_cpu for cost in costs]),
    )


def _told(name: str, cost: Cost) -> str:
    """Return a cost as text."""
    server = f" + {cost.server_cpu:.2f}" if cost.server_cpu else ""
    helpers = f", {cost.processes} processes" if cost.processes > 1 else ""
    return (
        f"{name} {cost.cpu:.2f}{server} s CPU, {cost.wall:.1f} s, {cost.peak_mib:.0f} MiB{helpers}"
    )


def renewed(file: Path, results: list[Result]) -> list[Result]:
    """Return all lines that were ever kept in a file, the new ones in place of theirs, and keep them.

    A number may have several lines, which stand and fall together.
    """
    kept = msgspec.json.decode(file.read_bytes(), type=list[Result]) if file.exists() else []
    lines: dict[str, list[Result]] = {}
    for source in (kept, results):
        groups: dict[str, list[Result]] = {}
        for result in source:
            groups.setdefault(result.number, []).append(result)
        lines |= groups
    whole = [result for group in lines.values() for result in group]
    text = msgspec.json.format(msgspec.json.encode(whole), indent=1)
    file.write_bytes(text + b"\n")
    return whole
