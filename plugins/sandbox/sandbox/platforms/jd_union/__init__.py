"""京东联盟开放平台: signature, envelope, calls and limits, after the fact sheet."""

from __future__ import annotations

import hashlib
import re
import typing as t
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone

import orjson
from typing_extensions import override

from sandbox import arguments
from sandbox.dataset import Record
from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.mixing import digest
from sandbox.platform import Gateway, TruthRow
from sandbox.platforms.jd_union import rows
from sandbox.platforms.jd_union.rows import ROWS, JdGoods

APP: t.Final = ("sandbox-jd-app", "sandbox-jd-secret")
_BEIJING = timezone(timedelta(hours=8))
_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")
_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_DEEPEST = 10_000
_CATALOGUE = ("goods", "jingfen_goods", "order_goods", "categories", "activities")

Body = dict[str, t.Any]


def sign(parameters: Mapping[str, str], secret: str) -> str:
    """Return the signature of the system parameters."""
    text = "".join(f"{name}{parameters[name]}" for name in sorted(parameters) if name != "sign")
    whole = f"{secret}{text}{secret}".encode()
    return hashlib.md5(whole, usedforsecurity=False).hexdigest().upper()


class Arguments(arguments.Arguments):
    """The object with the business parameters of one call."""

    @override
    def refusal(self, name: str, wanted: str) -> Rejected:
        return Rejected(400, f"参数错误: {name}, {wanted}")

    def time(self, name: str) -> int:
        """Return a Beijing time as epoch milliseconds."""
        value = self.text(name)
        if not _TIME.fullmatch(value):
            raise self.refusal(name, "yyyy-MM-dd HH:mm:ss")
        moment = datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_BEIJING)
        return int(moment.timestamp()) * 1000

    def page(self, most: int, name: str = "pageIndex", least: int = 1) -> tuple[int, int]:
        """Return the page's number and its size."""
        return self.number(name, low=1), self.number("pageSize", low=least, high=most)


def _page_of(found: list[Record], page: tuple[int, int], call: Call) -> list[Record]:
    number, size = page
    return [] if call.blank else found[(number - 1) * size : number * size]


