"""The signature, against a client that others made of the official SDK; it talks to the sandbox as well."""

from __future__ import annotations

import pytest
from aop.api.base import BaseApi
from aop.api.transaction.trade_buyer_order_list import AlibabaTradeGetBuyerOrderListParam
from aop.exceptions import ApiError
from aop.structure import AppInfo
from hypothesis import given, strategies as st
from tap_alibaba1688.client import sign

NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)
TEXT = st.text(st.characters(codec="utf-8"))


@given(st.dictionaries(NAMES, TEXT, max_size=6), NAMES)
def test_it_agrees_with_open_1688_on_any_text(fields, secret):
    theirs = BaseApi(AppInfo("1000000", secret))
    path = "param2/1/com.alibaba.trade/alibaba.trade.getBuyerOrderList/1000000"
    assert sign(path, fields, secret) == theirs.sign(path, fields, secret)


def test_open_1688_reads_the_sandbox(members):
    name = members.names[0]
    members.run("logistics_companies", accounts=members.config["accounts"][:1])
    (token,) = members.stored()

    def orders(secret):
        client = AlibabaTradeGetBuyerOrderListParam(
            AppInfo(members.config["app_key"], secret),
            token["access"],
            domain=members.box.base_url(members.slug).removeprefix("http://"),
            page="1",
            page_size="50",
        )
        return client.get_response()

    answer = orders(members.config["app_secret"])
    truth = {row.key for row in members.box.truth(members.slug, name, "buyer_orders")}
    assert answer["totalRecord"] == len(truth)
    assert {order["baseInfo"]["idOfStr"] for order in answer["result"]} <= truth
    with pytest.raises(ApiError):
        orders("another")
