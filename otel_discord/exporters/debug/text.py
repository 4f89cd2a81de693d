"""A batch as lines of text. Pure.

Telemetry is other people's text: control characters are written as escapes, so that no terminal obeys them.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from otel_discord.exporters.debug.config import Verbosity
from otel_discord.signals.any_value import Plain, to_plain
from otel_discord.signals.batch import Batch, LogsBatch, MetricsBatch

_CONTROL: Final = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {10: "\\n", 9: "\\t"}


def lines_of(batch: Batch, verbosity: Verbosity) -> Iterator[str]:
    """Yield the lines that show a batch."""
    yield summary(batch)
    match verbosity:
        case Verbosity.NORMAL:
            yield from (_clean(f"  {line}") for line in _one_line_each(batch))
        case Verbosity.DETAILED:
            yield from (_clean(line) for line in _fields(batch.request, "  "))


def summary(batch: Batch) -> str:
    """Return a line with counts."""
    match batch:
        case LogsBatch():
            counts = {"resources": len(batch.request.resource_logs), "log records": batch.item_count}
        case MetricsBatch():
            named = sum(len(scope.metrics) for one in batch.request.resource_metrics for scope in one.scope_metrics)
            counts = {
                "resources": len(batch.request.resource_metrics),
                "metrics": named,
                "data points": batch.item_count,
            }
        case _:
            counts = {"resources": len(batch.request.resource_spans), "spans": batch.item_count}
    return f"{batch.signal.capitalize()}: " + ", ".join(f"{count} {what}" for what, count in counts.items())


def _one_line_each(batch: Batch) -> Iterator[str]:
    match batch:
        case LogsBatch():
            for _, _, record in batch.records():
                severity = record.severity_text or f"severity={record.severity_number}"
                yield f"{severity} {_show(to_plain(record.body))} {_pairs(record.attributes)}"
        case MetricsBatch():
            for resource in batch.request.resource_metrics:
                for scope in resource.scope_metrics:
                    for metric in scope.metrics:
                        yield from _points(metric)
        case _:
            for spans in batch.request.resource_spans:
                for of_scope in spans.scope_spans:
                    for span in of_scope.spans:
                        took_ms = (span.end_time_unix_nano - span.start_time_unix_nano) / 1e6
                        ids = f"{span.trace_id.hex()} {span.span_id.hex()}"
                        yield f"{span.name} {ids} {took_ms:g} ms {_pairs(span.attributes)}"


def _points(metric: Any) -> Iterator[str]:
    kind = metric.WhichOneof("data")
    for point in getattr(metric, kind).data_points if kind else ():
        if hasattr(point, "as_double"):
            which = point.WhichOneof("value")
            value = f"{getattr(point, which):g}" if which else "no value"
        else:
            value = f"count={point.count} sum={point.sum:g}"
        yield f"{metric.name} {value} {metric.unit} {_pairs(point.attributes)}"


def _fields(message: Message, indent: str) -> Iterator[str]:
    """Yield every field that is set, nested ones indented."""
    for field, value in message.ListFields():
        if isinstance(value, AnyValue):
            yield f"{indent}{field.name}: {_show(to_plain(value))}"
        elif isinstance(value, Message):
            yield f"{indent}{field.name}:"
            yield from _fields(value, indent + "  ")
        elif isinstance(value, (str, bytes, int, float)):
            yield f"{indent}{field.name}: {_scalar(field, value)}"
        else:
            yield from _repeated(field, value, indent)


def _repeated(field: Any, values: Iterable[Any], indent: str) -> Iterator[str]:
    for index, value in enumerate(values):
        if isinstance(value, KeyValue):
            yield f"{indent}{field.name}: {value.key} = {_show(to_plain(value.value))}"
        elif isinstance(value, Message):
            yield f"{indent}{field.name}[{index}]:"
            yield from _fields(value, indent + "  ")
        else:
            yield f"{indent}{field.name}[{index}]: {_scalar(field, value)}"


def _scalar(field: Any, value: str | bytes | float) -> str:
    if isinstance(value, bytes):
        return value.hex()
    if field.enum_type is not None:
        known = field.enum_type.values_by_number.get(value)
        return f"{known.name} ({value})" if known else str(value)
    if field.name.endswith("_unix_nano") and isinstance(value, int):
        return f"{value} ({_time(value)})"
    return str(value)


def _time(unix_ns: int) -> str:
    try:
        moment = datetime.fromtimestamp(unix_ns // 1_000_000_000, UTC)
    except (OverflowError, ValueError, OSError):
        return "no time"
    return f"{moment:%Y-%m-%d %H:%M:%S}.{unix_ns % 1_000_000_000:09d} UTC"


def _pairs(attributes: Iterable[KeyValue]) -> str:
    return " ".join(f"{pair.key}={_show(to_plain(pair.value))}" for pair in attributes)


def _show(value: Plain) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=lambda odd: odd.hex() if isinstance(odd, bytes) else str(odd))


def _clean(line: str) -> str:
    return line.translate(_CONTROL).rstrip()
