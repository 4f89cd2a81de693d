"""Log records of a service, for tests."""

from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.signals import LogsBatch
from otel_discord.testing.otlp import key_values


def log_lines(
    *bodies: str, service: str = "worker", severity: int = 13, event_name: str = "", **names: Any
) -> LogsBatch:
    """Return records of a service; further names are attributes of its resource."""
    request = ExportLogsServiceRequest()
    of_resource = request.resource_logs.add()
    of_resource.resource.attributes.extend(key_values({"service.name": service, **names}))
    records = of_resource.scope_logs.add().log_records
    for body in bodies:
        records.add(severity_number=severity, event_name=event_name).body.string_value = body
    return LogsBatch(request)
