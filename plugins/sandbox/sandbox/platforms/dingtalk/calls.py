"""The calls of 钉钉: method, parameters and answer of each, by path. Both generations share the data."""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from typing_extensions import override

from sandbox import arguments
from sandbox.company import DAY, day_of, members_of
from sandbox.dataset import Dataset, Row
from sandbox.http import Call, Rejected
from sandbox.platforms.dingtalk import attendance
from sandbox.platforms.dingtalk.rows import CODES, Approval, Department, User

if t.TYPE_CHECKING:
    from sandbox.platform import Platform

Body = dict[str, t.Any]
Handler = Callable[["Platform", Call, "Arguments"], Body]

AGENT: t.Final = "1200000001"
"""The AgentId of every company's app."""

_BEIJING = timezone(timedelta(hours=8))
_KEPT_DAYS, _OLD_FORMS, _LONGEST = 180, 365, 120
_LOOP = 10_000


class Arguments(arguments.Arguments):
    """The parameters of one call."""

    @override
    def refusal(self, name: str, wanted: str) -> Rejected:
        return Rejected("invalidParameter", f"{name} must be {wanted}")

    def day_second(self, name: str) -> int:
        """Return a local time as epoch seconds."""
        try:
            moment = datetime.strptime(self.text(name), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
        except ValueError:
            raise self.refusal(name, "yyyy-MM-dd HH:mm:ss") from None
        return int(moment.replace(tzinfo=_BEIJING).timestamp())


class QueryArguments(Arguments):
    """Those of a query, where numbers are text."""

    digits = True


def beginning(platform: Platform) -> int:
    """Return the second from which on there are punches."""
    world = platform.world
    return world.history_end_ms // 1000 - int(world.settings.history_days) * DAY


# -- directory -----------------------------------------------------------------------------------


def _department(platform: Platform, call: Call, arguments: Arguments) -> tuple[Dataset, Row]:
    data = platform.dataset(call.account, "departments", call)
    row = data.find(str(arguments.number("dept_id", 1)))
    if row is None:
        raise Rejected(60003, "部门不存在")
    return data, row


def department(platform: Platform, call: Call, arguments: Arguments) -> Body:
    """Answer one department, with more than the list tells."""
    data, row = _department(platform, call, arguments)
    return {"result": t.cast("Department", data.entity).full(data, row)}


def children(platform: Platform, call: Call, arguments: Arguments) -> Body:
    """Answer the departments right below one."""
    data, row = _department(platform, call, arguments)
    found = t.cast("Department", data.entity).children(data, row)
    return {"result": [] if call.blank else [data.render(child) for child in found]}


def _page(rows: list[Row], at: int, size: int) -> tuple[list[Row], int | None]:
    """Return the rows from a serial number on, and the number to go on from."""
    rest = [row for row in rows if row.serial >= at]
    return rest[:size], rest[size].serial if len(rest) > size else None


def users(platform: Platform, call: Call, arguments: Arguments) -> Body:
    """Answer the members who belong to a department directly."""
    _, department = _department(platform, call, arguments)
    data = platform.dataset(call.account, "users", call)
    at, size = arguments.number("cursor", low=0), arguments.number("size", low=1, high=100)
    sources = [data, platform.dataset(call.account, "departments")]
    members = platform.remembered("members", sources, lambda: members_of(data))
    page, following = _page(members.get(department.serial, []), at, size)
    more = {} if following is None else {"next_cursor": following}
    listed = [] if call.blank else [data.render(row) for row in page]
    return {"result": {"has_more": following is not None, "list": listed, **more}}


def user(platform: Platform, call: Call, arguments: Arguments) -> Body:
    """Answer one member."""
    data = platform.dataset(call.account, "users", call)
    row = data.find(arguments.text("userid"))
    if row is None:
        raise Rejected(60121, "找不到该用户")
    return {"result": t.cast("User", data.entity).detail(data, row)}


# -- attendance ----------------------------------------------------------------------------------


def _span(call: Call, arguments: Arguments, first: str, last: str) -> tuple[int, int]:
    """Return the span asked for, in seconds."""
    start, end = arguments.day_second(first), arguments.day_second(last)
    if start > end or day_of(end) - day_of(start) > 7 * DAY or start < call.now - 181 * DAY:
        raise Rejected(
            400002, f"{first} and {last} must lie within 7 days of the last {_KEPT_DAYS}"
        )
    return start, end


def _members(platform: Platform, call: Call, arguments: Arguments, name: str) -> list[Row]:
    """Return the members asked for; ids that are none are passed over in silence."""
    data = platform.dataset(call.account, "users")
    found = (data.find(userid) for userid in arguments.ids(name, 50))
    return [row for row in found if row is not None]


def attendance_results(platform: Platform, call: Call, arguments: Arguments) -> Body:
    """Answer the planned punches of up to 50 members; the clock part of the days is ignored."""
    start, end = _span(call, arguments, "workDateFrom", "workDateTo")
    if day_of(end) - day_of(start) > 6 * DAY:
        raise Rejected(400002, "workDateFrom and workDateTo must lie within 7 days")
    offset = arguments.number("offset", low=0)
    limit = arguments.number("limit", low=1, high=50)
    data, first = platform.dataset(call.account, "users"), beginning(platform)
    rows = [
        record
        for user in _members(platform, call, arguments, "userIdList")
        for record in attendance.results(data, user, max(start, first), end, call.now)
    ]
    page = [] if call.blank else rows[offset : offset + limit]
    return {"recordresult": page, "hasMore": len(rows) > offset + limit}


def attendance_records(platform: Platform, call: Call, arguments: Arguments) -> Body:
    """Answer the punches of up to 50 members."""
    start, end = _span(call, arguments, "checkDateFrom", "checkDateTo")
    if end - start > 7 * DAY:
        raise Rejected(400002, "checkDateFrom and checkDateTo must lie within 7 days")
    data, first = platform.dataset(call.account, "users"), beginning(platform)
    rows = [
        record
        for user in _members(platform, call, arguments, "userIds")
        for record in attendance.records(data, user, max(start, first), end, call.now)
    ]
    return {"recordresult": [] if call.blank else rows}


# -- forms ---------------------------------------------------------------------------------------


def approval_ids(platform: Platform, call: Call, arguments: Arguments) -> Body:
    """Answer ids by submit time; a loop ends after 10,000 of them, whatever is left."""
    data = platform.dataset(call.account, "approvals", call)
    code = arguments.get("processCode")
    if code not in CODES:
        raise Rejected("invalidProcessCode", "processCode 不存在")
    start = arguments.number("startTime")
    end = arguments.number("endTime", call.now_ms)
    if start < call.now_ms - _OLD_FORMS * DAY * 1000 - 60_000:
        raise Rejected("invalidInstanceListIdsStartTime", "startTime 不能早于 365 天前")
    if not start <= end or end - start > _LONGEST * DAY * 1000:
        raise Rejected("invalidEndTime", "时间跨度不能超过 120 天")
    token, size = arguments.get("nextToken"), arguments.get("maxResults")
    if not isinstance(token, int) or token < 0:
        raise Rejected("invalidNextToken", "nextToken 不合法")
    if not isinstance(size, int) or not 1 <= size <= 20:
        raise Rejected("invalidMaxResults", "maxResults 不合法")
    kind = t.cast("Approval", data.entity)
    rows = data.slice(start, end + 1, axis="created")
    wanted = [row for row in rows if kind.code(row) == code]
    statuses = arguments.get("statuses") or []
    if statuses:
        wanted = [row for row in wanted if kind.status(data, row) in statuses]
    wanted = wanted[: int(platform.world.limits.number("dingtalk.loop_rows", _LOOP))]
    found = [row for row in wanted if row.serial >= token] if token else wanted
    found.sort(key=lambda row: row.serial)
    page = [] if call.blank else found[:size]
    more = {"nextToken": str(found[size].serial)} if page and len(found) > size else {}
    return {"result": {"list": [data.key(row) for row in page], **more}, "success": True}


def approval(platform: Platform, call: Call, arguments: Arguments) -> Body:
    """Answer one form; its id is not part of the answer."""
    data = platform.dataset(call.account, "approvals", call)
    row = data.find(arguments.text("processInstanceId"))
    if row is None:
        raise Rejected("processInstanceNotExist", "审批实例不存在")
    record = data.render(row)
    del record["processInstanceId"]
    return {"result": record, "success": "true"}


# -- 智能人事 --------------------------------------------------------------------------------------


def on_job(platform: Platform, call: Call, arguments: Arguments) -> Body:
    """Answer the ids of those who work here; the last page's cursor is 0, as in the documents."""
    data = platform.dataset(call.account, "users", call)
    if not set(arguments.text("status_list").split(",")) <= {"2", "3", "5", "-1"}:
        raise Rejected(400002, "status_list")
    at, size = arguments.number("offset", low=0), arguments.number("size", low=1, high=50)
    rows = sorted(data.rows(), key=lambda row: row.serial)
    page, following = _page(rows, at, size)
    listed = [] if call.blank else [data.key(row) for row in page]
    return {"result": {"data_list": listed, "next_cursor": following or 0}, "success": True}


def dismissed(platform: Platform, call: Call, arguments: Arguments) -> Body:
    """Answer the ids of those who left."""
    data = platform.dataset(call.account, "hrm_dismissed_ids", call)
    at, size = arguments.number("nextToken", low=0), arguments.number("maxResults", low=1, high=50)
    rows = sorted(data.rows(), key=lambda row: row.serial)
    page, following = _page(rows, at, size)
    more = {} if following is None else {"nextToken": following}
    listed = [] if call.blank else [data.key(row) for row in page]
    return {"userIdList": listed, "hasMore": following is not None, **more}


def rosters(platform: Platform, call: Call, arguments: Arguments) -> Body:
    """Answer the roster fields of up to 100 members, or those of the fields asked for."""
    data = platform.dataset(call.account, "users", call)
    ids = arguments.ids("userIdList", 100)
    if str(arguments.number("appAgentId")) != AGENT:
        raise Rejected("noPermission", "appAgentId 不合法")
    wanted = arguments.get("fieldFilterList")
    found = []
    for userid in ids:
        row = data.find(userid)
        if row is not None and not call.blank:
            record = t.cast("User", data.entity).roster(data, row)
            if wanted:
                fields = record["fieldDataList"]
                record["fieldDataList"] = [f for f in fields if f["fieldCode"] in wanted]
            found.append(record)
    return {"result": found}


CALLS: dict[str, tuple[str, Handler]] = {
    "topapi/v2/department/get": ("POST", department),
    "topapi/v2/department/listsub": ("POST", children),
    "topapi/v2/user/list": ("POST", users),
    "topapi/v2/user/get": ("POST", user),
    "attendance/list": ("POST", attendance_results),
    "attendance/listRecord": ("POST", attendance_records),
    "topapi/smartwork/hrm/employee/queryonjob": ("POST", on_job),
    "v1.0/workflow/processes/instanceIds/query": ("POST", approval_ids),
    "v1.0/workflow/processInstances": ("GET", approval),
    "v1.0/hrm/employees/dismissions": ("GET", dismissed),
    "v1.0/hrm/rosters/lists/query": ("POST", rosters),
}
"""Every call that the simulated platform knows."""
