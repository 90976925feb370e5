"""The streams of 飞书; each names its API at open.feishu.cn."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from openplatform.accounts import Account
from openplatform.declarations import ById, Details, Each, FullTable, Incremental
from openplatform.paging import Cursor
from openplatform.streams import PlatformStream
from openplatform.windows import TimeFilter
from typing_extensions import override

from tap_feishu.client import FeishuStream

_DAY = timedelta(days=1)
# What is told late (corrections, forms that are reverted) is found by reading this again.
_WEEK = timedelta(days=7)
# Neither attendance query documents its longest span.
_MONTH = timedelta(days=30)
_FINAL = frozenset({"APPROVED", "REJECTED", "CANCELED", "DELETED"})
_OPEN_IDS: t.Final = {"user_id_type": "open_id"}
_DEPARTMENTS: t.Final = {"department_id_type": "open_department_id", **_OPEN_IDS}
_EMPLOYEES: t.Final = {"employee_type": "employee_id", "include_terminated_user": "true"}
_FIFTY_MEMBERS = Each("users", "user_id", "user_ids", batch=50)
# What an organisation chart needs; all else is asked for by the setting corehr_fields.
_COREHR_FIELDS = (
    "employee_number",
    "employment_type",
    "employment_status",
    "department_id",
    "company_id",
    "job_id",
    "job_level_id",
    "position_id",
    "direct_manager_id",
    "effective_date",
    "expiration_date",
    "email_address",
    "person_info.legal_name",
)
_FORMS = Each(param="approval_code", chosen="approval_codes", carry="approval_code")


def _paged(limit: int, **more: t.Any) -> Cursor:
    """Return the platform's one way of paging; a token may come although there is no more."""
    return Cursor(
        "page_token",
        "data.page_token",
        size="page_size",
        limit=limit,
        more="data.has_more",
        **more,
    )


class Departments(FeishuStream):
    """contact/v3/departments/:department_id/children, the whole tree below the root; not the root."""

    name = "departments"
    api = "contact/v3/departments/:department_id/children"
    records = "data.items[]"
    key = ("open_department_id",)
    by_id = ById(
        "department_id", api="contact/v3/departments/:department_id", records="data.department"
    )
    ended_by = frozenset({"contact.department.deleted_v3"})
    reads = FullTable(
        paging=_paged(50),
        each=(Each(values=("0",), param="department_id", chosen="root_departments"),),
        distinct=True,
        confirm_absence=2,
    )

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Of a list, all levels are wanted; the call for a single department knows no such thing."""
        levels = {"fetch_child": "true"} if "page_size" in params else {}
        return {**_DEPARTMENTS, **levels, **params}


class Users(FeishuStream):
    """contact/v3/users/find_by_department, for each department and the root: direct members only."""

    name = "users"
    api = "contact/v3/users/find_by_department"
    records = "data.items[]"
    key = ("open_id",)
    by_id = ById("user_id", api="contact/v3/users/:user_id", records="data.user")
    ended_by = frozenset({"contact.user.deleted_v3"})
    reads = FullTable(
        paging=_paged(50),
        each=(
            Each(
                "departments",
                "open_department_id",
                "department_id",
                values=("0",),
                chosen="root_departments",
                both=True,
            ),
        ),
        distinct=True,
        confirm_absence=2,
    )

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """The kinds of ids are told in the list's calls and in those for single members."""
        return {**_DEPARTMENTS, **params}


