"""One replica over many lives: a process of the real command line, its folder, ports and way to the database."""

import json
import os
import re
import signal
import sys
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.end_to_end.processes import COMMAND, Running, started

READY = "Everything is ready"
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_UTIME, _STIME = 11, 12
"""Places in /proc/PID/stat after the command's closing bracket."""

Json = dict[str, Any]


@dataclass(slots=True)
class Replica:
    """A member of the fleet. ``settings`` is its configuration; the file is written at each start."""

    name: str
    directory: Path
    settings: Json
    ports: dict[str, int]
    environment: dict[str, str] = field(default_factory=dict)
    life: Running | None = None
    lives: list[Running] = field(default_factory=list)
    is_paused: bool = False
    _stack: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        """Start it; it is not ready yet."""
        self.directory.mkdir(exist_ok=True)
        path = self.directory / "config.yaml"
        path.write_text(json.dumps(self.settings))  # JSON is YAML
        self._stack.close()
        self.life = self._stack.enter_context(started([*COMMAND, "--config", str(path)], **self.environment))
        self.lives.append(self.life)

    def wait_until_ready(self, deadline_s: float = 40.0) -> None:
        """Wait until it says that it is.

        Raises:
            AssertionError: it does not in time; with what it said.
        """
        assert self.life is not None
        self.life.read_until(READY, deadline_s)

    @property
    def is_ready(self) -> bool:
        """Whether this life has been ready."""
        return self.life is not None and any(READY in line for line in self.life.said)

    def kill(self) -> None:
        """End it as a crash does."""
        self._send(signal.SIGKILL)
        assert self.life is not None
        self.life.wait()

    def stop(self, deadline_s: float = 40.0) -> int:
        """End it in good order; return the exit code."""
        assert self.life is not None
        return self.life.end(signal.SIGTERM, deadline_s)

    def pause(self) -> None:
        """Let it stand still."""
        self._send(signal.SIGSTOP)
        self.is_paused = True

    def resume(self) -> None:
        """Let it go on."""
        self.is_paused = False
        self._send(signal.SIGCONT)

    def _send(self, number: signal.Signals) -> None:
        assert self.life is not None
        self.life.process.send_signal(number)

    @property
    def is_running(self) -> bool:
        """Whether there is a process."""
        return self.life is not None and self.life.process.poll() is None

    @property
    def log(self) -> str:
        """Everything that its lives have said."""
        return "".join(line for life in self.lives for line in life.said)

    @property
    def cpu_s(self) -> float:
        """The CPU time that all threads of this life took so far, in steps of 10 ms."""
        assert self.life is not None
        return cpu_of(self.life.process.pid)

    def metric(self, name: str) -> float:
        """Return a metric, summed over its series; 0 where there is none."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['metrics']}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if re.match(rf"{name}(\{{|\s)", line))

    def close(self) -> None:
        """End what runs, whatever it does."""
        if self.is_paused and self.is_running:
            self.resume()
        self._stack.close()


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of a process; 0 where there is none any more."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS_PER_S


def say(words: str) -> None:
    """Tell who watches a long run how it goes."""
    if os.environ.get("OTEL_DISCORD_FLEET_VERBOSE"):
        sys.stderr.write(f"{time.strftime('%H:%M:%S')} {words}\n")
        sys.stderr.flush()
