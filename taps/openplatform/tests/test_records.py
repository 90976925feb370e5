from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st
from openplatform.bookmarks import EPOCH, format_time
from openplatform.records import Shaper
from openplatform.times import Misfit, TimeText, parse_time

BEIJING = ZoneInfo("Asia/Shanghai")
MISFIT = "a misfit"

TEXT = {"type": ["string", "null"]}
TIME = {"type": ["string", "null"], "format": "date-time"}
DATE = {"type": ["string", "null"], "format": "date"}
MONEY = {"type": ["string", "null"], "format": "singer.decimal"}
INTEGER = {"type": ["integer", "null"]}
NUMBER = {"type": ["number", "null"]}
BOOLEAN = {"type": ["boolean", "null"]}
LIST = {"type": ["array", "null"], "items": TEXT}
OBJECT = {"type": ["object", "null"], "properties": {"a": INTEGER}}
ANY_OBJECT = {"type": ["object", "null"]}


def shaped(schema, value, nulls=frozenset()):
    """Return what a value becomes, and which paths did not fit."""
    unknown, misfits = Counter(), Counter()
    shaper = Shaper(
        {"type": "object", "properties": {"x": schema}},
        zone=BEIJING,
        nulls=nulls,
        on_unknown=lambda path: unknown.update((path,)),
        on_misfit=lambda path: misfits.update((path,)),
    )
    return shaper.shape({"x": value})["x"], dict(misfits), dict(unknown)


@pytest.mark.parametrize(
    ("schema", "value", "result"),
    [
        (TEXT, "大衣", "大衣"),
        (TEXT, 6800000000000000000, "6800000000000000000"),
        (TEXT, True, "true"),
        (TEXT, Decimal("12.50"), "12.50"),
        (TEXT, Decimal("1E+3"), "1000"),
        (TEXT, {"a": 1}, '{"a":1}'),
        (TEXT, None, None),
        (TEXT, "", ""),
        (INTEGER, 7, 7),
        (INTEGER, "7", 7),
        (INTEGER, "-7", -7),
        (INTEGER, "", None),
        (INTEGER, Decimal("7.0"), 7),
        (INTEGER, Decimal("7.5"), MISFIT),
        (INTEGER, "seven", MISFIT),
        (INTEGER, [], MISFIT),
        (INTEGER, 2**70, 2**70),
        (MONEY, "0.10", "0.10"),
        (MONEY, 10, "10"),
        (MONEY, Decimal("12.30"), "12.30"),
        (MONEY, Decimal("1E-7"), "0.0000001"),
        (MONEY, "1,234.50", "1234.50"),
        (MONEY, "", None),
        (MONEY, "free", MISFIT),
        (MONEY, "NaN", MISFIT),
        (MONEY, "Infinity", MISFIT),
        (MONEY, True, MISFIT),
        (MONEY, [], MISFIT),
        (NUMBER, "1.5", Decimal("1.5")),
        (NUMBER, 3, 3),
        (NUMBER, "", None),
        (BOOLEAN, True, True),
        (BOOLEAN, 1, True),
        (BOOLEAN, 0, False),
        (BOOLEAN, "false", False),
        (BOOLEAN, "Y", True),
        (BOOLEAN, "", None),
        (BOOLEAN, 2, MISFIT),
        (BOOLEAN, {}, MISFIT),
        (DATE, "2026-11-20", "2026-11-20"),
        (DATE, "20261120", "2026-11-20"),
        (DATE, 20261120, "2026-11-20"),
        (DATE, "2026-11-20 08:00:00", "2026-11-20"),
        (DATE, "0000-00-00", None),
        (DATE, "", None),
        (DATE, "2026-13-01", MISFIT),
        (TIME, "2026-11-20 16:00:00", "2026-11-20T08:00:00.000Z"),
        (TIME, "2026/11/20 16:00:00", "2026-11-20T08:00:00.000Z"),
        (TIME, "2026-11-20T16:00:00+08:00", "2026-11-20T08:00:00.000Z"),
        (TIME, "2026-11-20T08:00:00Z", "2026-11-20T08:00:00.000Z"),
        (TIME, "2026-11-20 16:00:00.125", "2026-11-20T08:00:00.125Z"),
        (TIME, "20261120160000125+0800", "2026-11-20T08:00:00.125Z"),
        (TIME, "20261320160000125+0800", MISFIT),
        (TIME, "2026-11-20", "2026-11-19T16:00:00.000Z"),
        (TIME, 1763625600, "2025-11-20T08:00:00.000Z"),
        (TIME, 1763625600123, "2025-11-20T08:00:00.123Z"),
        (TIME, "1763625600", "2025-11-20T08:00:00.000Z"),
        (TIME, Decimal(1763625600), "2025-11-20T08:00:00.000Z"),
        (TIME, 0, None),
        (TIME, "0", None),
        (TIME, -62135596800, None),
        (TIME, "", None),
        (TIME, "0000-00-00 00:00:00", None),
        (TIME, "0001-01-01 00:00:00", MISFIT),
        (TIME, "2026-02-30 00:00:00", MISFIT),
        (TIME, "2026-11-20 24:61:00", MISFIT),
        (TIME, "soon", MISFIT),
        (TIME, [], MISFIT),
        (TIME, 10**30, MISFIT),
        ({**TIME, "x-time": "ms"}, 1763625600, "1970-01-21T09:53:45.600Z"),
        ({**TIME, "x-time": "s"}, 1763625600, "2025-11-20T08:00:00.000Z"),
        (LIST, ["a", 1, None], ["a", "1", None]),
        (LIST, "", None),
        (LIST, [], []),
        (LIST, "a", MISFIT),
        (OBJECT, {"a": "1"}, {"a": 1}),
        (OBJECT, "", None),
        (OBJECT, [], None),
        (OBJECT, "a", MISFIT),
        (ANY_OBJECT, {"anything": [1]}, {"anything": [1]}),
        ({**OBJECT, "x-json": True}, '{"a": 5}', {"a": 5}),
        ({**OBJECT, "x-json": True}, {"a": 5}, {"a": 5}),
        ({**OBJECT, "x-json": True}, " ", None),
        ({**OBJECT, "x-json": True}, "null", None),
        ({**OBJECT, "x-json": True}, "{broken", MISFIT),
        ({"type": ["array", "null"], "items": MONEY, "x-json": True}, "[1.10]", ["1.10"]),
    ],
)
def test_each_conversion(schema, value, result):
    got, misfits, _ = shaped(schema, value)
    if result is MISFIT:
        assert (got, misfits) == (None, {"x": 1})
    else:
        assert got == result
        assert type(got) is type(result)
        assert misfits == {}


