"""What a task is: a file that tells a tap to do something else than a sync.

`syncops reconcile` writes such files and reads what came of them; `taskruns` does them.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from pathlib import Path

import msgspec

from openplatform.bookmarks import Bookmark
from openplatform.errors import ConfigurationError
from openplatform.windows import Window


class Wanted(msgspec.Struct, frozen=True):
    """A record by its id, and the time of its bookmark where that is known."""

    id: str
    at: str | None = None


class Part(msgspec.Struct, frozen=True):
    """What to do for one stream of one account.

    Attributes:
        do: `count`, read `ids` and update times, `look` for single records, or `fetch` them.
        stream: The stream.
        account: The account's id.
        windows: Start and end of the stretches to count or to read; None for the whole list.
        bucket: `hour` or `day`: counts are told by these; `range` for one number per window.
        field: Business field that counts are told by as well.
        ids: Records to fetch, or to look for.
        pages: Calls that it takes to read the windows, where they may be read instead of the ids.
    """

    do: t.Literal["count", "ids", "look", "fetch"]
    stream: str
    account: str
    windows: tuple[tuple[str, str], ...] | None = None
    bucket: str = "day"
    field: str = ""
    ids: tuple[Wanted, ...] = ()
    pages: int | None = None

    def stretches(self) -> Iterator[Window]:
        """Yield the windows."""
        for start, end in self.windows or ():
            yield Window(Bookmark.parse(start).time, Bookmark.parse(end).time)


class Task(msgspec.Struct, frozen=True):
    """A task, as its file holds it.

    Attributes:
        results: File that takes what was found, a JSON object a line.
        parts: What to do, in this order.
    """

    results: str
    parts: tuple[Part, ...]

    @classmethod
    def read(cls, path: Path) -> Task:
        """Read a task.

        Raises:
            ConfigurationError: The file cannot be read, or holds none.
        """
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except (OSError, msgspec.MsgspecError) as exc:
            msg = f"Setting task: {path} holds no task ({exc}). `syncops reconcile` writes such files."
            raise ConfigurationError(msg) from exc
