"""A house for one chain: settings with readable metrics and spans, a host, a scripted push."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otel_discord.component.component import ComponentId
from otel_discord.component.consumer import ACCEPTED, Receipt
from otel_discord.component.factory import Settings
from otel_discord.component.host import Status
from otel_discord.signals.batch import Batch, LogsBatch


def logs(*bodies: str) -> LogsBatch:
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    for body in bodies:
        scope.log_records.add().body.string_value = body
    return LogsBatch(request)


def bodies(batch: Batch) -> list[str]:
    assert isinstance(batch, LogsBatch)
    return [record.body.string_value for _, _, record in batch.records()]


class FakeHost:
    """A host with extensions by id; ``drain_s`` is how long closing may take."""

    def __init__(self, drain_s: float = 5.0, **extensions: Any) -> None:
        self.drain_s = drain_s
        self.extensions = extensions
        self.statuses: list[tuple[Status, str]] = []

    @property
    def drain_deadline_s(self) -> float | None:
        return asyncio.get_running_loop().time() + self.drain_s

    def extension(self, component_id: str, protocol: type[Any]) -> Any:
        found = self.extensions[component_id]
        assert isinstance(found, protocol)
        return found

    def report_status(self, status: Status, component: str = "", error: str = "") -> None:
        self.statuses.append((status, error))


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


class Telemetry:
    """What the chain tells about itself."""

    def __init__(self) -> None:
        self._reader = InMemoryMetricReader()
        self._spans = InMemorySpanExporter()
        self._meters = MeterProvider(metric_readers=[self._reader])
        tracers = TracerProvider()
        tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self.settings = Settings(
            id=ComponentId("otlp_grpc", "next"),
            meter=self._meters.get_meter("test"),
            tracer=tracers.get_tracer("test"),
            logger=logging.getLogger("test.exporter"),
            version="0",
        )

    def value(self, name: str) -> int | float:
        data = self._reader.get_metrics_data()
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    if metric.name == name:
                        return sum(point.value for point in metric.data.data_points)  # type: ignore[union-attr]
        return 0

    @property
    def sent(self) -> tuple[int | float, int | float, int | float]:
        """Records sent, failed, refused by the queue."""
        names = ("sent", "send_failed", "enqueue_failed")
        sent, failed, refused = (self.value(f"otelcol_exporter_{name}_log_records") for name in names)
        return sent, failed, refused

    @property
    def spans(self) -> list[tuple[str, dict[str, Any]]]:
        return [(span.name, dict(span.attributes or {})) for span in self._spans.get_finished_spans()]

    def close(self) -> None:
        self._meters.shutdown()


@pytest.fixture
def telemetry() -> Any:
    made = Telemetry()
    yield made
    made.close()


@pytest.fixture
def push() -> ScriptedPush:
    return ScriptedPush()


@pytest.fixture
def make_logs() -> Callable[..., LogsBatch]:
    return logs


@pytest.fixture
def make_host() -> Callable[..., FakeHost]:
    return FakeHost


@pytest.fixture
def bodies_of() -> Callable[[Batch], list[str]]:
    return bodies
