"""The page itself: what was read, made into one HTML text that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import typing as t
from datetime import datetime, timedelta, tzinfo
from functools import cache
from importlib.metadata import version
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from syncops.bookmarks.partitions import Kind, Partition
from syncops.report import overview
from syncops.report.drawing import Drawing
from syncops.report.overview import Advice, Facts
from syncops.report.period import Run
from syncops.report.rows import moment
from syncops.report.spans import both, cut, number, percent, span, word

# What bounds the page's size; the worst come first.
_MOST_STREAMS = 300
_MOST_ACCOUNTS = 100
_MOST_ROWS = 4000
_MOST_LISTED = 100
_MOST_ADVICE = 8


def render(facts: Facts, *, language: str, zone: tzinfo, late: timedelta, since: datetime) -> str:
    """Return the page.

    Args:
        facts: What was read.
        language: `en` or `zh`, which the page shows first.
        zone: The zone of all times in it.
        late: The lag from which on a stream counts as late.
        since: The beginning of the period that was asked for.
    """
    streams = overview.streams(facts, late)
    folder = files("syncops.report") / "page"
    texts = [(folder / name).read_text(encoding="utf-8") for name in ("page.css", "page.js")]
    drawing = Drawing(facts.period, zone)
    return (
        _templates()
        .get_template("page.html")
        .render(
            show=_Show(zone),
            facts=facts,
            language=language,
            since=since,
            zone=str(zone),
            version=version("syncops"),
            style=Markup(texts[0]),  # noqa: S704 - a file of this package
            script=Markup(texts[1]),  # noqa: S704
            policy=[_hash(text) for text in texts],
            advice=(told := [_told(one) for one in overview.advice(facts, streams, late)]),
            verdict=_verdict(facts, told),
            streams=_bounded(streams),
            all_streams=streams,
            plots=drawing.draw(),
            trends=drawing.trends(),
            differing=[one for one in facts.compared or () if one.told],
            failures=overview.failures(facts),
            most={"listed": _MOST_LISTED, "advice": _MOST_ADVICE},
        )
    )


@cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("syncops.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"word": word, "both": both, "number": number, "percent": percent}
    made.globals |= {"span": span, "code": _code, "cut": cut}
    return made


def _code(text: str) -> Markup:
    return Markup("<code>{}</code>").format(text)


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


class _Show:
    """Formats values for the templates."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def time(self, value: datetime | str | None) -> str:
        """Return a time in the page's zone, to the second; text that is no time as it is."""
        found = value if isinstance(value, datetime) else moment(value)
        if found is None:
            return cut(value) if isinstance(value, str) and value else "–"
        return f"{found.astimezone(self._zone):%Y-%m-%d %H:%M:%S}"

    def position(self, partition: Partition) -> Markup | str:
        """Return what a partition's position says."""
        if partition.problem:
            return cut(partition.problem)
        if partition.kind is Kind.FOREIGN:
            return cut(partition.position) or "–"
        if partition.moment is None:
            return word("none_yet")
        if partition.kind is Kind.FULL_TABLE:
            complete = Markup("{} {}")
            return complete.format(self.time(partition.moment), word("complete"))
        return cut(str(partition.bookmark))

    def took(self, run: Run) -> Markup:
        """Return how long a run took."""
        return span(run.ended - run.started if run.ended and run.started else None)

    def calls(self, run: Run) -> str:
        """Return a run's calls, and how many of them failed."""
        failed = round(run.calls - run.answered)
        total = number(run.calls)
        return f"{total} ({number(failed)} ✕)" if failed else total


def _told(advice: Advice) -> tuple[Advice, Markup]:
    """Return an advice with its text."""
    values = dict(advice.values)
    for name in ("worst", "limit"):
        if name in values:
            values[name] = span(values[name])
    if "share" in values:
        values["share"] = percent(values["share"])
    for name in ("count", "all"):
        if name in values:
            values[name] = number(values[name])
    return advice, word(advice.word, **values)


def _verdict(facts: Facts, told: t.Sequence[t.Any]) -> tuple[str, Markup]:
    """Return the level of the whole project, and its text."""
    if told:
        key = "one_thing" if len(told) == 1 else "things"
        return told[0][0].level, word(key, count=len(told))
    if not facts.entries and not facts.period.rows:
        return "idle", word("nothing")
    return "ok", word("good")


def _bounded(streams: t.Sequence[overview.Stream]) -> list[tuple[overview.Stream, int]]:
    """Return streams with the number of their accounts to list, so that the page stays small."""
    left, found = _MOST_ROWS, []
    for stream in streams[:_MOST_STREAMS]:
        rows = min(len(stream.accounts), _MOST_ACCOUNTS, left)
        left -= rows
        found.append((stream, rows))
    return found
