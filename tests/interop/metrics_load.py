"""One load for every SDK, the rules that it meets, and the alerts that came of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.signals import LogsBatch
from otel_discord.signals.alert_event import AlertEvent, alert_event
from otel_discord.signals.otlp_json import decode
from tests.interop.far_end import FarEnd

WINDOW_S = 4
ROUTE = "/checkout"
CALM = {"jobs": 0, "level": 0.25, "failures": 1, "durations_s": [0.02] * 4, "sizes": [900.0] * 4, "pause_s": 0.6}
BURST = {
    "jobs": 495,
    "level": 0.9,
    "failures": 400,
    "durations_s": [1 + each / 100 for each in range(200)],
    "sizes": [50_000.0 + 500 * each for each in range(200)],
}


def plan() -> dict[str, Any]:
    """Return what a client does: calm, one burst that comes in a single export, then calm again."""
    steps = [CALM | {"jobs": 5, "failures": 0}, CALM | BURST, CALM | {"level": 0.9}, CALM | {"jobs": -495}, *[CALM] * 6]
    return {"route": ROUTE, "bounds": [0.01, 0.05, 0.1, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 5.0], "steps": steps}


def rules() -> list[dict[str, Any]]:
    """Return one for each kind of aggregation; each fires in the burst only, with an alert for each service."""

    def rule(name: str, metric: str, aggregation: str, **conditions: str) -> dict[str, Any]:
        group_by = ["service.name", "route"]
        window = f"{WINDOW_S}s"
        keys = {"name": name, "metric": metric, "aggregation": aggregation, "group_by": group_by, "window": window}
        summary = f"{name}: {{{{ attr('service.name') }}}} at {{{{ attr('route') }}}}"
        return keys | {"conditions": conditions, "annotations": {"summary": summary}, "repeat_interval": "0s"}

    return [
        rule("QueueTooDeep", "queue.jobs", "last", warning="> 100", critical="> 400"),
        rule("TankFull", "tank.level", "last", warning="> 80 %"),
        rule("OrdersFail", "orders.failed", "increase", critical="> 100"),
        rule("OrdersFailFast", "orders.failed", "rate", warning="> 20"),
        rule("Slow", "request.duration", "p95", warning="> 1500ms", critical="> 10"),
        rule("Busy", "request.duration", "count", warning="> 100"),
        rule("LargeRequests", "request.size", "p95", warning="> 20 KB"),
        rule("SlowOnAverage", "request.duration", "avg", warning="> 500ms"),
    ]


RULES = [str(each["name"]) for each in rules()]


def configuration(folder: Path, far_end: FarEnd) -> dict[str, Any]:
    """Return a service's configuration with the rules; alerts go to a file and to Discord."""
    discord = {
        "webhook_url": far_end.webhook_urls[0],
        "endpoint": f"{far_end.base_url}/api/v10",
        "allow_insecure_endpoint": True,
        "rate_limit": {"requests_per_second": 10_000, "channel_messages_per_minute": 0},
    }
    prometheus = {"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": 0}}}}
    return {
        "receivers": {
            "otlp": {"protocols": {"grpc": {"endpoint": "127.0.0.1:0"}, "http": {"endpoint": "127.0.0.1:0"}}}
        },
        "connectors": {"threshold": {"evaluation_interval": "200ms", "rules": rules()}},
        "exporters": {"file": {"path": str(folder / "alerts.jsonl")}, "discord": discord},
        "service": {
            "telemetry": {"metrics": {"readers": [prometheus]}},
            "pipelines": {
                "metrics": {"receivers": ["otlp"], "exporters": ["threshold"]},
                "logs": {"receivers": ["threshold"], "exporters": ["file", "discord"]},
            },
        },
    }


@dataclass(frozen=True)
class Told:
    """What is compared of an event: all but times, and whose it is."""

    name: str
    state: str
    severity: str
    threshold: str
    unit: str
    metric: str
    resolution: str
    labels: tuple[tuple[str, str], ...]
    summary: str


def events(path: Path) -> Iterator[AlertEvent]:
    """Yield what the service told, in its order."""
    for line in path.read_bytes().splitlines():
        for _, _, record in LogsBatch(decode(line, ExportLogsServiceRequest)).records():
            event = alert_event(record)
            assert event is not None
            yield event


def told(event: AlertEvent) -> Told:
    """Return what must be equal of the same load, however it was sent."""
    labels = {key: str(value) for key, value in event.labels.items() if key != "service.name"}
    return Told(
        event.name,
        str(event.state),
        event.severity,
        event.threshold,
        event.unit,
        event.metric,
        event.resolution,
        tuple(sorted(labels.items())),
        event.summary.replace(str(event.labels["service.name"]), "SERVICE"),
    )
