"""Rules applied to what the sources say. Each check yields what is wrong now, and keeps no memory."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from openplatform.bookmarks import format_time
from openplatform.runs import FAILED, INTERRUPTED, PastRun, RunRow

from syncops.alerts.rules import (
    FailuresParked,
    GrantExpires,
    LagAbove,
    NothingRan,
    QuarantineGrowing,
    ReconcileDifference,
    Rule,
    RunFailed,
    SuccessRateBelow,
    span,
)
from syncops.alerts.sources import Sources, moment_of
from syncops.alerts.words import Language, say
from syncops.times import format_span

Samples = MutableMapping[str, list[list[t.Any]]]
"""Counts of earlier checks: by rule and what was counted, pairs of time and count."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that a rule objects to.

    Attributes:
        rule: The rule's name.
        about: Identifies it within the rule: job or state id or loader, and so on.
        stream: The stream, or empty.
        account: The account, or empty.
        text: What is wrong, for people.
    """

    rule: str
    about: tuple[str, ...]
    stream: str
    account: str
    text: str


class Checker:
    """Applies rules.

    Args:
        sources: What there is to look at.
        language: Of the texts.
        samples: Counts of earlier checks, brought up to date in place.
    """

    def __init__(self, sources: Sources, language: Language, samples: Samples) -> None:
        self._sources = sources
        self._language = language
        self._samples = samples
        self._now = sources.now

    def check(self, rule: Rule) -> list[Problem]:
        """Return what a rule objects to.

        Raises:
            SyncopsError: What it looks at cannot be read.
            OSError: Likewise.
        """
        kinds: dict[type[Rule], Callable[[t.Any], Iterator[Problem]]] = {
            LagAbove: self._lag,
            SuccessRateBelow: self._success_rate,
            FailuresParked: self._parked,
            GrantExpires: self._grants,
            ReconcileDifference: self._reconciled,
            QuarantineGrowing: self._quarantine,
            NothingRan: self._nothing_ran,
            RunFailed: self._run_failed,
        }
        return list(kinds[type(rule)](rule))

    def _problem(
        self,
        rule: Rule,
        what: str,
        *about: str,
        stream: str = "",
        account: str = "",
        **values: t.Any,
    ) -> Problem:
        values = {"place": about[0], "stream": stream, "account": account, **values}
        text = say(what, self._language, **values)
        return Problem(rule.title, (*about, stream, account), stream, account, text)

    def _lag(self, rule: LagAbove) -> Iterator[Problem]:
        limit = span(rule.limit)
        for at in self._sources.positions:
            if at.up_to is None or not _concerns(rule, at.job, at.stream, at.account):
                continue
            lag = self._now - at.up_to
            if lag > limit:
                yield self._problem(
                    rule, "lag_above", at.state_id, stream=at.stream, account=at.account,
                    lag=format_span(lag), limit=format_span(limit),
                )  # fmt: skip

    def _parked(self, rule: FailuresParked) -> Iterator[Problem]:
        for at in self._sources.positions:
            if at.parked > rule.limit and _concerns(rule, at.job, at.stream, at.account):
                yield self._problem(
                    rule, "failures_parked", at.state_id, stream=at.stream, account=at.account,
                    count=at.parked,
                )  # fmt: skip

    def _success_rate(self, rule: SuccessRateBelow) -> Iterator[Problem]:
        for row in self._sources.last_rows:
            rate = row.success_rate
            if rate is None or rate >= rule.limit or row.calls_total < rule.calls:
                continue
            if _concerns(rule, row.job, row.stream, row.account):
                yield self._problem(
                    rule, "success_rate_below", row.job, stream=row.stream, account=row.account,
                    share=f"{rate:.1%}", calls=row.calls_total, limit=f"{rule.limit:.1%}",
                )  # fmt: skip

    def _grants(self, rule: GrantExpires) -> Iterator[Problem]:
        ends: dict[tuple[str, str], tuple[str, datetime]] = {}
        for row in self._sources.last_rows:
            end = moment_of(row.grant_expires_at)
            if end is not None and _concerns(rule, row.job, row.stream, row.account):
                known = ends.get((row.platform, row.account))
                if known is None or row.recorded_at > known[0]:
                    ends[row.platform, row.account] = (row.recorded_at, end)
        for (platform, account), (_, end) in sorted(ends.items()):
            left = end - self._now
            if left <= span(rule.limit):
                what = "grant_expires_within" if left > timedelta() else "grant_expired"
                yield self._problem(
                    rule, what, platform, account=account,
                    left=format_span(left), at=_short(end),
                )  # fmt: skip

    def _reconciled(self, rule: ReconcileDifference) -> Iterator[Problem]:
        for one in self._sources.reconciled:
            concerns = _concerns(rule, one.tap, one.stream, one.account)
            if one.records > rule.limit and concerns:
                yield self._problem(
                    rule, "reconcile_difference", f"{one.tap} → {one.loader}",
                    stream=one.stream, account=one.account, count=round(one.records),
                    start=_day(one.begin), end=_day(one.end),
                )  # fmt: skip

    def _quarantine(self, rule: QuarantineGrowing) -> Iterator[Problem]:
        loader, counts = self._sources.quarantined(rule.loader)
        within = span(rule.within)
        begin = format_time(self._now - within)
        seen = {f"{rule.title}|{loader}|{schema}|{stream}" for schema, stream in counts}
        for key in [k for k in self._samples if k.startswith(f"{rule.title}|{loader}|")]:
            if key not in seen:
                del self._samples[key]
        for (schema, stream), count in sorted(counts.items()):
            key = f"{rule.title}|{loader}|{schema}|{stream}"
            # What there was before anyone looked counts as new once.
            samples = self._samples.get(key) or [[begin, 0]]
            recent = [sample for sample in samples if sample[0] > begin]
            before = samples[: len(samples) - len(recent)][-1:]
            kept = [*before, *recent, [format_time(self._now), count]]
            self._samples[key] = kept
            new = count - min(sample[1] for sample in kept)
            if new > rule.limit and _any(stream, rule.streams):
                yield self._problem(
                    rule, "quarantine_growing", f"{loader}/{schema}", stream=stream,
                    count=new, within=format_span(within), all=count,
                )  # fmt: skip

    def _nothing_ran(self, rule: NothingRan) -> Iterator[Problem]:
        limit = span(rule.limit)
        ended: dict[str, datetime | None] = {
            job: None for job in rule.jobs if not any(sign in job for sign in "*?[")
        }
        for run in self._sources.runs:
            if _any(run.first.job, rule.jobs):
                end = moment_of(run.last.ended_at) if run.last else None
                known = ended.get(run.first.job)
                ended[run.first.job] = max(filter(None, (end, known)), default=None)
        for job, end in sorted(ended.items()):
            if end is None:
                yield self._problem(rule, "never_ran", job)
            elif self._now - end > limit:
                age = format_span(self._now - end)
                yield self._problem(rule, "nothing_ran_for", job, age=age, limit=format_span(limit))

    def _run_failed(self, rule: RunFailed) -> Iterator[Problem]:
        failed = set()
        for row in self._sources.last_rows:
            bad = row.outcome in {FAILED, INTERRUPTED}
            if bad and _concerns(rule, row.job, row.stream, row.account):
                failed.add(row.run_id)
                yield self._problem(
                    rule, "run_failed", row.job, stream=row.stream, account=row.account,
                    error=row.error or row.outcome,
                )  # fmt: skip
        last: dict[str, PastRun] = {run.first.job: run for run in self._sources.runs}
        for job, run in sorted(last.items()):
            if not _any(job, rule.jobs) or run.first.run_id in failed:
                continue
            if run.last is None and not run.alive:
                yield self._problem(
                    rule, "run_killed", job, at=_short(moment_of(run.first.started_at))
                )
            elif run.last is not None and _failed_as_a_whole(run, run.last):
                yield self._problem(rule, "whole_run_failed", job, error=run.last.error)


def _failed_as_a_whole(run: PastRun, last: RunRow) -> bool:
    """Tell whether a run failed for what is no stream's fault, such as an event log that is away."""
    blamed = any(row.outcome in {FAILED, INTERRUPTED} for row in run.rows)
    return last.outcome == FAILED and not blamed


def _concerns(rule: Rule, job: str, stream: str, account: str) -> bool:
    return _any(job, rule.jobs) and _any(stream, rule.streams) and _any(account, rule.accounts)


def _any(text: str, patterns: tuple[str, ...]) -> bool:
    return not patterns or any(text == p or fnmatchcase(text, p) for p in patterns)


def _short(moment: datetime | None) -> str:
    return "?" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"


def _day(text: str) -> str:
    return text[:16].replace("T", " ") or "?"
