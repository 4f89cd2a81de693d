"""What the receiver tells about itself: the Collector's counters and span names."""

from contextlib import AbstractContextManager
from typing import Final

from opentelemetry.trace import Span, Status, StatusCode

from otel_discord.component import Settings
from otel_discord.signals import Signal

_UNITS: Final = {
    Signal.LOGS: ("log_records", "{record}", "LogsReceived"),
    Signal.METRICS: ("metric_points", "{datapoint}", "MetricsReceived"),
    Signal.TRACES: ("spans", "{span}", "TraceDataReceived"),
}


class ReceiverTelemetry:
    """Counters ``otelcol_receiver_{accepted,refused}_*`` and ``otelcol_receiver_requests``, and one span a request."""

    def __init__(self, settings: Settings) -> None:
        self._tracer = settings.tracer
        self._id = str(settings.id)
        meter = settings.meter
        self._accepted = {
            signal: meter.create_counter(f"otelcol_receiver_accepted_{name}", unit, f"Number of {name} accepted.")
            for signal, (name, unit, _) in _UNITS.items()
        }
        self._refused = {
            signal: meter.create_counter(f"otelcol_receiver_refused_{name}", unit, f"Number of {name} refused.")
            for signal, (name, unit, _) in _UNITS.items()
        }
        self._requests = meter.create_counter(
            "otelcol_receiver_requests", "{request}", "Number of requests by outcome: success, refused or failure."
        )
        self._attributes = {t: {"receiver": self._id, "transport": t} for t in ("grpc", "http")}
        self._outcomes = {
            (transport, outcome): {**attributes, "outcome": outcome}
            for transport, attributes in self._attributes.items()
            for outcome in ("success", "refused", "failure")
        }

    def span(self, signal: Signal, transport: str) -> AbstractContextManager[Span]:
        """Start the span of one request, current while it is open."""
        return self._tracer.start_as_current_span(
            f"receiver/{self._id}/{_UNITS[signal][2]}", attributes=self._attributes[transport], record_exception=False
        )

    def took(self, signal: Signal, transport: str, span: Span, *, accepted: int, rejected: int) -> None:
        """Count a request that was answered with success; ``rejected`` items of it were refused for good."""
        attributes = self._attributes[transport]
        if accepted:
            self._accepted[signal].add(accepted, attributes)
        if rejected:
            self._refused[signal].add(rejected, attributes)
        self._requests.add(1, self._outcomes[transport, "success"])
        span.set_attribute("accepted_items", accepted)

    def refused(self, signal: Signal, transport: str, span: Span, *, items: int, why: str) -> None:
        """Count a request that the pipeline did not take."""
        self._refused[signal].add(items, self._attributes[transport])
        self._requests.add(1, self._outcomes[transport, "refused"])
        span.set_attribute("refused_items", items)
        span.set_status(Status(StatusCode.ERROR, why))

    def failed(self, transport: str) -> None:
        """Count a request that never reached the pipeline: not decodable, too large, not allowed in."""
        self._requests.add(1, self._outcomes[transport, "failure"])
