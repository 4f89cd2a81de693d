"""What is told of an alert, as an event with its texts, and events as one batch of log records. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import ResourceLogs

from otel_discord.connectors.threshold.annotations import Facts
from otel_discord.connectors.threshold.book import Entry, Labels
from otel_discord.connectors.threshold.rules import Rule
from otel_discord.connectors.threshold.state import Telling
from otel_discord.signals import LogsBatch, Plain
from otel_discord.signals.alert_event import AlertEvent, AlertState, fingerprint_of
from otel_discord.signals.from_plain import from_plain
from otel_discord.templating.wording import duration

SCOPE_NAME: Final = "otel_discord.connectors.threshold"
_MOST_POINTS: Final = 120
_NS: Final = 1_000_000_000
Tell = Callable[[str, str, str], None]
"""Is told of a template that fails: the rule, the annotation, and why."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event, the resource that it is about, and annotations that an event has no place for."""

    event: AlertEvent
    resource: Mapping[str, Plain]
    annotations: Mapping[str, str] = field(default_factory=dict)


def outgoing(rule: Rule, labels: Labels, entry: Entry, telling: Telling, now_ns: int, tell: Tell) -> Outgoing:
    """Return a telling as an event."""
    known = {key: value for key, value in labels if value is not None}
    if telling.state is AlertState.FIRING:
        entry.extra = dict(rule.config.labels)
    all_labels = {**known, **entry.extra}
    threshold = rule.threshold_text(telling.level, is_silent=telling.is_silent)
    end_ns = telling.ended_ns or now_ns
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
        unit=rule.unit.unit,
        metric=rule.metric,
        resolution=telling.resolution,
        labels=all_labels,
        summary=texts.pop("summary"),
        description=texts.pop("description", ""),
        runbook_url=rule.config.runbook_url,
        source_url=rule.config.source_url,
        series=tuple(telling.points[-_MOST_POINTS:]),
    )
    return Outgoing(event, {key: known[key] for key in entry.resource_keys if key in known}, texts)


def outgoing_of_nobody(rule_name: str, labels: Labels, entry: Entry, telling: Telling, now_ns: int) -> Outgoing:
    """Return the end of an alert whose rule is not there any more."""
    known = {key: value for key, value in labels if value is not None}
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
    return Outgoing(event, {key: known[key] for key in entry.resource_keys if key in known})


def to_batch(told: Sequence[Outgoing], version: str = "") -> LogsBatch:
    """Return events as log records, those of one resource together."""
    request = ExportLogsServiceRequest()
    groups: dict[tuple[tuple[str, Plain], ...], ResourceLogs] = {}
    for each in told:
        key = tuple(each.resource.items())
        if key not in groups:
            group = groups[key] = request.resource_logs.add()
            group.resource.attributes.extend(KeyValue(key=name, value=from_plain(value)) for name, value in key)
            scope_logs = group.scope_logs.add()
            scope_logs.scope.name, scope_logs.scope.version = SCOPE_NAME, version
        record = groups[key].scope_logs[0].log_records.add()
        record.CopyFrom(each.event.to_record())
        record.attributes.extend(
            KeyValue(key=f"alert.annotation.{name}", value=from_plain(text))
            for name, text in each.annotations.items()
            if text
        )
    return LogsBatch(request)
