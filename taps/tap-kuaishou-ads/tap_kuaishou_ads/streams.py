"""The streams of 快手磁力引擎; each names its API at developers.e.kuaishou.com (DSP).

All but the list of advertisers go through the advertisers that an authorisation covers.
"""

from __future__ import annotations

import typing as t
from datetime import timedelta

from openplatform.accounts import Account
from openplatform.declarations import ById, Each, FullTable, Incremental
from openplatform.paging import Cursor, HasNext, PageNumber
from openplatform.streams import PlatformStream
from openplatform.windows import TimeFilter
from typing_extensions import override

from tap_kuaishou_ads.client import ADVERTISERS, VIDEOS, KuaishouAdsStream

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_MONTH = timedelta(days=30)
_YEAR = timedelta(days=365)
# Seven days, today among them.
_LATELY = timedelta(days=6)
_EACH = (Each("advertisers", "advertiser_id", "advertiser_id", carry="advertiser_id"),)
_PAGES = PageNumber("page", "page_size", 100, "data.total_count")
_ROWS = PageNumber("page", "page_size", 2000, "data.total_count")


def _days(maximum: timedelta, retention: timedelta | None = None) -> TimeFilter:
    """Whole days, both of which belong to the window; today as far as it has come."""
    return TimeFilter(
        "start_date",
        "end_date",
        "date",
        maximum=maximum,
        ends="inclusive",
        align=_DAY,
        retention=retention,
        unfinished=True,
    )


class Advertisers(KuaishouAdsStream):
    """oauth2/authorize/approval/list: the advertisers that the authorisation covers; bare numbers."""

    name = "advertisers"
    api = ADVERTISERS
    key = ("advertiser_id",)
    value_as = "advertiser_id"
    reads = FullTable(paging=HasNext("page_no", "page_size", 200, "data.more"))


class _Entities(KuaishouAdsStream):
    """What is advertised, by day of its update; -2 brings the deleted ones along."""

    updated = "update_time"
    params: t.ClassVar = {"status": -2}
    reads = Incremental(time=_days(_MONTH), paging=_PAGES, each=_EACH, history=5 * _YEAR)

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """A single one is asked for by its advertiser and its own id, as both stand in its key."""
        if self.by_id is not None and self.by_id.param in params:
            advertiser, _, own = str(params[self.by_id.param]).partition("|")
            params |= {"advertiser_id": advertiser, self.by_id.param: int(own)}
        return super().arguments(account, params)


class Campaigns(_Entities):
    """gw/dsp/campaign/list."""

    name = "campaigns"
    api = "gw/dsp/campaign/list"
    key = ("advertiser_id", "campaign_id")
    by_id = ById("campaign_id", carry=("advertiser_id",))


class Units(_Entities):
    """gw/dsp/unit/list."""

    name = "units"
    api = "gw/dsp/unit/list"
    key = ("advertiser_id", "unit_id")
    by_id = ById("unit_id", carry=("advertiser_id",))


class Creatives(_Entities):
    """gw/dsp/creative/list, without the campaign that its page calls required and its text does not."""

    name = "creatives"
    api = "gw/dsp/creative/list"
    key = ("advertiser_id", "creative_id")
    by_id = ById("creative_id", carry=("advertiser_id",))


class ProgramCreatives(_Entities):
    """gw/dsp/advanced_creative/list: packages from which the platform makes creatives."""

    name = "program_creatives"
    api = "gw/dsp/advanced_creative/list"
    key = ("advertiser_id", "unit_id", "package_name")


class _Reports(KuaishouAdsStream):
    """Figures by day; those of the last days are still revised."""

    params: t.ClassVar = {"temporal_granularity": "DAILY"}
    reads = Incremental(time=_days(_WEEK), paging=_ROWS, each=_EACH, lookback=_LATELY)


class _HourlyReports(KuaishouAdsStream):
    """Figures by hour."""

    params: t.ClassVar = {"temporal_granularity": "HOURLY"}
    reads = Incremental(
        time=TimeFilter(
            "start_date_min", "end_date_min", "local", maximum=_WEEK, granule=_HOUR, align=_HOUR
        ),
        paging=_ROWS,
        each=_EACH,
        lookback=3 * _DAY,
    )
    selected_by_default = False

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """This pair of times has no seconds."""
        return _to_minutes(super().arguments(account, params))


def _to_minutes(params: dict[str, t.Any]) -> dict[str, t.Any]:
    for name in ("start_date_min", "end_date_min"):
        if name in params:
            params[name] = params[name][: len("2026-11-20 08:00")]
    return params


class AccountReports(_Reports):
    """v1/report/account_report: the last seven days alone."""

    name = "account_reports"
    api = "v1/report/account_report"
    key = ("advertiser_id", "stat_date")
    reads = Incremental(
        time=_days(_WEEK, retention=_LATELY), paging=_ROWS, each=_EACH, lookback=_LATELY
    )


class AccountReportsHourly(_HourlyReports):
    """v1/report/account_report by hour."""

    name = "account_reports_hourly"
    shaped_as = "account_reports"
    api = "v1/report/account_report"
    key = ("advertiser_id", "stat_date", "stat_hour")
    reads = Incremental(
        time=TimeFilter(
            "start_date_min",
            "end_date_min",
            "local",
            maximum=_LATELY,
            granule=_HOUR,
            align=_HOUR,
            retention=_LATELY,
        ),
        paging=_ROWS,
        each=_EACH,
        lookback=3 * _DAY,
    )


class CampaignReports(_Reports):
    """v1/report/campaign_report."""

    name = "campaign_reports"
    api = "v1/report/campaign_report"
    key = ("advertiser_id", "campaign_id", "stat_date")


