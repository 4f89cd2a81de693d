"""What the front desk asks of exporters without a running service."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from otel_discord.component import (
    ExporterFactory,
    ExtensionFactory,
    Host,
    OnlineResult,
    QueueLimits,
    Settings,
    Sizer,
    Stability,
    StartError,
    Storage,
    TestResult,
    WorkQueue,
)
from otel_discord.config import Secret, StrictModel
from otel_discord.service.config_file import Configuration, load_configuration
from otel_discord.service.control.command import Command, RefusedError
from otel_discord.service.control.server import ControlSocket
from otel_discord.service.online import check_online, send_test
from otel_discord.service.registry import Registry
from otel_discord.signals import Signal
from otel_discord.store.memory import MemoryQueue

LIMITS = QueueLimits(1, Sizer.REQUESTS, 1)


class MailConfig(StrictModel):
    token: Secret = Secret("hunter2hunter2")
    good: bool = True
    storage: str = ""


class Mail:
    def __init__(self, config: MailConfig) -> None:
        self._config = config
        self.open = False

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        if self._config.storage:
            async with host.extension(self._config.storage, Storage).open_queue("mail", LIMITS) as queue:
                assert await queue.get_state("given up") is None
        self.open = True
        yield
        self.open = False

    async def consume(self, batch: Any) -> Any:
        raise AssertionError

    async def check_online(self, host: Host | None = None) -> Sequence[OnlineResult]:
        assert not self.open
        if host is not None and self._config.storage:
            async with host.extension(self._config.storage, Storage).open_queue("mail", LIMITS) as queue:
                await queue.set_state("given up", None)
        return [OnlineResult("ops", self._config.good, f"answered with {self._config.token.reveal()}")]

    async def send_test(self, destination: str | None) -> Sequence[TestResult]:
        assert self.open
        return [TestResult(destination or "ops", self._config.good, "sent", "https://discord.com/channels/1/2/3")]


def _create(_settings: Settings, config: MailConfig) -> Mail:
    return Mail(config)


@pytest.fixture
def configuration(factories: Any) -> Configuration:
    mail = ExporterFactory(type_name="mail", config=MailConfig, signals={Signal.LOGS: Stability.ALPHA}, create=_create)
    text = """
receivers: {in: }
exporters: {out: , mail/a: , mail/b: {good: false, token: hunter2hunter2}, mail/unused: }
service:
  pipelines:
    logs: {receivers: [in], exporters: [out, mail/a, mail/b]}
"""
    return load_configuration([f"yaml:{text}"], [], Registry([*factories, mail]), {})


async def test_each_exporter_in_use_is_asked_and_no_secret_comes_back(configuration: Configuration) -> None:
    report = await check_online(configuration, version="0")
    assert [(result.name, result.ok) for result in report.results] == [("mail/a ops", True), ("mail/b ops", False)]
    assert all(result.text == "answered with [REDACTED]" for result in report.results)
    assert report.notes == []


async def test_a_test_message_through_one_open_exporter(configuration: Configuration) -> None:
    report = await send_test(configuration, version="0", exporter_id="", destination="errors")
    assert report.results == [TestResult("errors", True, "sent", "https://discord.com/channels/1/2/3")]
    report = await send_test(configuration, version="0", exporter_id="mail/b", destination=None)
    assert [result.ok for result in report.results] == [False]


@pytest.mark.parametrize("exporter_id", ["out", "mail/unused", "nothing"])
async def test_an_exporter_that_cannot(configuration: Configuration, exporter_id: str) -> None:
    with pytest.raises(StartError, match=f'exporter "{exporter_id}" cannot send a test message'):
        await send_test(configuration, version="0", exporter_id=exporter_id, destination=None)


# ------------------------------------------------------------------------------------- beside a storage and a service


class ShedConfig(StrictModel):
    directory: Path

    @property
    def state_directory(self) -> Path:
        return self.directory


class Shed:
    """A storage in a directory that one process has at a time: the file ``lock`` is somebody else's."""

    def __init__(self, config: ShedConfig) -> None:
        self._directory = config.directory
        self._memory: MemoryQueue | None = None

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        if (self._directory / "lock").exists():
            raise StartError("process 7 has it")
        self._memory = MemoryQueue(LIMITS)
        yield
        (self._directory / "given up").unlink(missing_ok=True)

    @asynccontextmanager
    async def open_queue(self, owner: str, limits: QueueLimits) -> AsyncIterator[WorkQueue]:
        assert self._memory is not None, "used without being open"
        yield self._memory


def _shed(_settings: Settings, config: ShedConfig) -> Shed:
    return Shed(config)


@pytest.fixture
def stored(short_path: Path, factories: Any) -> Configuration:
    mail = ExporterFactory(type_name="mail", config=MailConfig, signals={Signal.LOGS: Stability.ALPHA}, create=_create)
    shed = ExtensionFactory(type_name="shed", config=ShedConfig, stability=Stability.ALPHA, create=_shed)
    text = f"""
receivers: {{in: }}
exporters: {{mail: {{storage: shed}}}}
extensions: {{ext: {{fail_to_start: the port is taken}}, shed: {{directory: {short_path}/shed}}}}
service:
  extensions: [ext, shed]
  pipelines: {{logs: {{receivers: [in], exporters: [mail]}}}}
"""
    return load_configuration([f"yaml:{text}"], [], Registry([*factories, mail, shed]), {})


