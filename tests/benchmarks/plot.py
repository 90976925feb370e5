"""The plot of the report: records per second of processor time, as an SVG that needs no library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from benchmarks.measure import median
from benchmarks.results import Result

WIDTH = 880
_LABELS, _BARS = 308, 380  # where the labels end, and how long the longest bar is
_MARGIN, _BAR, _STEP = 24, 20, 30
_FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"
_COLOURS = {"ours": "#0f766e", "peer": "#a8b3c2", "limit": "#e7d9b8"}
_INK, _MUTED, _LINE = "#1f2937", "#6b7280", "#e5e7eb"
_PANELS = (
    ("Target, PostgreSQL", ("T1", "T2", "T3", "T4", "T5", "T6"), {"T6"}),
    ("Target, DuckDB", ("T7", "T8"), {"T8"}),
    ("Tap, no latency", ("P2", "P3"), {"P3"}),
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes:
        label: What it is.
        value: Records per second of processor time.
        kind: `ours`, `peer` or `limit`.
        note: What stands beside its value.
    """

    label: str
    value: float
    kind: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """The bars that may be compared with each other."""

    title: str
    bars: tuple[Bar, ...]


def panels(results: Sequence[Result], records: int) -> list[Panel]:
    """Take the bars out of the results."""
    measured = {result.number: result for result in results if result.pairs is not None}
    found = []
    for title, numbers, limits in _PANELS:
        chosen = [measured[number] for number in numbers if number in measured]
        if not chosen:
            continue
        bars = [
            Bar(
                result.pairs.name,
                records / result.pairs.first.both,
                "limit" if result.number in limits else "peer",
                f"ours: {_times(result.pairs.ratio)}",
            )
            for result in chosen
            if result.pairs is not None
        ]
        mine = median([records / r.pairs.second.both for r in chosen if r.pairs is not None])
        bars.append(Bar("ours", mine, "ours"))
        found.append(Panel(title, tuple(sorted(bars, key=lambda bar: -bar.value))))
    return found


def svg(shown: Sequence[Panel], subtitle: str) -> str:
    """Draw the panels below each other, each with a scale of its own."""
    parts: list[str] = []
    y = _MARGIN + 20
    parts.append(_text(_MARGIN, y, "Records per second of processor time", 20, weight=700))
    y += 24
    parts.append(_text(_MARGIN, y, subtitle, 13, colour=_MUTED))
    y += 26
    parts.append(_legend(y))
    y += 34
    for panel in shown:
        parts.append(_text(_MARGIN, y, panel.title, 14, weight=700))
        y += 14
        top = max(bar.value for bar in panel.bars)
        left = _MARGIN + _LABELS
        height = _STEP * len(panel.bars) + 4
        parts.append(f'<path d="M{left} {y}v{height}" stroke="{_LINE}"/>')
        for bar in panel.bars:
            parts.append(_bar(bar, left, y + 7, max(2.0, bar.value / top * _BARS)))
            y += _STEP
        y += 34
    height = y - 34 + _MARGIN
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" font-family="{_FONT}" role="img" '
        f'aria-label="{escape(_spoken(shown))}">\n'
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="10" fill="#ffffff" '
        f'stroke="{_LINE}"/>\n{body}\n</svg>\n'
    )


def _bar(bar: Bar, x: float, y: float, width: float) -> str:
    weight = 700 if bar.kind == "ours" else 400
    label = bar.label if len(bar.label) < 44 else bar.label[:42] + "…"
    middle = y + _BAR * 0.72
    value = f"{bar.value:,.0f}"
    parts = [
        _text(x - 12, middle, label, 13, weight=weight, anchor="end"),
        _rect(x, y, width, _BAR, bar.kind),
        _text(x + width + 8, middle, value, 13, weight=weight),
    ]
    if bar.note:
        parts.append(_text(x + width + 18 + 7.6 * len(value), middle, bar.note, 12, colour=_MUTED))
    return "\n".join(parts)


def _legend(y: float) -> str:
    x, parts = float(_MARGIN), []
    for kind, words in (
        ("ours", "this project"),
        ("peer", "others"),
        ("limit", "the limit: ready data, no program in between"),
    ):
        parts.append(_rect(x, y - 11, 14, 14, kind))
        parts.append(_text(x + 20, y, words, 12, colour=_MUTED))
        x += 48 + 6.4 * len(words)
    return "\n".join(parts)


def _rect(x: float, y: float, width: float, height: float, kind: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height}" rx="3" '
        f'fill="{_COLOURS[kind]}"/>'
    )


def _text(
    x: float,
    y: float,
    text: str,
    size: int,
    *,
    colour: str = _INK,
    weight: int = 400,
    anchor: str = "start",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" '
        f'fill="{colour}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def _times(ratio: float) -> str:
    return f"{ratio:.1f}×" if ratio >= 1 else f"{ratio:.2f}×"


def _spoken(shown: Sequence[Panel]) -> str:
    """Return the same for those who cannot see it."""
    return "; ".join(
        f"{panel.title}: " + ", ".join(f"{bar.label} {bar.value:,.0f}" for bar in panel.bars)
        for panel in shown
    )
