"""Comparing and repairing, step by step; every step that calls the platform is a task of the tap."""

from __future__ import annotations

import tempfile
import typing as t
from datetime import datetime
from pathlib import Path

import msgspec
from openplatform.bookmarks import UTC

from syncops.pipelines import RunError
from syncops.reconcile.compared import Compared, Wish
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
from syncops.reconcile.rows import FULL_READS, Table, TableError, table_of

if t.TYPE_CHECKING:
    from collections.abc import Iterable

    from target_warehouse.dialects.base import Dialect

    from syncops.pipelines import Pipeline
    from syncops.reconcile.plans import Plan

Part = dict[str, t.Any]


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

    @property
    def streams(self) -> list[Stream]:
        """What the tap has told of the streams that were compared."""
        return list(self._streams.values())

    def compare(self) -> list[Compared]:
        """Count, and compare the records of the buckets that differ."""
        results = {who: Compared(*who, window) for who, window in self._wish.windows.items()}
        self._count(results)
        self._compare_records(results, deep=self._wish.deep)
        return list(results.values())

    def resume(self, plan: Plan) -> list[Compared]:
        """Take up a plan: what it names, where that still differs."""
        self._streams = {one.stream: one for one in plan.streams}
        found = [part.compared(self._streams[part.stream]) for part in plan.parts]
        results = {one.who: one for one in found}
        self._look(results)
        self._second_look(results)
        return found

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
                try:
                    one.buckets = self._counted(one, found, dialect)
                except TableError as error:
                    one.problems.append(error.message)
                    continue
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
                one.looked, one.seen = True, len(found.ids[one.who])
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
        chosen = [one for one in results if one.differences and self._takes_records(one)]
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

    def _takes_records(self, one: Compared) -> bool:
        """Tell whether single records can be put into a table; note where they cannot."""
        with self._opened() as dialect:
            mode = self._table(dialect, self._streams[one.stream]).mode
        if mode not in FULL_READS:
            return True
        one.problems.append(
            f"its table is loaded as {mode}, which only the next full read changes: run "
            f"meltano run {self._pipeline.tap} {self._pipeline.loader}"
        )
        return False

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
    if difference.kind == "surplus":  # a row that was written since may have come back
        return present and at == difference.warehouse_at
    return not present or (at or "") < (difference.platform_at or "")
