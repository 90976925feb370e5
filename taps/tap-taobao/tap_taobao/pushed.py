"""The streams of the push tables in 聚石塔; see open.taobao.com, 数据推送."""

from __future__ import annotations

import typing as t
from datetime import timedelta
from decimal import Decimal

import msgspec
from openplatform.accounts import Account
from openplatform.declarations import CountCall, Incremental
from openplatform.paging import Cursor
from openplatform.paths import value_at
from openplatform.windows import TimeFilter
from typing_extensions import override

from tap_taobao.client import TaobaoStream, unwrapped
from tap_taobao.database import COUNT

_MONTH = timedelta(days=30)
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


class _Pushed(TaobaoStream):
    """A push table in 聚石塔, by the time of the push; each row holds an API's whole answer.

    Attributes:
        content: Path of the entity in the answer.
    """

    records = "rows[]"
    updated = "jdp_modified"
    confirmed = False
    selected_by_default = False
    content: t.ClassVar[str]

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """A table is asked for no fields."""
        return params

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """The row's own columns stand beside what it holds; without an answer they are all there is."""
        columns = {name: value for name, value in raw.items() if name != "jdp_response"}
        try:
            answer = _decode(raw.get("jdp_response") or "null")
        except msgspec.DecodeError:
            answer = None
        entity = unwrapped(value_at(answer, self.content)) or {}
        pushed = {name: value for name, value in columns.items() if name.startswith("jdp_")}
        return {**columns, **entity, **pushed}


def _keyset(table: str) -> tuple[Incremental, CountCall]:
    """Return how a push table is read and counted."""
    reads = Incremental(
        time=TimeFilter("start", "end", "local", maximum=_MONTH, ends="exclusive"),
        paging=Cursor("after", "next", size="limit", limit=500),
    )
    return reads, CountCall(table + COUNT, "total")


class PushedOrders(_Pushed):
    """jdp_tb_trade: orders as taobao.trade.fullinfo.get tells them."""

    name = "pushed_orders"
    api = "jdp_tb_trade"
    key = ("tid",)
    content = "trade_fullinfo_get_response.trade"
    reads, count_call = _keyset(api)


class PushedRefunds(_Pushed):
    """jdp_tb_refund: refunds as taobao.refund.get tells them."""

    name = "pushed_refunds"
    api = "jdp_tb_refund"
    key = ("refund_id",)
    content = "refund_get_response.refund"
    reads, count_call = _keyset(api)


class PushedItems(_Pushed):
    """jdp_tb_item: items as taobao.item.seller.get tells them; a deleted one keeps its row."""

    name = "pushed_items"
    api = "jdp_tb_item"
    key = ("num_iid",)
    content = "item_seller_get_response.item"
    reads, count_call = _keyset(api)
