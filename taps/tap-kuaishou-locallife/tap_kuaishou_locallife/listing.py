"""Lists whose answers nobody has described: where their rows are, and where the next page begins."""

from __future__ import annotations

import copy
import typing as t
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from openplatform.errors import FatalError
from openplatform.paging import Ask, Page
from openplatform.undescribed import kept_whole, rows_within

__all__ = ["SoughtCursor", "SoughtPage", "kept_whole", "rows_of"]


def rows_of(body: t.Any, name: str = "") -> list[t.Any]:
    """Return the rows of an answer: the list of this name, else the only list that it holds."""
    return rows_within(body.get("data") if isinstance(body, Mapping) else None, name)


class _Turning:
    """Sees that pages are turned: a platform that does not know our parameters sends one page for ever."""

    def __init__(self) -> None:
        self._before: list[t.Any] = []

    def check(self, rows: list[t.Any]) -> None:
        """Take in the rows of the next page.

        Raises:
            FatalError: They are those of the page before.
        """
        if rows and rows == self._before:
            msg = (
                "two pages in a row hold the same rows, so the platform pages otherwise than we think; "
                "leave out the stream"
            )
            raise FatalError(msg)
        # Whoever takes a page may change it.
        self._before = copy.deepcopy(rows)


@dataclass(frozen=True, slots=True)
class SoughtCursor:
    """A number that the next page begins at: `next_cursor` or `cursor` of the answer, else counted.

    Attributes:
        limit: Rows a page.
        name: Name of the list of rows, if known.
    """

    limit: int
    name: str = ""

    @property
    def reach(self) -> int | None:
        """It reaches everything."""
        return None

    def pages(self, ask: Ask, records: str, *, most: int | None) -> Iterator[Page]:
        """Yield the pages until one is empty."""
        at: t.Any = 0
        turning = _Turning()
        while True:
            body = ask({"cursor": at, "size": self.limit})
            rows = rows_of(body, self.name)
            turning.check(rows)
            count = len(rows)
            told = body.get("data") if isinstance(body, Mapping) else None
            told = told if isinstance(told, Mapping) else {}
            following = told.get("next_cursor", told.get("cursor"))
            yield Page(rows, body)
            if not count:
                return
            if following in {None, "", at, str(at)}:  # it tells none, or ours
                following = at + count if isinstance(at, int) else None
            if following is None or str(following) in {"0", "-1"}:
                return
            at = following


@dataclass(frozen=True, slots=True)
class SoughtPage:
    """Pages counted from 1 until one is empty.

    Attributes:
        page: Parameter of the page's number.
        size: Parameter of the page's size.
        limit: Rows a page.
    """

    page: str
    size: str
    limit: int = 20

    @property
    def reach(self) -> int | None:
        """It reaches everything."""
        return None

    def pages(self, ask: Ask, records: str, *, most: int | None) -> Iterator[Page]:
        """Yield the pages until one is empty."""
        number = 1
        turning = _Turning()
        while True:
            body = ask({self.page: number, self.size: self.limit})
            rows = rows_of(body)
            turning.check(rows)
            count = len(rows)
            yield Page(rows, body)
            if not count:
                return
            number += 1
