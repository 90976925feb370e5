"""The calls of 企业微信: method, parameters and answer of each, by path."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from typing_extensions import override

from sandbox import arguments
from sandbox.company import DAY, day_of
from sandbox.dataset import Dataset, Row
from sandbox.http import Call, Rejected
from sandbox.mixing import mix
from sandbox.platforms.wecom import checkin
from sandbox.platforms.wecom.rows import WecomApproval, WecomContact, WecomUser

if t.TYPE_CHECKING:
    from sandbox.platform import Platform

Body = dict[str, t.Any]
Handler = Callable[["Platform", Call, "Arguments", str], Body]

CONTACTS_ONLY: t.Final = frozenset({"user/list_id"})
"""Calls that only the directory's own secret may make."""

_BAD_PARAMETER = 40058
_CHECKIN_USERS, _CHECKIN_SPAN, _APPROVAL = 301023, 301024, 301025
_NO_USER, _NO_DEPARTMENT, _TOO_BIG, _NO_CONTACT = 60111, 60123, 45029, 84061


class Arguments(arguments.Arguments):
    """The parameters of one call."""

    digits = True
    code = _BAD_PARAMETER

    def refused_with(self, code: int) -> Arguments:
        """Return the same parameters, refused with another code."""
        same = Arguments(self._values)
        same.code = code
        return same

    @override
    def refusal(self, name: str, wanted: str) -> Rejected:
        return Rejected(self.code, f"field `{name}` must be {wanted}. invalid Request Parameter")

    def cursor(self, name: str, prefix: str) -> tuple[int, int]:
        """Return the two numbers in one of our cursors; (-1, -1) for an empty one."""
        value = str(self._values.get(name) or "")
        if not value:
            return (-1, -1)
        first, _, second = value.removeprefix(prefix).partition(".")
        if not (value.startswith(prefix) and first.isdigit() and second.isdigit()):
            raise Rejected(_BAD_PARAMETER, f"field `{name}` is invalid. invalid Request Parameter")
        return int(first), int(second)


# -- directory -----------------------------------------------------------------------------------


def by_department(platform: Platform, account: str) -> dict[int, list[Row]]:
    """Return the living members of each department."""
    users = platform.dataset(account, "users")
    kind = t.cast("WecomUser", users.entity)

    def collect() -> dict[int, list[Row]]:
        members: dict[int, list[Row]] = {}
        for row in users.rows():
            for number in kind.departments(users, row):
                members.setdefault(number, []).append(row)
        return members

    sources = [users, platform.dataset(account, "departments")]
    return platform.remembered("members", sources, collect)


def _departments(platform: Platform, call: Call, arguments: Arguments) -> list[Body]:
    data = platform.dataset(call.account, "departments", call)
    rows = sorted(data.rows(), key=lambda row: row.serial)
    records = [data.render(row) for row in rows]
    if arguments.get("id") is not None:
        root = arguments.number("id")
        inside = {root} & {record["id"] for record in records}
        if not inside:
            raise Rejected(_NO_DEPARTMENT, "invalid party id")
        for record in records:  # parents come before their children
            if record["parentid"] in inside:
                inside.add(record["id"])
        records = [record for record in records if record["id"] in inside]
    return [] if call.blank else records


def departments(platform: Platform, call: Call, arguments: Arguments, _app: str) -> Body:
    """Answer the tree, or a subtree."""
    return {"department": _departments(platform, call, arguments)}


def department_ids(platform: Platform, call: Call, arguments: Arguments, _app: str) -> Body:
    """Answer the tree without names."""
    names = ("id", "parentid", "order")
    records = _departments(platform, call, arguments)
    return {"department_id": [{name: record[name] for name in names} for record in records]}


def _members(platform: Platform, call: Call, arguments: Arguments) -> tuple[Dataset, list[Row]]:
    users = platform.dataset(call.account, "users", call)
    tree = platform.dataset(call.account, "departments")
    number = arguments.number("department_id")
    if tree.find(str(number)) is None:
        raise Rejected(_NO_DEPARTMENT, "invalid party id")
    rows = by_department(platform, call.account).get(number, [])
    if str(arguments.get("fetch_child")) == "1":
        rows = list(users.rows())
    if len(rows) > platform.world.limits.number("wecom.reply_rows", 5000):
        raise Rejected(_TOO_BIG, "response out of limit")
    return users, [] if call.blank else rows


