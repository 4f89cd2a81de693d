"""A batch becomes cards in lanes: routing, folding, and taking the attachments off the records."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.exporters.discord.alerts.group import Arrival
from otel_discord.exporters.discord.alerts.grouping import AlertFinder, is_end
from otel_discord.exporters.discord.alerts.member import ends_an_alert
from otel_discord.exporters.discord.attachments import ATTRIBUTE, Requested, requested_attachments
from otel_discord.exporters.discord.cards import AttachmentRef, Card
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.detours import Detour
from otel_discord.exporters.discord.folding.draft import Draft
from otel_discord.exporters.discord.folding.problem import Problem, ProblemFinder
from otel_discord.exporters.discord.members.events import MemberEvent, member_event, member_problem, without_pictures
from otel_discord.exporters.discord.mutes.gate import Gate, Passage
from otel_discord.exporters.discord.mutes.held_lanes import destination_of
from otel_discord.exporters.discord.noted_ways import NotedWays, Reader
from otel_discord.exporters.discord.origins import Origin, Source
from otel_discord.exporters.discord.routing import NORMAL_PRIORITY, Router, Way, record_severity
from otel_discord.exporters.discord.seen import COUNT_ATTRIBUTE, Seen, seen_in
from otel_discord.exporters.discord.shelf import Shelf
from otel_discord.exporters.discord.sourced.live import LiveDestinations
from otel_discord.exporters.discord.sourced.names import LEFT_OVER
from otel_discord.exporters.discord.statuses.finding import is_status, status_problem
from otel_discord.exporters.discord.turns import Turn, admitted, around, counted_as, open_cards, where_not_told
from otel_discord.ottl import LogItem
from otel_discord.signals import LogsBatch, to_plain
from otel_discord.signals.alert_event import AlertEvent

_NO_DETOURS: Final[Mapping[str, Detour]] = {}
_UNFOLDED: Final = Problem(b"", "", "")
_FOR_US: Final = frozenset((ATTRIBUTE, COUNT_ATTRIBUTE))
"""Attributes that tell us something and no reader."""


class HearsAlerts(Protocol):
    """Remembers alerts that mutes keep back."""

    def heard(
        self,
        event: AlertEvent,
        record: LogRecord,
        scope: ScopeLogs,
        resource: ResourceLogs,
        run: str = "",
        *,
        is_kept_back: bool,
    ) -> None:
        """Hear what an alert says, and whether all of it is dropped."""
        ...


class _Read(NamedTuple):
    """What a record is."""

    severity: int
    event: AlertEvent | None
    status: bool
    member: MemberEvent | None


@dataclass(slots=True, kw_only=True)
class _Step:
    """One batch on its way, and where in it the step is."""

    batch_id: int
    accepted_ns: int
    draft: Draft
    complaints: list[str]
    detours: Mapping[str, Detour]
    gate: Gate | None
    """None where no mute is in force."""
    noted: NotedWays | None = None
    """Where records go by another configuration that they were taken in with."""
    origin: Origin = field(init=False)
    whose: Source | None = None
    scope_logs: ScopeLogs = field(init=False)
    scope: bytes = b""


@dataclass(frozen=True, slots=True)
class CardMaker:
    """Turns batches into cards, or counts their records on cards that are there.

    Without a ``finder`` each record is a card of its own.
    """

    router: Router
    shelf: Shelf
    allowed_directories: Sequence[Path]
    max_file_bytes: int
    finder: ProblemFinder | None = None
    gate: Gate | None = None
    """What mutes hold, drop, or let come without a ping."""
    alerts: AlertFinder | None = None
    """Knows alerts; None where they are cards as any other."""
    silenced: HearsAlerts | None = None
    """Knows those that mutes keep back."""
    live: LiveDestinations | None = None
    """Knows which records belong to a run; None where no run has a destination."""
    notes: Reader | None = None
    """Reads where other replicas of a fleet say that records go; None where nobody else takes them in."""

    def route(
        self,
        batch_id: int,
        batch: LogsBatch,
        accepted_ns: int,
        draft: Draft,
        complaints: list[str],
        detours: Mapping[str, Detour] = _NO_DETOURS,
    ) -> Iterator[None]:
        """Bring each record into the draft, for each of its destinations, in order; stop after each for others.

        Args:
            batch_id: of the batch in its queue.
            batch: log records.
            accepted_ns: wall time, for display.
            draft: what is done with them.
            complaints: takes what was wrong with attachments, for the log.
            detours: around destinations that take nothing now.
        """
        draft.begin(batch_id)
        step = _Step(
            batch_id=batch_id,
            accepted_ns=accepted_ns,
            draft=draft,
            complaints=complaints,
            detours=detours,
            gate=self.gate if self.gate is not None and not self.gate.is_idle(draft.now_ns) else None,
            noted=self.notes.read(batch.request, batch.item_count) if self.notes is not None else None,
        )
        for number, resource_logs in enumerate(batch.request.resource_logs):
            step.origin = Origin.of(self.router, self.live, batch_id, number, resource_logs)
            step.whose = None
            for step.scope_logs in resource_logs.scope_logs:
                step.scope = b""
                for record in step.scope_logs.log_records:
                    if self._bring(step, record):
                        yield

    def _bring(self, step: "_Step", record: LogRecord) -> bool:
        """Bring a record to where it goes; return whether that took more than a look."""
        draft, origin = step.draft, step.origin
        severity = record_severity(record)
        noted = step.noted.next() if step.noted is not None else None
        if origin.run_name or origin.moved is not None:
            noted = None
        is_below = severity < origin.floor and noted is None
        event = self._alert(record, draft.now_ns, is_below=is_below)
        is_named = event is None and bool(record.event_name)
        read = _Read(severity, event, is_named and is_status(record), member_event(record) if is_named else None)
        if origin.is_left_alone(self.router, severity, event):
            self._left_over(step, record, origin.lost)
            return True
        if is_below and event is None and not read.status and (read.member is None or not origin.has_routes):
            if self.live is not None and not origin.run_name:
                self._left_over(step, record)
            return False
        item = None
        if origin.has_routes or step.gate is not None:
            item = LogItem(record, step.scope_logs.scope, origin.sent.resource, step.scope_logs, origin.sent)
        way = noted or self._way(origin, read, item)
        lanes = way.destinations if event is None or not is_end(event) or origin.moved is not None else ()
        lanes = lanes or (way.strays if event is None else ())
        if way.leads_elsewhere and not lanes and event is None and not origin.lost:
            self._left_over(step, record)
            return True
        passages: Sequence[Passage] = [Passage(lane.name) for lane in lanes]
        seen = seen_in(record, step.accepted_ns)
        if step.gate is not None and item is not None and not read.status:
            passages = admitted(step.gate, item, severity, passages, draft, seen.records)
        if event is not None and self.silenced is not None:
            is_kept_back = bool(lanes) and not passages
            self.silenced.heard(event, record, step.scope_logs, origin.sent, origin.run_name, is_kept_back=is_kept_back)
        if passages or (event is not None and not lanes):
            self._show(step, record, read, way, lanes, passages, seen)
            return True
        return False

    def _show(
        self,
        step: "_Step",
        record: LogRecord,
        read: "_Read",
        way: Way,
        lanes: Sequence[Destination],
        passages: Sequence[Passage],
        seen: Seen,
    ) -> None:
        """Count a record where its problem has a card, and open cards where it has none."""
        draft, origin, event = step.draft, step.origin, read.event
        whose = step.whose = step.whose or Source.of(origin.sent.resource.SerializeToString(), origin.run_name)
        priority = self.router.priority(read.severity)
        problem = self._problem(whose, way, record, read.severity, event, read.member)
        if read.status:
            problem = status_problem(whose.who, record)
            passages = [each._replace(no_ping=True) for each in passages]
        if event is not None:
            kept_back = {lane.name for lane in lanes} - {destination_of(each.lane) for each in passages}
            passages = where_not_told(
                draft,
                problem,
                seen,
                passages,
                kept_back,
                origin.run_name,
                to_all=self.router.critical_to_all,
                counts=way.leads_here,
            )
        draft.met(problem, whose.version, seen)
        opened: list[Turn] = [
            (each, None) for each in passages if not draft.fold(each.lane, counted_as(problem, each), seen)
        ]
        if step.detours:
            opened = around(opened, step.detours, lanes, priority, problem, seen, draft)
        if not opened:
            return
        step.scope = step.scope or step.scope_logs.scope.SerializeToString()
        record = without_pictures(record) if read.member is not None else record
        record, attachments, notes = self._take_attachments(record, [each.lane for each, _ in opened])
        step.complaints.extend(notes)
        moved = origin.moved
        card = Card(
            resource=whose.resource,
            scope=step.scope,
            record=record.SerializeToString(),
            severity=read.severity,
            count=seen.records,
            first_seen_ns=seen.first_ns,
            last_seen_ns=seen.last_ns,
            accepted_ns=step.accepted_ns,
            fingerprint=problem.fingerprint,
            template=problem.template,
            past=draft.past(problem),
            attachments=attachments,
            notes=notes if moved is None else (*notes, *moved.notes),
            been_to=() if moved is None else tuple(moved.been_to),
            routed_to=tuple(lane.name for lane in lanes) if len(lanes) > 1 else (),
            routes=way.routes,
        )
        open_cards(draft, step.batch_id, opened, problem, card, priority, whose.service)

    def _way(self, origin: Origin, read: "_Read", item: LogItem | None) -> Way:
        if origin.run_name:
            return self.router.way_of_run(origin.run, read.severity, is_status=read.status)
        way = self.router.way(read.severity, item, is_status=read.status, is_member=read.member is not None)
        return way if origin.moved is None else self.router.way_to(origin.moved.to, way)

    def _left_over(self, step: "_Step", record: LogRecord, taken_for: str = "") -> None:
        """Open a card for a record that nothing here shows: it was taken in for a run which is not there any more, or
        for a destination that is configured no more. Who looks after these finds where it goes."""
        severity = record_severity(record)
        seen = seen_in(record, step.accepted_ns)
        card = Card(
            resource=step.origin.sent.resource.SerializeToString(),
            scope=step.scope_logs.scope.SerializeToString(),
            record=record.SerializeToString(),
            severity=severity,
            count=seen.records,
            first_seen_ns=seen.first_ns,
            last_seen_ns=seen.last_ns,
            accepted_ns=step.accepted_ns,
            been_to=(taken_for,) if taken_for else (),
        )
        step.draft.open(step.batch_id, LEFT_OVER, _UNFOLDED, card, self.router.priority(severity), "")

    def _alert(self, record: LogRecord, now_ns: int, *, is_below: bool) -> AlertEvent | None:
        """Return what a record says of an alert; of those below every severity only where it is the end of one."""
        if self.alerts is None or (is_below and not ends_an_alert(record)):
            return None
        return self.alerts.find(record, now_ns)

    def _problem(
        self,
        whose: Source,
        way: Way,
        record: LogRecord,
        severity: int,
        event: AlertEvent | None,
        member: MemberEvent | None,
    ) -> Problem:
        priority = self.router.priority(severity)
        if self.alerts is not None and event is not None:
            arrival = Arrival(event, priority, way.routes)
            return self.alerts.problem(arrival, Resource.FromString(whose.resource), whose.run)
        if self.finder is None:
            return _UNFOLDED
        if member is not None:
            who = whose.who + way.kind
            return member_problem(who, member, record, severity, is_critical=priority > NORMAL_PRIORITY)
        found = self.finder.find(whose.who + way.kind, record, severity, is_critical=priority > NORMAL_PRIORITY)
        return found._replace(is_remembered=False) if whose.run else found

    def _take_attachments(
        self, record: LogRecord, lanes: Sequence[str]
    ) -> tuple[LogRecord, tuple[AttachmentRef, ...], tuple[str, ...]]:
        """Return the record as it is shown: without what is meant for us, and files that go along apart."""
        rest: list[KeyValue] = [pair for pair in record.attributes if pair.key not in _FOR_US]
        if len(rest) == len(record.attributes):
            return record, (), ()
        wanted = [pair for pair in record.attributes if pair.key == ATTRIBUTE]
        bare = LogRecord()
        bare.CopyFrom(record)
        del bare.attributes[:]
        bare.attributes.extend(rest)
        if not wanted:
            return bare, (), ()
        asked = requested_attachments(to_plain(wanted[-1].value), self.allowed_directories, self.max_file_bytes)
        held = tuple(self._hold(item, lanes) for item in asked if not item.refused)
        return bare, held, tuple(f"{item.filename} {item.refused}" for item in asked if item.refused)

    def _hold(self, item: Requested, lanes: Sequence[str]) -> AttachmentRef:
        key, single_attempt = self.shelf.put(item.data, lanes) if item.data is not None else (0, False)
        return AttachmentRef(
            filename=item.filename,
            content_type=item.content_type,
            description=item.description,
            size_bytes=len(item.data or b""),
            path=item.path,
            shelf_key=key,
            single_attempt=single_attempt,
        )
