"""What has been seen since the last status, and its text. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from otel_discord.connectors.heartbeat.machines import Machines
from otel_discord.connectors.heartbeat.signs import STATUS_EVENT
from otel_discord.connectors.heartbeat.telling import SCOPE_NAME, pairs
from otel_discord.connectors.heartbeat.wording import group_name, rate, spoken
from otel_discord.signals import LogsBatch, Severity, Signal
from otel_discord.signals.alert_event import AlertEvent, AlertState, fingerprint_of

NO_NAME = "without service.name"
_OTHERS = "others"
_WORDS = {Signal.LOGS: "logs", Signal.METRICS: "points", Signal.TRACES: "spans"}
_NS = 1_000_000_000
_MOST_LISTED = 10


@dataclass(frozen=True, slots=True)
class SilentGroup:
    """A line of the status."""

    name: str
    silence_s: float
    severity: str = "critical"
    """Of its alert."""


@dataclass(slots=True)
class Tally:
    """Counts by service and signal, and the alerts of others that fire. Both are bounded by ``max_entries``."""

    max_entries: int
    counts: dict[str, dict[Signal, int]] = field(default_factory=dict)
    firing: dict[str, AlertEvent] = field(default_factory=dict)
    passed: dict[str, AlertEvent] = field(default_factory=dict)
    """The latest of each alert that was noted since the last ``take``, resolved ones too; for who tells it on."""
    machines: Machines = field(default_factory=Machines)

    def count(self, service: str, signal: Signal, items: int) -> None:
        """Count what a service has sent."""
        if service not in self.counts and len(self.counts) >= self.max_entries:
            service = _OTHERS
        counts = self.counts.setdefault(service, {})
        counts[signal] = counts.get(signal, 0) + items

    def note(self, event: AlertEvent) -> None:
        """Take in an alert that passes."""
        self.firing.pop(event.identity, None)
        self.passed.pop(event.identity, None)
        if len(self.passed) >= self.max_entries:
            del self.passed[next(iter(self.passed))]
        self.passed[event.identity] = event
        if event.state is not AlertState.RESOLVED:
            if len(self.firing) >= self.max_entries:
                del self.firing[next(iter(self.firing))]
            self.firing[event.identity] = event

    def take(self) -> dict[str, dict[Signal, int]]:
        """Return the counts, and begin anew."""
        counts, self.counts, self.passed = self.counts, {}, {}
        return counts

    def put_back(self, counts: dict[str, dict[Signal, int]]) -> None:
        """Count once more what was taken."""
        for service, by_signal in counts.items():
            for signal, items in by_signal.items():
                self.count(service, signal, items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything that a status is made of; ``elapsed_s`` is the time that the counts are of."""

    counts: Mapping[str, Mapping[Signal, int]]
    firing: Sequence[AlertEvent]
    silent: Sequence[SilentGroup]
    elapsed_s: float
    now_ns: int
    max_lines: int
    machines: Sequence[str] = ()
    """Lines about hosts and queues."""


def status_text(seen: Seen) -> str:
    """Return the lines."""
    services = sorted(seen.counts.items(), key=lambda pair: (-sum(pair[1].values()), pair[0]))
    head = [f"{len(services)} service{'s' if len(services) != 1 else ''}"]
    head.append(f"{len(seen.silent)} silent" if seen.silent else "none silent")
    firing = len(seen.firing)
    head.append(f"{firing or 'no'} alert{'s' if firing != 1 else ''} firing")
    lines = [", ".join(head)]
    lines += [f"{name}: {_rates(counts, seen.elapsed_s)}" for name, counts in services[: seen.max_lines]]
    if rest := services[seen.max_lines :]:
        total = {signal: sum(counts.get(signal, 0) for _, counts in rest) for signal in Signal}
        lines.append(f"{len(rest)} more: {_rates(total, seen.elapsed_s)}")
    longest = sorted(seen.silent, key=lambda group: (-group.silence_s, group.name))
    lines += _listed(f"{group.name or 'everything'}: silent for {spoken(group.silence_s)}" for group in longest)
    lines += _listed(_alert_line(event, seen.now_ns) for event in seen.firing)
    lines += seen.machines
    return "\n".join(lines)


def worst_severity(seen: Seen) -> int:
    """Return the severity number of the worst alert that fires, those of silence included; 0 where none does."""
    of_silence = [AlertEvent(name="", state=AlertState.FIRING, severity=group.severity) for group in seen.silent]
    return max((event.severity_number for event in (*seen.firing, *of_silence)), default=0)


def status_batch(seen: Seen, component: str, version: str) -> LogsBatch:
    """Return the status as a log record. ``heartbeat.fingerprint`` is the same for all of one connector."""
    totals = {
        signal: sum(counts.get(signal, 0) for counts in seen.counts.values()) * 60 / max(seen.elapsed_s, 1e-9)
        for signal in Signal
    }
    attributes = {
        "heartbeat.fingerprint": fingerprint_of(STATUS_EVENT, {"component": component}),
        "heartbeat.interval_s": round(seen.elapsed_s, 3),
        "heartbeat.services": len(seen.counts),
        "heartbeat.silent": len(seen.silent),
        "heartbeat.alerts_firing": len(seen.firing),
        **({"heartbeat.worst_severity": worst} if (worst := worst_severity(seen)) else {}),
        **{f"heartbeat.{_WORDS[signal]}_per_minute": round(total, 3) for signal, total in totals.items()},
    }
    request = ExportLogsServiceRequest()
    scope_logs = request.resource_logs.add().scope_logs.add()
    scope_logs.scope.name, scope_logs.scope.version = SCOPE_NAME, version
    scope_logs.log_records.add(
        time_unix_nano=seen.now_ns,
        observed_time_unix_nano=seen.now_ns,
        severity_number=int(Severity.INFO),
        severity_text="INFO",
        body=AnyValue(string_value=status_text(seen)),
        event_name=STATUS_EVENT,
        attributes=pairs(tuple(attributes.items())),
    )
    return LogsBatch(request)


def _rates(counts: Mapping[Signal, int], elapsed_s: float) -> str:
    told = [
        f"{rate(counts[signal] * 60 / max(elapsed_s, 1e-9))} {word}"
        for signal, word in _WORDS.items()
        if counts.get(signal)
    ]
    return f"{', '.join(told)} a minute"


def _alert_line(event: AlertEvent, now_ns: int) -> str:
    group = group_name(tuple((key, str(value)) for key, value in event.labels.items()))
    name = f"{event.name} of {group}" if group else event.name
    since = f" for {spoken((now_ns - event.started_ns) / _NS)}" if 0 < event.started_ns <= now_ns else ""
    return f"{name}: {event.severity}{since}"


def _listed(lines: Iterable[str]) -> list[str]:
    found = list(lines)
    more = len(found) - _MOST_LISTED
    return [*found[:_MOST_LISTED], f"and {more:,} more"] if more > 0 else found
