"""Editors that only this processor has, after contrib's: between the kinds of metrics."""

from typing import Final

from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, Gauge, Sum

from otel_discord.ottl import ContextKind, MetricItem
from otel_discord.ottl.functions import FUNCTIONS
from otel_discord.ottl.registry import Arguments, Function, Getter, Kind, Parameter

_METRIC: Final = frozenset({ContextKind.METRIC})
_TEMPORALITIES: Final = {
    "cumulative": AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE,
    "delta": AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA,
}


def _to_gauge(_arguments: Arguments) -> Getter:
    def convert(item: MetricItem) -> None:
        if item.metric.WhichOneof("data") == "sum":
            item.metric.gauge.CopyFrom(Gauge(data_points=item.metric.sum.data_points))

    return convert


def _to_sum(arguments: Arguments) -> Getter:
    temporality = _TEMPORALITIES.get(arguments.text("aggregation_temporality"))
    is_monotonic = arguments.literal("is_monotonic")
    if temporality is None:
        raise ValueError(f"the temporality is one of {', '.join(_TEMPORALITIES)}")

    def convert(item: MetricItem) -> None:
        if item.metric.WhichOneof("data") == "gauge":
            points = item.metric.gauge.data_points
            new = Sum(data_points=points, aggregation_temporality=temporality, is_monotonic=is_monotonic)
            item.metric.sum.CopyFrom(new)

    return convert


TRANSFORM_FUNCTIONS: Final = {
    **FUNCTIONS,
    "convert_sum_to_gauge": Function("convert_sum_to_gauge", (), _to_gauge, contexts=_METRIC, pure=False),
    "convert_gauge_to_sum": Function(
        "convert_gauge_to_sum",
        (Parameter("aggregation_temporality", Kind.STRING_LITERAL), Parameter("is_monotonic", Kind.BOOL_LITERAL)),
        _to_sum,
        contexts=_METRIC,
        pure=False,
    ),
}
"""Those of the language, and these."""
