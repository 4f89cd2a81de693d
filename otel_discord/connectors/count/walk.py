"""Through a batch, resource by resource: what there is to count, and the metrics that come of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import ResourceLogs
from opentelemetry.proto.metrics.v1.metrics_pb2 import ResourceMetrics
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans

from otel_discord.connectors.count.counting import Definition, Tally, tallies
from otel_discord.ottl import DataPointItem, LogItem, MetricItem, SpanEventItem, SpanItem
from otel_discord.signals import Batch, LogsBatch, MetricsBatch, TracesBatch

SCOPE_NAME = "otel_discord.connectors.count"
Definitions: TypeAlias = Mapping[str, Sequence[Definition]]
"""By section: spans, spanevents, metrics, datapoints, logs."""


def counted(batch: Batch, definitions: Definitions, now_ns: int) -> MetricsBatch | None:
    """Return the metrics of a batch, for each resource that something was counted of; None where nothing was."""
    request = ExportMetricsServiceRequest()
    for resource, counts in _by_resource(batch, definitions):
        metrics = [metric for tally in counts for metric in tally.metrics(now_ns)]
        if metrics:
            group = request.resource_metrics.add()
            group.resource.attributes.extend(resource.attributes)
            scope_metrics = group.scope_metrics.add()
            scope_metrics.scope.name = SCOPE_NAME
            scope_metrics.metrics.extend(metrics)
    return MetricsBatch(request) if request.resource_metrics else None


def _by_resource(batch: Batch, definitions: Definitions) -> Iterator[tuple[Resource, Iterable[Tally]]]:
    match batch:
        case LogsBatch():
            for resource_logs in batch.request.resource_logs:
                yield resource_logs.resource, _logs(resource_logs, definitions)
        case TracesBatch():
            for resource_spans in batch.request.resource_spans:
                yield resource_spans.resource, _traces(resource_spans, definitions)
        case MetricsBatch():
            for resource_metrics in batch.request.resource_metrics:
                yield resource_metrics.resource, _metrics(resource_metrics, definitions)


def _logs(group: ResourceLogs, definitions: Definitions) -> Iterable[Tally]:
    (logs,) = tallies(definitions, "logs")
    for scope_logs in group.scope_logs:
        above = (scope_logs.scope.attributes, group.resource.attributes)
        for record in scope_logs.log_records:
            item = LogItem(record, scope_logs.scope, group.resource, scope_logs, group)
            logs.see(item, (record.attributes, *above), (record.time_unix_nano,))
    return (logs,)


def _traces(group: ResourceSpans, definitions: Definitions) -> Iterable[Tally]:
    spans, events = tallies(definitions, "spans", "spanevents")
    for scope_spans in group.scope_spans:
        scope, resource = scope_spans.scope, group.resource
        above = (scope.attributes, resource.attributes)
        for span in scope_spans.spans:
            times_ns = (span.start_time_unix_nano, span.end_time_unix_nano)
            spans.see(SpanItem(span, scope, resource, scope_spans, group), (span.attributes, *above), times_ns)
            for index, event in enumerate(span.events):
                event_item = SpanEventItem(event, span, scope, resource, index, scope_spans, group)
                events.see(event_item, (event.attributes, *above), (event.time_unix_nano,))
    return spans, events


def _metrics(group: ResourceMetrics, definitions: Definitions) -> Iterable[Tally]:
    metrics, points = tallies(definitions, "metrics", "datapoints")
    for scope_metrics in group.scope_metrics:
        scope, resource = scope_metrics.scope, group.resource
        above = (scope.attributes, resource.attributes)
        for metric in scope_metrics.metrics:
            metrics.see(MetricItem(metric, scope, resource, scope_metrics, group), above)
            kind = metric.WhichOneof("data")
            for point in getattr(metric, kind).data_points if kind else ():
                item = DataPointItem(point, metric, scope, resource, scope_metrics, group)
                points.see(item, (point.attributes, *above), (point.time_unix_nano,))
    return metrics, points
