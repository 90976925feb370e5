"""天眼查: a token in a header, an account that pays for each answer, and the registry, after the fact sheet."""

from __future__ import annotations

import typing as t
from collections import Counter
from collections.abc import Iterator

from typing_extensions import override

from sandbox import arguments
from sandbox.dataset import Dataset, Record, Row
from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.platform import Gateway, TruthRow
from sandbox.platforms.tianyancha import rows

_BASE: t.Final = {
    "open/ic/baseinfo/normal": frozenset(),
    "open/ic/baseinfoV2/2.0": frozenset({"email", "phoneNumber", "websiteList"}),
    "open/ic/baseinfoV3/2.0": frozenset({"staffList"}),
}
_REPORTS = "open/ic/annualreport/2.0"
_SEARCH = "open/search/2.0"
_PAGE_MOST = 20

Body = dict[str, t.Any]


class Arguments(arguments.Arguments):
    """The parameters of one call."""

    digits = True

    @override
    def refusal(self, name: str, wanted: str) -> Rejected:
        return Rejected(300008, f"缺少必要参数: {name}, {wanted}")


class Tianyancha(Gateway):
    """The platform: HTTP 200 for everything, and 300000 for nothing found."""

    slug = "tianyancha"
    title = "天眼查"
    entities = rows.ROWS
    volatile = frozenset()

    @override
    def __init__(self, world: t.Any) -> None:
        super().__init__(world)
        self.charged: Counter[str] = Counter()
        """Answers that were charged, by account."""

    @override
    def account_name(self, number: int) -> str:
        return f"buyer{number:02d}"

    @override
    def demo(self, base_url: str) -> Body:
        return {
            "base_url": base_url,
            "search_words": ["演示"],
            "accounts": [
                {
                    "id": name,
                    "token": f"sandbox-token-{name}",
                    "companies": [self._named(name, row) for row in self.listed(name)],
                }
                for name in self.accounts
            ],
        }

    def _named(self, account: str, row: Row) -> str:
        """Name a company in one of the ways that the platform understands."""
        data = self.dataset(account, "companies")
        kind = t.cast("rows.Company", data.entity)
        ways = (kind.title(data, row), kind.code(data, row), data.key(row))
        return ways[row.serial % len(ways)]

    def listed(self, account: str) -> list[Row]:
        """Return the companies that the settings of the demo name."""
        data = self.dataset(account, "companies")
        return [row for n in range(data.size) if (row := data.row(n)) is not None]

    # -- envelope --------------------------------------------------------------------------------

    @override
    def grants(self, call: Call) -> bool:
        return False

    @override
    def granted(self, call: Call) -> t.Any:
        raise Rejected(300010, "URL不存在")

    @override
    def name_of(self, call: Call) -> str:
        return call.path.strip("/")

    @override
    def success(self, call: Call, content: t.Any) -> Body:
        return {"result": content, "reason": "ok", "error_code": 0}

    @override
    def refusal(self, call: Call, refused: Rejected) -> Reply:
        told = {"result": None, "reason": refused.message, "error_code": refused.code}
        return json_reply(told, outcome=refused.outcome)

    @override
    def too_often(self, call: Call) -> Rejected:
        return Rejected(300004, "访问频率过快", "throttled")

    @override
    def answer(self, call: Call) -> t.Any:
        call.params = dict(call.query)
        name = call.headers.get("authorization", "").removeprefix("sandbox-token-")
        if name not in self.accounts:
            raise Rejected(300009, "账号信息有误", "auth")
        call.account = name
        self.admit(call, "calls", name, allowed=300)
        balance = self.world.limits.number("tianyancha.balance", 0)
        if balance and self.charged[name] >= balance:
            raise Rejected(300006, "余额不足")
        if call.method != "GET":
            raise Rejected(300010, "URL不存在")
        content = self._content(call, Arguments(call.params))
        self.charged[name] += 1
        if content is None:
            return json_reply({"result": None, "reason": "无数据", "error_code": 300000})
        return content

    # -- calls -----------------------------------------------------------------------------------

    def _content(self, call: Call, given: Arguments) -> t.Any:
        path = call.api.removeprefix("services/")
        data = self.dataset(call.account, "companies", call)
        if path == _SEARCH:
            return self._page(call, given, self.found(data, given.text("word")))
        lists = dict(rows.LISTS.values())
        known = path in lists or path in _BASE or path in rows.ANSWERS.values() or path == _REPORTS
        if not known:
            raise Rejected(300010, "URL不存在")
        by_id = path == rows.LISTS["news"][0]
        row = self._company(data, given.text("id" if by_id else "keyword"))
        if row is None:
            return None
        if path in _BASE:
            return self.base(data, row, path)
        if path in lists:
            return self._page(call, given, lists[path](data, row))
        if path == _REPORTS:
            return {"items": rows.annual_reports(data, row)}
        return self.whole(path, row)

    def base(self, data: Dataset, row: Row, path: str) -> Record:
        """Return a company, with as much as the interface tells."""
        more: Body = {"email": "a@corp.example", "phoneNumber": "0571-1", "websiteList": ""}
        more["staffList"] = {"total": 3, "items": rows.staffs(data, row)}
        return data.render(row) | {name: more[name] for name in _BASE[path]}

    def whole(self, path: str, row: Row) -> Record:
        """Return an answer whose names are ours."""
        return {"about": f"{path} {row.serial}", "items": [{"n": 1}]}

    def found(self, data: Dataset, word: str) -> list[Record]:
        """Return what a search finds, the word set off."""
        shown = [data.render(row) for row in self.listed(data.account)]
        names = ("id", "regNumber", "creditCode", "regStatus", "regCapital", "type", "base")
        return [
            {name: one[name] for name in names}
            | {"name": one["name"].replace(word, f"<em>{word}</em>")}
            | {"estiblishTime": "2005-07-12 00:00:00.0", "companyType": 1}
            for one in shown
            if word in one["name"]
        ]

    def _company(self, data: Dataset, keyword: str) -> Row | None:
        if (row := data.find(keyword)) is not None:
            return row
        kind = t.cast("rows.Company", data.entity)
        return next(
            (r for r in data.rows() if keyword in {kind.title(data, r), kind.code(data, r)}), None
        )

    def _page(self, call: Call, given: Arguments, found: list[Record]) -> Body | None:
        size = given.number("pageSize", 20, low=1, high=_PAGE_MOST)
        first = (given.number("pageNum", 1, low=1) - 1) * size
        if call.blank or not found:
            return None
        return {"total": len(found), "items": found[first : first + size]}

    # -- truth -----------------------------------------------------------------------------------

    @override
    def streams(self) -> list[str]:
        return [*super().streams(), "search_results", "annual_reports", *rows.LISTS, *rows.ANSWERS]

    @override
    def truth(self, account: str, stream: str) -> Iterator[TruthRow]:
        data = self.dataset(account, "companies")
        if stream == "search_results":
            for one in self.found(data, "演示"):
                yield TruthRow(f"演示:{one['id']}", None, 1, one)
            return
        for row in self.listed(account):
            key = data.key(row)
            if stream == "companies":
                yield TruthRow(key, None, row.version, data.render(row))
            elif stream == "annual_reports":
                for one in rows.annual_reports(data, row):
                    yield TruthRow(f"{key}:{one['baseInfo']['reportYear']}", None, 1, one)
            elif stream in rows.ANSWERS:
                yield TruthRow(key, None, 1, self.whole(rows.ANSWERS[stream], row))
            else:
                for one in rows.LISTS[stream][1](data, row):
                    yield TruthRow(f"{key}:{_key(stream, one)}", None, 1, one)


def _key(stream: str, one: Record) -> str:
    """Return what tells a row from the others of its company."""
    if stream in {"shareholders", "staffs"}:
        return f"{one['type']}:{one['id'] or one['name']}"
    names = ("id", "docid", "what", "contentAfter", "putReason", "casecode")
    return str(next(one[name] for name in names if name in one))


PLATFORM = Tianyancha
