"""Lists that the platform holds ready for a few seconds only, and that are drained at once."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from dataclasses import dataclass

from openplatform.paging import Ask, Page, TooManyRecords
from openplatform.paths import records_at, value_at


@dataclass(frozen=True, slots=True)
class Scroll:
    """A view that expires when the next call of it is late; each call brings the records that follow.

    All pages are asked for before the first one is handed on, so that whoever takes them may take
    his time; windows keep what is held small. A view that expired may look like one that ended, so
    the total of the first answer holds for all pages, and must come in full.

    Attributes:
        cursor: Parameter that names the view; empty in the first call.
        next: Path of its name in an answer. It may stay the same from call to call.
        size: Parameter of the page's size.
        limit: Records a page.
        total: Path of the total.
    """

    cursor: str
    next: str
    size: str
    limit: int
    total: str
    exact: t.ClassVar[bool] = True
    """A list that brings fewer records than its total is not complete, however often it does so."""

    @property
    def reach(self) -> int | None:
        """Views reach everything."""
        return None

    def pages(self, ask: Ask, records: str, *, most: int | None) -> Iterator[Page]:
        """Yield the pages, first to last, once the last one is there."""
        first = ask({self.cursor: "", self.size: self.limit})
        told = value_at(first, self.total)
        total = None if told is None else int(told)
        if most is not None and total is not None and total > most:
            raise TooManyRecords(total)
        held = [Page(records_at(first, records), first, total)]
        at = value_at(first, self.next)
        while held[-1].records and at:
            body = ask({self.cursor: at, self.size: self.limit})
            held.append(Page(records_at(body, records), body, total))
            at = value_at(body, self.next)
        yield from held
