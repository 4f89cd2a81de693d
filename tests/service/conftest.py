"""Small real components whose behaviour a test chooses, and what is needed around them."""

import asyncio
import logging
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.metrics import NoOpMeter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.trace import NoOpTracer

from otel_discord.component import (
    ACCEPTED,
    ComponentId,
    ConnectorFactory,
    Consumer,
    ExporterFactory,
    ExtensionFactory,
    Factory,
    Host,
    Kind,
    Outlets,
    ProcessorFactory,
    Receipt,
    ReceiverFactory,
    Settings,
    ShutdownError,
    Stability,
    StartError,
)
from otel_discord.component.long_starts import start_goes_on
from otel_discord.config import Secret, StrictModel
from otel_discord.service.config_file import Configuration
from otel_discord.service.host import ServiceHost
from otel_discord.service.house import House
from otel_discord.service.lifecycle import Bounds, Lifecycle
from otel_discord.service.registry import Registry
from otel_discord.service.reload_diff import Difference
from otel_discord.service.reload_source import loaded
from otel_discord.signals import Batch, LogsBatch, Signal


class FakeConfig(StrictModel):
    """What a test may ask of a component."""

    text: str = ""
    number: int = 1
    token: Secret | None = None
    fail_to_start: str = ""
    fail_to_create: str = ""
    start_takes_s: float = 0
    start_comes_further: bool = False
    close_takes_s: float = 0
    breaks_after_s: float = 0
    consume_takes_s: float = 0
    needs: str = ""
    cert_file: str = ""
    place: str = ""


@dataclass
class Diary:
    """What happened, in order."""

    events: list[str] = field(default_factory=list)
    made: dict[str, "FakeComponent"] = field(default_factory=dict)
    """The last instance by name."""
    taken: set[str] = field(default_factory=set)
    """Names that exist once: of open exporters, receivers and extensions."""
    may_start: dict[str, list[bool]] = field(default_factory=dict)
    """Whether the next starts of a component succeed, where a test says so."""

    def note(self, event: str) -> None:
        self.events.append(event)


class FakeComponent:
    """Opens, closes, waits and breaks as its configuration says; passes batches on. Takes none unless it is open."""

    def __init__(self, name: str, config: FakeConfig, diary: Diary, send: Callable[[Batch], Any] | None = None) -> None:
        if config.fail_to_create:
            raise ValueError(config.fail_to_create)
        self.name = name
        self.config = config
        self.diary = diary
        self.received: list[Batch] = []
        self.host: Host | None = None
        self.outlets: Outlets | None = None
        self.is_open = False
        self.inside = 0
        self._send = send
        diary.made[name] = self

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        self.host = host
        if self.config.needs:
            assert host.extension(self.config.needs, FakeComponent).is_open
        for step in range(4):
            await asyncio.sleep(self.config.start_takes_s / 4)
            if self.config.start_comes_further:
                start_goes_on(host, f"step {step + 1} of 4")
        may_start = self.diary.may_start.get(self.name)
        if self.config.fail_to_start or (may_start and not may_start.pop(0)):
            raise StartError(self.config.fail_to_start or "not yet")
        with self._taken():
            async with asyncio.TaskGroup() as group:
                if self.config.breaks_after_s:
                    group.create_task(self._break())
                self.diary.note(f"open {self.name}")
                self.is_open = True
                yield
                self.is_open = False
                await asyncio.sleep(self.config.close_takes_s)
                assert not self.inside, f"{self.name} has closed over a batch"
                self.diary.note(f"close {self.name}")

    def takes_over(self, predecessor: object) -> bool:
        return isinstance(predecessor, FakeComponent) and predecessor.config.place == self.config.place

    @contextmanager
    def _taken(self) -> Iterator[None]:
        if self.name.startswith(("processor", "connector")):
            yield
            return
        if self.name in self.diary.taken:
            raise StartError(f"{self.name} is taken")
        self.diary.taken.add(self.name)
        try:
            yield
        finally:
            self.diary.taken.discard(self.name)

    async def _break(self) -> None:
        await asyncio.sleep(self.config.breaks_after_s)
        raise OSError("the disk is gone")

    async def consume(self, batch: Batch) -> Receipt:
        if not self.is_open:
            if self._send is None:
                raise ShutdownError(f"{self.name} is closed")
            raise AssertionError(f"a batch came to {self.name}, which is closed")
        self.inside += 1
        try:
            if self.config.consume_takes_s:
                await asyncio.sleep(self.config.consume_takes_s)
            self.received.append(batch)
            self.diary.note(f"batch {self.name} {self.config.number}")
            return await self._send(batch) if self._send else ACCEPTED
        finally:
            self.inside -= 1


