from __future__ import annotations

import bisect
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import pytest
from hypothesis import given, settings, strategies as st
from openplatform.errors import QuotaExhaustedError
from openplatform.limits import Budget, Limit, MemoryLimitStore
from openplatform.testing import HeldClock

START = datetime(2026, 11, 20, 8, 0, tzinfo=timezone.utc)


class ManualClock(HeldClock):
    """Waiting moves it; `waits` tells how long each wait was."""

    def __init__(self) -> None:
        super().__init__(START)
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        super().sleep(seconds)

    def advance(self, seconds: float) -> None:
        super().sleep(seconds)


def most_within(times: list[float], seconds: float) -> int:
    """Return the most moments that any sliding stretch of this length holds."""
    times = sorted(times)
    return max(
        (
            bisect.bisect_left(times, moment + seconds - 1e-9) - place
            for place, moment in enumerate(times)
        ),
        default=0,
    )


@settings(deadline=None)
@given(
    calls=st.integers(1, 12),
    seconds=st.sampled_from([0.5, 1.0, 60.0]),
    gaps=st.lists(st.tuples(st.floats(0, 0.4), st.floats(0, 0.15)), min_size=1, max_size=80),
)
def test_no_sliding_stretch_holds_more_than_the_limit(calls, seconds, gaps):
    """A call may be judged at any moment between its sending and its answer."""
    clock = ManualClock()
    budget = Budget([Limit(calls, seconds)], app="app", clock=clock)
    sent, answered = [], []
    for before, lasting in gaps:
        clock.advance(before)
        with budget.call("a", "orders"):
            sent.append(clock.monotonic())
            clock.advance(lasting)
            answered.append(clock.monotonic())
    assert most_within(sent, seconds) <= calls
    assert most_within(answered, seconds) <= calls
    mixed = [(a if n % 2 else b) for n, (a, b) in enumerate(zip(sent, answered, strict=True))]
    assert most_within(mixed, seconds) <= calls


def test_a_full_pace_is_reached():
    clock = ManualClock()
    budget = Budget([Limit(10, 1.0)], app="app", clock=clock)
    for _ in range(101):
        with budget.call("a", "orders"):
            pass
    assert clock.monotonic() == pytest.approx(10.0, abs=0.2)
    assert budget.waited == pytest.approx(sum(clock.waits))


@settings(deadline=None)
@given(
    order=st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["list", "get"])), max_size=90
    ),
)
def test_every_level_is_kept_at_once(order):
    clock = ManualClock()
    limits = [
        Limit(7, 1.0, "app"),
        Limit(3, 1.0, "account"),
        Limit(2, 1.0, "account", api="get"),
        Limit(5, 1.0, "app", api="*"),
    ]
    budget = Budget(limits, app="app", clock=clock)
    seen = []
    for account, api in order:
        with budget.call(account, api):
            seen.append((clock.monotonic(), account, api))
            clock.advance(0.01)
    assert most_within([at for at, _, _ in seen], 1.0) <= 7
    for account in "abc":
        assert most_within([at for at, who, _ in seen if who == account], 1.0) <= 3
        assert (
            most_within([at for at, who, api in seen if (who, api) == (account, "get")], 1.0) <= 2
        )
    for api in ("list", "get"):
        assert most_within([at for at, _, what in seen if what == api], 1.0) <= 5


def test_threads_share_a_budget():
    store_clock = ManualClock()
    budget = Budget([Limit(5, 1.0, "app")], app="app", clock=store_clock)
    sent = []

    def call(number: int) -> None:
        with budget.call(str(number % 3), "orders"):
            sent.append(store_clock.monotonic())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(call, range(60)))
    assert len(sent) == 60
    assert most_within(sent, 1.0) <= 5


def rate_after(budget: Budget, clock: ManualClock, seconds: float) -> float:
    begin, count = clock.monotonic(), 0
    while clock.monotonic() < begin + seconds:
        with budget.call("a", "orders"):
            count += 1
    return count / (clock.monotonic() - begin)


