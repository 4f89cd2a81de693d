"""Which destinations a record goes to. Pure.

A record goes to the destinations of the first route whose condition it meets (and of those before it that go on), and
to every destination where it meets none: each time only where it reaches the destination's ``min_severity``, which no
route lowers. What is critical goes to all if so configured. A severity of 0 says nothing and is taken for INFO, as the
log data model suggests.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.exporters.discord.alerts.member import ends_an_alert
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.members.events import member_event
from otel_discord.exporters.discord.routes import Route
from otel_discord.exporters.discord.statuses.finding import is_status
from otel_discord.ottl import LogItem, OttlError
from otel_discord.signals import LogsBatch, Severity, effective_severity

NORMAL_PRIORITY = 0
CRITICAL_PRIORITY = 1
HIGHEST_SEVERITY = 24
_MAX_REMEMBERED: Final = 10_000
_STEPS_OF_A_RANGE: Final = 4
"""ERROR, ERROR2, ERROR3, ERROR4."""


def record_severity(record: LogRecord) -> int:
    """Return the severity to compare, 1 to 24: the number, else what the text says, else INFO.

    Enums are open: a number out of range says nothing.
    """
    number = record.severity_number
    if 1 <= number <= HIGHEST_SEVERITY:
        return number
    return effective_severity(0, record.severity_text) or Severity.INFO


@dataclass(frozen=True, slots=True)
class Way:
    """Where a record goes."""

    destinations: Sequence[Destination] = ()
    routes: tuple[str, ...] = ()
    """Marks of the routes that it takes and that say who is pinged."""
    kind: str = ""
    """Records that ping others are other problems: a count that goes up notifies nobody. So are those that reach a
    fallback by themselves: of a card that counts them there is nothing to bring there, of others there is."""
    leads_here: bool = True
    """Whether what happens once for a record, wherever it goes, happens here: its first destination is one of ours."""
    leads_elsewhere: bool = False
    """Whether all of its destinations are those of others."""
    strays: Sequence[Destination] = ()
    """Where a record goes that came to us and by our own lights goes only to destinations of others: whoever divided
    the work had other settings, or another moment, and what is meant for somebody is not to be lost."""


def _ignore(condition: str, error: OttlError) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Router:
    """The routing table of one exporter.

    ``on_error`` is told the condition and the error where a condition meets a value that it cannot work with; such a
    record does not match.

    One that works for ``only`` some of the destinations decides as if it were for all, and leaves the others out.
    """

    destinations: Sequence[Destination]
    critical_min_severity: int
    critical_to_all: bool
    routes: Sequence[Route] = ()
    on_error: Callable[[str, OttlError], None] = _ignore
    only: frozenset[str] | None = None
    """Names; None: all."""
    _ways: dict[tuple[int, tuple[int, ...], bool], Way] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def floor(self) -> int:
        """The severity below which a record goes nowhere: routes do not lower what destinations ask for."""
        floor = min((item.min_severity for item in self.destinations), default=HIGHEST_SEVERITY + 1)
        return min(floor, self.critical_min_severity) if self.critical_to_all and self.destinations else floor

    def way(
        self, severity: int, item: LogItem | None = None, *, is_status: bool = False, is_member: bool = False
    ) -> Way:
        """Return where a record of this severity goes; ``item`` is the record, needed only where there are routes.

        A status that no destination's ``min_severity`` lets in goes to all that its routes name: who asks for one wants
        to see it. So does an event of a member, but only where a route takes it.
        """
        taken = self._taken(item) if item is not None and self.routes else ()
        passes = is_status or (is_member and bool(taken))
        way = self._ways.get((severity, taken, passes))
        if way is None:
            if len(self._ways) >= _MAX_REMEMBERED:
                self._ways.clear()
            way = self._new_way(severity, taken)
            if passes and not way.destinations:
                way = self._new_way(HIGHEST_SEVERITY, taken, to_all=False)
            way = way if self.only is None else self._narrowed(way, severity, self.only)
            self._ways[severity, taken, passes] = way
        return way

    def _narrowed(self, way: Way, severity: int, only: frozenset[str]) -> Way:
        leads_here = any(item.name in only for item in way.destinations[:1])
        ours = tuple(item for item in way.destinations if item.name in only)
        strays: tuple[Destination, ...] = ()
        leads_elsewhere = bool(way.destinations) and not ours
        if leads_elsewhere:
            there = tuple(item for item in self.destinations if item.name in only)
            strays = tuple(item for item in there if severity >= item.min_severity) or there
        return replace(way, destinations=ours, leads_here=leads_here, leads_elsewhere=leads_elsewhere, strays=strays)

    def way_to(self, name: str, way: Way) -> Way:
        """Return the way of a card that was moved to one destination; ``way`` is that of its record by itself."""
        there = [item for item in self.destinations if item.name == name and (self.only is None or name in self.only)]
        return replace(way, destinations=there, leads_here=False, strays=()) if there else way

    def whole(self) -> "Router":
        """Return the router of all destinations."""
        return replace(self, only=None)

    def way_of_run(self, run: Destination | None, severity: int, *, is_status: bool = False) -> Way:
        """Return where a record goes that belongs to a run: to its destination alone, and no route is asked.

        With ``critical::to_all`` what is critical goes to every destination of the configuration as well.
        ``run`` is None where another shard has its destination.
        """
        own = self.destinations if self.goes_to_all(severity) else ()
        if self.only is not None:
            own = [item for item in own if item.name in self.only]
        if run is None:
            return Way(own, leads_here=False)
        return Way((run, *own) if severity >= run.min_severity or is_status else own)

    def goes_to_all(self, severity: int) -> bool:
        """Return whether a record of this severity goes to every destination, whatever else is said of it."""
        return self.critical_to_all and severity >= self.critical_min_severity

    def floor_of_run(self, run: Destination) -> int:
        """Return the severity below which a record that belongs to a run goes nowhere."""
        floor = run.min_severity
        return min(floor, self.critical_min_severity) if self.critical_to_all and self.destinations else floor

    def _taken(self, item: LogItem) -> tuple[int, ...]:
        """Return the places of the routes that a record takes."""
        taken = []
        for place, route in enumerate(self.routes):
            try:
                is_met = route.condition.holds(item)
            except OttlError as error:
                self.on_error(route.condition.text, error)
                continue
            if is_met:
                taken.append(place)
                if not route.goes_on:
                    break
        return tuple(taken)

    def _new_way(self, severity: int, taken: tuple[int, ...], *, to_all: bool = True) -> Way:
        routes = [self.routes[place] for place in taken]
        if to_all and self.goes_to_all(severity):
            destinations = tuple(self.destinations)
        else:
            named = {item.name for route in routes for item in route.destinations}
            destinations = tuple(
                item
                for item in self.destinations
                if severity >= item.min_severity and (item.name in named or not routes)
            )
        marks = tuple(dict.fromkeys(route.mark for route in routes if route.mark))
        told_apart_by = (*marks, *self._rank(severity, destinations), *self._reached_havens(destinations))
        return Way(destinations, marks, "".join(f"\x1f{part}" for part in told_apart_by))

    def _rank(self, severity: int, destinations: Sequence[Destination]) -> list[str]:
        """Return which mentions begin within the range of this severity and reach down to it; mostly none do."""
        steps = {mention.min_severity for item in destinations for mention in item.mentions}
        within = {step for step in steps if (step - 1) // _STEPS_OF_A_RANGE == (severity - 1) // _STEPS_OF_A_RANGE}
        return [str(step) for step in sorted(within) if (step - 1) % _STEPS_OF_A_RANGE and step <= severity]

    def _reached_havens(self, destinations: Sequence[Destination]) -> list[str]:
        """Return which of these destinations are fallbacks of others of them; mostly none are."""
        fallbacks = {item.name: item.fallback for item in self.destinations}
        havens = set[str]()
        for item in destinations:
            chain: list[str] = []
            name = item.fallback
            while name and name not in chain:
                chain.append(name)
                name = fallbacks.get(name, "")
            havens.update(chain)
        return [item.name for item in destinations if item.name in havens]

    def priority(self, severity: int) -> int:
        """Return the priority of a record's card."""
        return CRITICAL_PRIORITY if severity >= self.critical_min_severity else NORMAL_PRIORITY


