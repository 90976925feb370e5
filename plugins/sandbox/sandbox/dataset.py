"""The rows of one entity of one account: generated lazily, changed by churn, never stored whole."""

from __future__ import annotations

import abc
import random
import typing as t
from collections.abc import Callable, Iterator, Mapping

import orjson
from typing_extensions import override

from sandbox.mixing import mix
from sandbox.order import DAY_MS, Order, Timeline
from sandbox.settings import SandboxSettings

Axis = t.Literal["updated", "created"]
Record = dict[str, t.Any]

_CACHE_BYTES = 96 * 1024 * 1024
_TRIES = 50
_LEAD_MS = 60_000
"""Every generated row was created at least this long before its update."""


class Row(t.NamedTuple):
    """One version of one row: its serial number from 0, and its times in epoch milliseconds."""

    serial: int
    version: int
    created: int
    updated: int


class Entity(abc.ABC):
    """What kind of rows a dataset holds: how they are named and what they contain.

    Attributes:
        name: The stream's name.
        per_order: Rows per order of the settings.
        precision_ms: Resolution of the platform's times.
        mutable: Whether churn touches this entity at all.
        frozen: Whether a row never changes once it is made, so that churn only adds.
        vanishes: Whether the platform lets rows disappear.
        dated: Whether a row carries a trustworthy update time.
        views: Further renderings of the same rows, such as details, by stream name.
    """

    name: t.ClassVar[str]
    per_order: t.ClassVar[float] = 1.0
    precision_ms: t.ClassVar[int] = 1000
    mutable: t.ClassVar[bool] = True
    frozen: t.ClassVar[bool] = False
    vanishes: t.ClassVar[bool] = False
    dated: t.ClassVar[bool] = True

    def size(self, orders: int) -> int:
        """Return how many rows the generated history has, given the number of orders."""
        return max(1, round(orders * self.per_order))

    def lasts(self, row: Row) -> bool:
        """Tell whether churn must not delete a row, such as the root of a tree."""
        return row.serial < 0

    def settled(self, data: Dataset, row: Row) -> bool:
        """Tell whether a row has reached its end and never changes again, such as a decided form."""
        return False

    @property
    def views(self) -> Mapping[str, Callable[[Dataset, Row], Record]]:
        """Return further renderings of the rows, by stream name."""
        return {}

    @abc.abstractmethod
    def key(self, data: Dataset, row: Row) -> str:
        """Return the key of a row."""

    @abc.abstractmethod
    def index(self, data: Dataset, key: str) -> int | None:
        """Return the index that a key belongs to if it were one of ours, whatever its state."""

    @abc.abstractmethod
    def render(self, data: Dataset, row: Row) -> Record:
        """Return the content of a row as the list call shows it."""


class Numbered(Entity):
    """An entity whose keys are consecutive numbers.

    Attributes:
        first: The number of the first row of account 0.
        spread: How far apart the numbers of two accounts begin.
        prefix: Text before the number.
    """

    first: t.ClassVar[int] = 1
    spread: t.ClassVar[int] = 0
    prefix: t.ClassVar[str] = ""

    def number(self, data: Dataset, row: Row) -> int:
        """Return the number in a row's key."""
        return self.first + data.number * self.spread + row.serial

    @override
    def key(self, data: Dataset, row: Row) -> str:
        return f"{self.prefix}{self.number(data, row)}"

    @override
    def index(self, data: Dataset, key: str) -> int | None:
        digits = key.removeprefix(self.prefix)
        if not digits.isdigit():
            return None
        return int(digits) - self.first - data.number * self.spread


