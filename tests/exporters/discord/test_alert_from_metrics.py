"""From a metric to a green message: the threshold connector before the exporter, over simulated hours."""

import asyncio

import pytest

from otel_discord.component import Outlets
from otel_discord.connectors.threshold.config import ThresholdConfig
from otel_discord.connectors.threshold.connector import ThresholdConnector
from otel_discord.signals import Signal
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.host import NopHost
from otel_discord.testing.telemetry import InMemoryTelemetry, settings
from tests.connectors.threshold.world import gauge, rule
from tests.exporters.discord.alerting import GREEN, GREY, RED, colors, titles, words
from tests.exporters.discord.rig import running
from tests.exporters.discord.test_alert_life import ALERTS, wall_clock

pytestmark = pytest.mark.looptime(idle_timeout=2_000_000, idle_step=30)
SUMMARY = "{{ attr('service.name') }} has {{ value }} jobs waiting"


def now_ns() -> int:
    return int(wall_clock() * 1e9)


async def test_a_queue_that_fills_and_empties() -> None:
    fake = FakeDiscord()
    keys = rule(**{"for": "1m", "resolve": "< 80", "annotations": {"summary": SUMMARY}})
    config = ThresholdConfig.model_validate({"rules": [keys], "evaluation_interval": "1000h"})
    async with running(fake, **ALERTS) as rig:
        outlets = Outlets({Signal.LOGS: rig.exporter})
        connector = ThresholdConnector(settings("threshold", InMemoryTelemetry()), config, outlets, now_ns)
        async with connector.lifespan(NopHost()):

            async def for_a_while(minutes: int, value: float) -> None:
                for _ in range(minutes * 6):
                    await connector.consume(gauge("queue.depth", value, now_ns()))
                    await connector.evaluate()
                    await asyncio.sleep(10)

            await for_a_while(10, 50)
            assert fake.messages == []
            await for_a_while(30, 500)
            assert titles(fake) == ["🟠 QueueTooDeep: worker has 500 jobs waiting"]
            await for_a_while(60, 5000)
            assert colors(fake) == [GREY, RED]
            assert "above 1,000 · started" in words(fake.messages[1])
            assert fake.messages[0].id in words(fake.messages[1])
            await for_a_while(10, 5)
            assert colors(fake) == [GREY, GREEN]
            assert "resolved after 1 hour 30 minutes" in titles(fake)[1]
            assert "peak 5,000" in words(fake.messages[1])