def users(platform: Platform, call: Call, arguments: Arguments, app: str) -> Body:
    """Answer a department's members; apps of after June 2022 see fewer fields."""
    data, rows = _members(platform, call, arguments)
    kind = t.cast("WecomUser", data.entity)
    show = kind.full if app == "old" else kind.render
    return {"userlist": [show(data, row) for row in rows]}


def users_simple(platform: Platform, call: Call, arguments: Arguments, _app: str) -> Body:
    """Answer a department's members by name."""
    data, rows = _members(platform, call, arguments)
    kind = t.cast("WecomUser", data.entity)
    return {"userlist": [kind.simple(data, row) for row in rows]}


def _user(platform: Platform, call: Call, userid: str) -> Row:
    users_ = platform.dataset(call.account, "users")
    row = users_.find(userid.capitalize())  # ids are case-insensitive
    if row is None:
        raise Rejected(_NO_USER, "userid not found")
    return row


def user_detail(platform: Platform, call: Call, arguments: Arguments, app: str) -> Body:
    """Answer one member at the top level of the envelope."""
    data = platform.dataset(call.account, "users", call)
    row = _user(platform, call, arguments.text("userid"))
    kind = t.cast("WecomUser", data.entity)
    return kind.full(data, row) if app == "old" else kind.render(data, row)


def user_ids(platform: Platform, call: Call, arguments: Arguments, _app: str) -> Body:
    """Answer (member, department) pairs by cursor."""
    data = platform.dataset(call.account, "users", call)
    kind = t.cast("WecomUser", data.entity)
    limit = arguments.number("limit", 10_000)
    if not 1 <= limit <= 10_000:
        raise Rejected(_BAD_PARAMETER, "limit must be 1 to 10000")
    first = arguments.cursor("cursor", "u")
    pairs = [
        (row.serial, number, data.key(row))
        for row in sorted(data.rows(), key=lambda row: row.serial)
        for number in kind.departments(data, row)
        if (row.serial, number) > first
    ]
    page = [] if call.blank else pairs[:limit]
    listed = [{"userid": userid, "department": number} for _, number, userid in page]
    more = len(pairs) > limit and page
    return {
        "dept_user": listed,
        **({"next_cursor": f"u{page[-1][0]}.{page[-1][1]}"} if more else {}),
    }


# -- attendance ----------------------------------------------------------------------------------


def _punching(arguments: Arguments) -> list[str]:
    try:
        return arguments.ids("useridlist", 100)
    except Rejected:
        raise Rejected(_CHECKIN_USERS, "userlist is over threshold", checkindata=[]) from None


def _span(arguments: Arguments) -> tuple[int, int]:
    arguments = arguments.refused_with(_CHECKIN_SPAN)
    start, end = arguments.number("starttime"), arguments.number("endtime")
    if not 0 < start < end or end - start > 30 * DAY:
        raise Rejected(_CHECKIN_SPAN, "checkin time interval is invalid")
    return start, end


def checkin_data(platform: Platform, call: Call, arguments: Arguments, _app: str) -> Body:
    """Answer the punches of up to 100 members within 30 days."""
    data = platform.dataset(call.account, "users")
    kind = arguments.number("opencheckindatatype")
    if kind not in {1, 2, 3}:
        raise Rejected(_BAD_PARAMETER, "opencheckindatatype must be 1, 2 or 3")
    members = _punching(arguments)
    start, end = _span(arguments)
    found: list[Body] = []
    for userid in members:
        user = _user(platform, call, userid)
        found += checkin.punches(data, user, start, end, call.now)
    return {"checkindata": [] if call.blank or kind == 2 else found}


