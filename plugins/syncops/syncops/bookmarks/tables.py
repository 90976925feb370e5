"""How bookmarks look: rich tables for people, plain values for programs."""

from __future__ import annotations

import typing as t
from collections import Counter
from datetime import timedelta

from openplatform.bookmarks import format_time
from rich.markup import escape
from rich.table import Table

from syncops.bookmarks.partitions import Kind, Partition
from syncops.times import format_span

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from syncops.bookmarks.diff import Difference
    from syncops.history import Entry
    from syncops.states import Running

_NONE = "[dim]-[/]"


def state_table(
    state_id: str, partitions: Iterable[Partition], running: Running | None, now: datetime
) -> Table:
    """Show one state: a line per stream and account."""
    title = f"[bold]{escape(state_id)}[/]"
    if running:
        title += f"  [green]running for {format_span(now - running.since)}[/]"
    table = _table(title, "Stream", "Account", "Bookmark", "Lag", "Owed", "Parked", "Last run")
    for column in table.columns[3:6]:
        column.justify = "right"
    for partition in partitions:
        table.add_row(
            escape(partition.stream),
            escape(partition.account) or _NONE,
            position_text(partition),
            format_span(now - partition.moment) if partition.moment else _NONE,
            _count(partition.owed, "yellow"),
            _count(partition.parked, "red"),
            escape(partition.last_run or "") or _NONE,
        )
    return table


def position_text(partition: Partition | None) -> str:
    """Return a position in a few words, as markup."""
    if partition is None:
        return "[dim]none[/]"
    if partition.problem:
        return f"[red]unreadable: {escape(_short(partition.position))}[/]"
    if partition.kind is Kind.FOREIGN:
        text = escape(_short(partition.position))
        return f"[dim]{text or 'no bookmark'} (another tap's)[/]"
    if partition.moment is None:
        place = f"event {escape(partition.position)}"
        return place if partition.kind is Kind.EVENTS else "[dim]none yet[/]"
    if partition.kind is Kind.FULL_TABLE:
        return f"complete at {format_time(partition.moment)}"
    return escape(str(partition.bookmark))


def partition_json(partition: Partition, now: datetime) -> dict[str, t.Any]:
    """Return one partition for programs; times in UTC, lag in seconds."""
    moment = partition.moment
    return {
        "stream": partition.stream,
        "account": partition.account or None,
        "context": partition.context,
        "kind": partition.kind.value,
        "position": partition.position or None,
        "time": format_time(moment) if moment else None,
        "lag_seconds": round((now - moment).total_seconds(), 3) if moment else None,
        "failures_owed": partition.owed,
        "failures_parked": partition.parked,
        "last_run": partition.last_run,
        "problem": partition.problem,
    }


def difference_table(
    title: str | None, left_name: str, right_name: str, differences: Iterable[Difference]
) -> Table:
    """Show what differs between two states, or what an edit changes."""
    table = _table(title, "Stream", "Account", left_name, right_name, "Moves", "Also differs")
    for difference in differences:
        others = [name for name in difference.fields if name not in _SHOWN_AS_POSITION]
        table.add_row(
            escape(difference.either.stream),
            escape(difference.either.account) or _NONE,
            position_text(difference.left),
            position_text(difference.right),
            _move(difference),
            escape(", ".join(others)) or _NONE,
        )
    return table


def _move(difference: Difference) -> str:
    """Say how far the right position is from the left one."""
    gap = difference.gap
    if gap is None or not _SHOWN_AS_POSITION.intersection(difference.fields):
        return _NONE
    if not gap:
        return "to another id"
    return f"{'back' if gap < timedelta() else 'forward'} {format_span(abs(gap))}"


def difference_json(difference: Difference) -> dict[str, t.Any]:
    """Return one difference for programs; the gap in seconds."""
    left, right, gap = difference.left, difference.right, difference.gap
    return {
        "stream": difference.either.stream,
        "account": difference.either.account or None,
        "context": difference.either.context,
        "left": left.position if left else None,
        "right": right.position if right else None,
        "in_left": left is not None,
        "in_right": right is not None,
        "gap_seconds": gap.total_seconds() if gap is not None else None,
        "differing_keys": list(difference.fields),
    }


def kept_lines(kept: Sequence[tuple[Partition, str]]) -> list[str]:
    """Return why entries stay, one line for each stream and reason, as markup."""
    counts = Counter((partition.stream, reason) for partition, reason in kept)
    return [
        f"[dim]stays:[/] {escape(stream)}{f' ({number} accounts)' if number > 1 else ''}: {reason}"
        for (stream, reason), number in counts.items()
    ]


def history_table(entries: Iterable[Entry], gone: set[tuple[str, str]]) -> Table:
    """Show edits, newest first."""
    table = _table(None, "State id", "#", "When (UTC)", "What", "")
    for entry in entries:
        undone = (entry.state_id, entry.command) in gone
        table.add_row(
            escape(entry.state_id),
            str(entry.number),
            entry.at,
            escape(entry.action),
            "[dim]undone[/]" if undone else "",
        )
    return table


_SHOWN_AS_POSITION = frozenset({"replication_key_value", "complete_versions"})
_LONGEST = 60


def _table(title: str | None, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="", header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def _count(number: int, style: str) -> str:
    return f"[{style}]{number}[/]" if number else "[dim]0[/]"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
