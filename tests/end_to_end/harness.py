"""What the trials share: one clock for tap and sandbox, runs in-process, and a warehouse of dicts."""

from __future__ import annotations

import json
import threading
import typing as t
from collections.abc import Iterable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path

import duckdb
from openplatform.bookmarks import Bookmark
from openplatform.errors import RunFailedError
from openplatform.tap import PlatformTap
from openplatform.writer import PageWriter
from sandbox.testing import Sandbox
from target_warehouse.target import TargetWarehouse
from typing_extensions import override

UTC = timezone.utc
BEIJING = timezone(timedelta(hours=8))
NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
Message = dict[str, t.Any]
Row = dict[str, t.Any]


class SharedTime:
    """The time that tap and sandbox agree on; it moves only when asked, waited for, or served.

    Attributes:
        tick: Seconds that pass with every request that the sandbox answers.
    """

    def __init__(self, start: datetime = NOW, *, tick: float = 0.0) -> None:
        self._lock = threading.Lock()
        self._seconds = start.timestamp()
        self.tick = tick

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._seconds += seconds

    def seconds(self) -> float:
        return self._seconds


class SandboxTime:
    """The shared time as the sandbox asks for it."""

    def __init__(self, shared: SharedTime) -> None:
        self._shared = shared

    def now(self) -> float:
        self._shared.advance(self._shared.tick)
        return self._shared.seconds()

    def advance(self, seconds: float) -> None:
        self._shared.advance(seconds)


class TapTime:
    """The shared time as the tap asks for it; waiting moves it instead of blocking."""

    def __init__(self, shared: SharedTime) -> None:
        self._shared = shared

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._shared.seconds(), tz=UTC)

    def monotonic(self) -> float:
        return self._shared.seconds()

    def sleep(self, seconds: float) -> None:
        self._shared.advance(max(0.0, seconds))


