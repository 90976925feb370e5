"""A Meltano state read as a flat list of partitions: the one view that all bookmark commands share.

A payload is what Meltano stores: `{"singer_state": {"bookmarks": {stream: {"partitions": []}}}}`.
Our taps keep one partition per stream and account. Foreign taps keep other shapes; their entries
are listed too and carried along untouched.
"""

from __future__ import annotations

import copy
import enum
import json
import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from openplatform.bookmarks import EPOCH, Bookmark
from openplatform.errors import ConfigurationError

from syncops.errors import CorruptStateError

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Payload = dict[str, t.Any]
"""A state as Meltano stores it, with the key `singer_state`."""

Key = tuple[str, str | None]
"""Stream, and the canonical text of the context; None for an entry of the stream itself."""

SINGER_STATE = "singer_state"
EVENTS = "_events"
"""Stands among the streams, and holds how far the event log has been worked off."""
_OWN_KEY = "_bookmark"
_ACCOUNT = "_account"


class Kind(enum.Enum):
    """What a partition's position means."""

    INCREMENTAL = "incremental"
    FULL_TABLE = "full_table"
    PENDING = "pending"
    """One of ours that has not finished its first window or read yet."""
    EVENTS = "events"
    """Where one of ours stands in the event log."""
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Partition:
    """The entry of one stream and one context.

    Attributes:
        stream: The stream's name.
        context: What the partition stands for, such as `{"_account": "42583152"}`; None for an
            entry that the stream holds itself, outside of any partition.
        data: The entry as stored, unknown keys included.
        kind: What its position means.
        bookmark: The position of an incremental partition.
        moment: The time of the bookmark or of the last complete version, in UTC.
        problem: Why the position cannot be read, if it cannot.
        owed: Failures that are still retried.
        parked: Failures that wait for a request.
    """

    stream: str
    context: dict[str, t.Any] | None
    data: t.Any
    kind: Kind
    bookmark: Bookmark | None = None
    moment: datetime | None = None
    problem: str | None = None
    owed: int = 0
    parked: int = 0

    @property
    def key(self) -> Key:
        """Identity inside a state."""
        return self.stream, None if self.context is None else _canonical(self.context)

    @property
    def account(self) -> str:
        """The account, or the whole context where there is none, or empty text."""
        rest = {k: v for k, v in (self.context or {}).items() if k != _ACCOUNT}
        parts = [str(self.context[_ACCOUNT])] if self.context and _ACCOUNT in self.context else []
        return ", ".join([*parts, *(f"{name}={value}" for name, value in rest.items())])

    @property
    def last_run(self) -> str | None:
        """When a run last read this partition to its end, as stored."""
        value = self.data.get("last_run") if isinstance(self.data, dict) else None
        return value if isinstance(value, str) else None

    @property
    def position(self) -> str:
        """The position as stored: a bookmark, a version, or what a foreign tap keeps."""
        if self.kind is Kind.PENDING:
            return ""
        if self.kind is Kind.EVENTS:
            return str(self.data["version"])
        if self.kind is Kind.FULL_TABLE:
            return str(self.data["complete_versions"][-1]) if self.moment else ""
        if not isinstance(self.data, dict):
            return json.dumps(self.data, ensure_ascii=False)
        if "replication_key_value" in self.data:
            return str(self.data["replication_key_value"])
        rest = {k: v for k, v in self.data.items() if k != "context"}
        return json.dumps(rest, ensure_ascii=False, sort_keys=True) if rest else ""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which partitions a command is about: globs, matched with upper and lower case distinct.

    Attributes:
        streams: Any of these; all streams when empty.
        accounts: Any of these, against `Partition.account`; all accounts when empty.
    """

    streams: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()

    def __contains__(self, partition: Partition) -> bool:
        return _any_glob(partition.stream, self.streams) and _any_glob(
            partition.account, self.accounts
        )


def _any_glob(text: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(
        text == pattern or fnmatchcase(text, pattern) for pattern in patterns
    )


def read_partitions(payload: Payload | None, *, where: str) -> list[Partition]:
    """List all entries of a state in stored order.

    Args:
        payload: The state, or None when there is none.
        where: What the state is called in errors.

    Raises:
        CorruptStateError: If it does not have the shape of a Singer state. A bookmark that is no
            position is not an error here: it is told in `Partition.problem`.
    """
    if payload is None:
        return []
    bookmarks = _bookmarks(payload, where)
    return [
        partition
        for stream, entry in bookmarks.items()
        for partition in _read_stream(stream, entry, where)
    ]


def index_partitions(payload: Payload | None, *, where: str) -> dict[Key, Partition]:
    """Return the entries by key.

    Raises:
        CorruptStateError: As `read_partitions`, and if two partitions have the same context.
    """
    found: dict[Key, Partition] = {}
    for partition in read_partitions(payload, where=where):
        if partition.key in found:
            what = f"stream {partition.stream!r} has two partitions for {partition.account!r}"
            raise CorruptStateError(what, where=where)
        found[partition.key] = partition
    return found


def map_partitions(
    payload: Payload, change: Callable[[Partition], t.Any | None], *, where: str
) -> Payload:
    """Return a copy of a state with each entry replaced.

    Args:
        payload: The state; it is not altered.
        change: Returns the new data of an entry, or None to take it out.
        where: What the state is called in errors.
    """
    result = copy.deepcopy(payload)
    bookmarks = _bookmarks(result, where)
    for stream, entry in list(bookmarks.items()):
        kept: t.Any = None
        partitions: list[t.Any] = []
        found = list(_read_stream(stream, entry, where))
        for partition in found:
            data = change(partition)
            if partition.context is None:
                kept = data
            elif data is not None:
                partitions.append(data)
        if found and kept is None and not partitions:
            del bookmarks[stream]
        elif found:
            bookmarks[stream] = _put_together(entry, kept, partitions)
    return result


def add_partition(payload: Payload, partition: Partition, *, where: str) -> None:
    """Put an entry that is not there yet into a state, in place.

    Raises:
        CorruptStateError: If the stream holds something there that is no object.
    """
    bookmarks = payload.setdefault(SINGER_STATE, {}).setdefault("bookmarks", {})
    data = copy.deepcopy(partition.data)
    entry = bookmarks.get(partition.stream)
    if partition.context is not None:
        present = entry.get("partitions") if isinstance(entry, dict) else None
        data = {"partitions": [*(present or []), data]}
    if entry is None:
        bookmarks[partition.stream] = data
    elif isinstance(entry, dict) and isinstance(data, dict):
        bookmarks[partition.stream] = {**entry, **data}
    else:
        what = f"stream {partition.stream!r} holds {_type(entry)} beside what shall be added"
        raise CorruptStateError(what, where=where)


def _put_together(entry: t.Any, own: t.Any, partitions: list[t.Any]) -> t.Any:
    """Return a stream's entry made anew, its keys in the stored order."""
    if not isinstance(entry, dict) or not (partitions or own is None or isinstance(own, dict)):
        return own
    made = dict(own) if isinstance(own, dict) else {}
    if partitions:
        made["partitions"] = partitions
    elif "partitions" in entry and not entry["partitions"]:
        made["partitions"] = entry["partitions"]
    return {**{key: made[key] for key in entry if key in made}, **made}


