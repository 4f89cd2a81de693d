"""What of a batch belongs to which shard: that of each destination to which a record goes. Pure.

Each share says where its records go, for a replica
whose configuration is another one.

An alert's event goes to every shard in use: it may be told, or have been told, where its severity of today does not
lead. A record that goes nowhere is left out, unless all of them go to one shard anyway. What was taken in for a run
says so: where that is over when it is routed, no other shard has it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs

from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.members.events import member_event
from otel_discord.exporters.discord.noted_ways import is_noted, note, routing_fingerprint
from otel_discord.exporters.discord.routing import Router, Way, record_severity
from otel_discord.exporters.discord.sourced.live import Places
from otel_discord.exporters.discord.sourced.marks import is_marked, mark_taken, unmark
from otel_discord.exporters.discord.sourced.names import shard_of_run
from otel_discord.exporters.discord.statuses.finding import is_status
from otel_discord.ottl import LogItem
from otel_discord.signals import LogsBatch
from otel_discord.signals.alert_event import alert_event

_NOWHERE: Final[frozenset[int]] = frozenset()
_MOST_KNOWN: Final = 10_000


class Share(NamedTuple):
    """What of a batch is one shard's."""

    batch: LogsBatch
    highest: int
    """Its highest severity; 0 where nobody looked."""
    places: Places = ()
    """The run that each of its resources belongs to; empty where there are none."""


class _Marked(NamedTuple):
    """A record, where it stands, and where it goes."""

    record: LogRecord
    resource: ResourceLogs
    number: int
    scope: ScopeLogs
    shards: frozenset[int]
    way: Way | None
    """By the whole routing table; None of what belongs to a run."""


@dataclass(slots=True)
class Splitter:
    """Of one exporter. ``shard_of`` says where its configured destinations are."""

    router: Router
    shard_of: Mapping[str, int]
    shards: int
    in_use: frozenset[int] = field(init=False)
    """Those that have a configured destination."""
    fingerprint: str = field(init=False)
    """Of how records are routed here."""
    _known: dict[int, tuple[Way, frozenset[int]]] = field(default_factory=dict)
    """Shards of ways met before, by the identity of the way, which is kept so that it stays one."""

    def __post_init__(self) -> None:
        """Find out which shards are in use."""
        self.in_use = frozenset(self.shard_of[item.name] for item in self.router.destinations)
        self.fingerprint = routing_fingerprint(self.router)

    def split(self, batch: LogsBatch, places: Places = ()) -> Mapping[int, Share]:
        """Return what belongs to each shard, by its number; nothing where no record goes anywhere.

        Args:
            batch: of log records.
            places: the destination of each resource that belongs to a run; empty where none does.
        """
        batch = _unmarked(batch)
        if not places and self._has_no_choice:
            ways = [self._way_of_all(record) for _, _, record in batch.records()]
            return dict.fromkeys(self.in_use, Share(self._noted(batch, ways), 0))
        marked = [
            _Marked(record, of_resource, number, scope, *self._shards_of(record, scope, of_resource, run))
            for number, of_resource in enumerate(batch.request.resource_logs)
            for run in (places[number] if places else None,)
            for scope in of_resource.scope_logs
            for record in scope.log_records
        ]
        shards = sorted(frozenset[int]().union(*{each.shards for each in marked}))
        if len(shards) == 1 and all(each.shards for each in marked) and not any(places):
            highest = _highest(each.record for each in marked)
            return {shards[0]: Share(self._noted(batch, [each.way for each in marked]), highest)}
        of = {shard: [each for each in marked if shard in each.shards] for shard in shards}
        return {shard: self._share(shard, records, places) for shard, records in of.items()}

    @property
    def _has_no_choice(self) -> bool:
        """Whether there is one destination, and no route."""
        return len(self.router.destinations) == 1 and not self.router.routes

    def _way_of_all(self, record: LogRecord) -> Way:
        """Return the way of a record where there is no choice; what has the name of an event goes in any case."""
        return self.router.way(record_severity(record), is_status=bool(record.event_name))

    def _noted(self, batch: LogsBatch, ways: Sequence[Way | None]) -> LogsBatch:
        """Return a whole batch, all of one shard, with a note of where its records go."""
        copy = batch.copy()
        note(copy.request, self.fingerprint, ways, lambda _: True)
        return copy

    def _share(self, shard: int, marked: Sequence[_Marked], places: Places) -> Share:
        share = _share(marked, places)
        ways = [each.way for each in marked]
        note(share.batch.request, self.fingerprint, ways, lambda name: self._of_destination(name) == shard)
        return share

    def leads_nowhere(self, batch: LogsBatch) -> bool:
        """Return whether nobody shows any record of a batch, as far as it belongs to no run."""
        return not any(
            self._shards_of(record, scope, of_resource, None)[0]
            for of_resource in batch.request.resource_logs
            for scope in of_resource.scope_logs
            for record in scope.log_records
        )

    def _shards_of(
        self, record: LogRecord, scope: ScopeLogs, resource: ResourceLogs, run: Destination | None
    ) -> tuple[frozenset[int], Way | None]:
        severity = record_severity(record)
        is_event = bool(record.event_name)
        if run is not None:
            way = self.router.way_of_run(run, severity, is_status=is_event and is_status(record))
            if is_event and alert_event(record) is not None:
                shards = self._of_way(way) | {shard_of_run(run.name, self.shards)}
                return (shards | self.in_use if self.router.critical_to_all else shards), None
            return self._of_way(way), None
        item = LogItem(record, scope.scope, resource.resource, scope, resource) if self.router.routes else None
        is_member = is_event and member_event(record) is not None
        way = self.router.way(severity, item, is_status=is_event and is_status(record), is_member=is_member)
        return (self.in_use if alert_event(record) is not None else self._of_way(way)), way

    def _of_way(self, way: Way) -> frozenset[int]:
        """Return the shards that a way leads to."""
        if not way.destinations:
            return _NOWHERE
        known = self._known.get(id(way))
        if known is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = way, frozenset(self._of_destination(item.name) for item in way.destinations)
            self._known[id(way)] = known
        return known[1]

    def _of_destination(self, name: str) -> int:
        shard = self.shard_of.get(name)
        return shard_of_run(name, self.shards) if shard is None else shard


