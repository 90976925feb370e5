"""The lists of 北森: views that expire after ten seconds, units by their ids, and days by cursor."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from typing_extensions import override

from sandbox import arguments
from sandbox.dataset import Dataset, Row
from sandbox.http import Call, Rejected
from sandbox.platforms.beisen.rows import (
    LEFT,
    BeisenBalance,
    BeisenEmployee,
    BeisenMetaObject,
    gone,
)

if t.TYPE_CHECKING:
    from sandbox.platforms.beisen import Beisen

Body = dict[str, t.Any]

EXPIRES = 10.0
"""Seconds between two calls of a view, beyond which it is gone."""

_BEIJING = timezone(timedelta(hours=8))
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2})?")
_DAY_MS = 86_400_000
_NIGHT_MS = 2 * 3_600_000

VIEWS: t.Final = {
    "Employee/GetByTimeWindow": "employees",
    "Employee/GetListByTimeWindow": "employee_records",
    "Organization/GetByTimeWindow": "organizations",
    "Position/GetByTimeWindow": "positions",
    "JobPost/GetByTimeWindow": "job_posts",
    "JobLevel/GetByTimeWindow": "job_levels",
    "JobGrade/GetByTimeWindow": "job_grades",
    "JobSequence/GetByTimeWindow": "job_sequences",
    "JobLevelType/GetByTimeWindow": "job_level_types",
    "OrganizationType/GetByTimeWindow": "organization_types",
    "OrganizationLevel/GetByTimeWindow": "organization_levels",
    "Corporation/GetByTimeWindow": "corporations",
    "CommonMetaObject/GetByTimeWindow": "common_meta_objects",
}
DAYS: t.Final = {
    "AttendanceStatistics/GetAttendanceStatisticsList": ("attendance_results", "items"),
    "SwipingCardData/GetSwipingCardsByDateV2": ("clock_ins", "swipingCardDetails"),
    "Vacation/GetVacationInfoByApprovalTime": ("leaves", "vacationList"),
    "Vacation/GetListByDate": ("leaves_by_start", "vacationList"),
}
_BALANCES: t.Final = ("leave_balances", "vacationRemainList")
_DAY_OF: t.Final = {
    "attendance_results": ("startDate", "stopDate"),
    "clock_ins": ("punchCardDate", "punchCardDate"),
    "leaves": ("approveStartDate", "approveStopDate"),
    "leaves_by_start": ("day", "day"),
}


class Arguments(arguments.Arguments):
    """The parameters of one call."""

    @override
    def refusal(self, name: str, wanted: str) -> Rejected:
        return Rejected("417", f"{name}参数格式不正确,请参考接口文档修改后重试！({wanted})")

    def time(self, name: str) -> int:
        """Return a Beijing time, or a day's beginning, as epoch milliseconds."""
        value = self.text(name)
        if not _TIME.fullmatch(value):
            raise self.refusal(name, "yyyy-MM-ddTHH:mm:ss")
        parsed = datetime.fromisoformat(value)
        if parsed.year < 1900:
            raise Rejected("417", "StartTime需大于等于1900-01-01的时间")
        return int(parsed.replace(tzinfo=_BEIJING).timestamp()) * 1000

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a boolean."""
        value = self.get(name)
        if value is not None and not isinstance(value, bool):
            raise self.refusal(name, "true or false")
        return default if value is None else value

    def numbers(self, name: str, default: list[int]) -> list[int]:
        """Return a list of integers."""
        value = self.get(name)
        if value is not None and not (
            isinstance(value, list) and all(isinstance(one, int) for one in value)
        ):
            raise self.refusal(name, "integers")
        return default if value is None else value


@dataclass
class View:
    """What a scroll reads: the rows as they were when it began.

    Attributes:
        account: Whose it is.
        name: The list.
        rows: The rows.
        at: How many have been told.
        last: When it was asked for last, epoch seconds.
    """

    account: str
    name: str
    rows: list[Row]
    at: int
    last: float


def scroll(platform: Beisen, call: Call, name: str) -> Body:
    """Answer a call of a view; `isLastData` is always true, as in the documents' own samples."""
    given = Arguments(call.params)
    data = platform.dataset(call.account, _entity(name), call)
    known = given.get("scrollId") or ""
    capacity = given.number("capacity", 100, low=1, high=300)
    if known:
        view = platform.views.get(known)
        if view is None or view.account != call.account or call.now - view.last > EXPIRES:
            platform.views.pop(known, None)
            return {"scrollId": None, "isLastData": True, "total": 0, "data": []}
    else:
        known = f"sandbox-scroll-{len(platform.begun)}"
        view = View(call.account, name, _rows(data, given, name, call.now_ms), 0, call.now)
        platform.begun.append(known)
        platform.views[known] = view
    rows = [] if call.blank else view.rows[view.at : view.at + capacity]
    view.at, view.last = view.at + len(rows), call.now
    shown = [_shown(data, row, given, name) for row in rows]
    return {"scrollId": known, "isLastData": True, "total": len(view.rows), "data": shown}


def _entity(name: str) -> str:
    return {"employee_records": "employees", "leaves_by_start": "leaves"}.get(name, name)


