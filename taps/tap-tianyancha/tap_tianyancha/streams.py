"""The streams of 天眼查; each names its interface, whose page is open.tianyancha.com/open/<number>.

All but the search go through the companies of the settings, one after the other; a list is complete when
each of them has been answered, from the kept answers or anew.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from datetime import timedelta

from openplatform.accounts import Account
from openplatform.bookmarks import EPOCH, format_time
from openplatform.declarations import ById, Each, FullTable
from openplatform.paging import OneShot
from openplatform.streams import PlatformStream
from openplatform.undescribed import digest_of, kept_whole
from typing_extensions import override

from tap_tianyancha.client import TianyanchaClient, TianyanchaStream
from tap_tianyancha.interfaces import COMPANIES, DETAILS, PATHS
from tap_tianyancha.paging import PaidPages

if t.TYPE_CHECKING:
    from openplatform.tap import PlatformTap

_DAY_MS = 86_400_000
_PAGES = PaidPages()
_OF_COMPANIES = (Each(COMPANIES, "id", "keyword", carry="companyId"),)


class _Paid(TianyanchaStream):
    """A list that is paid for by the call."""

    @override
    def in_order(self, account: Account, values: list[t.Any]) -> list[t.Any]:
        """What was never answered comes first, then the oldest: a small budget gets round to all."""
        reads = t.cast("FullTable", self.reads)
        (each,) = reads.each
        first = getattr(reads.paging, "first", {})
        calls: list[Mapping[str, t.Any]] = [
            {**self.params, each.param: value, **first} for value in values
        ]
        client = t.cast("TianyanchaClient", self.tap.client)
        return [call[each.param] for call in client.in_order(account, self.api, calls)]

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """Days before 1970 are negative milliseconds, which the library takes for no time at all."""
        return {name: _early(value) for name, value in super().flatten(raw).items()}


class Companies(_Paid):
    """baseinfo (1116), with contacts (818) or with staff (819), as the setting says."""

    name = COMPANIES
    confirmed = True
    api = DETAILS["normal"]
    records = "result"
    key = ("id",)
    by_id = ById("keyword")
    # A company may be named twice, by its name and by its number.
    reads = FullTable(each=(Each(param="keyword", chosen="companies"),), distinct=True)

    @override
    def __init__(self, tap: PlatformTap, *, incremental: bool) -> None:
        """How much is bought of a company is a setting."""
        super().__init__(tap, incremental=incremental)
        stream = t.cast("t.Any", self)  # for this one, declared for the class elsewhere
        stream.api = DETAILS[str(tap.config.get("company_detail") or "normal")]


class SearchResults(_Paid):
    """Search (816), for each of the setting's words."""

    name = "search_results"
    api = PATHS["search_results"]
    records = "result.items[]"
    key = ("word", "id")
    reads = FullTable(
        paging=_PAGES, each=(Each(param="word", chosen="search_words", carry="word"),)
    )
    selected_by_default = False


class _OfCompany(_Paid):
    """A list of each company."""

    records = "result.items[]"
    reads = FullTable(paging=_PAGES, each=_OF_COMPANIES)


class _Named(_OfCompany):
    """Companies and people."""

    key = ("companyId", "type", "id")

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """Some people have no id: then their name must do."""
        record = super().flatten(raw)
        return {**record, "id": record.get("id") or record.get("name")}


class Shareholders(_Named):
    """holder (821)."""

    name = "shareholders"
    api = PATHS["shareholders"]


class Staffs(_Named):
    """staff (820): the company's main people."""

    name = "staffs"
    api = PATHS["staffs"]


class Branches(_OfCompany):
    """branch (824)."""

    name = "branches"
    api = PATHS["branches"]
    key = ("companyId", "id")
    selected_by_default = False


class _Unnumbered(_OfCompany):
    """Entries without any number: known by some of what they hold.

    Attributes:
        told_by: Fields that tell one entry of a company from another, and do not change.
    """

    key: t.ClassVar[tuple[str, ...]] = ("companyId", "digest")
    told_by: t.ClassVar[tuple[str, ...]] = ("putDate", "putReason", "putDepartment")

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """There is no id, so a fingerprint of what stays is one."""
        return {**super().flatten(raw), "digest": digest_of([raw.get(n) for n in self.told_by])}


class Changes(_Unnumbered):
    """changeinfo (822)."""

    name = "changes"
    confirmed = True
    api = PATHS["changes"]
    key = ("companyId", "changeTime", "changeItem", "digest")
    told_by = ("contentBefore", "contentAfter")


class AnnualReports(_OfCompany):
    """annualreport (825): the reports of all years in one answer."""

    name = "annual_reports"
    api = PATHS["annual_reports"]
    key = ("companyId", "reportYear")
    lift: t.ClassVar = {"reportYear": "baseInfo.reportYear"}
    reads = FullTable(paging=OneShot(), each=_OF_COMPANIES)