class Sifted(NamedTuple):
    """What of a batch goes on."""

    batch: LogsBatch | None
    """None where nothing does."""
    highest: int = 0
    """Its highest severity."""
    drops_events: bool = False
    """Whether records are left out that have the name of an event."""


def keep_from(
    batch: LogsBatch, floor: int, *, with_members: bool = False, floors: Sequence[int] | None = None
) -> Sifted:
    """Return the part of a batch that reaches ``floor`` (the batch itself if all of it does) and its highest severity.

    The end of an alert does in any case: it goes where the alert was told. So does a status; so do events of members
    where ``with_members`` says so. ``floors`` has one for each resource of the batch, where they differ.
    This is the hot path for what is dropped: one look at one integer and at one text a record.
    """
    dropped = drops_events = False
    highest = 0
    for number, resource_logs in enumerate(batch.request.resource_logs):
        if floors is not None:
            floor = floors[number]
        for scope_logs in resource_logs.scope_logs:
            for record in scope_logs.log_records:
                severity: int = record.severity_number
                if not 1 <= severity <= HIGHEST_SEVERITY:
                    severity = record_severity(record)
                if severity < floor:
                    if not record.event_name:  # what goes on in any case has one
                        dropped = True
                    elif _goes_anyway(record, with_members):
                        highest = highest or severity
                    else:
                        dropped = drops_events = True
                elif severity > highest:
                    highest = severity
    if not highest:
        return Sifted(None, 0, drops_events)
    return Sifted(_copy_from(batch, floor, with_members, floors) if dropped else batch, highest, drops_events)


def _goes_anyway(record: LogRecord, with_members: bool) -> bool:
    return ends_an_alert(record) or is_status(record) or (with_members and member_event(record) is not None)


def _copy_from(batch: LogsBatch, floor: int, with_members: bool, floors: Sequence[int] | None) -> LogsBatch:
    kept = ExportLogsServiceRequest()
    for number, resource_logs in enumerate(batch.request.resource_logs):
        if floors is not None:
            floor = floors[number]
        new_resource = None
        for scope_logs in resource_logs.scope_logs:
            survivors = [
                record
                for record in scope_logs.log_records
                if record_severity(record) >= floor or (record.event_name and _goes_anyway(record, with_members))
            ]
            if not survivors:
                continue
            if new_resource is None:
                new_resource = kept.resource_logs.add(schema_url=resource_logs.schema_url)
                new_resource.resource.CopyFrom(resource_logs.resource)
            new_scope = new_resource.scope_logs.add(schema_url=scope_logs.schema_url)
            new_scope.scope.CopyFrom(scope_logs.scope)
            new_scope.log_records.extend(survivors)
    return LogsBatch(kept)
