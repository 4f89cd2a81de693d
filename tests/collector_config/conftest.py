"""A real service as a process, a served FakeDiscord in this one, and OTLP over real sockets."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import nursery

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 30.0
KEPT = ("PATH", "HOME", "LANG", "COVERAGE_PROCESS_CONFIG")


@dataclass
class Service:
    """``otel-discord`` with a configuration of the repository, and what it says."""

    process: "subprocess.Popen[bytes] | nursery.Forked"
    log_path: Path
    endpoints: dict[str, str] = field(default_factory=dict)

    @property
    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8")

    def wait_until_ready(self) -> None:
        """Read from the log where it listens."""
        deadline_s = time.monotonic() + TIMEOUT_S
        while "Everything is ready." not in self.log:
            assert self.process.poll() is None, self.log
            assert time.monotonic() < deadline_s, self.log
            time.sleep(0.02)
        line = next(each for each in self.log.splitlines() if "Everything is ready." in each)
        for part in line.partition("Listening: ")[2].split(", "):
            name, _, address = part.rpartition(" on ")
            self.endpoints[name] = address

    def stop(self) -> int:
        """End it as a service manager does; return its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(TIMEOUT_S)
            raise


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Start a service: ``start(arguments, environment)``."""
    services: list[Service] = []

    def start_it(arguments: Sequence[str], environment: dict[str, str]) -> Service:
        log_path = tmp_path / f"log-{len(services)}"
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        with log_path.open("wb") as log:
            command = [sys.executable, "-m", "otel_discord", *arguments]
            process = nursery.popen(command, environment=kept | environment, folder=tmp_path, output=log.fileno())
        services.append(Service(process, log_path))
        return services[-1]

    yield start_it
    for service in services:
        service.stop()
