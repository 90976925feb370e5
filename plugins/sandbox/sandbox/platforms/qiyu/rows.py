"""The rows of 七鱼: sessions with their messages, tickets, staff and their groups."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import orjson
from typing_extensions import override

from sandbox.company import name_of
from sandbox.dataset import Dataset, Entity, Numbered, Record, Row
from sandbox.mixing import mix

DAY_MS: t.Final = 86_400_000
STAFF: t.Final = 5
GROUPS: t.Final = 3
FILTER: t.Final = "178669:5"
"""The filter that the settings of the demo name: tickets that wait for someone to take them."""

REPORTS: t.Final = (
    "overview_stats",
    "workload_stats",
    "quality_stats",
    "satisfaction_stats",
    "attendance_stats",
)
_STATES = (1, 5, 10, 20, 50, 20)
_MESSAGES = 3


def staff_of(dice: int) -> int:
    """Return the id of a member of staff."""
    return 178_669 + dice % STAFF


class Session(Numbered):
    """A session: the export finds it by its end; nothing of it changes."""

    name = "sessions"
    frozen = True
    dated = False
    precision_ms = 1
    first = 15_000_000
    spread = 1_000_000

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        dice = mix(data.seed, row.serial, 5)
        began = row.created - 60_000 - dice % 600_000
        robot = dice % 4 == 0
        return {
            "id": self.number(data, row),
            "startTime": began,
            "endTime": row.created,
            "sType": dice % 3,
            "category": "售前/咨询",
            "evaluation": "满意" if dice % 2 else "",
            "evaluationType": dice % 5,
            "evaluationRemark": "",
            "relatedType": 1 if robot else 0,
            "relatedId": 0,
            "interaction": 1 if robot else 0,
            "closeReason": "客服关闭",
            "fromGroup": "售前组",
            "fromStaff": name_of(dice >> 3),
            "inQueueTime": 0 if robot else began - 5_000,
            "queueTime": dice % 5_000,
            "visitRange": dice % 100_000,
            "vipLevel": dice % 6,
            "staffId": -1 if robot else staff_of(dice),
            "staffName": name_of(staff_of(dice)),
            "userId": f"v{dice % 10**9}",
            "foreignId": f"user-{dice % 1000}",
            "fromIp": f"10.0.{dice % 200}.{dice % 250}",
            "fromPage": "https://shop.example/item/1",
            "fromTitle": "商品",
            "fromType": "WEB",
            "mobile": f"138****{dice % 10_000:04d}",
        }

    def messages(self, data: Dataset, row: Row) -> list[Record]:
        """Return the messages of a session; two of them in one millisecond."""
        session = self.render(data, row)
        return [
            {
                "sessionId": session["id"],
                "from": number % 2,
                "staffId": session["staffId"],
                "time": session["startTime"] + number // 2,
                "mType": 1,
                "msg": f"你好 {number}",
            }
            for number in range(_MESSAGES)
        ]


class Ticket(Numbered):
    """A ticket: found by its last operation, of which it does not tell the time."""

    name = "tickets"
    dated = False
    precision_ms = 1
    first = 4_200_000
    spread = 100_000

    @property
    @override
    def views(self) -> Mapping[str, t.Callable[[Dataset, Row], Record]]:
        return {"ticket_details": self.detail}

    def status(self, data: Dataset, row: Row) -> int:
        """Return the state of a ticket: it moves with each version."""
        return _STATES[(mix(data.seed, row.serial, 7) + row.version - 1) % len(_STATES)]

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        dice = mix(data.seed, row.serial, 9)
        return {
            "id": self.number(data, row),
            "staffId": staff_of(dice),
            "templateId": 127_237,
            "userName": name_of(dice >> 4),
            "userEmail": "",
            "userMobile": f"186****{dice % 10_000:04d}",
            "typeId": 11,
            "priority": 1 + dice % 2 * 4,
            "groupId": 1_718_465 + dice % GROUPS,
            "holderId": staff_of(dice >> 7),
            "title": f"退货 v{row.version}",
            "content": "包装破了",
            "status": self.status(data, row),
            "properties": "{}",
            "createTime": row.created,
            "custom": [{"id": 111, "name": "商品", "value": self._level(dice)}],
        }

    def _level(self, dice: int) -> t.Any:
        return "茶杯" if dice % 3 else {"path": "家居/茶杯", "idpath": [1, 2], "id": 2}

    def detail(self, data: Dataset, row: Row) -> Record:
        """Return a ticket as the detail call shows it."""
        shown = self.render(data, row)
        for field in shown["custom"]:
            field["fieldId"] = 45_756
        more = {
            "holderCorp": 0,
            "isCrossCorp": 0,
            "questionType": {"id": 11, "name": "退货", "parent": 1, "path": "售后/退货"},
            "templateName": "售后工单",
            "crmId": f"crm{row.serial}",
            "crmForeignId": "",
            "crmUserName": shown["userName"],
            "crmUserPhone": shown["userMobile"],
            "crmUserEmail": "",
            "userId": 0,
            "relationCorp": 0,
            "relationWorksheet": 0,
            "attachments": [
                {"name": "图.png", "size": 9847, "type": 0, "url": "https://file.example/1"}
            ],
            "follower": {str(staff_of(row.serial)): name_of(row.serial)},
        }
        return shown | more

    def log(self, data: Dataset, row: Row) -> list[Record]:
        """Return the entries of a ticket's log, whose names are ours."""
        return [{"op": f"v{n}", "at": row.created + n} for n in range(1, row.version + 1)]


