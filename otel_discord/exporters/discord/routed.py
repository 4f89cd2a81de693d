"""A batch becomes cards in lanes: routing, folding, and taking the attachments off the records."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

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
from otel_discord.exporters.discord.facts_source import source_facts
from otel_discord.exporters.discord.folding.draft import Draft
from otel_discord.exporters.discord.folding.problem import Problem, ProblemFinder, who, without_ping
from otel_discord.exporters.discord.members.events import MemberEvent, member_event, member_problem, without_pictures
from otel_discord.exporters.discord.mutes.gate import Gate, Passage
from otel_discord.exporters.discord.mutes.held_lanes import destination_of
from otel_discord.exporters.discord.routing import NORMAL_PRIORITY, Router, Way, record_severity
from otel_discord.exporters.discord.seen import COUNT_ATTRIBUTE, Seen, seen_in
from otel_discord.exporters.discord.shelf import Shelf
from otel_discord.exporters.discord.sourced.live import LiveDestinations
from otel_discord.exporters.discord.sourced.names import LEFT_OVER, is_sourced
from otel_discord.exporters.discord.statuses.finding import is_status, status_problem
from otel_discord.ottl import LogItem
from otel_discord.signals import LogsBatch, to_plain
from otel_discord.signals.alert_event import AlertEvent


@dataclass(frozen=True, slots=True)
class _Source:
    """Where records come from: the serialised resource, and what folding wants to know of it."""

    resource: bytes
    who: str
    service: str
    version: str
    run: str
    """The destination of the run that it belongs to; "" for what is no run's."""

    @classmethod
    def of(cls, resource: bytes, run: str = "") -> "_Source":
        facts = source_facts(resource)
        told_apart = f"{who(facts)}\x1f{run}" if run else who(facts)
        return cls(resource, told_apart, facts.service or facts.host, facts.service_version, run)


