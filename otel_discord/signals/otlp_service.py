"""OTLP's service of each signal: its name on the wire, what a client sends and what it is answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces

from otel_discord.signals.batch import Batch, LogsBatch, MetricsBatch, Signal, TracesBatch


@dataclass(frozen=True, slots=True)
class OtlpService:
    """The service of one signal; it has one method, ``Export``."""

    name: str
    """``opentelemetry.proto.collector.logs.v1.LogsService``."""
    request: Any
    """Class of the message that is sent."""
    response: Any
    """Class of the message that is answered."""
    rejected_field: str
    """Field of ``response.partial_success`` that counts what was not taken."""
    batch: Callable[[Any], Batch]
    """Makes a batch of a request."""

    @property
    def export_path(self) -> str:
        """What a gRPC client calls."""
        return f"/{self.name}/Export"


OTLP_SERVICES: Final[Mapping[Signal, OtlpService]] = {
    Signal.LOGS: OtlpService(
        name=logs.DESCRIPTOR.services_by_name["LogsService"].full_name,
        request=logs.ExportLogsServiceRequest,
        response=logs.ExportLogsServiceResponse,
        rejected_field="rejected_log_records",
        batch=LogsBatch,
    ),
    Signal.METRICS: OtlpService(
        name=metrics.DESCRIPTOR.services_by_name["MetricsService"].full_name,
        request=metrics.ExportMetricsServiceRequest,
        response=metrics.ExportMetricsServiceResponse,
        rejected_field="rejected_data_points",
        batch=MetricsBatch,
    ),
    Signal.TRACES: OtlpService(
        name=traces.DESCRIPTOR.services_by_name["TraceService"].full_name,
        request=traces.ExportTraceServiceRequest,
        response=traces.ExportTraceServiceResponse,
        rejected_field="rejected_spans",
        batch=TracesBatch,
    ),
}
