"""The lazily computed data set against a plain list that is sorted anew for every question."""

from __future__ import annotations

import random
import typing as t

from hypothesis import given, settings, strategies as st
from sandbox.churn import Churn
from sandbox.dataset import Axis, Dataset, Row
from sandbox.platforms.lab import LabItem, LabOrder
from sandbox.settings import SandboxSettings

END_MS = 1_795_190_400_000


def _no_peer(name: str) -> t.NoReturn:
    raise KeyError(name)


def make(entity: type[LabOrder | LabItem] = LabOrder, **changes: t.Any) -> Dataset:
    """Return a data set that belongs to no platform."""
    chosen = SandboxSettings(**changes)
    return Dataset(
        entity(), account="lab1", number=1, settings=chosen, end_ms=END_MS, peer=_no_peer
    )


class Naive:
    """The same rows in a dictionary."""

    def __init__(self, source: Dataset) -> None:
        self.rows = {row.serial: row for row in source.rows()}

    def window(self, axis: Axis, start: int | None, end: int | None) -> list[Row]:
        chosen = [
            row
            for row in self.rows.values()
            if (start is None or getattr(row, axis) >= start)
            and (end is None or getattr(row, axis) < end)
        ]
        return sorted(chosen, key=lambda row: (getattr(row, axis), row.serial))


STEP = st.tuples(
    st.sampled_from(["update", "insert", "delete"]), st.integers(0, 10**6), st.integers(-3, 5)
)


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(1, 60),
    same_second=st.sampled_from([0, 2, 25]),
    steps=st.lists(STEP, max_size=40),
    windows=st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70)), min_size=1, max_size=4),
    page=st.tuples(st.integers(0, 30), st.integers(1, 30)),
)
def test_pages_and_counts_are_those_of_a_sorted_list(
    size: int,
    same_second: int,
    steps: list[tuple[str, int, int]],
    windows: list[tuple[int, int]],
    page: tuple[int, int],
) -> None:
    """After any changes, every window, page and keyset agrees with the naive model."""
    source = make(LabItem, size=size * 5, same_second=same_second, history_days=1)
    assert len(source) == size
    naive = Naive(source)
    now = END_MS
    for kind, draw, later in steps:
        now += later * 400
        living = sorted(naive.rows)
        if kind == "insert":
            row = source.insert(now)
            naive.rows[row.serial] = row
        elif living:
            index = living[draw % len(living)]
            if kind == "delete":
                source.delete(index)
                del naive.rows[index]
            else:
                naive.rows[index] = source.update(index, now)
    assert len(source) == len(naive.rows)
    axes: tuple[Axis, Axis] = ("updated", "created")
    for axis in axes:
        times = sorted(getattr(row, axis) for row in naive.rows.values()) or [0]
        for low, high in windows:
            start = times[low] if low < len(times) else None
            end = times[high] + 1 if high < len(times) else None
            wanted = naive.window(axis, start, end)
            offset, limit = page
            assert source.count(start, end, axis) == len(wanted)
            got = source.slice(start, end, offset=offset, limit=limit, axis=axis)
            assert got == wanted[offset : offset + limit]
            got = source.slice(start, end, offset=offset, limit=limit, ascending=False, axis=axis)
            assert got == wanted[::-1][offset : offset + limit]
            for place in range(0, len(wanted), max(1, len(wanted) // 3)):
                at = wanted[place]
                beyond = source.after(getattr(at, axis), at.serial, end, limit, axis)
                assert beyond == wanted[place + 1 : place + 1 + limit]
                ahead = source.before(getattr(at, axis), at.serial, start, limit, axis)
                assert ahead == wanted[:place][::-1][:limit]
    for row in naive.rows.values():
        assert source.find(source.key(row)) == row
    for row in source.deleted():
        assert source.find(source.key(row)) is None


def test_the_history_is_equal_for_equal_seeds_and_differs_otherwise() -> None:
    """Rows are functions of seed, account, index and version."""
    first = [make(size=50, seed=3).render(row) for row in make(size=50, seed=3).rows()]
    again = [make(size=50, seed=3).render(row) for row in make(size=50, seed=3).rows()]
    other = [make(size=50, seed=4).render(row) for row in make(size=50, seed=4).rows()]
    assert first == again
    assert first != other


def test_an_event_hour_is_a_hundred_times_denser() -> None:
    """Some hour holds far more rows than the average hour."""
    source = make(size=100_000, history_days=30)
    hours = [
        source.count(END_MS - (n + 1) * 3_600_000, END_MS - n * 3_600_000) for n in range(30 * 24)
    ]
    assert sum(hours) == 100_000
    assert max(hours) > 40 * sorted(hours)[len(hours) // 2]
    assert min(hours) == 0


def test_many_rows_can_share_one_second() -> None:
    """`same_second` rows have one and the same second."""
    source = make(size=1000, same_second=300)
    seconds: dict[int, int] = {}
    for row in source.rows():
        seconds[row.updated // 1000] = seconds.get(row.updated // 1000, 0) + 1
    assert max(seconds.values()) >= 300


def test_a_million_rows_cost_nothing_until_they_are_read() -> None:
    """Only the rows of a page are made."""
    source = make(size=1_000_000)
    page = source.slice(END_MS - 86_400_000, END_MS, offset=5000, limit=100)
    assert len(page) == 100
    assert len(source) == 1_000_000
    assert not source._changed


def test_each_change_shows_in_the_record_and_raises_the_version() -> None:
    """An updated row is a new version at the new time; its text names the version."""
    source = make(size=10)
    before = source.slice(limit=1)[0]
    after = source.update(before.serial, END_MS + 5)
    assert (after.version, after.updated, after.created) == (2, END_MS + 5, before.created)
    assert source.render(after)["version"] == 2
    assert source.render(after)["payment"] != source.render(before)["payment"]
    assert source.slice()[-1] == after


def test_churn_is_repeatable_and_late_commits_lie_in_the_past() -> None:
    """Equal seeds change equally; late rows carry a time before the change."""

    def run() -> list[Row]:
        source = make(LabItem, size=500, churn=300, late_commit=0.5)
        churn = Churn(SandboxSettings(churn=300, late_commit=0.5, deletions=0.2))
        for step in range(50):
            churn.step(source, END_MS + 100_000 + step)
        assert sum(churn.made.values()) == 150
        assert {name.partition(".")[2] for name in churn.made} == {
            "update",
            "insert",
            "late",
            "delete",
        }
        late = [r for r in source.rows() if END_MS < r.updated < END_MS + 100_000]
        assert late
        assert all(r.updated >= END_MS + 70_000 for r in late)
        return list(source.rows())

    assert run() == run()


def test_churn_prefers_what_was_just_read() -> None:
    """About half of the changes hit the window that the client is reading."""
    source = make(size=10_000)
    window = source.slice(END_MS - 3_600_000, END_MS)
    indexes = {row.serial for row in window}
    chance = random.Random(1)
    hits = sum(source.choose(chance) in indexes for _ in range(200))
    assert 60 < hits < 140
