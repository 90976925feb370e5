"""Properties of the pure plans: whatever states look like, an edit touches only what it says."""

from __future__ import annotations

import copy
import json
from datetime import datetime, timezone

import pytest
from hypothesis import assume, given, settings, strategies as st
from openplatform.bookmarks import Bookmark
from syncops.bookmarks.diff import compare
from syncops.bookmarks.merge import Prefer, merge
from syncops.bookmarks.partitions import (
    Kind,
    Selection,
    add_partition,
    index_partitions,
    map_partitions,
    read_partitions,
)
from syncops.bookmarks.rewind import plan_rewind
from syncops.bookmarks.undo import undo_edit
from syncops.errors import CorruptStateError

BEFORE_ALL = Bookmark(datetime(2025, 12, 31, tzinfo=timezone.utc))
STREAMS = ["orders", "users"]
ACCOUNTS = ["a", "42583152"]

moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 5)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=timezone.utc)
)
bookmarks = st.builds(Bookmark, moments, st.sampled_from(["", "9", "10", "E1", "E10"]))
json_values = st.sampled_from([None, False, 0, 17, "", "2026-01-01", [], [1], {"a": {"b": None}}])
unknown_keys = st.dictionaries(st.sampled_from(["x", "y", "z"]), json_values, max_size=2)
failures = st.lists(
    st.fixed_dictionaries(
        {"key": st.sampled_from("EFG"), "stream": st.just("d"), "attempts": st.integers(0, 3)},
        optional={"parked": st.booleans()},
    ),
    max_size=2,
    unique_by=lambda failure: failure["key"],
)
own_extras = st.fixed_dictionaries(
    {},
    optional={
        "failures": failures,
        "open": st.lists(st.sampled_from(["1", "2", "3"]), max_size=2, unique=True),
        "last_run": st.just("2026-01-05T00:00:00.000Z"),
    },
)
incremental_positions = bookmarks.map(
    lambda mark: {"replication_key": "_bookmark", "replication_key_value": str(mark)}
)
full_positions = st.integers(1767225600000, 1767657600000).map(
    lambda version: {"complete_versions": [version], "complete_rows": version % 7}
)
positions = st.one_of(
    incremental_positions, incremental_positions, incremental_positions, full_positions, st.just({})
)
own_partitions = st.builds(
    lambda account, position, more, unknown: {
        "context": {"_account": account},
        **position,
        **more,
        **unknown,
    },
    st.sampled_from(ACCOUNTS),
    positions,
    own_extras,
    unknown_keys,
)
foreign_partitions = st.builds(
    lambda repo, value: {
        "context": {"repo": repo},
        "replication_key": "updated_at",
        "replication_key_value": value,
    },
    st.sampled_from(["r1", "r2"]),
    json_values,
)


def streams_of(partitions, *, min_size):
    lists = st.lists(
        partitions,
        min_size=min_size,
        max_size=3,
        unique_by=lambda partition: json.dumps(partition["context"]),
    )
    return st.builds(lambda own, parts: {**own, "partitions": parts}, unknown_keys, lists)


# Ours more often than not, so that two states often hold the same account.
streams = st.sampled_from("oooooommfev").flatmap(
    lambda shape: {
        "o": streams_of(own_partitions, min_size=1),
        "m": streams_of(own_partitions | foreign_partitions, min_size=0),
        "f": st.fixed_dictionaries(
            {"replication_key": st.just("id"), "replication_key_value": json_values}
        ),
        "e": st.builds(dict),
        "v": json_values,
    }[shape]
)
payloads = st.builds(
    lambda marks, beside: {"singer_state": {"bookmarks": marks, **beside}, **beside},
    st.dictionaries(st.sampled_from(STREAMS), streams, min_size=1, max_size=2),
    unknown_keys,
)
selections = st.builds(
    Selection,
    st.lists(st.sampled_from([*STREAMS, "*s", "o*"]), max_size=2).map(tuple),
    st.lists(st.sampled_from([*ACCOUNTS, "4*"]), max_size=2).map(tuple),
)


def holds_for(*values):
    """Try a property without a deadline: the machine may be busy."""
    return lambda test: settings(deadline=None)(given(*values)(test))


def indexed(payload):
    return index_partitions(payload, where="test")


def data_of(payload):
    return {key: partition.data for key, partition in indexed(payload).items()}


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


