"""Views that expire: drained at once, and never taken for whole when they are not."""

from __future__ import annotations

import pytest
from openplatform.paging import TooManyRecords
from openplatform.scrolling import Scroll

SCROLL = Scroll("scrollId", "scrollId", "size", 2, "total")


class View:
    """Five rows, two a call, under a name that never changes; it expires after some calls."""

    def __init__(self, expires_after=100):
        self.asked = []
        self._left = expires_after

    def ask(self, params):
        self.asked.append(params["scrollId"])
        self._left -= 1
        at = 2 * (len(self.asked) - 1)
        rows = list(range(5))[at : at + 2] if self._left >= 0 else []
        return {"rows": rows, "scrollId": "view" if rows else None, "total": 5 if rows else 0}


def test_all_pages_are_asked_for_before_the_first_is_handed_on():
    view = View()
    pages = SCROLL.pages(view.ask, "rows[]", most=None)
    assert next(pages).records == [0, 1]
    assert view.asked == ["", "view", "view", "view"], "up to an empty page"
    assert [page.records for page in pages] == [[2, 3], [4], []]


def test_the_first_total_holds_for_a_view_that_expired():
    pages = list(SCROLL.pages(View(expires_after=1).ask, "rows[]", most=None))
    assert [page.total for page in pages] == [5, 5]
    assert sum(len(page.records) for page in pages) == 2


def test_a_list_that_is_too_long_is_told_by_one_call():
    view = View()
    with pytest.raises(TooManyRecords):
        list(SCROLL.pages(view.ask, "rows[]", most=4))
    assert len(view.asked) == 1


def test_an_answer_without_rows_or_total_is_an_empty_list():
    (page,) = SCROLL.pages(lambda _: {"rows": None, "scrollId": None}, "rows[]", most=4)
    assert (page.records, page.total) == ([], None)