def _share(marked: Sequence[_Marked], places: Places) -> Share:
    """Copy records with what they stand in, in their order."""
    request = ExportLogsServiceRequest()
    kept: list[Destination | None] = []
    resource: ResourceLogs | None = None
    scope: ScopeLogs | None = None
    of_resource, of_scope = ResourceLogs(), ScopeLogs()
    for each in marked:
        if each.resource is not resource:
            resource, scope = each.resource, None
            of_resource = request.resource_logs.add(schema_url=resource.schema_url)
            of_resource.resource.CopyFrom(resource.resource)
            run = places[each.number] if places else None
            if run is not None:
                mark_taken(of_resource.resource, run.name)
            kept.append(run)
        if each.scope is not scope:
            scope = each.scope
            of_scope = of_resource.scope_logs.add(schema_url=scope.schema_url)
            of_scope.scope.CopyFrom(scope.scope)
        of_scope.log_records.append(each.record)
    return Share(LogsBatch(request), _highest(each.record for each in marked), kept if any(kept) else ())


def _highest(records: Iterable[LogRecord]) -> int:
    return max(map(record_severity, records), default=0)


def highest_of(batch: LogsBatch) -> int:
    """Return the highest severity of a batch; 0 of an empty one."""
    scopes = (scope for of_resource in batch.request.resource_logs for scope in of_resource.scope_logs)
    return _highest(record for scope in scopes for record in scope.log_records)


def _unmarked(batch: LogsBatch) -> LogsBatch:
    """Return a batch without what its sender may have written under our names; itself where there is nothing."""
    noted = is_noted(batch.request)
    if not noted and not any(is_marked(each.resource) for each in batch.request.resource_logs):
        return batch
    request = ExportLogsServiceRequest()
    request.CopyFrom(batch.request)
    if noted:
        request.DiscardUnknownFields()
    for each in request.resource_logs:
        unmark(each.resource)
    return LogsBatch(request)