def merged(source, target, prefer=Prefer.OLDER, selection=Selection()):  # noqa: B008
    return merge(source, target, selection, prefer, source_name="source", target_name="target")


def shapes_fit(left, right):
    """Tell whether no stream is an object on one side and a plain value on the other."""
    marks = [payload["singer_state"]["bookmarks"] for payload in (left, right)]
    pairs = [(marks[0][name], marks[1][name]) for name in marks[0].keys() & marks[1].keys()]
    return all(None in pair or len({type(side) is dict for side in pair}) == 1 for pair in pairs)


@holds_for(payloads, payloads, st.sampled_from(Prefer), selections)
def test_a_merge_loses_no_entry_and_no_failure(source, target, prefer, selection):
    assume(shapes_fit(source, target))
    before = copy.deepcopy((source, target))
    result = indexed(merged(source, target, prefer, selection))
    assert (source, target) == before
    arriving = {key: p for key, p in indexed(source).items() if p in selection}
    assert result.keys() == indexed(target).keys() | arriving.keys()
    for key, partition in indexed(target).items():
        if key not in arriving:
            assert result[key].data == partition.data
    for key, partition in arriving.items():
        for side in (partition, indexed(target).get(key)):
            if side is not None and Kind.FOREIGN not in (side.kind, result[key].kind):
                owed = {f["key"] for f in result[key].data.get("failures", [])}
                assert owed >= {f["key"] for f in side.data.get("failures", [])}
                assert {*result[key].data.get("open", [])} >= {*side.data.get("open", [])}
                assert result[key].data.keys() >= side.data.keys() - {
                    "replication_key",
                    "replication_key_value",
                    "complete_versions",
                    "complete_rows",
                    "last_run",
                }


@holds_for(payloads, payloads)
def test_older_and_newer_decide_by_position(source, target):
    assume(shapes_fit(source, target))
    older = indexed(merged(source, target, Prefer.OLDER))
    newer = indexed(merged(source, target, Prefer.NEWER))
    left, right = indexed(source), indexed(target)
    for key in left.keys() & right.keys():
        if left[key].kind is right[key].kind is Kind.INCREMENTAL:
            pair = left[key].bookmark, right[key].bookmark
            assert (older[key].bookmark, newer[key].bookmark) == (min(pair), max(pair))
        elif left[key].moment and right[key].moment:
            moments = left[key].moment, right[key].moment
            assert (older[key].moment, newer[key].moment) == (min(moments), max(moments))
        elif Kind.FOREIGN not in (left[key].kind, right[key].kind):
            known = left[key].moment or right[key].moment
            assert older[key].moment == newer[key].moment == known


@holds_for(bookmarks, bookmarks, failures, failures)
def test_of_two_bookmarks_the_older_or_the_newer_stands(first, second, owed_first, owed_second):
    def state(bookmark, owed):
        partition = {
            "context": {"_account": "a"},
            "replication_key": "_bookmark",
            "replication_key_value": str(bookmark),
            "failures": owed,
        }
        return {"singer_state": {"bookmarks": {"orders": {"partitions": [partition]}}}}

    source, target = state(first, owed_first), state(second, owed_second)
    for prefer, expected in ((Prefer.OLDER, min), (Prefer.NEWER, max)):
        (result,) = indexed(merged(source, target, prefer)).values()
        assert result.bookmark == expected(first, second)
        assert {f["key"] for f in result.data["failures"]} == {
            f["key"] for f in [*owed_first, *owed_second]
        }


@holds_for(payloads, payloads)
def test_source_and_target_decide_as_they_say(source, target):
    assume(shapes_fit(source, target))
    from_source = indexed(merged(source, target, Prefer.SOURCE))
    from_target = indexed(merged(source, target, Prefer.TARGET))
    for key in indexed(source).keys() & indexed(target).keys():
        assert from_source[key].position == indexed(source)[key].position
        assert from_target[key].position == indexed(target)[key].position


@holds_for(payloads, payloads, st.sampled_from(Prefer))
def test_a_second_merge_changes_nothing(source, target, prefer):
    assume(shapes_fit(source, target))
    once = merged(source, target, prefer)
    assert merged(source, once, prefer) == once


@holds_for(payloads)
def test_a_merge_into_nothing_brings_all_entries(source):
    assert data_of(merged(source, None)) == data_of(source)


