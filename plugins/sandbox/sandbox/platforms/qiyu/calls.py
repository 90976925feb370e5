"""The calls of 七鱼; where nobody describes an answer, its names are ours."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

import orjson
from typing_extensions import override

from sandbox import arguments
from sandbox.clock import beijing
from sandbox.dataset import Record
from sandbox.http import Call, Rejected
from sandbox.platforms.qiyu import rows

if t.TYPE_CHECKING:
    from sandbox.platforms.qiyu import Qiyu

Body = dict[str, t.Any]
Handler = Callable[["Qiyu", Call, "Arguments"], Body]
_PAGE_MOST = 50


class Arguments(arguments.Arguments):
    """The parameters of one call."""

    @override
    def refusal(self, name: str, wanted: str) -> Rejected:
        return Rejected(14004, f"请求参数错误: {name}, {wanted}")


def _told(payload: t.Any) -> Body:
    """Most payloads come as JSON within JSON."""
    return {"message": orjson.dumps(payload).decode()}


# -- exports --------------------------------------------------------------------------------------


def export(platform: Qiyu, call: Call, given: Arguments) -> Body:
    """Begin a job; both ends come as text."""
    start, end = int(given.text("start")), int(given.text("end"))
    if not 0 < end - start <= 2 * rows.DAY_MS:
        raise given.refusal("end", "within 2 days of start")
    hour = int(beijing(call.now_ms)[11:13])
    if platform.world.limits.number("qiyu.night_only", 0) and not 2 <= hour < 6:
        raise Rejected(14004, "请求参数错误: 该接口仅在2:00-6:00开放")
    data = platform.dataset(call.account, "sessions", call)
    most = platform.world.limits.number("qiyu.export_rows", 0)
    if most and data.count(start, end, "created") > most:
        raise Rejected(14501, "数据量过大，超出接口限制")
    return {"message": platform.begin(call, start, end)}


def check(platform: Qiyu, call: Call, given: Arguments) -> Body:
    """Tell where a job's file lies, once it is made."""
    key = given.text("key")
    job = platform.jobs.get(key)
    if job is None or job.account != call.account:
        raise given.refusal("key", "that of a job")
    if call.now < job.ready:
        raise Rejected(14403, "任务执行中", "ok")
    return {"message": f"{call.base_url}/qiyu/download/{key}.zip"}


def session(platform: Qiyu, call: Call, given: Arguments) -> Body:
    """Answer one session."""
    data = platform.dataset(call.account, "sessions", call)
    row = data.find(str(given.number("sessionId")))
    if row is None:
        raise Rejected(14004, "请求参数错误: 会话不存在")
    return {"message": "success", "data": data.render(row)}


def session_messages(platform: Qiyu, call: Call, given: Arguments) -> Body:
    """Answer the messages of one session."""
    data = platform.dataset(call.account, "sessions", call)
    row = data.find(str(given.number("sessionId")))
    kind = t.cast("rows.Session", data.entity)
    return {"message": "success", "data": [] if row is None else kind.messages(data, row)}


# -- tickets --------------------------------------------------------------------------------------


def _page(call: Call, given: Arguments, found: list[Record]) -> Body:
    size, first = given.number("limit", low=1, high=_PAGE_MOST), given.number("offset", low=0)
    shown = [] if call.blank else found[first : first + size]
    return _told({"total": len(found), "tickets": shown})


def tickets(platform: Qiyu, call: Call, given: Arguments) -> Body:
    """Answer tickets by their last operation, both ends included, or one by its id."""
    data = platform.dataset(call.account, "tickets", call)
    if "ticketId" in given:
        row = data.find(str(given.number("ticketId")))
        found = [] if row is None else [row]
    else:
        start, end = given.number("opStart"), given.number("opEnd")
        found = data.slice(start, end + 1)
    if given.get("sortBy") == "ct":
        found.sort(key=lambda row: row.created, reverse=given.get("order") != "asc")
    shown = [data.render(row) for row in found]
    if not given.get("withCustomField"):
        for ticket in shown:
            del ticket["custom"]
    return _page(call, given, shown)