class Collector(PageWriter):
    """A message writer that keeps what a target would be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[bytes] = []

    @override
    def flush(self) -> None:
        """Nothing is held back."""

    @override
    def _write(self, data: bytes) -> None:
        self.parts.append(data)

    @property
    def output(self) -> bytes:
        return b"".join(self.parts)

    def messages(self) -> list[Message]:
        return [json.loads(line, parse_float=Decimal) for line in self.output.splitlines()]


@dataclass
class Outcome:
    """What a run left behind."""

    tap: PlatformTap
    messages: list[Message]
    state: Message
    output: bytes
    failed: RunFailedError | None = None

    def of(self, kind: str, stream: str | None = None) -> list[Message]:
        return [m for m in self.messages if m["type"] == kind and stream in {None, m.get("stream")}]

    def records(self, stream: str) -> list[Row]:
        return [m["record"] for m in self.of("RECORD", stream)]


def run(
    kind: type[PlatformTap],
    config: Mapping[str, t.Any],
    *,
    streams: Iterable[str] | None = None,
    state: Message | None = None,
    clock: SharedTime | None = None,
) -> Outcome:
    """Run a tap in this process; what makes a run end with exit code 1 is kept, not raised."""
    writer = Collector()
    tap = kind(
        config=dict(config),
        state=json.loads(json.dumps(state)) if state else None,
        message_writer=writer,
    )
    if clock is not None:
        tap.clock = TapTime(clock)
    if streams is not None:
        for name, stream in tap.streams.items():
            stream.selected = name in set(streams)
    failed = None
    try:
        tap.sync_all()
    except RunFailedError as exc:
        failed = exc
    messages = writer.messages()
    states = [m["value"] for m in messages if m["type"] == "STATE"]
    return Outcome(tap, messages, states[-1] if states else state or {}, writer.output, failed)


def version_of(record: Row) -> tuple[t.Any, ...]:
    """Return what orders two versions of a row, as the contract between tap and target says."""
    if "_read_at" in record:
        return (datetime.fromisoformat(record["_read_at"].replace("Z", "+00:00")),)
    bookmark = Bookmark.parse(record["_bookmark"])
    return (bookmark.time, bookmark)


@dataclass
class Warehouse:
    """Tables in memory: the newest version of a row wins, and activations take rows away.

    Attributes:
        tables: Rows by stream and key; a row's key is `(account, id)`.
    """

    tables: dict[str, dict[tuple[str, str], Row]] = field(default_factory=dict)
    _seen_in: dict[str, dict[tuple[str, str], int]] = field(default_factory=dict)
    _keys: dict[str, list[str]] = field(default_factory=dict)

    def load(self, messages: Iterable[Message]) -> Warehouse:
        for message in messages:
            if message["type"] == "SCHEMA":
                self._keys[message["stream"]] = message["key_properties"]
            elif message["type"] == "RECORD":
                self._take(message)
            elif message["type"] == "ACTIVATE_VERSION":
                self._activate(message)
        return self

    def _take(self, message: Message) -> None:
        stream, record = message["stream"], message["record"]
        table = self.tables.setdefault(stream, {})
        key = tuple(str(record[name]) for name in self._keys[stream])
        key = (key[0], "|".join(key[1:]))
        known = table.get(key)
        if known is None or version_of(known) <= version_of(record):
            table[key] = record
        if "version" in message:
            self._seen_in.setdefault(stream, {})[key] = message["version"]

    def _activate(self, message: Message) -> None:
        stream, scope = message["stream"], message.get("scope") or {}
        seen = self._seen_in.get(stream, {})
        table = self.tables.get(stream, {})
        for key, row in list(table.items()):
            in_scope = all(row[name] == value for name, value in scope.items())
            if in_scope and seen[key] < message["version"]:
                del table[key]


@dataclass(frozen=True)
class DuckFile:
    """A DuckDB file that target-warehouse fills, in this process.

    Attributes:
        path: The file.
        load_mode: How the target loads.
    """

    path: Path
    load_mode: str = "upsert"

    def load(self, output: bytes, **more: t.Any) -> list[Message]:
        """Load what a tap wrote; return the states that the target passed on."""
        config = {"path": str(self.path), "load_mode": self.load_mode, **more}
        target = TargetWarehouse(config=config)
        out = StringIO()
        with redirect_stdout(out):
            target.process_lines(BytesIO(output))
            target.process_endofpipe()
        return [json.loads(line) for line in out.getvalue().splitlines()]

    def query(self, statement: str) -> list[tuple[t.Any, ...]]:
        with duckdb.connect(str(self.path), read_only=True) as connection:
            return connection.execute(statement).fetchall()

    def versions(self, table: str) -> dict[tuple[str, str], tuple[int, t.Any]]:
        """Return version and memo (or price) of each row by account and id."""
        names = {column[0] for column in self.query(f"DESCRIBE {table}")}
        content = "seller_memo" if "seller_memo" in names else "price"
        rows = self.query(f"SELECT _account, id, version, {content} FROM {table}")
        assert len({row[:2] for row in rows}) == len(rows), "a key stands there twice"
        return {(account, key): (version, value) for account, key, version, value in rows}

    def marked(self, table: str) -> set[tuple[str, str]]:
        """Return the keys of the rows that are marked as deleted."""
        rows = self.query(f"SELECT _account, id FROM {table} WHERE _deleted_at IS NOT NULL")
        return {(account, key) for account, key in rows}


def beijing_to_utc(text: str) -> str | None:
    """Return the sandbox's local time as the tap must write it."""
    if not text:
        return None
    moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def ms_to_utc(ms: int) -> str:
    """Return epoch milliseconds as the tap must write them."""
    moment = datetime.fromtimestamp(ms // 1000, tz=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


_LOCAL = frozenset({"created", "updated", "paid_at", "shipped_at"})
_MS = frozenset({"created_ms", "updated_ms"})
_MONEY = frozenset({"total_fee", "payment", "post_fee", "price"})


def expected(raw: Row) -> Row:
    """Return what a lab record must have become: written apart from the library, on purpose."""
    row: Row = {}
    for name, value in raw.items():
        if name in _LOCAL:
            row[name] = beijing_to_utc(value)
        elif name in _MS:
            row[name] = ms_to_utc(value)
        elif name in _MONEY:
            row[name] = None if value is None else format(Decimal(str(value)), "f")
        elif name == "lines":
            row[name] = [expected(line) for line in value]
        elif name == "remark_json":
            row[name] = json.loads(value, parse_float=Decimal)
        else:
            row[name] = value
    return row


def truth(sandbox: Sandbox, entity: str) -> dict[tuple[str, str], Row]:
    """Return what a perfect copy of an entity of the lab holds now, over all accounts."""
    return {
        (account, row.key): expected(row.record)
        for account in sandbox.accounts("lab")
        for row in sandbox.truth("lab", account, entity)
    }


def plain(table: Mapping[tuple[str, str], Row]) -> dict[tuple[str, str], Row]:
    """Return a table without the library's own fields."""
    return {
        key: {name: value for name, value in row.items() if not name.startswith("_")}
        for key, row in table.items()
    }


def differences(
    sandbox: Sandbox, warehouse: Warehouse, stream: str, entity: str
) -> dict[str, t.Any]:
    """Return how a table differs from the truth, in few words; empty when it does not."""
    have, want = plain(warehouse.tables.get(stream, {})), truth(sandbox, entity)
    found = {
        "missing": sorted(want.keys() - have.keys()),
        "not deleted": sorted(have.keys() - want.keys()),
        "stale": sorted(
            (key, have[key]["version"], want[key]["version"])
            for key in have.keys() & want.keys()
            if have[key] != want[key]
        ),
    }
    return {name: keys[:5] for name, keys in found.items() if keys}
