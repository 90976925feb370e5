"""The Singer messages of one run, parsed and easy to ask."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Iterable
from dataclasses import dataclass

from openplatform.bookmarks import Bookmark
from openplatform.partitions import ACCOUNT, REPLICATION_KEY
from openplatform.streams import READ_AT

Message = dict[str, t.Any]


@dataclass(frozen=True)
class Messages:
    """What a tap wrote.

    Attributes:
        all: Every message, in order.
        error: What ended the run, when it was expected to fail.
    """

    all: list[Message]
    error: Exception | None = None

    @classmethod
    def parse(cls, lines: Iterable[str], error: Exception | None = None) -> Messages:
        """Read lines of JSON.

        Raises:
            ValueError: A line is not JSON.
        """
        return cls([json.loads(line) for line in lines if line.strip()], error)

    def of_type(self, kind: str, stream: str | None = None) -> list[Message]:
        """Return the messages of a type, of one stream or of all."""
        return [m for m in self.all if m["type"] == kind and stream in {None, m.get("stream")}]

    def records(self, stream: str, account: str | None = None) -> list[dict[str, t.Any]]:
        """Return the records of a stream as they came, of one account or of all."""
        records = (message["record"] for message in self.of_type("RECORD", stream))
        return [record for record in records if account in {None, record[ACCOUNT]}]

    def schema(self, stream: str) -> Message:
        """Return the last SCHEMA message of a stream.

        Raises:
            AssertionError: There is none.
        """
        schemas = self.of_type("SCHEMA", stream)
        if not schemas:
            raise AssertionError(f"the tap wrote no SCHEMA of {stream}")
        return schemas[-1]

    def latest(self, stream: str, account: str) -> dict[str, dict[str, t.Any]]:
        """Return what a table would hold of an account: the newest version of each record.

        Keys are the parts of the record's own key, joined by `:`.
        """
        names = [name for name in self.schema(stream)["key_properties"] if name != ACCOUNT]
        table: dict[str, dict[str, t.Any]] = {}
        for record in self.records(stream, account):
            key = ":".join(str(record[name]) for name in names)
            held = table.get(key)
            if held is None or _version(record) >= _version(held):
                table[key] = record
        return table

    def activations(self, stream: str) -> list[Message]:
        """Return the ACTIVATE_VERSION messages of a stream."""
        return self.of_type("ACTIVATE_VERSION", stream)

    def version(self, stream: str) -> int | None:
        """Return the version of a stream's records; None without records or versions."""
        versions = {message.get("version") for message in self.of_type("RECORD", stream)}
        if len(versions) > 1:
            raise AssertionError(f"{stream} has records of several versions: {versions}")
        return next(iter(versions), None)

    @property
    def state(self) -> dict[str, t.Any]:
        """The last state; empty when none was written."""
        states = self.of_type("STATE")
        return t.cast("dict[str, t.Any]", states[-1]["value"]) if states else {}

    def partition(self, stream: str, account: str) -> dict[str, t.Any]:
        """Return what the last state holds of a stream and an account; empty when nothing."""
        entry = self.state.get("bookmarks", {}).get(stream, {})
        for data in entry.get("partitions", []):
            if data["context"][ACCOUNT] == account:
                return t.cast("dict[str, t.Any]", data)
        return {}


def _version(record: dict[str, t.Any]) -> Bookmark:
    return Bookmark.parse(record.get(READ_AT) or record[REPLICATION_KEY])
