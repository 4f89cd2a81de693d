"""What is usual for an operation is known after a restart: ``storage`` of the slow_spans connector, on a real disk."""

import json
import time
import urllib.request
from pathlib import Path
from typing import Any

from tests.end_to_end.processes import COMMAND, StandIn, eventually, stand_in, started

USUAL_MS, SLOW_MS = 20, 900


def test_a_learned_limit_holds_after_a_restart(tmp_path: Path) -> None:
    with stand_in("--profile", "unlimited") as fake:
        path = tmp_path / "config.yaml"
        path.write_text(json.dumps(configuration(tmp_path, fake)))  # JSON is YAML
        run(path, [USUAL_MS] * 40)
        assert fake.titles() == []
        run(path, [SLOW_MS])
        eventually(lambda: bool(fake.titles()))
        (title,) = fake.titles()
        assert title.startswith("⚠️ GET /items took 900 ms (usually ")


def run(config: Path, durations_ms: list[int]) -> None:
    """Start the service, send spans, end it as systemd does."""
    with started([*COMMAND, "--config", str(config)]) as service:
        port = int(service.read_until(r"otlp http on 127\.0\.0\.1:(\d+)")[1])
        service.read_until("Everything is ready")
        assert post_spans(port, durations_ms) == 200
        assert service.end() == 0, service.said


def configuration(directory: Path, fake: StandIn) -> dict[str, Any]:
    discord = {
        "webhook_url": fake.urls[0],
        "endpoint": f"{fake.base_url}/api/v10",
        "allow_insecure_endpoint": True,
        "dead_letters": {"directory": str(directory / "dead-letters")},
    }
    return {
        "extensions": {"file_storage": {"directory": str(directory / "storage"), "create_directory": True}},
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": "127.0.0.1:0"}}}},
        "connectors": {"slow_spans": {"storage": "file_storage", "learned": {"min_spans": 30}, "wait": "0s"}},
        "exporters": {"discord": discord},
        "service": {
            "extensions": ["file_storage"],
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {
                "traces": {"receivers": ["otlp"], "exporters": ["slow_spans"]},
                "logs": {"receivers": ["slow_spans"], "exporters": ["discord"]},
            },
        },
    }


def post_spans(port: int, durations_ms: list[int]) -> int:
    """Send a span for each duration, each in a trace of its own; return the HTTP status."""
    now_ns = time.time_ns()
    spans = [
        {
            "traceId": f"{now_ns + number:032x}",
            "spanId": f"{number + 1:016x}",
            "name": "GET /items",
            "kind": 2,
            "startTimeUnixNano": str(now_ns - duration_ms * 1_000_000),
            "endTimeUnixNano": str(now_ns),
        }
        for number, duration_ms in enumerate(durations_ms)
    ]
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/traces", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return int(answer.status)
