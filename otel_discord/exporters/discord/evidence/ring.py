"""The newest records of each service, whatever their severity: kept as bytes, bounded in time and memory. Pure.

Bytes rather than messages, since a message keeps the whole request that it came in alive. They are as they came: what
is taken out is masked before it is shown or stored. Nearly all of them are never looked at, so that what comes together
stays together where it can: to keep it costs next to nothing a record.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError, EncodeError
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ScopeLogs, SeverityNumber
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.exporters.discord.evidence.bundles import bundled, bundles_in, each_framed, framed, records_in
from otel_discord.exporters.discord.evidence.changes import ChangeWatch
from otel_discord.exporters.discord.evidence.origin import Origin, origin_of
from otel_discord.exporters.discord.routing import HIGHEST_SEVERITY, record_severity
from otel_discord.signals import LogsBatch, Severity

MOST_SERVICES: Final = 1_000
MOST_RECORD_BYTES: Final = 16_384
"""Of a longer record the first words are kept, and its exception."""
NO_EVIDENCE: Final = ("alert.", "heartbeat.")
"""How the names of events begin that speak of alerts, or of us."""
ENTRY_BYTES: Final = 256
"""What records that are kept together take beside their bytes."""
_MOST_MEAN_BYTES: Final = 1_024
"""Where records are longer, each is looked at, whether it is to be shortened."""
_SHARE: Final = 16
"""At most so great a part of the memory is kept as one, since it is forgotten as one."""
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
    """A serialised record."""

    arrival: Arrival
    origin: Origin
    record: bytes


class _Entry(NamedTuple):
    """Records that came together."""

    arrival: Arrival
    origin: Origin
    records: int
    bundle: bytes


@dataclass(slots=True, eq=False)
class _Shelf:
    """Records of one service, oldest first."""

    entries: deque[_Entry] = field(default_factory=deque)
    used_bytes: int = _SHELF_BYTES

    def drop_oldest(self) -> int:
        freed = len(self.entries.popleft().bundle) + ENTRY_BYTES
        self.used_bytes -= freed
        return freed


_Pair = tuple[_Shelf, _Shelf]
"""What is WARN and above, and the rest: many of the latter must not push out the former."""
_NOTABLE: Final = 0
_OTHERS: Final = 1
_Waiting = tuple[list[bytes], list[bytes]]


@dataclass(slots=True)
class Ring:
    """At most ``max_bytes`` of records that came at most ``window_ns`` ago.

    Where there is no room, the oldest of whoever takes most goes first.
    """

    window_ns: int
    max_bytes: int
    changes: ChangeWatch = field(default_factory=ChangeWatch)
    run_of: Callable[[Resource], str] | None = None
    """Says to which run a resource belongs, "" for none; None where there are no runs."""
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

    def take(self, batch: LogsBatch, now_ns: int, *, is_quiet: bool = False) -> Arrival:
        """Keep the records of a batch; ``is_quiet``: all are known to be below WARN and to be no events."""
        self._arrivals += 1
        arrival = Arrival(now_ns, self._arrivals)
        on_wire = bundles_in(batch.wire) if batch.wire else ()
        resources = batch.request.resource_logs
        for number, resource_logs in enumerate(resources):
            origin = self._origin(resource_logs.resource)
            self.changes.seen(origin, now_ns)
            pair = self._shelves(origin, now_ns)
            scopes = resource_logs.scope_logs
            made: Sequence[bytes | None] = on_wire[number] if len(on_wire) == len(resources) else ()
            if len(made) != len(scopes):
                made = [bundled(scope_logs) for scope_logs in scopes]
            for scope_logs, bundle in zip(scopes, made, strict=True):
                count = len(scope_logs.log_records)
                place = _OTHERS if is_quiet else _common_place(scope_logs.log_records)
                if place is None or bundle is None or not self._takes_whole(bundle, count):
                    self._keep_each(scope_logs, bundle, arrival, origin, pair)
                elif count:
                    self._put(pair[place], _Entry(arrival, origin, count, bundle))
        if now_ns - self._swept_ns > self.window_ns // 8 or now_ns < self._swept_ns:
            self.sweep(now_ns)
        if self.used_bytes > self.max_bytes:
            self._make_room()
        return arrival

    def _takes_whole(self, bundle: bytes, count: int) -> bool:
        """Return whether records are kept as they are: they are not too long, nor all of them too much."""
        length = len(bundle)
        if length > self.max_bytes // _SHARE:
            return False
        return length <= MOST_RECORD_BYTES or length <= count * _MOST_MEAN_BYTES

    def _keep_each(
        self, scope_logs: ScopeLogs, bundle: bytes | None, arrival: Arrival, origin: Origin, pair: _Pair
    ) -> None:
        """Look at each record; those of one shelf are kept together as far as they are not too many."""
        most_bytes = self.max_bytes // _SHARE
        waiting: _Waiting = ([], [])
        waiting_bytes = [0, 0]

        def put(place: int) -> None:
            pieces = waiting[place]
            if pieces:
                self._put(pair[place], _Entry(arrival, origin, len(pieces), b"".join(pieces)))
            pieces.clear()
            waiting_bytes[place] = 0

        for record, piece in zip(scope_logs.log_records, each_framed(scope_logs, bundle), strict=True):
            name = record.event_name
            if name and name.startswith(NO_EVIDENCE):
                arrival.tells_alert = True
                continue
            if piece is None:  # nested too deeply
                continue
            kept = piece if len(piece) <= MOST_RECORD_BYTES else framed(_shortened(record).SerializeToString())
            place = _NOTABLE if record_severity(record) >= _WARN else _OTHERS
            if waiting_bytes[place] + len(kept) > most_bytes:
                put(place)
            waiting[place].append(kept)
            waiting_bytes[place] += len(kept)
        put(_NOTABLE)
        put(_OTHERS)

    def _put(self, shelf: _Shelf, entry: _Entry) -> None:
        shelf.entries.append(entry)
        size_bytes = len(entry.bundle) + ENTRY_BYTES
        shelf.used_bytes += size_bytes
        self.used_bytes += size_bytes
        if self.used_bytes > self.max_bytes:
            self._make_room()

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

        def wanted(entry: _Entry) -> bool:
            origin = entry.origin
            is_meant = known.get(id(origin))
            if is_meant is None:
                is_meant = known[id(origin)] = is_wanted(origin)
            return is_meant and not entry.arrival.is_void

        def newest(place: int, most: int) -> list[Kept]:
            found: list[_Entry] = []
            for pair in self._services.values():
                found += _newest(filter(wanted, reversed(pair[place].entries)), most)[::-1]
            found.sort(key=lambda each: each.arrival.number)
            return [kept for each in _newest(reversed(found), most)[::-1] for kept in _cut_apart(each)][-most:]

        return newest(_NOTABLE, most_notable), newest(_OTHERS, most_others)

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
        run = self.run_of(resource) if self.run_of is not None else ""
        if run:
            data += run.encode()
        origin = self._origins.get(data)
        if origin is None:
            origin = origin_of(resource.attributes, run)
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


def _common_place(records: Iterable[LogRecord]) -> int | None:
    """Return the shelf that all of them belong on; None where each is to be looked at."""
    lowest, highest = HIGHEST_SEVERITY + 1, 0
    for record in records:
        severity: int = record.severity_number
        if severity < lowest:
            lowest = severity
        if severity > highest:
            highest = severity
        if record.event_name:
            return None
    if lowest < 1 or highest > HIGHEST_SEVERITY:
        return None
    if lowest >= _WARN:
        return _NOTABLE
    return _OTHERS if highest < _WARN else None


def _newest(newest_first: Iterable[_Entry], most: int) -> list[_Entry]:
    """Return as many as hold ``most`` records, if there are so many."""
    found = []
    for entry in newest_first:
        if most <= 0:
            break
        found.append(entry)
        most -= entry.records
    return found


def _cut_apart(entry: _Entry) -> list[Kept]:
    return [
        Kept(entry.arrival, entry.origin, each if len(each) <= MOST_RECORD_BYTES else _shortened_bytes(each))
        for each in records_in(entry.bundle)
    ]


def _shortened_bytes(record: bytes) -> bytes:
    try:
        return _shortened(LogRecord.FromString(record)).SerializeToString()
    except DecodeError:  # nested too deeply: who reads it finds out as well
        return record


def _shortened(record: LogRecord) -> LogRecord:
    """Return a long record as it is kept: its first words, and what its exception says."""
    text = record.body.string_value
    short = LogRecord(
        time_unix_nano=record.time_unix_nano,
        observed_time_unix_nano=record.observed_time_unix_nano,
        severity_number=SeverityNumber.ValueType(record_severity(record)),
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
