"""What is odd about the streams of 快手小店, and what a careless reading would break."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from conformance import NOW
from openplatform.bookmarks import Bookmark, format_time
from openplatform.errors import QuotaExhaustedError
from openplatform.judging import Failure
from openplatform.testing import load_sample, shape_answer

SAMPLES = Path(__file__).parent / "samples"
DAY_MS = 86_400_000
NOW_MS = NOW * 1000
LISTS = {
    "orders": "open.order.cursor.list",
    "refunds": "open.seller.order.refund.pcursor.list",
    "items": "open.item.list.get",
    "comments": "open.comment.list.get",
    "settled_bills": "open.funds.financial.settled.bill.detail",
    "sellers": "open.user.seller.get",
    "shops": "open.shop.info.get",
}
DETAILS = {
    "order_details": "open.order.detail",
    "refund_details": "open.seller.order.refund.detail",
    "item_details": "open.item.get",
    "item_skus": "open.item.sku.list.get",
}


def test_streams_that_cost_a_call_for_what_another_one_tells_are_off_by_default(tap):
    off = {name for name, stream in tap.streams.items() if not stream.selected}
    assert off == {"order_details", "item_skus", "daily_bills"}


# -- incremental streams --------------------------------------------------------------------------


@pytest.mark.parametrize("stream", ["orders", "refunds"])
def test_lists_are_asked_by_update_oldest_first_within_the_platforms_spans(shops, stream):
    shops.run(stream)
    longest = {"orders": 7, "refunds": 1}[stream] * DAY_MS
    calls = shops.calls(LISTS[stream])
    assert calls
    for call in calls:
        param = call.params
        assert (param["queryType"], param["sort"]) == (2, 2)
        assert 0 < param["endTime"] - param["beginTime"] <= longest
        assert param["cursor" if stream == "orders" else "pcursor"] is not None
    assert any(param.params.get("cursor") == "" for param in calls) or stream == "refunds"


def test_refunds_ask_for_all_kinds(shops):
    shops.run("refunds")
    for call in shops.calls(LISTS["refunds"]):
        assert call.params["type"] == 9
        assert call.params["currentPage"] == 1
        assert call.params["option"] == {"needExchange": True}


def test_the_window_of_refunds_can_be_set(shops):
    messages = shops.run("refunds", streams={"refunds": {"window": "6h"}}, start_date="2026-11-19")
    spans = {c.params["endTime"] - c.params["beginTime"] for c in shops.calls(LISTS["refunds"])}
    assert max(spans) == DAY_MS // 4
    assert messages.records("refunds")


def test_a_window_that_the_platform_refuses_today_is_halved(shops):
    shops.box.set_limits(active=False, **{"kuaishou_shop.window_hours": 20})
    messages = shops.run("orders")
    assert shops.wrong(messages, "orders") == []
    spans = [c.params["endTime"] - c.params["beginTime"] for c in shops.calls(LISTS["orders"])]
    assert max(spans) > 20 * 3_600_000, "it begins with what is documented"
    assert min(spans) <= 20 * 3_600_000


def test_without_a_start_all_that_the_platform_keeps_is_read_without_a_warning(shops, caplog):
    shops.run("orders", start_date=None)
    begins = [call.params["beginTime"] for call in shops.calls(LISTS["orders"])]
    assert min(begins) < NOW_MS - 89 * DAY_MS
    assert not any("answers only back to" in record.message for record in caplog.records)


def test_the_state_follows_the_bookmark(shops):
    messages = shops.run("orders")
    end = datetime.fromtimestamp(NOW, tz=shops.clock.now().tzinfo) - timedelta(seconds=60)
    for name in shops.names:
        value = messages.partition("orders", name)["replication_key_value"]
        assert value == f"{format_time(end)}@"
    for record in messages.records("orders"):
        assert record["_bookmark"] == f"{record['updateTime']}@{record['oid']}"


def test_a_records_bookmark_in_the_state_resumes_right_after_it(shops):
    name = shops.names[0]
    whole = sorted(
        shops.run("orders").records("orders", name), key=lambda r: Bookmark.parse(r["_bookmark"])
    )
    middle = whole[len(whole) // 2]
    partition = {
        "context": {"_account": name},
        "replication_key": "_bookmark",
        "replication_key_value": middle["_bookmark"],
    }
    state = {"bookmarks": {"orders": {"partitions": [partition]}}}
    rest = shops.run("orders", state=state, lookback=0, accounts=shops.config["accounts"][:1])
    assert [r["oid"] for r in rest.records("orders")] == [
        r["oid"] for r in whole[len(whole) // 2 + 1 :]
    ]


# -- streams without a filter by update -----------------------------------------------------------


def test_comments_are_versioned_by_reading_and_looked_back_for(shops):
    first = shops.run("comments")
    for record in first.records("comments"):
        assert record["_bookmark"] == f"{record['createTime']}@{record['commentId']}"
        assert record["_read_at"]
    shops.clock.sleep(3600)
    shops.run("comments", state=first.state)
    froms = [c.params["createTimeFrom"] for c in shops.calls(LISTS["comments"])]
    assert NOW_MS - 60_000 - 7 * DAY_MS in froms
    assert max(c.params["limit"] for c in shops.calls(LISTS["comments"])) == 20


def test_funds_statements_are_read_by_whole_days_up_to_yesterday(shops):
    messages = shops.run("funds_statements")
    today = datetime(2026, 11, 20, 16, tzinfo=shops.clock.now().tzinfo)  # 2026-11-21 in Beijing
    for name in shops.names:
        expected = {
            row.key
            for row in shops.box.truth(shops.slug, name, "funds_statements")
            if row.record["billTime"] < today.timestamp() * 1000
        }
        assert set(messages.latest("funds_statements", name)) == expected
        assert messages.partition("funds_statements", name)["replication_key_value"] == (
            f"{format_time(today)}@"
        )


def test_funds_statements_page_until_their_own_end_mark(shops):
    shops.run("funds_statements")
    calls = shops.calls("open.funds.financial.statement.list", shops.names[0])
    assert "cursor" not in calls[0].params
    assert len([call for call in calls if call.params.get("cursor")]) > 3


def test_settled_bills_end_with_an_empty_page_and_ask_for_the_size_that_is_set(shops):
    messages = shops.run("settled_bills", bill_page_size=50)
    assert shops.wrong(messages, "settled_bills") == []
    assert {c.params["size"] for c in shops.calls(LISTS["settled_bills"])} == {50}
    shops.box.clear_requests()
    shops.run("settled_bills")
    assert {c.params["size"] for c in shops.calls(LISTS["settled_bills"])} == {10}
    record = messages.records("settled_bills")[0]
    assert isinstance(record["settlementAmount"], str)
    assert record["settlementTime"].endswith("Z")


def test_daily_bills_name_the_file_of_each_day_and_kind(shops):
    messages = shops.run("daily_bills", start_date="2026-11-19T00:00:00+08:00")
    for name in shops.names:
        table = messages.latest("daily_bills", name)
        assert set(table) == {f"2026-11-{day}:{kind}" for day in (19, 20) for kind in (1, 2, 3, 4)}
        for record in table.values():
            assert record["processStatus"] == 3
            assert record["downloadUrl"].startswith("http")
    assert messages.records("daily_bills")[0]["_bookmark"] == (
        "2026-11-18T16:00:00.000Z@2026-11-19|1"
    )
    sent = [call.params for call in shops.calls("open.funds.center.get.daily.bill")]
    assert {"billDate": "20261119", "billType": 1, "expireDate": 720} in sent


# -- full tables ----------------------------------------------------------------------------------


def test_an_item_that_is_gone_is_told_after_two_reads_without_it(shops):
    first = shops.run("items")
    assert first.activations("items") == [], "the order of the list is not documented"
    gone = shops.box.mutate(shops.slug, shops.names[0], "items", "delete", count=2)
    shops.clock.sleep(3600)
    second = shops.run("items", state=first.state)
    assert not set(gone) & set(second.latest("items", shops.names[0]))
    (activation,) = second.activations("items")
    assert activation["version"] == first.version("items"), "rows of the first read stay"
    shops.clock.sleep(3600)
    third = shops.run("items", state=second.state)
    (activation,) = third.activations("items")
    assert activation["version"] == second.version("items")


def test_an_item_deleted_between_list_and_detail_is_left_out(shops):
    shops.box.set_churn(100, deletions=1.0)
    messages = shops.run("items", "item_details")
    for name in shops.names:
        assert "failures" not in messages.partition("item_details", name)


def test_the_shops_key_comes_from_the_seller_and_the_call_takes_nothing(shops):
    messages = shops.run("shops")
    assert {r["sellerId"] for r in messages.records("shops")} == set(shops.names)
    assert all(call.params == {} for call in shops.calls(LISTS["shops"]))


def test_details_send_ids_as_numbers(shops):
    shops.run("orders", "order_details", start_date="2026-11-20T12:00:00Z")
    sent = [call.params["oid"] for call in shops.calls(DETAILS["order_details"])]
    assert sent
    assert all(isinstance(oid, int) for oid in sent)


# -- faults ---------------------------------------------------------------------------------------


def test_a_used_up_quota_stops_the_stream_of_that_shop_and_is_not_asked_again(shops):
    shops.box.set_limits(active=True, **{"kuaishou_shop.user_day": 3})
    messages = shops.run("orders", "sellers", fails=True)
    assert "orders of 12342323" in str(messages.error)
    assert len(messages.records("sellers")) == 2, "another API's quota is another one"
    for name in shops.names:
        refused = [c for c in shops.calls(LISTS["orders"], name) if c.outcome == "throttled"]
        assert 1 <= len(refused) <= 4, "only calls under way together may meet the same refusal"


def test_a_used_up_quota_says_when_it_ends(tap):
    failure = tap.client.failure(
        200, {"result": 99, "error_msg": "Exceed quota limit, KEY [appkey:ks7]"}
    )
    error = tap.client.errors.error(failure, where="account 1, open.order.cursor.list")
    assert isinstance(error, QuotaExhaustedError)
    assert "00:00 China time" in str(error)


def test_times_are_utc_ids_are_text_and_amounts_stay_in_fen(tap):
    answer = load_sample(SAMPLES / "order_details.json")
    (order,) = shape_answer(tap, "order_details", answer, account="12342323").records
    base = order["orderBaseInfo"]
    assert order["_bookmark"] == "2022-06-28T04:23:02.523Z@2215900041470428"
    assert (order["oid"], base["oid"]) == ("2215900041470428", "2215900041470428")
    assert base["createTime"] == "2022-06-08T04:05:42.714Z"
    assert base["refundTime"] is None, "0 means that it has not happened"
    assert base["totalFee"] == 20
    assert order["orderLogisticsInfo"][0]["expressCode"] == "9999"


def test_a_record_without_its_key_is_counted_and_left_out(tap):
    answer = {"result": 1, "data": {"orderList": [{"orderBaseInfo": {"status": 30}}]}}
    shaped = shape_answer(tap, "orders", answer, account="12342323")
    assert (shaped.records, shaped.keyless) == ([], 1)


def test_a_recorded_refusal_keeps_its_words(tap):
    refused = load_sample(SAMPLES / "error_refresh_discarded.json")
    assert tap.client.failure(200, refused) == Failure(
        200, "100200102", "access_denied: refreshToken.discarded"
    )
