"""Everything that a report is made from, read once and never changed.

What cannot be read does not keep the report from being written: its place and the reason stand at
the end of the page, and the command says so.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from openplatform import runs
from openplatform.bookmarks import UTC, format_time
from openplatform.life import elsewhere
from openplatform.runs import RunLog, RunRow
from target_warehouse.kept import EVERY_OPEN, Quarantined, quarantined_schemas
from target_warehouse.names import quote

from syncops import jsonlines
from syncops.alerts.memory import FILE as ALERTS, Alert, Memory
from syncops.bookmarks.partitions import read_partitions
from syncops.errors import CorruptStateError, SyncopsError
from syncops.quarantine.tables import Listed, summed
from syncops.quarantine.warehouse import Warehouse, open_warehouse
from syncops.reconcile.commands import FILE as RECONCILE
from syncops.report.overview import Entry, Facts, Source
from syncops.report.period import gather
from syncops.report.rows import Comparison, moment, newest
from syncops.states import States

if t.TYPE_CHECKING:
    from target_warehouse.dialects.base import Dialect

T = t.TypeVar("T")
# Nobody can look after a run on another machine; after a day it counts as killed.
_LONG = timedelta(days=1)


@dataclass
class Reader:
    """Reads the sources one after the other and notes what each of them gave."""

    states: States
    now: datetime
    since: datetime
    sources: list[Source] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """Where syncops keeps what is no secret."""
        return self.states.system_directory / "syncops"

    def facts(self, *, loader: str | None, every: bool) -> Facts:
        """Read everything.

        Args:
            loader: Whose warehouse; None for the only one with a database, if there is one.
            every: The states of all environments.
        """
        entries = self._entries(every=every)
        quarantine, rows = self._from_warehouse(loader)
        seen: set[str] = set()
        sources = [_noting(self._runs(), seen), _unseen(rows, seen)]
        if not every:
            sources = [self._of_environment(rows) for rows in sources]
        period = gather(sources, self.since, self.now)
        log = RunLog(self.folder)
        for run_id, run in period.unfinished.items():
            run.alive = log.lives(run.first) if run_id in seen else self._may_live(run.first)
        return Facts(
            project=self.states.system_directory.parent.name,
            environment=self.states.environment,
            now=self.now,
            entries=entries,
            period=period,
            compared=self._compared(every=every),
            quarantine=quarantine,
            alerts=self._alerts(),
            sources=self.sources,
        )

    def _may_live(self, first: RunRow) -> bool:
        """Tell whether a run that only the warehouse tells of may be under way on another machine."""
        begun = moment(first.started_at)
        return elsewhere(first.host) and begun is not None and self.now - begun < _LONG

    def _entries(self, *, every: bool) -> list[Entry]:
        found: list[Entry] = []
        problems: list[str] = []
        for state_id in self.states.ids(every=every):
            try:
                payload = self.states.read(state_id)
                partitions = read_partitions(payload, where=self.states.where(state_id))
            except CorruptStateError as error:
                problems.append(error.message)
                continue
            running = self.states.running(state_id) is not None
            found += [Entry(state_id, partition, running) for partition in partitions]
        self._note("state", self.states.backend, len(found), " ".join(problems))
        return found

    def _from_warehouse(self, loader: str | None) -> tuple[list[Listed] | None, list[RunRow]]:
        """Return what is in quarantine, and the runs that landed in the warehouse."""
        place = loader or "–"
        try:
            warehouse = open_warehouse(loader)
            place = f"{warehouse.loader}: {warehouse.shown}"
            quarantine, runs = self._look(warehouse)
        except SyncopsError as error:
            if loader is not None:
                raise
            self._note("warehouse", place, None, error.message)
            return None, []
        self._note("warehouse", place, len(quarantine) + len(runs))
        return quarantine, runs

    def _look(self, warehouse: Warehouse) -> tuple[list[Listed], list[RunRow]]:
        with warehouse.opened() as dialect:
            quarantine = summed(
                Listed(schema, group)
                for schema in quarantined_schemas(dialect)
                for group in Quarantined.within(dialect, schema).groups(EVERY_OPEN)
            )
            return quarantine, list(landed(dialect, self.since))

    def _runs(self) -> Iterator[RunRow]:
        log = RunLog(self.folder)
        count = 0
        try:
            for row in log.rows():
                count += 1
                yield row
        except OSError as error:
            self._unread("runs", log.path, error)
        else:
            self._note("runs", str(log.path), count or None)

    def _of_environment(self, rows: Iterator[RunRow]) -> Iterator[RunRow]:
        """Yield the runs of the active environment, and those made outside of Meltano."""
        active = self.states.environment
        return (row for row in rows if not active or row.environment in {"", active})

    def _compared(self, *, every: bool) -> list[Comparison] | None:
        path = self.folder / RECONCILE
        active = None if every else self.states.environment
        return self._file(path, "reconcile", lambda: _comparisons(path, active))

    def _alerts(self) -> list[Alert] | None:
        path = self.folder / ALERTS
        return self._file(path, "alerts", lambda: _firing(path))

    def _file(self, path: Path, name: str, read: Callable[[], list[T]]) -> list[T] | None:
        try:
            found = read()
        except (OSError, msgspec.MsgspecError) as error:
            self._unread(name, path, error)
            return None
        self._note(name, str(path), len(found))
        return found

    def _unread(self, name: str, path: Path, error: Exception) -> None:
        missing = isinstance(error, FileNotFoundError)
        self._note(name, str(path), None, "" if missing else str(error))

    def _note(self, name: str, place: str, count: int | None, problem: str = "") -> None:
        self.sources.append(Source(name, place, count, problem))


def landed(dialect: Dialect, since: datetime) -> Iterator[RunRow]:
    """Yield the runs that the taps wrote into a warehouse, each schema in the order of time.

    Args:
        dialect: The open database.
        since: From when on.
    """
    columns = dialect.rows(
        "SELECT table_schema, column_name, data_type FROM information_schema.columns "
        "WHERE table_name = $1 AND table_catalog = current_database() "
        "ORDER BY table_schema, ordinal_position",
        runs.STREAM,
    )
    known = {"recorded_at", *RunRow.__struct_fields__}
    for schema in dict.fromkeys(schema for schema, _, _ in columns):
        kinds = {name: kind.lower() for where, name, kind in columns if where == schema}
        kinds = {name: kind for name, kind in kinds.items() if name in known}
        if "recorded_at" not in kinds:
            continue
        rows = dialect.rows(
            f"SELECT {', '.join(_plain(*column) for column in kinds.items())} "  # noqa: S608
            f"FROM {quote(schema)}.{quote(runs.STREAM)} "
            "WHERE extract(epoch FROM recorded_at) >= $1 ORDER BY recorded_at",
            since.timestamp(),
        )
        for row in rows:
            if found := _run_row(kinds, row):
                yield found


def _plain(name: str, kind: str) -> str:
    """Return SQL for a column; times as seconds, which look alike on every engine."""
    return f"extract(epoch FROM {quote(name)})" if _is_time(kind) else quote(name)


def _run_row(kinds: Mapping[str, str], row: Sequence[t.Any]) -> RunRow | None:
    """Return a row of the table as the tap wrote it; None if it was not a tap that wrote it."""
    values: dict[str, t.Any] = {}
    for (name, kind), value in zip(kinds.items(), row, strict=True):
        if value is None:
            continue
        if _is_time(kind):
            value = format_time(datetime.fromtimestamp(float(value), UTC))  # noqa: PLW2901
        elif kind.startswith("json") and isinstance(value, str):
            value = msgspec.json.decode(value)  # noqa: PLW2901
        values[name] = value
    try:
        return msgspec.convert(values, RunRow, strict=False)
    except msgspec.ValidationError:
        return None


def _is_time(kind: str) -> bool:
    return kind.startswith("timestamp")


def _comparisons(path: Path, environment: str | None) -> list[Comparison]:
    path.stat()
    lines = jsonlines.read(path)
    return newest(line for line in lines if environment in {None, line.get("environment")})


def _firing(path: Path) -> list[Alert]:
    memory = msgspec.json.decode(path.read_bytes(), type=Memory)
    return [alert for alert in memory.alerts.values() if alert.firing]


def _noting(rows: Iterator[RunRow], seen: set[str]) -> Iterator[RunRow]:
    for row in rows:
        seen.add(row.run_id)
        yield row


def _unseen(rows: Sequence[RunRow], seen: set[str]) -> Iterator[RunRow]:
    """Yield the runs that no file tells of, such as those of another machine."""
    return (row for row in rows if row.run_id not in seen)
