"""The service at one look, as a document for JSON. Pure: from what it shows and what its exporters answer."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from otel_discord.component import ComponentStatus, Kind, Status
from otel_discord.component.dead_letters import time_text
from otel_discord.component.instrument_list import PREFIX
from otel_discord.component.maintenance import MaintenanceWindow
from otel_discord.component.service_view import Reading, ReloadNote, ServiceView
from otel_discord.component.silences import Silence
from otel_discord.component.watched_exporter import DestinationState, Health
from otel_discord.component.watched_runs import ShownRun, ShowsRuns
from otel_discord.service.control.overview_numbers import (
    UNKNOWN,
    by_exporter,
    component_counters,
    measured_destinations,
    queues,
    single,
)
from otel_discord.service.telemetry.redact import each_text
from otel_discord.signals.alert_event import AlertEvent

MAX_ALERTS: Final = 100
MAX_LABELS: Final = 20
MAX_RELOADS: Final = 5
MAX_RUNS: Final = 50
MAX_TEXT_CHARS: Final = 500
_NS: Final = 1_000_000_000
_PREFIX: Final = f"{Kind.EXPORTER}:"
_BAD: Final = frozenset({Status.PERMANENT, Status.FATAL})
_TROUBLED: Final = frozenset({Health.UNREACHABLE, Health.GONE})


@dataclass(frozen=True, slots=True)
class Asked:
    """What exporters answered, by the exporter's id; who cannot be asked is not there."""

    destinations: Mapping[str, Sequence[DestinationState]] = field(default_factory=dict)
    alerts: Mapping[str, Sequence[tuple[AlertEvent, Sequence[str]]]] = field(default_factory=dict)
    silences: Mapping[str, Sequence[Silence]] = field(default_factory=dict)
    windows: Mapping[str, Sequence[MaintenanceWindow]] = field(default_factory=dict)


def overview_document(view: ServiceView, asked: Asked, *, phase: str, pid: int, now_unix_s: float) -> dict[str, Any]:
    """Return what ``overview`` answers; docs/reference/control-socket.md has each key. What is not known is left out.

    Every text has gone through the service's redaction before it was cut.
    """
    readings = view.readings()
    now_ns = int(now_unix_s * _NS)
    destinations = _destinations(view, asked.destinations, readings, now_ns)
    alerts = [(name, *each) for name, of_it in asked.alerts.items() for each in of_it]
    alerts.sort(key=lambda each: (-each[1].severity_number, each[1].started_ns))
    document = {
        "at": time_text(now_ns),
        "service": _service(view, readings, destinations, phase=phase, pid=pid, now_unix_s=now_unix_s),
        "pipelines": {pipeline: list(members) for pipeline, members in view.pipelines.items()},
        "wires": [
            {"source": each.source, "target": each.target, "signal": each.signal, "pipeline": each.pipeline}
            for each in view.wires
        ],
        "components": _components(view.statuses, readings),
        "queues": queues(readings, _oldest(destinations)),
        "destinations": destinations,
        "alerts_firing": len(alerts),
        "alerts": [_alert(*each, now_ns=now_ns, view=view) for each in alerts[:MAX_ALERTS]],
        "silences": [
            {"exporter": name, **silence.to_json()}
            for name, of_it in asked.silences.items()
            for silence in of_it
            if silence.active
        ],
        "maintenance": [
            {"exporter": name, **window.to_json()}
            for name, of_it in asked.windows.items()
            for window in of_it
            if window.active
        ],
        "dead_letters": by_exporter(readings, f"{PREFIX}dead_letters"),
        **_runs(view, now_ns),
        "reloads": [_reload(each) for each in view.reloads[:MAX_RELOADS]],
    }
    shown: dict[str, Any] = each_text(document, lambda text: _cut(view.redact(text)))
    return shown


def _service(
    view: ServiceView,
    readings: Sequence[Reading],
    destinations: Sequence[Mapping[str, Any]],
    *,
    phase: str,
    pid: int,
    now_unix_s: float,
) -> dict[str, Any]:
    said: dict[str, Any] = {
        "version": view.version,
        "pid": pid,
        "phase": phase,
        "health": _health(view, destinations),
        "started_at": time_text(int(view.started_at_unix_s * _NS)),
        "uptime_s": round(max(0.0, now_unix_s - view.started_at_unix_s), 3),
        "measured": bool(readings),
    }
    memory, cpu_s = single(readings, "otelcol_process_memory_rss"), single(readings, "otelcol_process_cpu_seconds")
    if memory is not None:
        said["memory_rss_bytes"] = int(memory)
    if cpu_s is not None:
        said["cpu_s"] = round(cpu_s, 3)
    return said


def _health(view: ServiceView, destinations: Sequence[Mapping[str, Any]]) -> str:
    statuses = {each.status for each in view.statuses.values()}
    if statuses & _BAD:
        return "failing"
    if not view.ready:
        return "not ready"
    if Status.RECOVERABLE in statuses or any(each["health"] in _TROUBLED for each in destinations):
        return "degraded"
    return "ok"


def _components(statuses: Mapping[str, ComponentStatus], readings: Sequence[Reading]) -> dict[str, dict[str, Any]]:
    counters = component_counters(readings)
    found: dict[str, dict[str, Any]] = {}
    for name, each in statuses.items():
        kind, _, place = name.partition(":")
        component_id, _, pipeline = place.partition("@")
        counted = counters.get((Kind(kind), component_id), {}) if kind in set(Kind) else {}
        if pipeline:  # a processor counts under its id in each pipeline, but only its pipeline's signal is its own
            counted = {signal: of_it for signal, of_it in counted.items() if signal == pipeline.partition("/")[0]}
        found[name] = {"status": str(each.status), "since": time_text(int(each.since_unix_s * _NS))}
        if each.error:
            found[name]["error"] = each.error
        if counted:
            found[name]["counters"] = counted
    return found


