"""The lists of 易快报: pages by `start` and `count`, windows of update time, `active` in three ways."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timedelta, timezone

from typing_extensions import override

from sandbox import arguments
from sandbox.dataset import Dataset, Row
from sandbox.http import Call, Rejected
from sandbox.platforms.ekuaibao.rows import (
    ENTITIES,
    TYPES,
    EkuaibaoDataLinkItem,
    EkuaibaoDocument,
    EkuaibaoEntity,
    EkuaibaoMessage,
    EkuaibaoRequisition,
)

if t.TYPE_CHECKING:
    from sandbox.platforms.ekuaibao import Ekuaibao

Body = dict[str, t.Any]

_BEIJING = timezone(timedelta(hours=8))
_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")

PAGED: t.Final = {
    "v1.1/docs/getApplyList": "documents",
    "v1.1/staffs": "staffs",
    "v1/departments": "departments",
    "v1/dimensions": "dimensions",
    "v1/dimensions/items": "dimension_items",
    "v2.1/payeeInfos": "payee_accounts",
    "v2.1/datalink": "data_link_items",
    "v1/requisition/getData": "requisitions",
    "v2/budgets": "budgets",
}
WHOLE: t.Final = {
    "v1/feeTypes": "fee_types",
    "v1/paymentAccounts": "payment_accounts",
    "v2/specifications": "specifications",
    "v1/roleDefGroups": "roles",
    "v2.1/currency": "currencies",
}


class Arguments(arguments.Arguments):
    """The parameters of the query string."""

    digits = True

    @override
    def refusal(self, name: str, wanted: str) -> Rejected:
        if self.get(name) is None:
            return Rejected(400, f"输入存在错误: - 缺少{name}参数")
        return Rejected(400, f"{name}参数无法识别: {wanted}")

    def time(self, name: str, default: int) -> int:
        """Return a Beijing time as epoch milliseconds."""
        if name not in self:
            return default
        value = self.text(name)
        if not _TIME.fullmatch(value):
            raise self.refusal(name, "yyyy-MM-dd HH:mm:ss")
        parsed = datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_BEIJING)
        return int(parsed.timestamp()) * 1000


def paged(platform: Ekuaibao, call: Call, name: str) -> Body:
    """Answer a list with pages: both ends of its window count, compared by milliseconds."""
    given = Arguments(call.params)
    start, count = given.number("start", low=0), given.number("count", low=1)
    if count > 100:
        if name == "documents":
            raise Rejected(400, "count参数不能大于100")
        raise Rejected(412, "超过最大查询数量100！")
    data = platform.dataset(call.account, name, call)
    rows = _filtered(data, given, name)
    page = [] if call.blank else rows[start : start + count]
    return {"count": len(rows), "items": [data.render(row) for row in page]}


def _filtered(data: Dataset, given: Arguments, name: str) -> list[Row]:
    low, high = given.time("startDate", 0), given.time("endDate", 1 << 60)
    if name == "documents" and given.text("orderBy", "createTime") != "updateTime":
        raise given.refusal("orderBy", "updateTime; no other is simulated")
    # Instances of business objects come by creation, whatever one asks for.
    rising = name != "documents" or given.text("orderByType", "desc") == "asc"
    rows = data.slice(low, high + 1, ascending=rising)
    if name == "data_link_items":
        rows.sort(key=lambda row: (row.created, row.serial))
    kind = t.cast("EkuaibaoEntity", data.entity)
    wanted = given.get("active")
    if wanted is not None:
        # Anything but "true", even nothing, means the deleted.
        rows = [row for row in rows if kind.active(data, row) == (wanted == "true")]
    return [row for row in rows if _asked(data, row, given, name)]


def _asked(data: Dataset, row: Row, given: Arguments, name: str) -> bool:
    """Tell whether a row is what the parameters of its own list ask for."""
    if name == "documents":
        if given.text("type") not in TYPES:
            raise Rejected(400, "参数type无法识别")
        return t.cast("EkuaibaoDocument", data.entity).type(row) == given.text("type")
    if name == "data_link_items":
        if given.text("entityId") not in ENTITIES:
            raise Rejected(412, "业务对象不存在")
        return t.cast("EkuaibaoDataLinkItem", data.entity).entity(row) == given.text("entityId")
    if name == "payee_accounts":
        if {given.get(one) for one in ("ids", "names", "cardNos")} & {None}:
            raise Rejected(404, "Error 404 Not Found")
        return not given.get("ids") or data.key(row) in str(given.get("ids")).split(",")
    if name == "requisitions":
        if given.text("state") != "ALL":
            raise given.refusal("state", "ALL; no other is simulated")
        people = t.cast("EkuaibaoRequisition", data.entity).people(data, row)
        return given.text("staffId") in people
    return True


def whole(platform: Ekuaibao, call: Call, name: str) -> Body:
    """Answer a list without pages."""
    data = platform.dataset(call.account, name, call)
    return {"items": [] if call.blank else [data.render(row) for row in data.rows()]}


def document(platform: Ekuaibao, call: Call) -> Body:
    """Answer `flowDetails`: one document that is not deleted."""
    data = platform.dataset(call.account, "documents", call)
    row = data.find(Arguments(call.params).text("flowId"))
    if row is None:
        raise Rejected(412, "单据不存在")
    if not t.cast("EkuaibaoDocument", data.entity).active(data, row):
        raise Rejected(412, "单据已删除")
    return {"value": data.render(row, "document_details")}


def messages(platform: Ekuaibao, call: Call) -> Body:
    """Answer `outboundMessageLogs`: here the window is in milliseconds."""
    given = Arguments(call.params)
    data = platform.dataset(call.account, "outbound_message_failures", call)
    low, high = given.number("startDate"), given.number("endDate")
    kind = t.cast("EkuaibaoMessage", data.entity)
    rows = [r for r in data.slice(low, high + 1) if kind.type(r) == given.text("messageType")]
    return {"items": [] if call.blank else [data.render(row) for row in rows]}
