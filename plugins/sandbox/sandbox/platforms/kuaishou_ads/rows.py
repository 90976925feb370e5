"""The rows of 快手磁力引擎: each belongs to one of the advertisers that an account covers.

Local times, budgets in thousandths of a yuan. Deleted entities stay, as a state.
"""

from __future__ import annotations

import typing as t

from typing_extensions import override

from sandbox.clock import beijing
from sandbox.dataset import Dataset, Numbered, Record, Row
from sandbox.fields import fresh
from sandbox.mixing import digest, mix
from sandbox.platforms.kuaishou_ads import fields
from sandbox.words import GOODS

_PER_ACCOUNT = 2
_FIRST_ADVERTISER = 8_173_000
DELETED = 3


def advertisers_of(number: int) -> list[int]:
    """Return the advertisers of the n-th account, counted from 1."""
    first = _FIRST_ADVERTISER + number * 10
    return [first + place for place in range(_PER_ACCOUNT)]


class Owned(Numbered):
    """A row of one advertiser; its key names both."""

    spread = 1_000_000

    def owner(self, data: Dataset, row: Row) -> int:
        """Return the advertiser of a row."""
        return advertisers_of(data.number)[row.serial % _PER_ACCOUNT]

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return f"{self.owner(data, row)}:{super().key(data, row)}"

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        return super().index(data, key.rpartition(":")[2])

    def state(self, data: Dataset, row: Row) -> int:
        """Return `put_status`: on, paused, deleted."""
        return 1 + mix(data.seed, row.serial, row.version // 2) % DELETED

    def times(self, row: Row) -> Record:
        """Return when a row was made and changed."""
        return {"create_time": beijing(row.created), "update_time": beijing(row.updated)}


class AdsCampaign(Owned):
    """`gw/dsp/campaign/list`."""

    name = "campaigns"
    per_order = 0.1
    first = 227_000_000

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        return fresh(fields.CAMPAIGN) | {
            **self.times(row),
            "campaign_id": self.number(data, row),
            "campaign_name": f"计划{row.serial} v{row.version}",
            "put_status": self.state(data, row),
            "status": 5 if self.state(data, row) == DELETED else 4,
            "campaign_type": 7,
            "day_budget": 500_000 + row.version * 1000,
            "day_budget_schedule": [],
            "cap_roi_ratio": 98.0,
            "constraint_cpa": 0,
        }


def campaign_of(data: Dataset, serial: int) -> int:
    """Return a campaign of the same advertiser as the row with this serial number."""
    size = max(1, data.peer("campaigns").size // _PER_ACCOUNT)
    place = serial // _PER_ACCOUNT % size * _PER_ACCOUNT + serial % _PER_ACCOUNT
    return AdsCampaign.first + data.number * AdsCampaign.spread + place


class AdsUnit(Owned):
    """`gw/dsp/unit/list`."""

    name = "units"
    per_order = 0.2
    first = 2_165_000_000

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        return fresh(fields.UNIT) | {
            **self.times(row),
            "unit_id": self.number(data, row),
            "campaign_id": campaign_of(data, row.serial),
            "unit_name": f"广告组{row.serial} v{row.version}",
            "put_status": self.state(data, row),
            "status": 10 if self.state(data, row) == DELETED else 20,
            "begin_time": beijing(row.created)[:10],
            "bid": 0,
            "cpa_bid": 1000 + row.version,
            "roi_ratio": 1.25,
            "smart_cover": False,
            "day_budget_schedule": [],
        }


class AdsCreative(Owned):
    """`gw/dsp/creative/list`."""

    name = "creatives"
    per_order = 0.3
    first = 80_626_000_000

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        return fresh(fields.CREATIVE) | {
            **self.times(row),
            "creative_id": self.number(data, row),
            "unit_id": AdsUnit.first + data.number * AdsUnit.spread + row.serial,
            "campaign_id": campaign_of(data, row.serial),
            "creative_name": f"创意{row.serial} v{row.version}",
            "put_status": self.state(data, row),
            "status": 40 if self.state(data, row) == DELETED else 41,
            "photo_id": str(5_238_249_354_922_000_000 + row.serial),
            "display_info": {"action_bar_text": "立即购买", "description": GOODS[row.serial % 10]},
            "creative_tag": [],
        }


class AdsProgramCreative(Owned):
    """`gw/dsp/advanced_creative/list`: one package for each unit."""

    name = "program_creatives"
    per_order = 0.1
    first = 3_048_000_000
    prefix = "程序化创意"

    @override
    def key(self, data: Dataset, row: Row) -> str:
        package = f"{self.prefix}{self.number(data, row)}"
        return f"{self.owner(data, row)}:{self.number(data, row)}:{package}"

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        number = self.number(data, row)
        return fresh(fields.PROGRAM_CREATIVE) | {
            **self.times(row),
            "unit_id": number,
            "package_name": f"{self.prefix}{number}",
            "captions": [f"演示 v{row.version}"],
            "creatives": [{"unit_id": number, "creative_id": 80_626_000_000 + row.serial}],
            "horizontal_photo_ids": None,
            "put_status": self.state(data, row),
            "view_status": 41,
        }


class AdsOperation(Owned):
    """`v1/tool/operation_record/list`: a record of its own for each change."""

    name = "operation_records"
    per_order = 0.3
    frozen = True
    dated = False
    first = 9_000_000_000

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        change = {"field_name": "出价", "original_data": "1000", "update_data": f"v{row.version}"}
        return fresh(fields.OPERATION_RECORD) | {
            "object_id": str(self.number(data, row)),
            "object_name": f"广告组{row.serial}",
            "operation_type": 1 + row.serial % 3,
            "operation_target": 2,
            "role_type": 1,
            "operation_time": beijing(row.created),
            "content_log": [change],
        }


class AdsVideo(Owned):
    """`gw/dsp/video/listByCursor`: ids of 19 digits, as text."""

    name = "videos"
    per_order = 0.2
    dated = False
    first = 5_238_249_354_922_000_000

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        return fresh(fields.VIDEO) | {
            "photo_id": str(self.number(data, row)),
            "photo_name": f"视频{row.serial} v{row.version}",
            "create_time": beijing(row.created),
            "signature": digest(data.seed, row.serial),
            "duration": 15_000,
            "width": 720,
            "height": 1280,
            "cursor": row.serial + 1,
            "photo_tag": [],
        }


class AdsClue(Owned):
    """`gw/crm/v3/clue/list`."""

    name = "clues"
    per_order = 0.2
    dated = False
    first = 61_000_000

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        return fresh(fields.CLUE) | {
            **self.times(row),
            "id": self.number(data, row),
            "user_name": "演**",
            "phone": f"sandbox#{digest(data.seed, row.serial)[:8]}",
            "phone_stat": row.version,
            "source_type": 1,
            "clue_source": {"dsp_campaign_id": campaign_of(data, row.serial)},
        }


ROWS: t.Final = (
    AdsCampaign,
    AdsUnit,
    AdsCreative,
    AdsProgramCreative,
    AdsOperation,
    AdsVideo,
    AdsClue,
)
