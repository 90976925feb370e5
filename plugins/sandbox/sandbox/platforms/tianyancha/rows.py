"""The companies of 天眼查, and what the platform tells of each; days are midnight in China."""

from __future__ import annotations

import typing as t

from typing_extensions import override

from sandbox.clock import BEIJING_SECONDS, beijing
from sandbox.company import name_of
from sandbox.dataset import Dataset, Entity, Numbered, Record, Row
from sandbox.mixing import mix

DAY_MS: t.Final = 86_400_000
_TRADES = ("软件", "贸易", "食品", "物流", "餐饮")
_PEOPLE = 23


def _day(ms: int) -> int:
    offset = BEIJING_SECONDS * 1000
    return (ms + offset) // DAY_MS * DAY_MS - offset


class Company(Numbered):
    """A company; with each version one shareholder leaves, and a change is entered."""

    name = "companies"
    per_order = 0.125
    dated = False
    first = 22_822_000
    spread = 1_000

    @override
    def size(self, orders: int) -> int:
        return max(5, min(25, super().size(orders)))

    def title(self, data: Dataset, row: Row) -> str:
        """Return the company's full name."""
        trade = _TRADES[row.serial % len(_TRADES)]
        return f"演示{data.account}第{row.serial}{trade}有限公司"

    def code(self, data: Dataset, row: Row) -> str:
        """Return the 统一社会信用代码."""
        return f"91DEMO{self.number(data, row):012d}"

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        dice = mix(data.seed, row.serial, 3)
        return {
            "id": self.number(data, row),
            "name": self.title(data, row),
            "alias": f"演示{row.serial}",
            "property3": f"Demo {row.serial} Co., Ltd.",
            "historyNames": "",
            "historyNameList": [],
            "regStatus": f"存续 v{row.version}",
            "type": 1,
            "legalPersonName": name_of(dice),
            "companyOrgType": "有限责任公司",
            "regCapital": f"{dice % 1000}万人民币",
            "regCapitalCurrency": "人民币",
            "regNumber": f"3300{self.number(data, row)}",
            "creditCode": self.code(data, row),
            # Some are older than 1970.
            "estiblishTime": _day(-631_000_000_000 if row.serial == 1 else row.created),
            "fromTime": _day(row.created),
            "toTime": None,
            "approvedTime": _day(row.created),
            "updateTimes": row.updated,
            "cancelDate": None,
            "revokeDate": None,
            "regInstitute": "演示市场监督管理局",
            "regLocation": "演示路1号",
            "base": "zj",
            "city": "杭州市",
            "district": "西湖区",
            "industry": "软件",
            "industryAll": {"category": "I", "categoryBig": "65", "categoryMiddle": "651"},
            "businessScope": "软件",
            "staffNumRange": "小于50人",
            "socialStaffNum": dice % 50,
            "isMicroEnt": dice % 2,
            "percentileScore": dice % 10_000,
            "tags": "存续;",
        }


ROWS: t.Final[tuple[type[Entity], ...]] = (Company,)


def _who(data: Dataset, row: Row, number: int) -> Record:
    dice = mix(data.seed, row.serial, number, 11)
    person = number % 3 > 0
    return {
        # Some people have no id.
        "id": None if number == 2 else dice % 10**9,
        "name": name_of(dice) + str(number) if person else f"演示投资{number}有限公司",
        "type": 2 if person else 1,
        "logo": "",
    }


def shareholders(data: Dataset, row: Row) -> list[Record]:
    """Return the shareholders: 23 of the first company, 4 of the others, less those who left."""
    count = (_PEOPLE if row.serial == 0 else 4) - (row.version - 1)
    capital = {"amomon": "35万人民币", "paymet": "货币", "time": "2020-01-02", "percent": "10%"}
    return [
        _who(data, row, number) | {"alias": "", "capital": [capital], "capitalActl": [capital]}
        for number in range(max(1, count))
    ]


def staffs(data: Dataset, row: Row) -> list[Record]:
    """Return the main people."""
    return [_who(data, row, number) | {"typeJoin": ["董事"], "type": 2} for number in range(3)]


def branches(_data: Dataset, row: Row) -> list[Record]:
    """Return the branches: none of every second company."""
    if row.serial % 2:
        return []
    return [
        {
            "id": 33_000_000 + row.serial * 100 + number,
            "name": f"演示分公司{number}",
            "alias": "演示",
            "regStatus": "存续",
            "estiblishTime": _day(row.created),
            "regCapital": "",
            "legalPersonName": name_of(number),
            "category": "软件",
            "personType": 1,
            "base": "zj",
        }
        for number in range(2)
    ]


def changes(_data: Dataset, row: Row) -> list[Record]:
    """Return the changes that were entered."""
    day = beijing(row.created)[:10]
    return [
        {
            "changeItem": "股东变更",
            "changeTime": day,
            "createTime": day,
            "contentBefore": f"<em>股东{version}</em>",
            "contentAfter": f"股东{version + 1}",
        }
        for version in range(1, row.version + 2)
    ]