class AttendanceUserTasks(FeishuStream):
    """attendance/v1/user_tasks/query: the result of each day that is over, for 50 members."""

    name = "attendance_user_tasks"
    api = "attendance/v1/user_tasks/query"
    records = "data.user_task_results[]"
    key = ("result_id",)
    # Without this one unknown id would fail a whole call.
    params: t.ClassVar = {**_EMPLOYEES, "ignore_invalid_users": "true"}
    reads = Incremental(
        time=TimeFilter(
            "check_date_from", "check_date_to", "day", maximum=_MONTH - _DAY, align=_DAY
        ),
        each=(_FIFTY_MEMBERS,),
        lookback=_WEEK,
    )

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Days are numbers here."""
        days = {name: int(params[name]) for name in ("check_date_from", "check_date_to")}
        return {**params, **days}


class AttendanceUserFlows(FeishuStream):
    """attendance/v1/user_flows/query: the valid punches of 50 members."""

    name = "attendance_user_flows"
    api = "attendance/v1/user_flows/query"
    records = "data.user_flow_results[]"
    key = ("record_id",)
    happened = "check_time"
    params: t.ClassVar = _EMPLOYEES
    reads = Incremental(
        time=TimeFilter(
            "check_time_from", "check_time_to", "s", text=True, maximum=_MONTH, ends="exclusive"
        ),
        each=(_FIFTY_MEMBERS,),
        lookback=_WEEK,
    )


class ApprovalIds(FeishuStream):
    """approval/v4/instances: codes of the forms that were sent within 10 hours."""

    name = "approval_ids"
    api = "approval/v4/instances"
    records = "data.instance_code_list[]"
    key = ("instance_code",)
    value_as = "instance_code"
    reads = Incremental(
        time=TimeFilter("start_time", "end_time", "ms", maximum=timedelta(hours=10)),
        paging=_paged(100),
        each=(_FORMS,),
        lookback=_WEEK,
    )


class Approvals(FeishuStream):
    """approval/v4/instances/:instance_id, for each form, and again in each run until it is decided."""

    name = "approvals"
    api = "approval/v4/instances/:instance_id"
    records = "data"
    key = ("instance_code",)
    happened = "start_time"
    params: t.ClassVar = _OPEN_IDS
    reads = Details(
        of="approval_ids", field="instance_code", param="instance_id", final=("status", _FINAL)
    )


class ApprovalInstancesQuery(FeishuStream):
    """approval/v4/instances/query: what approvals tells, shorter and later; without what was recalled."""

    name = "approval_instances_query"
    api = "approval/v4/instances/query"
    records = "data.instance_list[]"
    key = ("code",)
    lift: t.ClassVar = {"code": "instance.code", "start_time": "instance.start_time"}
    happened = "start_time"
    params: t.ClassVar = {**_OPEN_IDS, "instance_status": "ALL"}
    reads = Incremental(
        time=TimeFilter(
            "instance_start_time_from",
            "instance_start_time_to",
            "ms",
            text=True,
            maximum=timedelta(days=30),
        ),
        paging=_paged(100),
        each=(Each(param="approval_code", chosen="approval_codes"),),
        lookback=_WEEK,
    )
    selected_by_default = False


class BitableRecords(FeishuStream):
    """bitable/v1/apps/:app_token/tables/:table_id/records/search, for each of `tables`, as a whole."""

    name = "bitable_records"
    api = "bitable/v1/apps/:app_token/tables/:table_id/records/search"
    records = "data.items[]"
    key = ("table", "record_id")
    # Without this they come without times and persons.
    params: t.ClassVar = {**_OPEN_IDS, "automatic_fields": True}
    reads = FullTable(
        paging=_paged(500, total="data.total"),
        each=(Each(param="table", chosen="tables", carry="table"),),
        confirm_absence=2,
    )

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """A table is named by two parts of the path."""
        app, _, table = str(params["table"]).partition("/")
        rest = {name: value for name, value in params.items() if name != "table"}
        return {**rest, "app_token": app, "table_id": table}

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """Addresses of attachments expire, so that each read would make a new version of the row."""
        fields = {name: _lasting(value) for name, value in (raw.get("fields") or {}).items()}
        return {**raw, "fields": fields}


class EhrEmployees(FeishuStream):
    """ehr/v1/employees: the employees of 飞书人事 (标准版), those who left as well."""

    name = "ehr_employees"
    api = "ehr/v1/employees"
    records = "data.items[]"
    key = ("user_id",)
    params: t.ClassVar = {**_OPEN_IDS, "view": "full"}
    reads = FullTable(paging=_paged(100), confirm_absence=2)


class CorehrEmployees(FeishuStream):
    """corehr/v2/employees/search: the employees of 飞书人事 (企业版), with the fields that are asked for."""

    name = "corehr_employees"
    api = "corehr/v2/employees/search"
    records = "data.items[]"
    key = ("employment_id",)
    params: t.ClassVar = _DEPARTMENTS
    reads = FullTable(paging=_paged(100), confirm_absence=2)
    selected_by_default = False

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Without names of fields, nothing but the id comes."""
        return {**params, "fields": account.settings.get("corehr_fields") or list(_COREHR_FIELDS)}


def _lasting(value: t.Any) -> t.Any:
    if not isinstance(value, list):
        return value
    return [
        {name: part for name, part in one.items() if name != "tmp_url"}
        if isinstance(one, dict)
        else one
        for one in value
    ]


ALL: tuple[type[PlatformStream], ...] = (
    Departments,
    Users,
    AttendanceUserTasks,
    AttendanceUserFlows,
    ApprovalIds,
    Approvals,
    ApprovalInstancesQuery,
    BitableRecords,
    EhrEmployees,
    CorehrEmployees,
)
