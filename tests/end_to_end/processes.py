"""Our programs as processes: the service, the stand-in for Discord, and questions to them. 127.0.0.1 only."""

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import nursery

DEADLINE_S = 40.0
COMMAND = [sys.executable, "-m", "otel_discord"]
_LASTING_PORTS = range(20_000, 32_000)
"""Below those that the system gives to outgoing connections, which would take one while a service is down."""


def free_port() -> int:
    """Return a port that nobody listens on now, and that stays free for a service that is started again."""
    dice = random.SystemRandom()
    while True:
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", dice.choice(_LASTING_PORTS)))
            return int(probe.getsockname()[1])


class Running:
    """A process whose output (stdout and stderr) is read as it comes."""

    def __init__(self, process: "subprocess.Popen[str] | nursery.Forked") -> None:
        self.process = process
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.said.extend(iter(self.process.stdout.readline, ""))

    def read_until(self, pattern: str, deadline_s: float = DEADLINE_S) -> re.Match[str]:
        """Return the first match in a line of its output; fail with all it said."""
        ends_at = time.monotonic() + deadline_s
        looked_at = 0
        while time.monotonic() < ends_at:
            over = not self._reader.is_alive()
            while looked_at < len(self.said):
                if found := re.search(pattern, self.said[looked_at]):
                    return found
                looked_at += 1
            if over:
                break
            time.sleep(0.02)
        raise AssertionError(f"{pattern!r} was not said:\n{''.join(self.said)}")

    def wait(self, deadline_s: float = DEADLINE_S) -> int:
        """Wait for its end and return the exit code; ``said`` is complete then."""
        self.process.wait(timeout=deadline_s)
        self._reader.join(timeout=deadline_s)
        return self.process.returncode

    def end(self, number: signal.Signals = signal.SIGTERM, deadline_s: float = DEADLINE_S) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.wait(deadline_s)


@contextmanager
def started(arguments: list[str], **environment: str) -> Iterator[Running]:
    """Run a program; it is killed at the end if it has not ended by itself."""
    running = Running(_process(arguments, {**os.environ, "PYTHONUNBUFFERED": "1", **environment}))
    process = running.process
    try:
        yield running
    finally:
        if process.poll() is None:
            process.kill()
        running.wait()
        if process.stdout is not None:
            process.stdout.close()


def _process(arguments: list[str], environment: dict[str, str]) -> "subprocess.Popen[str] | nursery.Forked":
    if not nursery.can_fork(arguments, environment):
        return subprocess.Popen(
            arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
            env=environment,
            start_new_session=True,
        )
    reading, writing = os.pipe()
    try:
        process = nursery.start(arguments, environment=environment, output=writing, errors=writing)
    finally:
        os.close(writing)
    process.stdout = os.fdopen(reading, encoding="utf-8", errors="replace", buffering=1)
    return process


@dataclass(slots=True)
class StandIn:
    """FakeDiscord as a process."""

    urls: list[str]
    base_url: str

    def ask(self, what: str) -> Any:
        """Return messages, journal, violations or stats."""
        with urllib.request.urlopen(f"{self.base_url}/_fake/{what}", timeout=10) as answer:
            return json.load(answer)

    def titles(self) -> list[str]:
        """Return the titles of all embeds, in order."""
        return [embed.get("title", "") for message in self.ask("messages") for embed in message["embeds"]]

    def add_fault(self, **fault: Any) -> None:
        """Script a fault; see ``journal_api``."""
        request = urllib.request.Request(f"{self.base_url}/_fake/faults", json.dumps(fault).encode(), method="POST")
        urllib.request.urlopen(request, timeout=10).close()


@contextmanager
def stand_in(*arguments: str) -> Iterator[StandIn]:
    """Run FakeDiscord as a process."""
    with started([sys.executable, "-m", "otel_discord.testing.fake_discord", *arguments]) as fake:
        fake.read_until("^ready")
        urls = [line.strip() for line in fake.said if line.startswith("http")]
        yield StandIn(urls, urls[0].split("/api/")[0])


def service_configuration(directory: Path, fake: StandIn, **discord: Any) -> Path:
    """Write a configuration on free ports whose Discord is ``fake``; each record is a card of its own."""
    exporter = {
        "webhook_url": fake.urls[0],
        "endpoint": f"{fake.base_url}/api/v10",
        "allow_insecure_endpoint": True,
        "dead_letters": {"directory": str(directory / "dead-letters")},
        "fold": {"enabled": False},
        **discord,
    }
    configuration = {
        "receivers": {
            "otlp": {"protocols": {"grpc": {"endpoint": "127.0.0.1:0"}, "http": {"endpoint": "127.0.0.1:0"}}}
        },
        "exporters": {"discord": exporter},
        "service": {
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {"logs": {"receivers": ["otlp"], "exporters": ["discord"]}},
        },
    }
    path = directory / "config.yaml"
    path.write_text(json.dumps(configuration))  # JSON is YAML
    return path


def post_logs(port: int, *bodies: str, severity: int = 17) -> int:
    """Send log records as OTLP/JSON; return the HTTP status."""
    records = [
        {"timeUnixNano": str(time.time_ns()), "severityNumber": severity, "body": {"stringValue": body}}
        for body in bodies
    ]
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    body = {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": records}]}]}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/logs", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return int(answer.status)


def eventually(is_so: Callable[[], bool], deadline_s: float = DEADLINE_S) -> None:
    """Wait until something is so."""
    ends_at = time.monotonic() + deadline_s
    while not is_so():
        assert time.monotonic() < ends_at, "it did not come true in time"
        time.sleep(0.1)