def _rows(data: Dataset, given: Arguments, name: str, now_ms: int) -> list[Row]:
    start, stop = given.time("startTime"), given.time("stopTime")
    if stop - start > 90 * _DAY_MS:
        raise Rejected("417", "只支持查询90天范围内的数据，请分段查询")
    kind = given.number("timeWindowQueryType", 1, low=1, high=2)
    rows = data.slice(start, stop + 1000)
    if kind == 1 and data.entity.name == "employees":
        night = now_ms - (now_ms + 8 * 3_600_000) % _DAY_MS + _NIGHT_MS
        rows = list(data.rows()) if start <= night <= stop else []
    if name == "common_meta_objects":
        wanted = given.get("metaObjectName")
        if not wanted:
            raise Rejected("417", "MetaObjectName不能为空")
        meta = t.cast("BeisenMetaObject", data.entity)
        return [row for row in rows if meta.of(row) == wanted]
    if not given.flag("isWithDeleted"):
        rows = [row for row in rows if not gone(data, row)]
    if data.entity.name == "employees":
        rows = _people(data, rows, given)
    elif not given.flag("withDisabled"):
        rows = [row for row in rows if data.render(row).get("status") != 0]
    return sorted(rows, key=lambda row: row.serial)


def _people(data: Dataset, rows: list[Row], given: Arguments) -> list[Row]:
    people = t.cast("BeisenEmployee", data.entity)
    if given.get("empStatus") is None:
        everyone = given.flag("withDisabled")
        rows = [row for row in rows if everyone or people.status(data, row) != LEFT]
    else:
        states = given.numbers("empStatus", []) or [2, 3, 7]
        rows = [row for row in rows if int(people.status(data, row)) in states]
    if not set(given.numbers("approvalStatuses", [4])) <= {2, 4}:
        raise given.refusal("approvalStatuses", "2 or 4")
    kinds = given.numbers("employType", [0])
    return [row for row in rows if people.kind_of(data, row) in kinds]


def _shown(data: Dataset, row: Row, given: Arguments, name: str) -> Body:
    if name == "employees":
        people = t.cast("BeisenEmployee", data.entity)
        return people.shown(data, row, latest=given.flag("isGetLatestRecord", default=True))
    record = data.render(row, name)
    return {"fields": record} if name == "common_meta_objects" else record


def units(platform: Beisen, call: Call) -> Body:
    """Answer `Organization/GetByIds`: the rows of some units, as they are today."""
    given = Arguments(call.params)
    wanted = given.numbers("oIds", [])
    if not wanted:
        raise Rejected("417", "Value cannot be null.")
    if len(wanted) > 300 or min(wanted) < 0:
        raise Rejected("417", "OId必须大于等于0" if min(wanted) < 0 else "oIds: at most 300")
    data = platform.dataset(call.account, "organizations", call)
    deleted = given.flag("isWithDeleted")
    rows = [row for one in wanted if (row := data.find(str(one))) is not None]
    shown = [data.render(row) for row in rows if deleted or not gone(data, row)]
    return {"data": [] if call.blank else shown}


def day(platform: Beisen, call: Call, name: str, field: str) -> Body:
    """Answer a list of one day; the cursor is a place in the order of creation."""
    given = Arguments(call.params)
    first, last = _DAY_OF[name]
    start = given.time(first)
    if given.get(first) != given.get(last):
        raise Rejected("417", f"{last}参数格式不正确,请参考接口文档修改后重试！")
    if name == "leaves":
        given.number("approveStatus", 1, low=1, high=6)
    data = platform.dataset(call.account, _entity(name), call)
    end = start + _DAY_MS
    total = data.count(start, end, "created")
    size = given.number("pageSize", 100, low=1, high=100)
    rows = data.after(*_place(given, start), end, size, "created")
    return _paged(call, data, rows, total=total, size=size, shape=(name, field))


def balances(platform: Beisen, call: Call) -> Body:
    """Answer `VacationRemain/GetVacationRemainList`: what is left of one kind of leave."""
    given = Arguments(call.params)
    data = platform.dataset(call.account, "leave_balances", call)
    kind = t.cast("BeisenBalance", data.entity)
    item = given.text("vacationItemCode")
    size = given.number("pageSize", 100, low=1, high=100)
    if given.number("year", int(kind.year)) != int(kind.year):
        return _paged(call, data, [], total=0, size=size, shape=_BALANCES)
    mine = [row for row in data.slice(axis="created") if kind.item(row) == item]
    place = _place(given, 0)
    rows = [row for row in mine if (row.created, row.serial) > place][:size]
    return _paged(call, data, rows, total=len(mine), size=size, shape=_BALANCES)


def _place(given: Arguments, start: int) -> tuple[int, int]:
    cursor = given.get("queryCursor")
    if cursor is None:
        return start, -1
    moment, _, serial = str(cursor).partition("|")
    if not (moment.isdigit() and serial.isdigit()):
        raise given.refusal("queryCursor", "data.sortCursor of an answer")
    return int(moment), int(serial)


def _paged(
    call: Call, data: Dataset, rows: list[Row], *, total: int, size: int, shape: tuple[str, str]
) -> Body:
    name, field = shape
    rows = [] if call.blank else rows
    cursor = f"{rows[-1].created}|{rows[-1].serial}" if rows else None
    shown = [data.render(row, name) for row in rows]
    last = len(rows) < size
    return {"data": {field: shown, "sortCursor": cursor, "isLastPage": last, "total": total}}
