"""What the first page and ``/api/overview`` show: gathered from the host and its components, without any secret."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from otel_discord.component import Component, Status
from otel_discord.component.instrument_list import PREFIX
from otel_discord.component.service_view import Reading, ReloadNote, ServiceView, Wire
from otel_discord.component.watched_exporter import DestinationState, Health, Watched
from otel_discord.component.watched_runs import ShownRun
from otel_discord.extensions.status_page.flow import part_of, wire_rates
from otel_discord.extensions.status_page.measured import Queue, destinations_of, queues_of
from otel_discord.extensions.status_page.rates import RateMeter
from otel_discord.extensions.status_page.runs import runs_shown

_ITEMS: Final = ("log_records", "metric_points", "spans")
_BAD: Final = {Status.RECOVERABLE, Status.PERMANENT, Status.FATAL}
MOSTLY: Final = 0.5
"""A destination is not well where fewer of its last requests went well."""
NEWS_S: Final = 900.0
"""And where the last one that failed is no older."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a person should look at."""

    where: str
    what: str
    since_unix_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One component of the graph. Rates are items a second, None where they are not measured."""

    name: str
    status: str
    error: str = ""
    taken: float | None = None
    refused: float | None = None
    sent: float | None = None
    failed: float | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """One wire and its items a second."""

    wire: Wire
    per_second: float | None


@dataclass(frozen=True, slots=True)
class Figure:
    """A number over time, oldest first."""

    now: float | None
    trend: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Destination:
    """One destination of one exporter; ``is_watched`` False: only the metrics were there to say something."""

    exporter: str
    state: DestinationState
    is_watched: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The service now."""

    version: str
    now_unix_s: float
    started_at_unix_s: float
    ready: bool
    has_metrics: bool
    problems: Sequence[Problem]
    received_per_s: Figure
    sent_per_minute: Figure
    waiting: Figure
    nodes: Sequence[Node]
    flows: Sequence[Flow]
    pipelines: Mapping[str, Sequence[str]]
    queues: Sequence[Queue]
    destinations: Sequence[Destination]
    dead_letters: Mapping[str, int]
    reloads: Sequence[ReloadNote]
    runs: Sequence[ShownRun] | None = None
    """None where nobody makes channels for runs."""


def note_trends(meter: RateMeter, readings: Sequence[Reading]) -> None:
    """Take a look for the rates, and note the three figures of the head; called at every tick."""
    received = [meter.per_second(f"otelcol_receiver_accepted_{items}") for items in _ITEMS]
    known = [rate for rate in received if rate is not None]
    meter.trend("received", sum(known) if known else None)
    sent = meter.per_second(f"{PREFIX}messages_sent_total")
    meter.trend("sent", None if sent is None else sent * 60)
    meter.trend("waiting", sum(each.value for each in readings if each.name == "otelcol_exporter_queue_size"))


def overview_of(view: ServiceView, readings: Sequence[Reading], meter: RateMeter, now_unix_s: float) -> Overview:
    """Return the overview."""
    destinations = destinations_shown(view.open_components(), readings, view.redact)
    oldest: dict[str, int] = {}
    for each in destinations:
        if waits_since := each.state.oldest_waiting_ns:
            oldest[each.exporter] = min(oldest.get(each.exporter, waits_since), waits_since)
    rates = wire_rates(view.wires, meter)
    names = dict.fromkeys(name for wire in view.wires for name in (wire.source, wire.target))
    return Overview(
        version=view.version,
        now_unix_s=now_unix_s,
        started_at_unix_s=view.started_at_unix_s,
        ready=view.ready,
        has_metrics=bool(readings),
        problems=[*_component_problems(view), *_destination_problems(destinations, now_unix_s)],
        received_per_s=_figure(meter, "received"),
        sent_per_minute=_figure(meter, "sent"),
        waiting=_figure(meter, "waiting"),
        nodes=[_node(view, name, meter) for name in names],
        flows=[Flow(wire, rates[wire]) for wire in view.wires],
        pipelines={name: list(members) for name, members in view.pipelines.items()},
        queues=queues_of(readings, oldest),
        destinations=destinations,
        dead_letters={
            each.labels.get("exporter", ""): int(each.value)
            for each in readings
            if each.name == f"{PREFIX}dead_letters"
        },
        reloads=reloads_of(view),
        runs=runs_shown(view.open_components(), view.redact),
    )