def _bookmarks(payload: Payload, where: str) -> dict[str, t.Any]:
    state = payload.get(SINGER_STATE)
    if not isinstance(state, dict):
        raise CorruptStateError(f"{SINGER_STATE} is {_type(state)}, not an object", where=where)
    bookmarks = state.get("bookmarks", {})
    if not isinstance(bookmarks, dict):
        what = f"{SINGER_STATE}.bookmarks is {_type(bookmarks)}, not an object"
        raise CorruptStateError(what, where=where)
    return bookmarks


def _read_stream(stream: str, entry: t.Any, where: str) -> Iterator[Partition]:
    """Yield the entries of one stream; null and an empty object hold none."""
    path = f"{SINGER_STATE}.bookmarks.{stream}"
    if not isinstance(entry, dict):
        if entry is not None:
            yield _read(stream, None, entry, where, path)
        return
    if own := {key: value for key, value in entry.items() if key != "partitions"}:
        yield _read(stream, None, own, where, path)
    partitions = entry.get("partitions") or []
    path = f"{path}.partitions"
    if not isinstance(partitions, list):
        raise CorruptStateError(f"{path} is {_type(partitions)}, not a list", where=where)
    for number, data in enumerate(partitions):
        if not isinstance(data, dict):
            what = f"{path}[{number}] is {_type(data)}, not an object"
            raise CorruptStateError(what, where=where)
        context = data.get("context", {})
        if not isinstance(context, dict):
            what = f"{path}[{number}].context is {_type(context)}, not an object"
            raise CorruptStateError(what, where=where)
        yield _read(stream, context, data, where, f"{path}[{number}]")


