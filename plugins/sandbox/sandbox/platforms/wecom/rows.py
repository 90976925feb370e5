"""The rows of 企业微信: the directory, forms, reports and contacts. Times in epoch seconds."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from typing_extensions import override

from sandbox.clock import beijing
from sandbox.company import Departments, Staff, departments_of, name_of
from sandbox.dataset import Dataset, Entity, Record, Row
from sandbox.mixing import digest, mix

View = Callable[[Dataset, Row], Record]

PERSONAL: t.Final = (
    "avatar",
    "thumb_avatar",
    "gender",
    "mobile",
    "email",
    "biz_mail",
    "qr_code",
    "address",
)
"""Fields that apps made after June 2022 no longer get."""

_PENDING, _PASSED, _REFUSED, _REVOKED, _PASSED_REVOKED = 1, 2, 3, 4, 6
_COURSES = (
    (_PENDING, _PASSED, _PASSED_REVOKED),
    (_PENDING, _REFUSED),
    (_PENDING, _PENDING, _PASSED),
    (_PASSED, _PASSED_REVOKED),
    (_PASSED,),
    (_REVOKED,),
)
FINAL_STATES: t.Final = (_PASSED, _REFUSED, _REVOKED, _PASSED_REVOKED)


class WecomDepartment(Departments):
    """A tree with the root 1."""

    def parent(self, data: Dataset, row: Row) -> int:
        """Return the id of the nearest living ancestor; 0 above the root."""
        above = self.above(data, row)
        return self.number(data, above) if above else 0

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        number = self.number(data, row)
        return {
            "id": number,
            "name": f"部门{number} v{row.version}",
            "name_en": f"D{number}",
            "department_leader": [],
            "parentid": self.parent(data, row),
            "order": 4_294_967_295 - number,
        }


class WecomUser(Staff):
    """A member of one or two departments."""

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"users_simple": self.simple, "user_details": self.render}

    def departments(self, data: Dataset, row: Row) -> list[int]:
        """Return the living departments of a user; the root when none is left."""
        return [row.serial + WecomDepartment.first for row in departments_of(data, row)]

    def simple(self, data: Dataset, row: Row) -> Record:
        """Return the form of `user/simplelist`."""
        return {
            "userid": self.key(data, row),
            "name": name_of(mix(data.seed, row.serial, 72)),
            "department": self.departments(data, row),
            "open_userid": f"sandbox{digest(data.seed, row.serial)[:20]}",
        }

    def full(self, data: Dataset, row: Row) -> Record:
        """Return all fields, as an app of before June 2022 sees them."""
        key, departments = self.key(data, row), self.departments(data, row)
        link = f"https://img.example.com/{key}"
        return self.simple(data, row) | {
            "order": [0] * len(departments),
            "position": f"工程师 v{row.version}",
            "mobile": "138******00",
            "gender": str(1 + row.serial % 2),
            "email": "masked@example.com",
            "biz_mail": "masked@example.com",
            "is_leader_in_dept": [0] * len(departments),
            "direct_leader": [],
            "avatar": f"{link}/0",
            "thumb_avatar": f"{link}/100",
            "telephone": "020-123456",
            "alias": key.lower(),
            "address": "演示路 3 号",
            "main_department": departments[0],
            "extattr": {"attrs": [{"type": 0, "name": "工号", "text": {"value": str(row.serial)}}]},
            "status": 1 if row.serial % 9 else 4,
            "qr_code": f"{link}/qr",
            "external_position": "",
            "external_profile": {"external_corp_name": "演示企业", "external_attr": []},
        }

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        return {name: value for name, value in self.full(data, row).items() if name not in PERSONAL}


class WecomApproval(Entity):
    """A form; found by submit time only, while its status moves on later."""

    name = "approvals"
    per_order = 0.3
    dated = False

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"approval_ids": lambda data, row: {"sp_no": self.key(data, row)}}

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return f"{beijing(row.created)[:10].replace('-', '')}{row.serial:06d}"

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        return int(key[8:]) if len(key) > 8 and key.isdigit() else None

    def status(self, data: Dataset, row: Row) -> int:
        """Return `sp_status`: each version is one step of the form's course."""
        course = _COURSES[mix(data.seed, row.serial, 81) % len(_COURSES)]
        return course[min(row.version, len(course)) - 1]

    def template(self, row: Row) -> str:
        """Return the id of a form's template."""
        return f"sandboxTemplate{row.serial % 3}"

    def applicant(self, data: Dataset, row: Row) -> str:
        """Return the user who sent a form."""
        users = data.peer("users")
        return users.key(users.generated(mix(data.seed, row.serial, 82) % users.size))

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        status, applicant = self.status(data, row), self.applicant(data, row)
        dice = mix(data.seed, row.serial, 83)
        decided: int | str = row.updated // 1000 if status != _PENDING else ""
        title = [{"text": "金额", "lang": "zh_CN"}]
        return {
            "sp_no": self.key(data, row),
            "sp_name": ("请假", "报销", "采购")[row.serial % 3],
            "sp_status": status,
            "template_id": self.template(row),
            "apply_time": row.created // 1000,
            "applyer": {"userid": applicant, "partyid": "1"},
            "sp_record": [
                {
                    "sp_status": status,
                    "approverattr": 1,
                    "details": [
                        {
                            "approver": {"userid": "Staff00000"},
                            "speech": f"v{row.version}",
                            "sp_status": status,
                            "sptime": decided,
                            "media_id": [],
                        }
                    ],
                }
            ],
            "notifyer": [{"userid": "Staff00001"}],
            "apply_data": {
                "contents": [
                    {
                        "control": "Money",
                        "id": "Money-15111111111",
                        "title": title,
                        "value": {"new_money": f"{dice % 9000}.{dice % 100:02d}"},
                    },
                    {
                        "control": "Text",
                        "id": "Text-15111111111",
                        "title": [{"text": "事由", "lang": "zh_CN"}],
                        "value": {"text": f"演示 v{row.version}"},
                    },
                ]
            },
            "comments": [
                {
                    "commentUserInfo": {"userid": applicant},
                    "commenttime": row.updated // 1000,
                    "commentcontent": f"v{version}",
                    "commentid": str(6_741_314_136_717_000_000 + row.serial * 100 + version),
                    "media_id": [],
                }
                for version in range(2, row.version + 1)
            ],
        }


