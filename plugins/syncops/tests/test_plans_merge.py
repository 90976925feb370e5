"""Properties of merging, comparing and undoing: nothing is lost, whatever states look like."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import assume, strategies as st
from syncops.bookmarks.diff import compare
from syncops.bookmarks.merge import Prefer, merge
from syncops.bookmarks.partitions import (
    Kind,
    Selection,
    map_partitions,
)
from syncops.bookmarks.rewind import plan_rewind
from syncops.bookmarks.undo import undo_edit
from syncops.errors import CorruptStateError

from .plan_strategies import (
    BEFORE_ALL,
    bookmarks,
    data_of,
    failures,
    holds_for,
    indexed,
    payloads,
    selections,
)

PLACE = ("replication_key_value", "row_version", "versions_since")


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
                for name in ("open", "collected"):
                    assert {*result[key].data.get(name, [])} >= {*side.data.get(name, [])}
                assert result[key].data.keys() >= side.data.keys() - {
                    *PLACE,
                    "replication_key",
                    "complete_versions",
                    "complete_rows",
                    "last_run",
                }


@holds_for(payloads, payloads, st.sampled_from(Prefer), selections)
def test_row_versions_come_with_the_bookmark_that_they_belong_to(source, target, prefer, selection):
    """Else rows below one side's version that the other side's bookmark leaves open never came."""
    assume(shapes_fit(source, target))
    sides = indexed(source), indexed(target)
    for key, partition in indexed(merged(source, target, prefer, selection)).items():
        place = [partition.data.get(name) for name in PLACE] if type(partition.data) is dict else []
        assert not place or place in [
            [side[key].data.get(name) for name in PLACE] for side in sides if key in side
        ]


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


def test_two_partitions_of_one_account_are_not_merged():
    twice = [{"context": {"_account": "7"}}] * 2
    payload = {"singer_state": {"bookmarks": {"orders": {"partitions": twice}}}}
    with pytest.raises(CorruptStateError, match="two partitions for '7'"):
        merged(payload, None)


def test_a_merge_refuses_shapes_that_do_not_fit(state):
    source = {"singer_state": {"bookmarks": {"seen": {"partitions": [{"context": {"a": 1}}]}}}}
    with pytest.raises(CorruptStateError, match="stream 'seen' holds 17"):
        merged(source, state)
