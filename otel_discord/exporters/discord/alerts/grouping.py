"""Which alerts share a message: those with the same values of the attributes that ``alerts::group_by`` names. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.exporters.discord.alerts.group import Arrival
from otel_discord.exporters.discord.alerts.member import slim
from otel_discord.exporters.discord.folding.problem import Problem
from otel_discord.signals import find_attribute
from otel_discord.signals.alert_event import AlertEvent, AlertState, alert_event

_NAMES: Final = frozenset(("alert.name", "alertname"))
_FINGERPRINT_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class AlertFinder:
    """Reads alerts for one exporter."""

    group_by: Sequence[str]
    on_series: Callable[[], None] = lambda: None
    """Hears of every event that has a series."""

    def find(self, record: LogRecord, now_ns: int) -> AlertEvent | None:
        """Return what a record says of an alert; None for other records."""
        event = alert_event(record)
        if event is not None and event.series:
            self.on_series()
        return None if event is None else slim(event, now_ns)

    def problem(self, arrival: Arrival, resource: Resource, apart: str = "") -> Problem:
        """Return the event as what is folded: its fingerprint is that of the group.

        ``apart`` keeps alerts of one place from those of others, whatever they are grouped by.
        """
        event = arrival.event
        values = [self._value(name, event, resource) for name in self.group_by]
        told = "\x1f".join(("alert", *values, *([apart] if apart else []))).encode("utf-8", "surrogatepass")
        fingerprint = blake2b(told, digest_size=_FINGERPRINT_BYTES).digest()
        return Problem(fingerprint, event.name, event.summary or event.name, arrival)

    def _value(self, name: str, event: AlertEvent, resource: Resource) -> str:
        if name in _NAMES:
            return event.name
        if name in ("alert.severity", "severity"):
            return event.severity
        found = event.labels.get(name)
        if found is None:
            found = find_attribute(resource.attributes, name)
        return "" if found is None else str(found)


def is_end(event: AlertEvent) -> bool:
    """Return whether an event says that its alert is over."""
    return event.state is AlertState.RESOLVED