@holds_for(payloads, payloads)
def test_a_diff_names_exactly_what_differs(left, right):
    found = compare(left, right, left_name="left", right_name="right")
    keys = [difference.either.key for difference in found]
    a, b = data_of(left), data_of(right)
    missing = object()
    assert len(keys) == len(set(keys))
    assert set(keys) == {k for k in {**a, **b} if a.get(k, missing) != b.get(k, missing)}


@holds_for(payloads)
def test_a_state_does_not_differ_from_itself(payload):
    assert compare(payload, copy.deepcopy(payload), left_name="l", right_name="r") == []


@holds_for(payloads, payloads, st.sampled_from(Prefer))
def test_an_undo_right_after_an_edit_is_exact(source, target, prefer):
    assume(shapes_fit(source, target))
    after = merged(source, target, prefer)
    undone = undo_edit(after, target, after, where="test")
    assert json.dumps(undone) == json.dumps(target)


@holds_for(payloads, selections, bookmarks)
def test_an_undo_keeps_what_runs_did_elsewhere(payload, selection, progress):
    plan = plan_rewind(payload, selection, BEFORE_ALL, where="test")
    moved = {partition.key for partition in plan.moved}

    def run(partition):
        """Move every bookmark, as a sync after the rewind does."""
        if partition.kind is Kind.INCREMENTAL:
            return {**partition.data, "replication_key_value": str(progress)}
        return partition.data

    current = map_partitions(plan.payload, run, where="test")
    undone = data_of(undo_edit(current, payload, plan.payload, where="test"))
    for key, data in data_of(current).items():
        assert undone[key] == (data_of(payload)[key] if key in moved else data)


@holds_for(payloads, payloads)
def test_an_undo_takes_out_what_a_merge_brought(source, target):
    assume(shapes_fit(source, target))
    after = merged(source, target)
    current = copy.deepcopy(after)
    current["singer_state"]["bookmarks"]["new"] = {"replication_key_value": 1}
    undone = data_of(undo_edit(current, target, after, where="test"))
    assert undone == {**data_of(target), ("new", None): {"replication_key_value": 1}}


def test_an_undo_keeps_what_runs_left_owed_in_the_rewound_partition(state):
    """A rewind finds a late record that cannot be fetched now: going back must not forget it."""
    after = plan_rewind(state, Selection(("orders",)), BEFORE_ALL, where="test").payload
    current = copy.deepcopy(after)
    partition = current["singer_state"]["bookmarks"]["orders"]["partitions"][0]
    partition["replication_key_value"] = "2026-11-05T00:00:00.000Z@"
    _, parked = partition["failures"]
    partition["failures"] = [parked, {"key": "E9", "stream": "order_details"}]
    partition["open"] = ["17"]
    undone = undo_edit(current, state, after, where="test")
    restored = undone["singer_state"]["bookmarks"]["orders"]["partitions"][0]
    assert restored["replication_key_value"] == "2026-11-10T08:00:00.000Z@"
    assert [failure["key"] for failure in restored["failures"]] == ["E1", "E2", "E9"]
    assert restored["open"] == ["17"]


def test_undoing_the_merge_that_made_a_state_takes_the_state_away(state):
    after = merged(state, None)
    assert undo_edit(after, None, after, where="test") is None


def test_what_was_added_since_survives_the_undo_of_a_made_state(state):
    after = merged(state, None)
    current = copy.deepcopy(after)
    current["singer_state"]["bookmarks"]["new"] = {"replication_key_value": 1}
    undone = undo_edit(current, None, after, where="test")
    assert undone == {"singer_state": {"bookmarks": {"new": {"replication_key_value": 1}}}}


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


def test_two_partitions_of_one_account_are_not_merged():
    twice = [{"context": {"_account": "7"}}] * 2
    payload = {"singer_state": {"bookmarks": {"orders": {"partitions": twice}}}}
    with pytest.raises(CorruptStateError, match="two partitions for '7'"):
        merged(payload, None)


def test_a_merge_refuses_shapes_that_do_not_fit(state):
    source = {"singer_state": {"bookmarks": {"seen": {"partitions": [{"context": {"a": 1}}]}}}}
    with pytest.raises(CorruptStateError, match="stream 'seen' holds 17"):
        merged(source, state)
