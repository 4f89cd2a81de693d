"""Spans for these tests: notes of a trace, and batches, in milliseconds."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_discord.connectors.slow_spans.path import Note
from otel_discord.signals import TracesBatch
from otel_discord.testing.otlp import START_NS, key_values

MS = 1_000_000
INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = 1, 2, 3, 4, 5


class S(NamedTuple):
    """A span by numbers: its id, its parent's (0: none), start and end."""

    id: int
    parent: int
    name: str
    start_ms: float
    end_ms: float
    kind: int = INTERNAL
    service: str = "shop"
    attributes: Mapping[str, Any] = {}


def span_id(number: int) -> bytes:
    return number.to_bytes(8, "big") if number else b""


def trace_id(number: int) -> bytes:
    return number.to_bytes(16, "big")


def note(span: S) -> Note:
    return Note(
        start_ns=START_NS + int(span.start_ms * MS),
        end_ns=START_NS + int(span.end_ms * MS),
        span_id=span_id(span.id),
        parent_id=span_id(span.parent),
        name=span.name,
        kind=span.kind,
        service=span.service,
        origin=hash(span.service),
    )


def batch(*spans: S, trace: int = 1) -> TracesBatch:
    """Return spans of one trace, under the resources of their services."""
    request = ExportTraceServiceRequest()
    for service in dict.fromkeys(span.service for span in spans):
        group = request.resource_spans.add(schema_url="https://resource.example")
        group.resource.attributes.extend(key_values({"service.name": service}))
        scope = group.scope_spans.add()
        scope.scope.name = "testing"
        for span in spans:
            if span.service == service:
                made = note(span)
                scope.spans.add(
                    trace_id=trace_id(trace),
                    span_id=made.span_id,
                    parent_span_id=made.parent_id,
                    name=span.name,
                    kind=span.kind,
                    start_time_unix_nano=made.start_ns,
                    end_time_unix_nano=made.end_ns,
                    attributes=key_values(span.attributes),
                )
    return TracesBatch(request)


CHECKOUT: Sequence[S] = (
    S(1, 0, "GET /", 0, 3250, SERVER, "web"),
    S(2, 1, "fetch", 10, 3230, CLIENT, "web"),
    S(3, 2, "GET /checkout", 20, 3220, SERVER),
    S(4, 3, "SELECT cart", 30, 150, CLIENT),
    S(5, 3, "charge card", 160, 3100),
    S(6, 5, "POST /charges", 170, 3090, CLIENT),
    S(7, 6, "POST /charges", 9_180, 12_000, SERVER, "payments"),
)
"""A checkout that waits for a card; the clock of payments is nine seconds ahead."""
