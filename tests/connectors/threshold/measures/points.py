"""Metrics and points for these tests; times in seconds after a fixed moment."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    ExponentialHistogramDataPoint,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    SummaryDataPoint,
)

from otel_discord.connectors.threshold.measures import Labels, Measure, Reading, parse_aggregation

S: Final = 1_000_000_000
T0: Final = 1_700_000_000 * S
SHOP: Final[Labels] = (("service.name", "shop"),)
DELTA: Final = 1
CUMULATIVE: Final = 2


def at(seconds: float) -> int:
    return T0 + round(seconds * S)


def gauge() -> Metric:
    metric = Metric(name="queue.depth")
    metric.gauge.SetInParent()
    return metric


def total(temporality: int, *, monotonic: bool = True) -> Metric:
    metric = Metric(name="orders")
    metric.sum.aggregation_temporality = temporality  # type: ignore[assignment]
    metric.sum.is_monotonic = monotonic
    return metric


def histogram(temporality: int) -> Metric:
    metric = Metric(name="duration")
    metric.histogram.aggregation_temporality = temporality  # type: ignore[assignment]
    return metric


def exponential(temporality: int) -> Metric:
    metric = Metric(name="duration")
    metric.exponential_histogram.aggregation_temporality = temporality  # type: ignore[assignment]
    return metric


def summary() -> Metric:
    metric = Metric(name="duration")
    metric.summary.SetInParent()
    return metric


def number(seconds: float, value: float, start: float | None = None, **more: Any) -> NumberDataPoint:
    start_ns = at(start) if start is not None else 0
    point = NumberDataPoint(time_unix_nano=at(seconds), start_time_unix_nano=start_ns, **more)
    if isinstance(value, int):
        point.as_int = value
    else:
        point.as_double = value
    return point


def buckets(
    seconds: float, bounds: Sequence[float], counts: Sequence[int], total: float = 0.0, start: float | None = None
) -> HistogramDataPoint:
    return HistogramDataPoint(
        time_unix_nano=at(seconds),
        start_time_unix_nano=at(start) if start is not None else 0,
        explicit_bounds=bounds,
        bucket_counts=counts,
        count=sum(counts),
        sum=total,
    )


def summed(seconds: float, count: int, total: float, quantiles: dict[float, float] | None = None) -> SummaryDataPoint:
    point = SummaryDataPoint(time_unix_nano=at(seconds), count=count, sum=total)
    for quantile, value in (quantiles or {}).items():
        point.quantile_values.add(quantile=quantile, value=value)
    return point


Point = NumberDataPoint | HistogramDataPoint | ExponentialHistogramDataPoint | SummaryDataPoint


def measure(aggregation: str, window: float = 60, **more: Any) -> Measure:
    return Measure(aggregate=parse_aggregation(aggregation), window_ns=round(window * S), **more)


def feed(into: Measure, metric: Metric, points: Iterable[Point], stream: str = "a", labels: Labels = SHOP) -> None:
    """Every point arrives at its own time, or when the newest before it did."""
    newest = 0
    for point in points:
        newest = max(newest, point.time_unix_nano)
        into.take(labels, stream, metric, point, newest)


def reading(of: Measure, seconds: float, labels: Labels = SHOP) -> Reading:
    return next(each for each in list(of.readings(at(seconds))) if each.labels == labels)


def value(of: Measure, seconds: float, labels: Labels = SHOP) -> float | None:
    return reading(of, seconds, labels).value
