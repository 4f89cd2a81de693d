"""Where the records of one resource come from, as routing sees it: whose they are, and what they carry in a fleet."""

from dataclasses import dataclass

from opentelemetry.proto.logs.v1.logs_pb2 import ResourceLogs

from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.facts_source import source_facts
from otel_discord.exporters.discord.folding.problem import who
from otel_discord.exporters.discord.routing import Router
from otel_discord.exporters.discord.sourced.live import LiveDestinations
from otel_discord.exporters.discord.sourced.marks import NONE, Moved, as_sent, marks_of
from otel_discord.signals.alert_event import AlertEvent


@dataclass(frozen=True, slots=True)
class Source:
    """Where records come from: the serialised resource, and what folding wants to know of it."""

    resource: bytes
    who: str
    service: str
    version: str
    run: str
    """The destination of the run that it belongs to; "" for what is no run's."""

    @classmethod
    def of(cls, resource: bytes, run: str = "") -> "Source":
        """Read a serialised resource."""
        facts = source_facts(resource)
        told_apart = f"{who(facts)}\x1f{run}" if run else who(facts)
        return cls(resource, told_apart, facts.service or facts.host, facts.service_version, run)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Of the records of one resource in one batch."""

    sent: ResourceLogs
    """The resource as its sender wrote it; its records only where it carries no marks."""
    run: Destination | None
    """Where they go alone, but for what goes to all."""
    run_name: str
    """Of the run that they belong to, also where another shard has its destination; "" for what is no run's."""
    floor: int
    """Severity below which they go nowhere."""
    has_routes: bool
    """Whether routes are asked."""
    lost: str = ""
    """The run that they were taken in for, where its destination should be here and is not: no other shard has them."""
    moved: Moved | None = None
    """Where they go on that had waited for a run."""

    @classmethod
    def of(
        cls, router: Router, live: LiveDestinations | None, batch_id: int, number: int, came: ResourceLogs
    ) -> "Origin":
        """Return that of the ``number``-th resource of a batch."""
        if live is None:
            return cls(sent=came, run=None, run_name="", floor=router.floor, has_routes=bool(router.routes))
        run = live.routed_to(batch_id, number, came.resource)
        marks = marks_of(came.resource) if router.only is not None else NONE
        sent = came if marks is NONE else as_sent(came)
        if run is not None:
            return cls(sent=sent, run=run, run_name=run.name, floor=router.floor_of_run(run), has_routes=False)
        is_lost = bool(marks.taken_for) and live.mine(marks.taken_for)
        visits = "" if is_lost else marks.taken_for
        return cls(
            sent=sent,
            run=None,
            run_name=visits,
            floor=router.floor,
            has_routes=bool(router.routes) and not visits,
            lost=marks.taken_for if is_lost else "",
            moved=marks.moved,
        )

    def is_left_alone(self, router: Router, severity: int, event: AlertEvent | None) -> bool:
        """Return whether a record was taken in for a run that is not here, and went to no other shard either."""
        went_everywhere = router.goes_to_all(severity) or (event is not None and router.critical_to_all)
        return bool(self.lost) and not went_everywhere
