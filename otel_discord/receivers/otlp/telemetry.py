"""What the receiver tells about itself: the Collector's counters and span names."""

from contextlib import AbstractContextManager
from typing import Final

from opentelemetry.trace import Span, Status, StatusCode

from otel_discord.component import Settings
from otel_discord.component.instruments import ReceiverInstruments
from otel_discord.signals import Signal

_SPAN_NAMES: Final = {
    Signal.LOGS: "LogsReceived",
    Signal.METRICS: "MetricsReceived",
    Signal.TRACES: "TraceDataReceived",
}


class ReceiverTelemetry:
    """Counters of items and requests, and one span a request, for one transport (``grpc``, ``http``)."""

    def __init__(self, settings: Settings, transport: str) -> None:
        self._tracer = settings.tracer
        self._instruments = ReceiverInstruments(settings.meter, str(settings.id), transport)
        self._attributes = {"receiver": str(settings.id), "transport": transport}
        self._names = {signal: f"receiver/{settings.id}/{name}" for signal, name in _SPAN_NAMES.items()}

    def span(self, signal: Signal) -> AbstractContextManager[Span]:
        """Start the span of one request, current while it is open."""
        return self._tracer.start_as_current_span(
            self._names[signal], attributes=self._attributes, record_exception=False
        )

    def took(self, signal: Signal, span: Span, *, accepted: int, rejected: int) -> None:
        """Count a request that was answered with success; ``rejected`` items of it were refused for good."""
        if accepted:
            self._instruments.accepted(signal, accepted)
        if rejected:
            self._instruments.refused(signal, rejected)
        self._instruments.request("success")
        span.set_attribute("accepted_items", accepted)

    def refused(self, signal: Signal, span: Span, *, items: int, why: str) -> None:
        """Count a request that the pipeline did not take."""
        self._instruments.refused(signal, items)
        self._instruments.request("refused")
        span.set_attribute("refused_items", items)
        span.set_status(Status(StatusCode.ERROR, why))

    def empty(self) -> None:
        """Count a request that held nothing."""
        self._instruments.request("success")

    def failed(self) -> None:
        """Count a request that never reached the pipeline: not decodable, too large, not allowed in."""
        self._instruments.request("failure")
