"""How quarantined records look: tables and texts for people, plain values for programs.

Reasons may quote values of the record. What lists many records hides them; only `show` and `export`
print a record and its reason as they are.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, replace

import msgspec
from openplatform.bookmarks import format_time
from rich.markup import escape
from rich.table import Table

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from target_warehouse.kept import Group, Kept

HIDDEN = "…"
_KEY_REASON = "The key property"
_VALUES = re.compile(
    r"(?<=got )(?!`).*?(?= - at `\$|$)"  # the beginning of a JSON value
    r'|"[^"]*"?'
    r"|'[^']*'?"
    r"|(?<![\w`$.])[-+]?\d[\w.,+-]*"  # numbers, dates, identifiers that begin with a digit
)
_DETAILS = re.compile(r"\s*\b(?:DETAIL|CONTEXT|HINT|LINE \d+):.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Listed:
    """A group of records within one database schema."""

    schema: str
    group: Group


def without_values(reason: str) -> str:
    """Return a reason without the values that it quotes, the same for all records of a kind."""
    if reason.startswith(_KEY_REASON):
        return reason
    return _VALUES.sub(HIDDEN, _DETAILS.sub("", reason))


def summed(groups: Iterable[Listed]) -> list[Listed]:
    """Join the groups whose reasons differ only in values; the largest come first."""
    joined: dict[tuple[str, str, str, str], Listed] = {}
    for listed in groups:
        group = replace(listed.group, reason=without_values(listed.group.reason))
        key = (listed.schema, group.stream, group.reason, group.state.value)
        other = joined[key].group if key in joined else None
        if other is not None:
            held = [moment for moment in (group.held, other.held) if moment is not None]
            group = replace(
                other,
                records=other.records + group.records,
                times=other.times + group.times,
                first=min(other.first, group.first),
                last=max(other.last, group.last),
                held=max(held, default=None),
            )
        joined[key] = Listed(listed.schema, group)
    return sorted(
        joined.values(), key=lambda one: (one.schema, one.group.stream, -one.group.records)
    )


def group_table(title: str, listed: Iterable[Listed]) -> Table:
    """Show groups: a line for each schema, stream, reason and state."""
    table = Table(
        title=escape(title), title_justify="left", title_style="bold", header_style="bold"
    )
    for name in (
        "Schema",
        "Stream",
        "Reason",
        "State",
        "Records",
        "Times",
        "First",
        "Last",
        "Held",
    ):
        right = name in {"Records", "Times"}
        table.add_column(name, overflow="fold", justify="right" if right else "left")
    table.add_column("Such as", no_wrap=True)
    for one in listed:
        group = one.group
        table.add_row(
            *(escape(text) for text in (one.schema, group.stream, group.reason, group.state.value)),
            *(str(group.records), str(group.times), _short(group.first), _short(group.last)),
            f"[red]{_short(group.held)}[/]" if group.held else "[dim]-[/]",
            group.example[:12],
        )
    return table


def group_json(listed: Listed) -> dict[str, t.Any]:
    """Return a group for programs; times in UTC."""
    group = listed.group
    return {
        "schema": listed.schema,
        "stream": group.stream,
        "reason": group.reason,
        "state": group.state.value,
        "records": group.records,
        "times_received": group.times,
        "first_received_at": format_time(group.first),
        "last_received_at": format_time(group.last),
        "held_at": format_time(group.held) if group.held else None,
        "example_id": group.example,
    }


def record_json(schema: str, kept: Kept) -> dict[str, t.Any]:
    """Return a record for programs: as JSON in `record`, or as text in `payload` if it is none."""
    record = raw_json(kept)
    return {
        "schema": schema,
        "stream": kept.stream,
        "id": kept.id,
        "state": kept.state.value,
        "reason": kept.reason,
        "version": kept.version,
        "times_received": kept.times,
        "first_received_at": format_time(kept.received_at),
        "last_received_at": format_time(kept.last_received_at),
        "held_at": format_time(kept.held_at) if kept.held_at else None,
        "schema_hash": kept.schema_hash,
        "bytes": kept.payload_bytes,
        **({"payload": kept.payload} if record is None else {"record": record}),
    }


def raw_json(kept: Kept) -> msgspec.Raw | None:
    """Return the record as it came, to the letter; None when it is no JSON, or not whole."""
    try:
        msgspec.json.decode(kept.payload)
    except msgspec.DecodeError:
        return None
    return msgspec.Raw(msgspec.json.format(kept.payload.encode(), indent=-1))


def record_lines(schema: str, kept: Kept, message: str | None, *, whole: bool) -> list[str]:
    """Return a record for people, as plain lines.

    Args:
        schema: Its database schema.
        kept: The record.
        message: The SCHEMA message that it failed, if that is kept.
        whole: Show all of that schema, not only what the reason names.
    """
    held = f", held a full read back at {format_time(kept.held_at)}" if kept.held_at else ""
    lines = [
        f"{kept.id}  {schema}.{kept.stream}  {kept.state.value}{held}",
        f"  reason: {kept.reason}",
        f"  came:   {kept.times} times, first {format_time(kept.received_at)}",
        f"  last:   {format_time(kept.last_received_at)}",
    ]
    if kept.version is not None:
        lines.append(f"  read:   {kept.version}")
    lines.append(f"  schema: {_expected(kept, message, whole=whole)}")
    text = kept.payload
    if raw_json(kept) is not None:
        text = msgspec.json.format(text, indent=2)
    size = "" if kept.whole else f" (the beginning of {kept.payload_bytes:,} bytes)"
    lines.append(f"  record:{size}")
    lines += [f"    {line}" for line in text.splitlines()]
    return lines


def _expected(kept: Kept, message: str | None, *, whole: bool) -> str:
    """Return the part of the schema that a reason names, or all of it."""
    if message is None:
        return "not kept any more"
    document = msgspec.json.decode(message)
    document = document if isinstance(document, dict) else {}
    schema = document.get("schema") or {}
    if whole:
        return _text({"key_properties": document.get("key_properties"), "schema": schema})
    properties = schema.get("properties") or {}
    named = re.search(r"at `\$\.([^`]+)`", kept.reason)
    names = [name for name in properties if named and _within(named[1], name)]
    if names:
        name = max(names, key=len)
        return f"{name} = {_text(properties[name])}"
    return f"the key is {', '.join(document.get('key_properties') or ()) or 'none'}"


def _within(path: str, name: str) -> bool:
    return path == name or path.startswith((f"{name}.", f"{name}["))


def _text(value: t.Any) -> str:
    return msgspec.json.encode(value).decode()


def outcome_json(schema: str, outcomes: Sequence[t.Any]) -> list[dict[str, t.Any]]:
    """Return what a replay did, for programs."""
    return [
        {
            "schema": schema,
            "stream": outcome.stream,
            "loaded": outcome.loaded,
            "still_bad": outcome.left,
            "too_large": outcome.cut,
            "waiting_for_full_read": outcome.waiting,
        }
        for outcome in outcomes
    ]


def _short(moment: t.Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
