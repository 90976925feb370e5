"""What a stream is: a class whose body is attributes.

A stream declares which API it calls, where the records are, what identifies and dates them, and, in
the words of `openplatform.declarations`, how the list is read.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from typing_extensions import override

from openplatform import schemas
from openplatform.accounts import Account
from openplatform.bookmarks import Bookmark, format_time
from openplatform.declarations import ById, CountCall, CountField, Details, Reads
from openplatform.errors import SkipError
from openplatform.freshness import Reading
from openplatform.partitions import ACCOUNT, REPLICATION_KEY
from openplatform.paths import value_at
from openplatform.personal import Policy, Shield
from openplatform.records import Record

if t.TYPE_CHECKING:
    from openplatform.tap import PlatformTap

READ_AT = "_read_at"
RAW = "_raw"
# Large enough to spend few calls on borders, small enough for several to be read side by side.
_PAGES_PER_WINDOW = 16
_PAGES_IN_FLIGHT = 64
_DEFAULT_PAGE = 100


class PlatformStream(Stream):
    """Base of all streams.

    Attributes:
        api: The platform's name of the API.
        records: Path of the records in an answer.
        key: Fields that identify a record within an account.
        reads: How the list is read.
        by_id: How single records of the list are fetched; None where the platform cannot.
        ended_by: Kinds of events after which an entity may be gone, so that "not found" is no failure.
        lift: Top-level fields made from nested ones: name to path.
        updated: Field with the record's update time: orders the versions of a record.
        happened: Field with the time that windows filter by, where that is not the update time.
        params: Parameters that are the same in every call.
        value_as: Name of the field that a record which is a plain value becomes.
        nulls: Texts that mean "nothing" on this platform.
        package: Import package that holds the folder `schemas`.
        shaped_as: Name of the stream whose schema this one has as well.
        confirmed: Whether the platform's own documents tell of it; else public clients do, or it is
            inferred, and the tap's README says which.
        made_schema: The content of the schema file itself, where settings make the stream.
        count_call: API that counts the list's records, where the list itself tells no total.
        count_fields: Business fields that the list can be counted by, by name.
    """

    api: t.ClassVar[str]
    records: t.ClassVar[str]
    key: t.ClassVar[tuple[str, ...]]
    reads: t.ClassVar[Reads]
    by_id: t.ClassVar[ById | None] = None
    ended_by: t.ClassVar[frozenset[str]] = frozenset()
    lift: t.ClassVar[Mapping[str, str]] = {}
    updated: t.ClassVar[str | None] = None
    happened: t.ClassVar[str | None] = None
    params: t.ClassVar[Mapping[str, t.Any]] = {}
    value_as: t.ClassVar[str | None] = None
    nulls: t.ClassVar[frozenset[str]] = frozenset()
    package: t.ClassVar[str]
    shaped_as: t.ClassVar[str | None] = None
    confirmed: t.ClassVar[bool] = True
    made_schema: t.ClassVar[schemas.Schema | None] = None
    count_call: t.ClassVar[CountCall | None] = None
    count_fields: t.ClassVar[Mapping[str, CountField]] = {}

    state_partitioning_keys = (ACCOUNT,)
    # Records are shaped by their schema before the SDK sees them.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(self, tap: PlatformTap, *, incremental: bool) -> None:
        name = self.shaped_as or self.name
        self.source_schema = self.made_schema or schemas.load(self.package, name)
        self.shield = Shield(Policy.read(tap.config, self.name), self.source_schema)
        open_key = self.shield.fields.isdisjoint(self.key)
        self._shown = self.identifiers if open_key else self._hidden
        own = type(self).flatten is not PlatformStream.flatten
        self._flat = not (own or self.lift or self.value_as)
        self.incremental = incremental
        super().__init__(tap=tap, schema=self._full_schema(tap), name=self.name)
        self.primary_keys = (ACCOUNT, *self.key)
        self.replication_key = REPLICATION_KEY if incremental else None

    @property
    def versioned_by_reading(self) -> bool:
        """Whether the moment of reading is all that orders a record's versions."""
        return not (self.incremental and self.updated)

    @property
    def by_version(self) -> bool:
        """Whether the list is read by row versions; override for a platform that has them.

        A list that is read together with its details is read by time all the same.
        """
        return False

    @property
    def fetchable(self) -> bool:
        """Whether single records can be fetched by their ids."""
        return isinstance(self.reads, Details) or self.by_id is not None

    def _full_schema(self, tap: PlatformTap) -> schemas.Schema:
        properties = {ACCOUNT: schemas.ACCOUNT}
        if self.incremental:
            properties[REPLICATION_KEY] = schemas.BOOKMARK
        if self.versioned_by_reading:
            properties[READ_AT] = schemas.READ_AT
        left = self.shield.schema(self.source_schema)
        properties.update(schemas.published(left["properties"]))
        if tap.config.get("include_raw"):
            properties[RAW] = schemas.RAW
        return {"type": "object", "properties": properties}

    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Return the parameters as this API wants them; override only for a quirk."""
        return params

    def written(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Return the parameters of a call for single records, whose ids came from outside.

        Raises:
            SkipError: An id is none that this platform could have given.
        """
        try:
            return self.arguments(account, params)
        except ValueError as exc:
            why = f" ({exc})" if self.shield.idle else ""
            msg = f"{self.name}, account {account.id}: an id is none of this platform{why}"
            raise SkipError(msg) from exc

    def in_order(self, account: Account, values: list[t.Any]) -> list[t.Any]:
        """Return the values that the list is asked for, in their order; override only for a quirk."""
        return values

    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """Return a raw record with its lifted fields; override only for a quirk."""
        if self.value_as is not None and not isinstance(raw, Mapping):
            return {self.value_as: raw}
        if not self.lift:
            return t.cast("dict[str, t.Any]", raw)
        return {**raw, **{name: value_at(raw, path) for name, path in self.lift.items()}}

    def flattened(self, raws: list[t.Any]) -> list[dict[str, t.Any]]:
        """Return the raw records of a page with their lifted fields."""
        return raws if self._flat else [self.flatten(raw) for raw in raws]

    def finish(
        self,
        records: Sequence[dict[str, t.Any]],
        *,
        account: Account,
        fallback: datetime | None,
        reading: Reading,
    ) -> None:
        """Add the library's own fields to shaped records.

        Args:
            records: The records, with their keys.
            account: Their account.
            fallback: Time of the bookmark where a record tells none.
            reading: When they were read.
        """
        for record in records:
            record[ACCOUNT] = account.id
        if self.incremental:
            self._place(records, format_time(fallback) if fallback else reading.at, reading)
        if self.versioned_by_reading:
            for record in records:
                record[READ_AT] = reading.at

    def _place(self, records: Sequence[dict[str, t.Any]], fallback: str, reading: Reading) -> None:
        """Give records their places in the total order."""
        time = self.updated or self.happened or ""
        told = [record.get(time) for record in records]
        if self.updated and max(filter(None, told), default="") > reading.settled:
            told = [moment and reading.place(moment) for moment in told]
        for record, moment, identifier in zip(records, told, self._shown(records), strict=True):
            record[REPLICATION_KEY] = f"{moment or fallback}@{identifier}"

    @property
    def hides_ids(self) -> bool:
        """Whether the ids of what leaves are not those that the platform knows."""
        return not self.shield.fields.isdisjoint((*self.key, getattr(self.reads, "carry", None)))

    def leaving(self, records: Sequence[Record]) -> Sequence[Record]:
        """Return finished records as they leave: without what identifies a person, if that is set."""
        return records if self.shield.idle else self.shield.records(records)

    def _hidden(self, records: Sequence[Mapping[str, t.Any]]) -> list[str]:
        """Return the ids that leave: the ends of bookmarks, which order the records of one moment."""
        keys = [{name: record.get(name) for name in self.key} for record in records]
        return [self.identifier(left) for left in self.shield.records(keys)]

    def records_per_window(self, wanted: int | None) -> int:
        """Return how many records a window shall hold: what the settings say, or some pages.

        A window costs a page or two beside its records, so with few calls in flight it is larger.
        """
        paging = getattr(self.reads, "paging", None)
        pages = max(_PAGES_PER_WINDOW, _PAGES_IN_FLIGHT // self.tap.concurrency)
        target = wanted or getattr(paging, "limit", _DEFAULT_PAGE) * pages
        reach: int | None = getattr(paging, "reach", None)
        return target if reach is None else min(reach, target)

    def identifier(self, record: Mapping[str, t.Any]) -> str:
        """Return the record's id within its account; parts of a composite key joined by `|`."""
        if len(self.key) == 1:
            return str(record.get(self.key[0]))
        return "|".join(str(record.get(name)) for name in self.key)

    def identifiers(self, records: Sequence[Mapping[str, t.Any]]) -> list[str]:
        """Return the ids of records that have their keys."""
        if len(self.key) == 1:
            return list(map(str, map(itemgetter(self.key[0]), records)))
        return [self.identifier(record) for record in records]

    def position(self, record: Mapping[str, t.Any]) -> Bookmark:
        """Return a finished record's place in the total order."""
        return Bookmark.parse(record[REPLICATION_KEY])

    @property
    @override
    def partitions(self) -> list[dict[str, t.Any]]:
        return [{ACCOUNT: account.id} for account in self.tap.settings.accounts]

    @property
    def tap(self) -> PlatformTap:
        """The tap that this stream belongs to."""
        return t.cast("PlatformTap", self._tap)

    @override
    def get_records(self, context: Mapping[str, t.Any] | None) -> Iterable[dict[str, t.Any]]:
        """Yield the records of one account, serially: what the SDK's own loop and `--test` use."""
        return self.tap.read_serially(self, context)