class WecomJournal(Entity):
    """A report; never changes once it is sent."""

    name = "journals"
    per_order = 0.2
    frozen = True
    dated = False

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"journal_ids": lambda data, row: {"journaluuid": self.key(data, row)}}

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return f"41eJejN57EJNzr8H{digest(data.seed, row.serial)[:24]}{row.serial:08d}"

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        return int(key[-8:]) if len(key) == 48 and key[-8:].isdigit() else None

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        users = data.peer("users")
        sender = users.key(users.generated(row.serial % users.size))
        return {
            "journal_uuid": self.key(data, row),
            "template_name": "今日工作汇报",
            "report_time": row.created // 1000,
            "submitter": {"userid": sender},
            "receivers": [{"userid": "Staff00000"}],
            "readed_receivers": [{"userid": "Staff00000"}],
            "apply_data": {
                "contents": [
                    {
                        "control": "Text",
                        "id": "Text-1606365477123",
                        "title": [{"text": "工作内容", "lang": "zh_CN"}],
                        "value": {"text": f"演示 v{row.version}"},
                    }
                ]
            },
            "comments": [
                {
                    "commentid": 6_899_287_783_354_824_502 + row.serial,
                    "tocommentid": 0,
                    "comment_userinfo": {"userid": "Staff00000"},
                    "content": "加油",
                    "comment_time": row.created // 1000 + 60,
                }
            ],
        }


class WecomContact(Entity):
    """A customer as one member follows them; some customers are followed by two members."""

    name = "external_contacts"
    per_order = 0.3
    vanishes = True
    dated = False

    def _pair(self, data: Dataset, row: Row) -> tuple[int, int]:
        pool = max(2, data.peer("users").size // 3)
        if row.serial % 5 == 4:
            first = mix(data.seed, row.serial - 1, 91) % pool
            return row.serial - 1, (first + 1) % pool
        return row.serial, mix(data.seed, row.serial, 91) % pool

    def external(self, data: Dataset, row: Row) -> str:
        """Return the customer's id."""
        return f"wmSANDBOX{data.number:02d}{self._pair(data, row)[0]:010d}"

    def follower(self, data: Dataset, row: Row) -> str:
        """Return the member who follows."""
        users = data.peer("users")
        return users.key(users.generated(self._pair(data, row)[1]))

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return f"{self.external(data, row)}:{self.follower(data, row)}"

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        digits = key.partition(":")[0][-10:]
        if not digits.isdigit():
            return None
        serial = int(digits)
        for candidate in (serial, serial + 1):
            if self.key(data, Row(candidate, 1, 0, 0)) == key:
                return candidate
        return None

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        dice = mix(data.seed, row.serial, 92)
        company = {"position": "Manager", "corp_name": "演示公司", "corp_full_name": "演示有限公司"}
        kind = 1 + self._pair(data, row)[0] % 2
        return {
            "external_contact": {
                "external_userid": self.external(data, row),
                "name": name_of(mix(data.seed, self._pair(data, row)[0], 93)),
                "avatar": "https://img.example.com/contact/0",
                "type": kind,
                "gender": dice % 3,
                **(company if kind == 2 else {}),
            },
            "follow_info": {
                "userid": self.follower(data, row),
                "remark": f"客户 v{row.version}",
                "description": "",
                "createtime": row.created // 1000,
                "tag_id": [f"etSANDBOX{dice % 9:022d}"],
                "remark_mobiles": [],
                "oper_userid": self.follower(data, row),
                "add_way": dice % 12,
                "state": "",
            },
        }


ROWS = (WecomDepartment, WecomUser, WecomApproval, WecomJournal, WecomContact)
