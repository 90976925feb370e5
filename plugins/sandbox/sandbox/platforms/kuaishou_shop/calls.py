"""The calls of 快手小店: windows, cursors and answers of each, by method name."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

import orjson
from typing_extensions import override

from sandbox import arguments
from sandbox.dataset import Axis, Dataset, Row
from sandbox.http import Call, Rejected
from sandbox.mixing import digest, mix
from sandbox.platforms.kuaishou_shop.rows import KuaishouItem, order_state

if t.TYPE_CHECKING:
    from sandbox.platforms.kuaishou_shop import KuaishouShop

Body = dict[str, t.Any]
Handler = Callable[["KuaishouShop", Call, "Arguments"], t.Any]

_DAY_MS = 86_400_000
_BEIJING_MS = 8 * 3_600_000
_BAD_WINDOW, _TOO_WIDE, _TOO_OLD, _OVER_LIMIT = 300003, 300004, 300005, 300019
_PARAMETER = 100200100
_NOT_FOUND = 9001
"""The sheet names no code for unknown ids; this one is ours."""
_VIEW_STATES = {2: 10, 3: 30, 4: 40, 5: 50, 6: 70, 7: 80}
_STATEMENTS_PER_PAGE = 20


class Arguments(arguments.Arguments):
    """The parsed `param` of one call."""

    @override
    def refusal(self, name: str, wanted: str) -> Rejected:
        return Rejected(_PARAMETER, f"invalid_request: {name} must be {wanted}")

    def cursor(self, name: str) -> str:
        """Return a cursor, which must be present even when it is empty."""
        value = self._values.get(name)
        if not isinstance(value, str):
            raise Rejected(_PARAMETER, f"invalid_request: {name} is missing")
        return value

    def window(self, call: Call, days: int, *, too_wide: int) -> tuple[int, int]:
        """Return begin and end in milliseconds, refused as the platform refuses them."""
        begin, end = self.number("beginTime"), self.number("endTime")
        if end <= begin:
            raise Rejected(_BAD_WINDOW, "ENDTIME MUST AFTER BEGINTIME")
        if end - begin > days * _DAY_MS:
            text = (
                "SEARCH TIME RANGE EXPAND 7 DAYS" if days == 7 else "SEARCH TIME RANGE EXPAND LIMIT"
            )
            raise Rejected(too_wide, text)
        if begin < call.now_ms - 90 * _DAY_MS:
            raise Rejected(_TOO_OLD, "CAN NOT SEARCH BEFORE 90 DAYS")
        return begin, end


def _after(
    data: Dataset, cursor: str, window: tuple[int, int], size: int, axis: Axis, *, ascending: bool
) -> list[Row]:
    """Return up to size rows beyond a cursor `<ms>_<key>`; both ends of the window inclusive."""
    begin, end = window
    moment, serial = (begin, -1) if ascending else (end + 1, -1)
    if cursor:
        time_part, _, key = cursor.partition("_")
        place = data.entity.index(data, key)
        if not time_part.isdigit() or place is None:
            raise Rejected(_PARAMETER, "invalid_request: cursor")
        moment, serial = int(time_part), place
    if ascending:
        return data.after(moment, serial, end + 1, size, axis)
    return data.before(moment, serial, begin, size, axis)


def _cursor(data: Dataset, row: Row, axis: Axis) -> str:
    return f"{getattr(row, axis)}_{data.key(row)}"


def _axis(arguments: Arguments) -> Axis:
    return "updated" if arguments.number("queryType", 1) == 2 else "created"


def orders(platform: KuaishouShop, call: Call, arguments: Arguments) -> Body:
    """Answer the order list by cursor: 50 per page, 7 days, 90 days back."""
    data = platform.dataset(call.account, "orders", call)
    state, size = arguments.number("orderViewStatus"), arguments.number("pageSize")
    cursor = arguments.cursor("cursor")
    window = arguments.window(call, 7, too_wide=_TOO_WIDE)
    hours = platform.world.limits.number("kuaishou_shop.window_hours", 0)
    if hours and window[1] - window[0] > hours * 3_600_000:
        raise Rejected(_OVER_LIMIT, "SEARCH TIME RANGE EXPAND LIMIT")
    if not 1 <= size <= 50 or not 1 <= state <= 7:
        raise Rejected(_PARAMETER, "invalid_request: pageSize or orderViewStatus")
    axis, ascending = _axis(arguments), arguments.number("sort", 1) == 2
    wanted = _VIEW_STATES.get(state)
    reach = size + 1 if wanted is None else len(data)
    rows = _after(data, cursor, window, reach, axis, ascending=ascending)
    if wanted is not None:
        rows = [row for row in rows if order_state(data, row) == wanted]
    rows = [] if call.blank else rows
    page = rows[:size]
    return {
        "pageSize": size,
        "beginTime": window[0],
        "endTime": window[1],
        "cursor": _cursor(data, page[-1], axis) if len(rows) > size else "nomore",
        "orderList": data.json_list(page),
    }


def _one(
    platform: KuaishouShop, call: Call, entity: str, number: int, view: str
) -> orjson.Fragment:
    data = platform.dataset(call.account, entity, call)
    row = data.find(str(number))
    if row is None:
        raise Rejected(_NOT_FOUND, f"{entity} {number} 不存在")
    return orjson.Fragment(data.json(row, view))


def order_detail(platform: KuaishouShop, call: Call, arguments: Arguments) -> orjson.Fragment:
    """Answer one order."""
    return _one(platform, call, "orders", arguments.number("oid"), "order_details")


def refunds(platform: KuaishouShop, call: Call, arguments: Arguments) -> Body:
    """Answer the refund list by pcursor: 100 per page, one day; totals on the first page only."""
    data = platform.dataset(call.account, "refunds", call)
    arguments.number("type")
    size, current = arguments.number("pageSize"), arguments.number("currentPage")
    cursor = arguments.cursor("pcursor")
    window = arguments.window(call, 1, too_wide=_OVER_LIMIT)
    if not 1 <= size <= 100:
        raise Rejected(_PARAMETER, "invalid_request: pageSize")
    axis, ascending = _axis(arguments), arguments.number("sort", 1) == 2
    rows = _after(data, cursor, window, size + 1, axis, ascending=ascending)
    rows = [] if call.blank else rows
    total = 0 if cursor else data.count(window[0], window[1] + 1, axis)
    return {
        "currentPage": current,
        "pageSize": size,
        "totalPage": -(-total // size),
        "totalSize": total,
        "beginTime": window[0],
        "endTime": window[1],
        "pcursor": _cursor(data, rows[size - 1], axis) if len(rows) > size else "nomore",
        "refundOrderInfoList": data.json_list(rows[:size]),
    }


def refund_detail(platform: KuaishouShop, call: Call, arguments: Arguments) -> orjson.Fragment:
    """Answer one refund."""
    return _one(platform, call, "refunds", arguments.number("refundId"), "refund_details")


def items(platform: KuaishouShop, call: Call, arguments: Arguments) -> t.Any:
    """Answer the shop's items, newest change first; no filter by time."""
    data = platform.dataset(call.account, "items", call)
    if arguments.get("kwaiItemId"):
        rows = [row for row in [data.find(str(arguments.number("kwaiItemId")))] if row]
        total, number, size = len(rows), 1, 1
    else:
        number = arguments.number("pageNumber", 1)
        size = min(100, max(10, arguments.number("pageSize", 100)))
        rows = data.slice(offset=(number - 1) * size, limit=size, ascending=False)
        total = data.count()
    rows = [] if call.blank else rows
    return {
        "totalItemCount": total,
        "currentPageItemCount": len(rows),
        "currentPageNumber": number,
        "totalPage": -(-total // size),
        "items": data.json_list(rows),
    }


def item_detail(platform: KuaishouShop, call: Call, arguments: Arguments) -> orjson.Fragment:
    """Answer one item."""
    return _one(platform, call, "items", arguments.number("kwaiItemId"), "item_details")


def item_skus(platform: KuaishouShop, call: Call, arguments: Arguments) -> Body:
    """Answer the skus of one item."""
    data = platform.dataset(call.account, "items", call)
    number = arguments.number("kwaiItemId")
    row = data.find(str(number))
    if row is None:
        raise Rejected(_NOT_FOUND, f"items {number} 不存在")
    skus = t.cast("KuaishouItem", data.entity).skus(data, row)
    return {"skuList": [] if call.blank else skus, "skuCount": len(skus)}


def comments(platform: KuaishouShop, call: Call, arguments: Arguments) -> Body:
    """Answer comments by offset, at most 20; filtered by creation."""
    data = platform.dataset(call.account, "comments", call)
    offset, limit = arguments.number("offset"), arguments.number("limit")
    if offset < 0 or not 1 <= limit <= 20:
        raise Rejected(_PARAMETER, "invalid_request: limit")
    start, end = arguments.number("createTimeFrom", 0), arguments.number("createTimeTo", 1 << 50)
    rows = data.slice(start, end + 1, offset=offset, limit=limit, ascending=False, axis="created")
    total = data.count(start, end + 1, "created")
    return {
        "rootComment": data.json_list([] if call.blank else rows),
        "total": total,
        "hits": total,
    }


def _today(call: Call) -> int:
    return (call.now_ms + _BEIJING_MS) // _DAY_MS * _DAY_MS - _BEIJING_MS


def funds_statements(platform: KuaishouShop, call: Call, arguments: Arguments) -> Body:
    """Answer statements, 20 per page, from six months ago to yesterday."""
    data = platform.dataset(call.account, "funds_statements", call)
    start, end = arguments.number("startTime"), arguments.number("endTime")
    if end <= start:
        raise Rejected(_BAD_WINDOW, "ENDTIME MUST AFTER BEGINTIME")
    if start < call.now_ms - 184 * _DAY_MS:
        raise Rejected(_TOO_OLD, "CAN NOT SEARCH BEFORE 6 MONTHS")
    end = min(end, _today(call) - 1)
    cursor = arguments.get("cursor") or ""
    size = _STATEMENTS_PER_PAGE
    rows = _after(data, cursor, (start, end), size + 1, "created", ascending=True)
    rows = [] if call.blank else rows
    more = len(rows) > size
    return {
        "cursor": _cursor(data, rows[size - 1], "created") if more else "no_more",
        "record": data.json_list(rows[:size]),
    }


def settled_bills(platform: KuaishouShop, call: Call, arguments: Arguments) -> Body:
    """Answer settled bills; the end shows only as an empty page with an unchanged cursor."""
    data = platform.dataset(call.account, "settled_bills", call)
    if arguments.get("orderId"):
        rows = [row for row in [data.find(str(arguments.number("orderId")))] if row]
        return {"orders": data.json_list(rows), "cursor": ""}
    start, end = arguments.number("settlementStartTime"), arguments.number("settlementEndTime")
    if end <= start:
        raise Rejected(_BAD_WINDOW, "ENDTIME MUST AFTER BEGINTIME")
    cursor, size = arguments.get("cursor") or "", arguments.number("size", 10)
    rows = _after(data, cursor, (start, end), size, "created", ascending=True)
    rows = [] if call.blank else rows
    following = _cursor(data, rows[-1], "created") if rows else cursor
    return {"orders": data.json_list(rows), "cursor": following}


def seller(platform: KuaishouShop, account: str) -> Body:
    """Return the seller behind an account."""
    number = platform.accounts.index(account) + 1
    open_id = f"f198{digest(account)[:28]}"
    return {
        "name": f"演示小店{number}",
        "sex": "F",
        "head": "https://img.example.com/head.jpg",
        "bigHead": "https://img.example.com/head.jpg",
        "sellerId": int(account),
        "openId": open_id,
        "staffInfo": {"staffId": 0, "openId": open_id, "name": ""},
    }


def shop(platform: KuaishouShop, account: str) -> Body:
    """Return the shop of an account; it carries no id."""
    number = platform.accounts.index(account) + 1
    names = ("shopExp", "productQuality", "contentQualify", "customerService", "logisticsService")
    scores = {f"{name}ScoreStr": "4.80" for name in (*names, "afterSalesService")}
    return {"shopName": f"演示小店{number}", "shopType": 2, "shopScoreInfo": scores}


def _seller(platform: KuaishouShop, call: Call, _arguments: Arguments) -> Body:
    return seller(platform, call.account)


def _shop(platform: KuaishouShop, call: Call, _arguments: Arguments) -> Body:
    return shop(platform, call.account)


def daily_bill(platform: KuaishouShop, call: Call, arguments: Arguments) -> Body:
    """Answer a bill file, asynchronously: submitted, in progress, then the address."""
    date, kind = str(arguments.get("billDate")), arguments.number("billType")
    if len(date) != 8 or not date.isdigit() or not 1 <= kind <= 4:
        raise Rejected(_PARAMETER, "invalid_request: billDate or billType")
    if not 24 <= arguments.number("expireDate", 168) <= 720:
        raise Rejected(_PARAMETER, "invalid_request: expireDate")
    name = f"{call.account}-{kind}-{date}.csv"
    step = platform.bill_steps[name] = min(3, platform.bill_steps.get(name, 0) + 1)
    url = f"{call.base_url}/{platform.slug}/_files/daily_bill/{name}"
    return {"processStatus": step, "downloadUrl": url if step == 3 else ""}


def daily_bill_file(platform: KuaishouShop, call: Call) -> bytes:
    """Return the content of a bill file."""
    call.account = call.path.rpartition("/")[2].partition("-")[0]
    if call.account not in platform.accounts:
        raise Rejected(_NOT_FOUND, f"no file {call.path}")
    lines = ["账单时间,订单号,金额"]
    dice = mix(int(call.account), len(call.path))
    lines += [
        f"2026-11-20 00:00:{n:02d},{2_215_900_000_000_000 + dice % 1000 + n},{n}.00"
        for n in range(20)
    ]
    return ("\ufeff" + "\n".join(lines) + "\n").encode()


CALLS: dict[str, Handler] = {
    "open.order.cursor.list": orders,
    "open.order.detail": order_detail,
    "open.seller.order.refund.pcursor.list": refunds,
    "open.seller.order.refund.detail": refund_detail,
    "open.item.list.get": items,
    "open.item.get": item_detail,
    "open.item.sku.list.get": item_skus,
    "open.comment.list.get": comments,
    "open.funds.financial.statement.list": funds_statements,
    "open.funds.financial.settled.bill.detail": settled_bills,
    "open.user.seller.get": _seller,
    "open.shop.info.get": _shop,
    "open.funds.center.get.daily.bill": daily_bill,
}
"""Every call that the simulated platform knows."""
