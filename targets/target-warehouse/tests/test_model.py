"""A dict is the model: random records, versions, interleavings and batch sizes must agree with it."""

from __future__ import annotations

import itertools
import json
import typing as t
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from target_warehouse.versions import sort_key

from .singer import activate, schema

IDENTIFIERS = st.sampled_from(["", "7", "007", "10", "9", "E1", "e1", "中"])
MOMENTS = st.integers(0, 3).map(
    lambda n: datetime(2026, 11, 20, 8, tzinfo=timezone.utc) + timedelta(milliseconds=n)
)
ZONES = st.sampled_from([0, 8, -5])


@st.composite
def bookmarks(draw) -> tuple[t.Any, str]:
    """Return an order of its own making and the text of a bookmark."""
    moment, identifier = draw(MOMENTS), draw(IDENTIFIERS)
    if draw(st.booleans()):
        text = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    else:
        text = moment.astimezone(timezone(timedelta(hours=draw(ZONES)))).isoformat(
            timespec="milliseconds"
        )
    if identifier == "":
        rank: tuple[int, int, str] = (0, 0, "")
    elif identifier.isdigit() and identifier.isascii():
        rank = (1, int(identifier), "")
    else:
        rank = (2, 0, identifier)
    return (moment, rank), f"{text}@{identifier}"


@given(one=bookmarks(), other=bookmarks())
def test_sort_keys_order_as_bookmarks(one, other):
    """The text that the database compares orders as (instant, id) does."""
    left, right = sort_key(one[1]), sort_key(other[1])
    assert (left < right) == (one[0] < other[0])
    assert (left == right) == (one[0] == other[0])


@given(
    one=st.decimals(-(10**9), 10**9, allow_nan=False), other=st.decimals(-10, 10, allow_nan=False)
)
def test_sort_keys_order_as_numbers(one: Decimal, other: Decimal):
    left, right = sort_key(one), sort_key(other)
    assert (left < right) == (one < other)
    assert (left == right) == (one == other)


# Not at the ends of the calendar, beyond which an offset would lead.
INSTANTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1))  # noqa: DTZ001 - the zone is drawn


@given(one=INSTANTS, other=INSTANTS, hours=st.integers(-12, 14))
def test_sort_keys_order_as_instants(one, other, hours):
    zone = timezone(timedelta(hours=hours))
    aware, plain = one.replace(tzinfo=zone), other.replace(tzinfo=timezone.utc)
    left, right = sort_key(aware), sort_key(plain)
    assert (left < right) == (aware < plain)
    assert sort_key(aware.isoformat()) == left


TEXTS = st.one_of(
    st.none(),
    st.text(st.characters(codec="utf-8"), max_size=6),
    st.sampled_from(["\\N", "\\", "\t", "\n", '"']),
)
EVENT = st.fixed_dictionaries(
    {
        "key": st.tuples(st.sampled_from("ab"), st.sampled_from(["1", "2", "\\", "é"])),
        "version": st.one_of(st.none(), st.integers(0, 5)),
        "values": st.tuples(
            TEXTS,
            st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
            st.one_of(st.none(), st.decimals(-(10**15), 10**15, places=6, allow_nan=False)),
            st.one_of(st.none(), st.booleans()),
            st.one_of(st.none(), st.lists(TEXTS, max_size=2)),
        ),
    }
)
PROPERTIES = {
    "at": {"type": ["string", "null"], "format": "date-time"},
    "number": {"type": ["integer", "null"]},
    "amount": {"type": ["string", "null"], "format": "singer.decimal"},
    "flag": {"type": ["boolean", "null"]},
    "list": {"type": ["array", "null"]},
}
SPEC = schema("t", bookmark=["happened"], happened=PROPERTIES.pop("at"), **PROPERTIES)
COMMON = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def message(event, full_read: int | None = None):
    name, number, amount, flag, items = event["values"]
    account, identifier = event["key"]
    record = {"_account": account, "id": identifier, "name": name, "number": number, "flag": flag}
    version = event["version"]
    record["happened"] = None if version is None else f"2026-11-20T0{version}:00:00+08:00"
    record["amount"] = None if amount is None else str(amount)
    record["list"] = items
    line = {"type": "RECORD", "stream": "t", "record": record}
    return line if full_read is None else {**line, "version": full_read}