class JdUnion(Gateway):
    """The platform: one signed form, and a document as JSON text within the answer."""

    slug = "jd_union"
    title = "京东联盟"
    entities = ROWS

    @override
    def account_name(self, number: int) -> str:
        return str(1_000_618_617 + number)

    @override
    def demo(self, base_url: str) -> Body:
        accounts = [{"id": name, "key": f"sandbox-key-{name}"} for name in self.accounts]
        return {
            "base_url": base_url,
            "app_key": APP[0],
            "app_secret": APP[1],
            "accounts": accounts,
        }

    # -- envelope --------------------------------------------------------------------------------

    @override
    def name_of(self, call: Call) -> str:
        return call.form().get("method", "")

    @override
    def grants(self, call: Call) -> bool:
        return False

    @override
    def granted(self, call: Call) -> t.NoReturn:
        raise Rejected("14", "Missing Method")

    def _enveloped(self, call: Call, document: Body) -> Body:
        member = call.api.rpartition(".")[2] + "Result"
        document["requestId"] = f"o_{digest(call.number)[:8]}"
        text = orjson.dumps(document).decode()
        return {call.api.replace(".", "_") + "_responce": {"code": "0", member: text}}

    @override
    def success(self, call: Call, content: Body) -> Body:
        return self._enveloped(call, {"code": 200, "message": "success", **content})

    @override
    def refusal(self, call: Call, refused: Rejected) -> Reply:
        if isinstance(refused.code, str):  # by the gateway
            error = {"code": refused.code, "zh_desc": refused.message, "en_desc": refused.message}
            return json_reply({"error_response": error}, outcome=refused.outcome)
        told = {"code": refused.code, "message": refused.message}
        return json_reply(self._enveloped(call, told), outcome=refused.outcome)

    @override
    def too_often(self, call: Call) -> Rejected:
        return Rejected(429, "接口调用超频，请降低接口调用频次", "throttled")

    # -- gateway ---------------------------------------------------------------------------------

    @override
    def answer(self, call: Call) -> Body:
        form = self._checked(call)
        known = CALLS.get(call.api)
        if known is None:
            raise Rejected("15", "Invalid Method")
        top, handler = known
        try:
            given = orjson.loads(form.get("360buy_param_json", ""))
        except ValueError:
            raise Rejected(400, "参数错误: 360buy_param_json") from None
        params = given.get(top) if top else given
        if not isinstance(params, dict):
            raise Rejected(400, f"参数错误: {top}")
        call.params = params
        call.account = self._promoter(params)
        self.admit(call, call.api, f"{call.account} {call.api}", allowed=300)
        return handler(self, call, Arguments(params))

    def _checked(self, call: Call) -> dict[str, str]:
        """Return the form of a call whose signature is right."""
        if call.path != "/routerjson" or call.method != "POST":
            raise Rejected("15", "Invalid Method")
        form = call.form()
        for name, code in (
            ("method", "14"),
            ("app_key", "20"),
            ("timestamp", "7"),
            ("v", "4"),
            ("sign", "11"),
        ):
            if not form.get(name):
                raise Rejected(code, f"Missing {name}")
        if form["app_key"] != APP[0]:
            raise Rejected("21", "Invalid app_key")
        if form["v"] != "1.0":
            raise Rejected("5", "Unsupported Version")
        if not _TIME.fullmatch(form["timestamp"]):
            raise Rejected("8", "Invalid Timestamp")
        if "access_token" in form or sign(form, APP[1]) != form["sign"]:
            raise Rejected("12", "Invalid Signature", "auth")
        return form

    def _promoter(self, params: Mapping[str, t.Any]) -> str:
        """Return whose data are asked for: the app's own, unless a key or a child is named."""
        if "key" in params and "childUnionId" in params:
            raise Rejected(400, "参数错误: key, childUnionId")
        if "key" in params:
            account = str(params["key"]).removeprefix("sandbox-key-")
            if account not in self.accounts:
                raise Rejected(2002401, "token不合法", "auth")
            return account
        if "childUnionId" in params:
            account = str(params["childUnionId"])
            if account not in self.accounts:
                raise Rejected(2002410, "联盟用户不存在，请检查unionId是否正确")
            return account
        return self.accounts[0]

    # -- calls -----------------------------------------------------------------------------------

    def orders(self, call: Call, arguments: Arguments) -> Body:
        """Answer rows by creation or change: an hour, 10,000 rows, 90 days back."""
        data = self.dataset(call.account, "orders", call)
        number, size = arguments.page(500)
        kind = arguments.number("type", low=1, high=3)
        start, end = arguments.time("startTime"), arguments.time("endTime")
        if end < start or end - start > _HOUR_MS or start < call.now_ms - 90 * _DAY_MS:
            raise Rejected(2002453, "无效请求-查询时间范围超过规定限制")
        axis: t.Literal["updated", "created"] = "created" if kind == 1 else "updated"
        total = data.count(start, end + 1000, axis)
        if total > self.world.limits.number("jd_union.rows", _DEEPEST):
            raise Rejected(2002452, "单位时间内订单量超过最大值(10000),请缩小查询时间范围")
        offset = (number - 1) * size
        found = data.slice(start, end + 1000, offset=offset, limit=size, ascending=False, axis=axis)
        wanted = str(arguments.get("fields") or "")
        shown = [_narrowed(data.render(row), wanted) for row in ([] if call.blank else found)]
        return {"data": shown or None, "hasMore": offset + size < total}

    def bonus_orders(self, call: Call, arguments: Arguments) -> Body:
        """Answer bonus rows of ten minutes; going on takes page number and sortValue together."""
        data = self.dataset(call.account, "bonus_orders", call)
        number, size = arguments.page(100, "pageNo")
        start, end = arguments.number("startTime"), arguments.number("endTime")
        if end - start > 600_000:
            raise Rejected(2002453, "无效请求-查询时间范围超过规定限制")
        arguments.number("optType", low=1, high=2)
        moment, serial = start, -1
        if "sortValue" in arguments:
            at, _, place = arguments.text("sortValue").partition(",")
            moment, serial = int(at), int(place)
        elif number > 1:
            raise Rejected(400, "参数错误: sortValue")
        found = data.after(moment, serial, end + 1, size)
        return {"data": None if call.blank else [data.render(row) for row in found]}

    def goods(self, call: Call, arguments: Arguments) -> Body:
        """Answer goods, or those with some ids."""
        data = self.dataset(self.accounts[0], "goods", call)
        if "skuIds" in arguments:
            found = [row for sku in arguments.ids("skuIds", 20) if (row := data.find(sku))]
            return {"data": [data.render(row) for row in found], "totalCount": len(found)}
        page = arguments.page(30)
        found = list(data.slice())
        if arguments.get("owner") == "g":
            found = found[::2]
        shown = _page_of([data.render(row) for row in found], page, call)
        if page[0] > 1 and not shown:
            raise Rejected(202, "已达到分页上限")
        return {"data": shown, "totalCount": len(found)}

    def channel(self, call: Call, arguments: Arguments) -> Body:
        """Answer the goods of one channel."""
        page, number = arguments.page(50), arguments.number("eliteId")
        found = list(self._channel(number))
        return {"data": _page_of(found, page, call), "totalCount": len(found)}

    def _channel(self, number: int) -> Iterator[Record]:
        if number not in rows.CHANNELS:
            return
        data, place = self.dataset(self.accounts[0], "goods"), rows.CHANNELS.index(number)
        kind = t.cast("JdGoods", data.entity)
        for row in data.slice():
            if row.serial % len(rows.CHANNELS) in {place, place - 1}:
                yield kind.in_channel(data, row, number)

    def order_goods(self, call: Call, arguments: Arguments) -> Body:
        """Answer what is told of some skus, whose ids come as one text."""
        self.dataset(call.account, "orders", call)  # goes on changing in the meantime
        numbers = arguments.text("skuIds").split(",")
        if not 1 <= len(numbers) <= 100 or not all(number.isdigit() for number in numbers):
            raise arguments.refusal("skuIds", "1 to 100 numbers")
        known = range(rows.FIRST_SKU, rows.FIRST_SKU + rows.SKUS)
        return {"data": [rows.order_goods(int(n)) for n in numbers if int(n) in known]}

    def positions(self, call: Call, arguments: Arguments) -> Body:
        """Answer the positions of a promoter."""
        number, size = arguments.page(100)
        if arguments.number("unionId") != int(call.account) or "key" not in arguments:
            raise Rejected(2004410, "联盟用户不存在，请检查unionId是否正确")
        found = rows.positions(call.account, arguments.number("unionType", low=3, high=4))
        shown = _page_of(found, (number, size), call)
        told = {"result": shown, "total": len(found), "pageNo": number, "pageSize": size}
        return {"data": told}

    def categories(self, _call: Call, arguments: Arguments) -> Body:
        """Answer the categories below a parent."""
        parent = arguments.number("parentId", low=0)
        return {"data": rows.categories(parent, arguments.number("grade", low=0, high=2))}

    def activities(self, call: Call, arguments: Arguments) -> Body:
        """Answer activities; where there is none, a code says so."""
        shown = _page_of(rows.activities(), arguments.page(50), call)
        if not shown:
            raise Rejected(1002003, "未查询到数据")
        return {"data": shown, "totalCount": len(rows.activities())}

    def redpackets(self, call: Call, arguments: Arguments) -> Body:
        """Answer the numbers of some days; this call says 0 when all is well."""
        page = arguments.page(100, least=10)
        first, last = (
            datetime.strptime(arguments.text(name), "%Y-%m-%d").replace(tzinfo=_BEIJING)
            for name in ("startDate", "endDate")
        )
        if first.timestamp() * 1000 < call.now_ms - 91 * _DAY_MS:
            raise Rejected(400, "参数错误: startDate")
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        found = [row for day in days for row in rows.redpackets(call.account, f"{day:%Y-%m-%d}")]
        return {"code": 0, "data": _page_of(found, page, call), "totalCount": len(found)}

    # -- truth -----------------------------------------------------------------------------------

    @override
    def streams(self) -> list[str]:
        return [*super().streams(), *_CATALOGUE[1:], "positions"]

    @override
    def truth(self, account: str, stream: str) -> Iterator[TruthRow]:
        found: list[tuple[str, Record]] = []
        if stream == "goods":
            yield from super().truth(self.accounts[0], stream)
        elif stream == "jingfen_goods":
            found = [
                (f"{channel}:{record['skuId']}", record | {"eliteId": channel})
                for channel in rows.CHANNELS
                for record in self._channel(channel)
            ]
        elif stream == "order_goods":
            skus = {row.record["skuId"] for row in super().truth(account, "orders")}
            found = [(str(sku), rows.order_goods(sku)) for sku in sorted(skus)]
        elif stream == "categories":
            level = rows.categories(0, 0)
            for grade in (1, 2, 3):
                found += [(str(node["id"]), node) for node in level]
                level = [n for node in level for n in rows.categories(node["id"], grade)]
        elif stream == "activities":
            found = [(str(one["id"]), one) for one in rows.activities()]
        elif stream == "positions":
            found = [(str(p["id"]), p) for kind in (3, 4) for p in rows.positions(account, kind)]
        else:
            for row in super().truth(account, stream):
                record = _narrowed(row.record, "goodsInfo,categoryInfo")
                yield TruthRow(row.key, row.update_time, row.version, record)
        for key, record in found:
            yield TruthRow(key, None, 1, record)


