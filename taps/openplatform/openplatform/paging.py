"""How lists come in pages, and the order to read them in so that records that move are not lost.

An update takes a record out of its window and shifts those behind it one place forward. Whoever
reads pages first to last then skips one record for each that left. Read last to first, a shift only
brings a record twice. Keyset cursors are not shifted and read forward.
"""

from __future__ import annotations

import typing as t
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from openplatform.errors import SkipError
from openplatform.paths import records_at, value_at

Ask = Callable[[Mapping[str, t.Any]], t.Any]
_YES = (1, "1", "true", "True")


class TooManyRecords(Exception):  # noqa: N818 - a signal to split, not an error
    """The list is longer than paging can reach, or than one window shall hold."""

    def __init__(self, total: int) -> None:
        super().__init__(total)
        self.total = total


@dataclass(frozen=True, slots=True)
class Page:
    """One response of a list call.

    Attributes:
        records: The records, still in the platform's form; whoever takes the page may change them.
        body: The whole answer.
        total: How many records the whole list held when this page was made; None if not told.
    """

    records: list[t.Any]
    body: t.Any
    total: int | None = None


class Paging(t.Protocol):
    """A way of paging. `reach` is the most records it can deliver, None when unbounded."""

    @property
    def reach(self) -> int | None:
        """The most records one list can deliver, None when unbounded."""

    def pages(self, ask: Ask, records: str, *, most: int | None) -> Iterator[Page]:
        """Yield the list's pages.

        Args:
            ask: Calls the API with these paging parameters added.
            records: Path of the records in an answer.
            most: Raise before the first page when the list is known to be longer than this.

        Raises:
            TooManyRecords: The list is longer than `most`.
        """


