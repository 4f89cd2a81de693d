"""The command line as users have it: a process of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from otel_discord.cli.commands import run_command_line
from tests import nursery
from tests.cli import runs_service

NOP = """
receivers: {nop: }
exporters: {nop: }
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    logs: {receivers: [nop], exporters: [nop]}
"""
TIMEOUT_S = 30
KEPT = ("PATH", "HOME", "LANG", "COVERAGE_PROCESS_CONFIG")


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "PYTHONUNBUFFERED": "1", **extra}


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run_it(*arguments: str, **extra: str) -> Result:
        command = [sys.executable, "-m", "otel_discord", *arguments]
        done = nursery.run(command, environment=environment(extra), folder=tmp_path, timeout_s=TIMEOUT_S)
        return Result(done.returncode, done.stdout, done.stderr)

    return run_it


class Service:
    """A running service whose log a test reads."""

    def __init__(self, process: "subprocess.Popen[bytes] | nursery.Forked", log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text()

    def wait_for(self, text: str) -> None:
        deadline_s = time.monotonic() + TIMEOUT_S
        while text not in self.log:
            assert self._process.poll() is None, self.log
            assert time.monotonic() < deadline_s, self.log
            time.sleep(0.01)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def ended(self) -> int:
        return self._process.wait(TIMEOUT_S)

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(TIMEOUT_S)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    services: list[Service] = []

    def start_it(*arguments: str, **extra: str) -> Service:
        log = tmp_path / f"service-{len(services)}.log"
        with log.open("w") as file:
            command = [sys.executable, "-m", "otel_discord", *arguments]
            process = nursery.popen(command, environment=environment(extra), folder=tmp_path, output=file.fileno())
        services.append(Service(process, log))
        return services[-1]

    yield start_it
    for service in services:
        service.stop()


@pytest.fixture
def nop_config(tmp_path: Path) -> str:
    path = tmp_path / "nop.yaml"
    path.write_text(NOP)
    return str(path)


@pytest.fixture(scope="session")
def words_package(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Install the third-party package of this test suite into a folder of its own and return the folder."""
    import shutil

    source = Path(__file__).parent.parent / "third_party_component"
    folder = tmp_path_factory.mktemp("words")
    shutil.copytree(source, folder / "source")
    offline = ["--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check", "--quiet"]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *offline, "--target", str(folder / "site"), str(folder / "source")],
        check=True,
        timeout=120,
    )
    return str(folder / "site")


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of this process, where commands run in it."""
    for name in list(os.environ):
        if name.startswith(("OTEL_", "RUN_", "GITHUB_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OTEL_DISCORD_RUNS_TOKEN", runs_service.TOKEN)


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> runs_service.Call:
    """Call ``otel-discord runs`` in this process."""

    def call_it(service: runs_service.Service, *arguments: str) -> int:
        monkeypatch.setenv("OTEL_DISCORD_RUNS_ENDPOINT", service.endpoint)
        return run_command_line(["runs", *arguments])

    return call_it