class Staff(Numbered):
    """A member of staff; who is deleted stays, with another state."""

    name = "staffs"
    dated = False
    first = 178_669

    @override
    def size(self, orders: int) -> int:
        return STAFF

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        name = name_of(mix(data.seed, row.serial))
        return {
            "id": self.number(data, row),
            "username": f"staff{row.serial}",
            "realname": name,
            "nickname": f"客服{row.serial} v{row.version}",
            "role": row.serial % 3,
            "phone": f"1390000{row.serial:04d}",
            "email": f"staff{row.serial}@corp.example",
            "status": 1 if row.version % 2 else 3,
            "createtime": row.created,
            "maxServiceCount": 8,
        }


class StaffGroup(Numbered):
    """A group of staff."""

    name = "staff_groups"
    dated = False
    vanishes = True
    first = 1_718_465

    @override
    def size(self, orders: int) -> int:
        return GROUPS

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        members = [staff["id"] for staff in self.members(data, row)]
        return {
            "id": self.number(data, row),
            "name": f"第{row.serial}组 v{row.version}",
            "staffIdList": members,
        }

    def members(self, data: Dataset, row: Row) -> list[Record]:
        """Return the staff of a group."""
        staff = data.peer("staffs")
        return [
            staff.render(one) for one in staff.rows() if one.serial % GROUPS == row.serial % GROUPS
        ]


ROWS: t.Final[tuple[type[Entity], ...]] = (Session, Ticket, Staff, StaffGroup)


def lines(records: list[Record]) -> bytes:
    """Return records as lines; the last line is none."""
    text = [orjson.dumps(record) for record in records]
    return b"\n".join([*text, f"共{len(records)}条".encode()]) + b"\n"


def report(account: str, kind: str, day: int) -> list[Record]:
    """Return the rows of a report for the day that begins at this millisecond."""
    if kind == "overview_stats":
        counts: tuple[str, ...] = (
            "sessions",
            "effectSessions",
            "messages",
            "queueCount",
            "maxQueueTime",
        )
        counts += ("loginStaffCount", "visit", "totalConsultCount")
        ratios = ("assignedRatio", "answerRatio", "satisfactionRatio", "evaRatio", "oneOffRatio")
        times = ("avgFirstRespTime", "avgRespTime", "avgTime")
        return [_figures(mix(day, len(account), 1), counts, ratios, times)]
    found = []
    for staff in range(178_669, 178_669 + STAFF):
        dice = mix(day, staff, int(account[-2:]))
        row = {"id": staff, "name": name_of(staff)}
        if kind == "attendance_stats":
            row = {"id": staff, "firstLoginTs": day + 3_600_000, "firstOnlineTs": day + 3_700_000}
            row |= {"lastLogoutTs": 0 if dice % 3 else day + 30_000_000}
            names = ("loginDuration", "onlineDuration", "pcOnlineDuration", "mobileOnlineDuration")
            found.append(row | _figures(dice, names, (), ()))
            continue
        if kind == "workload_stats":
            row["account"] = f"staff{staff}"
        if kind == "quality_stats":
            row["evaluationDetail"] = "满意:3"
        found.append(row | _figures(dice, *_STAFF_FIGURES[kind]))
    return found


_STAFF_FIGURES: t.Final[dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]]] = {
    "workload_stats": (
        (
            "totalSessionCount",
            "sessionsCount",
            "initiativeSessionsCount",
            "redirectSessionsCount",
            "validSessionCount",
            "uselessSessionsCount",
            "noReplySessionsCount",
            "messageDealCount",
        ),
        ("noReplyRatio",),
        (),
    ),
    "quality_stats": (
        (),
        ("replyRatio", "evaRatio", "satisfactionRatio", "answerReplyRatio", "oneOffRatio"),
        ("avgFirstRespTime", "avgRespTime", "avgTime"),
    ),
    "satisfaction_stats": (
        (
            "inviteCount",
            "evaCount",
            "verySatisfiedCount",
            "satisfiedCount",
            "normalSatisfiedCount",
            "notSatisfiedCount",
            "veryNotSatisfiedCount",
        ),
        ("staffInviteRatio", "satisfactionRatio", "validSatisfactionRatio"),
        (),
    ),
}


def _figures(
    dice: int, counts: tuple[str, ...], ratios: tuple[str, ...], times: tuple[str, ...]
) -> Record:
    found: Record = {name: mix(dice, n) % 500 for n, name in enumerate(counts)}
    found |= {
        name: -1 if mix(dice, n) % 5 == 0 else round(mix(dice, n) % 1000 / 1000, 3)
        for n, name in enumerate(ratios)
    }
    return found | {name: mix(dice, n) % 90_000 for n, name in enumerate(times)}
