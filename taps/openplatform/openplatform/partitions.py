"""The part of the Singer state that belongs to one stream of one account."""

from __future__ import annotations

import typing as t
from datetime import datetime

from openplatform.bookmarks import Bookmark, format_time
from openplatform.errors import ConfigurationError
from openplatform.failures import Owed, from_state

ACCOUNT = "_account"
REPLICATION_KEY = "_bookmark"
_VERSIONS_KEPT = 10


class Partition:
    """Reads and writes one partition in place; keys that it does not know stay as they are.

    Args:
        partitions: The stream's partitions; ours joins them when it is first written to.
        stream: The stream.
        account: The account.
    """

    def __init__(self, partitions: list[dict[str, t.Any]], *, stream: str, account: str) -> None:
        self._partitions = partitions
        self.stream = stream
        self.account = account
        self.data: dict[str, t.Any] = next(
            (p for p in partitions if str(p["context"][ACCOUNT]) == account), {}
        )

    @property
    def bookmark(self) -> Bookmark | None:
        """Everything up to this position has been read; None before the first window."""
        value = self.data.get("replication_key_value")
        if value is None:
            return None
        return Bookmark.parse(value, stream=self.stream, account=self.account)

    def advance(self, bookmark: Bookmark) -> None:
        """Move the bookmark forward; never back."""
        current = self.bookmark
        if current is None or bookmark > current:
            self._put("replication_key", REPLICATION_KEY)
            self._put("replication_key_value", str(bookmark))

    @property
    def failures(self) -> list[Owed]:
        """What is owed."""
        entries = self.data.get("failures", [])
        return from_state(entries, stream=self.stream, account=self.account)

    @failures.setter
    def failures(self, owed: list[Owed]) -> None:
        self._put("failures", [failure.to_state(self.stream) for failure in owed])

    @property
    def waiting(self) -> frozenset[str]:
        """The ids of what is owed."""
        return frozenset(failure.key for failure in self.failures)

    @property
    def version(self) -> int | None:
        """How far the event log has been worked off; None before the first time."""
        return self._whole("version", "position in the event log")

    @version.setter
    def version(self, version: int) -> None:
        self._put("version", version)

    @property
    def row_version(self) -> int | None:
        """Up to which row version all has been read; None before the first time."""
        return self._whole("row_version", "row version")

    @row_version.setter
    def row_version(self, number: int) -> None:
        self._put("row_version", number)

    @property
    def versions_since(self) -> Bookmark | None:
        """From where in time on the row versions bring everything; None before they once did."""
        value = self.data.get("versions_since")
        if value is None:
            return None
        return Bookmark.parse(value, stream=self.stream, account=self.account)

    def versions_read(self, until: datetime) -> None:
        """Take in that the row versions were read to their end: all changes before this time."""
        self._put("versions_since", str(Bookmark(until)))

    @property
    def open_ids(self) -> list[str]:
        """Ids of records that may still change although their time has passed."""
        return [str(identifier) for identifier in self.data.get("open", [])]

    @open_ids.setter
    def open_ids(self, identifiers: list[str]) -> None:
        self._put("open", identifiers)

    @property
    def collected(self) -> list[str]:
        """Ids that a list brought and that are still to be asked for."""
        return [str(identifier) for identifier in self.data.get("collected", [])]

    @collected.setter
    def collected(self, identifiers: list[str]) -> None:
        self._put("collected", identifiers)

    @property
    def complete_versions(self) -> list[int]:
        """Versions of the last complete full reads, oldest first."""
        return [int(version) for version in self.data.get("complete_versions", [])]

    @property
    def complete_rows(self) -> int:
        """How many rows the last complete full read brought."""
        return int(self.data.get("complete_rows", 0))

    def completed(self, version: int, rows: int) -> None:
        """Take in a complete full read."""
        versions = [*self.complete_versions, version]
        self._put("complete_versions", versions[-_VERSIONS_KEPT:])
        self._put("complete_rows", rows)

    def ran(self, now: datetime) -> None:
        """Take in that a run has read this partition to its end."""
        self._put("last_run", format_time(now))

    def _whole(self, key: str, meaning: str) -> int | None:
        value = self.data.get(key)
        if value is None:
            return None
        try:
            return int(value)
        except (TypeError, ValueError) as exc:
            msg = (
                f"The {meaning} of account {self.account!r} is {value!r}, which is no number. Correct "
                f"or remove the key `{key}` of that partition of {self.stream!r}."
            )
            raise ConfigurationError(msg) from exc

    def _put(self, key: str, value: t.Any) -> None:
        if value == []:
            self.data.pop(key, None)
            return
        if not self.data:
            self.data["context"] = {ACCOUNT: self.account}
            self._partitions.append(self.data)
        self.data[key] = value


def partition_of(state: t.MutableMapping[str, t.Any], stream: str, account: str) -> Partition:
    """Return the partition of a stream and an account.

    Raises:
        ConfigurationError: The state is not of the form that the Singer SDK documents.
    """
    try:
        streams = state.setdefault("bookmarks", {})
        partitions = streams.setdefault(stream, {}).setdefault("partitions", [])
        return Partition(partitions, stream=stream, account=account)
    except (KeyError, TypeError, AttributeError) as exc:
        msg = (
            f"The state of stream {stream!r} is damaged ({type(exc).__name__}: {exc}). Expected "
            '{"bookmarks": {STREAM: {"partitions": [{"context": {"_account": ...}, ...}]}}}. Restore an '
            "earlier state (syncops bookmarks undo, or meltano state set)."
        )
        raise ConfigurationError(msg) from exc
