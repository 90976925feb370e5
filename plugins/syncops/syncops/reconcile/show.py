"""What a comparison found, for people, for programs, and for alerts and reports."""

from __future__ import annotations

import typing as t

from openplatform.bookmarks import format_time
from rich.markup import escape
from rich.table import Table

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from syncops.pipelines import Pipeline
    from syncops.reconcile.compared import Compared

_BUCKETS_SHOWN = 10
_IDS_SHOWN = 5


def totals(one: Compared) -> tuple[int | None, int | None]:
    """Return how many records both sides have: counted, else compared; None for neither."""
    if one.buckets:
        return sum(b.platform for b in one.buckets), sum(b.warehouse for b in one.buckets)
    if not one.seen:
        return None, None
    return one.seen, one.seen - len(one.of("missing")) + len(one.of("surplus"))


def result_table(results: Iterable[Compared]) -> Table:
    """Show a line for each stream and account."""
    table = Table(header_style="bold")
    table.add_column("Stream")
    table.add_column("Account")
    for name in ("Buckets", "Differ", "Platform", "Warehouse", "Missing", "Stale", "Surplus"):
        table.add_column(name, justify="right")
    table.add_column("Now")
    for one in results:
        platform, warehouse = totals(one)
        kinds = [len(one.of(kind)) for kind in ("missing", "stale", "surplus")]
        table.add_row(
            escape(one.stream),
            escape(one.account),
            str(len(one.buckets)),
            str(len(one.differing)),
            *("-" if number is None else str(number) for number in (platform, warehouse)),
            *(f"[red]{number}[/]" if number else "0" for number in kinds),
            _now(one),
        )
    return table


def _now(one: Compared) -> str:
    if one.problems:
        return "[red]not compared[/]" if not one.looked and not one.buckets else "[red]failed[/]"
    if one.fine:
        return "[green]repaired[/]" if one.left is not None else "[green]equal[/]"
    if one.left is not None:
        return f"[red]{len(one.left)} left[/]"
    return "[red]differs[/]"


def details(one: Compared) -> Iterator[str]:
    """Yield lines about what differs."""
    for problem in one.problems:
        yield f"{one.stream} of {one.account}: {problem}"
    for bucket in one.differing[:_BUCKETS_SHOWN]:
        where = " to ".join(bucket.window) if bucket.window else "the whole list"
        value = f", {bucket.value}" if bucket.value else ""
        yield (
            f"{one.stream} of {one.account}: {where}{value}: {bucket.platform} at the platform, "
            f"{bucket.warehouse} in the warehouse"
        )
    if len(one.differing) > _BUCKETS_SHOWN:
        yield f"... and {len(one.differing) - _BUCKETS_SHOWN} more buckets"
    if one.differing and one.looked and not one.differences:
        yield f"{one.stream} of {one.account}: a second look found no record that differs"
    for kind in ("missing", "stale", "surplus"):
        found = one.of(kind)
        if found:
            names = ", ".join(d.id for d in found[:_IDS_SHOWN])
            more = f" and {len(found) - _IDS_SHOWN} more" if len(found) > _IDS_SHOWN else ""
            yield f"  {kind}: {names}{more}"
    if one.left is not None:
        yield f"  fetched {one.fetched} again, marked {one.marked} as deleted"
        listed = [d for d in one.left if d.kind == "surplus"]
        if listed:
            yield (
                f"  {len(listed)} rows that the platform does not have stay: they are marked only "
                "where the table was loaded as soft_delete, and where the platform confirmed it"
            )


def result_line(
    pipeline: Pipeline, one: Compared, now: datetime, *, bucket: str, calls: int
) -> dict[str, t.Any]:
    """Return the line of `reconcile.jsonl`, and what `--json` prints.

    `missing`, `stale` and `surplus` are what was found, `left` what still differs after a repair,
    `calls` what the whole command spent.
    """
    platform, warehouse = totals(one)
    return {
        "checked_at": format_time(now),
        "environment": pipeline.environment,
        "tap": pipeline.tap,
        "loader": pipeline.loader,
        "stream": one.stream,
        "account": one.account,
        "from": one.window[0],
        "to": one.window[1],
        "bucket": bucket,
        "buckets": len(one.buckets),
        "differing": len(one.differing),
        "platform": platform,
        "warehouse": warehouse,
        "missing": len(one.of("missing")),
        "stale": len(one.of("stale")),
        "surplus": len(one.of("surplus")),
        "fetched": one.fetched,
        "marked": one.marked,
        "left": None if one.left is None else len(one.left),
        "equal": one.fine,
        "repaired": one.left is not None and one.fine,
        "problems": one.problems,
        "calls": calls,
    }
