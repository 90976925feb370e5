"""The command `syncops backfill`."""

from __future__ import annotations

import typing as t
from dataclasses import asdict
from datetime import datetime, timedelta

import click
from openplatform.bookmarks import UTC, format_time

from syncops import jsonlines
from syncops.backfill.estimate import Estimate, estimate
from syncops.backfill.handover import hand_over
from syncops.backfill.record import Backfill, unfinished
from syncops.console import confirm, print_json
from syncops.errors import RunningError, SyncopsError
from syncops.options import json_option
from syncops.pipelines import Pipeline, open_pipeline
from syncops.session import open_session
from syncops.spans import moment_option, span_start
from syncops.times import format_span

if t.TYPE_CHECKING:
    from syncops.session import Session
    from syncops.states import States

FILE = "backfill.jsonl"
# Meltano's runs give a sign of life each second.
_ALIVE = timedelta(seconds=20)
_STOPPED = (
    "It stopped before its end; the last lines above say why. The same command goes on from there."
)


@click.command()
@click.argument("tap", metavar="TAP")
@click.argument("loader", metavar="LOADER")
@click.option(
    "--stream", "streams", multiple=True, required=True, metavar="NAME", help="Repeatable."
)
@moment_option("--from", "start", "Where it begins.")
@moment_option("--to", "end", "Where it ends. Default: now.")
@click.option("--last", metavar="SPAN", help="Instead of --from and --to: 90d, 36h.")
@click.option(
    "--budget-share", type=click.FloatRange(0, 1, min_open=True), default=0.3, show_default=True,
    help="Share of the limits that it takes.",
)  # fmt: skip
@click.option("--max-calls", type=click.IntRange(1), help="Stop after so many calls.")
@click.option("--dry-run", is_flag=True, help="Only tell what it would take.")
@click.option("--restart", is_flag=True, help="Begin anew instead of going on where it stopped.")
@click.option("--force", is_flag=True, help="Run although Meltano believes that it runs already.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask; for programs and schedules.")
@json_option
def backfill(
    *,
    tap: str,
    loader: str,
    streams: tuple[str, ...],
    start: datetime | None,
    end: datetime | None,
    last: str | None,
    budget_share: float,
    max_calls: int | None,
    dry_run: bool,
    restart: bool,
    force: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Read a stretch of the past again, as a run of its own beside the live sync.

    It has its own state, so the live bookmarks stay where they are, and takes only a share of the
    platform's limits. Rows that the live sync has brought meanwhile stay: the newest version wins.
    First it counts at the platform, and tells how many calls it will take, and how long.

    Killed or failed, the same command goes on where it stopped. With DuckDB, which has one writer
    at a time, let it run while the live sync does not.

    Exit code 0: all of it is in the warehouse; 1: it stopped before, run it again.

    \b
    Examples:
      syncops backfill tap-youzan target-duckdb --stream orders --last 90d --dry-run
      syncops backfill tap-youzan target-duckdb --stream orders --from 2026-01-01 --to 2026-04-01
      syncops backfill tap-youzan target-postgres --stream orders --stream order_details \\
          --last 7d --budget-share 0.5 --yes
    """  # noqa: D301 - click reads the backspace
    now = datetime.now(UTC)
    begin, end, asked = _stretch(start, end, last, now)
    pipeline = open_pipeline(tap, loader)
    known = None if restart else unfinished(pipeline, streams, asked)
    made = known or Backfill(
        id=f"backfill-{now:%Y%m%d%H%M%S}",
        environment=pipeline.environment,
        tap=pipeline.tap,
        loader=pipeline.loader,
        streams=list(streams),
        asked=asked,
        start=begin,
        end=end,
        begun_at=now,
    )
    told = None
    if known is None or dry_run:
        told = estimate(pipeline, list(streams), made.start, made.end, budget_share)
    _tell(made, told, resumed=known is not None)
    if dry_run:
        if as_json:
            print_json(_json(made, told, owed=0))
        return
    if known is None and not confirm("Begin?", yes=yes):
        raise click.exceptions.Exit(1)
    session = open_session()
    forced = force or _dead(session.states, made)
    made.save(pipeline.folder)
    settings = _settings(pipeline, made, budget_share, max_calls)
    done = pipeline.run(made.id, settings, force=forced, loud=True)
    owed = _finish(pipeline, session, made) if done else 0
    jsonlines.append(pipeline.folder / FILE, [_json(made, None, owed=owed)])
    if as_json:
        print_json(_json(made, told, owed=owed))
    if not done:
        raise SyncopsError(_STOPPED)
    click.echo(f"Done: {', '.join(made.streams)}, {made.asked}.", err=True)
    if owed:
        click.echo(
            f"It owes {owed} records that could not be fetched or are not final yet; its state "
            f"{made.state_id} keeps them. syncops failures list shows them, and syncops bookmarks merge "
            f"--from {made.state_id} --into {pipeline.state_id} gives them to the live sync.",
            err=True,
        )


def _stretch(
    start: datetime | None, end: datetime | None, last: str | None, now: datetime
) -> tuple[datetime, datetime, str]:
    """Return where to begin and to end, and how that was asked for."""
    begin = span_start(start, last, now)
    if last and end:
        raise click.UsageError("--last ends now; give --from and --to instead.")
    until = end or now
    if begin >= until:
        raise click.UsageError(f"--from {format_time(begin)} is not before --to.")
    return begin, until, f"last {last}" if last else f"{format_time(begin)} to {format_time(until)}"


def _tell(made: Backfill, told: Estimate | None, *, resumed: bool) -> None:
    """Say on the standard error what is about to be done."""
    what = "Going on with" if resumed else "Reading"
    click.echo(
        f"{what} {', '.join(made.streams)} from {format_time(made.start)} to {format_time(made.end)}, "
        f"state {made.state_id}",
        err=True,
    )
    if told is None:
        return
    for name, calls in told.calls.items():
        if calls is None:
            click.echo(f"  {name}: the platform does not count it", err=True)
        else:
            click.echo(f"  {name}: {told.records[name]} records, about {calls} calls", err=True)
    if told.seconds:
        span = format_span(timedelta(seconds=told.seconds))
        click.echo(f"  at least {span} within this share of the limits", err=True)


def _settings(
    pipeline: Pipeline, made: Backfill, share: float, max_calls: int | None
) -> dict[str, t.Any]:
    """Return the tap's settings that this run replaces."""
    start = format_time(made.start)
    streams: dict[str, dict[str, t.Any]] = dict(pipeline.config.get("streams") or {})
    for name in {*streams, *made.streams}:
        own = {**(streams.get(name) or {}), "lookback": "0s"}
        streams[name] = {**own, "start_date": start}
    settings: dict[str, t.Any] = {
        "start_date": start,
        "end_date": format_time(made.end),
        "streams": streams,
        "budget_share": str(share),
        "_select": [f"{name}.*" for name in made.streams],
    }
    if max_calls is not None:
        settings["max_calls"] = str(max_calls)
    # Events belong to the live sync: its place in their log is in its own state.
    if pipeline.config.get("events"):
        settings["events"] = "null"
    return settings


def _dead(states: States, made: Backfill) -> bool:
    """Tell whether Meltano still counts an earlier, killed run of this backfill as running.

    Raises:
        RunningError: It gave a sign of life a moment ago.
    """
    run = states.running(made.state_id)
    if run is None:
        return False
    if datetime.now(UTC) - (run.heartbeat or run.since) < _ALIVE:
        raise RunningError(
            f"This backfill is running since {run.since:%Y-%m-%d %H:%M:%S} UTC, or was killed less "
            f"than {_ALIVE.seconds} seconds ago. Wait for it; if it was killed, --force goes on at once."
        )
    return True


def _finish(pipeline: Pipeline, session: Session, made: Backfill) -> int:
    """Remember that it is done; remove its state, once the live sync has what it owes.

    Returns:
        How many records its state still owes.
    """
    states = session.states
    made.finished_at = datetime.now(UTC)
    made.save(pipeline.folder)
    owed = hand_over(session, made.state_id, pipeline.state_id)
    if not owed and states.exists(made.state_id):
        with states.locked(made.state_id) as state:
            state.write(None)
    return owed


def _json(made: Backfill, told: Estimate | None, *, owed: int) -> dict[str, t.Any]:
    return {
        "id": made.id,
        "state_id": made.state_id,
        "tap": made.tap,
        "loader": made.loader,
        "streams": made.streams,
        "from": format_time(made.start),
        "to": format_time(made.end),
        "begun_at": format_time(made.begun_at),
        "finished_at": format_time(made.finished_at) if made.finished_at else None,
        "done": made.finished_at is not None,
        "owed": owed,
        **({"estimate": asdict(told)} if told else {}),
    }
