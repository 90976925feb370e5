"""What is odd about the streams of 京东联盟, and what a careless reading would break."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from jd_union.api.base import sign as official_sign
from openplatform.testing import differences, load_sample
from sandbox.platform import TruthRow
from sandbox.platforms.jd_union import rows, sign as sandbox_sign
from tap_jd_union.client import opened, sign

SAMPLES = Path(__file__).parent / "samples"
ORDERS = "jd.union.open.order.row.query"
BONUS = "jd.union.open.order.bonus.query"


def test_the_document_within_an_answer_is_read_exactly():
    document = opened(load_sample(SAMPLES / "giftcoupon_stats.json"))
    assert document["code"] == 200
    (one,) = document["data"]
    assert one["denomination"] == Decimal("1.0")
    assert one["skuIdList"][0] == 10053130147978


def test_goods_and_categories_of_an_order_row_are_asked_for(promoters):
    (order, *_) = promoters.run("orders").records("orders")
    assert order["goodsInfo"]
    assert order["categoryInfo"]
    for call in promoters.calls(ORDERS):
        assert call.params["type"] == 3, "by update time"
        assert call.params["pageSize"] == 500


def test_a_window_with_too_many_rows_is_read_in_parts(promoters):
    promoters.box.set_limits(**{"jd_union.rows": 15})
    messages = promoters.run("orders")
    assert promoters.wrong(messages, "orders") == []
    assert any(call.outcome == "rejected" for call in promoters.calls(ORDERS))


def test_bonuses_go_on_from_the_last_sort_value_with_the_next_page(trial_of):
    from datetime import datetime, timezone

    from tap_jd_union.tap import TapJdUnion

    end = datetime(2026, 11, 21, 9, 0, tzinfo=timezone.utc)
    trial = trial_of(TapJdUnion, size=600, accounts=1, history_days=0.02, history_end=end)
    trial.config["start_date"] = "2026-11-21T16:30:00+08:00"
    messages = trial.run("bonus_orders")
    assert trial.wrong(messages, "bonus_orders") == []
    later = [call.params for call in trial.calls(BONUS) if call.params["pageNo"] > 1]
    assert later
    assert all(params["sortValue"] for params in later)


def test_bonuses_of_another_promoter_are_not_taken_for_the_accounts(promoters, caplog):
    messages = promoters.run("bonus_orders", fails=True)
    first, second = promoters.names
    assert messages.records("bonus_orders", first)
    assert not messages.records("bonus_orders", second)
    assert f"the rows belong to {first}" in caplog.text


def test_a_sku_that_many_ordered_is_asked_for_once(promoters):
    messages = promoters.run("order_goods")
    calls = promoters.calls("jd.union.open.goods.promotiongoodsinfo.query")
    skus = {record["skuId"] for record in messages.records("order_goods")}
    assert len(calls) <= rows.SKUS * len(promoters.names)
    assert 1 < len(skus) <= rows.SKUS


def test_goods_are_read_by_the_filters_that_are_set(promoters):
    whole = promoters.run("goods").records("goods", promoters.names[0])
    some = promoters.run("goods", goods_filters=['{"owner": "g"}']).records(
        "goods", promoters.names[0]
    )
    assert 0 < len(some) < len(whole)


@pytest.mark.parametrize("text", ["cid1=737", "[]", '{"cid1"'])
def test_a_filter_that_is_none_is_told(promoters, text):
    messages = promoters.run("goods", goods_filters=[text], fails=True)
    assert "Setting goods_filters" in str(messages.error)
    assert promoters.calls() == []


def test_channels_can_be_chosen(promoters):
    messages = promoters.run("jingfen_goods", elite_ids=[2, 10])
    assert {record["eliteId"] for record in messages.records("jingfen_goods")} == {"2", "10"}


def test_positions_need_a_key(promoters):
    accounts = [{"id": promoters.names[0]}]
    messages = promoters.run("positions", accounts=accounts, fails=True)
    assert "has no key" in str(messages.error)


def test_a_key_that_has_ended_says_who_must_do_what(promoters, caplog):
    accounts = [{"id": promoters.names[0], "key": "key-of-last-year"}]
    promoters.run("orders", accounts=accounts, fails=True)
    assert "make a new 授权Key" in caplog.text
    assert "key-of-last-year" not in caplog.text


def test_the_app_reads_its_own_orders_or_a_childs(promoters):
    own, child = promoters.names
    accounts = [{"id": own}, {"id": child, "child_union_id": child}]
    messages = promoters.run("orders", accounts=accounts)
    for name in promoters.names:
        assert {record["unionId"] for record in messages.records("orders", name)} == {name}


def test_red_packets_come_by_whole_days_with_a_key_however_little_is_told(promoters):
    days = {"start_date": "2026-11-18T00:00:00+08:00"}
    first = promoters.run("redpacket_stats", **days)
    promoters.clock.sleep(86_400)
    second = promoters.run("redpacket_stats", state=first.state, lookback=0)
    assert {call.outcome for call in promoters.calls()} == {"ok"}
    tap = promoters.kind(config=promoters.config)
    for account in promoters.names:
        came = first.latest("redpacket_stats", account) | second.latest("redpacket_stats", account)
        keyed = {":".join(key.split(":")[-3:]) + key[:10]: record for key, record in came.items()}
        expected = [
            TruthRow(_place(record), None, 1, record)
            for day in ("18", "19", "20", "21")
            for record in rows.redpackets(account, f"2026-11-{day}")
        ]
        assert differences(tap, "redpacket_stats", expected, keyed) == []
        assert len(keyed) == 12


def _place(record):
    """The day begins at 16:00 of the day before, in UTC."""
    day = int(record["tjDate"][-2:]) - 1
    place = record.get("positionId", "")
    return f"{record['actId']}:{place}:{record['channelId']}2026-11-{day}"


TEXT = st.text('aB9 红é壳&=+/%*~"{}\n', max_size=20)
NAMES = st.text("aZ_09xyz", min_size=1, max_size=8)


@given(st.dictionaries(NAMES, TEXT, max_size=6), TEXT)
def test_the_signature_agrees_with_jds_own_sdk_on_any_text(parameters, secret):
    assert sign(parameters, secret) == official_sign(secret, parameters)


@given(st.dictionaries(NAMES, TEXT, max_size=6), TEXT)
def test_the_signature_agrees_with_the_sandbox_on_any_text(parameters, secret):
    shuffled = dict(reversed(parameters.items()))
    assert sign(shuffled, secret) == sandbox_sign({**parameters, "sign": "x"}, secret)
