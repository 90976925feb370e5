"""Reading by `ts`: nothing is turned, nothing is missed, and a bookmark that is set back still counts."""

from __future__ import annotations

import pytest
from openplatform.bookmarks import Bookmark
from openplatform.errors import ConfigurationError
from openplatform.streams import PlatformStream
from tap_jushuitan.tap import TapJushuitan

VERSIONED = [
    "orders",
    "refunds",
    "refund_receipts",
    "outbound_orders",
    "inventory",
]
HOUR = 3600


@pytest.fixture
def trial(merchants):
    merchants.config |= {"read_by": "ts", "start_date": "2026-11-11T00:00:00+08:00"}
    return merchants


def calls_of(trial, api="orders.single.query"):
    return [call.params for call in trial.calls(api)]


def latest(runs, stream, account):
    """The table after some runs, as the target keeps it: newest wins."""
    first, *others = runs
    return type(first)([m for run in (first, *others) for m in run.all]).latest(stream, account)


def test_six_lists_have_versions():
    kinds: list[type[PlatformStream]] = list(TapJushuitan.stream_classes)
    found = [k.name for k in kinds if getattr(k.reads, "versions", None)]
    assert set(found) == {*VERSIONED, "purchase_receipts"}


def test_they_bring_the_truth_and_never_turn_a_page(trial):
    messages = trial.run(*VERSIONED)
    for stream in VERSIONED:
        assert trial.wrong(messages, stream) == []
    wanted = {"start_ts", "is_get_total", "page_index", "page_size", "is_get_cbfinance"}
    for params in calls_of(trial):
        assert params.keys() == wanted
        assert (params["page_index"], params["is_get_total"]) == (1, False)
    assert min(params["start_ts"] for params in calls_of(trial)) == 1
    trial.run("purchase_receipts")
    for params in calls_of(trial, "purchasein.query"):
        assert params.keys() == {"start_ts", "page_index", "page_size"}


def test_the_next_run_begins_at_the_largest_version(trial):
    account = trial.names[0]
    first = trial.run("orders")
    reached = first.partition("orders", account)["row_version"]
    assert reached == max(int(r["ts"]) for r in first.records("orders", account))
    trial.box.clear_requests()
    changed = trial.box.mutate(trial.slug, account, "orders", "update", count=3)
    trial.box.advance(HOUR)
    second = trial.run("orders", state=first.state)
    assert set(changed) == {r["o_id"] for r in second.records("orders", account)} - {
        str(o)
        for o in [r["o_id"] for r in first.records("orders", account) if int(r["ts"]) == reached]
    }
    assert min(params["start_ts"] for params in calls_of(trial)) == reached
    before, after = (run.partition("orders", account) for run in (first, second))
    assert after["row_version"] > reached
    mark = Bookmark.parse(after["replication_key_value"])
    assert mark > Bookmark.parse(before["replication_key_value"])


def test_what_changed_just_now_comes_once_more(trial):
    """A version may become visible after a larger one."""
    account = trial.names[0]
    first = trial.run("orders")
    trial.box.mutate(trial.slug, account, "orders", "update", count=2)
    second = trial.run("orders", state=first.state)
    assert (
        second.partition("orders", account)["row_version"]
        == (first.partition("orders", account)["row_version"])
    )
    trial.box.advance(HOUR)
    third = trial.run("orders", state=second.state)
    assert (
        third.partition("orders", account)["row_version"]
        > (first.partition("orders", account)["row_version"])
    )


def test_what_changes_while_it_is_read_is_there_in_the_end(trial):
    trial.box.set_churn(200, late_commit=0.0)
    first = trial.run(*VERSIONED)
    trial.box.set_churn(0)
    trial.box.advance(HOUR)
    second = trial.run(*VERSIONED, state=first.state)
    both = type(first)(first.all + second.all)
    for stream in VERSIONED:
        assert trial.wrong(both, stream) == []


def test_a_run_that_is_cut_off_goes_on_from_any_of_its_states(trial, monkeypatch):
    account = trial.names[0]
    trial.config["accounts"] = trial.config["accounts"][:1]
    first = trial.run("orders")
    wanted = first.latest("orders", account)
    states = [n for n, message in enumerate(first.all) if message["type"] == "STATE"]
    assert len(states) > 3, "a state follows each page"
    trial.box.advance(HOUR)
    for number in states[:-1]:
        after = trial.run("orders", state=first.all[number]["value"])
        before = type(first)(first.all[: number + 1])
        assert latest([before, after], "orders", account) == wanted


def test_only_what_changed_since_the_start_comes_at_first(trial):
    start = "2026-11-18T00:00:00.000Z"
    messages = trial.run("orders", start_date=start)
    records = messages.records("orders")
    assert records
    assert min(record["modified"] for record in records) >= start
    second = trial.run("orders", start_date=start, state=messages.state)
    assert len(second.records("orders")) <= len(trial.names)


def test_a_bookmark_that_was_set_back_is_caught_up_with_by_time(trial):
    account = trial.names[0]
    first = trial.run("orders")
    state = first.state
    for partition in state["bookmarks"]["orders"]["partitions"]:
        if partition["context"]["_account"] == account:
            partition["replication_key_value"] = "2026-11-19T00:00:00.000Z@"
    trial.box.clear_requests()
    again = trial.run("orders", state=state)
    came = set(again.latest("orders", account))
    since = {r["o_id"] for r in first.records("orders", account) if r["modified"] >= "2026-11-19"}
    assert since
    assert since <= came
    asked = [call.params for call in trial.calls("orders.single.query", account)]
    assert {"modified_begin", "start_ts"} <= {name for params in asked for name in params}
    other = [call.params for call in trial.calls("orders.single.query", trial.names[1])]
    assert all("start_ts" in params for params in other)
    assert again.partition("orders", account)["replication_key_value"] > "2026-11-21"


def test_a_version_that_is_none_is_told_with_stream_and_account(trial):
    state = trial.run("orders").state
    state["bookmarks"]["orders"]["partitions"][0]["row_version"] = "many"
    with pytest.raises(ConfigurationError) as caught:
        trial.run("orders", state=state)
    assert "row version" in str(caught.value)
    assert "orders" in str(caught.value)
