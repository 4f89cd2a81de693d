"""The records that are held: one of each, with its count and times. Pure: the present time comes in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs

from otel_discord.processors.log_dedup.fields import remove_field
from otel_discord.processors.log_dedup.identity import record_digest, resource_digest, scope_digest
from otel_discord.signals import LogsBatch

FIRST_KEY: Final = "first_observed_timestamp"
LAST_KEY: Final = "last_observed_timestamp"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One record that may be held: where it stands, and which record it is the same as."""

    group: ResourceLogs
    scope_group: ScopeLogs
    record: LogRecord
    key: tuple[bytes, bytes, bytes]
    """Digests of its resource, scope and record."""
    size_bytes: int


@dataclass(slots=True)
class _Entry:
    record: LogRecord
    count: int
    first_ns: int
    last_ns: int


@dataclass(slots=True)
class _Scope:
    head: ScopeLogs
    entries: dict[bytes, _Entry] = field(default_factory=dict)


@dataclass(slots=True)
class _Resource:
    head: ResourceLogs
    scopes: dict[bytes, _Scope] = field(default_factory=dict)


class Sightings:
    """Tells records apart."""

    def __init__(self, exclude: Sequence[Sequence[str]], include: Sequence[Sequence[str]]) -> None:
        self._exclude = exclude
        self._include = include

    def each(self, batch: LogsBatch) -> Iterator[Sighting]:
        """Yield each record; one with excluded fields is a copy without them."""
        for group in batch.request.resource_logs:
            resource = resource_digest(group.resource)
            for scope_group in group.scope_logs:
                scope = scope_digest(scope_group.scope)
                for record in scope_group.log_records:
                    without = self._without_excluded(record)
                    key = (resource, scope, record_digest(without, self._include))
                    yield Sighting(group, scope_group, without, key, without.ByteSize())

    def _without_excluded(self, record: LogRecord) -> LogRecord:
        if not self._exclude:
            return record
        copy = LogRecord()
        copy.CopyFrom(record)
        for path in self._exclude:
            remove_field(copy, path)
        return copy


class Held:
    """What is held in one interval, within bounds."""

    def __init__(self, *, max_distinct: int, max_bytes: int) -> None:
        self._max_distinct = max_distinct
        self._max_bytes = max_bytes
        self._resources: dict[bytes, _Resource] = {}
        self._keys: set[tuple[bytes, bytes, bytes]] = set()
        self._bytes = 0
        self.records = 0
        """How many records came in; the sum of the counts."""

    def fitting(self, sightings: Sequence[Sighting]) -> list[bool]:
        """Return for each record, as if those before it were held, whether there is room for it."""
        new: set[tuple[bytes, bytes, bytes]] = set()
        room, room_bytes = self._max_distinct - len(self._keys), self._max_bytes - self._bytes
        fits = []
        for each in sightings:
            is_known = each.key in self._keys or each.key in new
            if not is_known and len(new) < room and each.size_bytes <= room_bytes:
                new.add(each.key)
                room_bytes -= each.size_bytes
                is_known = True
            fits.append(is_known)
        return fits

    def add(self, sightings: Sequence[Sighting], now_ns: int) -> None:
        """Count records in."""
        for each in sightings:
            of_resource, of_scope, of_record = each.key
            entries = self._scope(each, of_resource, of_scope).entries
            entry = entries.get(of_record)
            if entry is None:
                copy = LogRecord()
                copy.CopyFrom(each.record)
                entry = entries[of_record] = _Entry(copy, 0, now_ns, now_ns)
                self._keys.add(each.key)
                self._bytes += each.size_bytes
            entry.count += 1
            entry.last_ns = now_ns
            self.records += 1

    def _scope(self, each: Sighting, of_resource: bytes, of_scope: bytes) -> _Scope:
        if of_resource not in self._resources:
            head = ResourceLogs(resource=each.group.resource, schema_url=each.group.schema_url)
            self._resources[of_resource] = _Resource(head)
        scopes = self._resources[of_resource].scopes
        if of_scope not in scopes:
            scopes[of_scope] = _Scope(ScopeLogs(scope=each.scope_group.scope, schema_url=each.scope_group.schema_url))
        return scopes[of_scope]

    def let_out(self, *, count_key: str, zone: tzinfo, now_ns: int, keeps_time: bool = False) -> LogsBatch:
        """Return what is held, each record once with its count and times, and hold nothing any more.

        With ``keeps_time`` a record has the time of the first one, else the present one.
        """
        request = ExportLogsServiceRequest()
        for resource in self._resources.values():
            group = request.resource_logs.add()
            group.CopyFrom(resource.head)
            for scope in resource.scopes.values():
                scope_group = group.scope_logs.add()
                scope_group.CopyFrom(scope.head)
                for entry in scope.entries.values():
                    record = scope_group.log_records.add()
                    record.CopyFrom(entry.record)
                    record.time_unix_nano = record.time_unix_nano if keeps_time else now_ns
                    record.observed_time_unix_nano = entry.first_ns
                    _put(record, count_key, AnyValue(int_value=entry.count))
                    _put(record, FIRST_KEY, AnyValue(string_value=_time_text(entry.first_ns, zone)))
                    _put(record, LAST_KEY, AnyValue(string_value=_time_text(entry.last_ns, zone)))
        self._resources, self._keys, self._bytes, self.records = {}, set(), 0, 0
        return LogsBatch(request)


def _put(record: LogRecord, key: str, value: AnyValue) -> None:
    for place in reversed(range(len(record.attributes))):
        if record.attributes[place].key == key:
            del record.attributes[place]
    record.attributes.append(KeyValue(key=key, value=value))


def _time_text(time_ns: int, zone: tzinfo) -> str:
    """Return RFC 3339 to the second."""
    moment = datetime.fromtimestamp(time_ns // 1_000_000_000, UTC).astimezone(zone)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
