"""The nop components take the places of real ones."""

from typing import Any

import pytest

from otel_discord.component import ACCEPTED, ComponentId, Kind, Outlets, Receipt
from otel_discord.connectors.nop.connector import NopConnector
from otel_discord.service.config_file import load_configuration
from otel_discord.service.registry import Registry
from otel_discord.signals import Batch, Signal

CONFIG = """
receivers: {nop: }
processors: {nop: }
connectors: {nop/c: }
exporters: {nop: }
extensions: {nop: }
service:
  extensions: [nop]
  pipelines:
    logs/in: {receivers: [nop], processors: [nop], exporters: [nop/c]}
    logs/out: {receivers: [nop/c], exporters: [nop]}
    traces: {receivers: [nop], processors: [nop], exporters: [nop]}
"""


@pytest.mark.looptime
async def test_a_service_of_nops(running: Any) -> None:
    async with running(load_configuration([f"yaml:{CONFIG}"], [], Registry.from_entry_points(), {})) as service:
        assert len(service.house.components()) == 6
    assert service.host.failures == []


class Sink:
    def __init__(self) -> None:
        self.received: list[Batch] = []

    async def consume(self, batch: Batch) -> Receipt:
        self.received.append(batch)
        return Receipt(0, "seen")


async def test_the_connector_keeps_signals_apart(make_batch: Any) -> None:
    sink = Sink()
    batch = make_batch(1)
    assert await NopConnector(Outlets({Signal.LOGS: sink})).consume(batch) == Receipt(0, "seen")
    assert await NopConnector(Outlets({Signal.TRACES: sink})).consume(batch) == ACCEPTED
    assert sink.received == [batch]


async def test_processor_and_exporter(telemetry: Any, make_batch: Any) -> None:
    registry = Registry.from_entry_points()
    sink, batch = Sink(), make_batch(1)
    factory: Any = registry.factory(Kind.PROCESSOR, "nop")
    settings = telemetry.settings(ComponentId("nop"), Kind.PROCESSOR)
    assert await factory.create(settings, factory.config(), Signal.LOGS, sink).consume(batch) == Receipt(0, "seen")
    exporter: Any = registry.factory(Kind.EXPORTER, "nop")
    assert await exporter.create(settings, exporter.config()).consume(batch) == ACCEPTED
