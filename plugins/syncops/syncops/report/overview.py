"""What a report says about each stream and account, and what it asks the operator to do."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from syncops.alerts.memory import Alert
from syncops.alerts.sources import STATE_ID
from syncops.bookmarks.partitions import Kind, Partition
from syncops.quarantine.tables import Listed
from syncops.report.period import Last, Pair, Period
from syncops.report.rows import Comparison
from syncops.report.spans import cut

LEVELS: t.Final = ("bad", "warn", "ok", "idle")
"""From the worst to the least interesting."""
_LONGEST = 80
_BESIDE = (":backfill-", ":reconcile-")


@dataclass(frozen=True, slots=True)
class Source:
    """Where figures come from, and what kept them from being read.

    Attributes:
        name: Word for the kind of source.
        place: The file or database.
        count: How many entries were read; None when there was nothing to read.
        problem: Why it could not be read; empty when it could.
    """

    name: str
    place: str
    count: int | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One partition of one state."""

    state_id: str
    partition: Partition
    running: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """All that was read. `None` for what could not be looked at."""

    project: str
    environment: str | None
    now: datetime
    entries: Sequence[Entry]
    period: Period
    compared: Sequence[Comparison] | None
    quarantine: Sequence[Listed] | None
    alerts: Sequence[Alert] | None
    sources: Sequence[Source]


@dataclass(frozen=True, slots=True)
class Account:
    """One account of a stream."""

    name: str
    level: str
    partition: Partition
    lag: float | None
    last: Last | None


