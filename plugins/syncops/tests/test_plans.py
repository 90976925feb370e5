"""Properties of reading and rewinding: whatever states look like, an edit touches only what it says."""

from __future__ import annotations

import copy
import json
from datetime import datetime, timezone

import pytest
from hypothesis import strategies as st
from openplatform.bookmarks import Bookmark
from syncops.bookmarks.partitions import (
    Kind,
    Selection,
    add_partition,
    map_partitions,
    read_partitions,
)
from syncops.bookmarks.rewind import plan_rewind
from syncops.errors import CorruptStateError

from .plan_strategies import (
    bookmarks,
    data_of,
    holds_for,
    indexed,
    payloads,
    selections,
)


@holds_for(payloads)
def test_a_state_that_is_mapped_onto_itself_is_the_same_text(payload):
    same = map_partitions(payload, lambda partition: partition.data, where="test")
    assert json.dumps(same) == json.dumps(payload)


@holds_for(payloads)
def test_a_state_can_be_put_together_from_its_entries(payload):
    built = {}
    for partition in read_partitions(payload, where="test"):
        add_partition(built, partition, where="test")
    assert data_of(built or {"singer_state": {}}) == data_of(payload)


@holds_for(payloads, selections, bookmarks, st.booleans())
def test_a_rewind_touches_only_the_bookmarks_it_moves(payload, selection, to, forward):
    before = copy.deepcopy(payload)
    plan = plan_rewind(payload, selection, to, forward=forward, where="test")
    assert payload == before
    moved = {partition.key for partition in plan.moved}
    assert all(partition in selection for partition in plan.moved)
    after = data_of(plan.payload)
    for key, data in data_of(payload).items():
        if key in moved:
            assert after[key] == {**data, "replication_key_value": str(to)}
        else:
            assert after[key] == data
    for whole in (payload, plan.payload):
        del whole["singer_state"]["bookmarks"]
    assert plan.payload == payload


@holds_for(payloads, selections, bookmarks)
def test_a_rewind_never_moves_forward_unasked(payload, selection, to):
    plan = plan_rewind(payload, selection, to, where="test")
    for key, partition in indexed(plan.payload).items():
        if partition.kind is Kind.INCREMENTAL:
            assert partition.bookmark <= indexed(payload)[key].bookmark


@holds_for(payloads, selections, bookmarks)
def test_a_rewind_reaches_all_that_are_selected_and_later(payload, selection, to):
    plan = plan_rewind(payload, selection, to, where="test")
    for partition in read_partitions(plan.payload, where="test"):
        if partition in selection and partition.kind is Kind.INCREMENTAL:
            assert partition.bookmark <= to


@holds_for(payloads, selections, bookmarks, st.booleans())
def test_a_second_rewind_has_nothing_to_move(payload, selection, to, forward):
    once = plan_rewind(payload, selection, to, forward=forward, where="test")
    twice = plan_rewind(once.payload, selection, to, forward=forward, where="test")
    assert not twice.moved
    assert twice.payload == once.payload


@holds_for(payloads, selections, bookmarks)
def test_forward_brings_all_selected_to_one_place(payload, selection, to):
    plan = plan_rewind(payload, selection, to, forward=True, where="test")
    for partition in read_partitions(plan.payload, where="test"):
        if partition in selection and partition.kind is Kind.INCREMENTAL:
            assert partition.bookmark == to


def test_reads_positions_lags_and_failures(state):
    found = {(p.stream, p.account): p for p in read_partitions(state, where="test")}
    first = found["orders", "42583152"]
    assert (first.kind, str(first.bookmark)) == (Kind.INCREMENTAL, "2026-11-10T08:00:00.000Z@")
    assert (first.owed, first.parked, first.last_run) == (1, 1, "2026-11-10T08:01:00.000Z")
    users = found["users", "corp1"]
    assert users.kind is Kind.FULL_TABLE
    assert users.moment == datetime(2025, 11, 5, 8, tzinfo=timezone.utc)
    for name in ("issues", "seen"):
        assert found[name, ""].kind is Kind.FOREIGN


def test_an_unreadable_bookmark_is_told_and_only_forward_replaces_it():
    partition = {
        "context": {"_account": "7"},
        "replication_key": "_bookmark",
        "replication_key_value": "soon",
    }
    payload = {"singer_state": {"bookmarks": {"orders": {"partitions": [partition]}}}}
    (found,) = read_partitions(payload, where="test")
    assert "'orders'" in found.problem
    assert "'7'" in found.problem
    to = Bookmark(datetime(2026, 1, 1, tzinfo=timezone.utc))
    assert not plan_rewind(payload, Selection(), to, where="test").moved
    assert plan_rewind(payload, Selection(), to, forward=True, where="test").moved


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ({}, "singer_state is missing or null"),
        ({"singer_state": []}, "singer_state is a list"),
        ({"singer_state": {"bookmarks": "x"}}, "singer_state.bookmarks is text"),
        (
            {"singer_state": {"bookmarks": {"orders": {"partitions": {"a": 1}}}}},
            "singer_state.bookmarks.orders.partitions is an object, not a list",
        ),
        (
            {"singer_state": {"bookmarks": {"orders": {"partitions": [{}, 3]}}}},
            "singer_state.bookmarks.orders.partitions[1] is 3, not an object",
        ),
        (
            {"singer_state": {"bookmarks": {"orders": {"partitions": [{"context": "a"}]}}}},
            "singer_state.bookmarks.orders.partitions[0].context is text",
        ),
        (
            {
                "singer_state": {
                    "bookmarks": {
                        "orders": {"partitions": [{"context": {"_account": "7"}, "open": "1"}]}
                    }
                }
            },
            "singer_state.bookmarks.orders.partitions[0].open is not a list of ids",
        ),
        (
            {
                "singer_state": {
                    "bookmarks": {
                        "orders": {"partitions": [{"context": {"_account": "7"}, "failures": 1}]}
                    }
                }
            },
            "singer_state.bookmarks.orders.partitions[0].failures is not a list of objects",
        ),
    ],
)
def test_tells_where_a_state_is_corrupt(payload, told):
    with pytest.raises(CorruptStateError) as caught:
        read_partitions(payload, where="state 'x'")
    assert told in caught.value.message
    assert "state 'x'" in caught.value.message
