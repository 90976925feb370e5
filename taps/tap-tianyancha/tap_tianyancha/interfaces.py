"""The interfaces of 天眼查 that the streams call, by stream."""

from __future__ import annotations

import typing as t

COMPANIES: t.Final = "companies"

DETAILS: t.Final[dict[str, str]] = {
    "normal": "services/open/ic/baseinfo/normal",
    "contacts": "services/open/ic/baseinfoV2/2.0",
    "staff": "services/open/ic/baseinfoV3/2.0",
}
"""How much is told of a company itself, by the setting `company_detail`; each has its own price."""

PATHS: t.Final[dict[str, str]] = {
    "search_results": "services/open/search/2.0",
    "shareholders": "services/open/ic/holder/2.0",
    "staffs": "services/open/ic/staff/2.0",
    "branches": "services/open/ic/branch/2.0",
    "changes": "services/open/ic/changeinfo/2.0",
    "annual_reports": "services/open/ic/annualreport/2.0",
    "investments": "services/open/ic/inverst/2.0",
    "abnormal_records": "services/open/mr/abnormal/2.0",
    "illegal_records": "services/open/mr/illegalinfo/2.0",
    "lawsuits": "services/open/jr/lawSuit/3.0",
    "dishonest_records": "services/open/jr/dishonest/2.0",
    "news": "services/open/ps/news/2.0",
    "published_shareholders": "services/open/ic/holderList/2.0",
    "shareholder_changes": "services/open/ic/holderChange/2.0",
    "former_shareholders": "services/open/hi/holder/2.0",
    "punishments": "services/open/mr/punishmentInfo/3.0",
    "patents": "services/open/ipr/patents/3.0",
    "trademarks": "services/open/ipr/tm/2.0",
    "credit_ratings": "services/open/m/creditRating/2.0",
    "former_staffs": "services/open/hi/members",
    "actual_controls": "services/open/ic/actualControl/3.0",
    "contacts": "services/open/ic/contact",
    "snapshots": "services/open/ic/snapshot",
    "registry_bundles": "services/open/cb/ic/2.0",
    "judicial_bundles": "services/open/cb/judicial/2.0",
    "ipr_bundles": "services/open/cb/ipr/3.0",
}

STREAMS: t.Final = {
    **{path: name for name, path in PATHS.items()},
    **dict.fromkeys(DETAILS.values(), COMPANIES),
}
"""The stream that calls an interface."""
