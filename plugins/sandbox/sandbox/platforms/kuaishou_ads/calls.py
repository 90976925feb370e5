"""The calls of 快手磁力引擎: days, pages and answers of each, by path."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable
from datetime import date

from typing_extensions import override

from sandbox import arguments
from sandbox.clock import beijing
from sandbox.dataset import Dataset
from sandbox.http import Call, Rejected
from sandbox.platforms.kuaishou_ads.figures import REPORTS, balance, flows, merchant_rows
from sandbox.platforms.kuaishou_ads.rows import DELETED, Owned, advertisers_of

if t.TYPE_CHECKING:
    from sandbox.platforms.kuaishou_ads import KuaishouAds

Body = dict[str, t.Any]
Handler = Callable[["KuaishouAds", Call, "Arguments"], t.Any]

_GENERIC = 401000
_DAY_MS = 86_400_000
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MINUTE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")
_EVER = ("0000-01-01", "9999-12-31")


class Arguments(arguments.Arguments):
    """The body of one call."""

    @override
    def refusal(self, name: str, wanted: str) -> Rejected:
        return Rejected(_GENERIC, f"参数错误: {name}, {wanted}")

    def between(self, start: str, end: str, form: re.Pattern[str]) -> tuple[str, str]:
        """Return a pair of times as text; both or neither must be there."""
        first, last = self.get(start), self.get(end)
        if first is None and last is None:
            return _EVER
        for name, value in ((start, first), (end, last)):
            if not isinstance(value, str) or not form.fullmatch(value):
                raise self.refusal(name, form.pattern)
        if last < first:
            raise self.refusal(end, f"not before {start}")
        return first, last

    def page(self, rows: t.Sequence[t.Any], most: int, call: Call) -> Body:
        """Return a page of rows with the total."""
        number, size = self.number("page", 1, low=1), self.number("page_size", 20, low=1, high=most)
        shown = [] if call.blank else rows[(number - 1) * size : number * size]
        return {"total_count": len(rows), "details": shown}


def _owned(platform: KuaishouAds, call: Call, arguments: Arguments, entity: str) -> list[t.Any]:
    """Return data set and rows of the advertiser that is asked for."""
    data = platform.dataset(call.account, entity, call)
    kind, wanted = t.cast("Owned", data.entity), arguments.number("advertiser_id")
    return [data, [row for row in data.rows() if kind.owner(data, row) == wanted]]


def _rendered(data: Dataset, page: Body) -> Body:
    return {**page, "details": [data.render(row) for row in page["details"]]}


def advertisers(platform: KuaishouAds, call: Call, arguments: Arguments) -> Body:
    """Answer the advertisers of the authorisation, as bare numbers; the page beyond them is the end."""
    size = arguments.number("page_size", 20, low=1, high=200)
    first = (arguments.number("page_no", 1, low=1) - 1) * size
    covered = advertisers_of(platform.accounts.index(call.account) + 1)
    shown = covered[first : first + size]
    return {"details": [] if call.blank else shown, "isEnd": not shown}


def _entities(entity: str, deleted: int, single: str) -> Handler:
    def answer(platform: KuaishouAds, call: Call, arguments: Arguments) -> Body:
        data, rows = _owned(platform, call, arguments, entity)
        first, last = arguments.between("start_date", "end_date", _DAY)
        axis = "created" if arguments.number("time_filter_type", 0) == 1 else "updated"
        state = arguments.number("status", 0)
        if single in arguments:
            wanted = arguments.number(single)
            rows = [row for row in rows if data.entity.number(data, row) == wanted]
        found = []
        for row in reversed(rows):
            gone = data.entity.state(data, row) == DELETED
            if (not gone or state in {-2, deleted}) and (
                first <= beijing(getattr(row, axis))[:10] <= last
            ):
                found.append(row)
        return _rendered(data, arguments.page(found, 200, call))

    return answer


def _report(level: str) -> Handler:
    report = REPORTS[level]

    def answer(platform: KuaishouAds, call: Call, arguments: Arguments) -> Body:
        hourly = arguments.get("temporal_granularity") == "HOURLY"
        if report.minutes or "start_date_min" in arguments:
            first, last = arguments.between("start_date_min", "end_date_min", _MINUTE)
        else:
            first, last = arguments.between("start_date", "end_date", _DAY)
            first, last = f"{first} 00:00", f"{last} 23:59"
        if first[:10] == _EVER[0]:
            raise arguments.refusal("start_date", "missing")
        oldest = beijing(call.now_ms - ((report.days_kept or 0) - 1) * _DAY_MS)[:10]
        if report.days_kept and first[:10] < oldest:
            raise Rejected(_GENERIC, f"仅支持查询近{report.days_kept}天的数据")
        if _days_between(first, last) > 7:
            raise Rejected(_GENERIC, "时间跨度不能超过7天")
        advertiser = arguments.number("advertiser_id")
        places = [
            place
            for place in report.places(platform, call.account, advertiser, hourly=hourly)
            if first <= f"{place.day} {place.hour:02d}:00" <= last
        ]
        page = arguments.page(places, 2000, call)
        shown = [report.row(platform, call.account, advertiser, one) for one in page["details"]]
        return {**page, "details": shown}

    return answer


def _days_between(first: str, last: str) -> int:
    return (date.fromisoformat(last[:10]) - date.fromisoformat(first[:10])).days


def merchant(platform: KuaishouAds, call: Call, arguments: Arguments) -> Body:
    """Answer sales by day; the finer levels want ids as one text."""
    level = arguments.number("view_type", low=1, high=4)
    names = (None, "campaign_ids", "unit_ids", "creative_ids")
    if (name := names[level - 1]) is not None:
        arguments.text(name)
    first, last = arguments.between("start_date", "end_date", _DAY)
    rows = merchant_rows(platform, arguments.number("advertiser_id"))
    return arguments.page([r for r in rows if first <= r["report_date"] <= last], 200, call)


def fund_flows(platform: KuaishouAds, call: Call, arguments: Arguments) -> Body:
    """Answer money by day; without days, today's."""
    first, last = arguments.between("start_date", "end_date", _DAY)
    if first == _EVER[0]:
        first = last = beijing(call.now_ms)[:10]
    rows = flows(platform, arguments.number("advertiser_id"))
    return arguments.page([row for row in rows if first <= row["date"] <= last], 500, call)


