"""Child processes of the interop tests: bounded waits, output in files, an environment without surprises."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

READY_S = 30.0
CLIENT_S = 90.0
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "JAVA_HOME", "COVERAGE_PROCESS_CONFIG")


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what a child sees: no OTEL_ variables and no proxies of whoever runs the tests."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "PYTHONUNBUFFERED": "1", **(extra or {})}


@dataclass(frozen=True)
class Finished:
    code: int
    out: str
    err: str


class Child:
    """A process that runs, and what it has printed so far."""

    def __init__(self, process: "subprocess.Popen[bytes]", out: Path, err: Path) -> None:
        self.process = process
        self._out = out
        self._err = err

    @property
    def out(self) -> str:
        return self._out.read_text(encoding="utf-8", errors="replace")

    @property
    def err(self) -> str:
        return self._err.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, text: str, within_s: float = READY_S) -> str:
        """Return the output once it contains ``text`` followed by the end of the line."""

        def seen() -> str:
            printed = f"{self.out}{self.err}"
            start = printed.find(text)
            if start >= 0 and "\n" in printed[start:]:
                return printed
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{printed}"
            return ""

        return eventually(seen, within_s, lambda: f"no {text!r} in:\n{self.out}{self.err}")

    def finished(self, within_s: float = CLIENT_S) -> Finished:
        try:
            code = self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(READY_S)
            raise AssertionError(f"still running after {within_s} s:\n{self.out}{self.err}") from None
        return Finished(code, self.out, self.err)


@contextmanager
def running(command: Sequence[str | Path], folder: Path, name: str, **extra: str) -> Iterator[Child]:
    """Run a command; whatever happens it does not outlive the block."""
    out, err = folder / f"{name}.out", folder / f"{name}.err"
    with out.open("wb") as out_file, err.open("wb") as err_file:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=environment(extra),
            stdin=subprocess.DEVNULL,
            stdout=out_file,
            stderr=err_file,
        )
    try:
        yield Child(process, out, err)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(READY_S)


def eventually(ask: Callable[[], Any], within_s: float, explain: Callable[[], str]) -> Any:
    """Return the first true answer; fail with the explanation when there is none in time."""
    deadline_s = time.monotonic() + within_s
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < deadline_s, explain()
        time.sleep(0.02)
