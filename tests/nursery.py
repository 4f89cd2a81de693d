"""Programs of ours started quickly: forked from a process that has imported them, in place of a new interpreter.

What a program of ours takes longest for is its imports, and a test that starts one waits for them each time. Here they
are done once per test process. A forked program has its own session, environment, folder and output as a started one
has; ``OTEL_DISCORD_NURSERY=0`` starts everything as users do.
"""

import array
import atexit
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import orjson

VARIABLE: Final = "OTEL_DISCORD_NURSERY"
PROGRAMS: Final = {"otel_discord": "otel_discord.cli.main", "otel_discord.testing.fake_discord": ""}
"""Modules that are run with ``-m``."""
_OF_THE_INTERPRETER: Final = ("PYTHON", "LD_", "MALLOC_", "GRPC_", "SSL_")
"""What begins like this works only where it is there when the interpreter starts."""
_HARMLESS: Final = frozenset({"PYTHONUNBUFFERED", "GRPC_VERBOSITY"})
_MOST_BYTES: Final = 1024 * 1024
_ROOT: Final = Path(__file__).parents[1]


def can_fork(arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Return whether a command with this whole environment is one that the nursery can become."""
    if os.environ.get(VARIABLE) == "0" or any(name.startswith("COVERAGE_") for name in os.environ):
        return False
    if "--until-eof" in arguments:  # its standard input is nothing
        return False
    if len(arguments) < 3 or arguments[0] != sys.executable or arguments[1] != "-m" or arguments[2] not in PROGRAMS:
        return False
    here = {**os.environ}
    return all(
        environment.get(name) == here.get(name)
        for name in {*environment, *here}
        if name.startswith(_OF_THE_INTERPRETER) and name not in _HARMLESS
    )


def start(
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    output: int,
    errors: int,
    folder: Path | str | None = None,
) -> "Forked":
    """Fork a program; see :func:`can_fork`.

    Args:
        arguments: as for ``Popen``.
        environment: the whole of it.
        output: descriptor of its standard output.
        errors: descriptor of its standard error.
        folder: where it runs; None: here.
    """
    return _nursery().fork(arguments[2:], environment, output, errors, str(folder or Path.cwd()))


def popen(
    arguments: Sequence[str], *, environment: Mapping[str, str], folder: Path | str, output: int
) -> "subprocess.Popen[bytes] | Forked":
    """Start a program, forked where it can be, whose output and errors go to one descriptor."""
    if can_fork(arguments, environment):
        return start(arguments, environment=environment, output=output, errors=output, folder=folder)
    return subprocess.Popen(arguments, stdout=output, stderr=output, env=environment, cwd=folder)


def run(
    arguments: Sequence[str], *, environment: Mapping[str, str], folder: Path | str, timeout_s: float
) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end, as ``subprocess.run`` does.

    Raises:
        subprocess.TimeoutExpired: it took too long; it was killed.
    """
    if not can_fork(arguments, environment):
        return subprocess.run(
            arguments, env=environment, cwd=folder, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        program = start(
            arguments, environment=environment, output=output.fileno(), errors=errors.fileno(), folder=folder
        )
        try:
            code = program.wait(timeout_s)
        finally:
            program.kill()
        said = []
        for file in (output, errors):
            file.seek(0)
            said.append(file.read().decode())
    return subprocess.CompletedProcess(list(arguments), code, *said)


@dataclass(slots=True)
class Forked:
    """A program that runs: what of a ``Popen`` is used."""

    pid: int
    args: Sequence[str]
    _ending: int
    """Descriptor that its exit code comes by."""
    returncode: int | None = None
    stdout: "IO[str] | None" = None
    _lock: Any = field(default_factory=threading.Lock)

    def poll(self) -> int | None:
        """Return the exit code; None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return the exit code.

        Raises:
            subprocess.TimeoutExpired: it runs on.
        """
        ends_at = None if timeout is None else time.monotonic() + timeout
        while self.returncode is None:
            left_s = 1.0 if ends_at is None else max(0.0, min(1.0, ends_at - time.monotonic()))
            with self._lock:
                if self.returncode is None and select.select([self._ending], [], [], min(0.05, left_s))[0]:
                    said = os.read(self._ending, 16)
                    self.returncode = int(said or b"-9")
                    os.close(self._ending)
            if self.returncode is None and ends_at is not None and time.monotonic() >= ends_at:
                raise subprocess.TimeoutExpired(list(self.args), timeout or 0.0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a crash does."""
        self.send_signal(signal.SIGKILL)


class _Nursery:
    """The process that forks, and the way to it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _MOST_BYTES)
        self._socket = ours
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.nursery", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "GRPC_VERBOSITY": "NONE"},
            cwd=_ROOT,
            start_new_session=True,
        )
        theirs.close()

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def fork(
        self, arguments: Sequence[str], environment: Mapping[str, str], output: int, errors: int, folder: str
    ) -> Forked:
        order = {"arguments": list(arguments), "environment": dict(environment), "folder": folder}
        ending, ended = os.pipe()
        try:
            descriptors = array.array("i", [output, errors, ended])
            with self._lock:
                self._socket.sendmsg([orjson.dumps(order)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])
                pid = int(self._socket.recv(32))
        finally:
            os.close(ended)
        return Forked(pid, list(arguments), ending)

    def close(self) -> None:
        self._socket.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)
        self._process.kill()
        self._process.wait()