class Dataset:
    """Rows of one entity of one account.

    Not thread-safe: the world's lock makes each response one consistent instant. `revision` grows
    with every change, and `told` hears of it.
    """

    def __init__(
        self,
        entity: Entity,
        *,
        account: str,
        number: int,
        settings: SandboxSettings,
        end_ms: int,
        peer: Callable[[str], Dataset],
    ) -> None:
        self.entity = entity
        self.account = account
        self.number = number
        self.seed = mix(settings.seed, number, len(account), sum(account.encode()))
        self.peer = peer
        self.size = entity.size(settings.size)
        self._start_ms = end_ms - int(settings.history_days * DAY_MS)
        self._timeline = Timeline(
            self.size,
            self._start_ms,
            end_ms,
            precision_ms=entity.precision_ms,
            event_density=settings.event_density,
            same_second=settings.same_second,
        )
        self._orders: dict[Axis, Order] = {
            "updated": Order(self.size, self._timeline.at),
            "created": Order(self.size, self._created_at),
        }
        self._changed: dict[int, Row] = {}
        self._deleted: dict[int, Row] = {}
        self.revision = 0
        self.told: Callable[[t.Literal["insert", "update", "delete"], Row], None] | None = None
        self._next = self.size
        self._json: dict[tuple[str, int], tuple[Row, bytes]] = {}
        self._json_bytes = 0
        self._last_read: tuple[int, int] = (0, 0)

    # -- reading ---------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._orders["updated"])

    def _created_at(self, index: int) -> int:
        moment = self._start_ms + (self._timeline.at(index) - self._start_ms) * 99 // 100 - _LEAD_MS
        return moment - moment % self.entity.precision_ms

    def generated(self, index: int) -> Row:
        """Return a row of the history as it was before any churn."""
        return Row(index, 1, self._created_at(index), self._timeline.at(index))

    def row(self, index: int | None) -> Row | None:
        """Return the present version of a row; None when it never existed or is gone."""
        if index is None or index in self._deleted or not 0 <= index < self._next:
            return None
        return self._changed.get(index) or self.generated(index)

    def find(self, key: str) -> Row | None:
        """Return the present version of the row with this key."""
        row = self.row(self.entity.index(self, key))
        return row if row is not None and self.key(row) == key else None

    def key(self, row: Row) -> str:
        """Return the key of a row."""
        return self.entity.key(self, row)

    def _ranks(self, start: int | None, end: int | None, axis: Axis) -> tuple[int, int]:
        order = self._orders[axis]
        first = 0 if start is None else order.rank(start)
        last = len(order) if end is None else order.rank(end)
        return first, max(first, last)

    def count(
        self, start: int | None = None, end: int | None = None, axis: Axis = "updated"
    ) -> int:
        """Count the rows whose time lies in `[start, end)`, epoch milliseconds."""
        first, last = self._ranks(start, end, axis)
        return last - first

    def slice(
        self,
        start: int | None = None,
        end: int | None = None,
        *,
        offset: int = 0,
        limit: int | None = None,
        ascending: bool = True,
        axis: Axis = "updated",
    ) -> list[Row]:
        """Return a page of the rows whose time lies in `[start, end)`, in the order of that time."""
        first, last = self._ranks(start, end, axis)
        self._last_read = (first, last)
        size = last - first if limit is None else limit
        if ascending:
            low, high = first + offset, min(last, first + offset + size)
        else:
            low, high = max(first, last - offset - size), last - offset
        rows = list(self._rows(low, high, axis))
        return rows if ascending else rows[::-1]

    def after(
        self, moment: int, index: int, end: int | None, limit: int, axis: Axis = "updated"
    ) -> list[Row]:
        """Return the rows that sort beyond (moment, index) and before `end`: a keyset page."""
        order = self._orders[axis]
        first = order.rank(moment, index + 1)
        last = len(order) if end is None else order.rank(end)
        self._last_read = (first, max(first, last))
        return list(self._rows(first, min(last, first + limit), axis))

    def before(
        self, moment: int, index: int, start: int | None, limit: int, axis: Axis = "updated"
    ) -> list[Row]:
        """Return the rows that sort ahead of (moment, index), newest first: a descending page."""
        order = self._orders[axis]
        last = order.rank(moment, index)
        first = 0 if start is None else order.rank(start)
        self._last_read = (min(first, last), last)
        return list(self._rows(max(first, last - limit), last, axis))[::-1]

    def _rows(self, low: int, high: int, axis: Axis) -> Iterator[Row]:
        if low >= high:
            return
        for index in self._orders[axis].between(low, high):
            yield self._changed.get(index) or self.generated(index)

    def rows(self) -> Iterator[Row]:
        """Yield all living rows by update time."""
        return self._rows(0, len(self), "updated")

    def deleted(self) -> list[Row]:
        """Return the last version of every row that was deleted."""
        return list(self._deleted.values())

    def render(self, row: Row, view: str = "") -> Record:
        """Return the content of a row, in the list's form or in that of a view."""
        if view and view != self.entity.name:
            return self.entity.views[view](self, row)
        return self.entity.render(self, row)

    def json(self, row: Row, view: str = "") -> bytes:
        """Return the content of a row as JSON, rendered once per version."""
        place = (view, row.serial)
        known = self._json.get(place)
        if known is not None and known[0] == row:
            return known[1]
        # a copy: the bytes that orjson returns keep its whole working buffer alive
        text = bytes(memoryview(orjson.dumps(self.render(row, view))))
        if self._json_bytes > _CACHE_BYTES:
            self._json.clear()
            self._json_bytes = 0
        self._json[place] = (row, text)
        self._json_bytes += len(text)
        return text

    def json_list(self, rows: t.Iterable[Row], view: str = "") -> orjson.Fragment:
        """Return rows as one JSON array that orjson embeds as it is."""
        return orjson.Fragment(b"[" + b",".join([self.json(row, view) for row in rows]) + b"]")

    # -- changing --------------------------------------------------------------------------------

    def _floor(self, moment: int) -> int:
        return moment - moment % self.entity.precision_ms

    def update(self, index: int, moment: int) -> Row:
        """Give a living row its next version at this moment."""
        row = self.row(index)
        if row is None:
            msg = f"{self.entity.name} of {self.account} has no living row {index}"
            raise KeyError(msg)
        new = row._replace(version=row.version + 1, updated=max(self._floor(moment), row.updated))
        self._orders["updated"].remove(index, row.updated)
        self._orders["updated"].place(index, new.updated)
        self._changed[index] = new
        self._tell("update", new)
        return new

    def insert(self, moment: int) -> Row:
        """Add a row that is created at this moment."""
        moment = self._floor(moment)
        row = Row(self._next, 1, moment, moment)
        self._next += 1
        self._changed[row.serial] = row
        self._orders["updated"].place(row.serial, moment)
        self._orders["created"].place(row.serial, moment)
        self._tell("insert", row)
        return row

    def delete(self, index: int) -> Row:
        """Make a living row vanish."""
        row = self.row(index)
        if row is None:
            msg = f"{self.entity.name} of {self.account} has no living row {index}"
            raise KeyError(msg)
        self._orders["updated"].remove(index, row.updated)
        self._orders["created"].remove(index, row.created)
        self._changed.pop(index, None)
        self._deleted[index] = row
        self._tell("delete", row)
        return row

    def _tell(self, kind: t.Literal["insert", "update", "delete"], row: Row) -> None:
        self.revision += 1
        if self.told is not None:
            self.told(kind, row)

    def choose(self, chance: random.Random) -> int | None:
        """Choose a living row that may change; every second time one from the range read last."""
        for _ in range(_TRIES):
            index = self._any(chance)
            row = self.row(index)
            if row is None or not self.entity.settled(self, row):
                return index
        return None

    def _any(self, chance: random.Random) -> int | None:
        low, high = self._last_read
        high = min(high, len(self))
        if not 0 <= low < high or chance.random() < 0.5:
            low, high = 0, len(self)
        if low >= high:
            return None
        return next(self._orders["updated"].between(rank := chance.randrange(low, high), rank + 1))
