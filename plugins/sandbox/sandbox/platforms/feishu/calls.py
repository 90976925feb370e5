"""The calls of 飞书: parameters and answer of each, by path."""

from __future__ import annotations

import base64
import binascii
import re
import typing as t
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from typing_extensions import override

from sandbox import arguments
from sandbox.company import DAY, members_of
from sandbox.dataset import Dataset, Row
from sandbox.http import Call, Rejected
from sandbox.mixing import digest
from sandbox.platforms.feishu import attendance
from sandbox.platforms.feishu.rows import FORMS, ROOT, TABLES, Approval, TableRow, employee_of

if t.TYPE_CHECKING:
    from sandbox.platform import Platform

Body = dict[str, t.Any]
Handler = Callable[["Platform", Call, "Arguments"], Body]

_BEIJING = timezone(timedelta(hours=8))
_HOUR_MS = 3_600_000
_FIELD, _CONTACT, _PAGE, _TOKEN, _NO_DEPARTMENT = 99992402, 40001, 40011, 40012, 40015
_ATTENDANCE, _APPROVAL, _NO_FORM, _NO_INSTANCE = 1220001, 1390001, 1390002, 1390003


class Arguments(arguments.Arguments):
    """The parameters of one call: of path, query and body."""

    digits = True
    code = _FIELD

    @override
    def refusal(self, name: str, wanted: str) -> Rejected:
        return Rejected(self.code, f"field validation failed: {name} must be {wanted}")

    def of(self, code: int) -> Arguments:
        """Return the same parameters, refused with another code."""
        same = Arguments(self._values)
        same.code = code
        return same


def _page(
    arguments: Arguments, rows: list[Row], most: int, default: int, bound: str
) -> tuple[list[Row], Body]:
    """Return a page of rows, and how it goes on; the token belongs to what was asked for."""
    size = arguments.of(_PAGE).number("page_size", default, low=1, high=most)
    at, mark = 0, digest(bound)[:8]
    if token := arguments.get("page_token"):
        try:
            text = base64.b64decode(str(token).removeprefix("AQD9/+"), validate=True).decode()
        except (binascii.Error, ValueError):
            text = ""
        made, _, number = text.partition("|")
        if made != mark or not number.isdigit():
            raise Rejected(_TOKEN, "page token is invalid error")
        at = int(number)
    rest = [row for row in rows if row.serial >= at]
    following = rest[size].serial if len(rest) > size else at
    # A token comes with the last page as well.
    token = "AQD9/+" + base64.b64encode(f"{mark}|{following}".encode()).decode()
    return rest[:size], {"has_more": len(rest) > size, "page_token": token}


def _sorted(data: Dataset) -> list[Row]:
    return sorted(data.rows(), key=lambda row: row.serial)


# -- directory -----------------------------------------------------------------------------------


def _department(platform: Platform, call: Call, arguments: Arguments) -> tuple[Dataset, Row]:
    if arguments.get("department_id_type") != "open_department_id":
        raise Rejected(_CONTACT, "this company has no department_id of its own")
    data = platform.dataset(call.account, "departments", call)
    row = data.find(arguments.text("department_id"))
    if row is None:
        raise Rejected(_NO_DEPARTMENT, "dept not exist")
    return data, row


def department(platform: Platform, call: Call, arguments: Arguments) -> Body:
    """Answer one department."""
    data, row = _department(platform, call, arguments)
    if data.key(row) == ROOT:
        raise Rejected(_NO_DEPARTMENT, "dept not exist")
    return {"department": data.render(row)}


def children(platform: Platform, call: Call, arguments: Arguments) -> Body:
    """Answer the departments below one: right below it, or all of them."""
    data, top = _department(platform, call, arguments)
    kind = t.cast("t.Any", data.entity)
    below, rows = {top.serial}, []
    deep = arguments.get("fetch_child") == "true"
    for row in _sorted(data):
        above = kind.above(data, row)
        if above is not None and above.serial in below:
            rows.append(row)
            if deep:
                below.add(row.serial)
    page, more = _page(arguments, rows, 50, 10, f"{data.key(top)} {deep}")
    return {"items": [] if call.blank else [data.render(row) for row in page], **more}


def users(platform: Platform, call: Call, arguments: Arguments) -> Body:
    """Answer the members who belong to a department, or to the root, directly."""
    tree, department = _department(platform, call, arguments)
    data = platform.dataset(call.account, "users", call)
    members = platform.remembered("members", [data, tree], lambda: members_of(data))
    rows = members.get(department.serial, [])
    page, more = _page(arguments, rows, 50, 10, tree.key(department))
    if call.blank or not page:  # the list itself is missing then
        return more
    return {"items": [data.render(row) for row in page], **more}


