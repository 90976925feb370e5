"""SIGKILL between any two messages: a run that starts from the last STATE ends with the same truth."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from openplatform.bookmarks import Bookmark

from end_to_end import harness
from end_to_end.processes import pipe

# SCHEMA comes first; windows, their records and their STATE follow; full tables are at the end.
MESSAGES = [
    ("tap", 1),
    ("target", 2),
    ("tap", 9),
    ("target", 40),
    ("tap", 77),
    ("target", 123),
    ("tap", 180),
    ("target", 230),
    ("tap", 266),
]


@pytest.fixture
def shop(world):
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    return world(seed=11, accounts=2, size=60, history_days=3, history_end=yesterday, limits=False)


def tap_config(shop):
    start = datetime.now(timezone.utc) - timedelta(days=6)
    return {
        **shop.config("lab"),
        "start_date": start.isoformat(),
        "window_records": 14,
        "lookback": 0,
        "concurrency": 2,
    }


def into_duckdb(folder, **more):
    return {"path": str(folder / "warehouse.duckdb"), "load_mode": "soft_delete", **more}


def assert_truth(shop, folder):
    duck = harness.DuckFile(folder / "warehouse.duckdb")
    orders, items = harness.truth(shop, "orders"), harness.truth(shop, "items")
    versions = {key: (row["version"], row["seller_memo"]) for key, row in orders.items()}
    assert duck.versions("orders") == versions
    assert duck.versions("order_details") == versions
    prices = {key: (row["version"], Decimal(row["price"])) for key, row in items.items()}
    assert duck.versions("items") == prices
    assert duck.marked("items") == set()


def bookmarks(state) -> dict[str, Bookmark]:
    """Return from where each account must go on: the earlier one of list and details."""
    found: dict[str, Bookmark] = {}
    for stream in ("orders", "order_details"):
        for part in state.get("bookmarks", {}).get(stream, {}).get("partitions", []):
            if "replication_key_value" in part:
                mark = Bookmark.parse(part["replication_key_value"])
                account = part["context"]["_account"]
                found[account] = min(mark, found.get(account, mark))
    return found


def windows_read(shop) -> list[tuple[str, int, int]]:
    """Return the windows whose first page was asked for, as (account, start, end)."""
    return [
        (entry.account, int(entry.params["start"]), int(entry.params["end"]))
        for entry in shop.requests("lab", api="orders/pages")
        if entry.params.get("page") == 1  # a call that the kill cut off has none
    ]


@pytest.mark.parametrize(("victim", "after"), MESSAGES)
def test_a_killed_run_is_finished_by_the_next(shop, tmp_path, victim, after):
    config = tap_config(shop)
    small_batches = into_duckdb(tmp_path, batch_rows=25)
    first = pipe(tmp_path / "first", config, small_batches, kill=victim, after=after, LAB_LIMIT="5")
    assert first.messages >= after, "the run was over before it could be killed"
    assert (first.tap_code if victim == "tap" else first.target_code) == -9
    state = first.states[-1] if first.states else None
    before = windows_read(shop)
    shop.clear_requests()

    second = pipe(tmp_path / "second", config, into_duckdb(tmp_path), state=state, LAB_LIMIT="5")
    assert (second.tap_code, second.target_code) == (0, 0), second.errors
    assert_truth(shop, tmp_path)

    done = bookmarks(state or {})
    again = windows_read(shop)
    assert again or len(done) == 2
    for account, start, _ in again:
        mark = done.get(account)
        assert mark is None or start >= mark.time.timestamp() * 1000 - 1000
    finished = {w for w in before if (m := done.get(w[0])) and w[2] <= m.time.timestamp() * 1000}
    assert not finished.intersection(again), "a window that had been finished was read again"
    if after > 150:
        assert finished


def test_the_messages_reach_far_enough(shop, tmp_path):
    """The list of kill points covers a whole run."""
    whole = pipe(tmp_path / "whole", tap_config(shop), into_duckdb(tmp_path), LAB_LIMIT="5")
    assert (whole.tap_code, whole.target_code) == (0, 0), whole.errors
    last = max(after for _, after in MESSAGES)
    assert last < whole.messages < last * 1.4
    assert_truth(shop, tmp_path)
