"""OTLP messages for tests, built by a few arguments."""

from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

from otel_discord.signals.batch import LogsBatch, MetricsBatch, TracesBatch
from otel_discord.signals.from_plain import from_plain
from otel_discord.signals.severity import Severity

START_NS = 1_767_225_600_000_000_000
"""2026-01-01, the time of the first record."""

RESOURCE: Mapping[str, Any] = {"service.name": "shop", "deployment.environment.name": "test"}


def any_value(value: Any) -> AnyValue:
    """Return an AnyValue of str, bool, int, float, bytes, list, dict, or None."""
    match value:
        case None | bool() | int() | float() | bytes():
            return from_plain(value)
        case list() | tuple():
            return AnyValue(array_value=ArrayValue(values=[any_value(item) for item in value]))
        case dict():
            return AnyValue(kvlist_value=KeyValueList(values=key_values(value)))
        case _:
            return AnyValue(string_value=str(value))


def key_values(attributes: Mapping[str, Any]) -> list[KeyValue]:
    """Return attributes as OTLP has them."""
    return [KeyValue(key=key, value=any_value(value)) for key, value in attributes.items()]


def logs_request(
    count: int = 1,
    *,
    first: int = 0,
    body: str | Callable[[int], Any] = "record {n}",
    severity: int = Severity.ERROR,
    severity_text: str = "",
    attributes: Mapping[str, Any] | None = None,
    resource: Mapping[str, Any] = RESOURCE,
    scope: str = "testing",
) -> ExportLogsServiceRequest:
    """Return ``count`` log records of one resource, a second apart.

    They are numbered from ``first``: ``{n}`` in ``body`` is the number, or ``body(n)`` is any value.
    """
    request = ExportLogsServiceRequest()
    resource_logs = request.resource_logs.add()
    resource_logs.resource.attributes.extend(key_values(resource))
    scope_logs = resource_logs.scope_logs.add()
    scope_logs.scope.name = scope
    for number in range(first, first + count):
        record = scope_logs.log_records.add()
        record.time_unix_nano = record.observed_time_unix_nano = START_NS + number * 1_000_000_000
        record.severity_number = severity  # type: ignore[assignment]  # the enum is open
        record.severity_text = severity_text
        record.body.CopyFrom(any_value(body.replace("{n}", str(number)) if isinstance(body, str) else body(number)))
        record.attributes.extend(key_values(attributes or {}))
    return request


def logs_batch(count: int = 1, **arguments: Any) -> LogsBatch:
    """Return :func:`logs_request` as a batch."""
    return LogsBatch(logs_request(count, **arguments))


def metrics_request(
    count: int = 1, *, name: str = "requests", value: float = 1.0, resource: Mapping[str, Any] = RESOURCE
) -> ExportMetricsServiceRequest:
    """Return one gauge with ``count`` data points, numbered by the attribute ``n``."""
    request = ExportMetricsServiceRequest()
    resource_metrics = request.resource_metrics.add()
    resource_metrics.resource.attributes.extend(key_values(resource))
    scope_metrics = resource_metrics.scope_metrics.add()
    scope_metrics.scope.name = "testing"
    metric = scope_metrics.metrics.add(name=name, unit="1")
    for number in range(count):
        point = metric.gauge.data_points.add(time_unix_nano=START_NS + number * 1_000_000_000, as_double=value)
        point.attributes.extend(key_values({"n": number}))
    return request


def metrics_batch(count: int = 1, **arguments: Any) -> MetricsBatch:
    """Return :func:`metrics_request` as a batch."""
    return MetricsBatch(metrics_request(count, **arguments))


def traces_request(
    count: int = 1, *, name: str = "operation", duration_s: float = 0.1, resource: Mapping[str, Any] = RESOURCE
) -> ExportTraceServiceRequest:
    """Return ``count`` spans of one trace, numbered by the attribute ``n``."""
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    resource_spans.resource.attributes.extend(key_values(resource))
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name = "testing"
    for number in range(count):
        started_ns = START_NS + number * 1_000_000_000
        span = scope_spans.spans.add(
            trace_id=bytes(range(1, 17)),
            span_id=(number + 1).to_bytes(8, "big"),
            name=name,
            start_time_unix_nano=started_ns,
            end_time_unix_nano=started_ns + int(duration_s * 1e9),
        )
        span.attributes.extend(key_values({"n": number}))
    return request


def traces_batch(count: int = 1, **arguments: Any) -> TracesBatch:
    """Return :func:`traces_request` as a batch."""
    return TracesBatch(traces_request(count, **arguments))