class Investments(_OfCompany):
    """inverst (823, sic): the companies that it holds shares of."""

    name = "investments"
    api = PATHS["investments"]
    key = ("companyId", "id")
    selected_by_default = False


class AbnormalRecords(_Unnumbered):
    """abnormal (848): 经营异常."""

    name = "abnormal_records"
    confirmed = True
    api = PATHS["abnormal_records"]
    selected_by_default = False


class IllegalRecords(_Unnumbered):
    """illegalinfo (846): 严重违法."""

    name = "illegal_records"
    api = PATHS["illegal_records"]
    selected_by_default = False


class Lawsuits(_OfCompany):
    """lawSuit (1114, the third version)."""

    name = "lawsuits"
    api = PATHS["lawsuits"]
    key = ("companyId", "id")
    selected_by_default = False

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """The third version is said to have a uuid only."""
        record = super().flatten(raw)
        return {**record, "id": record.get("id") or record.get("uuid")}


class DishonestRecords(_Unnumbered):
    """dishonest (843): 失信人."""

    name = "dishonest_records"
    api = PATHS["dishonest_records"]
    told_by = ("iname", "casecode", "gistid")
    selected_by_default = False


class News(_OfCompany):
    """news (943), which takes the company's id as such."""

    name = "news"
    confirmed = True
    api = PATHS["news"]
    key = ("companyId", "docid")
    reads = FullTable(
        paging=_PAGES, each=(Each(COMPANIES, "id", "id", carry="companyId"),), activates=False
    )
    selected_by_default = False


class _Rows(_OfCompany):
    """Lists whose entries nobody has described: they stay whole."""

    key = ("companyId", "digest")
    shaped_as = "undescribed"
    selected_by_default = False

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """What nobody has described stays whole; a changed entry is another one."""
        return kept_whole(raw)


class PublishedShareholders(_Rows):
    """holderList (997)."""

    name = "published_shareholders"
    api = PATHS["published_shareholders"]


class ShareholderChanges(_Rows):
    """holderChange (998)."""

    name = "shareholder_changes"
    api = PATHS["shareholder_changes"]


class FormerShareholders(_Rows):
    """hi/holder (877)."""

    name = "former_shareholders"
    api = PATHS["former_shareholders"]


class Punishments(_Rows):
    """punishmentInfo (1124)."""

    name = "punishments"
    api = PATHS["punishments"]


class Patents(_Rows):
    """patents (1137)."""

    name = "patents"
    api = PATHS["patents"]


class Trademarks(_Rows):
    """tm (838)."""

    name = "trademarks"
    api = PATHS["trademarks"]


class CreditRatings(_Rows):
    """creditRating (1049)."""

    name = "credit_ratings"
    api = PATHS["credit_ratings"]


class _Answer(_Paid):
    """An answer that nobody has described: it stays whole."""

    records = "result"
    key = ("companyId",)
    shaped_as = "undescribed_answer"
    reads = FullTable(each=_OF_COMPANIES)
    selected_by_default = False

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """What nobody has described stays whole."""
        return {"content": raw}


class FormerStaffs(_Answer):
    """hi/members (1050)."""

    name = "former_staffs"
    api = PATHS["former_staffs"]


class ActualControls(_Answer):
    """actualControl (1123): 疑似实际控制人."""

    name = "actual_controls"
    api = PATHS["actual_controls"]


class Contacts(_Answer):
    """contact (1046)."""

    name = "contacts"
    api = PATHS["contacts"]


class Snapshots(_Answer):
    """snapshot (1045): 工商快照."""

    name = "snapshots"
    api = PATHS["snapshots"]


class RegistryBundles(_Answer):
    """cb/ic (1001): base data, staff, shareholders, investments, branches and changes in one call."""

    name = "registry_bundles"
    api = PATHS["registry_bundles"]


class JudicialBundles(_Answer):
    """cb/judicial (1002)."""

    name = "judicial_bundles"
    api = PATHS["judicial_bundles"]


class IprBundles(_Answer):
    """cb/ipr (1139)."""

    name = "ipr_bundles"
    api = PATHS["ipr_bundles"]


def _early(value: t.Any) -> t.Any:
    if value.__class__ is int and value < -_DAY_MS:
        return format_time(EPOCH + timedelta(milliseconds=value))
    return value


ALL: tuple[type[PlatformStream], ...] = (
    Companies,
    SearchResults,
    Shareholders,
    Staffs,
    Branches,
    Changes,
    AnnualReports,
    Investments,
    AbnormalRecords,
    IllegalRecords,
    Lawsuits,
    DishonestRecords,
    News,
    PublishedShareholders,
    ShareholderChanges,
    FormerShareholders,
    Punishments,
    Patents,
    Trademarks,
    CreditRatings,
    FormerStaffs,
    ActualControls,
    Contacts,
    Snapshots,
    RegistryBundles,
    JudicialBundles,
    IprBundles,
)
