"""Items of a batch, in order."""

from collections.abc import Iterator
from typing import Any, assert_never

from otel_discord.ottl.items import (
    DataPointItem,
    LogItem,
    MetricItem,
    ResourceGroup,
    ResourceItem,
    ScopeGroup,
    ScopeItem,
    SpanEventItem,
    SpanItem,
)
from otel_discord.signals import Batch, LogsBatch, MetricsBatch, TracesBatch


def each_log(batch: LogsBatch) -> Iterator[LogItem]:
    """Yield each log record."""
    for group in batch.request.resource_logs:
        for scope_logs in group.scope_logs:
            for record in scope_logs.log_records:
                yield LogItem(record, scope_logs.scope, group.resource, scope_logs, group)


def each_span(batch: TracesBatch) -> Iterator[SpanItem]:
    """Yield each span."""
    for group in batch.request.resource_spans:
        for scope_spans in group.scope_spans:
            for span in scope_spans.spans:
                yield SpanItem(span, scope_spans.scope, group.resource, scope_spans, group)


def each_span_event(batch: TracesBatch) -> Iterator[SpanEventItem]:
    """Yield each event of each span."""
    for item in each_span(batch):
        for index, event in enumerate(item.span.events):
            yield SpanEventItem(
                event, item.span, item.scope, item.resource, index, item.scope_spans, item.resource_spans
            )


def each_metric(batch: MetricsBatch) -> Iterator[MetricItem]:
    """Yield each metric."""
    for group in batch.request.resource_metrics:
        for scope_metrics in group.scope_metrics:
            for metric in scope_metrics.metrics:
                yield MetricItem(metric, scope_metrics.scope, group.resource, scope_metrics, group)


def each_data_point(batch: MetricsBatch) -> Iterator[DataPointItem]:
    """Yield each data point of each metric."""
    for item in each_metric(batch):
        kind = item.metric.WhichOneof("data")
        if kind is not None:
            for point in getattr(item.metric, kind).data_points:
                yield DataPointItem(
                    point, item.metric, item.scope, item.resource, item.scope_metrics, item.resource_metrics
                )


def each_resource(batch: Batch) -> Iterator[ResourceItem]:
    """Yield each resource."""
    for group in _resource_groups(batch):
        yield ResourceItem(group.resource, group)


def each_scope(batch: Batch) -> Iterator[ScopeItem]:
    """Yield each instrumentation scope."""
    for group in _resource_groups(batch):
        for scope_group in _scope_groups(group):
            yield ScopeItem(scope_group.scope, group.resource, scope_group, group)


def _resource_groups(batch: Batch) -> Iterator[ResourceGroup]:
    match batch:
        case LogsBatch():
            yield from batch.request.resource_logs
        case TracesBatch():
            yield from batch.request.resource_spans
        case MetricsBatch():
            yield from batch.request.resource_metrics
        case _:
            assert_never(batch)


def _scope_groups(group: Any) -> Iterator[ScopeGroup]:
    for field in ("scope_logs", "scope_spans", "scope_metrics"):
        yield from getattr(group, field, ())
