"""The service of a web shop on a bad afternoon, for tests and for the pictures in docs/images."""

import logging

from opentelemetry.metrics import NoOpMeter
from opentelemetry.trace import NoOpTracer

from otel_discord.component import ComponentId, ComponentStatus, Settings, Status
from otel_discord.component.dead_letters import Letter
from otel_discord.component.maintenance import MaintenanceWindow
from otel_discord.component.service_view import ReloadNote, Wire
from otel_discord.component.silences import Silence
from otel_discord.component.watched_exporter import DestinationState, Health, ShownMessage
from otel_discord.config import Secret
from otel_discord.extensions.bearer_token_auth.config import BearerTokenAuthConfig
from otel_discord.extensions.bearer_token_auth.extension import BearerTokenAuth
from otel_discord.signals.alert_event import AlertEvent, AlertState
from tests.extensions.status_page.fake_service import (
    HOSTILE,
    TOKEN,
    FakeExporter,
    FakeLetters,
    FakeService,
    Plain,
    ago,
    journey,
    message,
)

PIPELINES = {
    "logs": ("receiver:otlp", "processor:memory_limiter@logs", "processor:filter/noise@logs", "exporter:discord"),
    "metrics": ("receiver:otlp", "receiver:host_metrics", "connector:threshold"),
    "logs/alerts": ("connector:threshold", "exporter:discord"),
    "traces": ("receiver:otlp", "connector:exceptions", "exporter:otlp_grpc"),
    "logs/exceptions": ("connector:exceptions", "exporter:discord"),
}
WIRES = [
    Wire("receiver:otlp", "processor:memory_limiter@logs", "logs", "logs"),
    Wire("processor:memory_limiter@logs", "processor:filter/noise@logs", "logs", "logs"),
    Wire("processor:filter/noise@logs", "exporter:discord", "logs", "logs"),
    Wire("receiver:otlp", "connector:threshold", "metrics", "metrics"),
    Wire("receiver:host_metrics", "connector:threshold", "metrics", "metrics"),
    Wire("connector:threshold", "exporter:discord", "logs", "logs/alerts"),
    Wire("receiver:otlp", "connector:exceptions", "traces", "traces"),
    Wire("receiver:otlp", "exporter:otlp_grpc", "traces", "traces"),
    Wire("connector:exceptions", "exporter:discord", "logs", "logs/exceptions"),
]
CONFIGURATION = """receivers:
  otlp:
    protocols:
      grpc: {endpoint: localhost:4317}
      http: {endpoint: localhost:4318}
exporters:
  discord:
    destinations:
      errors:
        webhook_url: '[REDACTED]'
        min_severity: WARN
      pager:
        webhook_url: '[REDACTED]'
        fallback: errors
    routes:
    - condition: severity_number >= SEVERITY_NUMBER_FATAL
      destinations: [pager, errors]
"""


def destinations() -> list[DestinationState]:
    return [
        DestinationState(
            name="errors", health=Health.WAITING, label="Telemetry in #shop-errors", waiting_cards=7,
            waiting_records=4312, oldest_waiting_ns=ago(42), budget_left=0, next_at_ns=ago(-1.8), delivered=1893,
            failed=2, recent_success=0.99, response_p50_s=0.118, response_p99_s=0.64, last_sent_ns=ago(1),
            last_429_ns=ago(5400), webhook_up=True, webhook_checked_ns=ago(310), webhook_response_s=0.094,
        ),
        DestinationState(
            name="pager", health=Health.GONE, label="Pager in #on-call", waiting_cards=1, waiting_records=1,
            oldest_waiting_ns=ago(212), breaker="open", delivered=41, failed=3, recent_success=0.42,
            response_p50_s=0.2, response_p99_s=2.4, last_error="404 Unknown Webhook (10015)", last_error_ns=ago(205),
            fallback="errors", webhook_up=False, webhook_checked_ns=ago(12),
        ),
        DestinationState(
            name="audit", health=Health.MUTED, label="Telemetry in #audit", budget_left=5, delivered=310,
            recent_success=1.0, response_p50_s=0.101, response_p99_s=0.31, last_sent_ns=ago(4000),
            webhook_up=True, webhook_checked_ns=ago(300), webhook_response_s=0.087,
        ),
        DestinationState(
            name="ops", health=Health.OK, label="Telemetry in #ops", budget_left=4, delivered=706,
            recent_success=1.0, response_p50_s=0.109, response_p99_s=0.4, last_sent_ns=ago(65), webhook_up=True,
            webhook_checked_ns=ago(305), webhook_response_s=0.09,
        ),
    ]  # fmt: skip


