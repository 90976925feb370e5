"""Failures owed: records that could not be fetched now, kept in the state and tried again.

Waits double from the first one; after some attempts a failure is parked: reported, and retried only
on request. All functions are pure; times are UTC.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from openplatform.bookmarks import Bookmark, format_time
from openplatform.errors import ConfigurationError

_REASON_LENGTH = 200


@dataclass(frozen=True, slots=True)
class FailurePolicy:
    """How often to try again.

    Attributes:
        attempts: After so many attempts a failure is parked.
        first_wait: Time before the second attempt; doubles each time.
        most: More failures than this in one partition mean that the whole stream is failing.
    """

    attempts: int = 3
    first_wait: timedelta = timedelta(seconds=10)
    most: int = 1000


@dataclass(frozen=True, slots=True)
class Owed:
    """One record owed.

    Attributes:
        key: Value that identifies it in the detail call.
        bookmark: Bookmark of the list record it belongs to; None without one.
        attempts: How often it was tried.
        next_attempt: Not before this moment.
        reason: Why the last attempt failed.
        parked: Not tried any more without a request.
        awaited: We were told that it exists: "not found" is a failure, and it has one attempt more,
            since the first one may come before the record.
    """

    key: str
    bookmark: str | None
    attempts: int
    next_attempt: datetime
    reason: str
    parked: bool = False
    awaited: bool = False

    def due(self, now: datetime) -> bool:
        """Tell whether it shall be tried now."""
        return not self.parked and self.next_attempt <= now

    def failed_again(self, reason: str, now: datetime, policy: FailurePolicy) -> Owed:
        """Return what is owed after another failed attempt."""
        attempts = self.attempts + 1
        return replace(
            self,
            attempts=attempts,
            next_attempt=now + policy.first_wait * 2 ** (attempts - 1),
            reason=reason[:_REASON_LENGTH],
            parked=attempts >= policy.attempts + self.awaited,
        )

    def to_state(self, stream: str) -> dict[str, t.Any]:
        """Return the form in which it stands in the state."""
        return {
            "key": self.key,
            "stream": stream,
            "bookmark": self.bookmark,
            "attempts": self.attempts,
            "next_attempt": format_time(self.next_attempt),
            "reason": self.reason,
            "parked": self.parked,
            **({"awaited": True} if self.awaited else {}),
        }


def first_failure(
    key: str,
    bookmark: str | None,
    reason: str,
    now: datetime,
    policy: FailurePolicy,
    *,
    awaited: bool = False,
) -> Owed:
    """Return what is owed after the first failed attempt."""
    return Owed(key, bookmark, 0, now, "", awaited=awaited).failed_again(reason, now, policy)


def from_state(entries: Iterable[Mapping[str, t.Any]], *, stream: str, account: str) -> list[Owed]:
    """Read what the state holds.

    Raises:
        ConfigurationError: The entries are damaged.
    """
    try:
        return [
            Owed(
                key=str(entry["key"]),
                bookmark=entry.get("bookmark"),
                attempts=int(entry["attempts"]),
                next_attempt=Bookmark.parse(entry["next_attempt"]).time,
                reason=str(entry.get("reason", "")),
                parked=bool(entry.get("parked", False)),
                awaited=bool(entry.get("awaited", False)),
            )
            for entry in entries
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        msg = (
            f"The state of stream {stream!r}, account {account!r} holds a damaged list of failures "
            f"({type(exc).__name__}: {exc}). Correct or remove the key `failures` of that partition."
        )
        raise ConfigurationError(msg) from exc
