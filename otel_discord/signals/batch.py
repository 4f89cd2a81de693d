"""What walks through the house: one decoded request of one signal, with its counts.

The OTLP message inside is shared between consumers and is never changed; who changes records makes a copy first
(:meth:`LogsBatch.copy`). Pure: no loop, clock, socket or disk.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.signals.severity import effective_severity


class Signal(StrEnum):
    """The kinds of telemetry, in the words of ``service.pipelines``."""

    LOGS = "logs"
    METRICS = "metrics"
    TRACES = "traces"


@dataclass(frozen=True, slots=True)
class LogsBatch:
    """Log records of one request."""

    request: ExportLogsServiceRequest
    wire: bytes = field(default=b"", compare=False, repr=False)
    """What the request was read from, where it is at hand: who keeps bytes of records need not make them again."""

    signal = Signal.LOGS

    @property
    def item_count(self) -> int:
        """How many log records."""
        return sum(len(scope.log_records) for resource in self.request.resource_logs for scope in resource.scope_logs)

    @property
    def size_bytes(self) -> int:
        """Size of the serialised message."""
        return self.request.ByteSize()

    def records(self) -> Iterator[tuple[Resource, InstrumentationScope, LogRecord]]:
        """Yield each record with the resource and the scope that it belongs to, in order."""
        for resource_logs in self.request.resource_logs:
            for scope_logs in resource_logs.scope_logs:
                for record in scope_logs.log_records:
                    yield resource_logs.resource, scope_logs.scope, record

    def highest_severity(self) -> int:
        """Return the highest severity number of the batch, 0 when it is empty."""
        return max((effective_severity(r.severity_number, r.severity_text) for _, _, r in self.records()), default=0)

    def without_wire(self) -> "LogsBatch":
        """Return the batch for whoever keeps it: it takes its room once."""
        return LogsBatch(self.request) if self.wire else self

    def copy(self) -> "LogsBatch":
        """Return a batch whose records may be changed."""
        request = ExportLogsServiceRequest()
        request.CopyFrom(self.request)
        return LogsBatch(request)


@dataclass(frozen=True, slots=True)
class MetricsBatch:
    """Metrics of one request; its items are data points."""

    request: ExportMetricsServiceRequest

    signal = Signal.METRICS

    @property
    def item_count(self) -> int:
        """How many data points."""
        total = 0
        for resource_metrics in self.request.resource_metrics:
            for scope_metrics in resource_metrics.scope_metrics:
                for metric in scope_metrics.metrics:
                    kind = metric.WhichOneof("data")
                    if kind is not None:
                        total += len(getattr(metric, kind).data_points)
        return total

    @property
    def size_bytes(self) -> int:
        """Size of the serialised message."""
        return self.request.ByteSize()


@dataclass(frozen=True, slots=True)
class TracesBatch:
    """Spans of one request."""

    request: ExportTraceServiceRequest

    signal = Signal.TRACES

    @property
    def item_count(self) -> int:
        """How many spans."""
        return sum(len(scope.spans) for resource in self.request.resource_spans for scope in resource.scope_spans)

    @property
    def size_bytes(self) -> int:
        """Size of the serialised message."""
        return self.request.ByteSize()


Batch: TypeAlias = LogsBatch | MetricsBatch | TracesBatch
