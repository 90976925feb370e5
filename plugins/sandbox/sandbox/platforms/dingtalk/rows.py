"""The rows of 钉钉: departments, members, leavers and forms. Times in epoch milliseconds."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from typing_extensions import override

from sandbox.clock import beijing
from sandbox.company import Departments, Staff, departments_of, name_of
from sandbox.dataset import Dataset, Entity, Record, Row
from sandbox.mixing import digest, mix

View = Callable[[Dataset, Row], Record]

CODES: t.Final = ("PROC-SANDBOX-LEAVE", "PROC-SANDBOX-EXPENSE")
"""The approval templates of every company."""

_RUNNING, _COMPLETED, _TERMINATED = "RUNNING", "COMPLETED", "TERMINATED"
_COURSES = (
    (_RUNNING, _COMPLETED),
    (_RUNNING, _RUNNING, _COMPLETED),
    (_RUNNING, _TERMINATED),
    (_COMPLETED,),
    (_TERMINATED,),
)


class Department(Departments):
    """A department; the root's id is 1."""

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        number = self.number(data, row)
        above = self.above(data, row)
        return {
            "dept_id": number,
            "name": f"部门{number} v{row.version}",
            **({"parent_id": self.number(data, above)} if above else {}),
            "create_dept_group": number % 2 == 0,
            "auto_add_user": True,
            "source_identifier": f"hr-{number}",
            "ext": "{}",
        }

    def full(self, data: Dataset, row: Row) -> Record:
        """Return what the call for a single department adds."""
        return self.render(data, row) | {
            "order": row.serial,
            "dept_group_chat_id": f"chat{row.serial}",
            "group_contain_sub_dept": False,
            "org_dept_owner": "",
            "dept_manager_userid_list": [],
            "outer_dept": False,
        }


class User(Staff):
    """A member of one or two departments."""

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {
            "user_details": self.detail,
            "hrm_on_job_ids": lambda data, row: {"userid": self.key(data, row)},
            "hrm_rosters": self.roster,
        }

    def _common(self, data: Dataset, row: Row) -> Record:
        key, dice = self.key(data, row), mix(data.seed, row.serial, 72)
        departments = [found.serial + Department.first for found in departments_of(data, row)]
        return {
            "userid": key,
            "unionid": f"sandbox{digest(data.seed, row.serial)[:20]}",
            "name": name_of(dice),
            "avatar": f"https://img.example.com/{key}",
            "state_code": "86",
            "manager_userid": "Staff00000",
            "mobile": "138******00",
            "hide_mobile": False,
            "telephone": "020-123456",
            "job_number": str(1000 + row.serial),
            "title": f"工程师 v{row.version}",
            "email": "masked@example.com",
            "org_email": "masked@example.com",
            "work_place": "演示路 3 号",
            "remark": "",
            "dept_id_list": departments,
            "extension": f'{{"工位":"{row.serial}"}}',
            "hired_date": row.created,
            "active": True,
            "admin": row.serial == 0,
            "boss": row.serial == 0,
            "exclusive_account": False,
        }

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        order = 176_000_000_000_000_000 + row.serial
        return self._common(data, row) | {"dept_order": order, "leader": row.serial % 7 == 0}

    def detail(self, data: Dataset, row: Row) -> Record:
        """Return what the call for a single member shows: no rank or leadership of one list."""
        common = self._common(data, row)
        order, departments = 176_000_000_000_000_000 + row.serial, common["dept_id_list"]
        return common | {
            "dept_order_list": [{"dept_id": one, "order": order} for one in departments],
            "leader_in_dept": [{"dept_id": o, "leader": row.serial % 7 == 0} for o in departments],
            "role_list": [{"id": 1_507_113_578, "name": "主管", "group_name": "默认"}],
            "real_authed": True,
            "senior": False,
        }

    def roster(self, data: Dataset, row: Row) -> Record:
        """Return the fields that 智能人事 keeps."""

        def group(code: str, name: str, *values: str) -> Record:
            listed = [{"value": v, "label": v, "itemIndex": n} for n, v in enumerate(values)]
            return {
                "fieldCode": f"{code}-{name}",
                "fieldName": name,
                "groupId": code,
                "fieldValueList": listed,
            }

        return {
            "corpId": data.account,
            "userId": self.key(data, row),
            "unionId": f"sandbox{digest(data.seed, row.serial)[:20]}",
            "fieldDataList": [
                group("sys00", "name", name_of(mix(data.seed, row.serial, 72))),
                group("sys01", "employeeStatus", "3"),
                group("sys09", "project", f"v{row.version}", "演示"),
            ],
        }