def _destinations(
    view: ServiceView, asked: Mapping[str, Sequence[DestinationState]], readings: Sequence[Reading], now_ns: int
) -> list[dict[str, Any]]:
    there = view.open_components()  # sums outlive a reload that has removed their exporter
    measured = [
        each
        for each in measured_destinations(readings, now_unix_s=now_ns / _NS)
        if each["exporter"] not in asked and f"{_PREFIX}{each['exporter']}" in there
    ]
    for each in measured:
        status = view.statuses.get(f"{_PREFIX}{each['exporter']}")
        if each["health"] == Health.OK and (status is None or status.status is not Status.OK):
            each["health"] = UNKNOWN  # one of its destinations is not well, and metrics do not say which
    return [*(_destination(name, state, now_ns) for name, states in asked.items() for state in states), *measured]


def _destination(exporter: str, state: DestinationState, now_ns: int) -> dict[str, Any]:
    always = {
        "exporter": exporter,
        "name": state.name,
        "watched": True,
        "health": str(state.health),
        "breaker": state.breaker,
        "waiting_cards": state.waiting_cards,
        "waiting_records": state.waiting_records,
        "delivered": state.delivered,
        "failed": state.failed,
    }
    perhaps: dict[str, Any] = {
        "label": state.label,
        "budget_left": state.budget_left,
        "recent_success": state.recent_success,
        "response_p50_s": state.response_p50_s,
        "response_p99_s": state.response_p99_s,
        "last_error": state.last_error,
        "fallback": state.fallback,
        "replica": state.replica,
        "remark": state.remark,
        "webhook_up": state.webhook_up,
        "webhook_response_s": state.webhook_response_s,
    }
    times = {
        "oldest_waiting": state.oldest_waiting_ns,
        "last_sent": state.last_sent_ns,
        "last_429": state.last_429_ns,
        "last_error": state.last_error_ns,
        "webhook_checked": state.webhook_checked_ns,
    }
    said = always | {key: value for key, value in perhaps.items() if _is_said(value)}
    for key, at_ns in times.items():
        if at_ns:
            said[f"{key}_at"], said[f"{key}_ago_s"] = time_text(at_ns), _age_s(now_ns, at_ns)
    if state.next_at_ns > now_ns:
        said["next_at"], said["next_in_s"] = time_text(state.next_at_ns), _age_s(state.next_at_ns, now_ns)
    return said


def _oldest(destinations: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    oldest: dict[str, float] = {}
    for each in destinations:
        if (age_s := each.get("oldest_waiting_ago_s")) is not None:
            oldest[each["exporter"]] = max(age_s, oldest.get(each["exporter"], 0.0))
    return oldest


def _alert(
    exporter: str, event: AlertEvent, shown_at: Sequence[str], *, now_ns: int, view: ServiceView
) -> dict[str, Any]:
    labels = list(event.labels.items())[:MAX_LABELS]
    said: dict[str, Any] = {
        "exporter": exporter,
        "name": event.name,
        "severity": event.severity,
        "fingerprint": event.identity,
        "value": event.value,
        "threshold": event.threshold,
        "unit": event.unit,
        "summary": event.summary,
        "labels": {_cut(view.redact(key)): str(value) for key, value in labels},
        "destinations": list(shown_at),
    }
    if event.started_ns:
        said["started_at"], said["firing_for_s"] = time_text(event.started_ns), _age_s(now_ns, event.started_ns)
    return {key: value for key, value in said.items() if _is_said(value)}


def _runs(view: ServiceView, now_ns: int) -> dict[str, list[dict[str, Any]]]:
    """Return the runs that have channels; no key at all where nobody makes any."""
    makers = [each for each in view.open_components().values() if isinstance(each, ShowsRuns)]
    return {"runs": [_run(run, now_ns) for maker in makers for run in maker.shown_runs(MAX_RUNS)]} if makers else {}


def _run(run: ShownRun, now_ns: int) -> dict[str, Any]:
    said: dict[str, Any] = {"name": run.name, "state": run.state, "steps": run.steps, "errors": run.errors}
    said |= {key: text for key, text in {"outcome": run.outcome, "last_step": run.last_step}.items() if text}
    said["started_at"], said["age_s"] = time_text(run.started_ns), _age_s(now_ns, run.started_ns)
    said["expires_at"], said["expires_in_s"] = time_text(run.expires_ns), _age_s(run.expires_ns, now_ns)
    return said


def _reload(note: ReloadNote) -> dict[str, Any]:
    return {"at": time_text(int(note.at_unix_s * _NS)), "ok": note.successful, "remarks": list(note.remarks)}


def _age_s(later_ns: int, earlier_ns: int) -> float:
    return round(max(0, later_ns - earlier_ns) / _NS, 3)


def _is_said(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)  # JSON has no other numbers
    return value not in (None, "", {})


def _cut(text: str) -> str:
    text = text.encode("utf-8", "replace").decode()  # half a character of Discord's cannot be written
    return text if len(text) <= MAX_TEXT_CHARS else f"{text[: MAX_TEXT_CHARS - 1]}…"
