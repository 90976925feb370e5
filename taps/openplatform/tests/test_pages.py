"""Pages shaped at once are what their records are, shaped one by one, whatever they hold."""

from __future__ import annotations

import copy
import subprocess
import sys
import textwrap
import typing as t
from collections import Counter
from datetime import timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from openplatform.pages import PageShaper
from openplatform.records import Parsed, Shaper

ZONE = timezone(timedelta(hours=8))
TEXT = {"type": ["string", "null"]}
AMOUNT = {"type": ["string", "null"], "format": "singer.decimal"}
LINE = {
    "type": ["object", "null"],
    "properties": {"title": TEXT, "price": AMOUNT, "num": {"type": ["integer", "null"]}},
}
SCHEMA: dict[str, t.Any] = {
    "type": "object",
    "properties": {
        "id": TEXT,
        "created": {"type": ["string", "null"], "format": "date-time", "x-time": "local"},
        "updated": {"type": ["string", "null"], "format": "date-time", "x-time": "ms"},
        "day": {"type": ["string", "null"], "format": "date"},
        "fee": AMOUNT,
        "count": {"type": ["integer", "null"]},
        "rate": {"type": ["number", "null"]},
        "gift": {"type": ["boolean", "null"]},
        "open": {},
        "tags": {"type": ["array", "null"], "items": TEXT},
        "fees": {"type": ["array", "null"], "items": AMOUNT},
        "buyer": LINE,
        "lines": {"type": ["array", "null"], "items": LINE},
        "extra": {**LINE, "x-json": True},
    },
}
PLAIN: dict[str, t.Any] = {
    "id": "1",
    "created": "2026-11-20 16:00:00",
    "updated": 1763625600123,
    "day": "2026-11-20",
    "fee": "1.50",
    "count": 3,
    "gift": True,
    "open": {"any": ["thing"]},
    "tags": ["a", None],
    "fees": ["1.00", Decimal("2.5")],
    "buyer": {"title": "x", "price": Decimal("0.10"), "num": 1},
    "lines": [{"title": "y", "price": "2"}, {"num": 2}],
    "extra": '{"title": "z", "price": 3.10}',
}
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False, places=2)
    | st.sampled_from(["", "null", "x", "12", "1.5", "2026-11-20 16:00:00", "[]", '{"num": "7"}']),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["title", "price", "num", "new"]), inner, max_size=3)
    ),
    max_leaves=4,
)
FIELDS = st.sampled_from([*SCHEMA["properties"], "unknown"])
PAGES = st.lists(st.dictionaries(FIELDS, VALUES, max_size=6) | VALUES, max_size=4)


class Both:
    """A page shaper, and the shaper that it must agree with."""

    def __init__(self, nulls: frozenset[str]) -> None:
        self.counts = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        first, second = (self._shaper(nulls, counts) for counts in self.counts)
        self.pages, self.shaper = PageShaper(SCHEMA, first), second

    @staticmethod
    def _shaper(nulls: frozenset[str], counts: Counter[tuple[str, str]]) -> Shaper:
        return Shaper(
            SCHEMA,
            zone=ZONE,
            nulls=nulls,
            on_unknown=lambda path: counts.update([("unknown", path)]),
            on_misfit=lambda path: counts.update([("misfit", path)]),
        )

    def check(self, page: list[t.Any]) -> None:
        expected = [self.shaper.shape(record) for record in copy.deepcopy(page)]
        assert self.pages.shape(copy.deepcopy(page)) == expected
        assert self.counts[0] == self.counts[1]


@pytest.mark.parametrize("nulls", [frozenset(), frozenset({"null", ""})])
@given(pages=st.lists(PAGES, max_size=3))
def test_agrees_with_records_shaped_one_by_one(nulls, pages):
    both = Both(nulls)
    for page in [*pages, [PLAIN, PLAIN]]:
        if all(isinstance(record, dict) for record in page):
            both.check(page)


def test_a_plain_page_is_not_shaped_one_by_one(monkeypatch):
    both = Both(frozenset())
    calls = []
    monkeypatch.setattr(both.pages._shaper, "shape", calls.append)
    assert both.pages.shape([copy.deepcopy(PLAIN)]) == [both.shaper.shape(PLAIN)]
    assert not calls


def test_a_field_that_always_comes_in_another_type_is_learnt(monkeypatch):
    both = Both(frozenset())
    page = [{"id": 5, "lines": [{"title": 7}]}]
    for _ in range(3):  # one page for each odd field, then the page is plain
        both.check(page)
    calls = []
    monkeypatch.setattr(both.pages._shaper, "shape", calls.append)
    assert both.pages.shape(copy.deepcopy(page)) == [{"id": "5", "lines": [{"title": "7"}]}]
    assert not calls


def test_an_unknown_field_is_learnt_and_left_out(monkeypatch):
    both = Both(frozenset())
    page = [{"id": "5", "new": 1, "lines": [{"title": "7"}, {"newer": 2}]}, {"id": "6"}]
    page.append({"id": "7", "extra": '{"title": "a", "newest": [1], "num": 2}'})
    for _ in range(4):
        both.check(page)
    monkeypatch.setattr(both.pages._shaper, "shape", pytest.fail)
    monkeypatch.setattr(Parsed, "__call__", pytest.fail)
    assert both.pages.shape(copy.deepcopy(page))[2] == {
        "id": "7",
        "extra": {"title": "a", "num": 2},
    }


def test_ids_as_field_names_are_not_learnt_without_end():
    both = Both(frozenset())
    for number in range(150):
        both.check([{"id": "5", "buyer": {f"id{number}": 1}}])
    assert sum(map(len, both.pages._unknown.values())) == 100


def test_threads_that_meet_on_a_new_shaper_agree():
    # A type of msgspec that two threads complete at once ends the process. So: many first uses,
    # in a process of their own.
    script = textwrap.dedent("""
        import copy, sys, threading
        from test_pages import PLAIN, Both
        sys.setswitchinterval(1e-6)
        for _ in range(200):
            both = Both(frozenset())
            pages = [[copy.deepcopy(PLAIN), {"new": 1}, {"id": 5}] for _ in range(8)]
            expected = [both.shaper.shape(record) for record in copy.deepcopy(pages[0])]
            gate = threading.Barrier(8)
            wrong = []
            def shape(page):
                gate.wait()
                for _ in range(4):
                    if both.pages.shape(copy.deepcopy(page)) != expected:
                        wrong.append(page)
            threads = [threading.Thread(target=shape, args=[page]) for page in pages]
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]
            assert not wrong
    """)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parent, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_kept_records_are_not_changed():
    both = Both(frozenset())
    page = [copy.deepcopy(PLAIN)]
    assert both.pages.shape(page, keep=True) == [both.shaper.shape(PLAIN)]
    assert page == [PLAIN]
