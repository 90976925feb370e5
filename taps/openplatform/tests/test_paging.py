"""Every way of paging, against a list that moves while it is read."""

from __future__ import annotations

import bisect
import random

import pytest
from hypothesis import given, strategies as st
from openplatform.errors import SkipError
from openplatform.paging import (
    Cursor,
    HasNext,
    Offset,
    OneShot,
    PageNumber,
    TooManyRecords,
    Tree,
)


class MovingList:
    """Ids in order; after each answer some leave it, as updated records leave their window.

    Attributes:
        asked: The parameters of every call.
    """

    def __init__(self, size: int, seed: int, leaving: float) -> None:
        self.ids = list(range(size))
        self.start = set(self.ids)
        self.asked = []
        self._chance = random.Random(seed)
        self._leaving = leaving

    def ask(self, params):
        self.asked.append(dict(params))
        answer = self._answer(params)
        credit = self._leaving
        while self.ids and self._chance.random() < credit:
            self.ids.pop(self._chance.randrange(len(self.ids)))
            credit -= 1
        return answer

    def _answer(self, params):
        size = params.get("size", 100)
        if "cursor" in params or ("offset" not in params and "page" not in params):
            first = bisect.bisect_right(self.ids, params.get("cursor", -1))
            rows = self.ids[first : first + size]
            return {"rows": rows, "cursor": rows[-1] if len(rows) == size else None}
        first = params["offset"] if "offset" in params else (params["page"] - 1) * size
        rows = self.ids[first : first + size]
        more = len(self.ids) > first + size
        return {"rows": rows, "total": len(self.ids), "has_next": more}


def styles(limit: int):
    return {
        "pages": PageNumber("page", "size", limit, "total"),
        "has_next": HasNext("page", "size", limit, "has_next"),
        "pages without a total": PageNumber("page", "size", limit, "not_told", has_next="has_next"),
        "offset": Offset("offset", "size", limit, "total"),
        "cursor": Cursor("cursor", "cursor", size="size", limit=limit),
    }


@pytest.mark.parametrize("style", styles(1))
@given(
    size=st.integers(0, 60),
    limit=st.integers(1, 12),
    seed=st.integers(0, 2**32),
    leaving=st.sampled_from([0.0, 0.3, 1.0, 2.5]),
)
def test_what_stays_in_the_list_is_never_missed(style, size, limit, seed, leaving):
    model = MovingList(size, seed, leaving)
    pages = list(styles(limit)[style].pages(model.ask, "rows[]", most=None))
    came = [row for page in pages for row in page.records]
    assert set(model.ids) <= set(came) <= model.start
    if not leaving:
        assert sorted(came) == model.ids


@given(seed=st.integers(0, 2**32))
def test_forward_pages_miss_records(seed):
    """The test of the test: the same model catches the naive order."""
    missed = 0
    for step in range(20):
        model = MovingList(40, seed + step, 1.0)
        naive = PageNumber("page", "size", 5, "total", forward=True)
        came = {row for page in naive.pages(model.ask, "rows[]", most=None) for row in page.records}
        missed += bool(set(model.ids) - came)
    assert missed > 5


@pytest.mark.parametrize(("size", "calls"), [(0, 1), (5, 1), (6, 3), (10, 3), (11, 4)])
def test_numbered_pages_cost_one_call_more_than_there_are_pages(size, calls):
    model = MovingList(size, 0, 0)
    list(PageNumber("page", "size", 5, "total").pages(model.ask, "rows[]", most=None))
    assert len(model.asked) == calls
    assert [a["page"] for a in model.asked[1:]] == list(range(calls - 1, 0, -1))


