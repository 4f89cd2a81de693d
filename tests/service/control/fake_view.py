"""A service to look at, without one: two exporters, one that can be asked and one that cannot."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from otel_discord.component import ComponentStatus, Host, RetryableError, Status
from otel_discord.component.maintenance import MaintenanceRequest, MaintenanceWindow
from otel_discord.component.service_view import Reading, ReloadNote, Wire
from otel_discord.component.silences import Silence, SilenceRequest
from otel_discord.component.watched_exporter import DestinationState, Health, ShownMessage
from otel_discord.signals.alert_event import AlertEvent, AlertState

TOKEN = "Zq" + "7" * 66
URL = f"https://discord.com/api/webhooks/123456789012345678/{TOKEN}"
NOW_S = 1_700_000_000.0
NS = 1_000_000_000


def ago_ns(seconds: float) -> int:
    return int((NOW_S - seconds) * NS)


def ops() -> DestinationState:
    return DestinationState(
        name="ops",
        health=Health.WAITING,
        label="Telemetry in #ops",
        waiting_cards=12,
        waiting_records=4_312,
        oldest_waiting_ns=ago_ns(74),
        budget_left=3.0,
        next_at_ns=ago_ns(-1.5),
        delivered=1_204,
        failed=2,
        recent_success=0.98,
        response_p50_s=0.143,
        response_p99_s=0.911,
        last_sent_ns=ago_ns(2),
        last_429_ns=ago_ns(130),
        webhook_up=True,
        webhook_checked_ns=ago_ns(600),
        webhook_response_s=0.2,
    )


def pager() -> DestinationState:
    return DestinationState(
        name="pager",
        health=Health.GONE,
        breaker="open",
        waiting_cards=1,
        waiting_records=1,
        oldest_waiting_ns=ago_ns(3_700),
        failed=7,
        recent_success=0.0,
        last_error=f"10015: Unknown Webhook ({URL})",
        last_error_ns=ago_ns(60),
        fallback="ops",
        webhook_up=False,
    )


def alert(**changed: Any) -> AlertEvent:
    fields: dict[str, Any] = {
        "name": "QueueDepth",
        "state": AlertState.FIRING,
        "severity": "critical",
        "started_ns": ago_ns(300),
        "value": 1_250.0,
        "threshold": "> 1000",
        "labels": {"service.name": "shop", "url": URL},
        "summary": f"too much waits, see {URL}",
    }
    return AlertEvent(**{**fields, **changed})


@dataclass
class FakeExporter:
    """Watched, with silences and maintenance."""

    states: Sequence[DestinationState] = field(default_factory=lambda: [ops(), pager()])
    alerts: Sequence[tuple[AlertEvent, Sequence[str]]] = field(default_factory=lambda: [(alert(), ["ops"])])
    is_running: bool = True

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        yield

    def destination_states(self) -> Sequence[DestinationState]:
        return self.states

    def recent_messages(self, limit: int = 50) -> Sequence[ShownMessage]:
        return ()

    def firing_alerts(self) -> Sequence[tuple[AlertEvent, Sequence[str]]]:
        return self.alerts

    async def silences(self) -> Sequence[Silence]:
        if not self.is_running:
            raise RetryableError("not running")
        ends = {"ends_ns": ago_ns(-7_200)}
        return [
            Silence(id="ab12cd34", active=True, matchers=("service.name=shop",), starts_ns=ago_ns(60), **ends),
            Silence(id="later000", active=False, matchers=("x=y",), starts_ns=ago_ns(-60), **ends),
        ]

    async def add_silence(self, request: SilenceRequest) -> Silence:
        raise NotImplementedError

    async def expire_silence(self, silence_id: str) -> Silence:
        raise NotImplementedError

    async def maintenance_windows(self) -> Sequence[MaintenanceWindow]:
        if not self.is_running:
            raise RetryableError("not running")
        return [
            MaintenanceWindow(
                name="db",
                active=True,
                action="hold",
                records="service.name=db",
                until_ns=ago_ns(-600),
                held_problems=2,
                held_records=40,
                comment=f"see {URL}",
            ),
            MaintenanceWindow(name="nightly", active=False, action="drop", records="all"),
        ]

    async def start_maintenance(self, request: MaintenanceRequest) -> MaintenanceWindow:
        raise NotImplementedError

    async def end_maintenance(self, name: str) -> MaintenanceWindow:
        raise NotImplementedError


class Unwatched:
    """An exporter of which only metrics speak."""

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        yield


def numbers() -> list[Reading]:
    old = {"exporter": "discord/old", "destination": "errors"}
    watched = {"exporter": "discord", "destination": "ops"}
    return [
        Reading("otelcol_receiver_accepted_log_records", {"receiver": "otlp", "transport": "grpc"}, 5_000),
        Reading("otelcol_receiver_accepted_log_records", {"receiver": "otlp", "transport": "http"}, 70),
        Reading("otelcol_receiver_refused_log_records", {"receiver": "otlp", "transport": "http"}, 3),
        Reading("otelcol_receiver_accepted_spans", {"receiver": "otlp", "transport": "http"}, 11),
        Reading("otelcol_processor_filter_logs_filtered", {"filter": "filter"}, 100),
        Reading("otelcol_processor_filter_spans_filtered", {"filter": "filter"}, 4),
        Reading("otelcol_exporter_sent_log_records", {"exporter": "discord"}, 650),
        Reading("otelcol_exporter_send_failed_log_records", {"exporter": "discord"}, 9),
        Reading("otelcol_exporter_enqueue_failed_log_records", {"exporter": "discord"}, 1),
        Reading("otelcol_exporter_queue_size", {"exporter": "discord", "data_type": "logs"}, 820),
        Reading("otelcol_exporter_queue_capacity", {"exporter": "discord", "data_type": "logs"}, 1_024),
        Reading("otelcol_exporter_in_flight_requests", {"exporter": "discord", "data_type": "logs"}, 3),
        Reading("otelcol_exporter_queue_size", {"exporter": "discord/old", "data_type": "logs"}, 0),
        Reading("otelcol_exporter_queue_capacity", {"exporter": "discord/old", "data_type": "logs"}, 16),
        Reading("otelcol_process_memory_rss", {}, 88_000_000),
        Reading("otelcol_process_cpu_seconds", {}, 12.5),
        Reading("otel_discord_messages_sent_total", watched, 1_204),
        Reading("otel_discord_messages_sent_total", old, 30),
        Reading("otel_discord_messages_failed_total", {**old, "reason": "timeout"}, 8),
        Reading("otel_discord_messages_failed_total", {**old, "reason": "not_found"}, 2),
        Reading("otel_discord_breaker_state", old, 2),
        Reading("otel_discord_last_429_timestamp_seconds", old, NOW_S - 10),
        Reading("otel_discord_send_duration_seconds", old, 40, 6.0, (0.1, 0.25, 1.0), (20, 18, 2, 0)),
        Reading("otel_discord_dead_letters", {"exporter": "discord"}, 17),
    ]


@dataclass
class FakeView:
    """Implements ``ServiceView``."""

    version: str = "1.2.3"
    started_at_unix_s: float = NOW_S - 3_725
    ready: bool = True
    statuses: Mapping[str, ComponentStatus] = field(
        default_factory=lambda: {
            "receiver:otlp": ComponentStatus(Status.OK, "", NOW_S - 3_700),
            "processor:filter@logs": ComponentStatus(Status.OK, "", NOW_S - 3_700),
            "exporter:discord": ComponentStatus(Status.RECOVERABLE, f"pager: 404 at {URL}", NOW_S - 60),
            "exporter:discord/old": ComponentStatus(Status.OK, "", NOW_S - 3_700),
        }
    )
    pipelines: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {
            "logs": ("receiver:otlp", "processor:filter@logs", "exporter:discord", "exporter:discord/old")
        }
    )
    wires: Sequence[Wire] = (
        Wire("receiver:otlp", "processor:filter@logs", "logs", "logs"),
        Wire("processor:filter@logs", "exporter:discord", "logs", "logs"),
        Wire("processor:filter@logs", "exporter:discord/old", "logs", "logs"),
    )
    configuration: str = f"exporters: {{discord: {{webhook_url: {URL}}}}}"
    reloads: Sequence[ReloadNote] = (ReloadNote(NOW_S - 30, False, (f"reload failed: {URL}",)),)
    numbers: list[Reading] = field(default_factory=numbers)
    components: dict[str, Any] = field(
        default_factory=lambda: {"exporter:discord": FakeExporter(), "exporter:discord/old": Unwatched()}
    )

    def readings(self) -> Sequence[Reading]:
        return self.numbers

    def open_components(self) -> Mapping[str, Any]:
        return self.components

    def redact(self, text: str) -> str:
        return text.replace(TOKEN, "[REDACTED]")
