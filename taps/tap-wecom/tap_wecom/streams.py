"""The streams of 企业微信; each names its API at developer.work.weixin.qq.com."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from openplatform.declarations import ById, Details, Each, FullTable, Incremental
from openplatform.paging import Cursor
from openplatform.streams import PlatformStream
from openplatform.windows import TimeFilter
from typing_extensions import override

from tap_wecom.client import WeComStream

_DAY = timedelta(days=1)
# What is told late (punches, corrections, revocations, comments) is found by reading this again.
_WEEK = timedelta(days=7)
# February is a month, too.
_MONTH = timedelta(days=28)
_FINAL = frozenset({"2", "3", "4", "6", "7", "10"})
_MEMBERS = Each("users", "userid", "useridlist", batch=100, setting="users_from")


class Departments(WeComStream):
    """department/list: the tree that the app may see."""

    name = "departments"
    api = "department/list"
    records = "department[]"
    key = ("id",)
    by_id = ById("id")  # brings those below it as well
    ended_by = frozenset({"change_contact/delete_party"})
    reads = FullTable()


class DepartmentIds(WeComStream):
    """department/simplelist: the tree without names, for those whom department/list refuses."""

    name = "department_ids"
    api = "department/simplelist"
    records = "department_id[]"
    key = ("id",)
    reads = FullTable()
    selected_by_default = False


class Users(WeComStream):
    """user/list, for each department; many members belong to several."""

    name = "users"
    api = "user/list"
    records = "userlist[]"
    key = ("userid",)
    by_id = ById("userid", api="user/get")
    # An update may be the end of an id: the member has a new one.
    ended_by = frozenset({"change_contact/delete_user", "change_contact/update_user"})
    reads = FullTable(
        each=(Each("departments", "id", "department_id"),), distinct=True, confirm_absence=2
    )


class UsersSimple(WeComStream):
    """user/simplelist, for each department: names only, where user/list is refused."""

    name = "users_simple"
    api = "user/simplelist"
    records = "userlist[]"
    key = ("userid",)
    reads = FullTable(
        each=(Each("department_ids", "id", "department_id"),), distinct=True, confirm_absence=2
    )
    selected_by_default = False


class UserIds(WeComStream):
    """user/list_id: pairs of member and department; meant for the secret of 通讯录同步."""

    name = "user_ids"
    api = "user/list_id"
    records = "dept_user[]"
    key = ("userid", "department")
    reads = FullTable(
        paging=Cursor("cursor", "next_cursor", size="limit", limit=10_000), confirm_absence=2
    )
    selected_by_default = False


class UserDetails(WeComStream):
    """user/get, for each of user_ids: the same fields as users, by another way."""

    name = "user_details"
    api = "user/get"
    records = ""
    key = ("userid",)
    reads = Details(of="user_ids", field="userid", param="userid")
    selected_by_default = False

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """The answer itself is the record."""
        return {name: value for name, value in raw.items() if name not in {"errcode", "errmsg"}}


class CheckinData(WeComStream):
    """checkin/getcheckindata: punches, for 100 members at a time."""

    name = "checkin_data"
    api = "checkin/getcheckindata"
    records = "checkindata[]"
    key = ("userid", "checkin_time", "checkin_type", "groupid", "timeline_id")
    happened = "checkin_time"
    params: t.ClassVar = {"opencheckindatatype": 3}
    reads = Incremental(
        time=TimeFilter("starttime", "endtime", "s", maximum=timedelta(days=30)),
        each=(_MEMBERS,),
        lookback=_WEEK,
    )

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """Punches outside (外出打卡) follow no rule; they still need a whole key: they have no id."""
        return {**raw, "groupid": raw.get("groupid", ""), "timeline_id": raw.get("timeline_id", "")}


class CheckinDayData(WeComStream):
    """checkin/getcheckin_daydata: a member's day; only midnights in Beijing find anything."""

    name = "checkin_day_data"
    api = "checkin/getcheckin_daydata"
    records = "datas[]"
    key = ("acctid", "date")
    lift: t.ClassVar = {"acctid": "base_info.acctid", "date": "base_info.date"}
    happened = "date"
    reads = Incremental(
        # Thirty days, if the day that begins at the end counts.
        time=TimeFilter("starttime", "endtime", "s", maximum=timedelta(days=29), align=_DAY),
        each=(_MEMBERS,),
        lookback=_WEEK,
    )