def _narrowed(record: Record, fields: str) -> Record:
    """Return a row with the parts that come only when they are asked for."""
    wanted = fields.split(",")
    return {
        name: value
        for name, value in record.items()
        if name in wanted or name not in {"goodsInfo", "categoryInfo", "sign"}
    }


Handler = Callable[[JdUnion, Call, Arguments], Body]
CALLS: dict[str, tuple[str, Handler]] = {
    "jd.union.open.order.row.query": ("orderReq", JdUnion.orders),
    "jd.union.open.order.bonus.query": ("orderReq", JdUnion.bonus_orders),
    "jd.union.open.goods.query": ("goodsReqDTO", JdUnion.goods),
    "jd.union.open.goods.jingfen.query": ("goodsReq", JdUnion.channel),
    "jd.union.open.goods.promotiongoodsinfo.query": ("", JdUnion.order_goods),
    "jd.union.open.position.query": ("positionReq", JdUnion.positions),
    "jd.union.open.category.goods.get": ("req", JdUnion.categories),
    "jd.union.open.activity.query": ("activityReq", JdUnion.activities),
    "jd.union.open.statistics.redpacket.query": ("effectDataReq", JdUnion.redpackets),
}
"""Every call that the simulated platform knows, with the object that holds its parameters."""

PLATFORM = JdUnion
