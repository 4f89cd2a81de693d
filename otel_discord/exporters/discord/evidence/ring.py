"""The newest records of each service, whatever their severity: kept as bytes, bounded in time and memory. Pure.

Bytes rather than messages, since a message keeps the whole request that it came in alive. They are as they came: what
is taken out is masked before it is shown or stored.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, NamedTuple

from google.protobuf.message import EncodeError
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.exporters.discord.evidence.changes import ChangeWatch
from otel_discord.exporters.discord.evidence.origin import Origin, origin_of
from otel_discord.exporters.discord.routing import HIGHEST_SEVERITY, record_severity
from otel_discord.signals import LogsBatch, Severity

MOST_SERVICES: Final = 1_000
MOST_RECORD_BYTES: Final = 16_384
"""Of a longer record the first words are kept, and its exception."""
NO_EVIDENCE: Final = ("alert.", "heartbeat.")
"""How the names of events begin that speak of alerts, or of us."""
ENTRY_BYTES: Final = 128
"""What a kept record takes beside its bytes."""
_ORIGIN_BYTES: Final = 1_500
_MOST_ORIGINS: Final = 512
_SHELF_BYTES: Final = 800
EXCEPTION: Final = ("exception.type", "exception.message")
_WARN: Final = int(Severity.WARN)


@dataclass(slots=True, eq=False)
class Arrival:
    """A batch: when it came (our clock), and whether it was refused after all, so that it will come again."""

    at_ns: int
    number: int = 0
    """The how manieth it is: two may come at one time, and a clock may be set back."""
    is_void: bool = False
    tells_alert: bool = False


class Kept(NamedTuple):
    """A record: serialised, of an effective severity."""

    arrival: Arrival
    origin: Origin
    severity: int
    record: bytes


@dataclass(slots=True, eq=False)
class _Shelf:
    """Records of one service, oldest first."""

    entries: deque[Kept] = field(default_factory=deque)
    used_bytes: int = _SHELF_BYTES

    def drop_oldest(self) -> int:
        freed = len(self.entries.popleft().record) + ENTRY_BYTES
        self.used_bytes -= freed
        return freed


_Pair = tuple[_Shelf, _Shelf]
"""What is WARN and above, and the rest: many of the latter must not push out the former."""


@dataclass(slots=True)
class Ring:
    """At most ``max_bytes`` of records that came at most ``window_ns`` ago.

    Where there is no room, the oldest of whoever takes most goes first.
    """

    window_ns: int
    max_bytes: int
    changes: ChangeWatch = field(default_factory=ChangeWatch)
    used_bytes: int = 0
    _services: OrderedDict[tuple[str, ...], _Pair] = field(default_factory=OrderedDict)
    _origins: dict[bytes, Origin] = field(default_factory=dict)
    _origin_bytes: int = 0
    _swept_ns: int = 0
    _arrivals: int = 0

    def bound(self, *, window_ns: int, max_bytes: int) -> None:
        """Set the bounds anew."""
        self.window_ns, self.max_bytes = window_ns, max_bytes
        if self.used_bytes > max_bytes:
            self._make_room()

    def take(self, batch: LogsBatch, now_ns: int) -> Arrival:
        """Keep the records of a batch."""
        self._arrivals += 1
        arrival = Arrival(now_ns, self._arrivals)
        max_bytes = self.max_bytes
        for resource_logs in batch.request.resource_logs:
            origin = self._origin(resource_logs.resource)
            self.changes.seen(origin, now_ns)
            notable, others = self._shelves(origin, now_ns)
            for scope_logs in resource_logs.scope_logs:
                for record in scope_logs.log_records:
                    name = record.event_name
                    if name and name.startswith(NO_EVIDENCE):
                        arrival.tells_alert = True
                        continue
                    try:
                        data = record.SerializeToString()
                    except EncodeError:  # nested too deeply, by a client in this process
                        continue
                    if len(data) > MOST_RECORD_BYTES:
                        data = _shortened(record).SerializeToString()
                    severity: int = record.severity_number
                    if not 1 <= severity <= HIGHEST_SEVERITY:
                        severity = record_severity(record)
                    shelf = notable if severity >= _WARN else others
                    shelf.entries.append(Kept(arrival, origin, severity, data))
                    size_bytes = len(data) + ENTRY_BYTES
                    shelf.used_bytes += size_bytes
                    self.used_bytes += size_bytes
                    if self.used_bytes > max_bytes:
                        self._make_room()
        if now_ns - self._swept_ns > self.window_ns // 8 or now_ns < self._swept_ns:
            self.sweep(now_ns)
        if self.used_bytes > max_bytes:
            self._make_room()
        return arrival

    def sweep(self, now_ns: int) -> None:
        """Forget what came too long ago."""
        self._swept_ns = now_ns
        for key, pair in list(self._services.items()):
            for shelf in pair:
                self._expire(shelf, now_ns)
            if not pair[0].entries and not pair[1].entries:
                self._forget(key)

    def find(
        self, is_wanted: Callable[[Origin], bool], most_notable: int, most_others: int
    ) -> tuple[list[Kept], list[Kept]]:
        """Return the newest records of the wanted, in the order in which they came: from WARN on, and others."""
        known: dict[int, bool] = {}

        def wanted(kept: Kept) -> bool:
            origin = kept.origin
            is_meant = known.get(id(origin))
            if is_meant is None:
                is_meant = known[id(origin)] = is_wanted(origin)
            return is_meant and not kept.arrival.is_void

        def newest(place: int, most: int) -> list[Kept]:
            found: list[Kept] = []
            for pair in self._services.values():
                found += list(islice(filter(wanted, reversed(pair[place].entries)), most))[::-1]
            found.sort(key=lambda each: each.arrival.number)
            return found[-most:]

        return newest(0, most_notable), newest(1, most_others)

    def _shelves(self, origin: Origin, now_ns: int) -> _Pair:
        key = origin.service_key
        pair = self._services.get(key)
        if pair is None:
            if len(self._services) >= MOST_SERVICES:
                self._forget(next(iter(self._services)))
            pair = self._services[key] = (_Shelf(), _Shelf())
            self.used_bytes += 2 * _SHELF_BYTES
        else:
            self._services.move_to_end(key)
            for shelf in pair:
                self._expire(shelf, now_ns)
        return pair

    def _expire(self, shelf: _Shelf, now_ns: int) -> None:
        oldest_ns = now_ns - self.window_ns
        entries = shelf.entries
        while entries and entries[0].arrival.at_ns < oldest_ns:
            self.used_bytes -= shelf.drop_oldest()

    def _forget(self, key: tuple[str, ...]) -> None:
        for shelf in self._services.pop(key):
            self.used_bytes -= shelf.used_bytes

    def _make_room(self) -> None:
        """Let the oldest of the greatest go, some at once, until there is room again."""
        self._origins.clear()
        self.used_bytes -= self._origin_bytes
        self._origin_bytes = 0
        for key in [key for key, pair in self._services.items() if not pair[0].entries and not pair[1].entries][:-1]:
            self._forget(key)
        enough_bytes = self.max_bytes - self.max_bytes // 16
        while self.used_bytes > enough_bytes:
            shelves = [shelf for pair in self._services.values() for shelf in pair if shelf.entries]
            if not shelves:
                return
            greatest = max(shelves, key=lambda shelf: shelf.used_bytes)
            down_to_bytes = greatest.used_bytes * 7 // 8
            while greatest.entries and greatest.used_bytes > down_to_bytes and self.used_bytes > enough_bytes:
                self.used_bytes -= greatest.drop_oldest()

    def _origin(self, resource: Resource) -> Origin:
        try:
            data = resource.SerializeToString()
        except EncodeError:
            return _NOBODY
        origin = self._origins.get(data)
        if origin is None:
            origin = origin_of(resource.attributes)
            if len(data) <= MOST_RECORD_BYTES:
                size_bytes = len(data) + _ORIGIN_BYTES
                if len(self._origins) >= _MOST_ORIGINS or self._origin_bytes + size_bytes > self.max_bytes // 8:
                    self._origins.clear()
                    self.used_bytes -= self._origin_bytes
                    self._origin_bytes = 0
                self._origins[data] = origin
                self._origin_bytes += size_bytes
                self.used_bytes += size_bytes
        return origin


_NOBODY: Final = Origin({}, ())


def _shortened(record: LogRecord) -> LogRecord:
    """Return a long record as it is kept: its first words, and what its exception says."""
    text = record.body.string_value
    short = LogRecord(
        time_unix_nano=record.time_unix_nano,
        observed_time_unix_nano=record.observed_time_unix_nano,
        severity_number=record.severity_number,
        trace_id=record.trace_id,
        event_name=record.event_name[:_SHORT_CHARS],
    )
    if text:
        short.body.string_value = _first_words(text)
    short.attributes.extend(_exception(record.attributes))
    return short


_SHORT_CHARS: Final = 200
_WORDS_CHARS: Final = 1_500


def _exception(attributes: Iterable[KeyValue]) -> list[KeyValue]:
    return [
        KeyValue(key=pair.key, value=AnyValue(string_value=_first_words(pair.value.string_value)))
        for pair in attributes
        if pair.key in EXCEPTION
    ]


def _first_words(text: str) -> str:
    """Return whole words: half a secret would not be known for one."""
    if len(text) <= _WORDS_CHARS:
        return text
    return text[:_WORDS_CHARS].rpartition(" ")[0] or f"({len(text):,} characters)"
