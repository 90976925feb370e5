"""What a stream declares: how its list is read, what it goes through, how it is counted.

`Incremental` is read by time windows, `FullTable` under one version, `Details` by the ids of another
stream.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from openplatform.paging import OneShot, Paging
from openplatform.paths import records_at
from openplatform.windows import TimeFilter

DEFAULT_LOOKBACK = timedelta(minutes=10)
_ONE_SHOT = OneShot()


@dataclass(frozen=True, slots=True)
class Each:
    """The list is asked for once per value (or batch of values), mostly of another stream.

    Attributes:
        of: Name of the other stream.
        field: Field of its records.
        param: Parameter that takes the value, or the list of values when batched.
        values: Fixed values, instead of those of another stream.
        batch: Values per call; None for one at a time. The setting `batch` of the stream lowers it.
        carry: Field of our records that takes the value; None to leave it out.
        setting: Setting that names another stream to go through instead.
        chosen: Setting, of the account or of all, that lists the values to go through instead.
            Without `of` and `values` it must be given.
        both: Go through the values that are given beside those of the other stream, not instead.
    """

    of: str = ""
    field: str = ""
    param: str = ""
    values: tuple[t.Any, ...] = ()
    batch: int | None = None
    carry: str | None = None
    setting: str | None = None
    chosen: str | None = None
    both: bool = False


@dataclass(frozen=True, slots=True)
class RowVersions:
    """A number that each change gives a row anew, larger than all before; a list can begin at one.

    Pages are not turned: each call begins at the largest number of the one before, so what moves
    meanwhile moves to the end. The rows come in the order of their numbers.

    Attributes:
        param: Parameter that takes the number; the row that has it comes once more.
        number: Field of the raw records that holds theirs.
        first: The number to begin with.
        params: Further parameters of such calls, in place of the stream's own.
    """

    param: str
    number: str
    first: int = 1
    params: Mapping[str, t.Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Incremental:
    """Read by time windows; the bookmark follows.

    Attributes:
        time: How the platform filters by time.
        paging: How a window's list comes in pages.
        lookback: How far before the bookmark each run begins.
        each: Lists to go through within every window.
        confirm_empty: Ask again when a window seems empty (platforms with a lagging index).
        versions: How it can be read by row versions instead, where the platform has them.
        history: How far back the first run begins when nobody says: further for lists of what there
            is than for those of what happens.
    """

    time: TimeFilter
    paging: Paging = _ONE_SHOT
    lookback: timedelta = DEFAULT_LOOKBACK
    each: tuple[Each, ...] = ()
    confirm_empty: bool = False
    versions: RowVersions | None = None
    history: timedelta = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class FullTable:
    """Read as a whole under one version; what a complete read did not bring is gone.

    Attributes:
        paging: How the list comes in pages.
        each: Lists to go through.
        time: Read in windows of this filter, where paging cannot reach the whole list.
        confirm_absence: Complete reads in a row that must miss a row before it counts as gone; 2
            where the list promises no stable order or no total.
        activates: False where absence says nothing (a list that shows only the newest, say).
        distinct: Of a record that several of the lists bring, only the first leaves.
    """

    paging: Paging = _ONE_SHOT
    each: tuple[Each, ...] = ()
    time: TimeFilter | None = None
    confirm_absence: int = 1
    activates: bool = True
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Details:
    """Fetched by an id that another stream's records carry: one by one, or what many share in batches.

    Attributes:
        of: Name of the other stream.
        field: Field of its records that holds the id; in batches, a path to it.
        param: Parameter that takes the id, or the list of ids in batches.
        carry: Field of our records that takes the id; None where the answer holds it.
        final: Field and values of our record that make it final. Others are fetched again in each
            run, however old they are.
        cache: How long an answer serves again, for APIs that several streams or runs of ids share.
        batch: Ids per call. The ids are collected while the other stream is read, which waits for
            nothing, and kept in the state; each is asked for once, when all of it has come. The
            setting `batch` of the stream lowers it.
        further: More paths of ids, in batches.
    """

    of: str
    field: str
    param: str
    carry: str | None = None
    final: tuple[str, frozenset[str]] | None = None
    cache: timedelta | None = None
    batch: int | None = None
    further: tuple[str, ...] = ()

    def collected(self, records: Iterable[Mapping[str, t.Any]]) -> list[str]:
        """Return the distinct ids that records of the other stream carry."""
        paths = (self.field, *self.further)
        found = (value for r in records for path in paths for value in records_at(r, path))
        return list(dict.fromkeys(str(value) for value in found if value is not None))

    def identifier(self, key: tuple[str, ...], record: Mapping[str, t.Any]) -> str:
        """Return the id that a record was asked for by; `key` is its stream's."""
        return str(record.get(self.carry or key[0]))

    def open(self, record: Mapping[str, t.Any]) -> bool:
        """Tell whether a record may still change, so that it is fetched again."""
        return self.final is not None and str(record.get(self.final[0])) not in self.final[1]


@dataclass(frozen=True, slots=True)
class ById:
    """How records of a list are fetched by their ids, besides the list's own windows and pages.

    Attributes:
        param: Parameter that takes the id, or the list of ids when batched.
        batch: Ids per call; None for one at a time.
        api: API to ask, where that is not the list's own. It may tell more than the list does.
        records: Path of the records in that API's answer.
        carry: Parameters of the call, as `arguments` makes them, that our records take as fields.
    """

    param: str
    batch: int | None = None
    api: str | None = None
    records: str = ""
    carry: tuple[str, ...] = ()


Reads = Incremental | FullTable | Details


@dataclass(frozen=True, slots=True)
class CountCall:
    """An API that only counts, for a list whose own answers tell no total.

    Attributes:
        api: The platform's name of the API; it takes the list's parameters.
        total: Path of the number in its answer.
    """

    api: str
    total: str


@dataclass(frozen=True, slots=True)
class CountField:
    """A business field that the platform can count by, since its list takes one value as a filter.

    Attributes:
        param: Parameter that takes the value.
        values: All values.
        path: Where our record holds it: a field, or a dotted path into one.
    """

    param: str
    values: tuple[str, ...]
    path: str