def clean(value):
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd")
    return [clean(item) for item in value] if isinstance(value, list) else value


def shown(warehouse) -> dict[tuple[str, str], tuple[t.Any, ...]]:
    rows = warehouse.rows(
        "SELECT _account, id, name, number, cast(amount AS text), flag, cast(list AS text) FROM t"
    )
    return {
        (row[0], row[1]): (
            *row[2:4],
            None if row[4] is None else Decimal(row[4]),
            row[5],
            None if row[6] is None else json.loads(row[6]),
        )
        for row in rows
    }


def newest(events):
    model: dict[t.Any, t.Any] = {}
    for event in events:
        held = model.get(event["key"])
        version = event["version"]
        if (
            held is None
            or held["version"] is None
            or (version is not None and version > held["version"])
        ):
            model[event["key"]] = event
    return {key: tuple(map(clean, event["values"])) for key, event in model.items()}


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
@COMMON
@given(
    runs=st.lists(st.lists(EVENT, max_size=12), min_size=1, max_size=3),
    batch_rows=st.integers(1, 6),
)
def test_upsert_is_the_dict(make_warehouse, engine, runs, batch_rows):
    warehouse = make_warehouse(engine)
    for events in runs:
        warehouse.load(SPEC, *map(message, events), batch_rows=batch_rows)
    assert shown(warehouse) == newest([event for events in runs for event in events])


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
@COMMON
@given(
    reads=st.lists(st.tuples(st.lists(EVENT, max_size=8), st.booleans()), min_size=1, max_size=4),
    batch_rows=st.integers(1, 6),
)
def test_soft_delete_marks_the_complement(make_warehouse, engine, reads, batch_rows):
    """Live are the rows of the last complete read, and whatever an incomplete one brought since."""
    warehouse = make_warehouse(engine)
    live: set[t.Any] = set()
    for version, (events, complete) in enumerate(reads, 1):
        messages = [message(event, version) for event in events]
        seen = {event["key"] for event in events}
        if complete:
            messages.append(activate("t", version))
        warehouse.load(
            SPEC, *messages, batch_rows=batch_rows, load_mode="soft_delete", force_delete=True
        )
        live = seen if complete else live | seen
    found = warehouse.rows("SELECT _account, id FROM t WHERE _deleted_at IS NULL")
    assert set(found) == live


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
@COMMON
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 9), st.sampled_from("xyz")), unique_by=lambda s: s[0], min_size=1
    ),
    arrival=st.randoms(use_true_random=False),
    batch_rows=st.integers(1, 6),
)
def test_history_ends_with_the_newest_content(make_warehouse, engine, steps, arrival, batch_rows):
    """A chain without gaps, without equal neighbours, whose end is the newest content."""
    warehouse = make_warehouse(engine)
    messages = [
        {
            "type": "RECORD",
            "stream": "t",
            "record": {
                "_account": "a",
                "id": "1",
                "name": name,
                "happened": f"2026-11-20T0{n}:00:00Z",
            },
        }
        for n, name in steps
    ]
    arrival.shuffle(messages)
    # The version is content as well, unless its name begins with an underscore.
    text = json.dumps([SPEC, *messages]).replace("happened", "_at")
    for _ in range(2):
        warehouse.load(*json.loads(text), batch_rows=batch_rows, load_mode="history")
    rows = warehouse.rows(
        "SELECT name, _valid_from, _valid_to, _is_current FROM t ORDER BY _valid_from"
    )
    assert rows[-1][0] == max(steps)[1]
    assert [row[3] for row in rows] == [False] * (len(rows) - 1) + [True]
    assert [row[2] for row in rows] == [row[1] for row in rows[1:]] + [None]
    assert all(one[0] != other[0] for one, other in itertools.pairwise(rows))
