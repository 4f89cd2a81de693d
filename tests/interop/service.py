"""The service as users start it: a configuration file, the command, two ports, a signal to end it."""

import re
import signal
import sys
import urllib.request
from collections.abc import Iterator
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
_METRICS = re.compile(r"http://127\.0\.0\.1:\d+/metrics")


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

    def wait_for_refusals(self, transport: str, count: int) -> None:
        """Wait until so many log records have been refused over ``grpc`` or ``http``."""
        address = _METRICS.search(self.child.err)
        assert address, self.child.err
        url = address.group()
        wanted = re.compile(
            rf'^otelcol_receiver_refused_log_records{{[^}}]*transport="{transport}"[^}}]*}} (\S+)', re.MULTILINE
        )

        def refused() -> bool:
            with _DIRECT.open(url, timeout=READY_S) as page:
                found = wanted.search(page.read().decode())
            return found is not None and float(found.group(1)) >= count

        eventually(refused, READY_S, lambda: f"fewer than {count} records refused over {transport}: {self.child.err}")

    def stop(self) -> None:
        """End it as ``systemctl stop`` does; it drains, says so and exits with 0."""
        self.child.process.send_signal(signal.SIGTERM)
        finished = self.child.finished(READY_S)
        assert finished.code == 0, finished.err
        assert "Shutdown complete." in finished.err


@contextmanager
def running_service(folder: Path, far_end: FarEnd, *, overload: bool = False) -> Iterator[Service]:
    """Start it on free ports.

    Args:
        folder: for its files.
        far_end: where the destinations ``everything`` and ``problems`` (WARN and above) point.
        overload: a queue for one request, and own metrics; else a second exporter writes what arrives to a file.
    """
    received = folder / "received.jsonl"
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(_config(far_end, received, overload=overload), sort_keys=False), encoding="utf-8")
    with running([COMMAND, "--config", config], folder, "service") as child:
        log = child.wait_for(READY)
        addresses = dict(_LISTENING.findall(log.partition(READY)[2]))
        yield Service(child, addresses["grpc"], addresses["http"], received)


def _config(far_end: FarEnd, received: Path, *, overload: bool) -> dict[str, Any]:
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
    prometheus = {"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": 0}}}}
    if overload:
        discord["sending_queue"] = {"queue_size": 1}
    return {
        "receivers": {
            "otlp": {"protocols": {"grpc": {"endpoint": "127.0.0.1:0"}, "http": {"endpoint": "127.0.0.1:0"}}}
        },
        "exporters": {"discord": discord} | ({} if overload else {"file": {"path": str(received)}}),
        "service": {
            "telemetry": {"metrics": {"readers": [prometheus]} if overload else {"level": "none"}},
            "pipelines": {
                "logs": {"receivers": ["otlp"], "exporters": ["discord"] if overload else ["file", "discord"]}
            },
        },
    }
