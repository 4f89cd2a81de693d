"""A house for one chain: settings with readable metrics and spans, a host, a scripted push."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.component.consumer import ACCEPTED, Receipt
from otel_discord.component.factory import Settings
from otel_discord.signals.batch import Batch, LogsBatch
from otel_discord.testing.host import NopHost
from otel_discord.testing.telemetry import InMemoryTelemetry, settings


def logs(*bodies: str) -> LogsBatch:
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    for body in bodies:
        scope.log_records.add().body.string_value = body
    return LogsBatch(request)


def bodies(batch: Batch) -> list[str]:
    assert isinstance(batch, LogsBatch)
    return [record.body.string_value for _, _, record in batch.records()]


class DrainingHost(NopHost):
    """A host with extensions by id; ``drain_s`` is how long closing may take, from when it is asked for."""

    def __init__(self, drain_s: float = 5.0, **extensions: Any) -> None:
        super().__init__(extensions)
        self._drain_s = drain_s

    @property  # type: ignore[override]
    def drain_deadline_s(self) -> float:
        return asyncio.get_running_loop().time() + self._drain_s

    @drain_deadline_s.setter
    def drain_deadline_s(self, _: float | None) -> None:
        """It is reckoned anew each time."""


@dataclass
class ScriptedPush:
    """Answers in turn: a receipt, an exception, or seconds to wait before the next of the script; then ACCEPTED."""

    script: deque[Receipt | Exception | float] = field(default_factory=deque)
    attempts: list[tuple[float, list[str]]] = field(default_factory=list)
    delivered: list[str] = field(default_factory=list)
    running: int = 0
    most_running: int = 0

    async def __call__(self, batch: Batch) -> Receipt:
        self.attempts.append((round(asyncio.get_running_loop().time(), 3), bodies(batch)))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            answer = self.script.popleft() if self.script else ACCEPTED
            if isinstance(answer, int | float):
                await asyncio.sleep(answer)
                answer = ACCEPTED
            if isinstance(answer, Exception):
                raise answer
        finally:
            self.running -= 1
        self.delivered += bodies(batch)
        return answer

    @property
    def times(self) -> list[float]:
        return [time for time, _ in self.attempts]


class Telemetry(InMemoryTelemetry):
    """What the chain tells about itself."""

    @property
    def settings(self) -> Settings:
        return settings("otlp_grpc/next", self)

    @property
    def sent(self) -> tuple[float, float, float]:
        """Records sent, failed, refused by the queue."""
        names = ("sent", "send_failed", "enqueue_failed")
        sent, failed, refused = (self.value(f"otelcol_exporter_{name}_log_records") for name in names)
        return sent, failed, refused

    def seen_spans(self) -> list[tuple[str, dict[str, Any]]]:
        return [(span.name, dict(span.attributes or {})) for span in self.spans()]


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry()


@pytest.fixture
def push() -> ScriptedPush:
    return ScriptedPush()


@pytest.fixture
def make_logs() -> Callable[..., LogsBatch]:
    return logs


@pytest.fixture
def make_host() -> Callable[..., DrainingHost]:
    return DrainingHost


@pytest.fixture
def bodies_of() -> Callable[[Batch], list[str]]:
    return bodies
