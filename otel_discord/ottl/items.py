"""What is examined: one record, span, … with all that it stands in. Live OTLP messages, never copied here."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    ExponentialHistogramDataPoint,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    SummaryDataPoint,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from otel_discord.ottl.values import Value

DataPoint: TypeAlias = NumberDataPoint | HistogramDataPoint | ExponentialHistogramDataPoint | SummaryDataPoint
ScopeGroup: TypeAlias = ScopeLogs | ScopeSpans | ScopeMetrics
ResourceGroup: TypeAlias = ResourceLogs | ResourceSpans | ResourceMetrics


class ContextKind(StrEnum):
    """What a condition looks at."""

    RESOURCE = "resource"
    SCOPE = "scope"
    LOG = "log"
    SPAN = "span"
    SPANEVENT = "spanevent"
    METRIC = "metric"
    DATAPOINT = "datapoint"


@dataclass(slots=True)
class _Cached:
    """The item's own scratch map, ``cache`` in the language; made when first asked for."""

    _cache: dict[str, Value] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def cache(self) -> dict[str, Value]:
        if self._cache is None:
            self._cache = {}
        return self._cache

    @cache.setter
    def cache(self, value: dict[str, Value]) -> None:
        self._cache = value


@dataclass(slots=True)
class ResourceItem(_Cached):
    """A resource; the group (ResourceLogs, …) holds its schema URL."""

    resource: Resource
    resource_group: ResourceGroup | None = None


@dataclass(slots=True)
class ScopeItem(_Cached):
    """An instrumentation scope."""

    scope: InstrumentationScope
    resource: Resource
    scope_group: ScopeGroup | None = None
    resource_group: ResourceGroup | None = None


@dataclass(slots=True)
class LogItem(_Cached):
    """A log record."""

    record: LogRecord
    scope: InstrumentationScope
    resource: Resource
    scope_logs: ScopeLogs | None = None
    resource_logs: ResourceLogs | None = None


@dataclass(slots=True)
class SpanItem(_Cached):
    """A span."""

    span: Span
    scope: InstrumentationScope
    resource: Resource
    scope_spans: ScopeSpans | None = None
    resource_spans: ResourceSpans | None = None


@dataclass(slots=True)
class SpanEventItem(_Cached):
    """An event of a span; ``event_index`` is its position there."""

    event: Span.Event
    span: Span
    scope: InstrumentationScope
    resource: Resource
    event_index: int = 0
    scope_spans: ScopeSpans | None = None
    resource_spans: ResourceSpans | None = None


@dataclass(slots=True)
class MetricItem(_Cached):
    """A metric with all its data points."""

    metric: Metric
    scope: InstrumentationScope
    resource: Resource
    scope_metrics: ScopeMetrics | None = None
    resource_metrics: ResourceMetrics | None = None


@dataclass(slots=True)
class DataPointItem(_Cached):
    """One data point of a metric."""

    point: DataPoint
    metric: Metric
    scope: InstrumentationScope
    resource: Resource
    scope_metrics: ScopeMetrics | None = None
    resource_metrics: ResourceMetrics | None = None


Item: TypeAlias = ResourceItem | ScopeItem | LogItem | SpanItem | SpanEventItem | MetricItem | DataPointItem
