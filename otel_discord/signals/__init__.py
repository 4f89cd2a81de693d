"""What is carried: logs, metrics and traces as views over OTLP messages."""

from otel_discord.signals.any_value import Plain, attributes_to_dict, find_attribute, to_plain
from otel_discord.signals.batch import Batch, LogsBatch, MetricsBatch, Signal, TracesBatch
from otel_discord.signals.ids import span_id_hex, trace_id_hex
from otel_discord.signals.otlp_service import OTLP_SERVICES, OtlpService
from otel_discord.signals.severity import (
    Severity,
    effective_severity,
    parse_min_severity,
    severity_from_text,
    severity_range,
)

__all__ = [
    "OTLP_SERVICES",
    "Batch",
    "LogsBatch",
    "MetricsBatch",
    "OtlpService",
    "Plain",
    "Severity",
    "Signal",
    "TracesBatch",
    "attributes_to_dict",
    "effective_severity",
    "find_attribute",
    "parse_min_severity",
    "severity_from_text",
    "severity_range",
    "span_id_hex",
    "to_plain",
    "trace_id_hex",
]