def user(platform: Platform, call: Call, arguments: Arguments) -> Body:
    """Answer one member."""
    data = platform.dataset(call.account, "users", call)
    row = data.find(arguments.text("user_id"))
    if row is None or arguments.get("user_id_type") != "open_id":
        raise Rejected(41050, "no user authority error", status=403)
    return {"user": data.render(row)}


def employees(platform: Platform, call: Call, arguments: Arguments) -> Body:
    """Answer the employees; the cursor is an offset."""
    data = platform.dataset(call.account, "users", call)
    size = arguments.number("page_size", 10, low=1, high=100)
    at = arguments.number("page_token", 0, low=0)
    if arguments.get("view") not in {"basic", "full"}:
        raise arguments.refusal("view", "basic or full")
    rows = _sorted(data)
    listed = [] if call.blank else [data.render(r, "ehr_employees") for r in rows[at : at + size]]
    more = len(rows) > at + size
    return {"items": listed, "has_more": more, **({"page_token": str(at + size)} if more else {})}


def employments(platform: Platform, call: Call, arguments: Arguments) -> Body:
    """Answer the employees of the larger 飞书人事; of each its id and the fields asked for."""
    data = platform.dataset(call.account, "users", call)
    names = arguments.get("fields") or []
    if not isinstance(names, list):
        raise arguments.refusal("fields", "a list")
    wanted = {str(name).partition(".")[0] for name in names} | {"employment_id"}
    page, more = _page(arguments, _sorted(data), 100, 10, "corehr")
    listed = [
        {
            name: value
            for name, value in data.render(row, "corehr_employees").items()
            if name in wanted
        }
        for row in page
    ]
    return {"items": [] if call.blank else listed, **more}


# -- attendance ----------------------------------------------------------------------------------


def beginning(platform: Platform) -> int:
    """Return the second from which on there are punches."""
    world = platform.world
    return world.history_end_ms // 1000 - int(world.settings.history_days) * DAY


def _asked(platform: Platform, call: Call, arguments: Arguments) -> tuple[list[Row], Body]:
    """Return the members asked for, and what is said of ids that are none."""
    arguments = arguments.of(_ATTENDANCE)
    if arguments.get("employee_type") != "employee_id":
        raise arguments.refusal("employee_type", "employee_id or employee_no")
    ids = arguments.ids("user_ids", 50)
    data = platform.dataset(call.account, "users")
    known = {employee_of(row): row for row in data.rows()}
    wrong = [one for one in ids if one not in known]
    if (
        wrong
        and arguments.get("ignore_invalid_users") != "true"
        and call.api.endswith("tasks/query")
    ):
        raise Rejected(1220004, f"用户不存在或没有权限: {wrong[0]}")
    return [known[one] for one in ids if one in known], {"invalid_user_ids": wrong}


def tasks(platform: Platform, call: Call, arguments: Arguments) -> Body:
    """Answer the results of up to 50 members' days."""
    data = platform.dataset(call.account, "users")
    rows, beside = _asked(platform, call, arguments)
    span = []
    for name in ("check_date_from", "check_date_to"):
        value = arguments.get(name)
        try:
            day = datetime.strptime(str(value), "%Y%m%d").replace(tzinfo=_BEIJING)
        except ValueError:
            day = None
        if not isinstance(value, int) or day is None:
            raise Rejected(_ATTENDANCE, f"{name} must be yyyyMMdd")
        span.append(int(day.timestamp()))
    start, end = span
    if start > end or end - start > 30 * DAY:
        raise Rejected(_ATTENDANCE, "check_date_from and check_date_to: 30 days at the most")
    found = [
        record
        for row in rows
        for record in attendance.tasks(data, row, max(start, beginning(platform)), end, call.now)
    ]
    return {"user_task_results": [] if call.blank else found, **beside}


def flows(platform: Platform, call: Call, arguments: Arguments) -> Body:
    """Answer the punches of up to 50 members; the end is not included."""
    data = platform.dataset(call.account, "users")
    rows, _ = _asked(platform, call, arguments)
    span = [arguments.get(name) for name in ("check_time_from", "check_time_to")]
    if not all(isinstance(value, str) and value.isdigit() for value in span):
        raise Rejected(_ATTENDANCE, "check_time_from and check_time_to must be text of seconds")
    start, end = (int(str(value)) for value in span)
    if start > end or end - start > 30 * DAY:
        raise Rejected(_ATTENDANCE, "check_time_from and check_time_to: 30 days at the most")
    found = [
        record
        for row in rows
        for record in attendance.flows(data, row, max(start, beginning(platform)), end, call.now)
    ]
    return {"user_flow_results": [] if call.blank else found}


