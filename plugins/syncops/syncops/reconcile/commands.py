"""The command `syncops reconcile`."""

from __future__ import annotations

import typing as t
from datetime import datetime
from functools import partial
from pathlib import Path

import click
from openplatform.bookmarks import UTC, format_time

from syncops import jsonlines
from syncops.bookmarks.partitions import read_partitions
from syncops.console import console, print_json
from syncops.options import json_option
from syncops.pipelines import Pipeline, open_pipeline
from syncops.reconcile.compared import Wish
from syncops.reconcile.flow import Reconciler
from syncops.reconcile.plans import FOLDER, Plan
from syncops.reconcile.show import details, result_line, result_table
from syncops.session import open_session
from syncops.spans import moment_option, span_start

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from syncops.reconcile.findings import Who, Window

FILE = "reconcile.jsonl"


@click.command()
@click.argument("tap", metavar="TAP")
@click.argument("loader", metavar="LOADER")
@click.option("--stream", "streams", multiple=True, metavar="NAME", help="Repeatable.")
@click.option("--account", "accounts", multiple=True, metavar="ID", help="Only these; repeatable.")
@moment_option("--from", "start", "Where the comparison begins.")
@moment_option("--to", "end", "Where it ends. Default: now, less the tap's settle.")
@click.option("--last", metavar="SPAN", help="Instead of --from: 90d, 36h.")
@click.option(
    "--bucket", type=click.Choice(["hour", "day"]), default="day", help="Count by these.",
    show_default=True,
)  # fmt: skip
@click.option("--by", "field", default="", metavar="FIELD", help="Count by a business field, too.")
@click.option("--deep", is_flag=True, help="Compare every record, also where the counts agree.")
@click.option("--repair", is_flag=True, help="Fetch what is missing or stale; mark the surplus.")
@click.option(
    "--plan", "plan_file", metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Repair what an earlier comparison found, instead of comparing.",
)  # fmt: skip
@click.option(
    "--max-calls", type=click.IntRange(1), default=1000, show_default=True,
    help="Calls that the whole command may make.",
)  # fmt: skip
@click.option("--state-id", help="Live state. Default: that of TAP and LOADER.")
@json_option
def reconcile(
    *,
    tap: str,
    loader: str,
    streams: tuple[str, ...],
    accounts: tuple[str, ...],
    start: datetime | None,
    end: datetime | None,
    last: str | None,
    bucket: str,
    field: str,
    max_calls: int,
    state_id: str | None,
    deep: bool,
    repair: bool,
    plan_file: Path | None,
    as_json: bool,
) -> None:
    """Compare the warehouse with the platform, and mend what differs.

    Counts each day (or hour) at the platform and in the warehouse. Only where the counts differ,
    ids and update times are read and compared: what is missing, stale (older here than there), or
    surplus (here, but no longer there). The range ends at the live sync's bookmark: what it has not
    read yet is no difference. Platform counts are loaded as the stream _counts.

    Equal counts can hide two differences that cancel out; --deep compares every record. Streams that
    are read whole are compared whole, whatever the range.

    With --repair exactly the missing and stale records are fetched again, confirmed surplus gets
    _deleted_at where the table has that column, and the buckets are counted again. No bookmark
    moves. Tables loaded as overwrite or snapshot are compared, but only their next full read mends
    them. The plan is kept in .meltano/syncops/reconcile/, where --plan takes it up within a day, a
    line of the result in .meltano/syncops/reconcile.jsonl, for alerts and the report.

    Exit code 0: equal, or repaired; 1: something differs, or could not be compared.

    \b
    Examples:
      syncops reconcile tap-youzan target-duckdb --stream orders --last 7d
      syncops reconcile tap-youzan target-duckdb --stream orders --last 30d --repair
      syncops reconcile tap-youzan target-duckdb --stream items --last 1d --deep --json
      syncops reconcile tap-youzan target-duckdb --plan .meltano/syncops/reconcile/FILE.json
    """  # noqa: D301 - click reads the backspace
    now = datetime.now(UTC)
    if plan_file is None and not streams:
        raise click.UsageError("Say which: --stream NAME, or --plan FILE.")
    if plan_file and (streams or accounts or start or end or last or deep or field):
        raise click.UsageError("--plan says by itself what to mend; leave out what to compare.")
    begin = now if plan_file else span_start(start, last, now)
    pipeline = open_pipeline(tap, loader)
    tell = partial(click.echo, err=True)
    if plan_file is not None:
        plan = Plan.read(plan_file, pipeline, now)
        kept: str | None = str(plan_file)
        wish = Wish({}, plan.bucket, plan.field, deep=False, max_calls=max_calls)
        reconciler = Reconciler(pipeline, wish, tell)
        results = reconciler.resume(plan)
    else:
        who = _chosen(pipeline, streams, accounts)
        window = (_minute(begin), format_time(min(end or now, now)))
        windows = _behind_the_sync(state_id or pipeline.state_id, dict.fromkeys(who, window))
        wish = Wish(windows, bucket, field, deep, max_calls)
        reconciler = Reconciler(pipeline, wish, tell)
        results = reconciler.compare()
        plan = Plan.of(pipeline, results, reconciler.streams, now, bucket=bucket, field=field)
        kept = str(plan.keep(pipeline.folder / FOLDER)) if plan.parts else None
    if repair or plan_file:
        reconciler.repair(results)
    lines = [
        result_line(pipeline, one, now, bucket=wish.bucket, calls=reconciler.calls)
        for one in results
    ]
    jsonlines.append(pipeline.folder / FILE, lines)
    if as_json:
        print_json({"calls": reconciler.calls, "plan": kept, "results": lines})
    else:
        console().print(result_table(results))
        for one in results:
            for text in details(one):
                click.echo(text)
        if kept:
            hint = "" if repair or plan_file else f" (syncops reconcile {tap} {loader} --plan FILE)"
            click.echo(f"Plan: {kept}{hint}")
        click.echo(f"{reconciler.calls} calls of at most {max_calls}.")
    if not all(one.fine for one in results):
        click.get_current_context().exit(1)


def _chosen(pipeline: Pipeline, streams: Sequence[str], accounts: Sequence[str]) -> list[Who]:
    if unknown := sorted(set(accounts) - set(pipeline.accounts)):
        raise click.UsageError(
            f"{pipeline.tap} has no account {', '.join(unknown)}. It has: "
            f"{', '.join(pipeline.accounts)}"
        )
    return [(stream, account) for stream in streams for account in accounts or pipeline.accounts]


def _minute(moment: datetime) -> str:
    return format_time(moment.replace(second=0, microsecond=0))


def _behind_the_sync(state_id: str, windows: dict[Who, Window]) -> dict[Who, Window]:
    """End each range at the live bookmark; what lies beyond is the next run's business."""
    states = open_session().states
    payload = states.read(state_id) if states.exists(state_id) else None
    if payload is None:
        click.echo(f"There is no state {state_id!r}: comparing up to the end given.", err=True)
        return windows
    marks = {
        (one.stream, one.account): one.bookmark
        for one in read_partitions(payload, where=states.where(state_id))
        if one.bookmark is not None
    }
    cut = {}
    for who, (start, end) in windows.items():
        mark = marks.get(who)
        until = min(end, format_time(mark.time)) if mark else end
        if mark and until <= start:
            raise click.UsageError(
                f"The live sync has read {who[0]} of {who[1]} only up to {mark}; there is nothing to "
                "compare before that. Choose an earlier --from."
            )
        cut[who] = (start, until)
    return cut