def annual_reports(_data: Dataset, row: Row) -> list[Record]:
    """Return the reports of three years."""
    return [
        {
            "baseInfo": {
                "reportYear": str(year),
                "companyName": f"演示{row.serial}",
                "employeeNum": "12人",
                "totalAssets": "1000万元",
                "operatorName": name_of(year),
                "phoneNumber": f"0571{year}",
            },
            "changeRecordList": [],
            "shareholderList": [{"investorName": name_of(year), "subscribeAmount": "50"}],
            "webInfoList": [{"name": "演示", "webType": "网站", "website": "corp.example"}],
        }
        for year in (2023, 2024, 2025)
    ]


def investments(_data: Dataset, row: Row) -> list[Record]:
    """Return the companies that it holds shares of."""
    return [
        {
            "id": 44_000_000 + row.serial * 100 + number,
            "name": f"演示子公司{number}",
            "percent": "51%",
            "amount": "12.5",
            "regCapital": "100万人民币",
            "regStatus": "存续",
            "estiblishTime": _day(row.created),
            "category": "软件",
        }
        for number in range(2)
    ]


def abnormal(_data: Dataset, row: Row) -> list[Record]:
    """Return the entries of abnormal operation, with days as text."""
    return [
        {"putDate": "2020-07-01", "putReason": f"未公示{row.serial}", "putDepartment": "演示局"}
        | {"removeDate": "", "removeReason": "", "removeDepartment": ""}
    ]


def illegal(data: Dataset, row: Row) -> list[Record]:
    """Return the entries of grave offences, with days as milliseconds."""
    return [
        {**one, "putDate": _day(row.created), "removeDate": None} for one in abnormal(data, row)
    ]


def lawsuits(_data: Dataset, row: Row) -> list[Record]:
    """Return the judgements: more than two pages of the first company."""
    return [
        {
            "id": f"law{row.serial}x{number}",
            "uuid": f"u{row.serial}x{number}",
            "title": f"纠纷{number}",
            "casetype": "民事案件",
            "casereason": "合同纠纷",
            "caseno": f"（2020）演01民初{number}号",
            "court": "演示法院",
            "doctype": "裁定书",
            "plalongiffs": f"原告-{name_of(number)}",
            "defendants": f"被告-{name_of(number + 1)}",
            "judgetime": "2020-11-02",
            "submittime": _day(row.created),
            "url": "",
        }
        for number in range(40 if row.serial == 0 else 2)
    ]


def dishonest(_data: Dataset, row: Row) -> list[Record]:
    """Return the entries of dishonest debtors."""
    return [
        {
            "iname": name_of(row.serial),
            "casecode": f"（2019）演01执{row.serial}号",
            "cardnum": "3301****1234",
            "courtname": "演示法院",
            "duty": "支付货款",
            "performance": "全部未履行",
            "regdate": _day(row.created),
            "publishdate": _day(row.created),
            "businessentity": name_of(row.serial),
            "staff": [{"role": "法定代表人", "code": "3301****1234", "name": name_of(row.serial)}],
        }
    ]


def news(_data: Dataset, row: Row) -> list[Record]:
    """Return the news."""
    return [
        {
            "docid": f"doc{row.serial}x{number}",
            "title": f"演示新闻{number}",
            "abstracts": "演示",
            "uri": "https://news.example/1",
            "website": "演示网",
            "rtm": row.created,
            "tags": ["融资"],
            "emotion": number - 1,
        }
        for number in range(3)
    ]


def anything(kind: str) -> t.Callable[[Dataset, Row], list[Record]]:
    """Return rows whose names are ours, since nobody describes them."""

    def make(_data: Dataset, row: Row) -> list[Record]:
        return [{"what": f"{kind} {row.serial} {number}", "n": number} for number in range(3)]

    return make


LISTS: t.Final[dict[str, tuple[str, t.Callable[[Dataset, Row], list[Record]]]]] = {
    "shareholders": ("open/ic/holder/2.0", shareholders),
    "staffs": ("open/ic/staff/2.0", staffs),
    "branches": ("open/ic/branch/2.0", branches),
    "changes": ("open/ic/changeinfo/2.0", changes),
    "investments": ("open/ic/inverst/2.0", investments),
    "abnormal_records": ("open/mr/abnormal/2.0", abnormal),
    "illegal_records": ("open/mr/illegalinfo/2.0", illegal),
    "lawsuits": ("open/jr/lawSuit/3.0", lawsuits),
    "dishonest_records": ("open/jr/dishonest/2.0", dishonest),
    "news": ("open/ps/news/2.0", news),
    **{
        name: (path, anything(name))
        for name, path in {
            "published_shareholders": "open/ic/holderList/2.0",
            "shareholder_changes": "open/ic/holderChange/2.0",
            "former_shareholders": "open/hi/holder/2.0",
            "punishments": "open/mr/punishmentInfo/3.0",
            "patents": "open/ipr/patents/3.0",
            "trademarks": "open/ipr/tm/2.0",
            "credit_ratings": "open/m/creditRating/2.0",
        }.items()
    },
}
"""The lists that come in pages: their paths, and what makes their rows."""

ANSWERS: t.Final = {
    "former_staffs": "open/hi/members",
    "actual_controls": "open/ic/actualControl/3.0",
    "contacts": "open/ic/contact",
    "snapshots": "open/ic/snapshot",
    "registry_bundles": "open/cb/ic/2.0",
    "judicial_bundles": "open/cb/judicial/2.0",
    "ipr_bundles": "open/cb/ipr/3.0",
}
"""The interfaces that tell all at once, in objects that nobody describes."""
