"""The rows of 北森: people with their jobs, units, posts, catalogues, days and leaves."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from typing_extensions import override

from sandbox.clock import beijing
from sandbox.company import name_of
from sandbox.dataset import Dataset, Entity, Numbered, Record, Row
from sandbox.fields import filled
from sandbox.mixing import mix
from sandbox.platforms.beisen.fields import FIELDS

View = Callable[[Dataset, Row], Record]

META_OBJECTS: t.Final = ("Corporation", "OrganizationType", "ServiceType", "EmploymentForm")
LEAVE_ITEMS: t.Final = ("AnnualLeave", "CasualLeave")
LEFT: t.Final = "8"
_OPEN = "9999-12-31T00:00:00"
_NEVER = "0001-01-01 00:00:00"


def iso(ms: int) -> str:
    """Return epoch milliseconds as this platform writes times of organisations and people."""
    return beijing(ms).replace(" ", "T")


def made(kind: str, data: Dataset, row: Row, salt: int, special: Record) -> Record:
    """Return a record with a value in every field, those of `special` as they are given."""
    dice = mix(data.seed, row.serial, salt)
    audit = {
        "createdTime": iso(row.created),
        "modifiedTime": iso(row.updated),
        "businessModifiedTime": iso(row.updated),
        "stdIsDeleted": gone(data, row),
        "translateProperties": None,
    }
    plain = {
        "str": f"v{row.version}",
        "id": 100_000 + dice % 900_000,
        "int": dice % 5,
        "bool": dice % 2 == 0,
        "num": dice % 4000 / 10,
        "time": iso(row.created),
        "date": iso(row.created)[:10],
    }

    def value(name: str, form: str) -> t.Any:
        if name in special:
            return special[name]
        if name in audit:
            return audit[name]
        return {"extneibu_1": f"v{row.version}"} if form == "obj" else plain[form]

    return filled(FIELDS[kind], value)


def gone(data: Dataset, row: Row) -> bool:
    """Tell whether a row is deleted, which this platform tells rather than leaving it out."""
    return row.version > 1 and mix(data.seed, row.serial, 3) % 7 == 0


class BeisenEmployee(Numbered):
    """People, each with the jobs that they have."""

    name = "employees"
    first = 101_500_000
    spread = 1_000_000

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"employee_records": self.with_records}

    def units(self, data: Dataset, row: Row) -> tuple[int, int]:
        """Return department and organisation of a person's job in force."""
        tree = data.peer("organizations")
        kind = t.cast("BeisenOrganization", tree.entity)
        serial = (mix(data.seed, row.serial, 5) + row.version) % tree.size
        return kind.number(tree, tree.generated(serial)), kind.number(tree, tree.generated(0))

    def status(self, data: Dataset, row: Row) -> str:
        """Return a person's state; some have left."""
        return ("3", "2", LEFT, "3", "12")[mix(data.seed, row.serial, 6) % 5]

    def kind_of(self, data: Dataset, row: Row) -> int:
        """Return whether a person is of the company (0), of another, a trainee or an adviser."""
        return mix(data.seed, row.serial, 7) % 8 % 4

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        return self.shown(data, row, latest=False)

    def shown(self, data: Dataset, row: Row, *, latest: bool) -> Record:
        """Return a person with the job in force, or with the latest one, which may lie ahead."""
        info, job = self._info(data, row), self._job(data, row)
        # One of the two was changed by then, the other one before.
        older = (info, job)[row.version % 2]
        older["businessModifiedTime"] = older["modifiedTime"] = iso(row.created)
        if latest:
            job["oIdDepartment"] += 1
        return {"originalId": None, "employeeInfo": info, "recordInfo": job}

    def with_records(self, data: Dataset, row: Row) -> Record:
        """Return a person with all jobs."""
        shown = self.render(data, row)
        current = shown.pop("recordInfo")
        earlier = {**current, "isCurrentRecord": False, "stopDate": iso(row.created)}
        return {**shown, "recordInfos": [current, earlier][: 1 + row.serial % 2]}

    def _info(self, data: Dataset, row: Row) -> Record:
        dice = mix(data.seed, row.serial, 8)
        name = name_of(dice)
        special = {
            "userID": self.number(data, row),
            "name": name,
            "_Name": name,
            "email": f"user{row.serial}@company{data.number}.example",
            "mobilePhone": f"129****{dice % 10_000:04d}",
            "gender": dice % 2,
            "iDPhoto": f"dfs://photos/{row.serial}",
        }
        return made("employeeInfo", data, row, 9, special)

    def _job(self, data: Dataset, row: Row) -> Record:
        department, organisation = self.units(data, row)
        special = {
            "userID": self.number(data, row),
            "oIdDepartment": department,
            "oIdOrganization": organisation,
            "jobNumber": f"B{row.serial:06d}",
            "employeeStatus": self.status(data, row),
            "employType": self.kind_of(data, row),
            "serviceType": 0,
            "approvalStatus": 4,
            "stopDate": _OPEN,
            "isCurrentRecord": True,
        }
        return made("recordInfo", data, row, 10, special)


