"""Run rows as a Prometheus textfile (for node_exporter's textfile collector).

Counters go on from what the file says, gauges are replaced, and series of streams and accounts that
this run did not read stay: so the hourly and the nightly run of a tap can share one file.
"""

from __future__ import annotations

import math
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from filelock import FileLock

from openplatform.runs import HELPER, OK, SYNC, RunRow

PREFIX = "openplatform_"
_LOCK_SECONDS = 30
# name: type, help
FAMILIES: dict[str, tuple[str, str]] = {
    "records_total": ("counter", "Records written."),
    "api_calls_total": ("counter", "API calls by outcome."),
    "api_call_seconds": ("gauge", "Latency of the API calls of the last run, by quantile."),
    "limit_wait_seconds_total": ("counter", "Seconds waited for limits."),
    "retries_total": ("counter", "API calls made again."),
    "cache_hits_total": ("counter", "Details that the cache knew."),
    "cache_misses_total": ("counter", "Details that the cache did not know."),
    "misfits_total": ("counter", "Values that did not fit their type."),
    "keyless_total": ("counter", "Records left out for want of a key."),
    "runs_total": ("counter", "Runs by outcome."),
    "failures_owed": ("gauge", "Records that could not be fetched yet."),
    "failures_parked": ("gauge", "Records that were tried in vain."),
    "unknown_fields": ("gauge", "Fields of the last run that the schema does not know."),
    "up_to_timestamp_seconds": ("gauge", "Everything until this moment has been read."),
    "last_run_timestamp_seconds": ("gauge", "When the last run ended."),
    "last_success_timestamp_seconds": ("gauge", "When the last run without a failure ended."),
    "grant_expiry_timestamp_seconds": ("gauge", "When the account's authorisation ends."),
}
Labels = tuple[tuple[str, str], ...]
Series = dict[tuple[str, Labels], float]
_SAMPLE = re.compile(r"(\w+)\{(.*)\} (\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPES = {"\\": r"\\", '"': r"\"", "\n": r"\n"}
_UNESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


def update_file(path: str | Path, rows: Iterable[RunRow]) -> None:
    """Take the rows of a run into the file; whoever reads it sees the old one or the new one, whole.

    Raises:
        OSError: It cannot be written.
    """
    target = Path(path).expanduser()
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{target}.lock", timeout=_LOCK_SECONDS):
        known = read(target.read_text(encoding="utf-8")) if target.exists() else {}
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".metrics-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(render(merged(known, samples(rows))))
                os.fchmod(file.fileno(), 0o644)  # it is read by another user
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def samples(rows: Iterable[RunRow]) -> Series:
    """Return what the rows of one run say; of counters, by how much they grew."""
    found: Series = {}
    for row in rows:
        if row.stream:
            own = {"platform": row.platform, "stream": row.stream, "account": row.account}
            for name, more, value in _of_row(row):
                found[PREFIX + name, _labels({**own, **more})] = value
    return found


def _of_row(row: RunRow) -> Iterator[tuple[str, Mapping[str, str], float]]:
    yield "records_total", {}, row.records
    for outcome, count in row.calls.items():
        yield "api_calls_total", {"outcome": outcome}, count
    for quantile, milliseconds in (("0.5", row.latency_p50_ms), ("0.95", row.latency_p95_ms)):
        if milliseconds is not None:
            yield "api_call_seconds", {"quantile": quantile}, milliseconds / 1000
    yield "limit_wait_seconds_total", {}, row.waited_seconds
    yield "retries_total", {}, row.retries
    yield "cache_hits_total", {}, row.cache_hits
    yield "cache_misses_total", {}, row.cache_misses
    yield "misfits_total", {}, row.misfits
    yield "keyless_total", {}, row.keyless
    if row.outcome == HELPER or row.kind != SYNC:
        return  # it says nothing about where the live sync stands
    yield "runs_total", {"outcome": row.outcome}, 1
    yield "failures_owed", {}, row.failures_owed
    yield "failures_parked", {}, row.failures_parked
    yield "unknown_fields", {}, row.unknown_fields
    ended = _seconds(row.ended_at)
    times = {
        "up_to_timestamp_seconds": _seconds(row.up_to),
        "last_run_timestamp_seconds": ended,
        "last_success_timestamp_seconds": ended if row.outcome == OK else None,
        "grant_expiry_timestamp_seconds": _seconds(row.grant_expires_at),
    }
    for name, seconds in times.items():
        if seconds is not None:
            yield name, {}, seconds


def _seconds(time: str | None) -> float | None:
    return None if time is None else datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp()


def merged(known: Series, news: Series) -> Series:
    """Return the series after a run: counters added up, gauges replaced, all others as they were."""
    result = dict(known)
    for (name, labels), value in news.items():
        counts = FAMILIES[name.removeprefix(PREFIX)][0] == "counter"
        result[name, labels] = value + (known.get((name, labels), 0.0) if counts else 0.0)
    return result


def render(series: Series) -> str:
    """Return the text exposition format."""
    by_name: dict[str, list[str]] = {}
    for (name, labels), value in sorted(series.items()):
        inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels)
        by_name.setdefault(name, []).append(f"{name}{{{inside}}} {value!r}")
    lines: list[str] = []
    for short, (kind, text) in FAMILIES.items():
        if PREFIX + short in by_name:
            lines += [f"# HELP {PREFIX}{short} {text}", f"# TYPE {PREFIX}{short} {kind}"]
            lines += by_name[PREFIX + short]
    return "\n".join([*lines, ""])


def read(text: str) -> Series:
    """Read a file that `render` wrote; lines of any other form are left out."""
    found: Series = {}
    for line in text.split("\n"):
        match = _SAMPLE.fullmatch(line)
        if match and match[1].removeprefix(PREFIX) in FAMILIES:
            labels = {name: _unescaped(value) for name, value in _LABEL.findall(match[2])}
            try:
                value = float(match[3])
            except ValueError:
                continue
            if math.isfinite(value):
                found[match[1], _labels(labels)] = value
    return found


def _labels(values: Mapping[str, str]) -> Labels:
    return tuple(sorted(values.items()))


def _escaped(text: str) -> str:
    return re.sub(r'[\\"\n]', lambda match: _ESCAPES[match[0]], text)


def _unescaped(text: str) -> str:
    return re.sub(r"\\.", lambda match: _UNESCAPES.get(match[0], match[0]), text)