def _read(
    stream: str, context: dict[str, t.Any] | None, data: t.Any, where: str, path: str
) -> Partition:
    kind = _kind(stream, context, data)
    if kind is Kind.FOREIGN:
        return Partition(stream, context, data, kind)
    bookmark, moment, problem = _position(stream, context, data, kind)
    owed, parked = _failures(data, where, path)
    return Partition(stream, context, data, kind, bookmark, moment, problem, owed, parked)


def _kind(stream: str, context: dict[str, t.Any] | None, data: t.Any) -> Kind:
    if not isinstance(data, dict):
        return Kind.FOREIGN
    replication_key = data.get("replication_key")
    own = replication_key == _OWN_KEY or (
        replication_key is None and context is not None and _ACCOUNT in context
    )
    if not own:
        return Kind.FOREIGN
    if data.get("replication_key_value") is not None:
        return Kind.INCREMENTAL
    if stream == EVENTS and str(data.get("version")).isdecimal():
        return Kind.EVENTS
    return Kind.FULL_TABLE if "complete_versions" in data else Kind.PENDING


def _position(
    stream: str, context: dict[str, t.Any] | None, data: dict[str, t.Any], kind: Kind
) -> tuple[Bookmark | None, datetime | None, str | None]:
    """Return the bookmark, its time, and the problem that kept them from being read."""
    if kind is Kind.INCREMENTAL:
        account = str(context[_ACCOUNT]) if context and _ACCOUNT in context else None
        try:
            bookmark = Bookmark.parse(data["replication_key_value"], stream=stream, account=account)
        except (ConfigurationError, OverflowError) as error:
            return None, None, str(error)
        return bookmark, bookmark.time, None
    versions = data.get("complete_versions")
    if kind is Kind.FULL_TABLE and versions:
        try:
            return None, EPOCH + timedelta(milliseconds=versions[-1]), None
        except (TypeError, KeyError, OverflowError):
            return (
                None,
                None,
                f"complete_versions of stream {stream!r} holds no times: {versions!r}",
            )
    return None, None, None


def _failures(data: dict[str, t.Any], where: str, path: str) -> tuple[int, int]:
    """Count the failures that are owed and that are parked."""
    failures = data.get("failures") or []
    if not isinstance(failures, list) or not all(isinstance(item, dict) for item in failures):
        raise CorruptStateError(f"{path}.failures is not a list of objects", where=where)
    if not isinstance(data.get("open") or [], list):
        raise CorruptStateError(f"{path}.open is not a list of ids", where=where)
    parked = sum(bool(item.get("parked")) for item in failures)
    return len(failures) - parked, parked


def _canonical(context: dict[str, t.Any]) -> str:
    return json.dumps(context, sort_keys=True, ensure_ascii=False)


def _type(value: t.Any) -> str:
    names = {type(None): "missing or null", str: "text", list: "a list", dict: "an object"}
    return names.get(type(value), f"{value!r:.40}")