class BeisenOrganization(Numbered):
    """Units; the root is named after the tenant."""

    name = "organizations"
    first = 1_143_532
    spread = 100_000

    @override
    def size(self, orders: int) -> int:
        return max(8, orders // 5)

    @override
    def number(self, data: Dataset, row: Row) -> int:
        return super().number(data, row) if row.serial else int(f"900{data.account}")

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return str(self.number(data, row))

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        return 0 if key == f"900{data.account}" else super().index(data, key)

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        parent = data.generated((row.serial - 1) // 3) if row.serial else None
        special = {
            "oId": self.number(data, row),
            "name": f"演示部门{row.serial} v{row.version}",
            "status": int(row.serial % 6 != 5),
            "stopDate": _OPEN,
            "pOIdOrgAdmin": None if parent is None else self.number(data, parent),
            "pOIdOrgReserve2": -2,
            "personInChargeDeputy": "101500001,101500002",
            "isCurrentRecord": True,
        }
        return made("organizations", data, row, 11, special)


class BeisenPosition(Numbered):
    """职位."""

    name = "positions"
    first = 2_000_001
    spread = 100_000
    per_order = 0.2

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        number = self.number(data, row)
        special = {"oId": number, "name": f"职位{row.serial} v{row.version}", "status": 1}
        return made("positions", data, row, 12, special)


class BeisenCatalogue(Numbered):
    """职务, 职级 and the other lists of the same kind."""

    name = "job_posts"
    first = 3_000_001
    spread = 100_000

    @override
    def size(self, orders: int) -> int:
        return 4

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        number = self.number(data, row)
        special = {"oId": number, "name": f"{self.name}{row.serial} v{row.version}", "status": 1}
        return made("catalogue", data, row, 13, special)


class BeisenMetaObject(Numbered):
    """`CommonMetaObject`: rows of several kinds of objects, whose fields begin with capitals."""

    name = "common_meta_objects"
    first = 4_000_001
    spread = 100_000

    @override
    def size(self, orders: int) -> int:
        return 2 * len(META_OBJECTS)

    def of(self, row: Row) -> str:
        """Return the kind of object."""
        return META_OBJECTS[row.serial % len(META_OBJECTS)]

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        special = {
            "OId": self.number(data, row),
            "Name": f"选项{row.serial} v{row.version}",
            "CreatedTime": iso(row.created),
            "ModifiedTime": iso(row.updated),
            "BusinessModifiedTime": iso(row.updated),
            "StdIsDeleted": False,
        }
        return made("common_meta_objects", data, row, 14, special)


class BeisenDay(Numbered):
    """`AttendanceStatistics`: one day of one person."""

    name = "attendance_results"
    first = 101_500_000
    spread = 1_000_000
    dated = False

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return f"{self.number(data, row)}:{iso(row.created)[:10]}"

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        return super().index(data, key.partition(":")[0])

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        special = {
            "userId": self.number(data, row),
            "swipingCardDate": iso(row.created)[:10],
            "status": 1 + row.version % 2,
            "actualTime": beijing(row.created) if row.version > 1 else _NEVER,
            "patchCardTime": _NEVER,
            "createdTime": beijing(row.created),
            "modifiedTime": beijing(row.updated),
        }
        return made("attendance_results", data, row, 15, special)


class BeisenPunch(Entity):
    """`SwipingCardData`: a punch, which never changes."""

    name = "clock_ins"
    frozen = True
    dated = False

    def staff(self, data: Dataset, row: Row) -> str:
        """Return the GUID of the person."""
        return f"sandbox-staff-{data.number:02d}-{row.serial:06d}"

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return f"{self.staff(data, row)}:{row.created // 1000}"

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        serial = key.partition(":")[0].rpartition("-")[2]
        return int(serial) if serial.isdigit() else None

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        moment = beijing(row.created)
        special = {
            "staffId": self.staff(data, row),
            "punchCardDate": f"{moment[:10]} 00:00:00",
            "swipingCardDateTime": moment,
            "punchCardTime": f"0001-01-01 {moment[11:]}",
        }
        return made("clock_ins", data, row, 16, special)


class BeisenLeave(Entity):
    """Leaves, and cancellations of leaves, which count backwards."""

    name = "leaves"
    per_order = 0.3
    dated = False

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {"leaves_by_start": self.by_start}

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return f"sandbox-leave-{data.number:02d}-{row.serial:06d}"

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        serial = key.rpartition("-")[2]
        return int(serial) if serial.isdigit() else None

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        cancels = row.serial % 5 == 4
        special = {
            **self._times(data, row),
            "vacationItemCode": LEAVE_ITEMS[row.serial % len(LEAVE_ITEMS)],
            "isCancel": str(row.version % 2),
            "vacationDuration": -420 if cancels else 480,
            "approveStatus": 1,
            "approveCompleteDateTime": beijing(row.created),
        }
        return made("leaves", data, row, 17, special)

    def by_start(self, data: Dataset, row: Row) -> Record:
        """Return a leave as the list by the day of its beginning shows it: texts, not codes."""
        special = {**self._times(data, row), "documentType": "请假", "approveStatus": "通过"}
        return made("leaves_by_start", data, row, 17, {**special, "vacationDuration": 480})

    def _times(self, data: Dataset, row: Row) -> Record:
        return {
            "vacationId": self.key(data, row),
            "vacationStartDateTime": beijing(row.created),
            "vacationStopDateTime": beijing(row.created + 28_800_000),
        }


class BeisenBalance(Numbered):
    """`VacationRemain`: what is left to a person of one kind of leave."""

    name = "leave_balances"
    first = 101_500_000
    spread = 1_000_000
    per_order = 0.3
    dated = False
    year = "2026"

    def item(self, row: Row) -> str:
        """Return the kind of leave."""
        return LEAVE_ITEMS[row.serial % len(LEAVE_ITEMS)]

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return f"{self.number(data, row)}:{self.item(row)}:{self.year}"

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        return super().index(data, key.partition(":")[0])

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        special = {"userId": self.number(data, row), "year": self.year}
        return made("leave_balances", data, row, 18, special)


def _catalogue(name: str, first: int) -> type[Entity]:
    return type(f"Beisen_{name}", (BeisenCatalogue,), {"name": name, "first": first})


ROWS: tuple[type[Entity], ...] = (
    BeisenEmployee,
    BeisenOrganization,
    BeisenPosition,
    BeisenCatalogue,
    _catalogue("job_levels", 3_200_001),
    _catalogue("job_grades", 3_300_001),
    _catalogue("job_sequences", 3_400_001),
    _catalogue("job_level_types", 3_500_001),
    _catalogue("organization_types", 3_600_001),
    _catalogue("organization_levels", 3_700_001),
    _catalogue("corporations", 3_800_001),
    BeisenMetaObject,
    BeisenDay,
    BeisenPunch,
    BeisenLeave,
    BeisenBalance,
)
