from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st
from openplatform.bookmarks import Bookmark
from syncops.times import format_span, parse_destination

NOW = datetime(2026, 11, 21, 8, 0, 0, 123000, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-7d", "2026-11-14T08:00:00.123Z@"),
        ("-12h", "2026-11-20T20:00:00.123Z@"),
        ("-1d12h", "2026-11-19T20:00:00.123Z@"),
        ("-2w", "2026-11-07T08:00:00.123Z@"),
        ("-90s", "2026-11-21T07:58:30.123Z@"),
        ("-0s", "2026-11-21T08:00:00.123Z@"),
        ("2026-11-01", "2026-11-01T00:00:00.000Z@"),
        ("2026-11-01 08:00", "2026-11-01T08:00:00.000Z@"),
        ("2026-11-01T08:00:00+08:00", "2026-11-01T00:00:00.000Z@"),
        ("2026-11-01T08:00:00.500Z@E7", "2026-11-01T08:00:00.500Z@E7"),
        ("2026-11-01@E7", "2026-11-01T00:00:00.000Z@E7"),
        ("1763625600000@71", "2025-11-20T08:00:00.000Z@71"),
        (" 2026-11-01 ", "2026-11-01T00:00:00.000Z@"),
    ],
)
def test_reads_what_operators_type(text, expected):
    assert str(parse_destination(text, now=NOW)) == expected


def test_the_zone_counts_only_where_the_text_has_no_offset():
    shanghai = ZoneInfo("Asia/Shanghai")
    local = parse_destination("2026-11-01", now=NOW, timezone=shanghai)
    assert str(local) == "2026-10-31T16:00:00.000Z@"
    local = parse_destination("2026-11-01T08:00:00@E7", now=NOW, timezone=shanghai)
    assert str(local) == "2026-11-01T00:00:00.000Z@E7"
    explicit = parse_destination("2026-11-01T00:00:00Z", now=NOW, timezone=shanghai)
    assert str(explicit) == "2026-11-01T00:00:00.000Z@"


@pytest.mark.parametrize(
    "text",
    ["", "7d", "+7d", "-7", "-7y", "--7d", "yesterday", "@E7", "2026-13-01", "2026-02-30", "12:00"],
)
def test_tells_what_is_no_position(text):
    with pytest.raises(ValueError, match="is no position"):
        parse_destination(text, now=NOW)


@pytest.mark.parametrize("text", ["2026-11-22", "2026-11-21T08:00:01Z", "9999999999999"])
def test_refuses_the_future(text):
    with pytest.raises(ValueError, match="lies in the future"):
        parse_destination(text, now=NOW)


def test_refuses_spans_longer_than_the_calendar():
    with pytest.raises(ValueError, match="before the year 1"):
        parse_destination("-99999999999d", now=NOW)
    with pytest.raises(ValueError, match="before the year 1"):
        parse_destination("-1000000d", now=NOW)


@given(st.text(alphabet="0123456789-+:@.TZwdhms E", max_size=30))
def test_any_text_is_a_position_in_the_past_or_a_value_error(text):
    try:
        found = parse_destination(text, now=NOW)
    except ValueError:
        return
    assert found.time <= NOW


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2026, 11, 1)),  # noqa: DTZ001
    st.text(alphabet="E0123456789@", max_size=8),
)
def test_a_canonical_bookmark_stays_what_it_is(moment, identifier):
    bookmark = Bookmark(moment.replace(tzinfo=timezone.utc), identifier)
    assert parse_destination(str(bookmark), now=NOW) == bookmark


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=59.9), "59 s"),
        (timedelta(minutes=12, seconds=5), "12 min 5 s"),
        (timedelta(hours=3, minutes=4, seconds=59), "3 h 4 min"),
        (timedelta(days=3, hours=4), "3 d 4 h"),
        (timedelta(hours=-2), "-2 h 0 min"),
        (timedelta(seconds=-1), "-1 s"),
    ],
)
def test_spans_read_well(span, text):
    assert format_span(span) == text
