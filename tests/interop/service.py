"""The service as users start it: a configuration file, the command, two ports, a signal to end it."""

import re
import signal
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.interop.far_end import FarEnd
from tests.interop.processes import READY_S, Child, eventually, running

COMMAND = Path(sys.executable).with_name("otel-discord")
READY = "Everything is ready."
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_LISTENING = re.compile(r"otlp (grpc|http) on (127\.0\.0\.1:\d+)")
_METRICS = re.compile(r"metrics prometheus on (127\.0\.0\.1:\d+)")


@dataclass(frozen=True)
class Service:
    child: Child
    grpc: str
    """``host:port``."""
    http: str
    """``host:port``."""
    received: Path
    """What has passed, as OTLP JSON lines, where a second exporter writes it."""

    def endpoint(self, protocol: str) -> str:
        """Return what ``OTEL_EXPORTER_OTLP_ENDPOINT`` is to be."""
        return f"http://{self.grpc if protocol == 'grpc' else self.http}"

    def refused(self, transport: str) -> int:
        """Return how many log records have been refused over ``grpc`` or ``http``."""
        address = _METRICS.search(self.child.err)
        assert address, self.child.err
        with _DIRECT.open(f"http://{address.group(1)}/metrics", timeout=READY_S) as page:
            lines = page.read().decode().splitlines()
        counters = [line for line in lines if line.startswith("otelcol_receiver_refused_log_records{")]
        return sum(int(float(line.split()[-1])) for line in counters if f'transport="{transport}"' in line)

    def wait_for_refusals(self, transport: str, count: int) -> None:
        """Wait until so many log records have been refused."""
        eventually(
            lambda: self.refused(transport) >= count,
            READY_S,
            lambda: f"{self.refused(transport)} of {count} records refused over {transport}",
        )

    def stop(self) -> None:
        """End it as ``systemctl stop`` does; it drains, says so and exits with 0."""
        self.child.process.send_signal(signal.SIGTERM)
        finished = self.child.finished(READY_S)
        assert finished.code == 0, finished.err
        assert "Shutdown complete." in finished.err


@contextmanager
def running_service(folder: Path, far_end: FarEnd, *, queue: Mapping[str, Any] | None = None) -> Iterator[Service]:
    """Start it on free ports.

    Args:
        folder: for its files.
        far_end: where the destinations ``everything`` and ``problems`` (WARN and above) point.
        queue: settings of the ``sending_queue``; without them a second exporter writes all that arrives to a file.
    """
    received = folder / "received.jsonl"
    with running_configured(folder, _config(far_end, received, queue), received) as service:
        yield service


@contextmanager
def running_configured(folder: Path, configuration: Mapping[str, Any], received: Path) -> Iterator[Service]:
    """Start it with any configuration that has an ``otlp`` receiver on free ports, and a file exporter to a path."""
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(configuration, sort_keys=False), encoding="utf-8")
    with running([COMMAND, "--config", config], folder, "service") as child:
        log = child.wait_for(READY)
        addresses = dict(_LISTENING.findall(log.partition(READY)[2]))
        yield Service(child, addresses["grpc"], addresses["http"], received)


def _config(far_end: FarEnd, received: Path, queue: Mapping[str, Any] | None) -> dict[str, Any]:
    everything, problems = far_end.webhook_urls
    discord = {
        "endpoint": f"{far_end.base_url}/api/v10",
        "allow_insecure_endpoint": True,
        "min_severity": "TRACE",
        "destinations": {
            "everything": {"webhook_url": everything, "preset": "full"},
            "problems": {"webhook_url": problems, "min_severity": "WARN"},
        },
        "rate_limit": {"requests_per_second": 10_000, "channel_messages_per_minute": 0},
        "fold": {"enabled": False},
        "timeout": "60s",  # a far end that stalls is not a far end that failed
    }
    exporters: dict[str, Any] = {"discord": discord}
    if queue is None:
        exporters = {"file": {"path": str(received)}, "discord": discord}
    else:
        discord["sending_queue"] = dict(queue)
    prometheus = {"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": 0}}}}
    return {
        "receivers": {
            "otlp": {"protocols": {"grpc": {"endpoint": "127.0.0.1:0"}, "http": {"endpoint": "127.0.0.1:0"}}}
        },
        "exporters": exporters,
        "service": {
            "telemetry": {"metrics": {"readers": [prometheus]}},
            "pipelines": {"logs": {"receivers": ["otlp"], "exporters": list(exporters)}},
        },
    }