class ApprovalIds(WeComStream):
    """oa/getapprovalinfo: numbers of the forms submitted in a window; later changes are not told."""

    name = "approval_ids"
    api = "oa/getapprovalinfo"
    records = "sp_no_list[]"
    key = ("sp_no",)
    value_as = "sp_no"
    reads = Incremental(
        time=TimeFilter("starttime", "endtime", "s", text=True, maximum=timedelta(days=31)),
        paging=Cursor("new_cursor", "new_next_cursor", first="", size="size"),
        lookback=_WEEK,
    )


class Approvals(WeComStream):
    """oa/getapprovaldetail, for each form, and again in each run until the form is decided."""

    name = "approvals"
    api = "oa/getapprovaldetail"
    records = "info"
    key = ("sp_no",)
    happened = "apply_time"
    reads = Details(of="approval_ids", field="sp_no", param="sp_no", final=("sp_status", _FINAL))


class JournalIds(WeComStream):
    """oa/journal/get_record_list: ids of the reports submitted in a window."""

    name = "journal_ids"
    api = "oa/journal/get_record_list"
    records = "journaluuid_list[]"
    key = ("journaluuid",)
    value_as = "journaluuid"
    reads = Incremental(
        time=TimeFilter("starttime", "endtime", "s", maximum=_MONTH),
        paging=Cursor("cursor", "next_cursor", first=0, size="limit", last_flag="endflag"),
        lookback=_WEEK,
    )


class Journals(WeComStream):
    """oa/journal/get_record_detail, for each report."""

    name = "journals"
    api = "oa/journal/get_record_detail"
    records = "info"
    key = ("journal_uuid",)
    happened = "report_time"
    reads = Details(of="journal_ids", field="journaluuid", param="journaluuid")


class FollowUsers(WeComStream):
    """externalcontact/get_follow_user_list: members who may serve customers."""

    name = "follow_users"
    api = "externalcontact/get_follow_user_list"
    records = "follow_user[]"
    key = ("userid",)
    value_as = "userid"
    reads = FullTable()


class ExternalContactIds(WeComStream):
    """externalcontact/list, for each of follow_users; external_contacts tells the same and more."""

    name = "external_contact_ids"
    api = "externalcontact/list"
    records = "external_userid[]"
    key = ("external_userid", "userid")
    value_as = "external_userid"
    reads = FullTable(
        each=(Each("follow_users", "userid", "userid", carry="userid"),), confirm_absence=2
    )
    selected_by_default = False


class ExternalContacts(WeComStream):
    """externalcontact/batch/get_by_user, for 100 of follow_users at a time."""

    name = "external_contacts"
    api = "externalcontact/batch/get_by_user"
    records = "external_contact_list[]"
    key = ("external_userid", "userid")
    lift: t.ClassVar = {
        "external_userid": "external_contact.external_userid",
        "userid": "follow_info.userid",
    }
    reads = FullTable(
        paging=Cursor("cursor", "next_cursor", first="", size="limit"),
        each=(Each("follow_users", "userid", "userid_list", batch=100),),
        confirm_absence=2,
    )


ALL: tuple[type[PlatformStream], ...] = (
    Departments,
    DepartmentIds,
    Users,
    UsersSimple,
    UserIds,
    UserDetails,
    CheckinData,
    CheckinDayData,
    ApprovalIds,
    Approvals,
    JournalIds,
    Journals,
    FollowUsers,
    ExternalContactIds,
    ExternalContacts,
)
