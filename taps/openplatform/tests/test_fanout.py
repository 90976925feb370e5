"""Slices in parallel, pages in order, memory bounded, never a deadlock."""

from __future__ import annotations

import threading
import typing as t
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings, strategies as st
from openplatform.fanout import _PAGES_AHEAD, _SLICES_AHEAD, Fanout, Split, in_order

pytestmark = pytest.mark.timeout(120)


@dataclass(frozen=True)
class Part:
    """A slice of the model: so many pages, then perhaps an error; or it falls into parts."""

    name: str
    pages: int = 0
    fails: bool = False
    parts: tuple[Part, ...] = ()

    def leaves(self) -> t.Iterator[Part]:
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


def read(part: Part) -> t.Iterator[str]:
    if part.parts:
        raise Split(part.parts)
    for number in range(part.pages):
        yield f"{part.name}.{number}"
    if part.fails:
        raise ValueError(part.name)


def expected(plan: list[Part]) -> list[tuple[str, str | None, bool]]:
    events: list[tuple[str, str | None, bool]] = []
    for leaf in (leaf for part in plan for leaf in part.leaves()):
        events += [(leaf.name, f"{leaf.name}.{n}", False) for n in range(leaf.pages)]
        events.append((leaf.name, None, leaf.fails))
    return events


def brought(fanout: Fanout[Part, str]) -> list[tuple[str, str | None, bool]]:
    return [(e.slice.name, e.page, e.error is not None) for e in fanout]


names = st.uuids().map(lambda u: u.hex[:8])
leaves = st.builds(Part, names, pages=st.integers(0, 14), fails=st.booleans())
trees = st.recursive(
    leaves,
    lambda inner: st.builds(Part, names, parts=st.lists(inner, min_size=1, max_size=4).map(tuple)),
    max_leaves=12,
)


@settings(deadline=20_000, max_examples=150)
@given(plan=st.lists(trees, max_size=12), concurrency=st.integers(1, 9))
def test_everything_comes_once_and_in_the_order_of_the_plan(plan, concurrency):
    assert brought(Fanout(plan, read, concurrency=concurrency)) == expected(plan)


@settings(deadline=20_000, max_examples=100)
@given(
    plan=st.lists(leaves, min_size=1, max_size=14, unique_by=lambda part: part.name),
    concurrency=st.integers(1, 9),
    data=st.data(),
)
def test_dropped_slices_bring_nothing_more_and_the_others_everything(plan, concurrency, data):
    unwanted = data.draw(st.sets(st.sampled_from([part.name for part in plan])))
    at = data.draw(st.sampled_from([part.name for part in plan]))
    fanout = Fanout(plan, read, concurrency=concurrency)
    got, dropped = [], False
    for event in fanout:
        assert not (dropped and event.slice.name in unwanted)
        got.append((event.slice.name, event.page, event.error is not None))
        if event.ended and event.slice.name == at and not dropped:
            fanout.drop(lambda part: part.name in unwanted)
            dropped = True
    place = [part.name for part in plan].index(at)
    wanted = [p for n, p in enumerate(plan) if p.name not in unwanted or (n <= place)]
    if dropped:
        assert got == expected(wanted)


@dataclass
class Watched:
    """Counts what was read but not yet delivered."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    pages: int = 0
    most: int = 0
    begun: int = 0

    def read(self, part: Part) -> t.Iterator[str]:
        with self.lock:
            self.begun += 1
        for number in range(part.pages):
            with self.lock:
                self.pages += 1
                self.most = max(self.most, self.pages)
            yield f"{part.name}.{number}"


@pytest.mark.parametrize("concurrency", [2, 8])
def test_memory_is_bounded_while_the_consumer_is_slow(concurrency):
    watched = Watched()
    plan = [Part(f"p{n}", pages=200) for n in range(60)]
    fanout = Fanout(plan, watched.read, concurrency=concurrency)
    came = 0
    for event in fanout:
        if event.page is not None:
            came += 1
            with watched.lock:
                watched.pages -= 1
    assert came == 60 * 200
    # Each worker holds a few pages and the one it has in its hand.
    assert watched.most <= concurrency * _SLICES_AHEAD * (_PAGES_AHEAD + 1)


def test_the_plan_is_taken_lazily():
    taken = []

    def plan():
        for number in range(10_000):
            taken.append(number)
            yield Part(f"p{number}", pages=1)

    events = iter(Fanout(plan(), read, concurrency=4))
    for _ in range(10):
        next(events)
    assert len(taken) <= 10 + 4 * _SLICES_AHEAD
    events.close()


@pytest.mark.parametrize("concurrency", [1, 4])
def test_an_error_in_the_plan_reaches_the_consumer_after_what_came_before(concurrency):
    def plan():
        yield Part("a", pages=2)
        msg = "the plan broke"
        raise RuntimeError(msg)

    got = []

    def consume():
        for event in Fanout(plan(), read, concurrency=concurrency):
            got.append(event.page)

    with pytest.raises(RuntimeError, match="the plan broke"):
        consume()
    assert got == ["a.0", "a.1", None]


@pytest.mark.parametrize("concurrency", [2, 8])
def test_workers_end_when_the_consumer_leaves_early(concurrency):
    before = threading.active_count()
    events = iter(
        Fanout((Part(f"p{n}", pages=100) for n in range(1000)), read, concurrency=concurrency)
    )
    next(events)
    workers = [w for w in threading.enumerate() if w.name.startswith("slice-worker")]
    assert workers
    events.close()
    for worker in workers:
        worker.join(10)
        assert not worker.is_alive()
    assert threading.active_count() <= before


def test_slices_really_run_at_the_same_time():
    meeting = threading.Barrier(4, timeout=20)

    def read_together(part: Part) -> t.Iterator[str]:
        meeting.wait()
        yield part.name

    plan = [Part(f"p{n}") for n in range(4)]
    assert [e.page for e in Fanout(plan, read_together, concurrency=4) if e.page] == [
        "p0", "p1", "p2", "p3",
    ]  # fmt: skip


@given(st.lists(st.integers(0, 9), max_size=20), st.integers(1, 4))
@settings(deadline=None, max_examples=20)
def test_what_is_done_side_by_side_comes_in_order(items, concurrency):
    assert list(in_order(items, str, concurrency=concurrency)) == list(map(str, items))


def test_after_the_first_failure_nothing_is_begun():
    begun = []

    def do(item):
        begun.append(item)
        raise ValueError(item)

    with pytest.raises(ValueError, match="0"):
        list(in_order(range(100), do, concurrency=1))
    assert begun == [0]
