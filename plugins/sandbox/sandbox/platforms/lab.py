"""A plain invented platform for the library's tests and for benchmarks: one key, five paging styles."""

from __future__ import annotations

import typing as t

import orjson
from typing_extensions import override

from sandbox.clock import beijing
from sandbox.dataset import Axis, Dataset, Numbered, Record, Row
from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.mixing import mix
from sandbox.money import yuan
from sandbox.platform import Platform
from sandbox.words import COLOURS, GIVEN, GOODS, PLACES, REMARKS, SURNAMES

_FIRST_ITEM = 4_000_000_000
_STATES = ("created", "paid", "shipped", "signed", "finished", "closed")
_MAX_SIZE = 1000

BAD_KEY, THROTTLED, BAD_PARAMETER, NOT_FOUND, TOO_DEEP, NO_SUCH_CALL = range(1001, 1007)


class LabOrder(Numbered):
    """An order of about 25 fields and 1 KB; never vanishes."""

    name = "orders"
    precision_ms = 1
    first = 6_800_000_000_000_000_000
    spread = 10_000_000_000

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        dice = mix(data.seed, row.serial)
        province, city, district = PLACES[dice % len(PLACES)]
        total = 990 + dice % 50_000
        paid = total - min(total, 10 * (row.version - 1))
        return {
            "id": self.key(data, row),
            "shop_id": data.account,
            "status": _STATES[min(len(_STATES) - 1, dice % 3 + row.version - 1)],
            "version": row.version,
            "created": beijing(row.created),
            "updated": beijing(row.updated),
            "paid_at": beijing(row.created + 30_000),
            "shipped_at": beijing(row.created + 50_000) if dice % 3 else "",
            "created_ms": row.created,
            "updated_ms": row.updated,
            "total_fee": total / 100,
            "payment": yuan(paid),
            "post_fee": "0.00" if dice % 4 else "8.00",
            "quantity": dice % 5 + 1,
            "buyer_id": str(7_100_000_000_000_000_000 + dice % 1_000_000_007),
            "buyer_name": SURNAMES[dice % len(SURNAMES)] + GIVEN[dice // 32 % len(GIVEN)],
            "buyer_message": REMARKS[dice // 64 % len(REMARKS)],
            "seller_memo": f"v{row.version}",
            "is_gift": dice % 10 == 0,
            "source": ("app", "wx", "h5")[dice % 3],
            "tags": ["会员", "包邮"] if dice % 2 else ["新客"],
            "address": {
                "province": province,
                "city": city,
                "district": district,
                "street": f"文一西路{dice % 900 + 1}号",
                "postcode": f"{310000 + dice % 9000}",
            },
            "lines": [
                {
                    "line_id": f"{self.key(data, row)}{place}",
                    "item_id": str(_FIRST_ITEM + (dice + place) % 1000),
                    "title": GOODS[(dice >> place) % len(GOODS)],
                    "colour": COLOURS[(dice >> place) % len(COLOURS)],
                    "price": yuan(total // (place + 1)),
                    "num": place + 1,
                }
                for place in range(1 + dice % 2)
            ],
            "invoice": None
            if dice % 3
            else {"title": "某某科技有限公司", "tax_no": f"91{dice % 10**16:016d}"},
            "remark_json": '{"lon":120.03,"lat":30.28}',
        }


class LabItem(Numbered):
    """An item; can vanish, and the list offers no time filter."""

    name = "items"
    per_order = 0.2
    vanishes = True
    first = _FIRST_ITEM

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        dice = mix(data.seed, row.serial, 2)
        return {
            "id": self.key(data, row),
            "title": GOODS[dice % len(GOODS)],
            "price": yuan(500 + dice % 30_000 + row.version),
            "stock": dice % 700,
            "version": row.version,
            "updated": beijing(row.updated),
        }


class Lab(Platform):
    """The invented platform: `X-Lab-Key` names the account, everything else is parameters."""

    slug = "lab"
    title = "Lab (invented)"
    entities = (LabOrder, LabItem)

    @override
    def account_name(self, number: int) -> str:
        return f"lab{number}"

    @override
    def demo(self, base_url: str) -> dict[str, t.Any]:
        keys = [{"id": name, "key": f"sandbox-lab-key-{name}"} for name in self.accounts]
        return {"base_url": base_url, "accounts": keys}

    @override
    def throttled(self, call: Call) -> Reply | None:
        return self._refusal(Rejected(THROTTLED, "too many requests", "throttled"))

    def _refusal(self, refused: Rejected) -> Reply:
        content = {"ok": False, "code": refused.code, "message": refused.message}
        return json_reply(content, outcome=refused.outcome)

    @override
    def handle(self, call: Call) -> Reply:
        call.api = call.path.strip("/")
        try:
            call.account = self._account(call.headers.get("x-lab-key", ""))
            call.params = self._params(call)
            self._limit(call)
            return self._route(call)
        except Rejected as refused:
            return self._refusal(refused)

    def _limit(self, call: Call) -> None:
        for name in ("lab.calls", f"lab.{call.api}"):
            if not self.world.limits.admit(name, call.account, call.now, allowed=0):
                raise Rejected(THROTTLED, "too many requests", "throttled")

    def _account(self, key: str) -> str:
        account = key.removeprefix("sandbox-lab-key-")
        if account == key or account not in self.accounts:
            raise Rejected(BAD_KEY, "unknown key", "auth")
        return account

    def _params(self, call: Call) -> dict[str, t.Any]:
        if call.method == "GET":
            return dict(call.query)
        try:
            params = call.json() if call.body else {}
        except ValueError:
            raise Rejected(BAD_PARAMETER, "the body is not JSON") from None
        if not isinstance(params, dict):
            raise Rejected(BAD_PARAMETER, "the body is not a JSON object")
        return params

    def _route(self, call: Call) -> Reply:
        parts = call.path.strip("/").split("/")
        entity, style = [*parts, ""][:2]
        if len(parts) != 2 or entity not in self._entities:
            raise Rejected(NO_SUCH_CALL, f"no call at {call.path}")
        data = self.dataset(call.account, entity, call)
        query = _Query(call)
        styles: dict[str, t.Callable[[Dataset, _Query], t.Any]] = {
            "pages": self._pages,
            "has_next": self._has_next,
            "cursor": self._cursor,
            "offset": self._offset,
            "count": self._count,
        }
        if style in styles and (entity == "orders" or style == "pages"):
            return json_reply(styles[style](data, query))
        call.api = f"{entity}/id"
        row = data.find(style)
        if row is None:
            raise Rejected(NOT_FOUND, f"no {entity} {style}")
        return json_reply({"ok": True, "row": orjson.Fragment(data.json(row))})

    def _check_depth(self, page: int) -> None:
        if page > self.world.settings.max_pages:
            raise Rejected(TOO_DEEP, f"page must not exceed {self.world.settings.max_pages}")

    def _pages(self, data: Dataset, query: _Query) -> t.Any:
        page, size = query.page, query.size
        self._check_depth(page)
        timeless = data.entity.name == "items"  # a full list, newest change first: unstable
        start, end = (None, None) if timeless else (query.start, query.end)
        ascending = query.ascending and not timeless
        rows = data.slice(
            start, end, offset=(page - 1) * size, limit=size, ascending=ascending, axis=query.axis
        )
        return {
            "ok": True,
            "total": data.count(start, end, query.axis),
            "rows": data.json_list([] if query.blank else rows),
        }

    def _has_next(self, data: Dataset, query: _Query) -> t.Any:
        page, size = query.page, query.size
        self._check_depth(page)
        rows = data.slice(
            query.start,
            query.end,
            offset=(page - 1) * size,
            limit=size + 1,
            ascending=query.ascending,
            axis=query.axis,
        )
        rows = [] if query.blank else rows
        return {"ok": True, "rows": data.json_list(rows[:size]), "has_next": len(rows) > size}

    def _offset(self, data: Dataset, query: _Query) -> t.Any:
        offset, size = query.number("offset", 0, 0), query.number("limit", 100, 1, _MAX_SIZE)
        self._check_depth(offset // size + 1)
        rows = data.slice(
            query.start,
            query.end,
            offset=offset,
            limit=size,
            ascending=query.ascending,
            axis=query.axis,
        )
        return {
            "ok": True,
            "total": data.count(query.start, query.end, query.axis),
            "rows": data.json_list([] if query.blank else rows),
        }

    def _cursor(self, data: Dataset, query: _Query) -> t.Any:
        size = query.size
        moment, index = query.cursor
        rows = data.after(moment, index, query.end, size, query.axis)
        rows = [] if query.blank else rows
        cursor = None
        if len(rows) == size:
            last = rows[-1]
            cursor = f"{getattr(last, query.axis)}_{last.serial}"
        return {"ok": True, "rows": data.json_list(rows), "cursor": cursor}

    def _count(self, data: Dataset, query: _Query) -> t.Any:
        return {"ok": True, "total": data.count(query.start, query.end, query.axis)}


class _Query:
    """Typed access to the parameters of a list call."""

    def __init__(self, call: Call) -> None:
        self._params = call.params
        self.blank = call.blank

    def number(self, name: str, default: int, low: int, high: int | None = None) -> int:
        raw = self._params.get(name, default)
        try:
            value = int(raw)
        except (TypeError, ValueError):
            raise Rejected(BAD_PARAMETER, f"{name} must be an integer") from None
        if value < low or (high is not None and value > high):
            raise Rejected(BAD_PARAMETER, f"{name} is out of range")
        return value

    def _moment(self, name: str) -> int | None:
        return self.number(name, 0, 0) if self._params.get(name) not in {None, ""} else None

    @property
    def page(self) -> int:
        return self.number("page", 1, 1)

    @property
    def size(self) -> int:
        return self.number("size", 100, 1, _MAX_SIZE)

    @property
    def start(self) -> int | None:
        return self._moment("start")

    @property
    def end(self) -> int | None:
        return self._moment("end")

    @property
    def ascending(self) -> bool:
        return str(self._params.get("order", "asc")) != "desc"

    @property
    def axis(self) -> Axis:
        return "created" if self._params.get("by") == "created" else "updated"

    @property
    def cursor(self) -> tuple[int, int]:
        text = str(self._params.get("cursor") or "")
        if not text:
            return (self.start or 0, -1)
        moment, _, index = text.partition("_")
        if not (moment.isdigit() and index.isdigit()):
            raise Rejected(BAD_PARAMETER, "cursor is not one of ours")
        return int(moment), int(index)


PLATFORM = Lab
