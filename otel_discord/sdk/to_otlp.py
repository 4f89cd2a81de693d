"""Snapshots as the engine takes them: a batch of OTLP log records. Imports protobuf: for the sender's thread only."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs, SeverityNumber

from otel_discord.sdk.capture import exception_attributes
from otel_discord.sdk.freeze import freeze
from otel_discord.sdk.otlp_values import MAX_TEXT_BYTES, any_value, id_bytes, pairs, short_text, time_ns, valid_text
from otel_discord.sdk.snapshot import Snapshot
from otel_discord.signals import LogsBatch

__all__ = ["COUNT_ATTRIBUTE", "MAX_TEXT_BYTES", "logs_batch"]

COUNT_ATTRIBUTE: Final = "discord.count"
"""How many records one record stands for; its time is that of the first, its observed time that of the last."""
_LOOK_BACK: Final = 4
_SEVERITIES: Final = range(1, 25)


def logs_batch(snapshots: Iterable[Snapshot]) -> LogsBatch:
    """Return the snapshots as one batch: by resource, and inside of one in their order, in runs of one scope.

    Text is made valid UTF-8 (U+FFFD for a lone surrogate) of at most 256 KiB, its middle cut. The attributes of an
    exception stand back behind those of the record. What cannot be converted is told as text: nothing of a snapshot
    raises an ``Exception``.
    """
    request = ExportLogsServiceRequest()
    sources: list[tuple[Mapping[str, Any], ResourceLogs]] = []
    by_identity: dict[int, ResourceLogs] = {}
    for snapshot in snapshots:
        source = by_identity.get(id(snapshot.resource))
        if source is None:
            source = by_identity[id(snapshot.resource)] = _source(request, sources, snapshot.resource)
            sources.append((snapshot.resource, source))  # held, so that its identity is no other's
        _scope(source, snapshot).log_records.append(_record(snapshot))
    return LogsBatch(request)


def _source(
    request: ExportLogsServiceRequest,
    sources: list[tuple[Mapping[str, Any], ResourceLogs]],
    resource: Mapping[str, Any],
) -> ResourceLogs:
    with suppress(Exception):  # what cannot be compared is another one
        for known, made in sources[-_LOOK_BACK:]:
            if known == resource:
                return made
    made = request.resource_logs.add()
    with suppress(Exception):  # a resource that cannot be read is better missing than the records with it
        made.resource.attributes.extend(pairs(resource))
    return made


def _scope(source: ResourceLogs, snapshot: Snapshot) -> ScopeLogs:
    name, version = short_text(snapshot.scope), short_text(snapshot.scope_version)
    if source.scope_logs:
        last = source.scope_logs[-1]
        if last.scope.name == name and last.scope.version == version:
            return last
    made = source.scope_logs.add()
    made.scope.name, made.scope.version = name, version
    return made


def _record(snapshot: Snapshot) -> LogRecord:
    try:
        return _whole_record(snapshot)
    except Exception as error:  # noqa: BLE001 -- a record that is told poorly is better than none
        return _poor_record(snapshot, type(error).__name__)


def _poor_record(snapshot: Snapshot, reason: str) -> LogRecord:
    record = LogRecord(severity_number=_severity(snapshot.severity))
    body = freeze(snapshot.body, depth=1)
    record.body.string_value = valid_text(
        f"{'' if body is None else body} (not all of this record could be read: {reason})"
    )
    with suppress(Exception):
        record.time_unix_nano = record.observed_time_unix_nano = time_ns(snapshot.time_ns)
    with suppress(Exception):
        if snapshot.count > 1:
            _set_count(record, snapshot.count)
    return record


def _whole_record(snapshot: Snapshot) -> LogRecord:
    record = LogRecord(
        time_unix_nano=time_ns(snapshot.time_ns),
        observed_time_unix_nano=time_ns(max(snapshot.time_ns, snapshot.last_ns)),
        severity_number=_severity(snapshot.severity),
        severity_text=short_text(snapshot.severity_text),
        event_name=short_text(snapshot.event_name),
        flags=snapshot.flags & 0xFFFFFFFF,
        trace_id=id_bytes(snapshot.trace_id, 16),
        span_id=id_bytes(snapshot.span_id, 8),
    )
    record.body.CopyFrom(any_value(snapshot.body))
    record.attributes.extend(pairs(snapshot.attributes))
    if snapshot.exception is not None:
        told = exception_attributes(snapshot.exception)
        record.attributes.extend(pairs({key: told[key] for key in told if key not in snapshot.attributes}))
    if snapshot.count > 1:
        _set_count(record, snapshot.count)
    return record


def _set_count(record: LogRecord, count: int) -> None:
    """Write the count; a record that stood for several before it was counted brings its own number along."""
    for pair in record.attributes:
        if pair.key == COUNT_ATTRIBUTE:
            pair.value.int_value = max(1, pair.value.int_value) + count - 1
            return
    record.attributes.append(KeyValue(key=COUNT_ATTRIBUTE, value=any_value(count)))


def _severity(number: int) -> SeverityNumber.ValueType:
    return SeverityNumber.ValueType(number) if number in _SEVERITIES else SeverityNumber.SEVERITY_NUMBER_UNSPECIFIED
