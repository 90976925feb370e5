from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st
from openplatform.bookmarks import EPOCH, Bookmark, format_time, id_order
from openplatform.errors import ConfigurationError

UTC = timezone.utc
moments = st.datetimes(
    datetime(1971, 1, 1),  # noqa: DTZ001
    datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
ids = st.one_of(
    st.just(""),
    st.integers(0, 10**25).map(str),
    st.text(
        st.characters(codec="utf-8", exclude_characters="@", exclude_categories=("Cs",)),
        max_size=12,
    ).map(str.strip),
)
bookmarks = st.builds(Bookmark, moments, ids)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2026-11-20T08:00:00.000Z@E2026", "2026-11-20T08:00:00.000Z@E2026"),
        ("2026-11-20T08:00:00.000Z@", "2026-11-20T08:00:00.000Z@"),
        ("2026-11-20T08:00:00.000Z", "2026-11-20T08:00:00.000Z@"),
        ("1763625600000@71", "2025-11-20T08:00:00.000Z@71"),
        ("1763625600123", "2025-11-20T08:00:00.123Z@"),
        ("2026-11-20T16:00:00+08:00@1", "2026-11-20T08:00:00.000Z@1"),
        ("2026-11-20 08:00:00", "2026-11-20T08:00:00.000Z@"),
        ("2026-11-20 08:00", "2026-11-20T08:00:00.000Z@"),
        ("2026-11-20", "2026-11-20T00:00:00.000Z@"),
        ("2026-11-20T08:00:00.123987Z@x", "2026-11-20T08:00:00.123Z@x"),
        (" 2026-11-20 @a@b ", "2026-11-20T00:00:00.000Z@a@b"),
    ],
)
def test_what_people_write_is_read(text, canonical):
    assert str(Bookmark.parse(text)) == canonical


@pytest.mark.parametrize(
    "text",
    ["", "@", "yesterday", "2026", "2026-13-01", "20261120", "71", "12:00", "now@1", "None", "{}"],
)
def test_anything_else_is_told_with_stream_and_account(text):
    with pytest.raises(ConfigurationError, match=r"'orders', account '42'.*rewind"):
        Bookmark.parse(text, stream="orders", account="42")


@given(bookmarks)
def test_text_and_bookmark_are_the_same_thing(bookmark):
    assert Bookmark.parse(str(bookmark)) == bookmark


@given(bookmarks)
def test_it_holds_the_standard_librarys_datetime_in_milliseconds(bookmark):
    parsed = Bookmark.parse(str(bookmark))
    for moment in (bookmark.time, parsed.time):
        assert type(moment) is datetime
        assert moment.tzinfo is UTC
        assert (moment - EPOCH) % timedelta(milliseconds=1) == timedelta()


@given(bookmarks, bookmarks, bookmarks)
def test_the_order_is_total(a, b, c):
    assert (a < b) + (b < a) + (a == b) == 1 or (
        a.time == b.time and id_order(a.id) == id_order(b.id)
    )
    if a <= b <= c:
        assert a <= c


@given(moments, ids.filter(bool))
def test_an_empty_id_comes_before_every_id(moment, identifier):
    assert Bookmark(moment) < Bookmark(moment, identifier)


@given(moments, st.integers(0, 10**30), st.integers(0, 10**30))
def test_ids_of_digits_compare_as_integers(moment, a, b):
    assert (Bookmark(moment, str(a)) < Bookmark(moment, str(b))) == (a < b)


@pytest.mark.parametrize(
    ("smaller", "larger"),
    [("9", "10"), ("99", "E1"), ("E1", "E2"), ("E10", "E9"), ("", "0"), ("7", "٣")],
)
def test_ids_in_order(smaller, larger):
    assert Bookmark(EPOCH, smaller) < Bookmark(EPOCH, larger)


@given(moments, moments)
def test_text_of_times_sorts_as_the_times(a, b):
    if format_time(a) < format_time(b):
        assert a < b
