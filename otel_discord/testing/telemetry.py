"""Settings for a component in a test, and its own telemetry caught in memory."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from opentelemetry.metrics import Meter, NoOpMeter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import NoOpTracer, Tracer

from otel_discord.component.component import ComponentId
from otel_discord.component.factory import Settings

VERSION = "0.0.0-test"


class InMemoryTelemetry:
    """A meter and a tracer whose findings are read back by name."""

    def __init__(self) -> None:
        self._reader = InMemoryMetricReader()
        self._meters = MeterProvider(metric_readers=[self._reader], shutdown_on_exit=False)
        self._exporter = InMemorySpanExporter()
        self._tracers = TracerProvider(shutdown_on_exit=False)
        self._tracers.add_span_processor(SimpleSpanProcessor(self._exporter))

    @property
    def meter(self) -> Meter:
        """The meter to hand to a component."""
        return self._meters.get_meter("otel_discord.testing")

    @property
    def tracer(self) -> Tracer:
        """The tracer to hand to a component."""
        return self._tracers.get_tracer("otel_discord.testing")

    def value(self, name: str, **attributes: Any) -> float:
        """Return a metric's value: the sum of its points whose attributes include the given ones.

        Of a histogram it is how many values were recorded. 0 where there is no such metric or point.
        """
        return sum(_number(point) for point in self.points(name, **attributes))

    def points(self, name: str, **attributes: Any) -> Sequence[Any]:
        """Return the data points of a metric whose attributes include the given ones."""
        wanted = attributes.items()
        return [p for n, p in self._all_points() if n == name and wanted <= dict(p.attributes or {}).items()]

    def metric_names(self) -> set[str]:
        """Return the names of the metrics that have points."""
        return {name for name, _ in self._all_points()}

    def spans(self, name: str = "") -> Sequence[ReadableSpan]:
        """Return the spans that have ended, in order; with a name only those of that name."""
        return [span for span in self._exporter.get_finished_spans() if name in {"", span.name}]

    def _all_points(self) -> Iterator[tuple[str, Any]]:
        data = self._reader.get_metrics_data()
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for point in metric.data.data_points:
                        yield metric.name, point


def settings(component_id: str = "nop", telemetry: InMemoryTelemetry | None = None) -> Settings:
    """Return settings for a component ``type`` or ``type/name``; without ``telemetry`` its own goes nowhere."""
    type_name, _, name = component_id.partition("/")
    return Settings(
        id=ComponentId(type_name, name),
        meter=telemetry.meter if telemetry else NoOpMeter("otel_discord.testing"),
        tracer=telemetry.tracer if telemetry else NoOpTracer(),
        logger=logging.getLogger(f"otel_discord.testing.{component_id}"),
        version=VERSION,
    )


def _number(point: Any) -> float:
    if isinstance(point, NumberDataPoint):
        return float(point.value)
    if isinstance(point, HistogramDataPoint):
        return float(point.count)
    return 0.0
