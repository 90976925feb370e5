"""Queries by form: the fields asked for, a condition much like SQL's, an order, and a place to begin."""

from __future__ import annotations

import functools
import operator
import re
import typing as t
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone

from sandbox.dataset import Dataset, Row
from sandbox.http import Call, Rejected
from sandbox.platforms.kingdee.rows import FIELDS, FORMS, LINES, KingdeeEntity, kinds

if t.TYPE_CHECKING:
    from sandbox.platforms.kingdee import Kingdee

_BEIJING = timezone(timedelta(hours=8))
_WORD = re.compile(r"\s*(>=|<=|<>|!=|[=<>(),]|'(?:[^']|'')*'|[\w.]+)")
_CUT, _MOST = 2000, 10_000
_COMPARE: t.Final[Mapping[str, Callable[[t.Any, t.Any], bool]]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
Line = dict[str, t.Any]
Test = Callable[[Line], bool]


def answer(platform: Kingdee, call: Call, asked: Mapping[str, t.Any]) -> list[Line]:
    """Return the lines of a query, each with the fields asked for, in their order."""
    name = FORMS.get(str(asked.get("FormId")))
    if name is None:
        raise Rejected(0, "业务对象不存在")
    data = platform.dataset(call.account, name, call)
    known = _known(name)
    wanted = [_field(known, one) for one in str(asked.get("FieldKeys") or "").split(",")]
    limit, start = _number(asked, "Limit"), _number(asked, "StartRow")
    if limit > _MOST:
        raise Rejected(8, f"Limit不能超过{_MOST}")
    test = _Condition(str(asked.get("FilterString") or ""), known).test
    order = [
        part.split() for part in str(asked.get("OrderString") or "").split(",") if part.strip()
    ]
    by = [(_field(known, word[0]), word[-1].upper() == "DESC") for word in order]
    multiplied = any(known[one] == "rows" for one in [*wanted, *(one for one, _ in by)])
    lines = [line for line in _lines(platform, data, multiplied=multiplied) if test(line)]
    for one, falling in reversed(by):
        lines = sorted(lines, key=functools.partial(_sortable, one), reverse=falling)
    top = _number(asked, "TopRowCount") or len(lines)
    # Without a limit the answer is cut, and nothing tells of it.
    page = [] if call.blank else lines[:top][start : start + (limit or _CUT)]
    return [{one: line[one] for one in wanted} for line in page]


def _known(name: str) -> dict[str, str]:
    """Return the fields of a form, and whether they are of the head or of the rows."""
    found = dict.fromkeys(kinds(FIELDS[name]), "head")
    return found | dict.fromkeys(kinds(LINES[name][1]) if name in LINES else (), "rows")


def _field(known: Mapping[str, str], text: str) -> str:
    """Return a field by its name, in whatever case it is written."""
    wanted = text.strip().lower()
    for name in known:
        if name.lower() == wanted:
            return name
    raise Rejected(9, f"元数据中标识为{text.strip()}的字段不存在")


def _number(asked: Mapping[str, t.Any], name: str) -> int:
    value = asked.get(name) or 0
    if not isinstance(value, int) or value < 0:
        raise Rejected(8, f"参数{name}错误")
    return value


def _sortable(field: str, line: Line) -> tuple[bool, t.Any]:
    return line[field] is not None, line[field]


def _lines(platform: Kingdee, data: Dataset, *, multiplied: bool) -> list[Line]:
    """Return all lines: one a bill, or one a row of each bill where a field of the rows is asked for."""

    def make() -> list[Line]:
        return [line for row in data.rows() for line in _of(data, row, multiplied=multiplied)]

    return platform.remembered(f"{data.entity.name}:{multiplied}", [data], make)


def _of(data: Dataset, row: Row, *, multiplied: bool) -> list[Line]:
    kind = t.cast("KingdeeEntity", data.entity)
    record = kind.render(data, row)
    moments = {"FModifyDate": row.updated, "FCreateDate": row.created}
    rows = record.pop(LINES[kind.name][0]) if kind.name in LINES else []
    head = {**record, "": moments}
    return [{**head, **one} for one in rows] if multiplied else [head]


class _Condition:
    """A condition: comparisons, IN, AND, OR and brackets."""

    def __init__(self, text: str, known: Mapping[str, str]) -> None:
        self._words: list[str] = _WORD.findall(text)
        if "".join(self._words).replace(" ", "") != re.sub(r"\s", "", text) and "'" not in text:
            raise Rejected(6, "过滤条件语法错误")
        self._known = known
        self.test: Test = self._any() if self._words else bool
        if self._words:
            raise Rejected(6, "过滤条件语法错误")

    def _take(self, *expected: str) -> str:
        if not self._words or (expected and self._words[0].upper() not in expected):
            raise Rejected(6, "过滤条件语法错误")
        return self._words.pop(0)

    def _next(self, word: str) -> bool:
        return bool(self._words) and self._words[0].upper() == word

    def _any(self) -> Test:
        parts = [self._all()]
        while self._next("OR"):
            self._take()
            parts.append(self._all())
        return lambda line: any(part(line) for part in parts)

    def _all(self) -> Test:
        parts = [self._one()]
        while self._next("AND"):
            self._take()
            parts.append(self._one())
        return lambda line: all(part(line) for part in parts)

    def _one(self) -> Test:
        if self._next("("):
            self._take("(")
            inner = self._any()
            self._take(")")
            return inner
        field = _field(self._known, self._take())
        if self._next("IN"):
            self._take()
            self._take("(")
            values = [self._literal(field)]
            while self._next(","):
                self._take()
                values.append(self._literal(field))
            self._take(")")
            return lambda line: _value(line, field) in values
        compare, value = _COMPARE[self._take(*_COMPARE)], self._literal(field)

        def test(line: Line) -> bool:
            own = _value(line, field)
            return own is not None and compare(own, value)

        return test

    def _literal(self, field: str) -> t.Any:
        word = self._take()
        if not word.startswith("'"):
            if not word.lstrip("-").isdigit():
                raise Rejected(6, "过滤条件语法错误")
            return int(word)
        text = word[1:-1].replace("''", "'")
        if field not in {"FModifyDate", "FCreateDate"}:
            return text
        try:
            moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_BEIJING)
        except ValueError:
            raise Rejected(6, "从字符串转换日期时失败") from None
        return int(moment.timestamp()) * 1000


def _value(line: Line, field: str) -> t.Any:
    moments = line[""]
    return moments[field] if field in moments else line[field]
