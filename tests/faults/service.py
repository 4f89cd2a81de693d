"""The real ``otel-discord`` as a process, and questions to it."""

import asyncio
import json
import re
import time
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from typing import Any

from tests.end_to_end.processes import COMMAND, Running, started

READY = r"Everything is ready"
READY_S = 40.0


@dataclass(slots=True)
class Service:
    """A service that runs, or has run."""

    running: Running
    stack: ExitStack

    @property
    def pid(self) -> int:
        """Its process id (of the service, also where a wrapper started it)."""
        return self.running.process.pid

    @property
    def log(self) -> str:
        """Everything that it wrote so far."""
        return "".join(self.running.said)

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.running.process.poll() is not None

    async def said(self, pattern: str, deadline_s: float = READY_S) -> re.Match[str]:
        """Wait until a line matches.

        Raises:
            AssertionError: it did not come in time, or the process ended without it.
        """
        ends_at = time.monotonic() + deadline_s
        while True:
            over = self.is_over
            if found := re.search(pattern, self.log):
                return found
            if over or time.monotonic() > ends_at:
                await asyncio.sleep(0.1)  # its last words
                if found := re.search(pattern, self.log):
                    return found
                raise AssertionError(f"the service did not say {pattern!r}; it said\n{self.log[-3000:]}")
            await asyncio.sleep(0.02)

    def signal(self, number: Signals) -> None:
        """Send a signal."""
        self.running.process.send_signal(number)

    async def ended(self, deadline_s: float = 40.0) -> int:
        """Wait for its end and return the exit code.

        Raises:
            AssertionError: it runs on.
        """
        ends_at = time.monotonic() + deadline_s
        while not self.is_over:
            assert time.monotonic() < ends_at, f"the service did not end within {deadline_s:g} s\n{self.log[-2000:]}"
            await asyncio.sleep(0.02)
        return await asyncio.to_thread(self.running.wait)

    async def stop(self, number: Signals = SIGTERM, deadline_s: float = 40.0) -> int:
        """End it by a signal and return the exit code; one that has ended before is left alone."""
        if not self.is_over:
            self.signal(number)
        return await self.ended(deadline_s)

    async def kill(self) -> None:
        """End it as a crash does."""
        await self.stop(SIGKILL)

    def memory_mib(self, what: str = "VmRSS") -> float:
        """Return its memory; ``VmHWM`` is the most that it ever had."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        found = re.search(rf"^{what}:\s+(\d+) kB", status, re.MULTILINE)
        assert found is not None, status
        return int(found[1]) / 1024

    def open_files(self) -> int:
        """Return how many files it has open."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))


def launch(
    path: Path, *, environment: dict[str, str], before: Sequence[str] = (), arguments: Sequence[str] = ()
) -> Service:
    """Start the service; ``before`` is a command that runs it (``prlimit …``)."""
    stack = ExitStack()
    running = stack.enter_context(started([*before, *COMMAND, "--config", str(path), *arguments], **environment))
    return Service(running, stack)


async def command(
    *arguments: str, deadline_s: float = 30.0, environment: dict[str, str] | None = None
) -> tuple[int, str]:
    """Run a command of the front desk; return its exit code and what it wrote."""

    def run() -> tuple[int, str]:
        with started([*COMMAND, *arguments], **(environment or {})) as running:
            code = running.wait(deadline_s)
            return code, "".join(running.said)

    return await asyncio.to_thread(run)


async def scrape(port: int) -> dict[str, float]:
    """Return the service's metrics: ``name{labels}`` and the value; series without labels by their name."""

    def read() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            return str(answer.read().decode())

    found: dict[str, float] = {}
    for line in (await asyncio.to_thread(read)).splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            found[name] = float(value)
    return found


def write(path: Path, configuration: Any) -> None:
    """Write a configuration; JSON is YAML."""
    path.write_text(json.dumps(configuration, indent=1), encoding="utf-8")
    path.chmod(0o600)