def fund_balance(_platform: KuaishouAds, _call: Call, arguments: Arguments) -> Body:
    """Answer the money of now."""
    return balance(arguments.number("advertiser_id"))


def operations(platform: KuaishouAds, call: Call, arguments: Arguments) -> Body:
    """Answer the changes of the last six months."""
    data, rows = _owned(platform, call, arguments, "operation_records")
    first, last = arguments.between("start_date", "end_date", _DAY)
    if first < beijing(call.now_ms - 184 * _DAY_MS)[:10]:
        raise Rejected(_GENERIC, "仅支持查询近6个月的数据")
    found = [row for row in reversed(rows) if first <= beijing(row.created)[:10] <= last]
    return _rendered(data, arguments.page(found, 500, call))


def videos(platform: KuaishouAds, call: Call, arguments: Arguments) -> Body:
    """Answer the videos beyond a cursor."""
    data, rows = _owned(platform, call, arguments, "videos")
    after, size = arguments.number("cursor"), arguments.number("limit", 200, low=1, high=1000)
    rows = sorted((row for row in rows if row.serial + 1 > after), key=lambda row: row.serial)
    return {"details": [] if call.blank else [data.render(row) for row in rows[:size]]}


def clues(platform: KuaishouAds, call: Call, arguments: Arguments) -> Body:
    """Answer the clues, newest first."""
    data, rows = _owned(platform, call, arguments, "clues")
    return _rendered(data, arguments.page(rows[::-1], 200, call))


CALLS: dict[str, tuple[str, Handler]] = {
    "oauth2/authorize/approval/list": ("POST", advertisers),
    "gw/dsp/campaign/list": ("POST", _entities("campaigns", 5, "campaign_id")),
    "gw/dsp/unit/list": ("POST", _entities("units", 10, "unit_id")),
    "gw/dsp/creative/list": ("POST", _entities("creatives", 40, "creative_id")),
    "gw/dsp/advanced_creative/list": ("POST", _entities("program_creatives", 40, "unit_id")),
    "v1/report/account_report": ("POST", _report("account_reports")),
    "v1/report/campaign_report": ("POST", _report("campaign_reports")),
    "v1/report/unit_report": ("POST", _report("unit_reports")),
    "v1/report/creative_report": ("POST", _report("creative_reports")),
    "v1/report/program_creative_report": ("POST", _report("program_creative_reports")),
    "gw/dsp/v1/report/query_word_report": ("POST", _report("query_word_reports")),
    "v1/merchant/report/detail_report": ("POST", merchant),
    "v1/advertiser/fund/daily_flows": ("GET", fund_flows),
    "v1/advertiser/fund/get": ("GET", fund_balance),
    "v1/tool/operation_record/list": ("POST", operations),
    "gw/dsp/video/listByCursor": ("POST", videos),
    "gw/crm/v3/clue/list": ("POST", clues),
}
"""Every call that the simulated platform knows, with its verb; POST is taken for all."""
