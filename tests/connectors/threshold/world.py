"""A connector with a clock, a storage and a sink, moved by hand."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from otel_discord.component import Outlets, QueueLimits
from otel_discord.connectors.threshold.config import ThresholdConfig
from otel_discord.connectors.threshold.connector import ThresholdConnector
from otel_discord.signals import LogsBatch, MetricsBatch, Signal
from otel_discord.signals.alert_event import AlertEvent, alert_event
from otel_discord.store.memory import MemoryQueue
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import key_values, metrics_batch
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import InMemoryTelemetry, settings

S = 1_000_000_000
BEGIN_NS = 1_700_000_000 * S
NEVER = "1000h"


def rule(**keys: Any) -> dict[str, Any]:
    """Return the rule of most tests: a queue that is too deep."""
    return {
        "name": "QueueTooDeep",
        "metric": "queue.depth",
        "group_by": ["service.name"],
        "window": "30s",
        "conditions": {"warning": "> 100", "critical": "> 1000"},
        "repeat_interval": "0s",
    } | keys


class FakeStorage:
    """Storage whose values can be looked at, and that can be told to fail; ``written`` is called after each write."""

    def __init__(self, values: Mapping[str, bytes] | None = None) -> None:
        self.values = dict(values or {})
        self.failure: Exception | None = None
        self.written: Callable[[str], None] = lambda key: None

    @asynccontextmanager
    async def open_queue(self, owner: str, limits: QueueLimits) -> AsyncIterator[MemoryQueue]:
        storage = self

        class Queue(MemoryQueue):
            async def get_state(self, key: str) -> bytes | None:
                return storage.values.get(key)

            async def set_state(self, key: str, value: bytes | None) -> None:
                if storage.failure is not None:
                    raise storage.failure
                if value is None:
                    storage.values.pop(key, None)
                else:
                    storage.values[key] = value
                storage.written(key)

        yield Queue(limits)


class World:
    """Time is ``now_ns``; :meth:`at` gives a metric and evaluates."""

    def __init__(self, connector_config: ThresholdConfig, storage: FakeStorage, sink: Sink, now_ns: int) -> None:
        self.storage, self.sink, self.now_ns = storage, sink, now_ns
        self.telemetry = InMemoryTelemetry()
        self.connector = ThresholdConnector(
            settings("threshold", self.telemetry), connector_config, Outlets({Signal.LOGS: sink}), lambda: self.now_ns
        )
        self.host = NopHost({"storage": storage})

    @property
    def events(self) -> list[AlertEvent]:
        return events_of(self.sink)

    @property
    def states(self) -> list[str]:
        return [f"{event.state} {event.severity}" for event in self.events]

    async def put(self, value: float, name: str = "queue.depth", unit: str = "{job}", **attributes: Any) -> None:
        resource = {"service.name": "worker"} | {k: attributes.pop(k) for k in list(attributes) if k == "service.name"}
        await self.connector.consume(gauge(name, value, self.now_ns, unit, resource, attributes))

    def go(self, second: float) -> None:
        """Go to a second after the beginning."""
        self.now_ns = BEGIN_NS + round(second * S)

    async def at(self, second: float, value: float | None = None, **more: Any) -> None:
        """Go to a second after the beginning, take a value in, evaluate."""
        self.go(second)
        if value is not None:
            await self.put(value, **more)
        await self.connector.evaluate()


def gauge(
    name: str, value: float, at_ns: int, unit: str = "{job}", resource: Any = None, attributes: Any = None
) -> MetricsBatch:
    batch = metrics_batch(0, name=name)
    group = batch.request.resource_metrics[0]
    del group.resource.attributes[:]
    group.resource.attributes.extend(key_values(resource or {"service.name": "worker"}))
    metric = group.scope_metrics[0].metrics[0]
    metric.unit = unit
    point = metric.gauge.data_points.add(time_unix_nano=at_ns, as_double=value)
    point.attributes.extend(key_values(attributes or {}))
    return batch


def counter(name: str, value: float, at_ns: int, start_ns: int, attributes: Any = None) -> MetricsBatch:
    batch = gauge(name, 0, at_ns, "1")
    metric = batch.request.resource_metrics[0].scope_metrics[0].metrics[0]
    metric.ClearField("gauge")
    metric.sum.is_monotonic = True
    metric.sum.aggregation_temporality = 2  # type: ignore[assignment]
    point = metric.sum.data_points.add(time_unix_nano=at_ns, start_time_unix_nano=start_ns, as_double=value)
    point.attributes.extend(key_values(attributes or {}))
    return batch


def events_of(sink: Sink) -> list[AlertEvent]:
    return [
        event
        for batch in sink.batches
        if isinstance(batch, LogsBatch)
        for _, _, record in batch.records()
        if (event := alert_event(record)) is not None
    ]


@asynccontextmanager
async def world(
    *rules: dict[str, Any], storage: FakeStorage | None = None, sink: Sink | None = None, second: float = 0, **keys: Any
) -> AsyncIterator[World]:
    """Open a connector that evaluates only when it is told to."""
    stored = {"storage": "storage"} if storage else {}
    config = ThresholdConfig.model_validate({"rules": list(rules), "evaluation_interval": NEVER} | stored | keys)
    made = World(config, storage or FakeStorage(), sink or Sink(), BEGIN_NS + round(second * S))
    async with made.connector.lifespan(made.host):
        yield made
