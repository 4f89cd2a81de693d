"""What a data point says for an aggregation, whatever its kind: a number, count and sum, or a distribution.

Monotonic sums count as what was added, so that both temporalities give the same answers; only ``last`` (cumulative:
the value since the start; delta: the newest amount) shows them as they stand. Gauges and cumulative sums that can fall
are values. For histograms, ``count``, ``rate`` and ``increase`` are about the number of measurements, ``sum`` about
what was measured, ``avg`` and ``last`` about its mean, the others about its distribution.
"""

import math
from array import array
from collections.abc import Callable
from enum import Enum, auto
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AggregationTemporality,
    ExponentialHistogramDataPoint,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    SummaryDataPoint,
)

from otel_discord.connectors.threshold.measures.aggregation import Aggregate, Aggregation
from otel_discord.connectors.threshold.measures.explicit import Explicit
from otel_discord.connectors.threshold.measures.exponential import Exponential, Side

Point: TypeAlias = NumberDataPoint | HistogramDataPoint | ExponentialHistogramDataPoint | SummaryDataPoint
_CUMULATIVE: Final = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
_DELTA: Final = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
_CHANGES: Final = frozenset({Aggregation.RATE, Aggregation.INCREASE})
_TOTALS: Final = _CHANGES | {Aggregation.COUNT, Aggregation.SUM, Aggregation.AVG, Aggregation.LAST}
_NUMBERS: Final = frozenset({Aggregation.COUNT, Aggregation.LAST})
_Made = TypeVar("_Made")
_SCALES: Final = range(-10, 21)


class Flow(Enum):
    """How the points of a stream follow each other."""

    VALUE = auto()
    """Each stands for itself."""
    ORDERED = auto()
    """Each stands for itself, and an older one after a newer says nothing."""
    DELTA = auto()
    """Each is what was added since the one before."""
    CUMULATIVE = auto()
    """Each is what was added since the start."""
    CHANGE = auto()
    """What counts is the difference to the one before, which may be negative."""


class Observed(NamedTuple):
    """One point, read for one aggregation."""

    flow: Flow
    value: Any
    """A number, (count, sum), or a distribution."""
    latest: bool = False
    """Only the newest of its stream counts."""
    additive: bool = False
    """Of several streams' latest values the sum is the natural whole."""


def observe(metric: Metric, point: Point, aggregate: Aggregate) -> Observed | None:
    """Return what a point says; None where it cannot be used for this aggregation."""
    if isinstance(point, NumberDataPoint):
        return _number(metric, point, aggregate)
    if isinstance(point, SummaryDataPoint):
        return _summary(point, aggregate)
    temporality = (
        metric.histogram if isinstance(point, HistogramDataPoint) else metric.exponential_histogram
    ).aggregation_temporality
    if temporality not in (_DELTA, _CUMULATIVE):
        return None
    flow = Flow.DELTA if temporality == _DELTA else Flow.CUMULATIVE
    kind = aggregate.kind
    if kind in _TOTALS:
        if kind not in _CHANGES and kind is not Aggregation.COUNT and not point.HasField("sum"):
            return None
        return _pair(flow, point.count, point.sum, kind)
    exact = flow is Flow.DELTA and point.HasField("min") and point.HasField("max")
    low, high = (point.min, point.max) if exact else (None, None)
    shape = _explicit(point, low, high) if isinstance(point, HistogramDataPoint) else _exponential(point, low, high)
    return Observed(flow, shape) if shape is not None else None


def _number(metric: Metric, point: NumberDataPoint, aggregate: Aggregate) -> Observed | None:
    form = point.WhichOneof("value")
    value: float = point.as_double if form == "as_double" else point.as_int
    if form is None or not math.isfinite(value):
        return None
    kind = aggregate.kind
    flow, additive = Flow.CHANGE if kind in _CHANGES else Flow.VALUE, False
    if metric.HasField("sum"):
        additive, temporality = True, metric.sum.aggregation_temporality
        if temporality == _DELTA:
            flow = Flow.DELTA
        elif temporality != _CUMULATIVE:
            return None
        elif metric.sum.is_monotonic and kind not in _NUMBERS:
            flow = Flow.CUMULATIVE
        elif flow is Flow.VALUE:
            flow = Flow.ORDERED
    return Observed(flow, value, kind is Aggregation.LAST, additive)


def _summary(point: SummaryDataPoint, aggregate: Aggregate) -> Observed | None:
    kind = aggregate.kind
    if kind in _TOTALS:
        return _pair(Flow.CUMULATIVE, point.count, point.sum, kind)
    wanted = {Aggregation.MIN: 0.0, Aggregation.MAX: 1.0}.get(kind, aggregate.quantile)
    if wanted is None:
        return None
    for each in point.quantile_values:
        if abs(each.quantile - wanted) < 1e-9 and math.isfinite(each.value):
            return Observed(Flow.VALUE, each.value, latest=True)
    return None


def _pair(flow: Flow, count: int, total: float, kind: Aggregation) -> Observed | None:
    return Observed(flow, (count, total), kind is Aggregation.LAST) if math.isfinite(total) else None


def _explicit(point: HistogramDataPoint, low: float | None, high: float | None) -> Explicit | None:
    bounds = _sound(tuple(point.explicit_bounds))
    if bounds is None or len(point.bucket_counts) != len(bounds) + 1:
        return None
    return _fitting(lambda: Explicit(bounds, array("q", point.bucket_counts), low, high))


@lru_cache(maxsize=256)
def _sound(bounds: tuple[float, ...]) -> tuple[float, ...] | None:
    """Return bounds that rise, one tuple for all series that have the same; None for others."""
    rising = all(one < two for one, two in pairwise(bounds))
    return bounds if rising and all(map(math.isfinite, bounds)) else None


def _exponential(point: ExponentialHistogramDataPoint, low: float | None, high: float | None) -> Exponential | None:
    if point.scale not in _SCALES:
        return None
    positive, negative = point.positive, point.negative
    return _fitting(
        lambda: Exponential(
            point.scale,
            Side(positive.offset, array("q", positive.bucket_counts)),
            Side(negative.offset, array("q", negative.bucket_counts)),
            point.zero_count,
            max(0.0, point.zero_threshold) if math.isfinite(point.zero_threshold) else 0.0,
            low,
            high,
        )
    )


def _fitting(make: Callable[[], _Made]) -> _Made | None:
    try:
        return make()
    except OverflowError:  # a count beyond 2**63
        return None
