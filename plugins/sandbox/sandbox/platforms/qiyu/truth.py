"""What a perfect copy of the streams holds that are no rows of their own."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator

from sandbox.clock import beijing
from sandbox.dataset import Record
from sandbox.platforms.qiyu import rows

if t.TYPE_CHECKING:
    from sandbox.platforms.qiyu import Qiyu

Keyed = Iterator[tuple[str, Record]]


def _messages(platform: Qiyu, account: str, _stream: str) -> Keyed:
    data = platform.dataset(account, "sessions")
    for row in data.rows():
        for one in t.cast("rows.Session", data.entity).messages(data, row):
            yield f"{one['sessionId']}:{one['msg']}", one


def _logs(platform: Qiyu, account: str, _stream: str) -> Keyed:
    data = platform.dataset(account, "tickets")
    for row in data.rows():
        for entry in t.cast("rows.Ticket", data.entity).log(data, row):
            yield f"{data.key(row)}:{entry['op']}", entry


def _filtered(platform: Qiyu, account: str, _stream: str) -> Keyed:
    for ticket in platform.filtered(account, int(rows.FILTER.partition(":")[2])):
        yield f"{rows.FILTER}:{ticket['id']}", ticket


def _members(platform: Qiyu, account: str, _stream: str) -> Keyed:
    data = platform.dataset(account, "staff_groups")
    for row in data.rows():
        for one in t.cast("rows.StaffGroup", data.entity).members(data, row):
            yield f"{data.key(row)}:{one['id']}", one


def _listed(platform: Qiyu, account: str, stream: str) -> Keyed:
    for one in platform.listed(account, stream):
        yield str(one["id"]), one


def _report(platform: Qiyu, account: str, stream: str) -> Keyed:
    """Yield the rows of all days that are over."""
    day = platform.world.history_end_ms
    while platform.has(day):
        if day + rows.DAY_MS <= int(platform.world.clock.now() * 1000):
            for one in rows.report(account, stream, day):
                at = beijing(day)[:10]
                yield f"{at}:{one['id']}" if "id" in one else at, one
        day -= rows.DAY_MS


DERIVED: t.Final[dict[str, Callable[[Qiyu, str, str], Keyed]]] = {
    "messages": _messages,
    "session_messages": _messages,
    "ticket_logs": _logs,
    "filtered_tickets": _filtered,
    "staff_group_members": _members,
    "ticket_templates": _listed,
    "ticket_categories": _listed,
    **dict.fromkeys(rows.REPORTS, _report),
}
