"""Small batches to filter, and what is left of them by name."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_discord.processors.filter.apply import filtered
from otel_discord.processors.filter.config import FilterConfig
from otel_discord.processors.filter.rules import compile_rules
from otel_discord.signals import LogsBatch, MetricsBatch, TracesBatch
from otel_discord.testing.otlp import any_value, key_values

Attributes = Mapping[str, Any]


def logs(*groups: tuple[Attributes, Sequence[Mapping[str, Any]]]) -> LogsBatch:
    request = ExportLogsServiceRequest()
    for resource, records in groups:
        group = request.resource_logs.add()
        group.resource.attributes.extend(key_values(resource))
        scope_logs = group.scope_logs.add()
        for each in records:
            record = scope_logs.log_records.add(
                severity_number=each.get("severity", 0), severity_text=each.get("text", "")
            )
            record.body.CopyFrom(any_value(each["body"]))
            record.attributes.extend(key_values(each.get("attributes", {})))
    return LogsBatch(request)


def spans(*groups: tuple[Attributes, Sequence[Mapping[str, Any]]], scope: str = "") -> TracesBatch:
    request = ExportTraceServiceRequest()
    for resource, members in groups:
        group = request.resource_spans.add()
        group.resource.attributes.extend(key_values(resource))
        scope_spans = group.scope_spans.add()
        scope_spans.scope.name = scope
        for each in members:
            span = scope_spans.spans.add(name=each["name"], kind=each.get("kind", 0))
            span.parent_span_id = each.get("parent", b"")
            span.attributes.extend(key_values(each.get("attributes", {})))
            for name, attributes in each.get("events", ()):
                span.events.add(name=name).attributes.extend(key_values(attributes))
    return TracesBatch(request)


def metrics(*groups: tuple[Attributes, Sequence[Mapping[str, Any]]]) -> MetricsBatch:
    request = ExportMetricsServiceRequest()
    for resource, members in groups:
        group = request.resource_metrics.add()
        group.resource.attributes.extend(key_values(resource))
        scope_metrics = group.scope_metrics.add()
        for each in members:
            metric = scope_metrics.metrics.add(name=each["name"])
            kind = each.get("kind", "gauge")
            for point in each.get("points", [{}]):
                added = getattr(metric, kind).data_points.add()
                added.attributes.extend(key_values(point.get("attributes", {})))
                if "value" in point:
                    added.as_int = point["value"]
    return MetricsBatch(request)


def left(config: str, batch: Any) -> Any:
    """Return what is left by name: bodies; spans with their events; metrics with the numbers of their points."""
    model = FilterConfig.model_validate(yaml.safe_load(config))
    before = batch.request.SerializeToString(deterministic=True)
    result = filtered(batch, compile_rules(model, batch.signal, lambda *_: None))
    assert batch.request.SerializeToString(deterministic=True) == before
    if result is None:
        return []
    assert all(len(group.ListFields()) for group in _resources(result))
    match result:
        case LogsBatch():
            return [record.body.string_value for _, _, record in result.records()]
        case TracesBatch():
            return [
                (span.name, [event.name for event in span.events])
                for group in result.request.resource_spans
                for scope in group.scope_spans
                for span in scope.spans
            ]
        case MetricsBatch():
            return [
                (metric.name, len(getattr(metric, metric.WhichOneof("data") or "").data_points))
                for group in result.request.resource_metrics
                for scope in group.scope_metrics
                for metric in scope.metrics
            ]


def _resources(batch: Any) -> Any:
    (field,) = batch.request.DESCRIPTOR.fields
    return getattr(batch.request, field.name)


SPANS = spans(
    ({"host.name": "localhost"}, [{"name": "local"}]),
    (
        {"host.name": "far"},
        [
            {"name": "in container", "attributes": {"container.name": "app_container_1"}},
            {"name": "app_3"},
            {
                "name": "stays",
                "events": [("one", {"grpc": True}), ("a grpc call", {}), ("other", {"grpc": False})],
            },
            {"name": "all events go", "events": [("x", {"grpc": True})]},
        ],
    ),
)


METRICS = metrics(
    (
        {"my_label": "abc123", "service.name": "other"},
        [
            {"name": "my.metric"},
            {"name": "another", "points": [{}, {}]},
            {"name": "of a histogram", "kind": "histogram"},
            {"name": "of a summary", "kind": "summary"},
        ],
    ),
    ({"service.name": "my_service_name"}, [{"name": "my.metric"}]),
)


LOGS = logs(
    (
        {"host.name": "just_this_one_hostname"},
        [
            {"body": "my password is", "severity": 17},
            {"body": "debug", "severity": 5, "text": "DEBUG"},
            {"body": "warn", "severity": 13, "text": "WARN2"},
            {"body": "IMPORTANT RECORD 1", "severity": 9, "text": "INFO"},
        ],
    ),
    ({"host.name": "prefix.1"}, [{"body": "nothing said", "attributes": {"record_attr": "prefix_1"}}]),
)
