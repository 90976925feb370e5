"""The streams of 七鱼; each names its interface at qiyukf.com."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from openplatform.accounts import Account
from openplatform.declarations import ById, Details, Each, FullTable, Incremental
from openplatform.errors import ConfigurationError
from openplatform.paging import Offset
from openplatform.streams import PlatformStream
from openplatform.undescribed import digest_of, kept_whole
from openplatform.windows import TimeFilter
from typing_extensions import override

from tap_qiyu.client import QiyuStream
from tap_qiyu.exports import BEGIN, FileLines

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MILLISECOND = timedelta(milliseconds=1)
# Finished, or laid aside: what wakes such a ticket is an operation, which the search finds.
_AT_REST = frozenset({"20", "50"})
_JOB_RECORDS = 10_000_000


class _Exported(QiyuStream):
    """What an export's archive holds, of a day at a time; the time that it filters by is not documented."""

    api = BEGIN

    @override
    def records_per_window(self, wanted: int | None) -> int:
        """A job takes minutes however little it brings, so windows are as long as they may be."""
        return wanted or _JOB_RECORDS


def _exported(name: str, key: str) -> Incremental:
    # On the hour, so that both streams of one run have the same windows and share their jobs.
    time = TimeFilter(
        "start", "end", "ms", text=True, maximum=_DAY, granule=_MILLISECOND, align=_HOUR
    )
    return Incremental(time=time, paging=FileLines(name, key), lookback=2 * _DAY)


class Sessions(_Exported):
    """openapi/export/session: session.txt; single ones by openapi/export/session/one at any hour."""

    name = "sessions"
    records = "lines[]"
    key = ("id",)
    by_id = ById("sessionId", api="openapi/export/session/one", records="payload")
    reads = _exported("session.txt", "id")


class Messages(_Exported):
    """openapi/export/session: message.txt; no id is known, so a message is known by what it holds."""

    name = "messages"
    records = "lines[]"
    key = ("sessionId", "time", "from", "digest")
    reads = _exported("message.txt", "sessionId")

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """Few fields of a line are known, so it stays whole beside them."""
        return _message(raw)


class SessionMessages(QiyuStream):
    """openapi/export/session/one/message, for each session; the same without an export."""

    name = "session_messages"
    api = "openapi/export/session/one/message"
    records = "payload[]"
    key = ("sessionId", "time", "from", "digest")
    shaped_as = "messages"
    reads = Details(of="sessions", field="id", param="sessionId", carry="sessionId")
    selected_by_default = False

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """Few fields of a message are known, so it stays whole beside them."""
        return _message(raw)


class Tickets(QiyuStream):
    """openapi/v2/ticket/search, by the time of the last operation, which no record tells."""

    name = "tickets"
    confirmed = True
    api = "openapi/v2/ticket/search"
    records = "payload.tickets[]"
    key = ("id",)
    params: t.ClassVar = {"sortBy": "ct", "order": "asc", "withCustomField": True}
    by_id = ById("ticketId")
    reads = Incremental(
        time=TimeFilter("opStart", "opEnd", "ms", maximum=30 * _DAY, granule=_MILLISECOND),
        paging=Offset("offset", "limit", 50, "payload.total"),
    )


class TicketDetails(QiyuStream):
    """openapi/v2/ticket/new/detail, for each ticket, and again in each run until it is at rest."""

    name = "ticket_details"
    confirmed = True
    api = "openapi/v2/ticket/new/detail"
    records = "payload"
    key = ("id",)
    reads = Details(of="tickets", field="id", param="ticketId", final=("status", _AT_REST))


class TicketLogs(QiyuStream):
    """openapi/v2/ticket/log, for each ticket; the fields of its entries are not documented."""

    name = "ticket_logs"
    api = "openapi/v2/ticket/log"
    records = "rows[]"
    key = ("ticketId", "digest")
    reads = Details(of="tickets", field="id", param="ticketId", carry="ticketId")
    selected_by_default = False

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """Entries that nobody has described stay whole."""
        return kept_whole(raw)


