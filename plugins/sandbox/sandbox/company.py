"""What companies have on every platform for them: a tree of departments, people, working days."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from typing_extensions import override

from sandbox.dataset import Dataset, Entity, Numbered, Row
from sandbox.mixing import mix
from sandbox.words import GIVEN, SURNAMES

DAY: t.Final = 86_400
_BEIJING = 8 * 3600


def name_of(dice: int) -> str:
    """Return a person's name."""
    return SURNAMES[dice % len(SURNAMES)] + GIVEN[dice // 32 % len(GIVEN)]


def day_of(second: int) -> int:
    """Return the first second of the Beijing day of a moment."""
    return (second + _BEIJING) // DAY * DAY - _BEIJING


def is_workday(day: int) -> bool:
    """Tell whether the Beijing day that begins at this second is Monday to Friday."""
    return ((day + _BEIJING) // DAY + 3) % 7 < 5


class Departments(Numbered):
    """A tree below the first row; a vanished department's children move up to its parent."""

    name = "departments"
    per_order = 0.01
    vanishes = True
    dated = False

    @override
    def size(self, orders: int) -> int:
        return max(6, super().size(orders))

    @override
    def lasts(self, row: Row) -> bool:
        return row.serial == 0

    def above(self, data: Dataset, row: Row) -> Row | None:
        """Return the nearest living ancestor; None above the root."""
        serial = row.serial
        while serial:
            serial = (serial - 1) // 3
            if (found := data.row(serial)) is not None:
                return found
        return None

    def children(self, data: Dataset, parent: Row) -> list[Row]:
        """Return the living departments right below one, in the order of their numbers."""
        rows = sorted(data.rows(), key=lambda row: row.serial)
        return [row for row in rows if self.above(data, row) == parent]


def departments_of(data: Dataset, row: Row) -> list[Row]:
    """Return the one or two living departments of a member; the root when none is left.

    Args:
        data: The members; their peer `departments` is the tree.
        row: The member.
    """
    tree = data.peer("departments")
    dice = mix(data.seed, row.serial, 71)
    wanted = {dice % tree.size, (dice >> 20) % tree.size} if dice % 4 == 0 else {dice % tree.size}
    living = [found for n in sorted(wanted) if (found := tree.row(n)) is not None]
    return living or [tree.generated(0)]


class Staff(Entity):
    """The members, each of one or two departments."""

    name = "users"
    per_order = 0.1
    vanishes = True
    dated = False
    prefix: t.ClassVar[str] = "Staff"

    @override
    def size(self, orders: int) -> int:
        return max(5, super().size(orders))

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return f"{self.prefix}{row.serial:05d}"

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        digits = key.removeprefix(self.prefix)
        return int(digits) if digits.isdigit() else None


def members_of(members: Dataset) -> Mapping[int, list[Row]]:
    """Return the living members of each department, by the department's serial number."""
    found: dict[int, list[Row]] = {}
    for row in sorted(members.rows(), key=lambda row: row.serial):
        for department in departments_of(members, row):
            found.setdefault(department.serial, []).append(row)
    return found
