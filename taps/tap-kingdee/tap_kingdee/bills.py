"""How rows of 云·星空 come in pages: no answer tells how many there are, and lists move."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from openplatform.errors import FatalError
from openplatform.paging import Ask, HasNext, Page

from tap_kingdee.k3cloud import LIMIT, QUERY

_ROUND = 100
Raw = dict[str, t.Any]


@dataclass(frozen=True, slots=True)
class Bills:
    """Rows in the order of their keys, each page behind the last row of the one before.

    Nothing is shifted by what changes meanwhile, and keys never change. The rows of one bill follow
    each other, also over the border of a page, and become one record.

    Attributes:
        head: Fields of the bill, its key first.
        entry: Name of the list that takes its rows; empty where only the head is asked for.
        rows: Fields of the rows, their key first.
        limit: Rows a page.
    """

    head: tuple[str, ...]
    entry: str = ""
    rows: tuple[str, ...] = ()
    limit: int = LIMIT

    @property
    def reach(self) -> int | None:
        """Keys reach everything."""
        return None

    def pages(self, ask: Ask, records: str, *, most: int | None) -> Iterator[Page]:
        """Yield the pages, first to last; a bill that goes on in the next page leaves with that."""
        place: dict[str, t.Any] = {}
        held: list[Raw] = []
        while True:
            answer = ask({"Limit": self.limit, **place})
            bills = held + self._bills(answer, held)
            # A server that cuts at a number of its own cuts at a round one.
            last = not answer or (len(answer) < self.limit and len(answer) % _ROUND > 0)
            held = bills[-1:] if self.entry and not last else []
            yield Page(bills[: len(bills) - len(held)], answer)
            if last:
                return
            place = {"after": answer[-1][0]}
            if self.entry:
                place["after_row"] = answer[-1][len(self.head)]

    def _bills(self, answer: t.Any, held: list[Raw]) -> list[Raw]:
        """Return the bills of a page; rows of the one that is held go there."""
        fields, width = self.head, len(self.head) + len(self.rows)
        found: list[Raw] = []
        bill = held[-1] if held else None
        for values in answer:
            if not isinstance(values, list) or len(values) != width:
                msg = f"{QUERY} answered with a row that has not the {width} fields asked for"
                raise FatalError(msg)
            if bill is None or not self.entry or bill[fields[0]] != values[0]:
                bill = dict(zip(fields, values, strict=False))
                found.append(bill)
                if self.entry:
                    bill[self.entry] = []
            if self.entry and values[len(fields)] is not None:
                bill[self.entry].append(dict(zip(self.rows, values[len(fields) :], strict=True)))
        return found


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows without a key, by their place in an order; read last to first, since they move.

    Attributes:
        fields: Their fields.
        values: Those that do not tell rows apart.
        limit: Rows a page.
    """

    fields: tuple[str, ...]
    values: frozenset[str]
    limit: int = LIMIT

    @property
    def reach(self) -> int | None:
        """Any row can be asked for."""
        return None

    def pages(self, ask: Ask, records: str, *, most: int | None) -> Iterator[Page]:
        """Yield the pages, the last one first."""

        def page(params: Mapping[str, t.Any]) -> t.Any:
            answer = ask({"StartRow": (params["page"] - 1) * self.limit, "Limit": self.limit})
            rows = [dict(zip(self.fields, values, strict=True)) for values in answer]
            if len({self._apart(row) for row in rows}) < len(rows):
                msg = (
                    "two rows of stock are alike but for their amounts; add what tells them apart to "
                    "add_fields of the stream in the setting forms, such as FOwnerId.FNumber"
                )
                raise FatalError(msg)
            return {"rows": rows, "more": len(answer) >= self.limit}

        yield from HasNext("page", "size", self.limit, "more").pages(page, "rows[]", most=most)

    def _apart(self, row: Raw) -> str:
        return repr([row[name] for name in self.fields if name not in self.values])
