"""What is told of an alert, as an event with its texts, and events as one batch of log records. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import ResourceLogs

from otel_discord.connectors.threshold.annotations import Facts
from otel_discord.connectors.threshold.book import Entry, Key, Labels
from otel_discord.connectors.threshold.rules import Rule
from otel_discord.connectors.threshold.state import Telling
from otel_discord.signals import Plain
from otel_discord.signals.alert_event import AlertEvent, AlertState, fingerprint_of
from otel_discord.signals.from_plain import from_plain
from otel_discord.templating.wording import duration

SCOPE_NAME: Final = "otel_discord.connectors.threshold"
MOST_ALERTS: Final = 500
MOST_BYTES: Final = 1024 * 1024
"""A batch leaves when it has so many alerts, or bytes."""
_MOST_POINTS: Final = 120
_NS: Final = 1_000_000_000
Tell = Callable[[str, str, str], None]
"""Is told of a template that fails: the rule, the annotation, and why."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event, the resource that it is about, and annotations that an event has no place for."""

    key: Key
    event: AlertEvent
    resource: Mapping[str, Plain]
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measured:
    """What an alert's points are of: of the rule itself, or of a part of a rule about rules."""

    rule: Rule
    labels: Labels


def outgoing(
    rule: Rule, labels: Labels, entry: Entry, telling: Telling, now_ns: int, *, measured: Measured, tell: Tell
) -> Outgoing:
    """Return a telling as an event."""
    known = {key: value for key, value in labels if value is not None}
    if telling.state is AlertState.FIRING:
        entry.extra = dict(rule.config.labels)
    all_labels = {**known, **entry.extra}
    threshold = rule.threshold_text(telling.level, is_silent=telling.is_silent)
    end_ns = telling.ended_ns or now_ns
    shows_no_trace = telling.is_silent or telling.state is AlertState.RESOLVED
    texts = rule.annotations.texts(
        Facts(
            name=rule.name,
            state=str(telling.state),
            severity=telling.severity,
            metric=rule.metric,
            unit=rule.unit.unit,
            labels=all_labels,
            value=rule.unit.show(telling.value, rule.metric),
            number=telling.value,
            peak=rule.unit.show(telling.peak, rule.metric),
            threshold=threshold,
            duration=duration(max(0, end_ns - telling.started_ns) / _NS),
        ),
        lambda name, reason: tell(rule.name, name, reason),
    )
    event = AlertEvent(
        name=rule.name,
        state=telling.state,
        severity=telling.severity,
        fingerprint=fingerprint_of(rule.name, all_labels),
        at_ns=now_ns,
        started_ns=telling.started_ns,
        ended_ns=telling.ended_ns,
        value=telling.value,
        peak=telling.peak,
        threshold=threshold,
        unit=measured.rule.unit.unit,
        metric=measured.rule.metric,
        resolution=telling.resolution,
        labels=all_labels,
        summary=texts.pop("summary"),
        description=texts.pop("description", ""),
        runbook_url=rule.config.runbook_url,
        source_url=rule.config.source_url,
        series=tuple(telling.points[-_MOST_POINTS:]),
        exemplars=() if shows_no_trace else measured.rule.exemplars.of(measured.labels, now_ns),
    )
    return Outgoing(
        Key(rule.name, labels), event, {key: known[key] for key in entry.resource_keys if key in known}, texts
    )


def outgoing_of_nobody(key: Key, rule_name: str, entry: Entry, telling: Telling, now_ns: int) -> Outgoing:
    """Return the end of an alert whose rule, of this name, is not there any more."""
    known = {name: value for name, value in key.labels if value is not None}
    all_labels = {**known, **entry.extra}
    event = AlertEvent(
        name=rule_name,
        state=AlertState.RESOLVED,
        severity=telling.severity,
        fingerprint=fingerprint_of(rule_name, all_labels),
        at_ns=now_ns,
        started_ns=telling.started_ns,
        ended_ns=telling.ended_ns,
        value=telling.value,
        peak=telling.peak,
        resolution=telling.resolution,
        labels=all_labels,
        summary=f"{rule_name}: the rule was changed or removed",
    )
    return Outgoing(key, event, {name: known[name] for name in entry.resource_keys if name in known})


class Parcel:
    """Events on their way to be one batch of log records, those of one resource together; it knows its size."""

    def __init__(self, version: str = "") -> None:
        self.keys: list[Key] = []
        """Of its alerts."""
        self.size_bytes = 0
        """About that of the batch."""
        self._version = version
        self._request = ExportLogsServiceRequest()
        self._groups: dict[tuple[tuple[str, Plain], ...], ResourceLogs] = {}

    @property
    def is_full(self) -> bool:
        """Whether it should leave before another is put in."""
        return len(self.keys) >= MOST_ALERTS or self.size_bytes >= MOST_BYTES

    def add(self, told: Outgoing) -> None:
        """Put an event in."""
        key = tuple(told.resource.items())
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = self._request.resource_logs.add()
            group.resource.attributes.extend(KeyValue(key=name, value=from_plain(value)) for name, value in key)
            scope_logs = group.scope_logs.add()
            scope_logs.scope.name, scope_logs.scope.version = SCOPE_NAME, self._version
            self.size_bytes += group.ByteSize()
        record = group.scope_logs[0].log_records.add()
        record.CopyFrom(told.event.to_record())
        record.attributes.extend(
            KeyValue(key=f"alert.annotation.{name}", value=from_plain(text))
            for name, text in told.annotations.items()
            if text
        )
        self.size_bytes += record.ByteSize()
        self.keys.append(told.key)

    def to_bytes(self) -> bytes:
        """Return the batch, b"" for an empty one."""
        return self._request.SerializeToString() if self.keys else b""
