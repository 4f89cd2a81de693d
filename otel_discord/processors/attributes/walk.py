"""Everything in a batch that has attributes, in order; and a copy of a batch with other attributes."""

from collections.abc import Iterator, Mapping
from typing import Any

from otel_discord.processors.attributes.actions import Edit
from otel_discord.processors.attributes.matching import Place
from otel_discord.signals import OTLP_SERVICES, Batch, LogsBatch, MetricsBatch, TracesBatch


def items(batch: Batch) -> Iterator[Place]:
    """Yield each record, data point or span with its resource, its scope and what has its name."""
    match batch:
        case LogsBatch():
            for resource, scope, record in batch.records():
                yield resource, scope, record, record
        case MetricsBatch():
            yield from _data_points(batch)
        case TracesBatch():
            for resource_spans in batch.request.resource_spans:
                for scope_spans in resource_spans.scope_spans:
                    for span in scope_spans.spans:
                        yield resource_spans.resource, scope_spans.scope, span, span


def _data_points(batch: MetricsBatch) -> Iterator[Place]:
    for resource_metrics in batch.request.resource_metrics:
        for scope_metrics in resource_metrics.scope_metrics:
            for metric in scope_metrics.metrics:
                kind = metric.WhichOneof("data")
                for point in getattr(metric, kind).data_points if kind else ():
                    yield resource_metrics.resource, scope_metrics.scope, metric, point


def resources(batch: Batch) -> Iterator[Any]:
    """Yield each resource."""
    match batch:
        case LogsBatch():
            yield from (each.resource for each in batch.request.resource_logs)
        case MetricsBatch():
            yield from (each.resource for each in batch.request.resource_metrics)
        case TracesBatch():
            yield from (each.resource for each in batch.request.resource_spans)


def copy_of(batch: Batch) -> Batch:
    """Return a batch that may be changed."""
    service = OTLP_SERVICES[batch.signal]
    request = service.request()
    request.CopyFrom(batch.request)
    return service.batch(request)


def apply_edits(owners: Iterator[Any], edits: Mapping[int, Edit]) -> None:
    """Change the attributes of the owners at these places in the order."""
    for place, owner in enumerate(owners):
        if place in edits:
            edits[place].apply(owner.attributes)