_open: list[_Nursery] = []


def _nursery() -> _Nursery:
    if not _open or not _open[0].is_alive:
        close()
        _open.append(_Nursery())
        atexit.register(close)
    return _open[0]


def close() -> None:
    """End the nursery; programs that it has forked live on."""
    while _open:
        _open.pop().close()


# ------------------------------------------------------------------------------------------- in the nursery itself


def main(descriptor: int) -> int:
    """Import our programs, then fork one for each order that comes; say its id, and its exit code once it has ended."""
    _import_all()
    orders = socket.socket(fileno=descriptor)
    woken, waker = os.pipe()
    for end in (woken, waker):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    running: dict[int, int] = {}
    while True:
        ready = select.select([orders, woken], [], [])[0]
        if woken in ready:
            with suppress(BlockingIOError):
                os.read(woken, 4096)
            _bury(running)
        if orders in ready:
            message, ancillary, _, _ = orders.recvmsg(_MOST_BYTES, socket.CMSG_SPACE(3 * array.array("i").itemsize))
            if not message:
                return 0
            descriptors = array.array("i", ancillary[0][2])
            pid = os.fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for end in (orders.fileno(), woken, waker, descriptors[2], *running.values()):
                    os.close(end)
                _live(orjson.loads(message), *descriptors[:2])
            os.close(descriptors[0])
            os.close(descriptors[1])
            running[pid] = descriptors[2]
            orders.send(str(pid).encode())


def _bury(running: dict[int, int]) -> None:
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        ending = running.pop(pid)
        with suppress(BrokenPipeError):
            os.write(ending, str(os.waitstatus_to_exitcode(status)).encode())
        os.close(ending)


def _import_all() -> None:
    """Nothing is begun by an import: no thread, no loop, no connection."""
    import gc
    import importlib
    import pkgutil

    import otel_discord

    for module in pkgutil.walk_packages(otel_discord.__path__, "otel_discord."):
        if not module.name.startswith("otel_discord.sdk") and not module.name.endswith("__main__"):
            with suppress(ImportError):
                importlib.import_module(module.name)
    gc.collect()
    gc.freeze()  # so that a fork's first collection does not copy every page


def _live(order: dict[str, Any], output: int, errors: int) -> None:
    """Become the program; does not return."""
    import importlib
    import random

    code = 1
    try:
        os.setsid()
        os.dup2(output, 1)
        os.dup2(errors, 2)
        for each in {output, errors} - {1, 2}:
            os.close(each)
        os.chdir(order["folder"])
        os.environ.clear()
        os.environ.update(order["environment"])
        random.seed()
        from otel_discord.component import failpoint

        importlib.reload(failpoint)  # it reads the environment when it is imported
        program, *arguments = order["arguments"]
        if program == "otel_discord":
            from otel_discord.cli.main import main as run

            sys.argv = ["otel-discord", *arguments]
            run()
        else:
            from otel_discord.testing.fake_discord.__main__ import main as serve

            sys.argv = [program, *arguments]
            code = serve(arguments)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
    except BaseException:  # noqa: BLE001 - said, and the process ends
        import traceback

        traceback.print_exc()
    finally:
        threading._shutdown()  # type: ignore[attr-defined]  # as an interpreter does at its end
        atexit._run_exitfuncs()
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        with suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
