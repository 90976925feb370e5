"""What is read at a time, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from openplatform.accounts import Account
from openplatform.errors import OpenPlatformError
from openplatform.finishing import Record
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
        streams: Streams whose records are wanted from this slice.
    """

    account: Account
    window: Window | None
    streams: tuple[PlatformStream, ...]
    owed: tuple[tuple[PlatformStream, str, str | None], ...] = ()
    planner: Planner | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some records of one stream, in the order in which they leave.

    Attributes:
        stream: The stream.
        records: Finished records.
        failed: Details that could not be fetched: id, list record's bookmark, reason.
        gone: Ids that the platform no longer knows, or has nothing to tell of.
        error: The whole stream is failing for this account.
    """

    stream: PlatformStream
    records: Sequence[Record]
    failed: Sequence[tuple[str, str | None, str]] = ()
    gone: Sequence[str] = ()
    error: OpenPlatformError | None = None
