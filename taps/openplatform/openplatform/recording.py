"""Remembering a run: rows at its beginning and at its end, to wherever the settings say.

What cannot be written is told in the log and never fails a run.
"""

from __future__ import annotations

import logging
import os
import typing as t
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

import msgspec

from openplatform.bookmarks import EPOCH, format_time
from openplatform.errors import ConfigurationError, Interrupted, OpenPlatformError, RunFailedError
from openplatform.life import Life
from openplatform.metrics import StreamCounts
from openplatform.partitions import Partition, partition_of
from openplatform.runs import (
    FAILED,
    HELPER,
    INTERRUPTED,
    OK,
    REFETCH,
    STREAM,
    SYNC,
    TASK,
    RunLog,
    RunRow,
    first_row,
    runs_folder,
    schema_message,
)
from openplatform.writer import PageWriter

if t.TYPE_CHECKING:
    from openplatform.tap import PlatformTap

_DRIFT_NAMED = 20
_REASON_LENGTH = 500
_logger = logging.getLogger(__name__)


@contextmanager
def recorded(tap: PlatformTap) -> Iterator[None]:
    """Remember the run that the body of the `with` is."""
    recorder = Recorder(tap)
    try:
        recorder.begin()
        yield
    except BaseException as exc:
        recorder.end(exc)
        raise
    recorder.end(None)


class Recorder:
    """Writes the rows of one run.

    Args:
        tap: The tap that runs.
    """

    def __init__(self, tap: PlatformTap) -> None:
        self._tap = tap
        self._config = tap.config
        self.first = first_row(tap.name, tap.clock.now(), os.environ, kind=_kind(self._config))
        folder = runs_folder(self._config.get("metrics_folder"), os.environ)
        self._log = None if folder is None else RunLog(folder)
        self._life: Life | None = None

    def begin(self) -> None:
        """Write that the run has begun."""
        log = self._log
        if log is not None:
            self._try(str(log.path), lambda: self._live(log))
        if self._config.get("sync_runs"):
            writer = t.cast("PageWriter", self._tap.message_writer)
            writer.write(schema_message())
            self._to_warehouse([self.first])

    def end(self, error: BaseException | None) -> None:
        """Write what the run did.

        Args:
            error: What ended it before its time, or the failure of some of its streams.
        """
        rows = self._rows(error, self._tap.clock.now())
        log, life = self._log, self._life
        if log is not None:
            self._try(str(log.path), lambda: log.end(life, rows))
        if path := self._config.get("metrics_file"):
            from openplatform.prometheus import update_file

            self._try(f"metrics_file {path}", lambda: update_file(path, rows))
        if self._config.get("sync_runs") and not isinstance(error, BrokenPipeError):
            self._to_warehouse(rows)
        if endpoint := self._config.get("otlp_endpoint"):
            self._to_collector(endpoint, rows)

    def _live(self, log: RunLog) -> None:
        self._life = log.begin(self.first)

    def _to_warehouse(self, rows: list[RunRow]) -> None:
        writer = t.cast("PageWriter", self._tap.message_writer)
        for row in rows:
            record = msgspec.to_builtins(row)
            writer.write({"type": "RECORD", "stream": STREAM, "record": record})

    def _to_collector(self, endpoint: str, rows: list[RunRow]) -> None:
        try:
            from openplatform.telemetry import send
        except ImportError as exc:
            _logger.warning(
                "otlp_endpoint: %s is missing. Install openplatform[otlp] beside the tap", exc.name
            )
            return
        self._try(f"otlp_endpoint {endpoint}", lambda: send(endpoint, rows))

    def _try(self, what: str, write: Callable[[], None]) -> None:
        try:
            write()
        except Exception as exc:  # noqa: BLE001 - measuring must never fail what it measures
            _logger.warning("%s cannot be written (%s); the run itself goes on", what, exc)

    # -- rows -------------------------------------------------------------------------------------

    def _rows(self, error: BaseException | None, now: datetime) -> list[RunRow]:
        """Return a row for each stream and account, then one for the run as a whole."""
        tap = self._tap
        selected = {
            (stream, account.id): None
            for stream in (tap.selected_names if self.first.kind != TASK else ())
            for account in tap.settings.accounts
        }
        asked = [pair for pair, counts in list(tap.metrics.streams.items()) if counts.calls.total]
        rows = [self._row(*pair, error, now) for pair in selected]
        rows += [
            self._row(*pair, error, now, helper=self.first.kind == SYNC)
            for pair in sorted(asked)
            if pair not in selected
        ]
        failed = isinstance(error, RunFailedError) or any(row.outcome == FAILED for row in rows)
        outcome = _outcome(error) or (FAILED if failed else OK)
        end = format_time(now)
        last = msgspec.structs.replace(
            self.first,
            outcome=outcome,
            error=self._text(error) if error else "",
            ended_at=end,
            recorded_at=end,
        )
        return [*rows, last]

    def _row(
        self,
        stream: str,
        account: str,
        error: BaseException | None,
        now: datetime,
        *,
        helper: bool = False,
    ) -> RunRow:
        counts = self._tap.metrics.streams[stream, account]
        partition = None if helper else self._partition(stream, account)
        known = partition if self.first.kind == SYNC else None
        up_to = _up_to(known)
        bookmark = None if known is None else known.data.get("replication_key_value")
        end = format_time(now)
        outcome, reason = self._how_it_ended(counts, partition, error)
        grant = self._tap.metrics.grants.get(account)
        return msgspec.structs.replace(
            self.first,
            stream=stream,
            account=account,
            outcome=HELPER if helper and outcome == OK else outcome,
            error=reason,
            ended_at=end,
            recorded_at=end,
            failures_owed=counts.owed,
            failures_parked=counts.parked,
            bookmark=bookmark,
            up_to=None if up_to is None else format_time(up_to),
            lag_seconds=None if up_to is None else round((now - up_to).total_seconds(), 3),
            grant_expires_at=None if grant is None else format_time(grant),
            **_counted(counts),
        )

    def _how_it_ended(
        self, counts: StreamCounts, partition: Partition | None, error: BaseException | None
    ) -> tuple[str, str]:
        """Return the outcome of one stream of one account, and the reason of a failure."""
        if counts.error:
            return FAILED, f"{counts.error}: {counts.reason}"
        ended = _outcome(error)
        if error is None or ended is None:
            return OK, ""
        last_run = "" if partition is None else str(partition.data.get("last_run", ""))
        if last_run >= self.first.started_at:  # it was through before the run was stopped
            return OK, ""
        return ended, self._text(error)

    def _partition(self, stream: str, account: str) -> Partition | None:
        try:
            state = t.cast("dict[str, t.Any]", self._tap.state)
            return partition_of(state, stream, account)
        except ConfigurationError:
            return None

    def _text(self, error: BaseException) -> str:
        text = f"{type(error).__name__}: {error}".removesuffix(": ")
        if "client" in self._tap.__dict__:
            text = self._tap.client.connection.redact(text)
        return text[:_REASON_LENGTH]