_Way = tuple[Passage, Detour | None]
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
        plain = {item.name: Passage(item.name) for item in self.router.destinations}
        gate = self.gate if self.gate is not None and not self.gate.is_idle(draft.now_ns) else None
        for number, resource_logs in enumerate(batch.request.resource_logs):
            whose: _Source | None = None
            run = self.live.routed_to(batch_id, number, resource_logs.resource) if self.live is not None else None
            run_name, floor, has_routes = self._bounds(run)
            for scope_logs in resource_logs.scope_logs:
                scope = b""
                for record in scope_logs.log_records:
                    severity = record_severity(record)
                    event = self._alert(record, draft.now_ns, is_below=severity < floor)
                    is_named = event is None and bool(record.event_name)
                    status = is_named and is_status(record)
                    member = member_event(record) if is_named else None
                    if severity < floor and event is None and not status and (member is None or not has_routes):
                        self._left_over(draft, batch_id, record, scope_logs, resource_logs, accepted_ns, run_name)
                        continue
                    item = None
                    if has_routes or gate is not None:
                        item = LogItem(record, scope_logs.scope, resource_logs.resource, scope_logs, resource_logs)
                    seen = seen_in(record, accepted_ns)
                    way = self._way(run, severity, item, is_status=status, is_member=member is not None)
                    lanes = way.destinations if event is None or not is_end(event) else ()
                    lanes = lanes or (way.strays if event is None else ())
                    passages: Sequence[Passage] = [plain.get(lane.name) or Passage(lane.name) for lane in lanes]
                    if gate is not None and item is not None and not status:
                        passages = _admitted(gate, item, severity, passages, draft, seen.records)
                    if event is not None and self.silenced is not None:
                        is_kept_back = bool(lanes) and not passages
                        self.silenced.heard(
                            event, record, scope_logs, resource_logs, run_name, is_kept_back=is_kept_back
                        )
                    if not passages and (event is None or lanes):
                        continue
                    whose = whose or _Source.of(resource_logs.resource.SerializeToString(), run_name)
                    priority = self.router.priority(severity)
                    problem = self._problem(whose, way, record, severity, event, member)
                    if status:
                        problem = status_problem(whose.who, record)
                        passages = [each._replace(no_ping=True) for each in passages]
                    if event is not None:
                        kept_back = {lane.name for lane in lanes} - {destination_of(each.lane) for each in passages}
                        passages = _where_not_told(
                            draft, problem, seen, passages, kept_back, run_name, counts=way.leads_here
                        )
                    draft.met(problem, whose.version, seen)
                    opened: list[_Way] = [
                        (each, None) for each in passages if not draft.fold(each.lane, _counted_as(problem, each), seen)
                    ]
                    opened = _around(opened, detours, lanes, priority, problem, seen, draft) if detours else opened
                    if opened:
                        scope = scope or scope_logs.scope.SerializeToString()
                        record = without_pictures(record) if member is not None else record
                        record, attachments, notes = self._take_attachments(record, [each.lane for each, _ in opened])
                        complaints.extend(notes)
                        card = Card(
                            resource=whose.resource,
                            scope=scope,
                            record=record.SerializeToString(),
                            severity=severity,
                            count=seen.records,
                            first_seen_ns=seen.first_ns,
                            last_seen_ns=seen.last_ns,
                            accepted_ns=accepted_ns,
                            fingerprint=problem.fingerprint,
                            template=problem.template,
                            past=draft.past(problem),
                            attachments=attachments,
                            notes=notes,
                            routed_to=tuple(lane.name for lane in lanes) if len(lanes) > 1 else (),
                            routes=way.routes,
                        )
                        _open(draft, batch_id, opened, problem, card, priority, whose.service)
                    yield

    def _bounds(self, run: Destination | None) -> tuple[str, int, bool]:
        """Return the name of a run's destination, the lowest severity shown, and whether routes count."""
        if run is None:
            return "", self.router.floor, bool(self.router.routes)
        return run.name, self.router.floor_of_run(run), False

    def _way(
        self, run: Destination | None, severity: int, item: LogItem | None, *, is_status: bool, is_member: bool
    ) -> Way:
        if run is not None:
            return self.router.way_of_run(run, severity, is_status=is_status)
        return self.router.way(severity, item, is_status=is_status, is_member=is_member)

    def _left_over(
        self,
        draft: Draft,
        batch_id: int,
        record: LogRecord,
        scope: ScopeLogs,
        resource: ResourceLogs,
        accepted_ns: int,
        run: str,
    ) -> None:
        """Open a card for a record that was taken in for a run which has ended since, and that nothing else shows."""
        if self.live is None or run:
            return
        seen = seen_in(record, accepted_ns)
        card = Card(
            resource=resource.resource.SerializeToString(),
            scope=scope.scope.SerializeToString(),
            record=record.SerializeToString(),
            severity=record_severity(record),
            count=seen.records,
            first_seen_ns=seen.first_ns,
            last_seen_ns=seen.last_ns,
            accepted_ns=accepted_ns,
        )
        draft.open(batch_id, LEFT_OVER, _UNFOLDED, card, NORMAL_PRIORITY, "")

    def _alert(self, record: LogRecord, now_ns: int, *, is_below: bool) -> AlertEvent | None:
        """Return what a record says of an alert; of those below every severity only where it is the end of one."""
        if self.alerts is None or (is_below and not ends_an_alert(record)):
            return None
        return self.alerts.find(record, now_ns)

    def _problem(
        self,
        whose: _Source,
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


def _where_not_told(
    draft: Draft,
    problem: Problem,
    seen: Seen,
    passages: Sequence[Passage],
    kept_back: Collection[str],
    run: str,
    *,
    counts: bool = True,
) -> Sequence[Passage]:
    """Bring an alert's event to the cards that show it, wherever they are; return the ways to where there is none.

    The end of an alert that is shown nowhere is dropped: nobody was told that it began. What a mute keeps back from a
    destination (``kept_back``) is not told there either. An alert of a ``run`` is another than one of the same name in
    another run or in none. ``counts``: an end that nobody waits for is counted here.
    """
    goes_to = {destination_of(each.lane) for each in passages}
    lanes = [
        lane
        for lane in draft.books
        if (name := destination_of(lane)) not in kept_back
        and (name in goes_to or name == run if run else not is_sourced(lane))
    ]
    told = {destination_of(lane) for lane in lanes if draft.told(lane, problem, seen)}
    if counts and not told and problem.alert is not None and is_end(problem.alert.event):
        draft.unknown_ends += 1
    return [each for each in passages if destination_of(each.lane) not in told]


def _admitted(
    gate: Gate, item: LogItem, severity: int, passages: Sequence[Passage], draft: Draft, records: int
) -> Sequence[Passage]:
    """Return the ways that mutes leave to a record; what they did is noted in the draft."""
    left, muted = gate.passages(item, draft.now_ns, severity, [each.lane for each in passages])
    for each in muted:
        draft.muted[each] += records
    return left


def _open(
    draft: Draft,
    batch_id: int,
    ways: Iterable[_Way],
    problem: Problem,
    card: Card,
    priority: int,
    service: str,
) -> None:
    """Open a card for each way of the first record of a problem."""
    for passage, detour in ways:
        counted_as = _counted_as(problem, passage)
        told = replace(card, no_ping=True, fingerprint=counted_as.fingerprint) if passage.no_ping else card
        told = detour.redirected(told) if detour is not None else told
        draft.open(batch_id, passage.lane, counted_as, told, priority, service)


def _around(
    opened: Iterable[_Way],
    detours: Mapping[str, Detour],
    lanes: Sequence[Destination],
    priority: int,
    problem: Problem,
    seen: Seen,
    draft: Draft,
) -> list[_Way]:
    """Return the ways with detours taken, none to where the record goes anyway; what is counted there is left out."""
    reached = {lane.name for lane in lanes}
    left: list[_Way] = []
    for passage, _ in opened:
        detour = detours.get(passage.lane)
        if detour is None or (detour.critical_only and (detour.lane in reached or priority <= NORMAL_PRIORITY)):
            left.append((passage, None))
        elif detour.lane not in reached:
            reached.add(detour.lane)
            instead = passage._replace(lane=detour.lane)
            if not draft.fold(instead.lane, _counted_as(problem, instead), seen):
                left.append((instead, detour))
    return left


def _counted_as(problem: Problem, passage: Passage) -> Problem:
    """Return the problem as which a record is counted: who may ping never joins those who may not."""
    apart = passage.no_ping and not problem.status
    return problem if not apart else problem._replace(fingerprint=without_ping(problem.fingerprint))
