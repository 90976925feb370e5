"""The streams of 北森; each names its API at open.italent.cn (新版接口 v3.0)."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from datetime import timedelta

from openplatform.accounts import Account
from openplatform.declarations import ById, Details, Each, FullTable, Incremental, Reads
from openplatform.paging import Cursor
from openplatform.scrolling import Scroll
from openplatform.streams import PlatformStream
from openplatform.windows import TimeFilter
from typing_extensions import override

from tap_beisen.client import ATTENDANCE, ORGANISATION, BeisenStream

_DAY = timedelta(days=1)
# What exists is read from its last change on, and much has not changed for years.
_CHANGES = Incremental(
    time=TimeFilter("startTime", "stopTime", "local", maximum=timedelta(days=90)),
    paging=Scroll("scrollId", "scrollId", "capacity", 300, "total"),
    history=timedelta(days=20 * 365),
)
_ALL: t.Final = {"timeWindowQueryType": 2, "withDisabled": True, "isWithDeleted": True}
_WITH_DELETED: t.Final = {"isWithDeleted": True, "columns": None}
_EVERYBODY: t.Final = {
    **_ALL,
    "empStatus": None,
    "employType": [0, 1, 2, 3],
    "serviceType": [0],
    "approvalStatuses": [4],
    "isGetLatestRecord": False,
}


class _Changing(BeisenStream):
    """Lists by the time of the last change in substance; deleted rows come as well, marked."""

    records = "data[]"
    key: t.ClassVar[tuple[str, ...]] = ("oId",)
    updated: t.ClassVar[str | None] = "businessModifiedTime"
    params: t.ClassVar[Mapping[str, t.Any]] = _ALL
    reads: t.ClassVar[Reads] = _CHANGES

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Times are written with a T between day and hour; ids of organisations are numbers."""
        if "oIds" in params:
            params["oIds"] = [int(identifier) for identifier in params["oIds"]]
        for name in ("startTime", "stopTime"):
            if name in params:
                params[name] = params[name].replace(" ", "T")
        return params


class Employees(_Changing):
    """Employee/GetByTimeWindow: each person with the job that is in force today."""

    name = "employees"
    api = f"{ORGANISATION}Employee/GetByTimeWindow"
    key = ("userID",)
    params = _EVERYBODY

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """A person and the job have update times of their own; windows go by the later one."""
        parts = [raw.get("employeeInfo") or {}, raw.get("recordInfo") or {}]
        return {**raw, **_identity(parts)}


class EmployeeRecords(Employees):
    """Employee/GetListByTimeWindow: each person with all jobs."""

    name = "employee_records"
    api = f"{ORGANISATION}Employee/GetListByTimeWindow"
    selected_by_default = False

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """The jobs are a list whose name nobody tells: it is the only list that there is."""
        name = next((name for name, value in raw.items() if isinstance(value, list)), "records")
        jobs = raw.get(name) or []
        rest = {field: value for field, value in raw.items() if field != name}
        return {**rest, "records": jobs, **_identity([raw.get("employeeInfo") or {}, *jobs])}


class Organizations(_Changing):
    """Organization/GetByTimeWindow: the newest row of each unit."""

    name = "organizations"
    api = f"{ORGANISATION}Organization/GetByTimeWindow"
    by_id = ById("oIds", batch=300, api=f"{ORGANISATION}Organization/GetByIds", records="data[]")


class EmployeeOrganizations(_Changing):
    """Organization/GetByIds: the units of the employees that came, as they are in force today."""

    name = "employee_organizations"
    api = f"{ORGANISATION}Organization/GetByIds"
    shaped_as = "organizations"
    updated = None
    params = _WITH_DELETED
    reads = Details(
        of="employees",
        field="recordInfo.oIdDepartment",
        further=("recordInfo.oIdOrganization",),
        param="oIds",
        batch=300,
    )


class Positions(_Changing):
    """Position/GetByTimeWindow: 职位, a job within a unit."""

    name = "positions"
    api = f"{ORGANISATION}Position/GetByTimeWindow"


class JobPosts(_Changing):
    """JobPost/GetByTimeWindow: 职务, a kind of job in the whole company."""

    name = "job_posts"
    api = f"{ORGANISATION}JobPost/GetByTimeWindow"


class _Catalogue(_Changing):
    """Lists whose fields the documents do not tell beyond what all lists have."""

    shaped_as = "job_posts"
    selected_by_default = False


class JobLevels(_Catalogue):
    """JobLevel/GetByTimeWindow."""

    name = "job_levels"
    api = f"{ORGANISATION}JobLevel/GetByTimeWindow"


class JobGrades(_Catalogue):
    """JobGrade/GetByTimeWindow."""

    name = "job_grades"
    api = f"{ORGANISATION}JobGrade/GetByTimeWindow"


class JobSequences(_Catalogue):
    """JobSequence/GetByTimeWindow."""

    name = "job_sequences"
    api = f"{ORGANISATION}JobSequence/GetByTimeWindow"


class JobLevelTypes(_Catalogue):
    """JobLevelType/GetByTimeWindow."""

    name = "job_level_types"
    api = f"{ORGANISATION}JobLevelType/GetByTimeWindow"


class OrganizationTypes(_Catalogue):
    """OrganizationType/GetByTimeWindow."""

    name = "organization_types"
    api = f"{ORGANISATION}OrganizationType/GetByTimeWindow"