def checkin_day_data(platform: Platform, call: Call, arguments: Arguments, _app: str) -> Body:
    """Answer daily sums; moments that are no midnight find nothing."""
    data = platform.dataset(call.account, "users")
    members = _punching(arguments)
    start, end = arguments.number("starttime"), arguments.number("endtime")
    if start > end or start <= 0 or end - start > 30 * DAY:
        raise Rejected(_CHECKIN_SPAN, "checkin time interval is invalid")
    found: list[Body] = []
    if day_of(start) == start and day_of(end) == end:
        for userid in members:
            user = _user(platform, call, userid)
            days = range(start, end + 1, DAY)
            found += [r for day in days if (r := checkin.day_data(data, user, day, call.now))]
    return {"datas": [] if call.blank else found}


# -- forms ---------------------------------------------------------------------------------------


def approval_ids(platform: Platform, call: Call, arguments: Arguments, _app: str) -> Body:
    """Answer form numbers by submit time; a page may be short although more remain."""
    data = platform.dataset(call.account, "approvals", call)
    start, end = _approval_span(arguments)
    size = arguments.refused_with(_APPROVAL).number("size")
    if not isinstance(arguments.get("new_cursor"), str) or not 1 <= size <= 100:
        raise Rejected(_APPROVAL, "get approval param error:invalid new_cursor or size")
    moment, serial = max((start * 1000, -1), arguments.cursor("new_cursor", "n"))
    filters = arguments.get("filters") or []
    rows = data.after(moment, serial, end * 1000 + 1000, len(data), "created")
    rows = [row for row in rows if _matches(data, row, filters)]
    reach = max(1, size - mix(serial + 1) % 3)
    page = [] if call.blank else rows[:reach]
    answer: Body = {"sp_no_list": [data.key(row) for row in page]}
    if len(rows) > len(page) and page:
        answer["new_next_cursor"] = f"n{page[-1].created}.{page[-1].serial}"
    return answer


def _approval_span(arguments: Arguments) -> tuple[int, int]:
    texts = (arguments.get("starttime"), arguments.get("endtime"))
    if not all(isinstance(text, str) and text.isdigit() for text in texts):
        raise Rejected(_APPROVAL, "get approval param error:invalid starttime or endtime")
    start, end = int(str(texts[0])), int(str(texts[1]))
    if not start < end < 1 << 36 or end - start > 31 * DAY:
        raise Rejected(_APPROVAL, "get approval param error:invalid starttime or endtime")
    return start, end


def _matches(data: Dataset, row: Row, filters: list[Body]) -> bool:
    kind = t.cast("WecomApproval", data.entity)
    wanted: dict[str, set[str]] = {}
    for one in filters:
        wanted.setdefault(str(one.get("key")), set()).add(str(one.get("value")))
    if not wanted:
        return True
    have = {
        "template_id": kind.template(row),
        "creator": kind.applicant(data, row),
        "sp_status": str(kind.status(data, row)),
        "department": "1",
    }
    if not set(wanted) <= set(have):
        raise Rejected(_APPROVAL, "get approval param error:invalid filters")
    return all(have[key] in values for key, values in wanted.items())


def approval(platform: Platform, call: Call, arguments: Arguments, _app: str) -> Body:
    """Answer one form."""
    data = platform.dataset(call.account, "approvals", call)
    row = data.find(arguments.text("sp_no"))
    if row is None:
        raise Rejected(_APPROVAL, "get approval param error:invalid sp_no")
    return {"info": data.render(row)}


# -- reports -------------------------------------------------------------------------------------


def journal_ids(platform: Platform, call: Call, arguments: Arguments, _app: str) -> Body:
    """Answer report ids by submit time, ascending."""
    data = platform.dataset(call.account, "journals", call)
    start, end = arguments.number("starttime"), arguments.number("endtime")
    limit, cursor = arguments.number("limit"), arguments.number("cursor")
    if not start < end or end - start > 31 * DAY or not 1 <= limit <= 100:
        raise Rejected(_BAD_PARAMETER, "starttime, endtime or limit. invalid Request Parameter")
    moment, serial = start * 1000, -1
    last = data.row(cursor - 1) if cursor else None
    if last is not None:
        moment, serial = last.created, last.serial
    rows = data.after(moment, serial, end * 1000 + 1000, limit + 1, "created")
    rows = [] if call.blank else rows
    page = rows[:limit]
    return {
        "journaluuid_list": [data.key(row) for row in page],
        "next_cursor": page[-1].serial + 1 if page else cursor,
        "endflag": int(len(rows) <= limit),
    }