@dataclass
class Stream:
    """One stream of one state, with its accounts, the worst first."""

    state_id: str
    name: str
    running: bool
    accounts: list[Account] = field(default_factory=list)

    @property
    def job(self) -> str | None:
        """The extractor whose syncs move it; None for a backfill or a repair."""
        return job_of(self.state_id)

    @property
    def level(self) -> str:
        """The worst level of its accounts."""
        return min((account.level for account in self.accounts), key=LEVELS.index)

    @property
    def lag(self) -> float | None:
        """The largest lag of its accounts, in seconds."""
        return max((a.lag for a in self.accounts if a.lag is not None), default=None)

    @property
    def owed(self) -> int:
        """Failures that will be tried again."""
        return sum(account.partition.owed for account in self.accounts)

    @property
    def parked(self) -> int:
        """Failures that wait for a request."""
        return sum(account.partition.parked for account in self.accounts)

    @property
    def last_run(self) -> str:
        """The latest time at which one of its accounts was read to its end, as stored."""
        return max((account.partition.last_run or "" for account in self.accounts), default="")


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing that needs attention.

    Attributes:
        level: `bad` or `warn`.
        word: Key of its text.
        values: What the text names.
        anchor: The section that tells more.
        command: What to type next; empty when the section says it.
    """

    level: str
    word: str
    values: Mapping[str, t.Any]
    anchor: str
    command: str = ""


def job_of(state_id: str) -> str | None:
    """Return the extractor whose syncs move a state; None for a state of a run beside them."""
    match = STATE_ID.fullmatch(state_id)
    if match is None or (match["suffix"] or "").startswith(_BESIDE):
        return None
    return match["job"]


def streams(facts: Facts, late: timedelta) -> list[Stream]:
    """Return the streams of all states, the worst first.

    Args:
        facts: What was read.
        late: The lag from which on a stream counts as late.
    """
    found: dict[tuple[str, str], Stream] = {}
    for entry in facts.entries:
        partition = entry.partition
        key = entry.state_id, partition.stream
        stream = found.setdefault(key, Stream(*key, entry.running))
        job, last, lag = job_of(entry.state_id), None, None
        if job is not None and partition.moment:
            lag = (facts.now - partition.moment).total_seconds()
        if job is not None:
            last = facts.period.last.get((job, partition.stream, partition.account))
        level = _level(partition, lag, last, late)
        stream.accounts.append(Account(partition.account, level, partition, lag, last))
    for stream in found.values():
        stream.accounts.sort(key=lambda a: (LEVELS.index(a.level), -(a.lag or 0), a.name))
    return sorted(
        found.values(),
        key=lambda s: (LEVELS.index(s.level), -s.parked, -(s.lag or 0), s.state_id, s.name),
    )


def _level(partition: Partition, lag: float | None, last: Last | None, late: timedelta) -> str:
    if partition.kind is Kind.FOREIGN:
        return "idle"
    if partition.problem or partition.parked or (last is not None and last.failed):
        return "bad"
    if partition.owed or (lag is not None and lag > late.total_seconds()):
        return "warn"
    return "ok"


def advice(facts: Facts, found: Sequence[Stream], late: timedelta) -> list[Advice]:
    """Return what needs attention, the worst first."""
    accounts = [(stream, account) for stream in found for account in stream.accounts]
    made = [
        *_about_bookmarks(accounts, late),
        *_about_runs(facts, accounts),
        *_about_records(facts, found),
    ]
    return sorted(made, key=lambda one: LEVELS.index(one.level))


def _about_bookmarks(
    accounts: Sequence[tuple[Stream, Account]], late: timedelta
) -> Iterable[Advice]:
    odd = [_named(s, a) for s, a in accounts if a.partition.problem]
    if odd:
        values = {"count": len(odd), "names": _some(odd)}
        yield Advice("bad", "unreadable", values, "state", "syncops bookmarks show")
    ours = [a for _, a in accounts if a.lag is not None]
    behind = [a.lag for a in ours if a.lag is not None and a.lag > late.total_seconds()]
    if behind:
        values = {"count": len(behind), "all": len(ours), "limit": late, "worst": max(behind)}
        yield Advice("warn", "late_streams", values, "state")


def _about_runs(facts: Facts, accounts: Sequence[tuple[Stream, Account]]) -> Iterable[Advice]:
    failed = [_named(s, a) for s, a in accounts if a.last is not None and a.last.failed]
    known = {(s.job, s.name, a.name) for s, a in accounts}
    failed += [
        f"{stream} {account}".strip()
        for (job, stream, account), last in facts.period.last.items()
        if last.failed and (job, stream, account) not in known
    ]
    blamed = {job for (job, *_), last in facts.period.last.items() if last.failed}
    failed += [job for job, last in facts.period.whole.items() if last.failed and job not in blamed]
    if failed:
        values = {"count": len(failed), "names": _some(failed)}
        yield Advice("bad", "failed_runs", values, "runs")
    dead = [run for run in facts.period.unfinished.values() if not run.alive]
    if dead:
        values = {"count": len(dead), "names": _some(sorted({run.first.job for run in dead}))}
        yield Advice("warn", "unfinished_runs", values, "runs")
    success = facts.period.success
    if success is not None and success < 0.95:
        yield Advice("warn", "success_low", {"share": success}, "calls")


def _about_records(facts: Facts, found: Sequence[Stream]) -> Iterable[Advice]:
    if facts.alerts:
        yield Advice("bad", "alerts_firing", {"count": len(facts.alerts)}, "alerts")
    if parked := sum(stream.parked for stream in found):
        command = "syncops failures list"
        yield Advice("bad", "parked_failures", {"count": parked}, "failures", command)
    if differ := sum(one.records for one in facts.compared or ()):
        command = "syncops reconcile TAP LOADER --plan FILE"
        yield Advice("warn", "differences_found", {"count": differ}, "reconciliation", command)
    if waiting := sum(one.group.records for one in facts.quarantine or ()):
        command = "syncops quarantine list"
        yield Advice("warn", "quarantined", {"count": waiting}, "quarantine", command)


def worst_lags(
    period: Period, count: int
) -> tuple[list[tuple[Pair, Sequence[float | None]]], list[Sequence[float | None]]]:
    """Return the lag series of the worst streams, and those of the other streams."""

    def last(values: Sequence[float | None]) -> float:
        return next((value for value in reversed(values) if value is not None), 0)

    ordered = sorted(period.lag.items(), key=lambda item: (-last(item[1]), item[0]))
    return list(ordered[:count]), [values for _, values in ordered[count:]]


def largest(
    series: Mapping[Pair, Sequence[float]], count: int
) -> tuple[list[tuple[Pair, Sequence[float]]], Sequence[float]]:
    """Return the series with the largest sums, and the sum of the others."""
    some = [item for item in series.items() if any(item[1])]
    ordered = sorted(some, key=lambda item: (-sum(item[1]), item[0]))
    rest = (values for _, values in ordered[count:])
    return list(ordered[:count]), [sum(values) for values in zip(*rest, strict=True)]


def failures(facts: Facts) -> list[tuple[Partition, Mapping[str, t.Any]]]:
    """Return all records that are owed, the parked ones first."""
    found = [
        (entry.partition, failure)
        for entry in facts.entries
        if entry.partition.owed or entry.partition.parked
        for failure in entry.partition.data.get("failures") or ()
    ]
    return sorted(found, key=lambda one: (not one[1].get("parked"), one[0].stream, one[0].account))


def _named(stream: Stream, account: Account) -> str:
    return f"{stream.name} {account.name}".strip()


def _some(names: Sequence[str], count: int = 3) -> str:
    shown = ", ".join(cut(name, _LONGEST) for name in names[:count])
    return f"{shown} …" if len(names) > count else shown
