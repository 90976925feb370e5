"""The end of a run, for people (log lines) and programs (Singer metric lines)."""

from __future__ import annotations

import enum
import logging
import typing as t

from singer_sdk import metrics as singer

from openplatform.metrics import ApiCounts, Metrics, StreamCounts

_FIELDS_NAMED = 20
_QUANTILES = {"p50": 0.5, "p95": 0.95}


class Own(str, enum.Enum):
    """Our metrics beside the SDK's, in its format."""

    WINDOWS = "windows"
    LIMIT_WAIT = "limit_wait_seconds"
    RETRIES = "retries"
    RETRY_WAIT = "retry_wait_seconds"
    CACHE_HITS = "cache_hits"
    CACHE_MISSES = "cache_misses"
    OWED = "failures_owed"
    PARKED = "failures_parked"
    UNKNOWN_FIELDS = "unknown_fields"
    MISFITS = "misfits"
    KEYLESS = "keyless"


def log_summary(logger: logging.Logger, metrics: Metrics, waited: float) -> None:
    """Log what every stream and account brought, and which fields did not fit.

    Args:
        logger: The tap's logger.
        metrics: The run's counters.
        waited: Seconds waited for limits.
    """
    points = singer.get_metrics_logger()
    for (stream, account), counts in sorted(metrics.streams.items()):
        if counts == StreamCounts():
            continue
        _log_points(points, counts, {"stream": stream, "context": {"_account": account}})
        logger.info(
            "%s, account %s: %d records, %d windows, %d failures owed, %d parked%s",
            stream, account, counts.records, counts.windows, counts.owed, counts.parked,
            f", FAILED: {counts.error}" if counts.error else "",
        )  # fmt: skip
        if counts.unknown_fields:
            logger.warning(
                "%s, account %s: fields that the schema does not know (include_raw keeps them): %s",
                stream, account, _named(dict(counts.unknown_fields)),
            )  # fmt: skip
        if counts.misfits:
            logger.warning(
                "%s, account %s: values that do not fit their type became null: %s",
                stream, account, _named(dict(counts.misfits)),
            )  # fmt: skip
        if counts.keyless:
            logger.warning(
                "%s, account %s: %d records without key", stream, account, counts.keyless
            )
    for (account, api), calls in sorted(metrics.apis.items()):
        tags = {"endpoint": api, "context": {"_account": account}}
        _log_calls(points, calls, tags)
    outcomes = ", ".join(f"{name} {n}" for name, n in sorted(metrics.calls().items())) or "none"
    logger.info("Calls: %s; waited %.1f s for limits", outcomes, waited)


def _log_points(points: logging.Logger, counts: StreamCounts, tags: dict[str, t.Any]) -> None:
    """Write the metric lines of one stream of one account; of our own metrics, what is not zero."""
    singer.log(points, singer.Point("counter", singer.Metric.RECORD_COUNT, counts.records, tags))
    values = {
        Own.WINDOWS: counts.windows,
        Own.LIMIT_WAIT: round(counts.calls.waited, 3),
        Own.RETRIES: counts.calls.retries,
        Own.RETRY_WAIT: round(counts.calls.retry_waited, 3),
        Own.CACHE_HITS: counts.cache_hits,
        Own.CACHE_MISSES: counts.cache_misses,
        Own.OWED: counts.owed,
        Own.PARKED: counts.parked,
        Own.UNKNOWN_FIELDS: len(counts.unknown_fields),
        Own.MISFITS: counts.misfits.total(),
        Own.KEYLESS: counts.keyless,
    }
    for metric, value in values.items():
        if value:
            kind = "gauge" if metric in {Own.OWED, Own.PARKED} else "counter"
            singer.log(points, singer.Point(kind, t.cast("singer.Metric", metric), value, tags))


def _log_calls(points: logging.Logger, calls: ApiCounts, tags: dict[str, t.Any]) -> None:
    """Write the metric lines of one API of one account."""
    counted = {**tags, "outcomes": dict(calls.outcomes)}
    metric = singer.Metric.HTTP_REQUEST_COUNT
    singer.log(points, singer.Point("counter", metric, calls.total, counted))
    for name, share in _QUANTILES.items():
        if (seconds := calls.latencies.quantile(share)) is not None:
            timed = {**tags, "quantile": name}
            metric = singer.Metric.HTTP_REQUEST_DURATION
            singer.log(points, singer.Point("timer", metric, round(seconds, 4), timed))


def _named(fields: dict[str, int]) -> str:
    most = sorted(fields.items(), key=lambda item: -item[1])[:_FIELDS_NAMED]
    return ", ".join(f"{path} ({count})" for path, count in most)
