"""Punches of 企业微信, computed from the members, the calendar and the clock.

Each member punches twice on each working day. About one punch in twenty arrives a day late: until
then the platform shows a row 未打卡 with the scheduled time in its place.
"""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.company import DAY, day_of, is_workday, name_of
from sandbox.dataset import Dataset, Record, Row
from sandbox.mixing import mix

_SHIFT = (9 * 3600, 18 * 3600)
_LATE_SECONDS = 26 * 3600
_KINDS = ("上班打卡", "下班打卡")


def punch(users: Dataset, user: Row, day: int, slot: int, now: float) -> Record | None:
    """Return one punch as it shows at a moment; None while it lies in the future."""
    dice = mix(users.seed, user.serial, day, slot)
    scheduled = day + _SHIFT[slot]
    actual = scheduled + dice % 1200 - 900 * (1 - slot)
    if not is_workday(day) or max(scheduled, actual) > now:
        return None
    missing = dice % 20 == 0 and now < scheduled + _LATE_SECONDS
    late = slot == 0 and actual > scheduled
    return {
        "userid": users.key(user),
        "groupname": "打卡一组",
        "groupid": 1,
        "checkin_type": _KINDS[slot],
        "exception_type": "未打卡" if missing else "时间异常" if late else "",
        "checkin_time": scheduled if missing else actual,
        "sch_checkin_time": scheduled,
        "location_title": "" if missing else "演示大厦",
        "location_detail": "" if missing else "演示路 4 号",
        "wifiname": "" if missing else "办公一区",
        "wifimac": "" if missing else "00:00:5e:00:53:01",
        "notes": "",
        "mediaids": [],
        "lat": 0 if missing else 30_547_645,
        "lng": 0 if missing else 104_063_236,
        "deviceid": "" if missing else "sandbox-device",
        "schedule_id": 0,
        "timeline_id": slot + 1,
    }


def punches(users: Dataset, user: Row, start: int, end: int, now: float) -> Iterator[Record]:
    """Yield a member's punches of `[start, end]`.

    Missing ones may lie up to a day beyond the end: the platform answers so.
    """
    for day in range(day_of(start), day_of(end) + DAY + 1, DAY):
        for slot in (0, 1):
            record = punch(users, user, day, slot, now)
            if record is None:
                continue
            reach = end + DAY if record["exception_type"] == "未打卡" else end
            if start <= record["checkin_time"] <= reach:
                yield record


def key_of(record: Record) -> str:
    """Return the composite key that the sheet infers."""
    names = ("userid", "checkin_time", "checkin_type", "groupid", "timeline_id")
    return ":".join(str(record[name]) for name in names)


def day_data(users: Dataset, user: Row, day: int, now: float) -> Record | None:
    """Return one member's day; None on free days and before the day is over."""
    if not is_workday(day) or day + DAY > now:
        return None
    real = [record for slot in (0, 1) if (record := punch(users, user, day, slot, now))]
    times = [r["checkin_time"] - day for r in real if r["exception_type"] != "未打卡"]
    missing = sum(r["exception_type"] == "未打卡" for r in real)
    worked = max(times) - min(times) if times else 0
    return {
        "base_info": {
            "date": day,
            "record_type": 1,
            "name": name_of(mix(users.seed, user.serial, 72)),
            "name_ex": "",
            "departs_name": "演示企业",
            "acctid": users.key(user),
            "day_type": 0,
            "rule_info": {
                "groupid": 1,
                "groupname": "打卡一组",
                "scheduleid": 0,
                "schedulename": "",
                "checkintime": [{"work_sec": _SHIFT[0], "off_work_sec": _SHIFT[1]}],
            },
        },
        "summary_info": {
            "checkin_count": len(times),
            "regular_work_sec": worked,
            "standard_work_sec": _SHIFT[1] - _SHIFT[0],
            "earliest_time": min(times, default=0),
            "lastest_time": max(times, default=0),
        },
        "holiday_infos": [],
        "exception_infos": [{"count": missing, "duration": 0, "exception": 3}] if missing else [],
        "ot_info": {
            "ot_status": 0,
            "ot_duration": 0,
            "exception_duration": [],
            "workday_over_as_vacation": 0,
            "workday_over_as_money": 0,
            "restday_over_as_vacation": 0,
            "restday_over_as_money": 0,
            "holiday_over_as_vacation": 0,
            "holiday_over_as_money": 0,
        },
        "sp_items": [
            {
                "count": 0,
                "duration": 0,
                "time_type": 0,
                "type": 100,
                "vacation_id": 0,
                "name": "外勤次数",
            }
        ],
    }
