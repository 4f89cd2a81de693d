"""Batches as bytes and back. Pure."""

from collections.abc import Callable, Mapping
from typing import Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_discord.signals.batch import Batch, LogsBatch, MetricsBatch, Signal, TracesBatch

_READERS: Final[Mapping[str, Callable[[bytes], Batch]]] = {
    Signal.LOGS: lambda payload: LogsBatch(ExportLogsServiceRequest.FromString(payload)),
    Signal.METRICS: lambda payload: MetricsBatch(ExportMetricsServiceRequest.FromString(payload)),
    Signal.TRACES: lambda payload: TracesBatch(ExportTraceServiceRequest.FromString(payload)),
}


def to_bytes(batch: Batch) -> bytes:
    """Return the request, serialised."""
    payload: bytes = batch.request.SerializeToString()
    return payload


def from_bytes(signal: str, payload: bytes) -> Batch | None:
    """Return the batch; None where these are not the bytes of one."""
    reader = _READERS.get(signal)
    if reader is None:
        return None
    try:
        return reader(payload)
    except DecodeError:
        return None
