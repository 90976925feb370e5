"""The rows of 飞书: departments, members, forms and rows of tables. Times in epoch milliseconds."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

import orjson
from typing_extensions import override

from sandbox.clock import beijing
from sandbox.company import Departments, Staff, departments_of, name_of
from sandbox.dataset import Dataset, Entity, Record, Row
from sandbox.mixing import digest, mix

View = Callable[[Dataset, Row], Record]

ROOT: t.Final = "0"
FORMS: t.Final = (
    "7C468A54-8745-2245-9675-08B7C63E0001",
    "7C468A54-8745-2245-9675-08B7C63E0002",
)
"""The approval forms of every company."""
TABLES: t.Final = ("bascnsandbox0001/tblsandbox01", "bascnsandbox0001/tblsandbox02")
"""The tables of every company."""

_PENDING, _APPROVED, _CANCELED = "PENDING", "APPROVED", "CANCELED"
_COURSES = (
    (_PENDING, _APPROVED, _APPROVED),
    (_PENDING, "REJECTED"),
    (_PENDING, _PENDING, _APPROVED),
    (_PENDING, _CANCELED),
    (_APPROVED,),
    ("REJECTED",),
)


class Department(Departments):
    """A department; the root is named 0, and no list brings it."""

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return f"od-sandbox{data.number:02d}{row.serial:06d}" if row.serial else ROOT

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        digits = key.removeprefix(f"od-sandbox{data.number:02d}")
        return int(digits) if digits.isdigit() else None

    @override
    def settled(self, data: Dataset, row: Row) -> bool:
        return row.serial == 0

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        key, above = self.key(data, row), self.above(data, row)
        return {
            "name": f"部门{row.serial} v{row.version}",
            "i18n_name": {"zh_cn": f"部门{row.serial}", "en_us": f"D{row.serial}"},
            "parent_department_id": self.key(data, above) if above else ROOT,
            "department_id": f"D{row.serial:03d}",
            "open_department_id": key,
            "leader_user_id": "ou_sandbox00000",
            "order": str(row.serial * 100),
            "unit_ids": [],
            "member_count": 10,
            "primary_member_count": 8,
            "status": {"is_deleted": False},
            "leaders": [{"leaderType": 1, "leaderID": "ou_sandbox00000"}],
        }


class User(Staff):
    """A member of one or two departments, or of the root."""

    prefix = "ou_sandbox"

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"ehr_employees": self.employee, "corehr_employees": self.employment}

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        key, dice = self.key(data, row), mix(data.seed, row.serial, 72)
        tree = data.peer("departments")
        departments = [tree.key(found) for found in departments_of(data, row)]
        link = f"https://img.example.com/{key}"
        return {
            "union_id": f"on_{digest(data.seed, row.serial)}",
            "user_id": employee_of(row),
            "open_id": key,
            "name": name_of(dice),
            "en_name": f"N{row.serial}",
            "nickname": "",
            "email": "masked@example.com",
            "mobile": "138******00",
            "mobile_visible": True,
            "gender": row.serial % 3,
            "avatar": {"avatar_72": link, "avatar_origin": link},
            "status": {
                "is_frozen": False,
                "is_resigned": False,
                "is_activated": True,
                "is_exited": False,
                "is_unjoin": False,
            },
            "department_ids": departments,
            "leader_user_id": "ou_sandbox00000",
            "city": "杭州",
            "country": "CN",
            "join_time": row.created // 1000,
            "is_tenant_manager": row.serial == 0,
            "employee_no": f"TM-{row.serial:05d}",
            "employee_type": 1,
            "orders": [
                {
                    "department_id": department,
                    "user_order": 100,
                    "department_order": 100,
                    "is_primary_dept": place == 0,
                }
                for place, department in enumerate(departments)
            ],
            "job_title": f"工程师 v{row.version}",
            "is_frozen": False,
        }

    def employment(self, data: Dataset, row: Row) -> Record:
        """Return what the larger 飞书人事 keeps of a member."""
        left = row.serial % 9 == 8
        status = "terminated" if left else "hired"
        return {
            "employment_id": f"{7_000_000_000_000_000_000 + row.serial}",
            "employee_number": f"TM-{row.serial:05d}",
            "employment_type": {"enum_name": "employee_type_1", "display": []},
            "employment_status": {
                "enum_name": status,
                "display": [{"lang": "zh-CN", "value": "离职" if left else "在职"}],
            },
            "department_id": data.peer("departments").key(departments_of(data, row)[0]),
            "company_id": "6891251722631890445",
            "job_id": f"{6_800_000_000_000_000_000 + row.version}",
            "job_level_id": "6977976735715378724",
            "position_id": "7152790000000000000",
            "direct_manager_id": "7000000000000000000",
            "effective_date": beijing(row.created)[:10],
            "expiration_date": "9999-12-31",
            "email_address": "masked@example.com",
            "person_info": {"legal_name": name_of(mix(data.seed, row.serial, 72))},
        }

    def employee(self, data: Dataset, row: Row) -> Record:
        """Return what 飞书人事 keeps of a member."""
        day = beijing(row.created)[:10]
        return {
            "user_id": self.key(data, row),
            "system_fields": {
                "name": name_of(mix(data.seed, row.serial, 72)),
                "email": "masked@example.com",
                "mobile": "(+86) 138******00",
                "department_id": data.peer("departments").key(departments_of(data, row)[0]),
                "manager": {"user_id": "ou_sandbox00000", "name": "演示", "en_name": "Demo"},
                "job": {"id": 1_695_838_220_091_399 + row.serial, "name": f"工程师 v{row.version}"},
                "gender": 1 + row.serial % 2,
                "birthday": "1990-01-01",
                "employee_no": f"TM-{row.serial:05d}",
                "employee_type": 1,
                "status": 5 if row.serial % 9 == 8 else 2,
                "hire_date": day,
                "education": [{"level": 8, "school": "演示大学", "start": day, "end": day}],
                "create_time": row.created,
                "update_time": row.updated,
            },
            "custom_fields": [
                {"key": "field_1", "label": "工位", "type": "text", "value": str(row.serial)}
            ],
        }


def employee_of(row: Row) -> str:
    """Return the id that attendance knows a member by."""
    return f"emp{row.serial:05d}"


class Approval(Entity):
    """A form; found by the time it was sent only, while its status moves on later."""

    name = "approvals"
    per_order = 0.3
    dated = False

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"approval_ids": self.listed, "approval_instances_query": self.overview}

    @override
    def key(self, data: Dataset, row: Row) -> str:
        text = digest(data.seed, row.serial).upper()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{row.serial:012d}"

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        digits = key.rpartition("-")[2]
        return int(digits) if len(digits) == 12 and digits.isdigit() else None

    def form(self, row: Row) -> str:
        """Return the code of the form's definition."""
        return FORMS[row.serial % len(FORMS)]

    def status(self, data: Dataset, row: Row) -> str:
        """Return the status: each version is one step of the form's course."""
        course = _COURSES[mix(data.seed, row.serial, 81) % len(_COURSES)]
        return course[min(row.version, len(course)) - 1]

    def applicant(self, data: Dataset, row: Row) -> Row:
        """Return the member who sent a form."""
        users = data.peer("users")
        return users.generated(mix(data.seed, row.serial, 82) % users.size)

    def listed(self, data: Dataset, row: Row) -> Record:
        """Return a form's code, with the definition that the list was asked for."""
        return {"instance_code": self.key(data, row), "approval_code": self.form(row)}

    def _end(self, data: Dataset, row: Row) -> str:
        return "0" if self.status(data, row) == _PENDING else str(row.updated)

    def overview(self, data: Dataset, row: Row) -> Record:
        """Return how a search shows a form."""
        return {
            "approval": {"code": self.form(row), "name": "演示", "is_external": False},
            "instance": {
                "code": self.key(data, row),
                "user_id": data.peer("users").key(self.applicant(data, row)),
                "start_time": str(row.created),
                "end_time": self._end(data, row),
                "status": self.status(data, row).lower(),
                "title": f"演示 v{row.version}",
                "extra": "{}",
                "serial_id": f"{row.serial:012d}",
                "link": {"pc_link": "https://www.example.com/"},
            },
        }

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        status, users = self.status(data, row), data.peer("users")
        sender = self.applicant(data, row)
        who = {"user_id": employee_of(sender), "open_id": users.key(sender)}
        started, ended = str(row.created), self._end(data, row)
        form = [
            {"id": "widget1", "name": "金额", "type": "amount", "value": row.serial},
            {"id": "widget2", "name": "事由", "type": "textarea", "value": f"v{row.version}"},
        ]
        return {
            "approval_code": self.form(row),
            "approval_name": "演示",
            "instance_code": self.key(data, row),
            "serial_number": f"{row.serial:012d}",
            "uuid": digest(data.seed, row.serial, "uuid")[:8],
            "status": status,
            "start_time": started,
            "end_time": ended,
            **who,
            "department_id": "",
            "form": orjson.dumps(form).decode(),
            "reverted": row.version > 2 and status == _APPROVED,
            "task_list": [
                {
                    "id": str(row.serial),
                    **who,
                    "status": status if status in {_PENDING, _APPROVED} else "DONE",
                    "node_id": "46e6d96cfa756980907209209ec03b64",
                    "node_name": "审批",
                    "type": "AND",
                    "start_time": started,
                    "end_time": ended,
                }
            ],
            "comment_list": [],
            "timeline": [
                {"type": "START", "create_time": started, **who, "ext": "{}", "node_key": "START"}
            ],
        }