@pytest.mark.parametrize("size", [0, 1, 5, 6, 23, 61, 200])
def test_the_end_without_a_total_is_found_in_few_calls(size):
    model = MovingList(size, 0, 0)
    list(HasNext("page", "size", 5, "has_next").pages(model.ask, "rows[]", most=None))
    pages = max(1, -(-size // 5))
    assert len(model.asked) <= pages + 2 * pages.bit_length()


@pytest.mark.parametrize("style", ["pages", "has_next", "offset"])
@given(size=st.integers(1, 80), limit=st.integers(1, 9), most=st.integers(1, 60))
def test_a_list_that_is_too_long_is_told_before_its_first_page(style, size, limit, most):
    model = MovingList(size, 0, 0)
    pages = styles(limit)[style].pages(model.ask, "rows[]", most=most)
    # Without a total only whole pages can be told apart.
    room = most if style != "has_next" else -(-most // limit) * limit
    if size > room:
        with pytest.raises(TooManyRecords) as caught:
            next(pages)
        assert caught.value.total > most
        assert all(asked.get("page", 1) <= -(-most // limit) for asked in model.asked)
    else:
        assert sum(len(page.records) for page in pages) == size


def test_a_total_in_a_cursors_answer_is_believed():
    def ask(params):
        return {"rows": [1], "cursor": None, "total": 11}

    paging = Cursor("cursor", "cursor", total="total")
    with pytest.raises(TooManyRecords):
        next(paging.pages(ask, "rows[]", most=10))
    assert next(paging.pages(ask, "rows[]", most=11)).total == 11


@pytest.mark.parametrize(
    ("answers", "options"),
    [
        ([{"rows": [1], "cursor": "a"}, {"rows": [2], "cursor": ""}], {}),
        ([{"rows": [1], "cursor": "a"}, {"rows": [2]}], {}),
        ([{"rows": [1], "cursor": "a"}, {"rows": [2], "cursor": "nomore"}], {"ends": {"nomore"}}),
        ([{"rows": [1], "cursor": "a"}, {"rows": [2], "cursor": "a"}], {}),
        ([{"rows": [1], "cursor": "a", "last": 0}, {"rows": [2], "cursor": "b", "last": 1}], {"last_flag": "last"}),
        ([{"rows": [1], "cursor": "a", "last": False}, {"rows": [2], "cursor": "b", "last": True}], {"last_flag": "last"}),
        ([{"rows": [1], "cursor": 7}, {"rows": [2], "cursor": -1}], {"ends": {"-1"}}),
    ],
)  # fmt: skip
def test_each_way_in_which_cursors_end(answers, options):
    left = iter(answers)
    asked = []

    def ask(params):
        asked.append(params)
        return next(left)

    options = {k: frozenset(v) if k == "ends" else v for k, v in options.items()}
    paging = Cursor("cursor", "cursor", first="", size="n", limit=9, **options)
    came = [row for page in paging.pages(ask, "rows[]", most=None) for row in page.records]
    assert came == [1, 2]
    assert asked[0] == {"n": 9, "cursor": ""}
    assert asked[1]["cursor"] == answers[0]["cursor"]


def test_a_cursor_of_two_parts_moves_with_both():
    answers = iter(
        [
            {"rows": [1], "cursor": "7", "from": "a", "end": 0},
            {"rows": [2], "cursor": "7", "from": "b", "end": 0},
            {"rows": [3], "cursor": "8", "from": "b", "end": 1},
        ]
    )
    asked = []
    paging = Cursor("cursor", "cursor", last_flag="end", beside={"start": "from"})
    pages = paging.pages(lambda p: asked.append(p) or next(answers), "rows[]", most=None)
    assert [row for page in pages for row in page.records] == [1, 2, 3]
    assert asked == [{}, {"cursor": "7", "start": "a"}, {"cursor": "7", "start": "b"}]


def test_pages_may_be_counted_from_0():
    asked = []

    def ask(params):
        asked.append(params["page"])
        return {"rows": [params["page"]], "total": 3}

    paging = PageNumber("page", "size", 1, "total", first=0)
    assert [page.records for page in paging.pages(ask, "rows[]", most=None)] == [[2], [1], [0]]
    assert asked == [0, 2, 1, 0]


def test_reach_is_the_smallest_cap():
    assert PageNumber("p", "s", 100, "t").reach is None
    assert PageNumber("p", "s", 100, "t", pages_cap=100).reach == 10_000
    assert PageNumber("p", "s", 100, "t", pages_cap=100, rows_cap=3000).reach == 3000
    assert HasNext("p", "s", 20, "h", pages_cap=3).reach == 60
    assert Offset("o", "s", 20, "t", rows_cap=7).reach == 7
    assert OneShot().reach is None
    assert Cursor("c", "c").reach is None


def test_one_shot_is_one_call():
    calls = []
    (page,) = OneShot().pages(lambda p: calls.append(p) or {"rows": [1, 2]}, "rows[]", most=None)
    assert page.records == [1, 2]
    assert calls == [{}]


@pytest.mark.parametrize("size", [0, 1, 3, 7])
def test_an_offset_without_a_total_is_read_forward_while_there_is_more(size):
    moving = MovingList(size, 0, 0.0)
    paging = Offset("offset", "size", 3, has_next="has_next")
    came = [row for page in paging.pages(moving.ask, "rows[]", most=None) for row in page.records]
    assert came == list(range(size))
    assert [asked["offset"] for asked in moving.asked] == list(range(0, max(1, size), 3))


@pytest.mark.parametrize(("flag", "calls"), [({"more": True}, 3), ({"more": False}, 1), ({}, 1)])
def test_a_cursor_ends_where_a_flag_says_so_or_is_missing(flag, calls):
    asked = []

    def ask(params):
        asked.append(dict(params))
        return {"rows": [1], "cursor": f"c{len(asked)}", **({} if len(asked) > 2 else flag)}

    assert (
        len(list(Cursor("cursor", "cursor", more="more").pages(ask, "rows[]", most=None))) == calls
    )
    assert len(asked) == calls


def test_a_cursor_that_is_cut_off_asks_for_smaller_windows():
    moving = MovingList(10, 0, 0.0)
    short = Cursor("cursor", "cursor", size="size", limit=4, rows_cap=11)
    assert short.reach == 11
    assert len(list(short.pages(moving.ask, "rows[]", most=None))) == 3
    cut = Cursor("cursor", "cursor", size="size", limit=4, rows_cap=10)
    with pytest.raises(TooManyRecords):
        list(cut.pages(moving.ask, "rows[]", most=None))


CHILDREN = {None: [1], 1: [2, 3], 2: [4], 3: [4, 5], 4: [1]}


@pytest.mark.parametrize("top", [None, 1])
def test_a_tree_is_walked_once_and_a_node_that_vanished_is_left_out(top):
    asked = []

    def ask(params):
        asked.append(params.get("node"))
        if params.get("node") == 5:
            raise SkipError("gone")
        return {"rows": [{"id": child} for child in CHILDREN.get(params.get("node"), [])]}

    pages = Tree("node", "id", top=top).pages(ask, "rows[]", most=None)
    came = {row["id"] for page in pages for row in page.records}
    assert came == {1, 2, 3, 4, 5}
    assert asked == [*([None] if top is None else []), 1, 2, 3, 4, 5]


def test_a_tree_whose_top_is_refused_is_no_empty_tree():
    def ask(params):
        raise SkipError("gone")

    with pytest.raises(SkipError):
        list(Tree("node", "id", top=0).pages(ask, "rows[]", most=None))
