"""What rules look at, read when the first rule asks for it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from openplatform.bookmarks import Bookmark
from openplatform.errors import ConfigurationError
from openplatform.runs import LIVE, STARTED, PastRun, RunLog, RunRow
from target_warehouse.kept import EVERY_OPEN, Quarantined, quarantined_schemas

from syncops import jsonlines
from syncops.bookmarks.partitions import Kind, read_partitions
from syncops.quarantine.warehouse import open_warehouse
from syncops.report.rows import Comparison, newest
from syncops.states import States

RECONCILE = "reconcile.jsonl"
STATE_ID = re.compile(
    r"(?:(?P<environment>[^:]+):)?(?P<job>[^:]+?)-to-[^:]+(?P<suffix>:.+)?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Position:
    """Where one stream of one account stands, as the state of a live sync says.

    Attributes:
        state_id: The state.
        job: The extractor that it belongs to.
        up_to: Everything until this moment has been read; None before the first window or read.
        parked: Failures that wait for a request.
    """

    state_id: str
    job: str
    stream: str
    account: str
    up_to: datetime | None
    parked: int


class Sources:
    """Everything that can be looked at.

    Args:
        states: The states of the project.
        now: The present, UTC.
    """

    def __init__(self, states: States, now: datetime) -> None:
        self.states = states
        self.now = now
        self.folder: Path = states.system_directory / "syncops"

    @cached_property
    def positions(self) -> list[Position]:
        """What the states of the active environment say; runs beside the live one (suffixes) are left out.

        Raises:
            SyncopsError: A state cannot be read.
        """
        found = []
        for state_id in self.states.ids():
            match = STATE_ID.fullmatch(state_id)
            if match is None or match["suffix"]:
                continue
            payload = self.states.read(state_id)
            for partition in read_partitions(payload, where=self.states.where(state_id)):
                if partition.kind is not Kind.FOREIGN:
                    who = (partition.stream, partition.account)
                    held = (partition.moment, partition.parked)
                    found.append(Position(state_id, match["job"], *who, *held))
        return found

    @cached_property
    def runs(self) -> list[PastRun]:
        """The runs of the active environment, in the order in which they began; backfills left out.

        Raises:
            OSError: The log cannot be read.
        """
        environment = self.states.environment or ""
        return [
            run
            for run in RunLog(self.folder).runs()
            if run.first.kind in LIVE
            and run.first.environment == environment
            and run.first.outcome == STARTED
        ]

    @cached_property
    def last_rows(self) -> list[RunRow]:
        """The newest row of each job, stream and account that its last such run still read."""
        found: dict[tuple[str, str, str], RunRow] = {}
        newest: dict[tuple[str, str], str] = {}
        for run in self.runs:
            for row in run.rows:
                found[row.job, row.stream, row.account] = row
                newest[row.job, row.stream] = row.run_id
        # An account that was taken out of the settings is nobody's concern any more.
        return [row for row in found.values() if newest[row.job, row.stream] == row.run_id]

    @cached_property
    def reconciled(self) -> list[Comparison]:
        """The newest result of each reconciliation of the active environment."""
        environment = self.states.environment or ""
        lines = jsonlines.read(self.folder / RECONCILE)
        return newest(line for line in lines if (line.get("environment") or "") == environment)

    def quarantined(self, loader: str | None) -> tuple[str, dict[tuple[str, str], int]]:
        """Return a loader's name, and how many bad records wait by database schema and stream.

        Raises:
            SyncopsError: The database cannot be found or opened.
        """
        warehouse = open_warehouse(loader)
        counts: Counter[tuple[str, str]] = Counter()
        with warehouse.opened() as dialect:
            for schema in quarantined_schemas(dialect):
                for group in Quarantined.within(dialect, schema).groups(EVERY_OPEN):
                    counts[schema, group.stream] += group.records
        return warehouse.loader, dict(counts)


def moment_of(text: str | None) -> datetime | None:
    """Return a time that was written as text; None for none, or for what is none."""
    try:
        return None if text is None else Bookmark.parse(text).time
    except (ConfigurationError, OverflowError):
        return None
