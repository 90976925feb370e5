"""The streams of 钉钉; each names its API at open.dingtalk.com."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from openplatform.accounts import Account
from openplatform.declarations import ById, Details, Each, FullTable, Incremental
from openplatform.errors import FatalError
from openplatform.paging import Cursor, Offset, Tree
from openplatform.streams import PlatformStream
from openplatform.windows import TimeFilter
from typing_extensions import override

from tap_dingtalk.client import CHILDREN, DEPARTMENT, DingtalkStream

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_HALF_YEAR = timedelta(days=180)
# Punches are told late and corrected; what is read again costs calls of the month's quota.
_LATE = timedelta(days=3)
_FINAL = frozenset({"COMPLETED", "TERMINATED"})
_FIFTY_MEMBERS = Each("users", "userid", "userIdList", batch=50, setting="users_from")


class Departments(DingtalkStream):
    """topapi/v2/department/listsub, from the root down: it lists direct children only."""

    name = "departments"
    api = CHILDREN
    records = "result[]"
    key = ("dept_id",)
    by_id = ById("dept_id", api=DEPARTMENT, records="result")
    ended_by = frozenset({"org_dept_remove"})
    reads = FullTable(paging=Tree("dept_id", "dept_id"), confirm_absence=2)

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Ids are text with us and numbers with the platform."""
        return _numbered(params, "dept_id")


class Users(DingtalkStream):
    """topapi/v2/user/list, for each department; many members belong to several."""

    name = "users"
    api = "topapi/v2/user/list"
    records = "result.list[]"
    key = ("userid",)
    reads = FullTable(
        paging=Cursor("cursor", "result.next_cursor", first=0, size="size", more="result.has_more"),
        each=(Each("departments", "dept_id", "dept_id"),),
        distinct=True,
        confirm_absence=2,
    )

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Ids are text with us and numbers with the platform."""
        return _numbered(params, "dept_id")


class UserDetails(DingtalkStream):
    """topapi/v2/user/get, for each user: roles, and rank and leadership by department."""

    name = "user_details"
    api = "topapi/v2/user/get"
    records = "result"
    key = ("userid",)
    ended_by = frozenset({"user_leave_org"})
    reads = Details(of="users", field="userid", param="userid")
    selected_by_default = False


class AttendanceResults(DingtalkStream):
    """attendance/list: each planned punch of 50 members, punched or not, by whole days."""

    name = "attendance_results"
    api = "attendance/list"
    records = "recordresult[]"
    key = ("id",)
    happened = "workDate"
    reads = Incremental(
        time=TimeFilter(
            "workDateFrom",
            "workDateTo",
            "local",
            maximum=_WEEK,
            ends="inclusive",
            align=_DAY,
            unfinished=True,
            retention=_HALF_YEAR,
        ),
        paging=Offset("offset", "limit", 50, has_next="hasMore"),
        each=(_FIFTY_MEMBERS,),
        lookback=_LATE,
    )


class AttendanceRecords(DingtalkStream):
    """attendance/listRecord: the punches of 50 members, refused ones as well."""

    name = "attendance_records"
    api = "attendance/listRecord"
    records = "recordresult[]"
    key = ("id",)
    happened = "userCheckTime"
    reads = Incremental(
        time=TimeFilter(
            "checkDateFrom", "checkDateTo", "local", maximum=_WEEK, retention=_HALF_YEAR
        ),
        each=(Each("users", "userid", "userIds", batch=50, setting="users_from"),),
        lookback=_LATE,
    )


class ApprovalIds(DingtalkStream):
    """v1.0/workflow/processes/instanceIds/query: forms by the time they were submitted."""

    name = "approval_ids"
    api = "v1.0/workflow/processes/instanceIds/query"
    records = "result.list[]"
    key = ("processInstanceId",)
    value_as = "processInstanceId"
    reads = Incremental(
        time=TimeFilter(
            "startTime",
            "endTime",
            "ms",
            maximum=timedelta(days=120),
            retention=timedelta(days=365),
        ),
        paging=Cursor(
            "nextToken",
            "result.nextToken",
            first=0,
            ends=frozenset({"0"}),
            size="maxResults",
            limit=20,
            rows_cap=10_000,
        ),
        each=(Each(param="processCode", chosen="process_codes", carry="processCode"),),
        # Each form that is read again costs a call of the month's quota.
        lookback=timedelta(hours=1),
    )

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """The cursor is text in an answer, and must be a number in the next call."""
        return _numbered(params, "nextToken")


class Approvals(DingtalkStream):
    """v1.0/workflow/processInstances, for each form, and again in each run until it is decided."""

    name = "approvals"
    api = "v1.0/workflow/processInstances"
    records = "result"
    key = ("processInstanceId",)
    reads = Details(
        of="approval_ids",
        field="processInstanceId",
        param="processInstanceId",
        carry="processInstanceId",
        final=("status", _FINAL),
    )


class HrmOnJobIds(DingtalkStream):
    """topapi/smartwork/hrm/employee/queryonjob: who works here, on trial or leaving, by 智能人事."""

    name = "hrm_on_job_ids"
    api = "topapi/smartwork/hrm/employee/queryonjob"
    records = "result.data_list[]"
    key = ("userid",)
    value_as = "userid"
    params: t.ClassVar = {"status_list": "2,3,5,-1"}
    reads = FullTable(
        # The last page has no next_cursor; the documented sample has a 0.
        paging=Cursor(
            "offset",
            "result.next_cursor",
            first=0,
            ends=frozenset({"0"}),
            size="size",
            limit=50,
        ),
        confirm_absence=2,
    )


class HrmDismissedIds(DingtalkStream):
    """v1.0/hrm/employees/dismissions: who left, by 智能人事."""

    name = "hrm_dismissed_ids"
    api = "v1.0/hrm/employees/dismissions"
    records = "userIdList[]"
    key = ("userid",)
    value_as = "userid"
    reads = FullTable(
        paging=Cursor(
            "nextToken", "nextToken", first=0, size="maxResults", limit=50, more="hasMore"
        ),
        confirm_absence=2,
    )


class HrmRosters(DingtalkStream):
    """v1.0/hrm/rosters/lists/query: the fields of the roster (花名册), for 100 members at a time."""

    name = "hrm_rosters"
    api = "v1.0/hrm/rosters/lists/query"
    records = "result[]"
    key = ("userId",)
    by_id = ById("userIdList", batch=100)
    reads = FullTable(
        each=(Each("hrm_on_job_ids", "userid", "userIdList", batch=100),), confirm_absence=2
    )

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """The API wants to know which app asks, and which fields if not all."""
        agent = str(account.settings.get("agent_id") or "")
        if not agent.isdigit():
            msg = (
                f"{self.name}, account {account.id}: set agent_id, which is a number, or leave out the "
                "stream"
            )
            raise FatalError(msg)
        asked = {**params, "appAgentId": int(agent)}
        if fields := self.config.get("roster_fields"):
            asked["fieldFilterList"] = list(fields)
        return asked


def _numbered(params: dict[str, t.Any], name: str) -> dict[str, t.Any]:
    return {**params, name: int(params[name])} if name in params else params


ALL: tuple[type[PlatformStream], ...] = (
    Departments,
    Users,
    UserDetails,
    AttendanceResults,
    AttendanceRecords,
    ApprovalIds,
    Approvals,
    HrmOnJobIds,
    HrmDismissedIds,
    HrmRosters,
)
