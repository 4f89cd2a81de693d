"""Spans of the SDK as a batch of OTLP spans. Imports protobuf: for the sender's thread only."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from otel_discord.sdk.otlp_values import id_bytes, pairs, short_text, time_ns
from otel_discord.signals import TracesBatch

_HAS_IS_REMOTE: Final = 0x100
_IS_REMOTE: Final = 0x200


def traces_batch(spans: Iterable[Any]) -> TracesBatch:
    """Return ``ReadableSpan`` as one batch: by resource, and inside of one in their order, in runs of one scope.

    What of a span cannot be converted is left out of it: nothing of a span raises an ``Exception``.
    """
    request = ExportTraceServiceRequest()
    sources: dict[int, ResourceSpans] = {}
    held = []
    for span in spans:
        source = sources.get(id(span.resource))
        if source is None:
            held.append(span.resource)  # so that its identity is no other's
            source = sources[id(span.resource)] = request.resource_spans.add()
            with suppress(Exception):
                source.resource.attributes.extend(pairs(span.resource.attributes))
        with suppress(Exception):
            _scope(source, span.instrumentation_scope).spans.append(_span(span))
    return TracesBatch(request)


def _scope(source: ResourceSpans, scope: Any) -> ScopeSpans:
    name = short_text(scope.name) if scope is not None else ""
    version = short_text(scope.version) if scope is not None else ""
    if source.scope_spans:
        last = source.scope_spans[-1]
        if last.scope.name == name and last.scope.version == version:
            return last
    made = source.scope_spans.add()
    made.scope.name, made.scope.version = name, version
    return made


def _span(span: Any) -> Span:
    context, parent = span.context, span.parent
    made = Span(
        trace_id=id_bytes(context.trace_id, 16),
        span_id=id_bytes(context.span_id, 8),
        parent_span_id=id_bytes(parent.span_id, 8) if parent is not None else b"",
        flags=int(context.trace_flags) & 0xFF | _HAS_IS_REMOTE | (_IS_REMOTE if parent and parent.is_remote else 0),
        name=short_text(span.name),
        kind=Span.SpanKind.ValueType(span.kind.value + 1),  # the SDK counts from INTERNAL, OTLP from UNSPECIFIED
        start_time_unix_nano=time_ns(span.start_time),
        end_time_unix_nano=time_ns(span.end_time),
        dropped_attributes_count=span.dropped_attributes,
        dropped_events_count=span.dropped_events,
        dropped_links_count=span.dropped_links,
    )
    with suppress(Exception):
        made.status.code = Status.StatusCode.ValueType(span.status.status_code.value)
        made.status.message = short_text(span.status.description)
    with suppress(Exception):
        made.trace_state = short_text(context.trace_state.to_header())
    with suppress(Exception):
        made.attributes.extend(pairs(span.attributes or {}))
    for event in span.events:
        with suppress(Exception):
            made.events.append(
                Span.Event(
                    name=short_text(event.name),
                    time_unix_nano=time_ns(event.timestamp),
                    attributes=pairs(event.attributes or {}),
                )
            )
    for link in span.links:
        with suppress(Exception):
            made.links.append(
                Span.Link(
                    trace_id=id_bytes(link.context.trace_id, 16),
                    span_id=id_bytes(link.context.span_id, 8),
                    attributes=pairs(link.attributes or {}),
                )
            )
    return made