def messages() -> list[ShownMessage]:
    return [
        ShownMessage(
            key="1", destination="errors", records=4312, url="https://discord.com/channels/1/2/3",
            message=message(
                "🔴 Payment declined: gateway timeout ×4,312",
                "The card processor did not answer within **5 s**.\n```\nstripe.error.APIConnectionError: timeout\n```",
                0xE5484D, 95, service="checkout", version="4.12.0", env="prod",
            ) | {"edited_timestamp": "2026-01-01T00:00:00+00:00"},
            journey=journey(
                95, (0, "received", "otlp, 1 record, ERROR"), (0.02, "routed", "route 2: errors"),
                (0.4, "sent", "as message 3, 200 in 118 ms"), (12, "folded", "4,311 records counted into it"),
                (93, "edited", "×4,312, 200 in 121 ms"),
            ),
        ),
        ShownMessage(
            key="2", destination="pager", is_delivered=False,
            message=message(
                "No space left on device", "Orders are not being written to `/orders`.", 0xE5484D, 212,
                service="checkout", mount="/orders", host="shop-7",
            ),
            journey=journey(
                212, (0, "received", "otlp, 1 record, FATAL"), (0.01, "routed", "route 1: pager, errors"),
                (0.3, "failed", "404 Unknown Webhook (10015)"), (1.2, "sent", "to its fallback errors"),
                (2, "waiting", "for the webhook of pager"),
            ),
        ),
        ShownMessage(
            key="3", destination="errors", files=("body.txt",),
            message=message(
                f"User input: {HOSTILE}"[:250], f"A record may hold anything: {HOSTILE} and a token {TOKEN}", 0xF5A623,
                330, service="search", attribute=HOSTILE[:100],
            ),
            journey=journey(
                330, (0, "received", f"otlp {HOSTILE}"), (0.1, "sent", "as message 9, 200 in 102 ms"),
            ),
        ),
        ShownMessage(
            key="4", destination="ops",
            message=message("✅ Resolved: QueueTooDeep", "worker is back to **12 jobs** after 14 min.", 0x2F9E58, 900),
            journey=journey(900, (0, "received", "alert.resolved"), (0.2, "edited", "message 7, now green")),
        ),
    ]  # fmt: skip


def alerts() -> list[tuple[AlertEvent, tuple[str, ...]]]:
    return [
        (
            AlertEvent(
                name="DiskNearlyFull", state=AlertState.FIRING, severity="critical", started_ns=ago(840), value=97.2,
                threshold="> 95", unit="%", labels={"host.name": "shop-7", "mountpoint": "/orders"},
                summary="/orders on shop-7 is 97 % full",
            ),
            ("errors",),
        ),
        (
            AlertEvent(
                name="QueueTooDeep", state=AlertState.FIRING, severity="warning", started_ns=ago(145), value=1234,
                threshold="> 1000", unit="{job}", labels={"service.name": "worker", "queue": "mail"},
                summary="1,234 jobs wait",
            ),
            ("errors", "ops"),
        ),
    ]  # fmt: skip


def letters() -> list[Letter]:
    return [
        Letter(
            id=16, time_ns=ago(7300), destination="errors", reason="refused", status=400, code=50035,
            words="Invalid Form Body", errors=("embeds[0].fields[3].value: This field is required",), attempts=1,
            severity="ERROR", service="checkout", text="Cart total is NaN", count=12,
        ),
        Letter(
            id=17, time_ns=ago(3100), destination="pager", reason="webhook_gone", status=404, code=10015,
            words="Unknown Webhook", attempts=1, severity="FATAL", service="orders", text="Database is read-only",
        ),
        Letter(
            id=18, time_ns=ago(900), destination="pager", reason="webhook_gone", status=404, code=10015,
            words=f"Unknown Webhook {TOKEN}", attempts=1, severity="ERROR", service="search", text=HOSTILE,
        ),
    ]  # fmt: skip


