from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st
from openplatform.errors import FatalError
from openplatform.plans import Horizon
from openplatform.settings import Settings
from openplatform.windows import Planner, TimeFilter, Window, floor, pieces, split, widened

UTC = timezone.utc
BEIJING = ZoneInfo("Asia/Shanghai")
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)

moments = st.datetimes(
    datetime(2001, 1, 1),  # noqa: DTZ001
    datetime(2040, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
granules = st.sampled_from([timedelta(milliseconds=1), SECOND, timedelta(minutes=1), DAY])


def covers_exactly(parts: list[Window], start: datetime, end: datetime) -> None:
    assert parts[0].start == start
    assert parts[-1].end == end
    for one, following in itertools.pairwise(parts):
        assert one.end == following.start
    assert all(part.start < part.end for part in parts)


@settings(deadline=None)  # up to 100,000 parts, and the machine may be busy
@given(moments, granules, st.integers(2, 100_000), st.integers(0, 10**6), st.integers(1, 10_000))
def test_parts_of_a_window_cover_it_exactly(start, granule, granules_in_it, total, target):
    window = Window(start, start + granule * granules_in_it)
    parts = split(window, total, target, granule)
    covers_exactly(parts, window.start, window.end)
    assert 2 <= len(parts) <= granules_in_it
    for part in parts[:-1]:
        assert part.span % granule == timedelta()


@given(moments, st.integers(1, 400 * 86_400), st.integers(1, 40), st.booleans())
def test_pieces_of_a_window_are_what_the_platform_takes(start, seconds, days, aligned):
    time = TimeFilter("from", "to", "s", maximum=DAY * days, align=DAY if aligned else None)
    window = Window(start, start + SECOND * seconds)
    found = list(pieces(window, time, BEIJING))
    covers_exactly(found, window.start, window.end)
    for piece in found:
        asked = widened(piece, time.align or time.granule, BEIJING)
        assert asked.start <= piece.start < piece.end <= asked.end
        assert asked.span <= time.maximum
        assert asked == widened(asked, time.align or time.granule, BEIJING)


@given(moments, granules, st.integers(1, 10**6))
def test_a_single_granule_is_never_cut_but_told(start, granule, total):
    with pytest.raises(FatalError, match=f"{total} records share"):
        split(Window(start, start + granule), total, 100, granule)


@given(moments, st.floats(1.5, 50), st.integers(2, 10**5), st.integers(1, 1000))
def test_a_window_that_is_no_multiple_of_the_granule_is_covered_too(start, seconds, total, target):
    window = Window(start, start + timedelta(seconds=seconds))
    covers_exactly(split(window, total, target, SECOND), window.start, window.end)


@given(
    moments,
    st.integers(1, 40 * 86_400),
    st.integers(1, 10**6),
    st.integers(1, 5000),
    st.lists(st.integers(0, 10**5), max_size=40),
)
def test_the_planner_covers_a_stretch_exactly_whatever_it_learns(
    start, length, longest, target, found
):
    maximum = timedelta(seconds=longest)
    end = start + timedelta(seconds=length)
    planner = Planner(maximum, SECOND, target)
    parts = []
    for window, records in zip(planner.plan(start, end), [*found, *[0] * 10**6], strict=False):
        parts.append(window)
        planner.learn(window, records)
        assert window.span <= max(maximum, SECOND)
        if len(parts) > 200:
            return
    covers_exactly(parts, start, end)


@given(moments, st.integers(1, 60), st.integers(1, 40))
def test_aligned_windows_begin_and_end_at_midnight_in_the_platforms_zone(start, days, longest):
    end = floor(start, DAY, BEIJING) + DAY * days
    planner = Planner(DAY * longest, DAY, 5000)
    parts = list(planner.plan(floor(start, DAY, BEIJING), end, align=DAY, zone=BEIJING))
    covers_exactly(parts, floor(start, DAY, BEIJING), end)
    for part in parts:
        assert part.start.astimezone(BEIJING).time() == datetime.min.time()


def test_the_planner_shrinks_in_a_dense_hour_and_grows_after_it():
    planner = Planner(DAY, SECOND, 1000)
    start = datetime(2026, 11, 11, tzinfo=UTC)
    dense = Window(start, start + timedelta(hours=1))
    planner.learn(dense, 100_000)
    first = next(planner.plan(start, start + DAY))
    assert first.span == timedelta(seconds=36)
    planner.learn(first, 0)
    assert next(planner.plan(start, start + DAY)).span == timedelta(seconds=144)
    for _ in range(10):
        planner.learn(first, 0)
    assert next(planner.plan(start, start + 2 * DAY)).span == timedelta(hours=10)


@given(moments, st.sampled_from([SECOND, timedelta(hours=1), DAY]))
def test_rounding_down_never_goes_up_and_never_a_step_away(moment, step):
    rounded = floor(moment, step, BEIJING)
    assert rounded <= moment < rounded + step
    assert floor(rounded, step, BEIJING) == rounded


@pytest.mark.parametrize(
    ("unit", "ends", "text", "first", "last"),
    [
        ("s", "exclusive", False, 1763625600, 1763625660),
        ("s", "inclusive", False, 1763625600, 1763625659),
        ("s", "unknown", True, "1763625600", "1763625660"),
        ("ms", "exclusive", False, 1763625600000, 1763625660000),
        ("local", "inclusive", False, "2025-11-20 16:00:00", "2025-11-20 16:00:59"),
        ("local", "unknown", False, "2025-11-20 16:00:00", "2025-11-20 16:01:00"),
        ("compact", "unknown", False, "20251120160000000+0800", "20251120160100000+0800"),
        ("date", "unknown", False, "2025-11-20", "2025-11-20"),
    ],
)
def test_a_window_is_written_as_the_platform_wants_it(unit, ends, text, first, last):
    time = TimeFilter("from", "to", unit, DAY, ends=ends, text=text)
    start = datetime(2025, 11, 20, 8, 0, tzinfo=UTC)
    window = Window(start, start + timedelta(minutes=1))
    assert time.params(window, BEIJING) == {"from": first, "to": last}
    assert time.instant_params(window, BEIJING) == {"from": first, "to": first}


def test_a_day_that_is_under_way_is_read_as_far_as_it_has_come_if_that_is_declared():
    now = datetime(2026, 11, 21, 9, 40, tzinfo=UTC)
    horizon = Horizon(Settings({}), now, BEIJING)
    whole = TimeFilter("a", "b", "date", maximum=7 * DAY, align=DAY, ends="inclusive")
    assert horizon.end(whole) == datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
    under_way = replace(whole, unfinished=True)
    end = horizon.end(under_way)
    assert end == datetime(2026, 11, 21, 9, 39, tzinfo=UTC)
    start = end - 3 * DAY
    (window, *others) = Planner(7 * DAY, DAY, 100).plan(start, end, align=DAY, zone=BEIJING)
    assert not others
    assert under_way.params(window, BEIJING) == {"a": "2026-11-18", "b": "2026-11-21"}


@pytest.mark.parametrize(
    ("settings", "behind", "ends"),
    [
        ({}, timedelta(), "2026-11-21T09:39:00"),
        ({"settle": "10m"}, 5 * SECOND, "2026-11-21T09:30:00"),
        ({}, 90 * DAY, "2026-08-23T09:40:00"),
        ({"end_date": "2026-08-01"}, 90 * DAY, "2026-08-01T00:00:00"),
    ],
)
def test_reading_ends_where_the_platform_begins_to_answer(settings, behind, ends):
    now = datetime(2026, 11, 21, 9, 40, tzinfo=UTC)
    time = TimeFilter("a", "b", "s", maximum=DAY, behind=behind)
    end = Horizon(Settings(settings), now, BEIJING).end(time)
    assert end == datetime.fromisoformat(ends).replace(tzinfo=UTC)
