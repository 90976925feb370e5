"""Failures as they stand in the states: found by stream, account and id, and changed in place.

A failure is an entry of the list `failures` of a partition. Keys that we do not know stay as they are.
"""

from __future__ import annotations

import copy
import enum
import typing as t
from dataclasses import dataclass
from datetime import datetime

from openplatform.bookmarks import Bookmark, format_time
from openplatform.errors import ConfigurationError

from syncops.bookmarks.partitions import Kind, Selection, map_partitions, read_partitions

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from syncops.bookmarks.partitions import Partition, Payload

Entry = dict[str, t.Any]


class Condition(enum.Enum):
    """What becomes of a failure without anybody's doing."""

    DUE = "due"
    """The next run tries it."""
    WAITING = "waiting"
    """A later run tries it."""
    PARKED = "parked"
    """Nobody tries it any more."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One record that is owed.

    Attributes:
        state_id: The state that holds it.
        stream: Its stream.
        account: Its account.
        entry: As it is stored.
    """

    state_id: str
    stream: str
    account: str
    entry: Entry

    @property
    def key(self) -> str:
        """Its id at the platform."""
        return str(self.entry.get("key"))

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What makes it this failure and no other."""
        return self.state_id, self.stream, self.account, self.key

    @property
    def attempts(self) -> int:
        """How often it was tried."""
        value = self.entry.get("attempts")
        return value if isinstance(value, int) else 0

    @property
    def reason(self) -> str:
        """Why the last attempt failed."""
        return str(self.entry.get("reason") or "")

    def condition(self, now: datetime) -> Condition:
        """Tell what becomes of it."""
        if self.entry.get("parked"):
            return Condition.PARKED
        try:
            waits = Bookmark.parse(self.entry.get("next_attempt") or "").time > now
        except (ConfigurationError, OverflowError):
            waits = False
        return Condition.WAITING if waits else Condition.DUE

    def told(self, now: datetime) -> Entry:
        """Return all of it for programs."""
        return {
            "state_id": self.state_id,
            "stream": self.stream,
            "account": self.account,
            "key": self.key,
            "condition": self.condition(now).value,
            "attempts": self.attempts,
            "next_attempt": self.entry.get("next_attempt"),
            "awaited": bool(self.entry.get("awaited")),
            "bookmark": self.entry.get("bookmark"),
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which failures a command is about.

    Attributes:
        where: Streams and accounts.
        keys: Ids; any when empty.
        reason: Text in the reason, in any case.
        conditions: Any of these; all when empty.
        now: The time, UTC.
    """

    where: Selection
    keys: tuple[str, ...]
    reason: str
    conditions: tuple[Condition, ...]
    now: datetime

    def __contains__(self, failure: Failure) -> bool:
        return (
            (not self.keys or failure.key in self.keys)
            and self.reason.casefold() in failure.reason.casefold()
            and (not self.conditions or failure.condition(self.now) in self.conditions)
        )

    def found(self, payload: Payload | None, *, state_id: str, place: str) -> list[Failure]:
        """Return the failures of a state, in stored order.

        Raises:
            CorruptStateError: If it has not the shape of a Singer state.
        """
        return [
            failure
            for partition in read_partitions(payload, where=place)
            if partition.kind is not Kind.FOREIGN and partition in self.where
            for failure in _of(partition, state_id)
            if failure in self
        ]

    def changed(
        self,
        payload: Payload,
        change: Callable[[Entry], Entry | None],
        *,
        state_id: str,
        place: str,
    ) -> Payload:
        """Return a state whose wanted failures are changed; None from `change` takes one out."""

        def of(partition: Partition) -> t.Any:
            if partition.kind is Kind.FOREIGN or partition not in self.where:
                return partition.data
            entries = [
                change(copy.deepcopy(failure.entry)) if failure in self else failure.entry
                for failure in _of(partition, state_id)
            ]
            left = [entry for entry in entries if entry is not None]
            rest = {name: value for name, value in partition.data.items() if name != "failures"}
            if not entries:
                return partition.data
            return {**partition.data, "failures": left} if left else rest

        return map_partitions(payload, of, where=place)


def _of(partition: Partition, state_id: str) -> list[Failure]:
    entries = partition.data.get("failures") or []
    return [Failure(state_id, partition.stream, partition.account, entry) for entry in entries]


def due_now(now: datetime) -> Callable[[Entry], Entry]:
    """Return the change that makes a failure due, with all its attempts before it again."""

    def change(entry: Entry) -> Entry:
        return {**entry, "parked": False, "attempts": 0, "next_attempt": format_time(now)}

    return change


def dropped(entry: Entry) -> None:
    """Take a failure out."""
    del entry
