"""Comparing and repairing, step by step; every step that calls the platform is a task of the tap."""

from __future__ import annotations

import tempfile
import typing as t
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec
from openplatform.bookmarks import UTC, format_time

from syncops.pipelines import RunError
from syncops.reconcile.findings import (
    Bucket,
    Difference,
    Found,
    Stream,
    Who,
    Window,
    counted,
    differences,
    judged,
    merged,
)
from syncops.reconcile.rows import Table, table_of

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from target_warehouse.dialects.base import Dialect

    from syncops.pipelines import Pipeline

Part = dict[str, t.Any]


@dataclass(frozen=True, slots=True)
class Wish:
    """What to compare.

    Attributes:
        windows: The stretch of time for each stream and account.
        bucket: `hour` or `day`.
        field: Business field to count by as well; empty for none.
        deep: Compare all records, not only those of buckets whose counts differ.
        max_calls: Calls that all steps together may make.
    """

    windows: dict[Who, Window]
    bucket: str
    field: str
    deep: bool
    max_calls: int


@dataclass
class Compared:
    """What came out for one stream of one account.

    Attributes:
        window: The stretch of time.
        buckets: All buckets, counted on both sides; empty where the platform does not count.
        differences: The records that differ.
        looked: Whether records were compared, so that `differences` says it all.
        pages: Calls that reading the differing buckets took, about.
        read: The windows in which records were compared; None for a whole list.
        problems: Why something could not be compared or repaired.
        fetched: Records that a repair brought.
        marked: Rows that a repair marked as deleted.
        left: Records that still differ after a repair; None before one.
        again: The buckets' counts after a repair.
    """

    stream: str
    account: str
    window: Window
    buckets: list[Bucket] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    looked: bool = False
    pages: int = 0
    read: list[Window] | None = None
    problems: list[str] = field(default_factory=list)
    fetched: int = 0
    marked: int = 0
    left: list[Difference] | None = None
    again: list[Bucket] = field(default_factory=list)

    @property
    def who(self) -> Who:
        """Stream and account."""
        return self.stream, self.account

    @property
    def differing(self) -> list[Bucket]:
        """The buckets whose counts differ."""
        return [bucket for bucket in self.buckets if bucket.differs]

    def of(self, kind: str) -> list[Difference]:
        """Return the differences of one kind."""
        return [one for one in self.differences if one.kind == kind]

    @property
    def fine(self) -> bool:
        """Whether platform and warehouse agree now."""
        if self.problems:
            return False
        if self.left is not None:
            return not self.left
        return not self.differences and (self.looked or not self.differing)


