"""Redaction, cache, failures owed, partitions of the state, and the writer."""

from __future__ import annotations

import io
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st
from openplatform.bookmarks import Bookmark
from openplatform.cache import Cache
from openplatform.errors import ConfigurationError
from openplatform.failures import FailurePolicy, first_failure, from_state
from openplatform.partitions import partition_of
from openplatform.redaction import Redactor
from openplatform.testing import HeldClock
from openplatform.writer import PageWriter, record_lines

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=timezone.utc)


# -- redaction --------------------------------------------------------------------------------------


@given(
    st.text(max_size=30),
    st.text(min_size=6, max_size=40).filter(lambda s: "*" not in s),
    st.text(max_size=30),
)
def test_a_known_value_never_stands_in_a_text(before, secret, after):
    assert secret not in Redactor([secret])(before + secret + after)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("access_token=abc123&page=1", "access_token=***&page=1"),
        ('{"app_secret": "s3cr3t", "page": 1}', '{"app_secret": "***", "page": 1}'),
        ("{'refresh_token': 'abc'}", "{'refresh_token': '***'}"),
        ("sign=0f0f, page=2", "sign=***, page=2"),
        ("password: hunter2", "password: ***"),
        ("https://x/y?corpsecret=abc&corpid=ww1", "https://x/y?corpsecret=***&corpid=ww1"),
        ("the design of it", "the design of it"),
        ("page=1&size=100", "page=1&size=100"),
    ],
)
def test_what_stands_behind_a_secrets_name_is_masked(text, shown):
    assert Redactor()(text) == shown


def test_a_secret_that_holds_another_is_masked_whole():
    redact = Redactor(["abcdef"])
    redact.learn("abcdef-long", None, "", "tiny")
    assert redact("x abcdef-long y abcdef z tiny") == "x *** y *** z tiny"


# -- cache ------------------------------------------------------------------------------------------


def test_a_value_is_fetched_once_until_it_is_old():
    clock, fetched = HeldClock(NOW), []
    cache: Cache[int] = Cache(clock)

    def get(**more):
        return cache.get("k", lambda: fetched.append(1) or len(fetched), ttl=60, **more)

    assert (get(), get()) == (1, 1)
    clock.sleep(61)
    assert get() == 2
    assert get(refresh=True) == 3
    assert (cache.hits, cache.misses) == (1, 3)


@pytest.mark.timeout(60)
def test_a_hot_key_is_fetched_once_by_many_threads():
    cache: Cache[str] = Cache(HeldClock(NOW))
    go, fetched = threading.Event(), []

    def fetch():
        fetched.append(1)
        go.wait(20)
        return "value"

    with ThreadPoolExecutor(12) as pool:
        waiting = [pool.submit(cache.get, "k", fetch, ttl=60) for _ in range(12)]
        while cache.hits + cache.misses < 12:
            threading.Event().wait(0.001)
        go.set()
        assert {w.result(20) for w in waiting} == {"value"}
    assert len(fetched) == 1


def test_an_error_reaches_who_waited_and_is_not_kept():
    cache: Cache[int] = Cache(HeldClock(NOW))

    def broken():
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            cache.get("k", broken, ttl=60)
    assert cache.get("k", lambda: 5, ttl=60) == 5
    assert cache.misses == 3


def test_the_least_used_goes_first():
    cache: Cache[str] = Cache(HeldClock(NOW), size=2)
    for key in ("a", "b", "a", "c"):
        cache.get(key, lambda: "v", ttl=60)
    cache.get("a", lambda: pytest.fail("a was used last"), ttl=60)
    assert cache.misses == 3
    assert cache.get("b", lambda: "again", ttl=60) == "again"


# -- failures ---------------------------------------------------------------------------------------


def test_waits_double_and_the_last_attempt_parks():
    policy = FailurePolicy(attempts=4, first_wait=timedelta(seconds=10))
    owed, waits = first_failure("E1", None, "why", NOW, policy), []
    while not owed.parked:
        waits.append((owed.next_attempt - NOW).total_seconds())
        assert not owed.due(NOW)
        assert owed.due(owed.next_attempt)
        owed = owed.failed_again("why", NOW, policy)
    assert waits == [10, 20, 40]
    assert owed.attempts == 4
    assert not owed.due(NOW + timedelta(days=999)), "what is parked waits for a request"


