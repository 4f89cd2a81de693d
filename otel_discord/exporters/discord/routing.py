"""Which destinations a record goes to. Pure.

A record goes to every destination whose ``min_severity`` it reaches; what is critical goes to all if so configured.
A severity of 0 says nothing and is taken for INFO, as the log data model suggests.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.exporters.discord.destinations import Destination
from otel_discord.signals import LogsBatch, Severity, effective_severity

NORMAL_PRIORITY = 0
CRITICAL_PRIORITY = 1
HIGHEST_SEVERITY = 24


def record_severity(record: LogRecord) -> int:
    """Return the severity to compare, 1 to 24: the number, else what the text says, else INFO.

    Enums are open: a number out of range says nothing.
    """
    number = record.severity_number
    if 1 <= number <= HIGHEST_SEVERITY:
        return number
    return effective_severity(0, record.severity_text) or Severity.INFO


@dataclass(frozen=True)
class Router:
    """The routing table of one exporter."""

    destinations: Sequence[Destination]
    critical_min_severity: int
    critical_to_all: bool

    @property
    def floor(self) -> int:
        """The severity below which a record goes nowhere."""
        floor = min((item.min_severity for item in self.destinations), default=0)
        return min(floor, self.critical_min_severity) if self.critical_to_all else floor

    def route(self, severity: int) -> list[Destination]:
        """Return where a record of this severity goes; empty for nowhere."""
        if self.critical_to_all and severity >= self.critical_min_severity:
            return list(self.destinations)
        return [item for item in self.destinations if severity >= item.min_severity]

    def priority(self, severity: int) -> int:
        """Return the priority of a record's card."""
        return CRITICAL_PRIORITY if severity >= self.critical_min_severity else NORMAL_PRIORITY


def keep_from(batch: LogsBatch, floor: int) -> tuple[LogsBatch | None, int]:
    """Return the part of a batch that reaches ``floor`` (the batch itself if all of it does) and its highest severity.

    None where nothing does. This is the hot path for what is dropped: one look at one integer a record.
    """
    dropped = False
    highest = 0
    for resource_logs in batch.request.resource_logs:
        for scope_logs in resource_logs.scope_logs:
            for record in scope_logs.log_records:
                severity: int = record.severity_number
                if not 1 <= severity <= HIGHEST_SEVERITY:
                    severity = record_severity(record)
                if severity < floor:
                    dropped = True
                elif severity > highest:
                    highest = severity
    if not dropped:
        return (batch, highest) if highest else (None, 0)
    if not highest:
        return None, 0
    return _copy_from(batch, floor), highest


def _copy_from(batch: LogsBatch, floor: int) -> LogsBatch:
    kept = ExportLogsServiceRequest()
    for resource_logs in batch.request.resource_logs:
        new_resource = None
        for scope_logs in resource_logs.scope_logs:
            survivors = [record for record in scope_logs.log_records if record_severity(record) >= floor]
            if not survivors:
                continue
            if new_resource is None:
                new_resource = kept.resource_logs.add(schema_url=resource_logs.schema_url)
                new_resource.resource.CopyFrom(resource_logs.resource)
            new_scope = new_resource.scope_logs.add(schema_url=scope_logs.schema_url)
            new_scope.scope.CopyFrom(scope_logs.scope)
            new_scope.log_records.extend(survivors)
    return LogsBatch(kept)