class Reconciler:
    """Compares a tap's streams with a warehouse.

    Args:
        pipeline: The tap and the loader.
        wish: What to compare.
        tell: Takes a line about each step.
    """

    def __init__(self, pipeline: Pipeline, wish: Wish, tell: t.Callable[[str], None]) -> None:
        self._pipeline = pipeline
        self._wish = wish
        self._tell = tell
        self._streams: dict[str, Stream] = {}
        self.calls = 0

    def compare(self) -> list[Compared]:
        """Count, and compare the records of the buckets that differ."""
        results = {who: Compared(*who, window) for who, window in self._wish.windows.items()}
        self._count(results)
        self._compare_records(results, deep=self._wish.deep)
        return list(results.values())

    def _compare_records(self, results: dict[Who, Compared], *, deep: bool) -> None:
        self._read(results, deep=deep)
        self._look(results)
        self._second_look(results)

    # -- tasks of the tap -------------------------------------------------------------------------

    def _task(self, parts: list[Part], *, load: bool) -> Found:
        """Let the tap do something within what is left of the calls."""
        left = self._wish.max_calls - self.calls
        with tempfile.TemporaryDirectory(prefix="syncops-") as folder:
            path, results = Path(folder, "task.json"), Path(folder, "results.jsonl")
            path.write_bytes(msgspec.json.encode({"results": str(results), "parts": parts}))
            settings = {
                "task": str(path),
                "max_calls": str(max(0, left)),
                "_select": sorted({f"{part['stream']}.*" for part in parts}),
            }
            if load:
                now = datetime.now(UTC)
                suffix = f"reconcile-{now:%Y%m%d%H%M%S}-{now.microsecond:06d}"
                done = self._pipeline.run(suffix, settings)
            else:
                done = self._pipeline.invoke(settings)
            found = Found.load(results) if results.exists() else Found()
        self.calls += found.calls
        if not done and not found.problems:
            raise RunError(
                f"{self._pipeline.tap} failed; its last lines stand above. No bookmark was touched."
            )
        self._streams.update(found.streams)
        return found

    def _counting(self, one: Compared, windows: list[Window] | None) -> Part:
        return {
            "do": "count",
            "stream": one.stream,
            "account": one.account,
            "windows": windows,
            "bucket": self._wish.bucket,
            "field": self._wish.field,
        }

    def _counted(self, one: Compared, found: Found, dialect: Dialect) -> list[Bucket]:
        stream = self._streams[one.stream]
        table = self._table(dialect, stream)
        return counted(table, stream, one.account, found.counts[one.who])

    def _count(self, results: dict[Who, Compared]) -> None:
        self._tell("Counting at the platform ...")
        parts = [self._counting(one, [one.window]) for one in results.values()]
        found = self._task(parts, load=True)
        with self._opened() as dialect:
            for one in results.values():
                one.problems += found.problems[one.who]
                one.buckets = self._counted(one, found, dialect)
                if not self._streams[one.stream].countable and not self._wish.deep:
                    one.problems.append(
                        "the platform does not count it; --deep compares its records"
                    )

    def _read(self, results: dict[Who, Compared], *, deep: bool) -> None:
        """Read ids and update times of what differs, or of all."""
        parts = []
        for one in results.values():
            stream = self._streams[one.stream]
            if one.problems or not (one.differing or deep):
                continue
            chosen = one.buckets if deep else one.differing
            one.pages = sum(-(-bucket.platform // (stream.page or 1)) for bucket in chosen)
            windows = merged(bucket.window for bucket in chosen if bucket.window)
            if deep and stream.incremental:
                windows = [one.window]
            one.read = windows if stream.incremental else None
            part: Part = {"do": "ids", "stream": one.stream, "account": one.account}
            parts.append({**part, "windows": one.read})
        if not parts:
            return
        self._tell(f"Reading ids and update times{'' if deep else ' where the counts differ'} ...")
        found = self._task(parts, load=False)
        with self._opened() as dialect:
            for part in parts:
                one = results[part["stream"], part["account"]]
                one.problems += found.problems[one.who]
                if one.problems:
                    continue
                stream = self._streams[one.stream]
                one.looked = True
                one.differences = differences(
                    self._table(dialect, stream),
                    stream,
                    one.account,
                    found.ids[one.who],
                    found.read[one.who],
                )

    def _look(self, results: dict[Who, Compared]) -> None:
        """Ask for the records that their time's list did not bring: gone, or only moved?"""
        doubtful = {
            one.who: [d for d in one.differences if not d.confirmed] for one in results.values()
        }
        parts: list[Part] = [
            {
                "do": "look",
                "stream": who[0],
                "account": who[1],
                "ids": [{"id": d.id} for d in found],
            }
            for who, found in doubtful.items()
            if found and self._streams[who[0]].looks
        ]
        if not parts:
            return
        self._tell("Asking for the records that are only in the warehouse ...")
        found = self._task(parts, load=False)
        for part in parts:
            one = results[part["stream"], part["account"]]
            one.problems += found.problems[one.who]
            answers, gone = found.ids[one.who], found.gone[one.who]
            kept = [d for d in one.differences if d.confirmed]
            for doubt in doubtful[one.who]:
                answered = doubt.id in answers
                decided = judged(
                    doubt,
                    answers.get(doubt.id),
                    one.window[1],
                    gone=doubt.id in gone,
                    asked=answered,
                )
                kept += [decided] if decided else []
            one.differences = kept

    def _second_look(self, results: dict[Who, Compared]) -> None:
        """Leave out what the live sync has brought meanwhile."""
        with self._opened() as dialect:
            for one in results.values():
                if one.differences:
                    one.differences = self._still(dialect, one, one.differences)

    def _still(
        self, dialect: Dialect, one: Compared, found: Iterable[Difference]
    ) -> list[Difference]:
        """Return the differences that the warehouse shows now."""
        table = self._table(dialect, self._streams[one.stream])
        found = list(found)
        here = table.of(one.account, [difference.id for difference in found])
        return [d for d in found if _holds(d, d.id in here, here.get(d.id))]

    # -- repair -----------------------------------------------------------------------------------

    def repair(self, results: list[Compared]) -> None:
        """Fetch what is missing or stale, mark the confirmed surplus, and count again."""
        chosen = [one for one in results if one.differences]
        if not chosen:
            return
        parts = [self._fetching(one) for one in chosen]
        number = sum(len(part["ids"]) for part in parts)
        self._tell(f"Fetching {number} records again, then counting again ...")
        parts = [part for part in parts if part["ids"]]
        found = self._task([*parts, *(self._counting(one, one.read) for one in chosen)], load=True)
        for one in chosen:
            one.problems += found.problems[one.who]
            one.fetched = len(found.ids[one.who])
        self._mark(chosen)
        with self._opened() as dialect:
            for one in chosen:
                one.again = self._counted(one, found, dialect)
                one.left = self._still(dialect, one, one.differences)
        self._look_again(chosen)

    def _look_again(self, chosen: list[Compared]) -> None:
        """Where counts still differ although all was mended, look at the records once more."""
        odd = {
            one.who: Compared(*one.who, one.window, buckets=one.again)
            for one in chosen
            if not one.left and not one.problems and any(bucket.differs for bucket in one.again)
        }
        if odd:
            self._compare_records(odd, deep=False)
        for one in chosen:
            if (again := odd.get(one.who)) is not None:
                one.left, one.problems = again.differences, again.problems

    def _fetching(self, one: Compared) -> Part:
        ids = [{"id": d.id, "at": d.platform_at} for d in one.differences if d.kind != "surplus"]
        return {
            "do": "fetch",
            "stream": one.stream,
            "account": one.account,
            "windows": one.read,
            "ids": ids,
            "pages": one.pages,
        }

    def _mark(self, chosen: Iterable[Compared]) -> None:
        surplus = {one.who: [d.id for d in one.of("surplus") if d.confirmed] for one in chosen}
        if not any(surplus.values()):
            return
        with self._opened(read_only=False) as dialect:
            for one in chosen:
                table = self._table(dialect, self._streams[one.stream])
                if table.marks and surplus[one.who]:
                    with dialect.transaction():
                        dialect.turn(table.name)
                        one.marked = table.mark(one.account, surplus[one.who], datetime.now(UTC))

    # -- the warehouse ----------------------------------------------------------------------------

    def _opened(self, *, read_only: bool = True) -> t.ContextManager[Dialect]:
        return self._pipeline.warehouse.opened(schema=self._pipeline.schema, read_only=read_only)

    def _table(self, dialect: Dialect, stream: Stream) -> Table:
        settings = self._pipeline.stream(stream.stream)
        return table_of(dialect, settings, stream.stream, stream.columns, timed=stream.incremental)


def _holds(difference: Difference, present: bool, at: str | None) -> bool:
    if difference.kind == "missing":
        return not present
    if difference.kind == "surplus":
        return present
    return not present or (at or "") < (difference.platform_at or "")


def plan_of(pipeline: Pipeline, results: Iterable[Compared], now: datetime) -> Part:
    """Return the repair plan: what would be fetched, and what would be marked."""
    return {
        "made_at": format_time(now),
        "tap": pipeline.tap,
        "loader": pipeline.loader,
        "environment": pipeline.environment,
        "parts": [*_parts(results)],
    }


def _parts(results: Iterable[Compared]) -> Iterator[Part]:
    for one in results:
        if one.differences:
            yield {
                "stream": one.stream,
                "account": one.account,
                "windows": one.read,
                **{
                    kind: [msgspec.to_builtins(d) for d in one.of(kind)]
                    for kind in ("missing", "stale", "surplus")
                },
            }
