"""Twenty rules, and metrics of many series for them: each series is a group of its own, under one rule."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, Metric

from otel_discord.testing.otlp import key_values

RULES: Final = 20
POINTS: Final = 500
"""Of a request."""
_NS: Final = 1_000_000_000
_BOUNDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_KINDS: Final = ("last",) * 8 + ("avg",) * 4 + ("max",) * 2 + ("rate",) * 4 + ("increase",) + ("p95",)
"""The aggregation of each rule."""
_FIRING_EVERY: Final = 1000


def rules(*, silence: bool = False) -> Sequence[Mapping[str, Any]]:
    """Return the rules; with ``silence`` each also waits for every group that it knows."""
    more = {"no_data": {"after": "10m", "then": "alert"}} if silence else {}
    return [
        {
            "name": f"Rule{number}",
            "metric": f"bench.metric.{number}",
            "group_by": ["service.name", "shard"],
            "aggregation": aggregation,
            "window": "1m",
            "conditions": {"warning": "> 1000", "critical": "> 2000"},
            "for": "2s",
            **more,
        }
        for number, aggregation in enumerate(_KINDS)
    ]


def requests(series: int, *, prefix: str = "bench.metric") -> Sequence[ExportMetricsServiceRequest]:
    """Return requests with a point of each series; :func:`stamp` gives them times and values."""
    made = []
    per_rule = series // RULES
    for number in range(RULES):
        for first in range(0, per_rule, POINTS):
            request = ExportMetricsServiceRequest()
            resource_metrics = request.resource_metrics.add()
            resource_metrics.resource.attributes.extend(key_values({"service.name": f"service-{number}"}))
            scope_metrics = resource_metrics.scope_metrics.add()
            scope_metrics.scope.name = "bench"
            metric = scope_metrics.metrics.add(name=f"{prefix}.{number}", unit="1")
            for shard in range(first, min(first + POINTS, per_rule)):
                point = _points(metric, _KINDS[number]).add()
                point.attributes.extend(key_values({"shard": f"shard-{shard}", "region": "eu-central-1"}))
            made.append(request)
    return made


def stamp(request: ExportMetricsServiceRequest, round_number: int, start_ns: int, now_ns: int) -> None:
    """Make it the request of a round: one series in a thousand is over the line in every second round."""
    breach = round_number % 2 == 1
    for metric in request.resource_metrics[0].scope_metrics[0].metrics:
        kind = metric.WhichOneof("data")
        for place, point in enumerate(getattr(metric, str(kind)).data_points):
            value = 5000.0 if breach and place % _FIRING_EVERY == 0 else float((place * 7 + round_number) % 100)
            point.time_unix_nano = now_ns
            if kind == "gauge":
                point.as_double = value
            elif kind == "sum":
                point.start_time_unix_nano = start_ns
                point.as_double = point.as_double + value
            else:
                point.start_time_unix_nano = start_ns
                point.count += 10
                point.sum += 1.0
                if not point.bucket_counts:
                    point.explicit_bounds.extend(_BOUNDS)
                    point.bucket_counts.extend([0] * (len(_BOUNDS) + 1))
                point.bucket_counts[place % 7] += 10


def _points(metric: Metric, aggregation: str) -> Any:
    if aggregation in {"rate", "increase"}:
        metric.sum.is_monotonic = True
        metric.sum.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
        return metric.sum.data_points
    if aggregation == "p95":
        metric.histogram.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
        return metric.histogram.data_points
    return metric.gauge.data_points
