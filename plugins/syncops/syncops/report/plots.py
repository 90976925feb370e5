"""The geometry of the plots. Pure functions: numbers in, SVG paths and labels out.

A plot is drawn in a box of 1000 by 200 that is stretched to the width of the page; lines keep their
width and dots stay round (`vector-effect`), and all text is HTML around the box, so that it is as
readable on a phone as on a desk.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from markupsafe import Markup

from syncops.report.spans import DAY, HOUR, MINUTE, both, percent, short, span

WIDTH, HEIGHT = 1000, 200
Values = t.Sequence["float | None"]
"""One value for each bucket of the period; None where there is none."""

_SPANS = (0, MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY, 365 * DAY, 3650 * DAY)
_DURATIONS = (
    (DAY, "d", "天"),
    (HOUR, "h", "小时"),
    (MINUTE, "min", "分"),
    (1, "s", "秒"),
    (0.001, "ms", "毫秒"),
)
_STEPS = 4
_TINY = 1e-9
_GAP = 0.18  # of a bucket, between two bars


@dataclass(frozen=True, slots=True)
class Scale:
    """A value axis whose ticks lie equally far apart, from bottom to top."""

    ticks: tuple[float, ...]
    labels: tuple[Markup | str, ...]

    def y(self, value: float) -> float:
        """Return the height of a value, from the top of the box."""
        ticks = self.ticks
        value = min(max(value, ticks[0]), ticks[-1])
        below = max(n for n in range(len(ticks) - 1) if ticks[n] <= value)
        within = (value - ticks[below]) / (ticks[below + 1] - ticks[below])
        return _round(HEIGHT * (1 - (below + within) / (len(ticks) - 1)))


@dataclass(frozen=True, slots=True)
class Dot:
    """A value that can be pointed at."""

    x: float
    y: float
    tip: str


@dataclass(frozen=True, slots=True)
class Line:
    """A series as a line: the path, and its dots; `style` is the class of its colour."""

    name: Markup | str
    style: str
    path: str
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One box of a stack."""

    style: str
    x: float
    y: float
    width: float
    height: float
    tip: str


@dataclass(frozen=True, slots=True)
class Plot:
    """All that is drawn. `times` are the labels below, equally far apart."""

    scale: Scale
    times: tuple[str, ...]
    lines: tuple[Line, ...] = ()
    bars: tuple[Bar, ...] = ()
    legend: tuple[tuple[Markup | str, str], ...] = ()

    @property
    def grid(self) -> list[float]:
        """The heights of the ticks."""
        return [self.scale.y(tick) for tick in self.scale.ticks]


@dataclass(frozen=True, slots=True)
class Series:
    """What to draw: a name, the values, and the class of the colour."""

    name: Markup | str
    values: Values
    style: str


def span_scale(most: float) -> Scale:
    """Return an axis for lags: fine below an hour, coarse above a week, so that both can be read."""
    count = next((n for n, tick in enumerate(_SPANS) if n and tick >= most), len(_SPANS) - 1)
    ticks = _SPANS[: max(count, 2) + 1]
    return Scale(ticks, tuple(span(tick, parts=1) for tick in ticks))


def number_scale(most: float) -> Scale:
    """Return an axis from 0 with round numbers that holds a value."""
    step = _round_up(most / _STEPS) if most > _TINY else 1.0
    ticks = tuple(step * n for n in range(_STEPS + 1))
    return Scale(ticks, tuple(short(tick) for tick in ticks))


def time_scale(most: float) -> Scale:
    """Return an axis from 0 for durations in seconds, in the unit that suits the largest."""
    size, english, chinese = next(
        (unit for unit in _DURATIONS if most >= unit[0] * 2), _DURATIONS[-1]
    )
    scale = number_scale(most / size)
    labels = tuple(both(f"{n:g} {english}", f"{n:g} {chinese}") for n in scale.ticks)
    return Scale(tuple(tick * size for tick in scale.ticks), labels)