class Leaver(Staff):
    """Someone who left; who comes back vanishes from the list."""

    name = "hrm_dismissed_ids"
    per_order = 0.05
    prefix = "Left"

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        return {"userid": self.key(data, row)}


class Approval(Entity):
    """A form; found by the time it was submitted only, while its status moves on later."""

    name = "approvals"
    per_order = 0.3
    dated = False

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"approval_ids": self.listed}

    @override
    def key(self, data: Dataset, row: Row) -> str:
        text = digest(data.seed, row.serial)
        return f"{text[:8]}-{text[8:12]}-4{text[12:15]}-8{text[15:18]}-{row.serial:012d}"

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        digits = key.rpartition("-")[2]
        return int(digits) if len(digits) == 12 and digits.isdigit() else None

    def code(self, row: Row) -> str:
        """Return the code of a form's template."""
        return CODES[row.serial % len(CODES)]

    def status(self, data: Dataset, row: Row) -> str:
        """Return the status: each version is one step of the form's course."""
        course = _COURSES[mix(data.seed, row.serial, 81) % len(_COURSES)]
        return course[min(row.version, len(course)) - 1]

    @override
    def settled(self, data: Dataset, row: Row) -> bool:
        return self.status(data, row) != _RUNNING

    def applicant(self, data: Dataset, row: Row) -> str:
        """Return the member who sent a form."""
        users = data.peer("users")
        return users.key(users.generated(mix(data.seed, row.serial, 82) % users.size))

    def listed(self, data: Dataset, row: Row) -> Record:
        """Return a form's id, with the template that the list was asked for."""
        return {"processInstanceId": self.key(data, row), "processCode": self.code(row)}

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        status, applicant = self.status(data, row), self.applicant(data, row)
        over = status != _RUNNING
        created, moved = _minute(row.created), _minute(row.updated)
        return {
            "processInstanceId": self.key(data, row),
            "title": f"{applicant}提交的申请 v{row.version}",
            "businessId": f"{beijing(row.created)[:10].replace('-', '')}{row.serial:013d}",
            "status": status,
            **({"result": "agree" if status == _COMPLETED else "refuse"} if over else {}),
            "originatorUserId": applicant,
            "originatorDeptId": "-1",
            "originatorDeptName": "演示企业",
            "createTime": created,
            **({"finishTime": moved} if over else {}),
            "ccUserIds": [],
            "bizAction": "NONE",
            "attachedProcessInstanceIds": [],
            "operationRecords": [
                {
                    "userId": applicant,
                    "date": created,
                    "type": "START_PROCESS_INSTANCE",
                    "result": "NONE",
                }
            ],
            "tasks": [
                {
                    "taskId": 60_000_000_000 + row.serial,
                    "userId": "Staff00000",
                    "status": "COMPLETED" if over else "RUNNING",
                    "result": "AGREE" if status == _COMPLETED else "NONE",
                    "createTime": created,
                }
            ],
            "formComponentValues": [
                {
                    "id": "MoneyField-1",
                    "name": "金额",
                    "value": f"{row.serial}.{row.version:02d}",
                    "componentType": "MoneyField",
                },
                {
                    "id": "TableField-1",
                    "name": "明细",
                    "value": '[{"rowValue":[]}]',
                    "componentType": "TableField",
                },
            ],
        }


def _minute(ms: int) -> str:
    """Write a time as the details of forms do."""
    return f"{beijing(ms)[:16].replace(' ', 'T')}Z"


ROWS = (Department, User, Leaver, Approval)
