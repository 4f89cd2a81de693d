"""A slow span as a log record. Pure.

Attributes are those of the span, and ``span.name``, ``span.kind``, ``span.duration_ms``, ``span.limit_ms``; what is
usual as ``span.usual_ms``; of the path ``span.path`` (root first), ``span.self_share`` and ``span.culprit.*``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otel_discord.connectors.slow_spans.judging import Slow
from otel_discord.connectors.slow_spans.path import tree
from otel_discord.connectors.slow_spans.selection import Finding, is_known, select
from otel_discord.connectors.slow_spans.traces import Trace
from otel_discord.connectors.slow_spans.wording import lines, name, path_names, title
from otel_discord.ottl import SpanItem
from otel_discord.signals import LogsBatch, severity_range
from otel_discord.signals.from_plain import from_plain

_MS: Final = 1e6
_TRACE_FLAGS: Final = 0xFF


@dataclass(frozen=True, slots=True)
class SlowSpan:
    """What is kept of a slow span until its trace is told: why it is slow, and copies of what the record is made of."""

    slow: Slow
    span: Span
    """Without events and links."""
    scope: InstrumentationScope
    resource: Resource
    schema_urls: tuple[str, str]


@dataclass(frozen=True, slots=True)
class SlowRecord:
    """A record, and what it stands under."""

    record: LogRecord
    of: SlowSpan


def slow_span(item: SpanItem, slow: Slow) -> SlowSpan:
    """Copy what is needed of a span, so that the request that it came in is not kept."""
    source = item.span
    span = Span(
        trace_id=source.trace_id,
        span_id=source.span_id,
        name=source.name,
        kind=source.kind,
        start_time_unix_nano=source.start_time_unix_nano,
        end_time_unix_nano=source.end_time_unix_nano,
        flags=source.flags,
        attributes=source.attributes,
        status=source.status,
    )
    scope, resource = InstrumentationScope(), Resource()
    scope.CopyFrom(item.scope)
    resource.CopyFrom(item.resource)
    urls = (item.resource_spans.schema_url if item.resource_spans else "", "")
    return SlowSpan(slow, span, scope, resource, (urls[0], item.scope_spans.schema_url if item.scope_spans else ""))


def tell(trace: Trace[SlowSpan], *, percentile: float, now_ns: int) -> list[SlowRecord]:
    """Return the records of a trace's slow spans, and note in it that they are told."""
    nodes = tree(trace.notes.values())
    slow = {span_id for span_id in (*trace.slow, *trace.told) if span_id in nodes}
    told = []
    for finding in select(nodes, slow):
        of = trace.slow.get(finding.node.note.span_id)
        if of is not None and not is_known(finding, nodes, trace.told):
            told.append(SlowRecord(_record(finding, of, trace.spans_left_out, percentile, now_ns), of))
    trace.told |= trace.slow.keys()
    trace.slow.clear()
    return told


def batch_of(records: Iterable[SlowRecord]) -> LogsBatch:
    """Return records under the resources and scopes of their spans."""
    request = ExportLogsServiceRequest()
    for each in records:
        group = request.resource_logs.add(resource=each.of.resource, schema_url=each.of.schema_urls[0])
        scope = group.scope_logs.add(scope=each.of.scope, schema_url=each.of.schema_urls[1])
        scope.log_records.append(each.record)
    return LogsBatch(request)


def kind_name(kind: int) -> str:
    """Return ``SPAN_KIND_SERVER``; of a kind that is not known, its number."""
    return next((str(name) for name, number in Span.SpanKind.items() if number == kind), str(kind))


def _record(finding: Finding, of: SlowSpan, spans_left_out: int, percentile: float, now_ns: int) -> LogRecord:
    span, slow, note = of.span, of.slow, finding.node.note
    below = lines(finding.node, slow, percentile=percentile, alike=finding.alike, spans_left_out=spans_left_out)
    return LogRecord(
        time_unix_nano=span.end_time_unix_nano,
        observed_time_unix_nano=now_ns,
        severity_number=slow.severity,  # type: ignore[arg-type]  # an open enum
        severity_text=severity_range(slow.severity).name,
        body=AnyValue(string_value="\n".join([title(note, slow), *below])),
        attributes=_attributes(finding, of, percentile),
        trace_id=span.trace_id,
        span_id=span.span_id,
        flags=span.flags & _TRACE_FLAGS,
        event_name=f"slow: {name(note)}",
    )


def _attributes(finding: Finding, of: SlowSpan, percentile: float) -> list[KeyValue]:
    node, slow = finding.node, of.slow
    facts: dict[str, Any] = {
        "span.name": of.span.name,
        "span.kind": kind_name(of.span.kind),
        "span.duration_ms": node.note.duration_ns / _MS,
        "span.limit_ms": slow.limit_s * 1e3,
        "span.self_share": node.self_share,
        "span.path": path_names(node),
    }
    if slow.usual.spans:
        facts |= {
            "span.usual_ms": slow.usual.duration_s * 1e3,
            "span.usual_percentile": percentile,
            "span.usual_spans": slow.usual.spans,
        }
    if finding.alike:
        facts["span.alike"] = finding.alike
    way = node.to_culprit()
    if way:
        last = way[-1]
        facts |= {
            "span.culprit.name": last.note.name,
            "span.culprit.service": last.note.service,
            "span.culprit.span_id": last.note.span_id.hex(),
            "span.culprit.duration_ms": last.note.duration_ns / _MS,
            "span.culprit.share": last.share_in(node),
        }
    found = {pair.key: pair.value for pair in of.span.attributes if pair.key}
    found.update((key, from_plain(value)) for key, value in facts.items())
    return [KeyValue(key=key, value=value) for key, value in found.items()]
