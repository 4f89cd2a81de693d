"""Starts the service: as the command that users run, or, quicker, as a fork of a process that has imported it all."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

import orjson

from tests.end_to_end.processes import COMMAND, Running, started


class Launch(Protocol):
    """Starts one service; it is killed at the end of the block if it has not ended by itself."""

    def __call__(self, arguments: list[str], environment: Mapping[str, str]) -> AbstractContextManager[Running]:
        """Start it with these arguments and this environment beside our own."""
        ...


def command(arguments: list[str], environment: Mapping[str, str]) -> AbstractContextManager[Running]:
    """Start it as users do."""
    return started([*COMMAND, *arguments], **environment)


@dataclass(slots=True)
class Nursery:
    """A process that forks services, one at a time. What takes a service longest, its imports, is done once."""

    directory: Path
    process: "subprocess.Popen[bytes]"
    _count: int = 0

    @contextmanager
    def launch(self, arguments: list[str], environment: Mapping[str, str]) -> Iterator[Running]:
        """Start a service."""
        self._count += 1
        pipe = self.directory / f"output-{self._count}"
        os.mkfifo(pipe)
        order = {"arguments": arguments, "environment": dict(environment), "output": str(pipe)}
        assert self.process.stdin is not None
        self.process.stdin.write(orjson.dumps(order) + b"\n")
        self.process.stdin.flush()
        with pipe.open(encoding="utf-8", errors="replace") as output:
            pipe.unlink()
            forked = Forked(self, int(self.read_line(10)), output)
            running = Running(forked)  # type: ignore[arg-type]  # all of a Popen that is used
            try:
                yield running
            finally:
                if forked.poll() is None:
                    forked.kill()
                running.wait()

    def read_line(self, timeout_s: float) -> bytes:
        """Return what the nursery says next: the id of a process, or how it ended.

        Raises:
            subprocess.TimeoutExpired: it says nothing.
        """
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], timeout_s)[0]:
            raise subprocess.TimeoutExpired("nursery", timeout_s)
        line = self.process.stdout.readline()
        assert line, "the nursery has ended"
        return line


@dataclass(slots=True)
class Forked:
    """A service that the nursery has forked: what of a ``Popen`` is used."""

    nursery: Nursery
    pid: int
    stdout: IO[str]
    returncode: int | None = field(default=None)

    def poll(self) -> int | None:
        """Return the exit code; None while it runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return the exit code.

        Raises:
            subprocess.TimeoutExpired: it runs on.
        """
        if self.returncode is None:
            self.returncode = int(self.nursery.read_line(60 if timeout is None else timeout))
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as a crash does."""
        self.send_signal(signal.SIGKILL)


@contextmanager
def nursery(directory: Path) -> Iterator[Nursery]:
    """Open a nursery; ``directory`` is for what it needs meanwhile."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.kills.launch"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        cwd=Path(__file__).parents[2],
        start_new_session=True,
    ) as process:
        assert process.stdin is not None
        try:
            yield Nursery(directory, process)
        finally:
            process.stdin.close()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


# ------------------------------------------------------------------------------------------- in the nursery itself


def main() -> int:
    """Import the service, then fork one for each line of input; say its id, and its exit code once it has ended."""
    _import_all()
    for line in sys.stdin.buffer:
        order = orjson.loads(line)
        pid = os.fork()
        if not pid:
            _live(order)
        _say(pid)
        _say(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    return 0


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _import_all() -> None:
    """Nothing is begun by an import: no thread, no loop, no connection."""
    import importlib
    import pkgutil

    import otel_discord

    for module in pkgutil.walk_packages(otel_discord.__path__, "otel_discord."):
        if not module.name.startswith(("otel_discord.testing", "otel_discord.sdk", "otel_discord.__main__")):
            importlib.import_module(module.name)


def _live(order: dict[str, Any]) -> None:
    """Become the service; does not return."""
    import importlib

    from otel_discord.cli.main import main as service
    from otel_discord.component import failpoint

    code = 1
    try:
        os.setsid()
        output = os.open(order["output"], os.O_WRONLY)
        for descriptor in (1, 2):
            os.dup2(output, descriptor)
        os.close(output)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.environ.update(order["environment"])
        importlib.reload(failpoint)  # it reads the environment when it is imported
        sys.argv = ["otel-discord", *order["arguments"]]
        service()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - said, and the process ends
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
