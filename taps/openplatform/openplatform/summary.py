"""The end of a run, for people (log lines) and programs (Singer metric lines)."""

from __future__ import annotations

import logging

from singer_sdk import metrics as singer

from openplatform.metrics import Metrics, StreamCounts

_FIELDS_NAMED = 20


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
        context = {"_account": account}
        tags = {"stream": stream, "context": context}
        singer.log(
            points, singer.Point("counter", singer.Metric.RECORD_COUNT, counts.records, tags)
        )
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
        context = {"_account": account}
        tags = {"endpoint": api, "context": context, "outcomes": dict(calls.outcomes)}
        total = sum(calls.outcomes.values())
        singer.log(points, singer.Point("counter", singer.Metric.HTTP_REQUEST_COUNT, total, tags))
    outcomes = ", ".join(f"{name} {n}" for name, n in sorted(metrics.calls().items())) or "none"
    logger.info("Calls: %s; waited %.1f s for limits", outcomes, waited)


def _named(fields: dict[str, int]) -> str:
    most = sorted(fields.items(), key=lambda item: -item[1])[:_FIELDS_NAMED]
    return ", ".join(f"{path} ({count})" for path, count in most)