def all_signals() -> dict[Signal, Stability]:
    return dict.fromkeys(Signal, Stability.ALPHA)


def fake_factories(diary: Diary) -> list[Factory]:
    def processor(settings: Settings, config: FakeConfig, signal: Signal, following: Consumer) -> FakeComponent:
        return FakeComponent(f"processor {settings.id} {signal}", config, diary, following.consume)

    def receiver(settings: Settings, config: FakeConfig, outlets: Outlets) -> FakeComponent:
        made = FakeComponent(f"receiver {settings.id}", config, diary)
        made.outlets = outlets
        return made

    def connector(settings: Settings, config: FakeConfig, outlets: Outlets) -> FakeComponent:
        async def send(batch: Batch) -> Receipt:
            return await outlets.by_signal[batch.signal].consume(batch)

        made = FakeComponent(f"connector {settings.id}", config, diary, send)
        made.outlets = outlets
        return made

    def exporter(settings: Settings, config: FakeConfig) -> FakeComponent:
        return FakeComponent(f"exporter {settings.id}", config, diary)

    def extension(settings: Settings, config: FakeConfig) -> FakeComponent:
        return FakeComponent(f"extension {settings.id}", config, diary)

    logs = {Signal.LOGS: Stability.ALPHA}
    same = {(signal, signal): Stability.ALPHA for signal in Signal}
    count = {(Signal.LOGS, Signal.METRICS): Stability.ALPHA}
    return [
        ReceiverFactory(type_name="in", config=FakeConfig, signals=all_signals(), create=receiver),
        ProcessorFactory(type_name="mid", config=FakeConfig, signals=all_signals(), create=processor),
        ProcessorFactory(type_name="logs_only", config=FakeConfig, signals=logs, create=processor),
        ConnectorFactory(type_name="join", config=FakeConfig, signals=same, create=connector),
        ConnectorFactory(type_name="count", config=FakeConfig, signals=count, create=connector),
        ExporterFactory(type_name="out", config=FakeConfig, signals=all_signals(), create=exporter),
        ExporterFactory(type_name="logs_out", config=FakeConfig, signals=logs, create=exporter),
        ExtensionFactory(type_name="ext", config=FakeConfig, stability=Stability.ALPHA, create=extension),
    ]


class FakeTelemetry:
    """Settings that measure nothing."""

    def settings(self, component_id: ComponentId, kind: Kind) -> Settings:
        return Settings(component_id, NoOpMeter("test"), NoOpTracer(), logging.getLogger(f"test.{kind}"), "0")

    def door(self, next_consumer: Consumer) -> Consumer:
        return next_consumer


@dataclass
class Service:
    """A house with a blueprint in it, and what changes it."""

    host: ServiceHost
    house: House
    lifecycle: Lifecycle

    async def change_to(self, configuration: Configuration, bounds: Bounds | None = None) -> Difference:
        return await self.lifecycle.change_to(loaded(configuration).blueprint, bounds or Bounds())


@asynccontextmanager
async def opened(configuration: Configuration, timeout_s: float = 10) -> AsyncIterator[Service]:
    host = ServiceHost({})
    house = House(host, FakeTelemetry(), logging.getLogger("test"))
    service = Service(host, house, Lifecycle(house))
    async with house.lifespan(lambda: timeout_s):
        await service.change_to(configuration)
        host.ready = True
        yield service


@pytest.fixture
def running() -> Callable[..., AbstractAsyncContextManager[Service]]:
    """Return what opens a configuration's components."""
    return opened


def logs_batch(count: int = 1) -> LogsBatch:
    records = [LogRecord(severity_number=17) for _ in range(count)]
    return LogsBatch(
        ExportLogsServiceRequest(resource_logs=[ResourceLogs(scope_logs=[ScopeLogs(log_records=records)])])
    )


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
def registry(diary: Diary) -> Registry:
    return Registry(fake_factories(diary))


@pytest.fixture
def telemetry() -> FakeTelemetry:
    return FakeTelemetry()


@pytest.fixture
def make_batch() -> Callable[[int], LogsBatch]:
    return logs_batch


@pytest.fixture
def factories(diary: Diary) -> Sequence[Factory]:
    return fake_factories(diary)


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A directory for sockets: a unix path has 107 bytes, and pytest's own directories may be longer."""
    directory = Path(tempfile.mkdtemp(prefix="od-"))
    yield directory
    shutil.rmtree(directory)
