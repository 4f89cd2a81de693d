"""Turns as alerts, and these as one batch of log records. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from otel_discord.config.duration import format_duration
from otel_discord.connectors.heartbeat.config import WatchConfig
from otel_discord.connectors.heartbeat.groups import RULE_REMOVED, Labels, Turn
from otel_discord.connectors.heartbeat.wording import summary
from otel_discord.signals import LogsBatch
from otel_discord.signals.alert_event import AlertEvent, fingerprint_of
from otel_discord.signals.from_plain import from_plain

SCOPE_NAME: Final = "otel_discord.connectors.heartbeat"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An alert, and the resource that it is about."""

    event: AlertEvent
    resource: Labels


def outgoing(watch: WatchConfig, turn: Turn, now_ns: int) -> Outgoing:
    """Return a turn of a group as an alert."""
    labels = dict((*turn.labels, *turn.extra))
    event = AlertEvent(
        name=watch.name,
        state=turn.state,
        severity=watch.severity,
        fingerprint=fingerprint_of(watch.name, labels),
        at_ns=now_ns,
        started_ns=turn.started_ns,
        ended_ns=turn.ended_ns,
        value=round(turn.silence_s, 3),
        peak=round(turn.silence_s, 3),
        threshold="" if turn.resolution == RULE_REMOVED else f"> {format_duration(watch.after)}",
        unit="s",
        resolution=turn.resolution,
        labels=labels,
        summary=summary(turn, watch.signals, watch.name),
        runbook_url=watch.runbook_url,
    )
    return Outgoing(event, turn.labels)


def outgoing_of_nobody(name: str, severity: str, turn: Turn, now_ns: int) -> Outgoing:
    """Return the end of an alert whose watch is not there any more."""
    return outgoing(WatchConfig(name=name, severity=severity), turn, now_ns)


def to_batch(told: Iterable[Outgoing], version: str) -> LogsBatch:
    """Return alerts as log records, each under the resource that it is about."""
    request = ExportLogsServiceRequest()
    for each in told:
        group = request.resource_logs.add()
        group.resource.attributes.extend(pairs(each.resource))
        scope_logs = group.scope_logs.add()
        scope_logs.scope.name, scope_logs.scope.version = SCOPE_NAME, version
        scope_logs.log_records.append(each.event.to_record())
    return LogsBatch(request)


def pairs(attributes: Sequence[tuple[str, object]]) -> list[KeyValue]:
    """Return attributes as OTLP has them."""
    return [KeyValue(key=key, value=from_plain(value)) for key, value in attributes]
