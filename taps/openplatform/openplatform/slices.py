"""What is read at a time, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from openplatform.accounts import Account
from openplatform.bookmarks import Bookmark
from openplatform.errors import OpenPlatformError
from openplatform.records import Record
from openplatform.streams import PlatformStream
from openplatform.windows import Planner, Window


@dataclass(frozen=True)
class Slice:
    """The unit that runs in parallel.

    Attributes:
        account: The account.
        window: The window; None for lists without one.
        owed: Ids to fetch again instead of a list: of failures and of open records.
        planner: Told how many records the window held.
        after: Positions, by stream, up to which records are already known.
        streams: Streams whose records are wanted from this slice.
    """

    account: Account
    window: Window | None
    streams: tuple[PlatformStream, ...]
    owed: tuple[tuple[PlatformStream, str, str | None], ...] = ()
    planner: Planner | None = field(default=None, compare=False)
    after: Mapping[str, Bookmark] = field(default_factory=dict, compare=False)


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
        error: The whole stream is failing for this account.
    """

    stream: PlatformStream
    records: Sequence[Record]
    lines: bytes = b""
    count: int = 0
    ids: Sequence[str] = ()
    open_ids: Sequence[str] = ()
    failed: Sequence[tuple[str, str | None, str]] = ()
    gone: Sequence[str] = ()
    error: OpenPlatformError | None = None
