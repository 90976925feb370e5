"""What is remembered of a run: one row per stream and account, wherever it is written.

The same rows go to `runs.jsonl` (for alerts and the report, also without a warehouse), to the
warehouse as the stream `_sync_runs`, to Prometheus and to OpenTelemetry. A run leaves a row without
stream and account when it begins, so that one that was killed leaves a trace: begun, never ended.
"""

from __future__ import annotations

import os
import secrets
import socket
import typing as t
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec
from filelock import FileLock

from openplatform.bookmarks import format_time
from openplatform.life import Life, lives

STREAM = "_sync_runs"
KEY = ("run_id", "stream", "account")
FILE = "runs.jsonl"
STARTED, OK, FAILED, INTERRUPTED, HELPER = "started", "ok", "failed", "interrupted", "helper"
SYNC, REFETCH, TASK = "sync", "refetch", "task"
LIVE = frozenset({SYNC, REFETCH})
KIND_VARIABLE = "OPENPLATFORM_RUN_KIND"
_MOST_BYTES = 32_000_000
_LOCK_SECONDS = 30


class RunRow(msgspec.Struct, kw_only=True, frozen=True):
    """What one run did for one stream of one account. Times are UTC texts, durations seconds.

    Attributes:
        run_id: Names the run.
        tap: The tap's name.
        platform: Its slug, such as `kuaishou_shop`.
        job: The extractor's name in the Meltano project (`tap-youzan--hourly`), else the tap's.
        environment: The Meltano environment; empty outside of Meltano.
        kind: `sync`; `refetch` for a run that reads only what events or a hot set name; or what else
            the tap was run for (`task`, `backfill`), which is no sign of life of the live sync.
        stream: The stream; empty in the row that a run writes when it begins.
        account: The account; empty likewise.
        outcome: `started`, `ok`, `failed`, `interrupted`, or `helper`: read only for other streams.
        error: Why it failed.
        started_at: When the run began.
        ended_at: When it ended; None while it runs, and for good when it was killed.
        records: Records written.
        windows: Windows finished.
        calls: API calls by outcome.
        calls_total: All of them.
        success_rate: Share of them that the platform answered; None without calls.
        latency_p50_ms: Half of the calls were answered within this time, exact to 4.5 %.
        latency_p95_ms: 95 % were.
        waited_seconds: Waited for limits, summed over parallel calls.
        retries: Calls made again.
        retry_waited_seconds: Waited before these.
        cache_hits: Details that the cache knew.
        cache_misses: Details that it did not.
        failures_owed: Records that could not be fetched yet.
        failures_parked: Records that were tried in vain.
        bookmark: The position after the run, as the state has it.
        up_to: Everything until this moment has been read: the bookmark, or the begin of the last
            complete full read. Only of a sync.
        lag_seconds: How far that was behind when the row was written.
        unknown_fields: Fields that the schema does not know.
        misfits: Values that did not fit their type.
        keyless: Records left out for want of a key.
        schema_drift: Both kinds of fields, with how often each came; the most frequent ones.
        grant_expires_at: When the account's authorisation ends, where the platform tells.
        host: The machine.
        pid: The process on it.
        recorded_at: When this row was written; the newest one of a key holds.
    """

    run_id: str
    tap: str
    platform: str
    job: str
    environment: str = ""
    kind: str = SYNC
    stream: str = ""
    account: str = ""
    outcome: str = STARTED
    error: str = ""
    started_at: str
    ended_at: str | None = None
    records: int = 0
    windows: int = 0
    calls: dict[str, int] = msgspec.field(default_factory=dict)
    calls_total: int = 0
    success_rate: float | None = None
    latency_p50_ms: float | None = None
    latency_p95_ms: float | None = None
    waited_seconds: float = 0.0
    retries: int = 0
    retry_waited_seconds: float = 0.0
    cache_hits: int = 0
    cache_misses: int = 0
    failures_owed: int = 0
    failures_parked: int = 0
    bookmark: str | None = None
    up_to: str | None = None
    lag_seconds: float | None = None
    unknown_fields: int = 0
    misfits: int = 0
    keyless: int = 0
    schema_drift: dict[str, int] = msgspec.field(default_factory=dict)
    grant_expires_at: str | None = None
    host: str = ""
    pid: int = 0
    recorded_at: str


def first_row(
    tap: str, now: datetime, environment: Mapping[str, str], *, kind: str | None = None
) -> RunRow:
    """Return the row with which a run begins.

    Args:
        tap: The tap's name.
        now: The present, UTC.
        environment: Environment variables, for what Meltano says of the run.
        kind: What the run is for; None for what the variable OPENPLATFORM_RUN_KIND says, or a sync.
    """
    begun = format_time(now)
    return RunRow(
        run_id=f"{begun}-{secrets.token_hex(4)}",
        tap=tap,
        platform=tap.removeprefix("tap-").replace("-", "_"),
        job=environment.get("MELTANO_EXTRACTOR_NAME") or tap,
        environment=environment.get("MELTANO_ENVIRONMENT") or "",
        kind=kind or environment.get(KIND_VARIABLE) or SYNC,
        started_at=begun,
        host=socket.gethostname(),
        pid=os.getpid(),
        recorded_at=begun,
    )


