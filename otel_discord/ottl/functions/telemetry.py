"""Converters that know telemetry: TraceID, SpanID, IsRootSpan, HasAttrKeyOnDatapoint, HasAttrOnDatapoint."""

from collections.abc import Iterable
from typing import Final

from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.functions.declare import METRIC_ONLY, SPAN_ONLY, of_value
from otel_discord.ottl.items import DataPoint, MetricItem, SpanItem
from otel_discord.ottl.registry import Arguments, Function, Getter, Kind, Parameter
from otel_discord.ottl.values import Value, type_name
from otel_discord.signals.any_value import find_attribute
from otel_discord.signals.ids import SPAN_ID_BYTES, TRACE_ID_BYTES


def id_of(value: Value, size_bytes: int) -> bytes:
    """Return an id's bytes, from bytes or from hex.

    Raises:
        OttlError: another type, another length, or no hex.
    """
    if isinstance(value, str):
        try:
            found = bytes.fromhex(value) if len(value) == 2 * size_bytes else b""
        except ValueError:
            found = b""
    elif isinstance(value, bytes):
        found = value
    else:
        raise OttlError(f"an id is bytes or hex, not {type_name(value)}")
    if len(found) != size_bytes:
        raise OttlError(f"an id of this kind is {size_bytes} bytes or {2 * size_bytes} hex digits")
    return found


def _is_root_span(_arguments: Arguments) -> Getter:
    def is_root(item: SpanItem) -> bool:
        return not any(item.span.parent_span_id)

    return is_root


def _data_points(metric: Metric) -> Iterable[DataPoint]:
    kind = metric.WhichOneof("data")
    return getattr(metric, kind).data_points if kind else ()


def _has_key(arguments: Arguments) -> Getter:
    key = arguments.text("key")

    def has_key(item: MetricItem) -> bool:
        return any(pair.key == key for point in _data_points(item.metric) for pair in point.attributes)

    return has_key


def _has_value(arguments: Arguments) -> Getter:
    key, expected = arguments.text("key"), arguments.text("expected_val")

    def has_value(item: MetricItem) -> bool:
        return any(find_attribute(point.attributes, key) == expected for point in _data_points(item.metric))

    return has_value


_KEY: Final = Parameter("key", Kind.STRING_LITERAL)

FUNCTIONS: Final[tuple[Function, ...]] = (
    Function("HasAttrKeyOnDatapoint", (_KEY,), _has_key, contexts=METRIC_ONLY, pure=False),
    Function(
        "HasAttrOnDatapoint",
        (_KEY, Parameter("expected_val", Kind.STRING_LITERAL)),
        _has_value,
        contexts=METRIC_ONLY,
        pure=False,
    ),
    Function("IsRootSpan", (), _is_root_span, contexts=SPAN_ONLY, pure=False),
    of_value("SpanID", lambda value: id_of(value, SPAN_ID_BYTES)),
    of_value("TraceID", lambda value: id_of(value, TRACE_ID_BYTES)),
)
