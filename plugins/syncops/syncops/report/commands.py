"""The command `syncops report`."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import click
from openplatform.bookmarks import UTC, format_time

from syncops.console import print_json
from syncops.errors import SyncopsError
from syncops.options import all_option, json_option, zone
from syncops.session import open_session
from syncops.times import parse_destination

if t.TYPE_CHECKING:
    from syncops.report.overview import Facts

LANGUAGES = ("en", "zh")


def _span(_context: click.Context, _parameter: click.Parameter, value: str) -> timedelta:
    now = datetime.now(UTC)
    try:
        found = now - parse_destination(f"-{value.lstrip('-')}", now=now).time
    except ValueError:
        found = timedelta()
    if found < timedelta(minutes=1):
        raise click.BadParameter(f"{value!r} is no span of time; write one like 7d, 12h or 30m.")
    return found


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("report.html"),
    show_default=True,
    help="The file to write.",
)
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    help="What the page opens in; its switch shows the other one.",
)
@click.option(
    "--last",
    "last",
    default="7d",
    show_default=True,
    callback=_span,
    metavar="SPAN",
    help="How far back runs are told.",
)
@click.option(
    "--late",
    "late",
    default="1d",
    show_default=True,
    callback=_span,
    metavar="SPAN",
    help="Lag from which on a stream counts as late.",
)
@click.option(
    "--timezone",
    "timezone",
    default="UTC",
    show_default=True,
    callback=zone,
    metavar="ZONE",
    help="Zone of the times in the page, such as Asia/Shanghai.",
)
@click.option(
    "--loader",
    metavar="NAME",
    help="Loader whose warehouse is looked at; default: the only one with a database, if any.",
)
@all_option
@json_option
def report(
    *,
    output: Path,
    language: str,
    last: timedelta,
    late: timedelta,
    timezone: tzinfo,
    loader: str | None,
    every: bool,
    as_json: bool,
) -> None:
    """Write one HTML page about all syncs: how far they are, how they went, what they owe.

    The page is one file that loads nothing from elsewhere: send it, keep it, open it offline. It
    shows the state of each stream and account, lag and throughput over time, API calls and waits
    for limits, the latest runs, differences found by `syncops reconcile`, failures, the quarantine
    and firing alerts. At the top it says what needs attention, and which command comes next.

    It is made from Meltano's state, from the files in .meltano/syncops, and from the tables
    _sync_runs and _quarantine of the loader's database. What cannot be read is named at the end of
    the page. Nothing is changed.

    \b
    Examples:
      syncops report
      syncops report --language zh --timezone Asia/Shanghai --output 同步报告.html
      syncops --environment prod report --last 30d --late 6h --loader target-postgres

    Exit codes: 0 written, 1 a state is corrupt or the page could not be written, 2 wrong usage.
    """  # noqa: D301 - click reads the backspace
    from syncops.report.page import render
    from syncops.report.sources import Reader

    now = datetime.now(UTC)
    reader = Reader(open_session().states, now, now - last)
    facts = reader.facts(loader=loader, every=every)
    text = render(facts, language=language, zone=timezone, late=late, since=now - last)
    _write(output, text)
    if as_json:
        print_json(_summary(facts, output, late))
    else:
        click.echo(f"Written: {output}")
    if problems := [one.problem for one in facts.sources if one.name == "state" and one.problem]:
        raise SyncopsError("\n".join(problems))


def _write(output: Path, text: str) -> None:
    """Write the page in whole or not at all."""
    part = output.with_name(f".{output.name}.part")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(output)
    except OSError as error:
        raise SyncopsError(
            f"The page {output} cannot be written: {error.strerror or error}. Name another file "
            "with --output."
        ) from error


def _summary(facts: Facts, output: Path, late: timedelta) -> dict[str, t.Any]:
    """Return what the page says, for programs; lags in seconds."""
    from syncops.report.overview import advice, streams

    found = streams(facts, late)
    return {
        "output": str(output),
        "now": format_time(facts.now),
        "environment": facts.environment,
        "streams": [
            {
                "state_id": stream.state_id,
                "stream": stream.name,
                "level": stream.level,
                "accounts": len(stream.accounts),
                "lag_seconds": stream.lag,
                "failures_owed": stream.owed,
                "failures_parked": stream.parked,
                "last_run": stream.last_run or None,
            }
            for stream in found
        ],
        "attention": [
            {"level": one.level, "what": one.word, "count": one.values.get("count")}
            for one in advice(facts, found, late)
        ],
        "runs": facts.period.runs,
        "records": facts.period.read,
        "calls": round(sum(facts.period.calls)),
        "success": facts.period.success,
        "sources": [
            {"name": s.name, "place": s.place, "read": s.count, "problem": s.problem or None}
            for s in facts.sources
        ],
    }
