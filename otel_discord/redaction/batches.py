"""Masks whole batches of each signal. A batch in which nothing is found is returned as it is, not as a copy."""

from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol, TypeVar

from google.protobuf.message import Message
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otel_discord.redaction.masker import Changed, Masker, Walk
from otel_discord.signals import Batch, LogsBatch, MetricsBatch, TracesBatch

MessageT = TypeVar("MessageT", bound=Message)


class MakeWalk(Protocol):
    """Makes a walk: the class :class:`Walk` itself, or what knows of further rules."""

    def __call__(self, masker: Masker, *, may_change: bool) -> Walk:
        """Return a new walk."""
        ...


_POINT_KINDS: Final = ("gauge", "sum", "histogram", "exponential_histogram", "summary")
_FEW: Final = 16
"""Looking at so many attributes is quicker than a sweep over the record."""


def mask_logs(masker: Masker, batch: LogsBatch, walk: MakeWalk = Walk) -> LogsBatch:
    """Return the batch as it may be sent: bodies, attributes, names, severity texts, of records, scopes, resources."""
    request = _masked(masker, batch.request, walk, _walk_logs)
    return batch if request is batch.request else LogsBatch(request)


def mask_traces(masker: Masker, batch: TracesBatch, walk: MakeWalk = Walk) -> TracesBatch:
    """Return the batch as it may be sent: attributes, names, messages of spans, their events and links."""
    request = _masked(masker, batch.request, walk, _walk_traces)
    return batch if request is batch.request else TracesBatch(request)


def mask_metrics(masker: Masker, batch: MetricsBatch, walk: MakeWalk = Walk) -> MetricsBatch:
    """Return the batch as it may be sent: attributes of data points and exemplars, names and descriptions."""
    request = _masked(masker, batch.request, walk, _walk_metrics)
    return batch if request is batch.request else MetricsBatch(request)


def mask_batch(masker: Masker, batch: Batch, walk: MakeWalk = Walk) -> Batch:
    """Return a batch of any signal as it may be sent; ``walk`` may know of further rules."""
    match batch:
        case LogsBatch():
            return mask_logs(masker, batch, walk)
        case TracesBatch():
            return mask_traces(masker, batch, walk)
        case _:
            return mask_metrics(masker, batch, walk)


def _masked(masker: Masker, request: MessageT, make_walk: MakeWalk, over: Callable[[Walk, Any], None]) -> MessageT:
    try:
        looking = make_walk(masker, may_change=False)
        if not looking.is_clean(request):
            over(looking, request)
    except Changed:
        copy = type(request)()
        copy.CopyFrom(request)
        over(make_walk(masker, may_change=True), copy)
        return copy
    return request


def _scopes(walk: Walk, resources: Any, scopes_field: str) -> Iterator[Any]:
    """Mask resources and scopes on the way, and yield each group of a scope."""
    for of_resource in resources:
        walk.attributes(of_resource.resource.attributes)
        walk.field(of_resource, "schema_url")
        for of_scope in getattr(of_resource, scopes_field):
            scope = of_scope.scope
            walk.field(scope, "name")
            walk.field(scope, "version")
            walk.attributes(scope.attributes)
            walk.field(of_scope, "schema_url")
            yield of_scope


def _walk_logs(walk: Walk, request: Any) -> None:
    for of_scope in _scopes(walk, request.resource_logs, "scope_logs"):
        for record in of_scope.log_records:
            if len(record.attributes) > _FEW and walk.is_clean(record):
                continue
            walk.attributes(record.attributes)
            walk.body(record)
            walk.field(record, "event_name")
            walk.field(record, "severity_text")


def _walk_traces(walk: Walk, request: Any) -> None:
    for of_scope in _scopes(walk, request.resource_spans, "scope_spans"):
        for span in of_scope.spans:
            if not walk.is_clean(span):
                _walk_span(walk, span)


def _walk_span(walk: Walk, span: Span) -> None:
    walk.field(span, "name")
    walk.field(span, "trace_state")
    walk.field(span.status, "message")
    walk.attributes(span.attributes)
    for event in span.events:
        walk.field(event, "name")
        walk.attributes(event.attributes)
    for link in span.links:
        walk.field(link, "trace_state")
        walk.attributes(link.attributes)


def _walk_metrics(walk: Walk, request: Any) -> None:
    for of_scope in _scopes(walk, request.resource_metrics, "scope_metrics"):
        for metric in of_scope.metrics:
            if not walk.is_clean(metric):
                _walk_metric(walk, metric)


def _walk_metric(walk: Walk, metric: Metric) -> None:
    walk.field(metric, "name")
    walk.field(metric, "description")
    walk.field(metric, "unit")
    walk.attributes(metric.metadata)
    kind = metric.WhichOneof("data")
    if kind not in _POINT_KINDS:
        return
    for point in getattr(metric, kind).data_points:
        walk.attributes(point.attributes)
        for exemplar in getattr(point, "exemplars", ()):
            walk.attributes(exemplar.filtered_attributes)