# -- forms ---------------------------------------------------------------------------------------


def _forms(
    platform: Platform, call: Call, arguments: Arguments, names: tuple[str, str], most: int
) -> tuple[Dataset, list[Row], str]:
    """Return the forms of one definition that were sent within a span, both ends included."""
    arguments = arguments.of(_APPROVAL)
    data = platform.dataset(call.account, "approvals", call)
    code = arguments.text("approval_code")
    if code not in FORMS:
        raise Rejected(_NO_FORM, "approval code not found")
    start, end = (arguments.number(name) for name in names)
    if not start <= end or end - start > most:
        raise Rejected(_APPROVAL, f"param is invalid: {names[1]} - {names[0]}")
    kind = t.cast("Approval", data.entity)
    rows = [row for row in data.slice(start, end + 1, axis="created") if kind.form(row) == code]
    return data, sorted(rows, key=lambda row: row.serial), f"{code} {start} {end}"


def approval_ids(platform: Platform, call: Call, arguments: Arguments) -> Body:
    """Answer the codes of forms sent within 10 hours."""
    span = ("start_time", "end_time")
    data, rows, bound = _forms(platform, call, arguments, span, 10 * _HOUR_MS)
    page, more = _page(arguments, rows, 100, 100, bound)
    return {"instance_code_list": [] if call.blank else [data.key(row) for row in page], **more}


def approval(platform: Platform, call: Call, arguments: Arguments) -> Body:
    """Answer one form."""
    data = platform.dataset(call.account, "approvals", call)
    row = data.find(arguments.text("instance_id"))
    if row is None:
        raise Rejected(_NO_INSTANCE, "instance code not found")
    return data.render(row)


def approvals_search(platform: Platform, call: Call, arguments: Arguments) -> Body:
    """Answer forms sent within 30 days, without those that were recalled."""
    span = ("instance_start_time_from", "instance_start_time_to")
    data, rows, bound = _forms(platform, call, arguments, span, 720 * _HOUR_MS)
    page, more = _page(arguments, rows, 100, 10, bound)
    kind = t.cast("Approval", data.entity)
    # What is left out makes pages shorter.
    shown = [row for row in page if kind.status(data, row) != "CANCELED"]
    listed = [] if call.blank else [kind.overview(data, row) for row in shown]
    return {"count": len(rows), "instance_list": listed, **more}


# -- tables --------------------------------------------------------------------------------------


def table_rows(platform: Platform, call: Call, arguments: Arguments) -> Body:
    """Answer the rows of one table."""
    table = f"{arguments.text('app_token')}/{arguments.text('table_id')}"
    if table not in TABLES:
        raise Rejected(1254041, "TableIdNotFound")
    data = platform.dataset(call.account, "bitable_records", call)
    kind = t.cast("TableRow", data.entity)
    rows = [row for row in _sorted(data) if kind.table(row) == table]
    page, more = _page(arguments, rows, 500, 20, table)
    automatic = arguments.get("automatic_fields") is True
    hidden = {"table"} | (
        set()
        if automatic
        else {"created_time", "last_modified_time", "created_by", "last_modified_by"}
    )
    listed = [{n: v for n, v in data.render(row).items() if n not in hidden} for row in page]
    return {"items": [] if call.blank else listed, "total": len(rows), **more}


CALLS: dict[str, tuple[str, Handler]] = {
    "contact/v3/departments/:department_id/children": ("GET", children),
    "contact/v3/departments/:department_id": ("GET", department),
    "contact/v3/users/find_by_department": ("GET", users),
    "contact/v3/users/:user_id": ("GET", user),
    "ehr/v1/employees": ("GET", employees),
    "corehr/v2/employees/search": ("POST", employments),
    "attendance/v1/user_tasks/query": ("POST", tasks),
    "attendance/v1/user_flows/query": ("POST", flows),
    "approval/v4/instances/query": ("POST", approvals_search),
    "approval/v4/instances/:instance_id": ("GET", approval),
    "approval/v4/instances": ("GET", approval_ids),
    "bitable/v1/apps/:app_token/tables/:table_id/records/search": ("POST", table_rows),
}
"""Every call that the simulated platform knows; the first whose path fits is meant."""

PATTERNS: t.Final = [
    (name, re.compile(re.sub(r":(\w+)", r"(?P<\1>[^/]+)", name))) for name in CALLS
]
