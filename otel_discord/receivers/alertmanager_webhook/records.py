"""Alerts as a batch of log records, one resource for each service. Pure."""

from collections.abc import Sequence

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import ScopeLogs

from otel_discord.receivers.alertmanager_webhook.payload import FoundAlert
from otel_discord.signals.batch import LogsBatch
from otel_discord.signals.from_plain import from_plain

SCOPE = "otel_discord/receivers/alertmanager_webhook"


def batch_of(alerts: Sequence[FoundAlert], version: str = "") -> LogsBatch:
    """Return the records, those of a service together, in the order in which services and alerts came."""
    request = ExportLogsServiceRequest()
    of_service: dict[str, ScopeLogs] = {}
    for alert in alerts:
        scope_logs = of_service.get(alert.service)
        if scope_logs is None:
            resource_logs = request.resource_logs.add()
            if alert.service:
                resource_logs.resource.attributes.add(key="service.name", value=from_plain(alert.service))
            scope_logs = of_service[alert.service] = resource_logs.scope_logs.add()
            scope_logs.scope.name, scope_logs.scope.version = SCOPE, version
        record = alert.event.to_record()
        record.attributes.extend(KeyValue(key=key, value=from_plain(value)) for key, value in alert.extras.items())
        scope_logs.log_records.append(record)
    return LogsBatch(request)