async def test_a_stopped_service_s_storage_is_opened(stored: Configuration, short_path: Path) -> None:
    (short_path / "shed").mkdir()
    (short_path / "shed" / "given up").write_text("")
    report = await check_online(stored, version="0")
    assert [result.ok for result in report.results] == [True]
    assert report.notes == []
    assert not (short_path / "shed" / "given up").exists()


async def test_a_locked_storage_is_left_alone_and_that_is_said(stored: Configuration, short_path: Path) -> None:
    (short_path / "shed").mkdir()
    (short_path / "shed" / "lock").write_text("")
    report = await check_online(stored, version="0")
    assert [result.ok for result in report.results] == [True]
    (note,) = report.notes
    assert note == "only looked: what the service keeps could not be opened: extension:shed: process 7 has it"


async def test_who_only_looks_makes_no_storage(stored: Configuration, short_path: Path) -> None:
    report = await check_online(stored, version="0")
    assert ([result.ok for result in report.results], report.notes) == ([True], [])
    assert not (short_path / "shed").exists()


async def test_a_test_message_does_not_touch_what_waits(stored: Configuration, short_path: Path) -> None:
    (short_path / "shed").mkdir()
    (short_path / "shed" / "lock").write_text("")
    report = await send_test(stored, version="0", exporter_id="", destination=None)
    assert [result.ok for result in report.results] == [True]


async def _look(_: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
    yield {"name": "mail ops", "ok": True, "text": "answers"}


async def _refuse(_: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
    raise RefusedError("not now")
    yield {}


async def _send(arguments: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
    yield {"destination": arguments["destination"], "ok": True, "text": "sent", "link": ""}


async def test_a_running_service_is_asked(stored: Configuration, short_path: Path) -> None:
    (short_path / "shed").mkdir()
    (short_path / "shed" / "lock").write_text("")
    commands = [Command("check-online", _look), Command("send-test", _send)]
    async with ControlSocket(short_path / "shed" / "control.sock", commands, redact=str).lifespan():
        looked = await check_online(stored, version="0")
        sent = await send_test(stored, version="0", exporter_id="", destination="errors")
    assert [result.name for result in looked.results] == ["mail ops"], "without a fingerprint both looked"
    assert looked.notes == []
    assert sent.results == [TestResult("errors", True, "sent")]
    assert sent.notes == ["sent by the running service"]


class PostConfig(StrictModel):
    addresses: dict[str, str]


class Post:
    """Has addresses with fingerprints, and notes at which it looked."""

    def __init__(self, config: PostConfig, looked_at: list[str]) -> None:
        self._addresses, self._looked_at = config.addresses, looked_at

    async def consume(self, batch: Any) -> Any:
        raise AssertionError

    async def check_online(
        self, host: Host | None = None, *, known: Collection[OnlineResult] = ()
    ) -> Sequence[OnlineResult]:
        seen = {(each.name, each.fingerprint): each for each in known}
        return [seen.get(each) or self._look(*each) for each in self._addresses.items()]

    def _look(self, name: str, address: str) -> OnlineResult:
        self._looked_at.append(name)
        return OnlineResult(name, ok=True, text="looked", fingerprint=address)


async def _look_at_four(_: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
    for name, mark in (("same", "1"), ("moved", "2"), ("old", "3"), ("unseen", "")):
        yield {"name": f"post/a {name}", "ok": name == "same", "text": "from the service", "fingerprint": mark}


async def test_what_the_running_service_found_is_not_looked_at_again(short_path: Path, factories: Any) -> None:
    looked_at: list[str] = []
    post = ExporterFactory(
        type_name="post",
        config=PostConfig,
        signals={Signal.LOGS: Stability.ALPHA},
        create=lambda _, config: Post(config, looked_at),  # type: ignore[arg-type, return-value]
    )
    text = f"""
receivers: {{in: }}
exporters: {{post/a: {{addresses: {{new: "4", moved: "5", same: "1"}}}}, post/b: {{addresses: {{same: "1"}}}}}}
service:
  control: {{endpoint: "unix://{short_path}/control.sock"}}
  pipelines: {{logs: {{receivers: [in], exporters: [post/a, post/b]}}}}
"""
    configuration = load_configuration([f"yaml:{text}"], [], Registry([*factories, post]), {})
    commands = [Command("check-online", _look_at_four)]
    async with ControlSocket(short_path / "control.sock", commands, redact=str).lifespan():
        report = await check_online(configuration, version="0")
    assert [(result.name, result.ok, result.text) for result in report.results] == [
        ("post/a new", True, "looked"),
        ("post/a moved", True, "looked"),
        ("post/a same", True, "from the service"),
        ("post/b same", True, "looked"),
    ]
    assert looked_at == ["new", "moved", "same"], "the last is another exporter's"
    assert report.notes == [
        "only the running service has this address of post/a moved: from the service",
        "only the running service has this address of post/a old: from the service",
        "the running service did not look at post/a unseen: from the service",
    ]


async def test_a_running_service_that_refuses(stored: Configuration, short_path: Path) -> None:
    (short_path / "shed").mkdir()
    (short_path / "shed" / "lock").write_text("")
    commands = [Command("check-online", _refuse), Command("send-test", _refuse)]
    async with ControlSocket(short_path / "shed" / "control.sock", commands, redact=str).lifespan():
        looked = await check_online(stored, version="0")
        with pytest.raises(StartError, match="the running service sent no test: not now"):
            await send_test(stored, version="0", exporter_id="", destination="errors")
    assert [result.name for result in looked.results] == ["mail ops"]
    assert looked.notes == ["the running service did not look: not now"]
