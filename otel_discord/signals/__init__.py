"""What is carried: logs, metrics and traces as views over OTLP messages.

Names are imported when they are first asked for: what compares severities does not pay for protobuf.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
else:
    from importlib import import_module

    _HOMES = {
        "Batch": "batch",
        "LogsBatch": "batch",
        "MetricsBatch": "batch",
        "OTLP_SERVICES": "otlp_service",
        "OtlpService": "otlp_service",
        "Plain": "any_value",
        "Severity": "severity",
        "Signal": "batch",
        "TracesBatch": "batch",
        "attributes_to_dict": "any_value",
        "effective_severity": "severity",
        "find_attribute": "any_value",
        "parse_min_severity": "severity",
        "severity_from_text": "severity",
        "severity_range": "severity",
        "span_id_hex": "ids",
        "to_plain": "any_value",
        "trace_id_hex": "ids",
    }

    def __getattr__(name):
        """Import a public name (PEP 562)."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return value


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