def test_a_misfit_deep_inside_costs_only_itself():
    schema = {"type": "array", "items": OBJECT}
    assert shaped(schema, [{"a": 1}, {"a": "x"}, "y"]) == (
        [{"a": 1}, {"a": None}, None],
        {"x[].a": 1, "x[]": 1},
        {},
    )


def test_what_the_schema_does_not_know_is_counted_and_left_out():
    got, misfits, unknown = shaped(OBJECT, {"a": 1, "b": 2})
    assert got == {"a": 1}
    assert misfits == {}
    assert unknown == {"x.b": 1}


@pytest.mark.parametrize("schema", [TEXT, INTEGER, TIME, OBJECT, LIST, BOOLEAN])
def test_a_platforms_word_for_nothing_is_null(schema):
    assert shaped(schema, "null", frozenset({"null"})) == (None, {}, {})


ZONES = st.sampled_from(
    [
        ZoneInfo(n)
        for n in ("Asia/Shanghai", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC")
    ]
)


LOCAL = st.datetimes(datetime(1902, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001
    lambda m: m.strftime("%Y-%m-%d %H:%M:%S")
)
UNUSUAL = st.sampled_from(
    [
        "2026-11-20T16:00:00+08:00",
        "2026-11-20 16:00:00.250",
        "2026-11-20",
        "0000-00-00 00:00:00",
        "0001-01-01 00:00:00",
        "2026-11-20 24:00:00",
        "soon",
    ]
)


def careful(value, form, zone):
    try:
        moment = parse_time(value, form=form, zone=zone)
    except Misfit:
        return MISFIT
    return None if moment is None else format_time(moment)


def fast(convert, value):
    try:
        return convert(value)
    except Misfit:
        return MISFIT


@given(
    ZONES,
    st.one_of(
        LOCAL,
        st.text("0123456789-: TZ+/.", min_size=17, max_size=21),
        st.from_regex(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d", fullmatch=True),
    ),
)
def test_the_fast_path_of_local_times_is_the_careful_one(zone, text):
    times = TimeText(zone)
    assert fast(times.local, text) == careful(text, "local", zone)
    assert fast(times.local, text) == careful(text, "local", zone), "the second time too"


@given(ZONES, st.lists(LOCAL | st.just(""), max_size=5), st.lists(UNUSUAL, max_size=1))
def test_local_times_of_a_page_are_those_of_its_records(zone, usual, unusual):
    times = TimeText(zone)
    for values in (usual, usual + unusual, usual):
        together = times.many_local(values)
        assert together in (None, [careful(value, "local", zone) for value in values])


@pytest.mark.parametrize("name", ["Asia/Shanghai", "America/New_York"])
def test_plain_local_times_of_a_page_go_together(name):
    times = TimeText(ZoneInfo(name))
    values = ["2026-07-20 16:00:00", "", "2026-07-22 00:00:01"]
    assert times.many_local(values) == [times.local(value) for value in values]
    assert times.many_local(values) is not None


def test_local_times_on_both_sides_of_a_change_go_one_by_one():
    times = TimeText(ZoneInfo("America/New_York"))
    assert times.many_local(["2026-11-01 00:30:00"]) is None, "the clocks change on this day"
    assert times.many_local(["2026-07-20 16:00:00", "2026-12-20 16:00:00"]) is None


@given(st.integers(-(10**15), 10**15))
def test_the_fast_path_of_epochs_is_the_careful_one(number):
    times = TimeText(BEIJING)
    for form, convert in (("s", times.seconds), ("ms", times.milliseconds), ("auto", times.auto)):
        assert fast(convert, number) == careful(number, form, BEIJING)


@given(st.integers(1, 4_000_000_000_000))
def test_milliseconds_are_kept(ms):
    moment = EPOCH + timedelta(milliseconds=ms)
    assert TimeText(timezone.utc).milliseconds(ms) == format_time(moment)