def shop(*, well: bool = False) -> FakeService:
    """Return the service; with ``well`` nothing is wrong."""
    exporter = FakeExporter(
        states=[each for each in destinations() if not well or each.name == "ops"],
        messages=[] if well else messages(),
        alerts=[] if well else alerts(),
        kept_silences=[] if well else [
            Silence(
                id="5f3a09c1", active=True, matchers=("service.name=search", 'body=~"timeout.*"'),
                starts_ns=ago(1200), ends_ns=ago(-6000), silenced_records=87, comment="index is being rebuilt",
                author="mia",
            )
        ],
        windows=[] if well else [
            MaintenanceWindow(
                name="nightly backup", active=True, action="hold", records="service.name=db", configured=True,
                since_ns=ago(600), until_ns=ago(-1200), held_problems=2, held_records=31, destinations=("audit",),
            ),
            MaintenanceWindow(name="deploy", active=False, action="hold", records="every record", configured=True),
        ],
        box=FakeLetters([] if well else letters()),
    )  # fmt: skip
    status = ComponentStatus(Status.OK, "", ago(93_000) / 1e9)
    bad = ComponentStatus(Status.PERMANENT, f"pager: the webhook is gone ({TOKEN})", ago(205) / 1e9)
    names = {name for members in PIPELINES.values() for name in members}
    statuses = dict.fromkeys(sorted(names), status)
    if not well:
        statuses["exporter:discord"] = bad
    service = FakeService(
        statuses=statuses,
        pipelines=dict(PIPELINES),
        wires=list(WIRES),
        components={"exporter:discord": exporter, "exporter:otlp_grpc": Plain()},
        configuration=CONFIGURATION,
        reloads=[] if well else [
            ReloadNote(ago(900) / 1e9, True, ("exporters::discord::routes changed", "receivers: nothing closed")),
            ReloadNote(ago(4000) / 1e9, False, ("exporters::discord::fold::window: 5 has no unit",)),
        ],
    )  # fmt: skip
    otlp = {"receiver": "otlp", "transport": "grpc"}
    service.count("otelcol_receiver_accepted_log_records", 128.4, 8e6, **otlp)
    service.count("otelcol_receiver_refused_log_records", 0 if well else 2.5, **otlp)
    service.count("otelcol_receiver_accepted_spans", 310, 2e7, **otlp)
    service.count("otelcol_receiver_accepted_metric_points", 45, 2e6, **otlp)
    service.count("otelcol_receiver_accepted_metric_points", 6, 1e5, receiver="host_metrics", transport="")
    service.count("otelcol_processor_filter_logs_filtered", 81.2, 5e6, filter="filter/noise")
    service.count("otelcol_exporter_sent_log_records", 46.9, 3e6, exporter="discord")
    service.count("otelcol_exporter_send_failed_log_records", 0 if well else 0.2, 15, exporter="discord")
    service.count("otelcol_exporter_sent_spans", 310, 2e7, exporter="otlp_grpc")
    service.count("otelcol_exporter_queue_size", 0, 0 if well else 870, exporter="discord", data_type="logs")
    service.count("otelcol_exporter_queue_capacity", 0, 1024, exporter="discord", data_type="logs")
    service.count("otelcol_exporter_in_flight_requests", 0, 3, exporter="discord", data_type="logs")
    service.count("otelcol_exporter_queue_size", 0, 2, exporter="otlp_grpc", data_type="traces")
    service.count("otelcol_exporter_queue_capacity", 0, 1024, exporter="otlp_grpc", data_type="traces")
    service.count("otel_discord_messages_sent_total", 0.4, 2950, exporter="discord", destination="errors")
    return service


GOOD = "correct horse battery staple"


def guarded() -> FakeService:
    """Return the shop's service with an authenticator that knows one token."""
    service = shop()
    log = logging.getLogger("test")
    settings = Settings(ComponentId("bearer_token_auth"), NoOpMeter("t"), NoOpTracer(), log, "0")
    auth = BearerTokenAuth(settings, BearerTokenAuthConfig(token=Secret(GOOD)))
    service.extensions = {"bearer_token_auth": auth}
    return service
