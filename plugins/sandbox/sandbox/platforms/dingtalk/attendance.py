"""Attendance of 钉钉, computed from the members, the calendar and the clock.

Each member is to punch twice on each working day. About one punch in twenty is told a day late, and one
in thirty never happens: the plan shows NotSigned then, under the id that the result will have.
"""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.company import DAY, day_of, is_workday
from sandbox.dataset import Dataset, Record, Row
from sandbox.mixing import mix

_SHIFT = (9 * 3600, 18 * 3600)
_LATE_SECONDS = 26 * 3600
_KINDS = ("OnDuty", "OffDuty")
_GROUP = 685_935_028


def _number(user: Row, day: int, slot: int) -> int:
    return user.serial * 1_000_000 + day // DAY * 10 + slot


def _punched(users: Dataset, user: Row, day: int, slot: int, now: float) -> int | None:
    """Return when a member punched; None when nobody has told so yet."""
    dice = mix(users.seed, user.serial, day, slot)
    actual = day + _SHIFT[slot] + dice % 1200 - 900 * (1 - slot)
    told = actual + (_LATE_SECONDS if dice % 20 == 0 else 0)
    return None if dice % 30 == 7 or told > now else actual


def result(users: Dataset, user: Row, day: int, slot: int, now: float) -> Record | None:
    """Return what became of a planned punch; None while its time has not come."""
    planned = day + _SHIFT[slot]
    if not is_workday(day) or planned > now:
        return None
    actual = _punched(users, user, day, slot, now)
    number = _number(user, day, slot)
    record = {
        "id": 100_000_000_000 + number,
        "planId": 144_000_000_000 + number,
        "groupId": _GROUP,
        "userId": users.key(user),
        "workDate": day * 1000,
        "baseCheckTime": planned * 1000,
        "checkType": _KINDS[slot],
        "corpId": users.account,
    }
    if actual is None:
        return record | {
            "userCheckTime": planned * 1000,
            "timeResult": "NotSigned",
            "locationResult": "NotSigned",
            "sourceType": "SYSTEM",
        }
    wrong = actual > planned if slot == 0 else actual < planned
    return record | {
        "recordId": 42_000_000_000 + number,
        "userCheckTime": actual * 1000,
        "timeResult": ("Late", "Early")[slot] if wrong else "Normal",
        "locationResult": "Normal",
        "sourceType": "USER",
    }


def results(users: Dataset, user: Row, first: int, last: int, now: float) -> Iterator[Record]:
    """Yield a member's planned punches of the days from one to another, both included."""
    for day in range(day_of(first), day_of(last) + 1, DAY):
        for slot in (0, 1):
            if (record := result(users, user, day, slot, now)) is not None:
                yield record


def records(users: Dataset, user: Row, start: int, end: int, now: float) -> Iterator[Record]:
    """Yield a member's punches from one moment to another, both included, with refused ones."""
    for day in range(day_of(start), day_of(end) + 1, DAY):
        for slot in (0, 1):
            actual = _punched(users, user, day, slot, now) if is_workday(day) else None
            if actual is None:
                continue
            number = _number(user, day, slot)
            punch: Record = {
                "id": 42_000_000_000 + number,
                "userId": users.key(user),
                "workDate": day * 1000,
                "userCheckTime": actual * 1000,
                "gmtCreate": actual * 1000,
                "gmtModified": actual * 1000,
                "sourceType": "USER",
                "locationMethod": "MAP",
                "userAddress": "演示路 4 号",
                "userLongitude": 104.063236,
                "userLatitude": 30.547645,
                "userAccuracy": 65,
                "deviceId": "sandbox-device",
                "corpId": users.account,
                "bizId": f"E{number:011d}",
            }
            refused = punch | {
                "id": 43_000_000_000 + number,
                "userCheckTime": actual * 1000 - 60_000,
                "invalidRecordType": "Other",
                "invalidRecordMsg": "需要二次确认",
            }
            valid = punch | {
                "groupId": _GROUP,
                "classId": 677_995_086,
                "planId": 144_000_000_000 + number,
                "planCheckTime": (day + _SHIFT[slot]) * 1000,
                "baseCheckTime": (day + _SHIFT[slot]) * 1000,
                "checkType": _KINDS[slot],
                "timeResult": "Normal",
                "locationResult": "Outside",
                "isLegal": "N",
                "outsideRemark": "拜访客户",
            }
            shown = [refused, valid] if mix(users.seed, number) % 17 == 3 else [valid]
            yield from (r for r in shown if start * 1000 <= r["userCheckTime"] <= end * 1000)
