"""The platform's limits are kept, measured where they are counted; and no fault loses a row."""

from __future__ import annotations

import bisect
import time

import pytest
from hypothesis import given, settings, strategies as st

from end_to_end import harness, lab

RATE = 40


def most_within(times, seconds=1.0):
    times = sorted(times)
    return max(bisect.bisect_left(times, at + seconds) - n for n, at in enumerate(times))


def requests_at(sandbox, account=None):
    return [entry.monotonic for entry in sandbox.requests("lab", account=account)]


@pytest.fixture
def busy(world):
    """Fill the sandbox; the limit it enforces is the very one that the tap is told."""

    def fill(accounts: int, size: int, **more):
        return world(
            seed=3,
            accounts=accounts,
            size=size,
            history_days=2,
            limit_numbers={"lab.calls": RATE},
            **more,
        )

    return fill


@pytest.mark.parametrize("accounts", [1, 2])
def test_no_sliding_second_holds_more_than_each_accounts_rate(busy, accounts):
    sandbox = busy(accounts, 120 // accounts)
    config = {
        **sandbox.config("lab"),
        "account_requests_per_second": RATE,
        "concurrency": 8,
        "window_records": 20,
        "start_date": "2026-01-01",
    }
    outcome = harness.run(lab.tap_class("pages", 2, pages_cap=1000), config)
    assert outcome.failed is None
    for account in sandbox.accounts("lab"):
        times = requests_at(sandbox, account)
        assert most_within(times) <= RATE
        assert len(times) > 2 * RATE, "too few requests to prove anything"
        if accounts == 1:  # careful is not slow: nearly the pace that is allowed
            assert len(times) / (times[-1] - times[0]) > RATE * 0.8
    assert {o for (_, _, _, o) in sandbox.counts()} == {"ok"}, "the platform refused a call"


def test_no_sliding_second_holds_more_than_the_apps_rate(busy):
    sandbox = busy(8, 10)
    config = {**sandbox.config("lab"), "requests_per_second": RATE, "concurrency": 8}
    outcome = harness.run(lab.tap_class("pages", 2), config)
    assert outcome.failed is None
    times = requests_at(sandbox)
    assert most_within(times) <= RATE
    assert len(times) > 2 * RATE
    assert len(times) / (times[-1] - times[0]) > RATE * 0.8


def test_slow_answers_do_not_make_the_rate_too_high(busy):
    sandbox = busy(1, 60, latency_ms=120)
    config = {**sandbox.config("lab"), "account_requests_per_second": 20, "concurrency": 8}
    outcome = harness.run(lab.tap_class("cursor", 10), config, streams=("orders", "order_details"))
    assert outcome.failed is None
    assert most_within(requests_at(sandbox)) <= 20


def test_after_a_throttle_answer_the_rate_comes_back(world):
    """On the clock of the test: the platform refuses for some seconds, then the pace returns."""
    clock = harness.SharedTime()
    sandbox = world(
        seed=3,
        accounts=1,
        size=1200,
        history_days=2,
        history_end=harness.NOW,
        clock=harness.SandboxTime(clock),
        limit_numbers={"lab.calls": RATE},
    )
    config = {
        **sandbox.config("lab"),
        "account_requests_per_second": RATE,
        "concurrency": 1,
        "start_date": "2026-11-15",
        "retry_wait": "2s",
    }
    throttled = []
    platform = sandbox.world.platform("lab")
    handle = platform.handle

    def throttling(call):
        if call.number == 200:
            throttled.append(call.now)
            return platform.throttled(call)
        return handle(call)

    platform.handle = throttling
    outcome = harness.run(
        lab.tap_class("cursor", 50), config, streams=("orders", "order_details"), clock=clock
    )
    assert outcome.failed is None
    (moment,) = throttled
    times = [entry.time for entry in sandbox.requests("lab")]
    # The manual clock stands between two waits, so seconds are compared with a hair's breadth.
    assert most_within(times, 1.0 - 1e-6) <= RATE
    assert not [at for at in times if moment < at < moment + 2.0], "it did not rest as told"
    soon = [at for at in times if moment + 2 <= at < moment + 4]
    assert len(soon) <= 2 * RATE * 0.75
    late = [at for at in times if moment + 13 <= at < moment + 18]
    assert len(late) >= 5 * RATE * 0.9


KINDS = ["throttle", "too_many", "server_error", "cut", "html", "hang"]


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=4)
@given(seed=st.integers(0, 2**32), style=st.sampled_from(["pages", "has_next", "cursor", "offset"]))
def test_every_kind_of_fault_is_survived_without_loss(world, kind, seed, style):
    clock = harness.SharedTime()
    sandbox = world(
        seed=seed,
        accounts=2,
        size=30,
        history_days=2,
        history_end=harness.NOW,
        limits=False,
        clock=harness.SandboxTime(clock),
    )
    sandbox.set_faults(**{kind: 0.2 if kind != "hang" else 0.05}, hang_seconds=0.01, retry_after=1)
    config = {
        **sandbox.config("lab"),
        "start_date": "2026-11-15",
        "window_records": 12,
        "concurrency": 8,
        "account_requests_per_second": 100_000,
    }
    outcome = harness.run(lab.tap_class(style, 5), config, clock=clock)
    assert outcome.failed is None
    assert sum(sandbox.world.plan.made.values()) > 0
    warehouse = harness.Warehouse().load(outcome.messages)
    assert not harness.differences(sandbox, warehouse, "orders", "orders")
    assert not harness.differences(sandbox, warehouse, "order_details", "orders")
    assert not harness.differences(sandbox, warehouse, "items", "items")


