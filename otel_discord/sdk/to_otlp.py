"""Snapshots as the engine takes them: a batch of OTLP log records. Imports protobuf: for the sender's thread only."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs, SeverityNumber

from otel_discord.sdk.capture import exception_attributes
from otel_discord.sdk.freeze import MAX_DEPTH, MAX_INT, MIN_INT, cut_middle, freeze
from otel_discord.sdk.snapshot import Snapshot
from otel_discord.signals import LogsBatch

COUNT_ATTRIBUTE: Final = "discord.count"
"""How many records one record stands for; its time is that of the first, its observed time that of the last."""
MAX_TEXT_BYTES: Final = 256 * 1024
_MOST_DEPTH: Final = 16
_MOST_NAME_CHARS: Final = 1024
_LOOK_BACK: Final = 4
_SEVERITIES: Final = range(1, 25)
_GAP_BYTES: Final = 100


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
        made.resource.attributes.extend(_pairs(resource))
    return made


def _scope(source: ResourceLogs, snapshot: Snapshot) -> ScopeLogs:
    name, version = _name(snapshot.scope), _name(snapshot.scope_version)
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
    record.body.string_value = _text(f"{'' if body is None else body} (not all of this record could be read: {reason})")
    with suppress(Exception):
        record.time_unix_nano = record.observed_time_unix_nano = _time(snapshot.time_ns)
    with suppress(Exception):
        if snapshot.count > 1:
            _set_count(record, snapshot.count)
    return record


def _whole_record(snapshot: Snapshot) -> LogRecord:
    record = LogRecord(
        time_unix_nano=_time(snapshot.time_ns),
        observed_time_unix_nano=_time(max(snapshot.time_ns, snapshot.last_ns)),
        severity_number=_severity(snapshot.severity),
        severity_text=_name(snapshot.severity_text),
        event_name=_name(snapshot.event_name),
        flags=snapshot.flags & 0xFFFFFFFF,
        trace_id=_id(snapshot.trace_id, 16),
        span_id=_id(snapshot.span_id, 8),
    )
    record.body.CopyFrom(_any_value(snapshot.body))
    record.attributes.extend(_pairs(snapshot.attributes))
    if snapshot.exception is not None:
        told = exception_attributes(snapshot.exception)
        record.attributes.extend(_pairs({key: told[key] for key in told if key not in snapshot.attributes}))
    if snapshot.count > 1:
        _set_count(record, snapshot.count)
    return record


def _set_count(record: LogRecord, count: int) -> None:
    """Write the count; a record that stood for several before it was counted brings its own number along."""
    for pair in record.attributes:
        if pair.key == COUNT_ATTRIBUTE:
            pair.value.int_value = max(1, pair.value.int_value) + count - 1
            return
    record.attributes.append(KeyValue(key=COUNT_ATTRIBUTE, value=_any_value(count)))


def _pairs(values: Mapping[str, Any], depth: int = _MOST_DEPTH) -> list[KeyValue]:
    return [KeyValue(key=_name(key), value=_any_value(value, depth)) for key, value in values.items()]


def _any_value(value: Any, depth: int = _MOST_DEPTH) -> AnyValue:
    kind = type(value)
    if kind is str:
        return AnyValue(string_value=_text(value))
    if kind is bool:
        return AnyValue(bool_value=value)
    if kind is int and MIN_INT <= value <= MAX_INT:
        return AnyValue(int_value=value)
    if kind is float:
        return AnyValue(double_value=value)
    if value is None:
        return AnyValue()
    if kind is bytes:
        return AnyValue(bytes_value=value)
    if depth > 0 and kind in {tuple, list}:
        return AnyValue(array_value=ArrayValue(values=[_any_value(item, depth - 1) for item in value]))
    if depth > 0 and kind is dict:
        return AnyValue(kvlist_value=KeyValueList(values=_pairs(value, depth - 1)))
    frozen = freeze(value, depth=min(depth, MAX_DEPTH))  # not frozen before, as it should have been
    return _any_value(frozen, depth - 1) if type(frozen) is not kind else AnyValue(string_value=_text(str(frozen)))


def _name(value: Any) -> str:
    """Return a short text: a key, or the name of something."""
    text = value if type(value) is str else "" if value is None else str(freeze(value, depth=0))
    return _text(cut_middle(text, _MOST_NAME_CHARS))


def _text(text: str) -> str:
    if text.isascii() and len(text) <= MAX_TEXT_BYTES:
        return text
    try:
        encoded = text.encode()
    except UnicodeEncodeError:  # protobuf refuses lone surrogates; those that are a pair are one character
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        encoded = text.encode()
    if len(encoded) <= MAX_TEXT_BYTES:
        return text
    half = (MAX_TEXT_BYTES - _GAP_BYTES) // 2
    gap = f"\n… {len(encoded) - 2 * half:,} bytes left out …\n"
    return encoded[:half].decode(errors="ignore") + gap + encoded[-half:].decode(errors="ignore")


def _severity(number: int) -> SeverityNumber.ValueType:
    return SeverityNumber.ValueType(number) if number in _SEVERITIES else SeverityNumber.SEVERITY_NUMBER_UNSPECIFIED


def _time(time_ns: int) -> int:
    return min(max(int(time_ns), 0), 2**64 - 1)


def _id(number: int, length: int) -> bytes:
    return number.to_bytes(length, "big") if 0 < number < 1 << (8 * length) else b""
