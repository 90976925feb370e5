"""Attendance of 飞书, computed from the members, the calendar and the clock. Times in text of seconds.

Each member is to punch twice on each working day. About one punch in twenty is told a day late, and one
in thirty never happens: the day's result is Lack then, under the id that it keeps.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from sandbox.company import DAY, day_of, is_workday, name_of
from sandbox.dataset import Dataset, Record, Row
from sandbox.mixing import mix
from sandbox.platforms.feishu.rows import employee_of

_BEIJING = timezone(timedelta(hours=8))
_SHIFT = (9 * 3600, 18 * 3600)
_LATE_SECONDS = 26 * 3600
_SIDES = ("check_in", "check_out")


def _number(user: Row, day: int, slot: int) -> str:
    return f"67093593136{user.serial:05d}{day // DAY:05d}{slot}"


def flow(users: Dataset, user: Row, day: int, slot: int, now: float) -> Record | None:
    """Return a punch; None while nobody has told of it."""
    dice = mix(users.seed, user.serial, day, slot)
    actual = day + _SHIFT[slot] + dice % 1200 - 900 * (1 - slot)
    told = actual + (_LATE_SECONDS if dice % 20 == 0 else 0)
    if not is_workday(day) or dice % 30 == 7 or told > now:
        return None
    return {
        "user_id": employee_of(user),
        "creator_id": employee_of(user),
        "location_name": "演示大厦",
        "check_time": str(actual),
        "comment": "",
        "record_id": _number(user, day, slot),
        "longitude": 104.063236,
        "latitude": 30.547645,
        "is_field": False,
        "is_wifi": True,
        "type": 0,
        "photo_urls": [],
        "check_result": "NeedsNoCheck",
    }


def flows(users: Dataset, user: Row, start: int, end: int, now: float) -> Iterator[Record]:
    """Yield a member's punches of `[start, end)`."""
    for day in range(day_of(start), end, DAY):
        for slot in (0, 1):
            found = flow(users, user, day, slot, now)
            if found is not None and start <= int(found["check_time"]) < end:
                yield found


def task(users: Dataset, user: Row, day: int, now: float) -> Record | None:
    """Return the result of a member's day; None before it is over."""
    if not is_workday(day) or day + DAY > now:
        return None
    record: Record = {"task_shift_type": 0}
    for slot, side in enumerate(_SIDES):
        planned, found = day + _SHIFT[slot], flow(users, user, day, slot, now)
        record[f"{side}_shift_time"] = str(planned)
        record[f"{side}_result_supplement"] = "None"
        if found is None:
            record[f"{side}_result"] = "Lack"
            continue
        late = slot == 0 and int(found["check_time"]) > planned
        record[f"{side}_record_id"] = found["record_id"]
        record[f"{side}_record"] = found
        record[f"{side}_result"] = "Late" if late else "Normal"
    return {
        "result_id": _number(user, day, 9),
        "user_id": employee_of(user),
        "employee_name": name_of(mix(users.seed, user.serial, 72)),
        "day": int(datetime.fromtimestamp(day, _BEIJING).strftime("%Y%m%d")),
        "group_id": "6737202939523236110",
        "shift_id": "9",
        "records": [record],
    }


def tasks(users: Dataset, user: Row, start: int, end: int, now: float) -> Iterator[Record]:
    """Yield the results of a member's days from one to another, both included."""
    for day in range(day_of(start), end + 1, DAY):
        if (found := task(users, user, day, now)) is not None:
            yield found
