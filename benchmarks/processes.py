"""Our programs as processes: the service with a real configuration, FakeDiscord, clients; and what they take.

Where there are two cores, the service has one for itself and everything else is on the other.
"""

import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

DEADLINE_S: Final = 60.0
READY: Final = "Everything is ready."

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_STAT_UTIME: Final = 11
_STAT_STIME: Final = 12
"""Places in /proc/PID/stat after the command's closing bracket."""


def cores() -> tuple[int, int]:
    """Return the core of the service and that of everything else; the same one where there is only one."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


@dataclass(slots=True)
class Process:
    """A running program whose output lines are read by a thread, so that it never blocks on a full pipe."""

    popen: "subprocess.Popen[str]"
    started_s: float
    lines: list[str] = field(default_factory=list)
    _arrived: "queue.SimpleQueue[str | None]" = field(default_factory=queue.SimpleQueue)

    @property
    def pid(self) -> int:
        return self.popen.pid

    def wait_for(self, pattern: str, *, timeout_s: float = DEADLINE_S) -> re.Match[str]:
        """Return the first match in a line of its output that was not looked at yet.

        Raises:
            RuntimeError: it ended, or did not say so in time; with what it said.
        """
        ends_at_s = time.monotonic() + timeout_s
        while True:
            try:
                line = self._arrived.get(timeout=max(0.0, ends_at_s - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                raise RuntimeError(f"{pattern!r} was not said:\n{''.join(self.lines)}")
            self.lines.append(line)
            if found := re.search(pattern, line):
                return found

    def last_words(self) -> str:
        """Return what it said and nobody has waited for; for a process that has ended."""
        words = []
        with contextlib.suppress(queue.Empty):
            while (line := self._arrived.get(timeout=1.0)) is not None:
                words.append(line)
        return "".join(words)

    def say(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self.popen.stdin is not None
        self.popen.stdin.write(line + "\n")
        self.popen.stdin.flush()

    def wait_for_end(self, *, timeout_s: float = DEADLINE_S) -> float:
        """Wait until it has ended by itself, and return when that was (monotonic seconds).

        Raises:
            RuntimeError: it did not in time; it is killed.
        """
        killer = threading.Timer(timeout_s, self.popen.kill)
        killer.daemon = True
        killer.start()
        self.popen.wait()  # without a timeout it does not poll: exact
        ended_s = time.monotonic()
        killer.cancel()
        if self.popen.returncode == -signal.SIGKILL:
            raise RuntimeError(f"still there after {timeout_s:g} s:\n{''.join(self.lines)}")
        return ended_s

    def cpu_s(self) -> float:
        """Return the CPU time that all its threads took so far, in steps of 10 ms."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[_STAT_UTIME]) + int(fields[_STAT_STIME])) / _TICKS_PER_S

    def rss_bytes(self) -> int:
        """Return its resident memory."""
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        assert found is not None
        return int(found[1]) * 1024

    def read_output(self) -> None:
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            self._arrived.put(line)
        self._arrived.put(None)


@contextmanager
def started(
    arguments: Sequence[str], *, core: int | None = None, cwd: str | None = None, python: str = sys.executable
) -> Iterator[Process]:
    """Run a Python program (``-m module …`` or options); it is ended at the end."""
    started_s = time.monotonic()
    popen = subprocess.Popen(
        [python, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
        cwd=cwd,
    )
    process = Process(popen, started_s)
    reader = threading.Thread(target=process.read_output, daemon=True)
    try:
        if core is not None:
            os.sched_setaffinity(popen.pid, {core})
        reader.start()
        yield process
    finally:
        popen.terminate()
        try:
            popen.wait(5)
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait()
        reader.join(5)
        for stream in (popen.stdin, popen.stdout):
            if stream is not None:
                stream.close()


@dataclass(frozen=True, slots=True)
class Service:
    """A running ``otel-discord`` and where it listens."""

    process: Process
    grpc_port: int
    http_port: int
    ready_after_s: float


@contextmanager
def service(
    exporters: Mapping[str, Any], *, core: int | None = None, extensions: Mapping[str, Any] | None = None
) -> Iterator[Service]:
    """Run ``otel-discord`` with the otlp receiver and these components, all else as default; give it once ready."""
    with tempfile.TemporaryDirectory() as directory:
        configuration = _configuration(Path(directory), exporters, extensions or {})
        with started(["-m", "otel_discord", "--config", configuration], core=core, cwd=directory) as process:
            found = process.wait_for(re.escape(READY) + r".*grpc on \S+?:(\d+).*http on \S+?:(\d+)")
            yield Service(process, int(found[1]), int(found[2]), time.monotonic() - process.started_s)


def _configuration(directory: Path, exporters: Mapping[str, Any], extensions: Mapping[str, Any]) -> str:
    prometheus = {"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": 0}}}}
    configuration = {
        "receivers": {
            "otlp": {"protocols": {"grpc": {"endpoint": "127.0.0.1:0"}, "http": {"endpoint": "127.0.0.1:0"}}}
        },
        "exporters": dict(exporters),
        "extensions": dict(extensions),
        "service": {
            "extensions": list(extensions),
            "telemetry": {"metrics": {"readers": [prometheus]}},
            "pipelines": {"logs": {"receivers": ["otlp"], "exporters": list(exporters)}},
        },
    }
    path = directory / "config.yaml"
    path.write_text(json.dumps(configuration))  # JSON is YAML
    return str(path)


def discord_exporter(webhook_url: str, **settings: Any) -> dict[str, Any]:
    """Return the ``discord`` section that posts to a stand-in, without the hidden limit that it does not have.

    Nothing is folded: records are counted here, and each is to be a card of its own.
    """
    return {
        "webhook_url": webhook_url,
        "endpoint": f"{webhook_url.partition('/api/')[0]}/api/v10",
        "allow_insecure_endpoint": True,
        "rate_limit": {"channel_messages_per_minute": 0, "requests_per_second": 10_000},
        "fold": {"enabled": False},
        **settings,
    }


@dataclass(frozen=True, slots=True)
class StandIn:
    """FakeDiscord as a process."""

    webhook_url: str

    def created(self) -> int:
        """Return how many messages it has."""
        return int(self.ask("stats")["created"])

    def ask(self, what: str) -> Any:
        """Return what it tells of itself: ``stats``, ``messages``, ``violations``."""
        url = f"{self.webhook_url.partition('/api/')[0]}/_fake/{what}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)

    def wait_until_quiet(self, at_least: int, *, timeout_s: float = DEADLINE_S) -> int:
        """Return how many messages it has once there are so many and no more come.

        Raises:
            RuntimeError: they did not come in time.
        """
        ends_at_s = time.monotonic() + timeout_s
        before = -1
        while (there := self.created()) < at_least or there != before:
            if time.monotonic() > ends_at_s:
                raise RuntimeError(f"{there} of {at_least} messages after {timeout_s:g} s")
            before = there
            time.sleep(0.3)
        return there


@contextmanager
def stand_in(*, core: int | None = None, profile: str = "unlimited") -> Iterator[StandIn]:
    """Run FakeDiscord; by default without limits, as quick as it can be."""
    with started(["-m", "otel_discord.testing.fake_discord", "--profile", profile], core=core) as process:
        url = process.wait_for(r"^(http\S+)")[1]
        process.wait_for("^ready")
        yield StandIn(url)
