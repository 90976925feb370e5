"""Run rows to an OpenTelemetry collector, by OTLP over HTTP; needs the extra `openplatform[otlp]`."""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import Counter, MeterProvider
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    InMemoryMetricReader,
    MetricExportResult,
)
from opentelemetry.sdk.resources import Resource

from openplatform.prometheus import FAMILIES, PREFIX, samples
from openplatform.runs import RunRow

_PATH = "/v1/metrics"
_TIMEOUT = 5.0


def send(endpoint: str, rows: Sequence[RunRow]) -> None:
    """Send what one run did: counters as what it added, gauges as they are.

    Args:
        endpoint: Base URL of the collector, such as `http://localhost:4318`.
        rows: The run's rows.

    Raises:
        OSError: The collector did not take it within five seconds.
    """
    reader = InMemoryMetricReader(preferred_temporality={Counter: AggregationTemporality.DELTA})
    resource = Resource.create({"service.name": rows[-1].tap, "service.instance.id": rows[-1].job})
    provider = MeterProvider([reader], resource=resource)
    try:
        meter = provider.get_meter("openplatform")
        for (name, labels), value in samples(rows).items():
            kind, text = FAMILIES[name.removeprefix(PREFIX)]
            dotted = name.replace("_", ".", 1)
            if kind == "counter":
                counter = meter.create_counter(dotted.removesuffix("_total"), description=text)
                counter.add(value, dict(labels))
            else:
                meter.create_gauge(dotted, description=text).set(value, dict(labels))
        data = reader.get_metrics_data()
        url = endpoint if endpoint.endswith(_PATH) else endpoint.rstrip("/") + _PATH
        exporter = OTLPMetricExporter(endpoint=url, timeout=_TIMEOUT)
        if data is not None and exporter.export(data) is not MetricExportResult.SUCCESS:
            raise OSError("the collector did not accept it; see above")
        exporter.shutdown()
    finally:
        provider.shutdown()