def share_scale(least: float) -> Scale:
    """Return an axis of shares that ends at 1 and begins below a value."""
    low = next((low for low in (0.99, 0.9, 0.5) if least >= low), 0.0)
    ticks = tuple(low + (1 - low) * n / _STEPS for n in range(_STEPS + 1))
    return Scale(ticks, tuple(percent(tick) for tick in ticks))


def line_plot(
    series: t.Sequence[Series],
    scale: Scale,
    times: t.Sequence[str],
    tip: t.Callable[[float], str],
    *,
    buckets: t.Sequence[str],
) -> Plot:
    """Draw series as lines; a bucket without a value is passed over.

    Args:
        series: The lines; the last one lies on top and stands first in the legend.
        scale: Their common axis.
        times: Labels below, equally far apart from the beginning to the end.
        tip: Says a value in the text that appears when a dot is pointed at.
        buckets: The time of each bucket, for that text.
    """
    lines = []
    for one in series:
        found = [(n, value) for n, value in enumerate(one.values) if value is not None]
        dots = tuple(
            Dot(
                _middle(n, len(one.values)),
                scale.y(value),
                f"{buckets[n]} · {_plain(one.name)} · {tip(value)}",
            )
            for n, value in found
        )
        lines.append(Line(one.name, one.style, _path(dots), dots))
    legend = dict.fromkeys((one.name, one.style) for one in reversed(series))
    return Plot(scale, tuple(times), lines=tuple(lines), legend=tuple(legend))


def bar_plot(
    series: t.Sequence[Series],
    times: t.Sequence[str],
    *,
    buckets: t.Sequence[str],
    scale: t.Callable[[float], Scale] = number_scale,
    tip: t.Callable[[float], str] = short,
) -> Plot:
    """Draw series as bars that stand on each other; the first one is at the bottom."""
    stacks = zip(*(one.values for one in series), strict=True)
    totals = [sum(value or 0 for value in stack) for stack in stacks]
    axis = scale(max(totals, default=0))
    bars = []
    for n in range(len(totals)):
        bottom = 0.0
        for one in series:
            value = one.values[n] or 0
            if value <= 0:
                continue
            low, high = axis.y(bottom), axis.y(bottom + value)
            bottom += value
            width = WIDTH / len(totals)
            bars.append(
                Bar(
                    one.style,
                    _round(width * (n + _GAP / 2)),
                    high,
                    _round(width * (1 - _GAP)),
                    _round(max(low - high, 0.5)),
                    f"{buckets[n]} · {_plain(one.name)} · {tip(value)}",
                )
            )
    legend = tuple((one.name, one.style) for one in series if any(one.values))
    return Plot(axis, tuple(times), bars=tuple(bars), legend=legend)


def spark(values: Values, most: float) -> str:
    """Return the path of a line without axes, in a box of 1000 by 200; empty below two values."""
    scale = span_scale(most)
    dots = tuple(
        Dot(_middle(n, len(values)), scale.y(value), "")
        for n, value in enumerate(values)
        if value is not None
    )
    return _path(dots) if len(dots) > 1 else ""


def _path(dots: t.Sequence[Dot]) -> str:
    return " ".join(f"{'L' if n else 'M'}{dot.x:g} {dot.y:g}" for n, dot in enumerate(dots))


def _middle(bucket: int, buckets: int) -> float:
    return _round(WIDTH * (bucket + 0.5) / buckets)


def _round_up(step: float) -> float:
    """Return the next 1, 2, 2.5 or 5 times a power of ten."""
    size = 10.0 ** int(f"{step:e}".partition("e")[2])
    return next(size * n for n in (1, 2, 2.5, 5, 10) if size * n >= step * (1 - 1e-9))


def _round(value: float) -> float:
    return round(value, 1)


def _plain(text: Markup | str) -> str:
    """Return the English words of a text in both languages, as a tip can show no markup."""
    if isinstance(text, Markup) and 'lang="zh"' in text:
        return Markup(text.partition('<span lang="zh">')[0]).striptags()  # noqa: S704
    return str(text)
