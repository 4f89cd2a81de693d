"""One service over many lives: the same directory, configuration and ports."""

import json
import re
import signal
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from otel_discord.component.failpoint import VARIABLE
from tests.end_to_end.processes import Running, StandIn, free_port
from tests.kills.disk import Found, look
from tests.kills.launch import Launch

READY = "Everything is ready"
KILLED = -signal.SIGKILL
END_S = 40.0
_ALARMS = re.compile(r"Traceback|damaged|set aside|salvage|write-ahead log is gone|never retrieved|please report")
"""What no log of a service says that was killed and started again."""

Json = dict[str, Any]


@dataclass(slots=True)
class House:
    """Where a service lives. ``settings`` is its configuration; the file is written at each start."""

    directory: Path
    fake: StandIn
    launch: Launch
    settings: Json
    ports: dict[str, int]
    alarms_expected: bool = False
    life: Running | None = None
    lives: int = 0
    resources: ExitStack = field(default_factory=ExitStack)
    """What else is closed with the house."""
    _stack: ExitStack = field(default_factory=ExitStack)

    @property
    def storage(self) -> Path:
        """Where the queue is on disk."""
        return self.directory / "storage"

    def start(self, failpoint: str = "") -> Running:
        """Start the service, to be killed at a failpoint if one is given."""
        path = self.directory / "config.yaml"
        path.write_text(json.dumps(self.settings))  # JSON is YAML
        self.lives += 1
        self._stack.close()
        arguments = ["--config", str(path)]
        self.life = self._stack.enter_context(self.launch(arguments, {VARIABLE: failpoint}))
        return self.life

    def ready(self) -> Running:
        """Start it and wait until it is ready."""
        life = self.start()
        life.read_until(READY)
        return life

    def end(self, number: signal.Signals) -> int:
        """Send a signal and return the exit code; see that it kept its countenance."""
        assert self.life is not None
        code = self.life.end(number, END_S)
        self.check_log()
        return code

    def check_log(self) -> None:
        """See that the log of a service that has ended holds no alarm and no token.

        Raises:
            AssertionError: it does.
        """
        assert self.life is not None
        log = "".join(self.life.said)
        assert not any(url.rsplit("/", 1)[1] in log for url in self.fake.urls), "a token is in the log"
        if not self.alarms_expected:
            assert not _ALARMS.search(log), log[-4000:]

    def look(self) -> Found:
        """Look into a copy of what is on disk, while no service runs."""
        return look(self.storage, self.directory / "copy")

    def metric(self, name: str) -> float:
        """Return a metric of the running service, summed over its series."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['metrics']}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if re.match(rf"{name}(\{{|\s)", line))

    def close(self) -> None:
        """End what runs."""
        self._stack.close()
        self.resources.close()


def house(directory: Path, fake: StandIn, launch: Launch, destinations: Json, **exporter: Any) -> House:
    """Return a house with one discord exporter on disk storage, its Discord being ``fake``."""
    ports = {name: free_port() for name in ("http", "grpc", "metrics")}
    reader = {"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": ports["metrics"]}}}}
    settings = {
        "receivers": {
            "otlp": {
                "protocols": {name: {"endpoint": f"127.0.0.1:{ports[name]}"} for name in ("http", "grpc")},
            }
        },
        "extensions": {"file_storage": {"directory": str(directory / "storage"), "min_free_mib": 0}},
        "exporters": {
            "discord": {
                "endpoint": f"{fake.base_url}/api/v10",
                "allow_insecure_endpoint": True,
                "destinations": destinations,
                "min_severity": "WARN",
                "sending_queue": {"storage": "file_storage", "queue_size": 100_000},
                "fold": {"enabled": False},
                **exporter,
            }
        },
        "service": {
            "extensions": ["file_storage"],
            "telemetry": {"metrics": {"readers": [reader]}},
            "pipelines": {"logs": {"receivers": ["otlp"], "exporters": ["discord"]}},
        },
    }
    return House(directory, fake, launch, settings, ports)


def until(is_so: Any, what: str, deadline_s: float = 20.0, step_s: float = 0.02) -> None:
    """Wait until something is so.

    Raises:
        AssertionError: it did not come true in time.
    """
    ends_at = time.monotonic() + deadline_s
    while not is_so():
        assert time.monotonic() < ends_at, f"{what}: not within {deadline_s:g} s"
        time.sleep(step_s)
