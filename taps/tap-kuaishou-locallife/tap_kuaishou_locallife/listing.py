"""Lists whose answers nobody has described: where their rows are, and where the next page begins."""

from __future__ import annotations

import hashlib
import typing as t
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec
from openplatform.paging import Ask, Page

_canonical = msgspec.json.Encoder(order="deterministic").encode


def rows_of(body: t.Any, name: str = "") -> list[t.Any]:
    """Return the rows of an answer: the list of this name, else the only list that it holds."""
    data = body.get("data") if isinstance(body, Mapping) else None
    if isinstance(data, list):
        return data
    if not isinstance(data, Mapping):
        return []
    named = data.get(name)
    lists = [value for value in data.values() if isinstance(value, list)]
    if isinstance(named, list):
        return named
    return lists[0] if len(lists) == 1 else []


def kept_whole(raw: t.Any) -> dict[str, t.Any]:
    """Return a record of fields that nobody has described: whole, and known by what it holds."""
    return {"digest": hashlib.sha256(_canonical(raw)).hexdigest()[:32], "content": raw}


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
        while True:
            body = ask({"cursor": at, "size": self.limit})
            rows = rows_of(body, self.name)
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
        while True:
            body = ask({self.page: number, self.size: self.limit})
            rows = rows_of(body)
            count = len(rows)
            yield Page(rows, body)
            if not count:
                return
            number += 1