class OrganizationLevels(_Catalogue):
    """OrganizationLevel/GetByTimeWindow."""

    name = "organization_levels"
    api = f"{ORGANISATION}OrganizationLevel/GetByTimeWindow"


class Corporations(_Catalogue):
    """Corporation/GetByTimeWindow."""

    name = "corporations"
    api = f"{ORGANISATION}Corporation/GetByTimeWindow"


class CommonMetaObjects(_Changing):
    """CommonMetaObject/GetByTimeWindow, for each kind of object."""

    name = "common_meta_objects"
    api = f"{ORGANISATION}CommonMetaObject/GetByTimeWindow"
    records = "data[].fields"
    key = ("metaObjectName", "OId")
    updated = "BusinessModifiedTime"
    reads = Incremental(
        time=_CHANGES.time,
        paging=_CHANGES.paging,
        history=_CHANGES.history,
        each=(
            Each(
                param="metaObjectName",
                values=(
                    "Corporation",
                    "OrganizationType",
                    "OrganizationLevel",
                    "ServiceType",
                    "EmpTransitionType",
                    "EmpChangeReason",
                    "EmploymentSource",
                    "EmploymentType",
                    "EmploymentForm",
                    "DimissionWhereabouts",
                ),
                carry="metaObjectName",
                chosen="meta_objects",
            ),
        ),
    )
    selected_by_default = False


class _Attendance(BeisenStream):
    """Lists of one day; what is put right later has to be read again."""

    # Punches that never happened; a time of day alone is written with this date.
    nulls = frozenset({"0001-01-01 00:00:00", "0001-01-01T00:00:00"})


_PAGES = Cursor(
    "queryCursor",
    "data.sortCursor",
    size="pageSize",
    limit=100,
    total="data.total",
    last_flag="data.isLastPage",
)


def _daily(start: str, end: str | None, lookback: timedelta) -> Incremental:
    """Return how lists of one day are read, today as far as it has come."""
    time = TimeFilter(
        start, end, "date", maximum=_DAY, align=_DAY, ends="inclusive", unfinished=True
    )
    return Incremental(time=time, paging=_PAGES, lookback=lookback)


class AttendanceResults(_Attendance):
    """AttendanceStatistics/GetAttendanceStatisticsList: each person's day."""

    name = "attendance_results"
    api = f"{ATTENDANCE}AttendanceStatistics/GetAttendanceStatisticsList"
    records = "data.items[]"
    key = ("userId", "swipingCardDate")
    reads = _daily("startDate", "stopDate", timedelta(days=7))


class ClockIns(_Attendance):
    """SwipingCardData/GetSwipingCardsByDateV2: the punches of a day."""

    name = "clock_ins"
    api = f"{ATTENDANCE}SwipingCardData/GetSwipingCardsByDateV2"
    records = "data.swipingCardDetails[]"
    key = ("staffId", "swipingCardDateTime")
    happened = "swipingCardDateTime"
    params: t.ClassVar = {"customSortingRule": {"CreatedTime": 1}}
    reads = _daily("punchCardDate", None, timedelta(days=7))


class Leaves(_Attendance):
    """Vacation/GetVacationInfoByApprovalTime: leaves and their cancellations that passed on a day."""

    name = "leaves"
    api = f"{ATTENDANCE}Vacation/GetVacationInfoByApprovalTime"
    records = "data.vacationList[]"
    key = ("vacationId",)
    happened = "approveCompleteDateTime"
    params: t.ClassVar = {"approveStatus": 1}
    reads = _daily("approveStartDate", "approveStopDate", timedelta(days=3))


class LeavesByStart(_Attendance):
    """Vacation/GetListByDate: leaves that begin on a day, whatever has become of them."""

    name = "leaves_by_start"
    api = f"{ATTENDANCE}Vacation/GetListByDate"
    records = "data.vacationList[]"
    key = ("vacationId",)
    happened = "vacationStartDateTime"
    reads = _daily("day", None, timedelta(days=31))
    selected_by_default = False


class LeaveBalances(BeisenStream):
    """VacationRemain/GetVacationRemainList, for each leave item."""

    name = "leave_balances"
    api = f"{ATTENDANCE}VacationRemain/GetVacationRemainList"
    records = "data.vacationRemainList[]"
    key = ("userId", "vacationItemCode", "year")
    reads = FullTable(
        paging=_PAGES,
        each=(
            Each(
                "leaves",
                "vacationItemCode",
                "vacationItemCode",
                carry="vacationItemCode",
                chosen="leave_item_codes",
            ),
        ),
        confirm_absence=2,
    )
    selected_by_default = False

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """The year may be left out, and what is answered then is not told: so it is a setting."""
        year = self.config.get("leave_year")
        return {**params, "year": int(year)} if year else params


def _identity(parts: list[dict[str, t.Any]]) -> dict[str, t.Any]:
    """Return the key and the update time of a person, from the person and the jobs."""
    times = [part["businessModifiedTime"] for part in parts if part.get("businessModifiedTime")]
    return {"userID": parts[0].get("userID"), "businessModifiedTime": max(times, default=None)}


ALL: tuple[type[PlatformStream], ...] = (
    Employees,
    EmployeeRecords,
    Organizations,
    EmployeeOrganizations,
    Positions,
    JobPosts,
    JobLevels,
    JobGrades,
    JobSequences,
    JobLevelTypes,
    OrganizationTypes,
    OrganizationLevels,
    Corporations,
    CommonMetaObjects,
    AttendanceResults,
    ClockIns,
    Leaves,
    LeavesByStart,
    LeaveBalances,
)