@given(st.text(min_size=1), st.integers(1, 6), st.text(max_size=500))
def test_what_is_owed_survives_the_state(key, attempts, reason):
    policy = FailurePolicy()
    owed = first_failure(key, "2026-11-20T08:00:00.000Z@x", reason, NOW, policy)
    for _ in range(attempts - 1):
        owed = owed.failed_again(reason, NOW, policy)
    stored = json.loads(json.dumps([owed.to_state("order_details")]))
    assert from_state(stored, stream="order_details", account="1") == [owed]
    assert len(owed.reason) <= 200


@pytest.mark.parametrize(
    "entries", [[{}], [1], [None], [{"key": "a", "attempts": "x", "next_attempt": "2026-11-20"}], 5]
)
def test_damaged_failures_are_told(entries):
    with pytest.raises(ConfigurationError, match=r"'order_details', account '7'.*failures"):
        from_state(entries, stream="order_details", account="7")


# -- partitions -------------------------------------------------------------------------------------


def test_a_bookmark_moves_forward_only():
    state: dict = {}
    part = partition_of(state, "orders", "1")
    marks = [Bookmark(NOW + timedelta(hours=h)) for h in (1, 3, 2, 3, 5, 0)]
    for mark in marks:
        part.advance(mark)
    assert part.bookmark == marks[4]
    assert state["bookmarks"]["orders"]["partitions"][0]["replication_key"] == "_bookmark"


def test_what_others_keep_in_a_partition_survives():
    data = {"context": {"_account": "1", "region": "x"}, "note": {"by": "somebody"}}
    state = {"bookmarks": {"orders": {"partitions": [data], "other": 1}}, "more": 2}
    part = partition_of(state, "orders", "1")
    part.advance(Bookmark(NOW))
    part.completed(5, 3)
    part.failures = []
    part.ran(NOW)
    assert data["note"] == {"by": "somebody"}
    assert data["context"] == {"_account": "1", "region": "x"}
    assert state["more"] == 2
    assert len(state["bookmarks"]["orders"]["partitions"]) == 1


@pytest.mark.parametrize(
    "state",
    [
        {"bookmarks": []},
        {"bookmarks": {"orders": []}},
        {"bookmarks": {"orders": {"partitions": {"a": 1}}}},
        {"bookmarks": {"orders": {"partitions": [{"context": {}}]}}},
        {"bookmarks": {"orders": {"partitions": [3]}}},
        {"bookmarks": {"orders": {"partitions": 3}}},
    ],
)
def test_a_damaged_state_is_told(state):
    with pytest.raises(ConfigurationError, match=r"'orders' is damaged.*syncops bookmarks undo"):
        partition_of(state, "orders", "1").advance(Bookmark(NOW))


@given(st.lists(st.integers(1, 10**13), min_size=1, max_size=15))
def test_enough_complete_versions_are_kept_to_confirm_an_absence(versions):
    part = partition_of({}, "items", "1")
    for version in versions:
        part.completed(version, 1)
    assert part.complete_versions == versions[-10:]


# -- writer -----------------------------------------------------------------------------------------


def test_messages_are_lines_of_exact_json(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", newline=""))
    record = {"id": "1", "fee": Decimal("12.30"), "name": "大\n衣", "n": 2**70}
    PageWriter().write_lines(record_lines("orders", [record], version=7, extracted=NOW))
    PageWriter().write({"type": "STATE", "value": {}})
    lines = raw.getvalue().split(b"\n")
    assert lines[-1] == b""
    assert len(lines) == 3
    message = json.loads(lines[0], parse_float=Decimal)
    assert message == {
        "type": "RECORD",
        "stream": "orders",
        "record": {"id": "1", "fee": Decimal("12.30"), "name": "大\n衣", "n": 2**70},
        "version": 7,
        "time_extracted": "2026-11-20T08:00:00.000Z",
    }
    assert str(message["record"]["fee"]) == "12.30"
    assert json.loads(lines[1]) == {"type": "STATE", "value": {}}
