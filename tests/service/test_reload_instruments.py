"""A component that a reload removed shows no present values any more; one that was exchanged shows its own."""

import logging
from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.trace import NoOpTracer

from otel_discord.component import ComponentId, Consumer, Kind, Settings
from otel_discord.service.config_file import Configuration, load_configuration
from otel_discord.service.host import ServiceHost
from otel_discord.service.house import House
from otel_discord.service.lifecycle import Bounds, Lifecycle
from otel_discord.service.registry import Registry
from otel_discord.service.reload_source import loaded

NOWHERE = 'endpoint: "http://127.0.0.1:9/api/v10", allow_insecure_endpoint: true'
BASE = f"""
receivers: {{nop: {{}}}}
exporters:
  discord/a: {{webhook_url: "https://discord.com/api/webhooks/123456789012345678/{"t" * 68}", {NOWHERE}}}
  discord/b: {{webhook_url: "https://discord.com/api/webhooks/123456789012345679/{"t" * 68}", {NOWHERE}}}
service: {{pipelines: {{logs: {{receivers: [nop], exporters: [discord/a, discord/b]}}}}}}
"""
ONE = "service.pipelines.logs.exporters=[discord/a]"


class Measured:
    """Telemetry of which a test reads the gauges."""

    def __init__(self) -> None:
        self.reader = InMemoryMetricReader()
        self.provider = MeterProvider([self.reader], shutdown_on_exit=False)

    def settings(self, component_id: ComponentId, kind: Kind) -> Settings:
        meter = self.provider.get_meter(f"{kind}.{component_id}")
        return Settings(component_id, meter, NoOpTracer(), logging.getLogger("test"), "0")

    def door(self, next_consumer: Consumer) -> Consumer:
        return next_consumer

    def exporters(self) -> set[str]:
        """Return each exporter that any gauge has a value of."""
        data: Any = self.reader.get_metrics_data()
        found = set()
        for metric in (m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics):
            if type(metric.data).__name__ == "Gauge":
                found |= {point.attributes["exporter"] for point in metric.data.data_points}
        return found


def load(*sets: str) -> Configuration:
    return load_configuration([f"yaml:{BASE}"], sets, Registry.from_entry_points(), {})


async def test_gauges_go_with_their_component() -> None:
    telemetry = Measured()
    host = ServiceHost({})
    house = House(host, telemetry, logging.getLogger("test"))
    lifecycle = Lifecycle(house)
    async with house.lifespan(lambda: 5):
        await lifecycle.change_to(loaded(load()).blueprint, Bounds())
        assert telemetry.exporters() == {"discord/a", "discord/b"}
        for number in range(10):
            sets = [f"exporters.discord/a.username=Number {number}", *([ONE] if number % 2 == 0 else [])]
            await lifecycle.change_to(loaded(load(*sets)).blueprint, Bounds())
            await house.all_farewells()
            assert telemetry.exporters() == ({"discord/a", "discord/b"} if number % 2 else {"discord/a"})
    assert host.failures == []
    telemetry.provider.shutdown()
