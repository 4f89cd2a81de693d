"""A running service answers over its control socket, tells systemd how it fares, and sees its files change."""

import json
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from otel_discord.service.control.client import NotRunningError, call
from tests.end_to_end.processes import (
    COMMAND,
    StandIn,
    post_logs,
    service_configuration,
    stand_in,
    started,
)

READY = r"Everything is ready.*http[^,]* on \S+?:(\d+)"


@pytest.fixture
def short_path() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="od-"))
    yield directory
    shutil.rmtree(directory)


def configure(directory: Path, discord: StandIn, **service: Any) -> Path:
    path = service_configuration(directory, discord, fold={})
    document = json.loads(path.read_text())
    document["service"] |= {"control": {"endpoint": f"unix://{directory}/control.sock"}, **service}
    path.write_text(json.dumps(document))
    return path


def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=30, check=False)


def ask(directory: Path, name: str, **arguments: Any) -> list[dict[str, Any]]:
    return list(call(directory / "control.sock", name, arguments, timeout_s=20))


def test_a_running_service_answers(short_path: Path) -> None:
    with stand_in() as discord:
        path = configure(short_path, discord)
        token = discord.urls[0].rsplit("/", 1)[1]
        with started([*COMMAND, "--config", str(path)]) as service:
            service.read_until(READY)
            (status,) = ask(short_path, "status")
            assert (status["phase"], status["pid"]) == ("ready", service.process.pid)
            assert status["components"]["exporter:discord"]["status"] == "StatusOK"

            before = discord.ask("stats")["requests"]
            looked = command("validate", "--online", "--config", str(path))
            assert looked.returncode == 0, looked.stderr
            (line,) = looked.stdout.splitlines()
            assert line.startswith("ok      discord default: ")
            assert looked.stderr == ""
            assert discord.ask("stats")["requests"] == before + 1, "one GET for one webhook"

            sent = command("send-test", "--config", str(path))
            assert sent.returncode == 0, sent.stderr
            assert "sent by the running service" in sent.stderr
            assert len(discord.titles()) == 1

            second = command("--config", str(path))
            assert second.returncode == 1
            assert "service::control::endpoint: another service is running" in second.stderr
            assert ask(short_path, "status")[0]["phase"] == "ready"

            assert service.end() == 0
            assert token not in "".join([*service.said, looked.stdout, looked.stderr, sent.stdout, sent.stderr])
        with pytest.raises(NotRunningError):
            ask(short_path, "status")
        assert not (short_path / "control.sock").exists()
        sent = command("send-test", "--config", str(path))
        assert (sent.returncode, sent.stderr) == (0, "")


def test_a_killed_service_s_socket_is_replaced(short_path: Path) -> None:
    with stand_in() as discord:
        path = configure(short_path, discord)
        for _ in range(2):
            with started([*COMMAND, "--config", str(path)]) as service:
                service.read_until(READY)
                assert ask(short_path, "status")[0]["pid"] == service.process.pid
                service.process.kill()


@contextmanager
def listening_as_systemd(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(path))
        ear.settimeout(20)
        yield ear


def heard(ear: socket.socket, name: str) -> dict[str, str]:
    """Return the next message that has a name."""
    while True:
        message = dict(line.split("=", 1) for line in ear.recv(4096).decode().split("\n"))
        if name in message:
            return message


def test_systemd_hears_of_the_whole_life(short_path: Path) -> None:
    with stand_in() as discord, listening_as_systemd(short_path / "notify") as ear:
        path = configure(short_path, discord)
        variables = {"NOTIFY_SOCKET": str(short_path / "notify"), "WATCHDOG_USEC": "400000"}
        with started([*COMMAND, "--config", str(path)], **variables) as service:
            assert heard(ear, "READY")["STATUS"].startswith("Everything is ready. Listening: otlp")
            for _ in range(3):
                heard(ear, "WATCHDOG")
            assert service.end() == 0
            stopping = heard(ear, "STOPPING")
            assert stopping["STATUS"].startswith("Shutting down")
            assert int(stopping["EXTEND_TIMEOUT_USEC"]) > 0


def test_a_service_that_stands_still_shows_no_life(short_path: Path) -> None:
    with stand_in() as discord, listening_as_systemd(short_path / "notify") as ear:
        variables = {"NOTIFY_SOCKET": str(short_path / "notify"), "WATCHDOG_USEC": "200000"}
        with started([*COMMAND, "--config", str(configure(short_path, discord))], **variables) as service:
            heard(ear, "READY")
            service.process.send_signal(signal.SIGSTOP)
            ear.settimeout(0.5)
            with pytest.raises(TimeoutError):
                heard(ear, "nothing of that name")
            service.process.send_signal(signal.SIGCONT)
            ear.settimeout(10)
            heard(ear, "WATCHDOG")


def test_a_changed_file_is_read_again(short_path: Path) -> None:
    with stand_in() as discord:
        path = configure(short_path, discord, reload={"on_file_change": True})
        with started([*COMMAND, "--config", str(path)]) as service:
            http = int(service.read_until(READY)[1])
            document = json.loads(path.read_text())
            document["service"]["shutdown_timeout"] = "9s"
            beside = path.with_name("config.yaml.new")
            beside.write_text(json.dumps(document))
            beside.rename(path)
            service.read_until("files have changed")
            assert post_logs(http, "still here") == 200
            assert service.end() == 0


def test_a_changed_file_that_a_signal_has_read_is_not_read_again(short_path: Path) -> None:
    with stand_in() as discord:
        path = configure(short_path, discord, reload={"on_file_change": True})
        with started([*COMMAND, "--config", str(path)]) as service:
            service.read_until(READY)
            for timeout in ("8s", "9s"):
                document = json.loads(path.read_text())
                document["service"]["shutdown_timeout"] = timeout
                beside = path.with_name("config.yaml.new")
                beside.write_text(json.dumps(document))
                beside.rename(path)
                service.process.send_signal(signal.SIGHUP)
                time.sleep(1.5)  # the watch looks when nothing has happened for 0.2 s
            assert service.end() == 0
            assert sum("reloading the configuration" in line for line in service.said) == 2, "".join(service.said)
            assert not any("files have changed" in line for line in service.said)
