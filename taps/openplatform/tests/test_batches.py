"""Batches of ids: every combination once, and halves that lose nothing."""

from __future__ import annotations

from hypothesis import given, strategies as st
from openplatform.batches import batch_size, combinations, halves, may_be_gone
from openplatform.declarations import Each

ONE = Each("warehouses", "code", "warehouse")
MANY = Each("skus", "code", "skus", batch=7)


@given(
    st.lists(st.integers(), unique=True),
    st.lists(st.integers(), unique=True),
    st.none() | st.integers(1, 20),
)
def test_every_pair_of_values_is_asked_for_once(ones, many, most):
    asked = [
        (values[ONE], value)
        for values in combinations({ONE: ones, MANY: many}, most)
        for value in values[MANY]
    ]
    assert asked == [(one, value) for one in ones for value in many]


@given(st.lists(st.integers()), st.none() | st.integers(1, 20))
def test_no_batch_is_empty_or_too_long(many, most):
    sizes = [batch_size(values) for values in combinations({MANY: many}, most)]
    assert all(1 <= size <= min(7, most or 7) for size in sizes)


@given(st.lists(st.integers(), min_size=2))
def test_halves_hold_the_whole_and_are_smaller(many):
    first, second = halves({ONE: "a", MANY: many})
    assert first[MANY] + second[MANY] == many
    assert max(len(first[MANY]), len(second[MANY])) < len(many)
    assert first[ONE] == second[ONE] == "a"


def test_single_values_have_no_halves():
    assert halves({ONE: "abc", MANY: [1]}) == []
    assert halves({}) == []
    assert batch_size({ONE: "abc"}) == 1


def test_a_list_without_values_to_go_through_is_asked_for_once():
    assert list(combinations({}, None)) == [{}]


def test_only_what_may_have_vanished_may_be_unknown_to_the_platform():
    fixed, written = Each(values=(0, 1), param="state"), Each(param="form", chosen="forms")
    assert may_be_gone({ONE: "a", fixed: 0})
    assert may_be_gone({written: "x"})
    assert not may_be_gone({fixed: 0})
    assert not may_be_gone({})