def _kind(config: Mapping[str, t.Any]) -> str | None:
    """Return what the settings say that the run is for; None for what the environment says."""
    if config.get("task"):
        return TASK
    events = config.get("events")
    only_events = isinstance(events, Mapping) and events.get("only")
    return REFETCH if only_events or config.get("hot_set") or config.get("hot_set_file") else None


def _outcome(error: BaseException | None) -> str | None:
    """Return how a run ended that did not come to its end; None for one that did."""
    if error is None or isinstance(error, RunFailedError):
        return None
    stopped = isinstance(error, (Interrupted, KeyboardInterrupt))
    return INTERRUPTED if stopped else FAILED


def _up_to(partition: Partition | None) -> datetime | None:
    """Return until when everything has been read: the bookmark, or the begin of the last full read."""
    if partition is None:
        return None
    try:
        if (bookmark := partition.bookmark) is not None:
            return bookmark.time
        if versions := partition.complete_versions:
            return EPOCH + timedelta(milliseconds=versions[-1])
    except (OpenPlatformError, ValueError, TypeError, OverflowError):
        pass
    return None


def _counted(counts: StreamCounts) -> dict[str, t.Any]:
    """Return the columns that are counters."""
    calls = counts.calls
    drift = counts.unknown_fields + counts.misfits
    return {
        "records": counts.records,
        "windows": counts.windows,
        "calls": dict(calls.outcomes),
        "calls_total": calls.total,
        "success_rate": round(calls.answered / calls.total, 6) if calls.total else None,
        "latency_p50_ms": _milliseconds(calls.latencies.quantile(0.5)),
        "latency_p95_ms": _milliseconds(calls.latencies.quantile(0.95)),
        "waited_seconds": round(calls.waited, 3),
        "retries": calls.retries,
        "retry_waited_seconds": round(calls.retry_waited, 3),
        "cache_hits": counts.cache_hits,
        "cache_misses": counts.cache_misses,
        "unknown_fields": len(counts.unknown_fields),
        "misfits": counts.misfits.total(),
        "keyless": counts.keyless,
        "schema_drift": dict(drift.most_common(_DRIFT_NAMED)),
    }


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)