@dataclass(frozen=True, slots=True)
class PageNumber:
    """Numbered pages, with the list's total in each answer; read last to first.

    Attributes:
        page: Parameter of the page's number.
        size: Parameter of the page's size.
        limit: Records a page.
        total: Path of the total.
        pages_cap: The highest page the platform serves.
        rows_cap: The most rows that paging reaches, where this is what the platform limits.
        forward: Read first to last; only for lists from which nothing ever leaves.
        has_next: Path of a flag for "there is more", asked where an answer lacks the total.
        first: Number of the first page.
    """

    page: str
    size: str
    limit: int
    total: str
    pages_cap: int | None = None
    rows_cap: int | None = None
    forward: bool = False
    has_next: str | None = None
    first: int = 1

    @property
    def reach(self) -> int | None:
        """The most records one list can deliver."""
        caps = [self.rows_cap, self.pages_cap and self.pages_cap * self.limit]
        return min((cap for cap in caps if cap is not None), default=None)

    def pages(self, ask: Ask, records: str, *, most: int | None) -> Iterator[Page]:
        """Yield the pages: the only one, or the last to the first."""
        first = self._page(ask, records, 1)
        if first.total is None and self.has_next is not None:
            flagged = HasNext(self.page, self.size, self.limit, self.has_next, self.pages_cap)
            yield from flagged.pages(ask, records, most=most)
            return
        total = first.total or 0
        if most is not None and total > most:
            raise TooManyRecords(total)
        count = -(-total // self.limit)
        if count <= 1:
            yield first
            return
        if self.forward:
            yield first
            yield from (self._page(ask, records, number) for number in range(2, count + 1))
            return
        yield from (self._page(ask, records, number) for number in range(count, 0, -1))

    def _page(self, ask: Ask, records: str, number: int) -> Page:
        body = ask({self.page: number - 1 + self.first, self.size: self.limit})
        return Page(records_at(body, records), body, _whole(value_at(body, self.total)))


@dataclass(frozen=True, slots=True)
class HasNext:
    """Pages counted from 1 without a total, only "there is more"; the end is sought, then read back.

    Doubling finds a page without successor, halving finds the first such page; from there the pages
    are read last to first, like those with a total.

    Attributes:
        page: Parameter of the page's number.
        size: Parameter of the page's size.
        limit: Records a page.
        has_next: Path of the flag.
        pages_cap: The highest page the platform serves.
        forward: Read first to last; only for lists from which nothing ever leaves.
    """

    page: str
    size: str
    limit: int
    has_next: str
    pages_cap: int | None = None
    forward: bool = False

    @property
    def reach(self) -> int | None:
        """The most records one list can deliver."""
        return self.pages_cap and self.pages_cap * self.limit

    def pages(self, ask: Ask, records: str, *, most: int | None) -> Iterator[Page]:
        """Yield the pages, the last one first."""
        if self.forward:
            yield from self._forward(ask, records)
            return
        cap = -(-most // self.limit) if most is not None else None
        page, number = self._last(ask, records, cap)
        yield page
        for earlier in range(number - 1, 0, -1):
            yield self._page(ask, records, earlier)[0]

    def _forward(self, ask: Ask, records: str) -> Iterator[Page]:
        number, more = 0, True
        while more:
            number += 1
            page, more = self._page(ask, records, number)
            if more and self.pages_cap is not None and number >= self.pages_cap:
                raise TooManyRecords((number + 1) * self.limit)
            yield page

    def _last(self, ask: Ask, records: str, cap: int | None) -> tuple[Page, int]:
        low, high = 0, 1  # page `low` has a successor
        while True:
            page, more = self._page(ask, records, high)
            if not more:
                break
            if cap is not None and high >= cap:
                raise TooManyRecords((high + 1) * self.limit)
            low, high = high, high * 2 if cap is None else min(high * 2, cap)
        while high - low > 1:
            middle = (low + high) // 2
            candidate, more = self._page(ask, records, middle)
            if more:
                low = middle
            else:
                page, high = candidate, middle
        return page, high

    def _page(self, ask: Ask, records: str, number: int) -> tuple[Page, bool]:
        body = ask({self.page: number, self.size: self.limit})
        more = value_at(body, self.has_next) in _YES
        return Page(records_at(body, records), body), more


@dataclass(frozen=True, slots=True)
class Cursor:
    """Each answer names the next; read forward, with the window and the filters unchanged.

    Attributes:
        cursor: Parameter that takes the cursor.
        next: Path of the next cursor in an answer.
        first: The first call's cursor; None leaves the parameter out.
        ends: Cursor values that mean "no more", beside a missing or empty one.
        size: Parameter of the page's size, if there is one.
        limit: Records a page.
        total: Path of the total, where the platform tells it.
        last_flag: Path of a value that is 1 or true on the last page, where the platform has one.
        more: Path of a flag for "there is more"; without it, or if it says no, the page is the last.
        until_empty: A page without records is the end, whatever its cursor says.
        rows_cap: The most rows that one list delivers, where the platform cuts longer ones off.
        beside: Further parameters that the next call takes from an answer: name to path.
    """

    cursor: str
    next: str
    first: t.Any = None
    ends: frozenset[str] = field(default_factory=frozenset)
    size: str | None = None
    limit: int = 100
    total: str | None = None
    last_flag: str | None = None
    more: str | None = None
    until_empty: bool = False
    rows_cap: int | None = None
    beside: Mapping[str, str] = field(default_factory=dict)

    @property
    def reach(self) -> int | None:
        """Cursors reach everything, but where the platform cuts long lists off."""
        return self.rows_cap

    def pages(self, ask: Ask, records: str, *, most: int | None) -> Iterator[Page]:
        """Yield the pages, first to last."""
        fixed = {self.size: self.limit} if self.size else {}
        at = self.first
        place: dict[str, t.Any] = {} if at is None else {self.cursor: at}
        rows = 0
        while True:
            body = ask({**fixed, **place})
            total = _whole(value_at(body, self.total)) if self.total else None
            if at == self.first and most is not None and total is not None and total > most:
                raise TooManyRecords(total)
            page = Page(records_at(body, records), body, total)
            rows += len(page.records)
            if self.rows_cap is not None and rows >= self.rows_cap:
                raise TooManyRecords(rows)
            following = value_at(body, self.next)
            finished = self.last_flag is not None and value_at(body, self.last_flag) == 1
            finished = finished or (self.until_empty and not page.records)
            finished = finished or (self.more is not None and value_at(body, self.more) not in _YES)
            yield page
            if finished or following in {None, ""} or str(following) in self.ends:
                return
            ahead = {name: value_at(body, path) for name, path in self.beside.items()}
            ahead[self.cursor] = following
            if ahead == place:
                return
            at, place = following, ahead


@dataclass(frozen=True, slots=True)
class Offset:
    """Rows counted from 0 (or a page times its size), with a total; read last to first.

    Attributes:
        offset: Parameter of the first row.
        size: Parameter of the page's size.
        limit: Records a page.
        total: Path of the total; empty where only `has_next` tells of more.
        rows_cap: The most rows that paging reaches.
        has_next: Path of a flag for "there is more", in place of the total; read first to last then,
            so only for lists from which nothing ever leaves.
    """

    offset: str
    size: str
    limit: int
    total: str = ""
    rows_cap: int | None = None
    has_next: str | None = None

    @property
    def reach(self) -> int | None:
        """The most records one list can deliver."""
        return self.rows_cap

    def pages(self, ask: Ask, records: str, *, most: int | None) -> Iterator[Page]:
        """Yield the pages: the only one, or the last to the first."""

        def as_offset(params: Mapping[str, t.Any]) -> t.Any:
            return ask({self.offset: (params["page"] - 1) * self.limit, self.size: self.limit})

        numbered: Paging = PageNumber("page", "size", self.limit, self.total)
        if self.has_next is not None:
            numbered = HasNext("page", "size", self.limit, self.has_next, forward=True)
        yield from numbered.pages(as_offset, records, most=most)


@dataclass(frozen=True, slots=True)
class OneShot:
    """Everything in one answer."""

    @property
    def reach(self) -> int | None:
        """One answer holds all there is."""
        return None

    def pages(self, ask: Ask, records: str, *, most: int | None) -> Iterator[Page]:
        """Yield the only page."""
        body = ask({})
        yield Page(records_at(body, records), body)


@dataclass(frozen=True, slots=True)
class Tree:
    """Lists of children, from the top down: those of each record are asked for in their turn.

    Attributes:
        node: Parameter that takes the id of the node whose children are wanted.
        id: Field of the raw records that holds their own ids.
        top: The id that the first call asks for; None leaves the parameter out.
        within: How the list of one node's children comes in pages.
    """

    node: str
    id: str
    top: t.Any = None
    within: Paging = OneShot()

    @property
    def reach(self) -> int | None:
        """The whole tree is reached, whatever its size."""
        return None

    def pages(self, ask: Ask, records: str, *, most: int | None) -> Iterator[Page]:
        """Yield the pages of each list; a node that vanished meanwhile has no children any more."""
        top: Mapping[str, t.Any] = {} if self.top is None else {self.node: self.top}
        waiting, seen = deque([top]), {self.top}
        while waiting:
            place = waiting.popleft()
            try:
                for page in self.within.pages(_below(ask, place), records, most=None):
                    found = [raw[self.id] for raw in page.records if raw.get(self.id) not in seen]
                    seen.update(found)
                    waiting.extend({self.node: node} for node in found)
                    # The total of one list says nothing of the tree's.
                    yield Page(page.records, page.body)
            except SkipError:
                if place is top:
                    raise


def _below(ask: Ask, place: Mapping[str, t.Any]) -> Ask:
    return lambda params: ask({**place, **params})


def _whole(value: t.Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
