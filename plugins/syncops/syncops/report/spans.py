"""Texts, numbers and spans of time in both languages of the page.

The page holds both; its style shows the one that the reader chose.
"""

from __future__ import annotations

import typing as t
from datetime import timedelta

from markupsafe import Markup, escape

from syncops.report.words import WORDS

MINUTE, HOUR, DAY = 60, 3600, 86400
_UNITS: t.Final = (
    (DAY, "d", "天"),
    (HOUR, "h", "小时"),
    (MINUTE, "min", "分"),
    (1, "s", "秒"),
)
_LARGE: t.Final = ((10**9, "G"), (10**6, "M"), (10**3, "k"))


def both(english: object, chinese: object, *, tag: str = "span") -> Markup:
    """Return a text in both languages; once where they are the same."""
    if english == chinese:
        return escape(english)
    return Markup('<{tag} lang="en">{}</{tag}><{tag} lang="zh">{}</{tag}>').format(
        english,
        chinese,
        tag=Markup(tag),  # noqa: S704 - our own word
    )


def word(key: str, **values: t.Any) -> Markup:
    """Return one of the page's own texts in both languages, with values put into it."""
    english, chinese = WORDS[key]
    return both(*(Markup(text).format(**values) for text in (english, chinese)))  # noqa: S704


def span(seconds: float | timedelta | None, *, parts: int = 2, tag: str = "span") -> Markup:
    """Return a span of time in its largest units: `3 d 4 h`, in Chinese `3 天 4 小时`."""
    if seconds is None:
        return Markup("–")
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    if 0 < abs(seconds) < 1:
        return both(f"{seconds * 1000:.0f} ms", f"{seconds * 1000:.0f} 毫秒", tag=tag)
    rest, texts = round(abs(seconds)), (list[str](), list[str]())
    for size, *names in _UNITS:
        count, rest = divmod(rest, size)
        if count or texts[0]:
            for text, name in zip(texts, names, strict=True):
                text.append(f"{count} {name}")
    sign = "−" if seconds < 0 else ""
    english, chinese = (sign + " ".join(_without_zeros(text[:parts])) for text in texts)
    return both(english or "0 s", chinese or "0 秒", tag=tag)


def _without_zeros(parts: list[str]) -> list[str]:
    """Drop what is zero at the end: `3 d`, not `3 d 0 h`."""
    while len(parts) > 1 and parts[-1].startswith("0 "):
        parts = parts[:-1]
    return parts


def cut(text: str, length: int = 300) -> str:
    """Return a text, cut where it is very long."""
    return text if len(text) <= length else f"{text[:length]} …"


def number(value: float | None) -> str:
    """Return a number with its thousands apart."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def short(value: float) -> str:
    """Return a number for an axis: `1.5k`, `20M`."""
    for size, unit in _LARGE:
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def percent(share: float | None) -> str:
    """Return a share as a percentage that never rounds up to all or down to nothing."""
    if share is None:
        return "–"
    shown = f"{share * 100:.2f}".rstrip("0").rstrip(".")
    if shown == "100" and share < 1:
        return "> 99.99 %"
    if shown == "0" and share > 0:
        return "< 0.01 %"
    return f"{shown} %"
