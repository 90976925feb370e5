"""How failures look to people and in files."""

from __future__ import annotations

import csv
import io
import json
import typing as t

from rich.markup import escape
from rich.table import Table

from syncops.failures.found import Condition

if t.TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from syncops.failures.found import Failure

_STYLES = {Condition.DUE: "yellow", Condition.WAITING: "dim", Condition.PARKED: "red"}
_FIELDS = (
    "state_id", "stream", "account", "key", "condition", "attempts", "next_attempt", "awaited",
    "bookmark", "reason",
)  # fmt: skip


def failure_table(state_id: str, failures: Sequence[Failure], now: datetime) -> Table:
    """Show the failures of one state."""
    title = f"[bold]{escape(state_id)}[/]"
    table = Table(title=title, title_justify="left", title_style="", header_style="bold")
    for name in ("Stream", "Account", "Id", "State", "Tried", "Next attempt", "Reason"):
        table.add_column(name, overflow="fold", justify="right" if name == "Tried" else "left")
    for failure in failures:
        condition = failure.condition(now)
        style = _STYLES[condition]
        next_attempt = "" if condition is Condition.PARKED else failure.entry.get("next_attempt")
        table.add_row(
            escape(failure.stream),
            escape(failure.account),
            escape(failure.key),
            f"[{style}]{condition.value}[/]",
            str(failure.attempts),
            escape(str(next_attempt or "")) or "[dim]-[/]",
            escape(failure.reason),
        )
    return table


def as_json_lines(failures: Sequence[Failure], now: datetime) -> str:
    """Return one JSON object a line."""
    return "".join(f"{json.dumps(f.told(now), ensure_ascii=False)}\n" for f in failures)


def as_csv(failures: Sequence[Failure], now: datetime) -> str:
    """Return a table for spreadsheets; what would be taken for a formula there is quoted."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {name: _harmless(value) for name, value in failure.told(now).items()}
        for failure in failures
    )
    return out.getvalue()


def _harmless(value: t.Any) -> t.Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in set("=+-@\t\r") else value
