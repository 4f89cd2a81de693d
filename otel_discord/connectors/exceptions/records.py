"""A failure as a log record, with all that explains it. Pure.

Attributes are those of the span, over them the dimensions and those of the exception (semantic conventions), and
``span.name``, ``span.kind``, ``span.status_code``, ``span.status_message``, ``span.request``. What failed without an
exception has an event name, so that failures of different operations are different events; an exception is told by its
type.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from otel_discord.connectors.exceptions.config import Dimension
from otel_discord.connectors.exceptions.failures import Failure, is_error
from otel_discord.connectors.exceptions.requests import place_of
from otel_discord.signals import LogsBatch, Severity, find_attribute
from otel_discord.signals.callee import callee
from otel_discord.signals.from_plain import from_plain

_TRACE_FLAGS = 0xFF
_STATUS_KEYS = ("http.response.status_code", "http.status_code", "rpc.grpc.status_code", "rpc.response.status_code")


def records(
    failures: Iterable[Failure],
    dimensions: Sequence[Dimension],
    now_ns: int,
    requests: Mapping[tuple[bytes, bytes], str] = MappingProxyType({}),
) -> LogsBatch:
    """Return the failures as records, under the resources and scopes of their spans.

    Args:
        failures: what went wrong.
        dimensions: further attributes.
        now_ns: when it was seen.
        requests: in which request a span was, by its place.
    """
    request = ExportLogsServiceRequest()
    groups: dict[int, ResourceLogs] = {}
    scopes: dict[int, ScopeLogs] = {}
    for failure in failures:
        item = failure.item
        group = groups.get(id(item.resource_spans))
        if group is None:
            group = groups[id(item.resource_spans)] = request.resource_logs.add(resource=item.resource)
            group.schema_url = item.resource_spans.schema_url if item.resource_spans else ""
        scope = scopes.get(id(item.scope_spans))
        if scope is None:
            scope = scopes[id(item.scope_spans)] = group.scope_logs.add(scope=item.scope)
            scope.schema_url = item.scope_spans.schema_url if item.scope_spans else ""
        request_name = requests.get(place_of(item.span), "")
        scope.log_records.append(record(failure, dimensions, now_ns, request_name))
    return LogsBatch(request)


def record(failure: Failure, dimensions: Sequence[Dimension], now_ns: int, request_name: str = "") -> LogRecord:
    """Return one record, of the time of the exception or of the span's end."""
    span = failure.item.span
    at_ns = (failure.event.time_unix_nano if failure.event else 0) or span.end_time_unix_nano or now_ns
    return LogRecord(
        time_unix_nano=at_ns,
        observed_time_unix_nano=now_ns,
        severity_number=int(Severity.ERROR),  # type: ignore[arg-type]  # an open enum
        severity_text="ERROR",
        body=AnyValue(string_value=_sentence(failure, request_name)),
        attributes=_attributes(failure, dimensions, request_name),
        trace_id=span.trace_id,
        span_id=span.span_id,
        flags=span.flags & _TRACE_FLAGS,
        event_name="" if failure.event else f"failed: {_name(span)}",
    )


def kind_name(span: Span) -> str:
    """Return ``SPAN_KIND_SERVER``; of a kind that is not known, its number."""
    return str(Span.SpanKind.Name(span.kind)) if span.kind in Span.SpanKind.values() else str(span.kind)


def _status_name(span: Span) -> str:
    code = span.status.code
    return str(Status.StatusCode.Name(code)) if code in Status.StatusCode.values() else str(code)


def _name(span: Span) -> str:
    return f"{span.name} {callee(span)}".strip()


def _sentence(failure: Failure, request_name: str) -> str:
    """Return ``charge card failed in POST /checkout``, with the reason where no exception says it."""
    span = failure.item.span
    name = _name(span) or "a span without a name"
    place = f" in {request_name}" if request_name else ""
    if failure.event is not None:
        return f"{name} failed{place}" if is_error(span) else f"in {name}{place}"
    if not failure.has_no_words:
        return f"{name} failed{place}: {failure.message or failure.type}"
    found = (find_attribute(span.attributes, key) for key in _STATUS_KEYS)
    status = next((each for each in found if each is not None), failure.type)
    return f"{name} failed{place}" if status == "" else f"{name} failed{place}: status {status!s}"


def _attributes(failure: Failure, dimensions: Sequence[Dimension], request_name: str) -> list[KeyValue]:
    span = failure.item.span
    told: Sequence[KeyValue] = failure.event.attributes if failure.event else ()
    found = {pair.key: pair.value for pair in span.attributes if pair.key}
    for dimension in dimensions:
        value = _value(dimension, (told, span.attributes, failure.item.resource.attributes))
        if value is not None:
            found[dimension.name] = value
    found.update((pair.key, pair.value) for pair in told if pair.key)
    found["span.name"] = from_plain(span.name)
    found["span.kind"] = from_plain(kind_name(span))
    found["span.status_code"] = from_plain(_status_name(span))
    if request_name:
        found["span.request"] = from_plain(request_name)
    if span.status.message:
        found["span.status_message"] = from_plain(span.status.message)
    return [KeyValue(key=key, value=value) for key, value in found.items()]


def _value(dimension: Dimension, places: Iterable[Sequence[KeyValue]]) -> AnyValue | None:
    for place in places:
        for pair in place:
            if pair.key == dimension.name:
                return pair.value
    return None if dimension.default is None else from_plain(dimension.default)
