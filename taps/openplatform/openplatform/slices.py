"""What is read at a time, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from openplatform.accounts import Account
from openplatform.bookmarks import Bookmark
from openplatform.errors import OpenPlatformError
from openplatform.records import Record
from openplatform.streams import PlatformStream
from openplatform.windows import Planner, Window


class Wanted(NamedTuple):
    """A record to fetch by its id.

    Attributes:
        stream: Its stream.
        id: Its id.
        bookmark: Bookmark of the list record it belongs to; None without one.
        awaited: We were told that it exists, so "not found" means "not yet".
    """

    stream: PlatformStream
    id: str
    bookmark: str | None = None
    awaited: bool = False


@dataclass(frozen=True)
class Slice:
    """The unit that runs in parallel.

    Attributes:
        account: The account.
        window: The window; None for lists without one.
        owed: Records to fetch by id instead of a list: failures, open records, what events name.
        planner: Told how many records the window held.
        after: Positions, by stream, up to which records are already known.
        streams: Streams whose records are wanted from this slice.
        waiting: Ids, by stream, that are owed and would be settled if the list brought them.
        version: The version of full-table rows that it fetches by id; None for the run's own.
        through: Position in the event log up to which all is done with this slice.
        row_version: The row version to read on from; None for lists that are read otherwise.
    """

    account: Account
    window: Window | None
    streams: tuple[PlatformStream, ...]
    owed: tuple[Wanted, ...] = ()
    planner: Planner | None = field(default=None, compare=False)
    after: Mapping[str, Bookmark] = field(default_factory=dict, compare=False)
    waiting: Mapping[str, frozenset[str]] = field(default_factory=dict, compare=False)
    version: int | None = None
    through: int | None = None
    row_version: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Some records of one stream, in the order in which they leave.

    Attributes:
        stream: The stream.
        records: Finished records, where the SDK must still map them; none once they are `lines`.
        lines: The RECORD messages, ready to be written.
        count: How many records.
        ids: What they are known by: to the detail call, or among a full table's rows.
        open_ids: Those of the ids whose records are not final.
        failed: Details that could not be fetched: id, list record's bookmark, reason.
        gone: Ids that the platform no longer knows, or has nothing to tell of.
        awaited: Those of the failed ids that we were told of and that are not there yet.
        error: The whole stream is failing for this account.
        row_version: Up to which row version all has come, and will not come again.
        collected: Ids to ask for when the list has been read, in batches.
    """

    stream: PlatformStream
    records: Sequence[Record]
    lines: bytes = b""
    count: int = 0
    ids: Sequence[str] = ()
    open_ids: Sequence[str] = ()
    failed: Sequence[tuple[str, str | None, str]] = ()
    gone: Sequence[str] = ()
    awaited: frozenset[str] = frozenset()
    error: OpenPlatformError | None = None
    row_version: int | None = None
    collected: Sequence[str] = ()