def ticket(platform: Qiyu, call: Call, given: Arguments) -> Body:
    """Answer one ticket in full."""
    data = platform.dataset(call.account, "tickets", call)
    row = data.find(str(given.number("ticketId")))
    if row is None:
        raise Rejected(14106, "工单不存在")
    return {"data": t.cast("rows.Ticket", data.entity).detail(data, row)}


def ticket_log(platform: Qiyu, call: Call, given: Arguments) -> Body:
    """Answer the log of one ticket."""
    data = platform.dataset(call.account, "tickets", call)
    row = data.find(str(given.number("ticketId")))
    if row is None:
        raise Rejected(14106, "工单不存在")
    return _told({"logs": t.cast("rows.Ticket", data.entity).log(data, row)})


def filtered(platform: Qiyu, call: Call, given: Arguments) -> Body:
    """Answer the tickets of a filter: those in one state."""
    given.number("staffId")
    return _page(call, given, platform.filtered(call.account, given.number("filterId"), call))


# -- staff and reports ----------------------------------------------------------------------------


def staff(platform: Qiyu, call: Call, given: Arguments) -> Body:
    """Answer the staff, of one state or of all."""
    data = platform.dataset(call.account, "staffs", call)
    found = [data.render(row) for row in data.rows()]
    wanted = given.get("status")
    return _told([one for one in found if wanted in {None, one["status"]}])


def groups(platform: Qiyu, call: Call, given: Arguments) -> Body:
    """Answer the groups, with their staff only when asked for."""
    data = platform.dataset(call.account, "staff_groups", call)
    found = [data.render(row) for row in data.rows()]
    if given.get("staff") is not True:
        for group in found:
            del group["staffIdList"]
    return _told(found)


def group_members(platform: Qiyu, call: Call, given: Arguments) -> Body:
    """Answer the staff of a group, whose id comes as text."""
    data = platform.dataset(call.account, "staff_groups", call)
    row = data.find(given.text("groupId"))
    kind = t.cast("rows.StaffGroup", data.entity)
    if row is None:
        raise Rejected(14102, "分组不存在")
    return _told(kind.members(data, row))


def listed(kind: str) -> Handler:
    """Return a list that nobody describes."""

    def answer(platform: Qiyu, call: Call, _given: Arguments) -> Body:
        return _told({"list": platform.listed(call.account, kind)})

    return answer


def report(kind: str, *, model: bool = True) -> Handler:
    """Return a report of one day."""

    def answer(platform: Qiyu, call: Call, given: Arguments) -> Body:
        start, end = given.number("startTime"), given.number("endTime")
        if not start < end <= call.now_ms or end - start >= rows.DAY_MS:
            raise given.refusal("endTime", "within a day of startTime, and past")
        if model and given.number("model", low=1, high=3) == 3:
            raise Rejected(14500, "服务内部异常")
        found = rows.report(call.account, kind, start) if platform.has(start) else []
        if kind == "overview_stats":
            return _told(found[0] if found else None)
        return _told({"result": found} if model else found)

    return answer


CALLS: t.Final[dict[str, Handler]] = {
    "openapi/export/session": export,
    "openapi/export/session/check": check,
    "openapi/export/session/one": session,
    "openapi/export/session/one/message": session_messages,
    "openapi/v2/ticket/search": tickets,
    "openapi/v2/ticket/new/detail": ticket,
    "openapi/v2/ticket/log": ticket_log,
    "openapi/v2/ticket/list": filtered,
    "openapi/v2/ticket/template/list": listed("ticket_templates"),
    "openapi/category/list": listed("ticket_categories"),
    "openapi/v2/staff/list": staff,
    "openapi/v2/staff/group/list": groups,
    "openapi/v2/staff/group/members": group_members,
    "openapi/statistic/overview": report("overview_stats", model=False),
    "openapi/statistic/staffworklod": report("workload_stats"),
    "openapi/statistic/staffquality": report("quality_stats"),
    "openapi/statistic/satisfaction/report": report("satisfaction_stats"),
    "openapi/statistic/staffAttendance": report("attendance_stats", model=False),
}
"""Every call that the simulated platform knows, by its path."""
