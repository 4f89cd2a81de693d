"""What a batch says of who is alive: how many items of which resource, and which of them speak of alerts. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from opentelemetry.proto.logs.v1.logs_pb2 import ResourceLogs
from opentelemetry.proto.metrics.v1.metrics_pb2 import ResourceMetrics

from otel_discord.connectors.heartbeat.config import label_text
from otel_discord.connectors.heartbeat.groups import Labels
from otel_discord.ottl import ResourceItem, each_resource
from otel_discord.signals import Batch, Plain
from otel_discord.signals.alert_event import AlertEvent, alert_event, is_alert

_STRIDE: Final = 512
STATUS_EVENT: Final = "heartbeat.status"


@dataclass(slots=True)
class Sign:
    """``count`` is that of records, data points or spans, without those that speak of alerts: these are about a
    service, and do not come from it."""

    item: ResourceItem
    count: int = 0
    alerts: list[AlertEvent] = field(default_factory=list)


def signs(batch: Batch, *, counting: bool) -> Iterator[Sign | None]:
    """Yield a sign for each resource; None now and then, so that somebody else can have a turn.

    Without ``counting``, log records are looked at only until one is a sign of life, which costs next to nothing.
    """
    for item in each_resource(batch):
        sign = Sign(item)
        group: Any = item.resource_group
        if isinstance(group, ResourceLogs):
            for _ in _look_at_records(group, sign, counting=counting):
                yield None
        elif isinstance(group, ResourceMetrics):
            sign.count = sum(
                len(getattr(metric, kind).data_points)
                for scope_metrics in group.scope_metrics
                for metric in scope_metrics.metrics
                if (kind := metric.WhichOneof("data")) is not None
            )
        else:
            sign.count = sum(len(scope_spans.spans) for scope_spans in group.scope_spans)
        yield sign


def _look_at_records(group: ResourceLogs, sign: Sign, *, counting: bool) -> Iterator[None]:
    looked_at = 0
    for scope_logs in group.scope_logs:
        for record in scope_logs.log_records:
            looked_at += 1
            if not looked_at % _STRIDE:
                yield
            if not is_alert(record):
                sign.count += record.event_name != STATUS_EVENT
                if sign.count and not counting:
                    return
            elif counting and (event := alert_event(record)) is not None:
                sign.alerts.append(event)


def labels_of(attributes: dict[str, Plain], keys: Sequence[str]) -> Labels | None:
    """Return the group that a resource belongs to; None where one of the attributes is not there."""
    labels = []
    for key in keys:
        value = attributes.get(key)
        if value is None or value == "":
            return None
        labels.append((key, label_text(value)))
    return tuple(labels)
