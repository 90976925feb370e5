"""Versions that a platform gives one update time."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st
from openplatform.bookmarks import Bookmark, format_time
from openplatform.freshness import Reading

T = datetime(2026, 11, 20, 8, tzinfo=timezone.utc)
SETTLE = timedelta(seconds=60)
UPDATED = "2026-11-20T08:00:00.000Z"
settles = st.timedeltas(timedelta(), timedelta(hours=1))
ages = st.timedeltas(timedelta(hours=-2), timedelta(hours=2))


def place(age: timedelta, settle: timedelta = SETTLE, updated: str = UPDATED) -> str:
    return Reading(T + age, settle).place(updated)


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (timedelta(seconds=60), UPDATED),
        (timedelta(seconds=59, milliseconds=999), "2026-11-20T07:59:59.999Z"),
        (timedelta(seconds=30), "2026-11-20T07:59:59.750Z"),
        (timedelta(milliseconds=500), "2026-11-20T07:59:59.504Z"),
        (timedelta(seconds=-59), "2026-11-20T07:59:59.009Z"),
        (timedelta(hours=-1), "2026-11-20T07:59:59.001Z"),
    ],
)
def test_what_has_not_settled_stands_in_the_second_before(age, expected):
    assert place(age) == expected


def test_at_least_a_second_has_to_pass_whatever_settle_says():
    assert place(timedelta(milliseconds=999), timedelta()) < UPDATED
    assert place(timedelta(seconds=1), timedelta()) == UPDATED


def test_a_time_with_fractions_of_a_second_is_its_own_place():
    assert place(timedelta(), updated="2026-11-20T08:00:00.001Z") == "2026-11-20T08:00:00.001Z"


@given(settles, ages, ages)
def test_a_later_reading_never_stands_before_an_earlier_one(settle, one, other):
    early, late = sorted((one, other))
    assert place(early, settle) <= place(late, settle)


@given(settles, ages)
def test_every_place_lies_between_the_second_before_and_the_update_time(settle, age):
    found = Bookmark.parse(place(age, settle)).time
    assert T - timedelta(seconds=1) < found <= T
    assert (found == T) == (age >= max(settle, timedelta(seconds=1)))


@given(settles, st.timedeltas(timedelta(), timedelta(days=1)))
def test_what_a_settled_window_brings_keeps_its_update_time(settle, before_end):
    now = T + settle + timedelta(seconds=1) + before_end
    assert Reading(now, settle).place(UPDATED) == UPDATED
    assert Reading(now, settle).at == format_time(now)