def destinations_shown(
    components: Mapping[str, Component], readings: Sequence[Reading], redact: Callable[[str], str]
) -> Sequence[Destination]:
    """Return every destination, of an exporter that can be watched by its own word, else by its metrics."""
    shown: list[Destination] = []
    for name, component in components.items():
        part = part_of(name)
        if part.kind != "exporter":
            continue
        states = states_told(component) if isinstance(component, Watched) else None
        if states is not None:
            shown += [Destination(part.id, _redacted(state, redact)) for state in states]
        else:
            shown += [Destination(part.id, state, False) for state in destinations_of(readings, part.id)]
    return shown


def states_told(component: Watched) -> Sequence[DestinationState] | None:
    """Return what an exporter says of its destinations; None where it fails, as trouble is when this is looked at."""
    try:
        return component.destination_states()
    except Exception:  # noqa: BLE001 - whatever fails there, the page shows what the metrics say
        return None


def reloads_of(view: ServiceView) -> Sequence[ReloadNote]:
    """Return the last reloads, newest first."""
    return [replace(each, remarks=[view.redact(text) for text in each.remarks]) for each in view.reloads]


def _redacted(state: DestinationState, redact: Callable[[str], str]) -> DestinationState:
    return replace(state, last_error=redact(state.last_error)[:1000], label=redact(state.label)[:200])


def _figure(meter: RateMeter, name: str) -> Figure:
    trend = meter.trend_of(name)
    return Figure(trend[-1] if trend else None, trend)


def _node(view: ServiceView, name: str, meter: RateMeter) -> Node:
    part, status = part_of(name), view.statuses.get(name)
    label = {part.kind: part.id}
    rates: dict[str, float | None] = {}
    if part.kind == "receiver":
        rates = {"taken": _of_all(meter, "receiver_accepted", label), "refused": _of_all(meter, "receiver_refused", label)}  # fmt: skip  # noqa: E501
    elif part.type == "processor:memory_limiter":
        rates = {"refused": _of_all(meter, "processor_refused", label)}
    elif part.kind == "exporter":
        failed = [_of_all(meter, what, label) for what in ("exporter_send_failed", "exporter_enqueue_failed")]
        rates = {"sent": _of_all(meter, "exporter_sent", label), "failed": _sum(failed)}
    return Node(
        name=name,
        status=status.status.value if status else "",
        error=view.redact(status.error)[:500] if status else "",
        **rates,
    )


def _of_all(meter: RateMeter, what: str, labels: Mapping[str, str]) -> float | None:
    return _sum([meter.per_second(f"otelcol_{what}_{items}", labels) for items in _ITEMS])


def _sum(rates: Sequence[float | None]) -> float | None:
    known = [rate for rate in rates if rate is not None]
    return sum(known) if known else None


def _component_problems(view: ServiceView) -> list[Problem]:
    return [
        Problem(where=name, what=view.redact(each.error)[:500] or str(each.status), since_unix_s=each.since_unix_s)
        for name, each in view.statuses.items()
        if each.status in _BAD
    ]


def _destination_problems(destinations: Sequence[Destination], now_unix_s: float) -> list[Problem]:
    return [
        Problem(
            where=f"destination {each.state.name}",
            what=words + (f": {each.state.last_error}" if each.state.last_error else ""),
            since_unix_s=each.state.last_error_ns / 1e9,
        )
        for each in destinations
        if (words := what_is_wrong(each.state, now_unix_s))
    ]


def what_is_wrong(state: DestinationState, now_unix_s: float) -> str:
    """Return why a destination is not well; empty where it is."""
    match state.health:
        case Health.UNREACHABLE:
            return "cannot be reached; what comes waits"
        case Health.GONE:
            return "its webhook is gone or refused"
    is_failing = state.recent_success is not None and state.recent_success < MOSTLY
    if is_failing and now_unix_s - state.last_error_ns / 1e9 < NEWS_S:
        return "most of what is sent fails"
    return ""
