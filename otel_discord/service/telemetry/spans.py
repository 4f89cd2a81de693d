"""Own spans: which are recorded, and the last gate before they leave."""

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import Status

from otel_discord.service.telemetry.config import RootSamplerConfig, SamplerConfig, TracesConfig
from otel_discord.service.telemetry.otlp_push import span_exporter
from otel_discord.service.telemetry.own_telemetry import ABOUT_OWN_TELEMETRY
from otel_discord.service.telemetry.redact import Redactor


def tracer_provider(config: TracesConfig, resource: Resource, redactor: Redactor) -> TracerProvider:
    """Return a provider that is nobody's global one; each processor has a thread of its own.

    Raises:
        StartError: a certificate cannot be read, or the exporters are not installed.
    """
    exporters = [(processor.batch, span_exporter(processor.batch.exporter.otlp)) for processor in config.processors]
    provider = TracerProvider(sampler=_sampler(config.sampler), resource=resource, shutdown_on_exit=False)
    for batch, exporter in exporters:
        provider.add_span_processor(
            OwnSpanProcessor(
                RedactingSpanExporter(exporter, redactor),
                max_queue_size=batch.max_queue_size,
                schedule_delay_millis=batch.schedule_delay * 1000,
                max_export_batch_size=batch.max_export_batch_size,
                export_timeout_millis=batch.export_timeout * 1000,
            )
        )
    return provider


class OwnSpanProcessor(BatchSpanProcessor):
    """Leaves out spans about the handling of own telemetry, so that nothing reports itself in a circle."""

    def on_end(self, span: ReadableSpan) -> None:
        """Queue the span for sending."""
        if not (span.attributes and ABOUT_OWN_TELEMETRY in span.attributes):
            super().on_end(span)


class RedactingSpanExporter(SpanExporter):
    """Takes secrets out of what a span says: attributes, events (recorded exceptions), status."""

    def __init__(self, exporter: SpanExporter, redactor: Redactor) -> None:
        self._exporter = exporter
        self._redactor = redactor

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send redacted copies."""
        return self._exporter.export([self._redacted(span) for span in spans])

    def shutdown(self) -> None:
        """End the inner exporter."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush the inner exporter."""
        return self._exporter.force_flush(timeout_millis)

    def _redacted(self, span: ReadableSpan) -> ReadableSpan:
        status = span.status
        return ReadableSpan(
            name=self._redactor(span.name),
            context=span.get_span_context(),
            parent=span.parent,
            resource=span.resource,
            attributes=self._attributes(span.attributes),
            events=[Event(event.name, self._attributes(event.attributes), event.timestamp) for event in span.events],
            links=span.links,
            kind=span.kind,
            status=Status(status.status_code, self._redactor(status.description)) if status.description else status,
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )

    def _attributes(self, attributes: Mapping[str, Any] | None) -> dict[str, Any]:
        return {key: self._value(value) for key, value in (attributes or {}).items()}

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._redactor(value)
        if isinstance(value, (list, tuple)):
            return [self._value(item) for item in value]
        return value


def _sampler(config: RootSamplerConfig) -> Sampler:
    if isinstance(config, SamplerConfig) and config.parent_based is not None:
        return ParentBased(_sampler(config.parent_based.root))
    if config.trace_id_ratio_based is not None:
        return TraceIdRatioBased(config.trace_id_ratio_based.ratio)
    return ALWAYS_ON if "always_on" in config.model_fields_set else ALWAYS_OFF