class FilteredTickets(QiyuStream):
    """openapi/v2/ticket/list: the tickets that a filter shows to a member of staff."""

    name = "filtered_tickets"
    confirmed = True
    api = "openapi/v2/ticket/list"
    records = "payload.tickets[]"
    key = ("filter", "id")
    params: t.ClassVar = {"sortBy": "ct", "order": "asc"}
    reads = FullTable(
        paging=Offset("offset", "limit", 50, "payload.total"),
        each=(Each(param="filter", chosen="ticket_filters", carry="filter"),),
    )
    selected_by_default = False

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """A filter is that of a member of staff."""
        staff, _, own = str(params.pop("filter")).partition(":")
        if not (staff.isdecimal() and own.isdecimal()):
            msg = f"Setting ticket_filters: {staff}:{own} is no staffId:filterId. Write for instance 178669:12."
            raise ConfigurationError(msg)
        return {**params, "staffId": int(staff), "filterId": int(own)}


class _Undescribed(QiyuStream):
    """Lists of which only the path is known."""

    records = "rows[]"
    key = ("digest",)
    shaped_as = "undescribed"
    reads = FullTable(confirm_absence=2)
    selected_by_default = False

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """Rows that nobody has described stay whole; a changed one is another one."""
        return kept_whole(raw)


class TicketTemplates(_Undescribed):
    """openapi/v2/ticket/template/list."""

    name = "ticket_templates"
    api = "openapi/v2/ticket/template/list"


class TicketCategories(_Undescribed):
    """openapi/category/list."""

    name = "ticket_categories"
    api = "openapi/category/list"


class Staffs(QiyuStream):
    """openapi/v2/staff/list; those who were deleted stay, with status 2."""

    name = "staffs"
    api = "openapi/v2/staff/list"
    records = "payload[]"
    key = ("id",)
    reads = FullTable()


class StaffGroups(QiyuStream):
    """openapi/v2/staff/group/list."""

    name = "staff_groups"
    api = "openapi/v2/staff/group/list"
    records = "payload[]"
    key = ("id",)
    params: t.ClassVar = {"staff": True}
    reads = FullTable()


class StaffGroupMembers(QiyuStream):
    """openapi/v2/staff/group/members, for each group."""

    name = "staff_group_members"
    api = "openapi/v2/staff/group/members"
    records = "payload[]"
    key = ("groupId", "id")
    reads = FullTable(each=(Each("staff_groups", "id", "groupId", carry="groupId"),))
    selected_by_default = False


class _Report(QiyuStream):
    """A report of each whole day; what is judged later shows within the look-back."""

    records = "rows[]"
    key: t.ClassVar[tuple[str, ...]] = ("startTime", "id")
    happened = "startTime"
    reads = Incremental(
        time=TimeFilter(
            "startTime",
            "endTime",
            "ms",
            maximum=_DAY,
            granule=_MILLISECOND,
            ends="inclusive",
            align=_DAY,
            carry="startTime",
        ),
        lookback=3 * _DAY,
    )


class OverviewStats(_Report):
    """openapi/statistic/overview: one row a day."""

    name = "overview_stats"
    api = "openapi/statistic/overview"
    records = "payload"
    key = ("startTime",)


class AttendanceStats(_Report):
    """openapi/statistic/staffAttendance."""

    name = "attendance_stats"
    api = "openapi/statistic/staffAttendance"


class _Modelled(_Report):
    """A report of all, of groups or of single staff."""

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Of what it tells is a setting: single staff are refused to some companies."""
        return {**params, "model": int(self.config.get("report_model") or 1)}


class WorkloadStats(_Modelled):
    """openapi/statistic/staffworklod (sic)."""

    name = "workload_stats"
    api = "openapi/statistic/staffworklod"


class QualityStats(_Modelled):
    """openapi/statistic/staffquality."""

    name = "quality_stats"
    api = "openapi/statistic/staffquality"


class SatisfactionStats(_Modelled):
    """openapi/statistic/satisfaction/report."""

    name = "satisfaction_stats"
    api = "openapi/statistic/satisfaction/report"


def _message(raw: t.Any) -> dict[str, t.Any]:
    known = {name: raw[name] for name in ("sessionId", "time", "from", "staffId") if name in raw}
    return {**known, "digest": digest_of(raw), "content": raw}


ALL: tuple[type[PlatformStream], ...] = (
    Sessions,
    Messages,
    SessionMessages,
    Tickets,
    TicketDetails,
    TicketLogs,
    FilteredTickets,
    TicketTemplates,
    TicketCategories,
    Staffs,
    StaffGroups,
    StaffGroupMembers,
    OverviewStats,
    WorkloadStats,
    QualityStats,
    SatisfactionStats,
    AttendanceStats,
)