def test_a_throttle_answer_pauses_halves_and_recovers():
    clock = ManualClock()
    budget = Budget([Limit(20, 1.0, "account")], app="app", clock=clock)
    assert rate_after(budget, clock, 5) == pytest.approx(20, rel=0.2)
    budget.slow_down("a", "orders", 3.0)
    paused = clock.monotonic()
    with budget.call("a", "orders"):
        assert clock.monotonic() >= paused + 3.0
    assert rate_after(budget, clock, 2) == pytest.approx(11, rel=0.25)
    rate_after(budget, clock, 12)
    assert rate_after(budget, clock, 10) >= 18, "within 10% of the allowed rate again"


def test_another_accounts_bucket_is_not_slowed():
    clock = ManualClock()
    budget = Budget([Limit(20, 1.0, "account")], app="app", clock=clock)
    budget.slow_down("b", "orders", 30.0)
    with budget.call("a", "orders"):
        assert clock.monotonic() == 0


def test_calls_that_were_under_way_together_halve_only_once():
    clock = ManualClock()
    store = MemoryLimitStore(clock)
    for _ in range(6):
        store.slow_down(["key"], 2.0)
    assert store._buckets["key"].factor == 0.5


def test_the_rate_never_falls_to_nothing():
    clock = ManualClock()
    budget = Budget([Limit(10, 1.0, "account")], app="app", clock=clock)
    for _ in range(50):
        budget.slow_down("a", "orders", 0.0)
    begin = clock.monotonic()
    for _ in range(3):
        with budget.call("a", "orders"):
            pass
    assert clock.monotonic() - begin < 60


def test_without_a_limit_a_throttled_call_just_waits():
    clock = ManualClock()
    Budget([], app="app", clock=clock).slow_down("a", "orders", 4.0)
    assert clock.waits == [4.0]


def test_an_exhausted_quota_of_the_app_stops_everything():
    budget = Budget([], app="app", clock=ManualClock())
    budget.exhaust("a", "orders", "all calls of this day are used up", of_app=True)
    for account, api in (("a", "orders"), ("a", "items"), ("b", "orders")):
        with pytest.raises(QuotaExhaustedError, match="used up"), budget.call(account, api):
            pytest.fail("it was sent")
    assert budget.made == 0


def test_an_exhausted_quota_stops_this_api_of_this_account_alone():
    clock = ManualClock()
    budget = Budget([], app="app", clock=clock)
    budget.exhaust("a", "orders", "10,000 a day are used up")
    with pytest.raises(QuotaExhaustedError, match="used up"), budget.call("a", "orders"):
        pytest.fail("it was sent")
    for account, api in (("a", "items"), ("b", "orders")):
        with budget.call(account, api):
            pass


def test_a_waiting_call_learns_that_the_quota_is_gone():
    clock = ManualClock()
    budget = Budget([Limit(1, 10.0)], app="app", clock=clock)
    with budget.call("a", "orders"):
        pass
    told = threading.Event()

    class Telling(ManualClock):
        def sleep(self, seconds: float) -> None:
            if not told.is_set():
                told.set()
                budget.exhaust("a", "orders", "gone")
            super().sleep(seconds)

    budget._clock = Telling()
    with pytest.raises(QuotaExhaustedError), budget.call("a", "orders"):
        pytest.fail("it was sent")


@pytest.mark.parametrize(
    ("limit", "key"),
    [
        (Limit(5, 1, "app"), "app|*|5/1s"),
        (Limit(5, 1, "account"), "app/a|*|5/1s"),
        (Limit(5, 60, "account", api="get"), "app/a|get|5/60s"),
        (Limit(5, 60, "account", api="list"), None),
        (Limit(5, 60, "app", api="*"), "app|get|5/60s"),
    ],
)
def test_which_bucket_a_call_takes_from(limit, key):
    assert limit.key("app", "a", "get") == key
