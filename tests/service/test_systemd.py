"""What systemd hears, over a real datagram socket."""

import asyncio
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from otel_discord.service import systemd
from otel_discord.service.process_signals import START_TIMEOUT_S
from otel_discord.service.systemd import ServiceManager, service_manager


class Ear:
    """systemd's end of the socket."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address.replace("@", "\0", 1))
        self.socket.settimeout(5)
        self.address = address

    def hear(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().split("\n"))

    def heard(self) -> list[dict[str, str]]:
        self.socket.setblocking(False)
        messages = []
        with suppress(BlockingIOError):
            while True:
                messages.append(self.hear())
        return messages


@pytest.fixture(params=["path", "abstract"])
def ear(request: pytest.FixtureRequest) -> Iterator[Ear]:
    with tempfile.TemporaryDirectory(prefix="od-") as directory:
        address = str(Path(directory) / "notify") if request.param == "path" else f"@otel-discord-test-{os.getpid()}"
        made = Ear(address)
        yield made
        made.socket.close()


def test_a_start_that_stands_still_gives_up_before_systemd_does() -> None:
    assert systemd.START_EXTENSION_S > START_TIMEOUT_S


def test_a_life(ear: Ear) -> None:
    manager = service_manager({"NOTIFY_SOCKET": ear.address})
    manager.status("Opening exporter:discord\nWATCHDOG=trigger")
    assert ear.hear() == {"STATUS": "Opening exporter:discord WATCHDOG=trigger"}
    manager.start_goes_on("exporter:discord: asked for 450 of 2,000")
    assert ear.hear() == {"STATUS": "exporter:discord: asked for 450 of 2,000", "EXTEND_TIMEOUT_USEC": "90000000"}
    manager.ready("Listening.")
    assert ear.hear() == {"READY": "1", "STATUS": "Listening."}
    manager.clock_ns = lambda: 12_345_678
    manager.reloading()
    assert ear.hear() == {"RELOADING": "1", "MONOTONIC_USEC": "12345", "STATUS": "Reloading the configuration."}
    manager.ready("The configuration stays as it was.")
    assert ear.hear()["READY"] == "1"
    manager.stopping("Draining.")
    assert ear.hear() == {"STOPPING": "1", "STATUS": "Draining.", "EXTEND_TIMEOUT_USEC": "10000000"}


async def test_signs_of_life_come_from_the_loop(ear: Ear) -> None:
    manager = service_manager(
        {"NOTIFY_SOCKET": ear.address, "WATCHDOG_USEC": "100000", "WATCHDOG_PID": str(os.getpid())}
    )
    async with manager.lifespan():
        await asyncio.sleep(0.23)
        assert 3 <= len(ear.heard()) <= 6
        stalled = asyncio.get_running_loop().time() + 0.3
        while asyncio.get_running_loop().time() < stalled:
            pass
        assert ear.heard() == []
        await asyncio.sleep(0.06)
        assert {"WATCHDOG": "1"} in ear.heard()
    await asyncio.sleep(0.1)
    assert ear.heard() == []


async def test_a_drain_asks_for_time(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systemd, "DRAIN_BEAT_S", 0.02)
    manager = service_manager({"NOTIFY_SOCKET": ear.address})
    async with manager.lifespan():
        await asyncio.sleep(0.1)
        assert ear.heard() == []
        manager.stopping("Draining.")
        await asyncio.sleep(0.1)
        assert ear.heard()[1:3] == [{"EXTEND_TIMEOUT_USEC": "10000000"}] * 2


@pytest.mark.parametrize(
    ("environ", "watchdog_s"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_ours_only_if_it_says_so(environ: dict[str, str], watchdog_s: float | None) -> None:
    manager = service_manager(environ | {"NOTIFY_SOCKET": "/run/systemd/notify"})
    assert manager.watchdog_s == watchdog_s


def test_children_inherit_nothing() -> None:
    environ = {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", "PATH": "/bin"}
    service_manager(environ)
    assert environ == {"PATH": "/bin"}


async def test_without_systemd_nothing_happens() -> None:
    manager = service_manager({})
    async with manager.lifespan():
        manager.ready("Listening.")
        manager.stopping("Draining.")


@pytest.mark.parametrize("address", ["vsock:2:1234", "relative"])
def test_an_address_of_another_kind(address: str, caplog: pytest.LogCaptureFixture) -> None:
    service_manager({"NOTIFY_SOCKET": address}).ready("Listening.")
    assert "neither a path nor an abstract socket" in caplog.text


def test_nobody_hears(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ServiceManager(address=str(tmp_path / "none")).ready("Listening.")
    assert "systemd was not told READY=1" in caplog.text
