"""A connector with a clock, a storage and a sink, moved by hand."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from otel_discord.component import Outlets
from otel_discord.connectors.heartbeat.config import HeartbeatConfig
from otel_discord.connectors.heartbeat.connector import HeartbeatConnector
from otel_discord.signals import Batch, LogsBatch, Signal
from otel_discord.signals.alert_event import AlertEvent, alert_event
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch, metrics_batch, traces_batch
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import InMemoryTelemetry, settings
from tests.connectors.threshold.world import FakeStorage

S = 1_000_000_000
BEGIN_NS = 1_700_000_000 * S
MAKERS = {Signal.LOGS: logs_batch, Signal.METRICS: metrics_batch, Signal.TRACES: traces_batch}


def batch_of(service: str, signal: Signal = Signal.LOGS, count: int = 1, **resource: Any) -> Batch:
    return MAKERS[signal](count, resource={"service.name": service, **resource})  # type: ignore[operator,no-any-return]


def events_of(sink: Sink) -> list[AlertEvent]:
    return [
        event
        for batch in sink.batches
        if isinstance(batch, LogsBatch)
        for _, _, record in batch.records()
        if (event := alert_event(record)) is not None
    ]


class World:
    """Wall time follows the loop's virtual time; :meth:`go` waits until a second after the beginning."""

    def __init__(self, config: HeartbeatConfig, sink: Sink, host: NopHost, first_s: float) -> None:
        self.sink, self.host = sink, host
        self.telemetry = InMemoryTelemetry()
        self._zero_s = asyncio.get_running_loop().time() - first_s
        self.connector = HeartbeatConnector(
            settings("heartbeat", self.telemetry), config, Outlets({Signal.LOGS: sink}), self.now_ns
        )

    def now_ns(self) -> int:
        return BEGIN_NS + round((asyncio.get_running_loop().time() - self._zero_s) * S)

    @property
    def events(self) -> list[AlertEvent]:
        return events_of(self.sink)

    @property
    def told(self) -> list[str]:
        return [f"{event.state} {event.labels.get('service.name', '')}".strip() for event in self.events]

    async def go(self, second: float) -> None:
        await asyncio.sleep(max(0.0, self._zero_s + second - asyncio.get_running_loop().time()))

    async def send(self, service: str, signal: Signal = Signal.LOGS, count: int = 1, **resource: Any) -> None:
        await self.connector.consume(batch_of(service, signal, count, **resource))


@asynccontextmanager
async def world(
    config: Mapping[str, Any] | None = None,
    *,
    storage: FakeStorage | None = None,
    sink: Sink | None = None,
    host: NopHost | None = None,
    first_s: float = 0.0,
) -> AsyncIterator[World]:
    kept = {"storage": "storage"} if storage else {}
    made = World(
        HeartbeatConfig.model_validate({**(config or {}), **kept}),
        sink or Sink(),
        host or NopHost({"storage": storage}),
        first_s,
    )
    async with made.connector.lifespan(made.host):
        yield made