class TableRow(Entity):
    """A row of one of the tables."""

    name = "bitable_records"
    per_order = 0.4
    vanishes = True

    def table(self, row: Row) -> str:
        """Return which table a row belongs to."""
        return TABLES[row.serial % len(TABLES)]

    def record(self, row: Row) -> str:
        """Return the row's own id."""
        return f"recsandbox{row.serial:06d}"

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return f"{self.table(row)}:{self.record(row)}"

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        digits = key.rpartition(":recsandbox")[2]
        return int(digits) if digits.isdigit() else None

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        person = {"id": "ou_sandbox00000", "name": "演示", "en_name": "Demo", "email": ""}
        photo = {"file_token": f"box{row.serial}", "name": "a.png", "size": 7, "type": "image/png"}
        link = f"https://img.example.com/{row.serial}?expires={row.updated}"
        empty = {} if row.serial % 3 else {"备注": [{"text": f"v{row.version}", "type": "text"}]}
        return {
            "table": self.table(row),
            "record_id": self.record(row),
            "fields": {
                "名称": [{"text": f"第{row.serial}行 v{row.version}", "type": "text"}],
                "数字": row.serial * 100 + row.version + 0.25,
                "日期": row.created,
                "单选": f"选项{row.serial % 4}",
                "多选": ["选项1", "选项2"],
                "复选框": row.serial % 2 == 0,
                "人员": [person],
                "附件": [{**photo, "tmp_url": link}],
                "关联": {"link_record_ids": [self.record(row)]},
                **empty,
            },
            "created_time": row.created,
            "last_modified_time": row.updated,
            "created_by": person,
            "last_modified_by": person,
        }


ROWS = (Department, User, Approval, TableRow)