def journal(platform: Platform, call: Call, arguments: Arguments, _app: str) -> Body:
    """Answer one report."""
    data = platform.dataset(call.account, "journals", call)
    row = data.find(arguments.text("journaluuid"))
    if row is None:
        raise Rejected(_BAD_PARAMETER, "invalid journaluuid")
    return {"info": data.render(row)}


# -- external contacts ---------------------------------------------------------------------------


def followed(platform: Platform, account: str) -> dict[str, list[Row]]:
    """Return the contacts of each living member who has any, by member."""
    contacts = platform.dataset(account, "external_contacts")
    members = platform.dataset(account, "users")
    kind = t.cast("WecomContact", contacts.entity)

    def collect() -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for row in sorted(contacts.rows(), key=lambda row: row.serial):
            userid = kind.follower(contacts, row)
            if members.find(userid) is not None:
                found.setdefault(userid, []).append(row)
        return found

    return platform.remembered("followed", [contacts, members], collect)


def follow_users(platform: Platform, call: Call, _arguments: Arguments, _app: str) -> Body:
    """Answer the members who have contacts."""
    platform.dataset(call.account, "external_contacts", call)
    return {"follow_user": [] if call.blank else sorted(followed(platform, call.account))}


def external_contact_ids(platform: Platform, call: Call, arguments: Arguments, _app: str) -> Body:
    """Answer the contacts of one member; a member without any is an error."""
    data = platform.dataset(call.account, "external_contacts", call)
    kind = t.cast("WecomContact", data.entity)
    user = platform.dataset(call.account, "users").key(
        _user(platform, call, arguments.text("userid"))
    )
    rows = followed(platform, call.account).get(user, [])
    if not rows:
        raise Rejected(_NO_CONTACT, "not external contact")
    return {"external_userid": [] if call.blank else [kind.external(data, row) for row in rows]}


def external_contacts(platform: Platform, call: Call, arguments: Arguments, _app: str) -> Body:
    """Answer the contacts of up to 100 members, by cursor."""
    data = platform.dataset(call.account, "external_contacts", call)
    members = arguments.ids("userid_list", 100)
    limit = min(100, arguments.number("limit", 50))
    for userid in members:
        _user(platform, call, userid)
    first = arguments.cursor("cursor", "e")
    contacts = followed(platform, call.account)
    rows = [
        (place, row)
        for place, userid in enumerate(members)
        for row in contacts.get(userid.capitalize(), [])
        if (place, row.serial) > first
    ]
    page = [] if call.blank else rows[:limit]
    more = len(rows) > limit and page
    following = f"e{page[-1][0]}.{page[-1][1].serial}" if more else ""
    return {
        "external_contact_list": [data.render(row) for _, row in page],
        "next_cursor": following,
    }


CALLS: dict[str, tuple[str, Handler]] = {
    "department/simplelist": ("GET", department_ids),
    "department/list": ("GET", departments),
    "user/list_id": ("POST", user_ids),
    "user/list": ("GET", users),
    "user/simplelist": ("GET", users_simple),
    "user/get": ("GET", user_detail),
    "checkin/getcheckindata": ("POST", checkin_data),
    "checkin/getcheckin_daydata": ("POST", checkin_day_data),
    "oa/getapprovalinfo": ("POST", approval_ids),
    "oa/getapprovaldetail": ("POST", approval),
    "oa/journal/get_record_list": ("POST", journal_ids),
    "oa/journal/get_record_detail": ("POST", journal),
    "externalcontact/get_follow_user_list": ("GET", follow_users),
    "externalcontact/list": ("GET", external_contact_ids),
    "externalcontact/batch/get_by_user": ("POST", external_contacts),
}
"""Every call that the simulated platform knows."""