def schema_message() -> dict[str, t.Any]:
    """Return the SCHEMA message of the stream `_sync_runs`; of two rows of a key the later one holds."""
    kinds: dict[t.Any, list[str]] = {
        str: ["string"],
        int: ["integer"],
        float: ["number"],
        dict: ["object"],
    }
    properties: dict[str, t.Any] = {}
    for name, kind in t.get_type_hints(RunRow).items():
        choices = t.get_args(kind) if type(None) in t.get_args(kind) else (kind,)
        types = kinds[t.get_origin(choices[0]) or choices[0]]
        optional = [] if name in KEY else ["null"]
        properties[name] = {"type": [*types, *optional]}
        if name.endswith("_at") or name == "up_to":
            properties[name]["format"] = "date-time"
    # The loader alone knows the bad records; target-warehouse fills this in.
    properties["quarantined"] = {"type": ["integer", "null"], "x-loader": "quarantined"}
    return {
        "type": "SCHEMA",
        "stream": STREAM,
        "schema": {"type": "object", "properties": properties},
        "key_properties": list(KEY),
        "bookmark_properties": ["recorded_at"],
    }


def runs_folder(setting: str | None, environment: Mapping[str, str]) -> Path | None:
    """Return the folder of `runs.jsonl`: the setting's, or that of the Meltano project, if there is one."""
    if setting:
        return Path(setting).expanduser()
    if not (root := environment.get("MELTANO_PROJECT_ROOT")):
        return None
    return Path(environment.get("MELTANO_SYS_DIR_ROOT") or Path(root, ".meltano"), "syncops")


class RunLog:
    """The file `runs.jsonl` of a folder: JSON lines, oldest first, at most 32 MB of the newest.

    Args:
        folder: The folder; made when the first row is written.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def begin(self, first: RunRow) -> Life:
        """Write the row with which a run begins; return its sign of life.

        Raises:
            OSError: The folder cannot be written.
        """
        life = Life(self._life_of(first))
        self.append([first])
        return life

    def end(self, life: Life | None, rows: Iterable[RunRow]) -> None:
        """Write the rows with which a run ends, and take away its sign of life, if it could give one.

        Raises:
            OSError: The file cannot be written.
        """
        try:
            self.append(rows)
        finally:
            if life is not None:
                life.end()

    def _life_of(self, first: RunRow) -> Path:
        return self.path.parent / "running" / f"{first.run_id}.lock"

    def lives(self, first: RunRow) -> bool:
        """Tell by the row with which it began whether a run that has not ended is still there."""
        return lives(self._life_of(first), first.host)

    def append(self, rows: Iterable[RunRow], *, most: int = _MOST_BYTES) -> None:
        """Write rows durably; runs at the same time do not mix their lines.

        Raises:
            OSError: The file cannot be written.
        """
        lines = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self.path}.lock", timeout=_LOCK_SECONDS):
            with self.path.open("ab+") as file:
                if file.tell() and not _ends_with_newline(file):  # a crash cut a line short
                    lines = b"\n" + lines
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
            if size > most:
                self._forget(size - most // 2)

    def _forget(self, count: int) -> None:
        """Leave out about so many bytes of the oldest lines."""
        shorter = self.path.with_suffix(".new")
        with self.path.open("rb") as old, shorter.open("wb") as new:
            old.seek(count)
            old.readline()
            new.write(old.read())
            new.flush()
            os.fsync(new.fileno())
        shorter.replace(self.path)

    def rows(self) -> Iterator[RunRow]:
        """Yield the rows, oldest first; a line that a crash cut short is left out.

        Raises:
            OSError: The file cannot be read.
        """
        decode = msgspec.json.Decoder(RunRow).decode
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return
        with file:
            for line in file:
                try:
                    yield decode(line)
                except msgspec.MsgspecError:
                    continue

    def runs(self) -> list[PastRun]:
        """Return the runs, in the order in which they began.

        Raises:
            OSError: The file cannot be read.
        """
        found: dict[str, PastRun] = {}
        for row in self.rows():
            run = found.setdefault(row.run_id, PastRun(row))
            if row.stream:
                run.rows.append(row)
            elif row.outcome != STARTED:
                run.last = row
        for run in found.values():
            run.alive = run.last is None and self.lives(run.first)
        return sorted(found.values(), key=lambda run: run.first.started_at)


def _ends_with_newline(file: t.BinaryIO) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


@dataclass
class PastRun:
    """A run as the log tells it.

    Attributes:
        first: The row with which it began.
        last: The row with which it ended; None for one that still runs or was killed.
        rows: What it did, by stream and account.
        alive: Whether it still runs.
    """

    first: RunRow
    last: RunRow | None = None
    rows: list[RunRow] = field(default_factory=list)
    alive: bool = False
