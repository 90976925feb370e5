"""The figures of 快手磁力引擎: reports, funds. They follow from seed, advertiser and day, and never change.

There are figures for each day of the history; the day after it has none.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.clock import beijing
from sandbox.dataset import Dataset, Record, Row
from sandbox.fields import fresh
from sandbox.mixing import mix
from sandbox.platforms.kuaishou_ads import fields
from sandbox.platforms.kuaishou_ads.rows import Owned, campaign_of

if t.TYPE_CHECKING:
    from sandbox.platforms.kuaishou_ads import KuaishouAds

_DAY_MS = 86_400_000
_HOURS = (9, 20)
_MOST_DAYS = 30
_Columns = Callable[[Dataset, Row, int], Record]


def days(platform: KuaishouAds) -> list[str]:
    """Return the days that have figures."""
    world = platform.world
    count = min(_MOST_DAYS, max(1, int(world.settings.history_days)))
    return [beijing(world.history_end_ms - ago * _DAY_MS)[:10] for ago in range(count, 0, -1)]


def _counted(*parts: int) -> Record:
    """Return the figures of one row; money in yuan as a float."""
    dice = mix(*parts)
    show = 100 + dice % 5000
    charge = (dice >> 16) % 100_000
    return fresh(fields.FIGURES) | {
        "show": show,
        "aclick": show // 3,
        "bclick": show // 10,
        "charge": charge / 1000,
        "impression_1k_cost": round(charge / show, 3),
        "photo_click_ratio": 0.5,
        "event_pay": dice % 7,
        "ad_scene": "全部",
        "placement_type": "全部",
    }


class Place(t.NamedTuple):
    """Where a row of a report belongs: its day, hour, number, and what it is about."""

    day: str
    hour: int
    number: int
    row: Row | None


@dataclass(frozen=True, slots=True)
class Report:
    """One level of reports.

    Attributes:
        entity: Whose figures they are; empty for the advertiser as a whole.
        key: What tells the rows of one day apart.
        columns: What a row tells of its entity.
        days_kept: How many days back it answers, today included; None for all.
        minutes: Whether it demands the pair of times with minutes.
    """

    entity: str
    key: tuple[str, ...]
    columns: _Columns
    days_kept: int | None = None
    minutes: bool = False

    def places(
        self, platform: KuaishouAds, account: str, advertiser: int, *, hourly: bool
    ) -> list[Place]:
        """Return the places of all rows of an advertiser."""
        subjects: list[Row | None] = [None]
        if self.entity:
            data = platform.dataset(account, self.entity)
            kind = t.cast("Owned", data.entity)
            generated = (data.generated(serial) for serial in range(data.size))
            subjects = [row for row in generated if kind.owner(data, row) == advertiser]
        hours = _HOURS if hourly else (0,)
        return [
            Place(day, hour, number, row)
            for day in days(platform)
            for number, row in enumerate(subjects)
            for hour in hours
        ]

    def row(self, platform: KuaishouAds, account: str, advertiser: int, place: Place) -> Record:
        """Return the row of a place."""
        figures = _counted(advertiser, int(place.day.replace("-", "")), place.number, place.hour)
        subject = fresh(fields.ACCOUNT_REPORT)
        if place.row is not None:
            data = platform.dataset(account, self.entity)
            kind = t.cast("Owned", data.entity)
            subject = self.columns(data, place.row, kind.number(data, place.row))
        return {**figures, **subject, "stat_date": place.day, "stat_hour": place.hour}


def _account(_data: Dataset, _row: Row, _number: int) -> Record:
    return {}


def _campaign(_data: Dataset, row: Row, number: int) -> Record:
    own = {"campaign_id": number, "campaign_name": f"计划{row.serial}", "status": 1}
    return fresh(fields.CAMPAIGN_REPORT) | own


def _unit(data: Dataset, row: Row, number: int) -> Record:
    campaign = campaign_of(data, row.serial)
    own = {"unit_id": number, "unit_name": f"广告组{row.serial}", "campaign_id": campaign}
    return fresh(fields.UNIT_REPORT) | own


def _creative(data: Dataset, row: Row, number: int) -> Record:
    campaign, photo = campaign_of(data, row.serial), 5_238_249_354_922_000_000 + row.serial
    own = {"creative_id": number, "campaign_id": campaign, "photo_id": photo, "photo_md5": "0"}
    return fresh(fields.CREATIVE_REPORT) | own


def _package(_data: Dataset, row: Row, number: int) -> Record:
    photo = None if row.serial % 3 == 0 else str(5_238_249_354_922_000_000 + row.serial)
    return fresh(fields.PROGRAM_CREATIVE_REPORT) | {
        "unit_id": number,
        "creative_id": 80_626_000_000 + row.serial,
        "photo_id": photo,
        "image_token": f"token{row.serial}.jpg",
        "description": "演示",
    }


def _word(_data: Dataset, row: Row, number: int) -> Record:
    words = {"word": "保温杯", "query": f"保温杯 {row.serial}", "word_info_id": row.serial + 1}
    own = {"unit_id": number, "unit_name": f"广告组{row.serial}", **words}
    return fresh(fields.QUERY_WORD_REPORT) | own


REPORTS: t.Final = {
    "account_reports": Report("", (), _account, days_kept=7),
    "campaign_reports": Report("campaigns", ("campaign_id",), _campaign),
    "unit_reports": Report("units", ("unit_id",), _unit),
    "creative_reports": Report("creatives", ("creative_id",), _creative),
    "program_creative_reports": Report(
        "program_creatives",
        ("unit_id", "creative_id", "photo_id", "image_token", "description"),
        _package,
        days_kept=7,
        minutes=True,
    ),
    "query_word_reports": Report("units", ("unit_id", "word_info_id", "query"), _word),
}


def merchant_rows(platform: KuaishouAds, advertiser: int) -> list[Record]:
    """Return what an advertiser sold, by day."""
    return [
        fresh(fields.MERCHANT_REPORT)
        | {
            "report_date": day,
            "report_hour": 0,
            "campaign_id": 0,
            "cost_total": mix(advertiser, place) % 9000,
            "gmv": (mix(advertiser, place, 1) % 90_000) / 100,
            "paied_order": place,
        }
        for place, day in enumerate(days(platform))
    ]


def flows(platform: KuaishouAds, advertiser: int) -> list[Record]:
    """Return an advertiser's money by day."""
    return [
        fresh(fields.FUND_DAILY_FLOW)
        | {
            "advertiser_id": advertiser,
            "date": day,
            "daily_charge": (mix(advertiser, place, 2) % 90_000) / 100,
            "balance": 1234.56,
            "daily_transfer_in": 0.0,
        }
        for place, day in enumerate(days(platform))
    ]


def balance(advertiser: int) -> Record:
    """Return an advertiser's money of now."""
    return fresh(fields.FUND_BALANCE) | {
        "balance": (mix(advertiser, 3) % 900_000) / 100,
        "recharge_balance": 1234.56,
        "contract_rebate": 0.0,
        "direct_rebate": 0.0,
    }