class CampaignReportsHourly(_HourlyReports):
    """v1/report/campaign_report by hour."""

    name = "campaign_reports_hourly"
    shaped_as = "campaign_reports"
    api = "v1/report/campaign_report"
    key = ("advertiser_id", "campaign_id", "stat_date", "stat_hour")


class UnitReports(_Reports):
    """v1/report/unit_report."""

    name = "unit_reports"
    api = "v1/report/unit_report"
    key = ("advertiser_id", "unit_id", "stat_date")


class UnitReportsHourly(_HourlyReports):
    """v1/report/unit_report by hour."""

    name = "unit_reports_hourly"
    shaped_as = "unit_reports"
    api = "v1/report/unit_report"
    key = ("advertiser_id", "unit_id", "stat_date", "stat_hour")


class CreativeReports(_Reports):
    """v1/report/creative_report, with what is told of the video."""

    name = "creative_reports"
    api = "v1/report/creative_report"
    key = ("advertiser_id", "creative_id", "stat_date")
    params: t.ClassVar = {"temporal_granularity": "DAILY", "extend_info": ["photo"]}


class CreativeReportsHourly(_HourlyReports):
    """v1/report/creative_report by hour."""

    name = "creative_reports_hourly"
    shaped_as = "creative_reports"
    api = "v1/report/creative_report"
    key = ("advertiser_id", "creative_id", "stat_date", "stat_hour")
    params: t.ClassVar = {"temporal_granularity": "HOURLY", "extend_info": ["photo"]}


class ProgramCreativeReports(_Reports):
    """v1/report/program_creative_report: the last seven days alone; its page demands the finer times."""

    name = "program_creative_reports"
    api = "v1/report/program_creative_report"
    key = (
        "advertiser_id",
        "unit_id",
        "creative_id",
        "photo_id",
        "image_token",
        "description",
        "stat_date",
    )
    reads = Incremental(
        time=TimeFilter(
            "start_date_min",
            "end_date_min",
            "local",
            maximum=_WEEK,
            granule=_DAY,
            align=_DAY,
            retention=_LATELY,
        ),
        paging=_ROWS,
        each=_EACH,
        lookback=_LATELY,
    )

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """This pair of times has no seconds."""
        return _to_minutes(super().arguments(account, params))

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """What a row is split by may be empty, and must be whole in the key all the same."""
        return {**raw, **{name: raw.get(name) or "" for name in self.key[3:6]}}


class QueryWordReports(_Reports):
    """gw/dsp/v1/report/query_word_report: what people searched for."""

    name = "query_word_reports"
    api = "gw/dsp/v1/report/query_word_report"
    key = ("advertiser_id", "unit_id", "word_info_id", "query", "stat_date")


class MerchantReports(KuaishouAdsStream):
    """v1/merchant/report/detail_report (小店通转化), of the whole advertiser by day."""

    name = "merchant_reports"
    api = "v1/merchant/report/detail_report"
    key = ("advertiser_id", "report_date")
    params: t.ClassVar = {"view_type": 1, "group_type": 1}
    reads = Incremental(time=_days(_WEEK), paging=_PAGES, each=_EACH, lookback=_LATELY)


class FundDailyFlows(KuaishouAdsStream):
    """v1/advertiser/fund/daily_flows: a GET with a body."""

    name = "fund_daily_flows"
    api = "v1/advertiser/fund/daily_flows"
    key = ("advertiser_id", "date")
    reads = Incremental(
        time=_days(_MONTH),
        paging=PageNumber("page", "page_size", 500, "data.total_count"),
        each=_EACH,
        lookback=3 * _DAY,
    )


class FundBalances(KuaishouAdsStream):
    """v1/advertiser/fund/get: a GET with a body."""

    name = "fund_balances"
    api = "v1/advertiser/fund/get"
    records = "data"
    key = ("advertiser_id",)
    reads = FullTable(each=_EACH)


class OperationRecords(KuaishouAdsStream):
    """v1/tool/operation_record/list: who changed what, for six months; a record has no id."""

    name = "operation_records"
    api = "v1/tool/operation_record/list"
    key = ("advertiser_id", "operation_time", "operation_target", "object_id", "operation_type")
    happened = "operation_time"
    reads = Incremental(
        time=_days(_MONTH, retention=timedelta(days=180)),
        paging=PageNumber("page", "page_size", 500, "data.total_count"),
        each=_EACH,
    )


class Videos(KuaishouAdsStream):
    """gw/dsp/video/listByCursor: the next cursor is the greatest of the rows."""

    name = "videos"
    api = VIDEOS
    key = ("advertiser_id", "photo_id")
    reads = FullTable(
        paging=Cursor("cursor", "data.next", first=0, size="limit", limit=1000, until_empty=True),
        each=_EACH,
    )


class Clues(KuaishouAdsStream):
    """gw/crm/v3/clue/list (线索): people who left their address; what its times filter is not told."""

    name = "clues"
    api = "gw/crm/v3/clue/list"
    key = ("advertiser_id", "id")
    reads = FullTable(paging=_PAGES, each=_EACH, confirm_absence=2)
    selected_by_default = False


ALL: tuple[type[PlatformStream], ...] = (
    Advertisers,
    Campaigns,
    Units,
    Creatives,
    ProgramCreatives,
    AccountReports,
    AccountReportsHourly,
    CampaignReports,
    CampaignReportsHourly,
    UnitReports,
    UnitReportsHourly,
    CreativeReports,
    CreativeReportsHourly,
    ProgramCreativeReports,
    QueryWordReports,
    MerchantReports,
    FundDailyFlows,
    FundBalances,
    OperationRecords,
    Videos,
    Clues,
)
