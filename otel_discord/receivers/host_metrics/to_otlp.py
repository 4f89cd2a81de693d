"""Points as OTLP metrics: one metric for all points of a name, sums cumulative since their start. Pure."""

from collections.abc import Iterable

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, Metric, NumberDataPoint

from otel_discord.receivers.host_metrics.catalogue import METRICS, Kind
from otel_discord.receivers.host_metrics.points import Attributes, Point
from otel_discord.signals.from_plain import from_plain

SCOPE = "otel_discord/receivers/host_metrics"


def add_resource(
    request: ExportMetricsServiceRequest,
    resource: Attributes,
    points: Iterable[Point],
    *,
    start_ns: int,
    now_ns: int,
    version: str = "",
) -> None:
    """Add the points of one resource, measured at ``now_ns``; what counts began at ``start_ns``."""
    metrics: dict[str, Metric] = {}
    for point in points:
        metric = metrics.get(point.metric)
        if metric is None:
            metric = metrics[point.metric] = _metric(point.metric)
        is_gauge = METRICS[point.metric].kind is Kind.GAUGE
        added: NumberDataPoint = (metric.gauge if is_gauge else metric.sum).data_points.add(
            time_unix_nano=now_ns,
            start_time_unix_nano=0 if is_gauge else min(start_ns, now_ns),
            attributes=_pairs(point.attributes),
        )
        if isinstance(point.value, int):
            added.as_int = point.value
        else:
            added.as_double = point.value
    if not metrics:
        return
    resource_metrics = request.resource_metrics.add()
    resource_metrics.resource.attributes.extend(_pairs(resource))
    scope_metrics = resource_metrics.scope_metrics.add()
    scope_metrics.scope.name, scope_metrics.scope.version = SCOPE, version
    scope_metrics.metrics.extend(metrics.values())


def _metric(name: str) -> Metric:
    definition = METRICS[name]
    metric = Metric(name=name, unit=definition.unit, description=definition.description)
    if definition.kind is Kind.GAUGE:
        metric.gauge.SetInParent()
    else:
        metric.sum.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
        metric.sum.is_monotonic = definition.kind is Kind.COUNTER
    return metric


def _pairs(attributes: Attributes) -> list[KeyValue]:
    return [KeyValue(key=key, value=from_plain(value)) for key, value in attributes.items()]