@settings(deadline=None, max_examples=5)
@given(seed=st.integers(0, 2**32))
def test_faults_that_outlast_our_patience_cost_a_run_and_no_row(world, seed):
    """Details become failures owed, lists fail their slice; later runs bring everything."""
    clock = harness.SharedTime()
    sandbox = world(
        seed=seed,
        accounts=2,
        size=30,
        history_days=2,
        history_end=harness.NOW,
        limits=False,
        clock=harness.SandboxTime(clock),
    )
    sandbox.set_faults(server_error=0.25, cut=0.1, streak=1000)
    config = {
        **sandbox.config("lab"),
        "start_date": "2026-11-15",
        "window_records": 12,
        "concurrency": 4,
        "retry_tries": 2,
        "failure_attempts": 50,
    }
    state, warehouse = None, harness.Warehouse()
    unlucky = 0
    for number in range(12):
        if number == 8:
            sandbox.set_faults(server_error=0.0, cut=0.0)
        outcome = harness.run(
            lab.tap_class("pages", 5),
            config,
            streams=("orders", "order_details"),
            state=state,
            clock=clock,
        )
        owed = [
            failure
            for part in outcome.state["bookmarks"]["order_details"]["partitions"]
            for failure in part.get("failures", [])
        ]
        unlucky += bool(outcome.failed or owed)
        state = outcome.state
        warehouse.load(outcome.messages)
        clock.advance(3 * 86_400)
    assert unlucky
    assert outcome.failed is None
    assert not owed
    assert not harness.differences(sandbox, warehouse, "orders", "orders")
    assert not harness.differences(sandbox, warehouse, "order_details", "orders")


def test_an_empty_answer_by_mistake_is_noticed_where_rows_were_counted(world):
    """A page that comes back empty under a total is read again, never taken for the end."""
    sandbox = world(seed=1, accounts=1, size=40, history_days=2, limits=False)
    sandbox.set_faults(empty=0.15, streak=1)
    begin = time.monotonic()
    outcome = harness.run(lab.tap_class("pages", 5), sandbox.config("lab"), streams=("orders",))
    assert outcome.failed is None or "orders" in str(outcome.failed)
    if outcome.failed is None:
        assert len({row["id"] for row in outcome.records("orders")}) == 40
    assert time.monotonic() - begin < 60
