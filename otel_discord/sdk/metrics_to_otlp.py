"""A collection of the SDK's metrics as batches of OTLP. Imports protobuf: for the sender's thread only."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AggregationTemporality,
    Exemplar,
    ExponentialHistogramDataPoint,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
)

from otel_discord.sdk.freeze import MAX_INT, MIN_INT
from otel_discord.sdk.otlp_values import id_bytes, pairs, short_text, time_ns
from otel_discord.signals import MetricsBatch

POINTS_AT_A_TIME: Final = 1_000
"""So few that nothing else of the sender waits long for a collection with very many."""


def metrics_batches(metrics: Any, is_wanted: Callable[[str], bool]) -> Iterator[MetricsBatch]:
    """Yield ``MetricsData`` in batches of one scope each and of at most POINTS_AT_A_TIME points.

    Args:
        metrics: what a reader of the SDK has collected.
        is_wanted: whether somebody asks for a metric of that name; others are not converted.

    What cannot be converted is left out: nothing of a collection raises an ``Exception``.
    """
    for source in metrics.resource_metrics:
        for scope in source.scope_metrics:
            batch, room = _Request(source, scope), POINTS_AT_A_TIME
            for metric in scope.metrics:
                if not is_wanted(metric.name):
                    continue
                points = metric.data.data_points
                start = 0
                while start < len(points):
                    taken = points[start : start + room]
                    batch.add(metric, taken)
                    start, room = start + len(taken), room - len(taken)
                    if room == 0:
                        yield batch.made
                        batch, room = _Request(source, scope), POINTS_AT_A_TIME
            if room < POINTS_AT_A_TIME:
                yield batch.made


class _Request:
    """Metrics of one scope."""

    def __init__(self, source: Any, scope: Any) -> None:
        request = ExportMetricsServiceRequest()
        self.made = MetricsBatch(request)
        resource_metrics = request.resource_metrics.add()
        with suppress(Exception):
            resource_metrics.resource.attributes.extend(pairs(source.resource.attributes))
        self._scope = resource_metrics.scope_metrics.add()
        with suppress(Exception):
            self._scope.scope.name = short_text(scope.scope.name)
            self._scope.scope.version = short_text(scope.scope.version)

    def add(self, metric: Any, points: Sequence[Any]) -> None:
        """Add some points of a metric."""
        made = Metric(
            name=short_text(metric.name),
            unit=short_text(metric.unit),
            description=short_text(metric.description),
        )
        with suppress(Exception):
            _fill(made, metric.data, points)
            self._scope.metrics.append(made)


def _fill(made: Metric, data: Any, points: Sequence[Any]) -> None:
    """Put the points under the kind of data that they are; the SDK's classes are told apart by what they have."""
    temporality = getattr(data, "aggregation_temporality", None)
    if temporality is None:
        made.gauge.data_points.extend(_each(_number, points))
        return
    value = AggregationTemporality.ValueType(int(temporality))
    match type(data).__name__:
        case "Sum":
            made.sum.aggregation_temporality = value
            made.sum.is_monotonic = bool(data.is_monotonic)
            made.sum.data_points.extend(_each(_number, points))
        case "Histogram":
            made.histogram.aggregation_temporality = value
            made.histogram.data_points.extend(_each(_explicit, points))
        case "ExponentialHistogram":
            made.exponential_histogram.aggregation_temporality = value
            made.exponential_histogram.data_points.extend(_each(_exponential, points))


def _each(convert: Callable[[Any], Any], points: Sequence[Any]) -> Iterator[Any]:
    for point in points:
        with suppress(Exception):
            yield convert(point)


def _number(point: Any) -> NumberDataPoint:
    made = NumberDataPoint(**_common(point))
    value = point.value
    if isinstance(value, int) and MIN_INT <= value <= MAX_INT:
        made.as_int = value
    else:
        made.as_double = float(value)
    return made


def _explicit(point: Any) -> HistogramDataPoint:
    return HistogramDataPoint(
        **_common(point),
        **_summary(point),
        bucket_counts=point.bucket_counts,
        explicit_bounds=point.explicit_bounds,
    )


def _exponential(point: Any) -> ExponentialHistogramDataPoint:
    made = ExponentialHistogramDataPoint(
        **_common(point),
        **_summary(point),
        scale=point.scale,
        zero_count=point.zero_count,
        flags=point.flags,
    )
    for buckets, given in ((made.positive, point.positive), (made.negative, point.negative)):
        buckets.offset = given.offset
        buckets.bucket_counts.extend(given.bucket_counts)
    return made


def _common(point: Any) -> dict[str, Any]:
    return {
        "attributes": pairs(point.attributes or {}),
        "start_time_unix_nano": time_ns(point.start_time_unix_nano),
        "time_unix_nano": time_ns(point.time_unix_nano),
        "exemplars": list(_each(_exemplar, point.exemplars)),
    }


def _summary(point: Any) -> dict[str, Any]:
    """Return count, sum and extremes; where the SDK knows no extremes its own are infinite."""
    found: dict[str, Any] = {"count": point.count, "sum": point.sum}
    if point.min <= point.max:
        found |= {"min": point.min, "max": point.max}
    return found


def _exemplar(exemplar: Any) -> Exemplar:
    made = Exemplar(
        time_unix_nano=time_ns(exemplar.time_unix_nano),
        trace_id=id_bytes(exemplar.trace_id or 0, 16),
        span_id=id_bytes(exemplar.span_id or 0, 8),
        filtered_attributes=pairs(exemplar.filtered_attributes or {}),
    )
    if isinstance(exemplar.value, int):
        made.as_int = exemplar.value
    else:
        made.as_double = exemplar.value
    return made
