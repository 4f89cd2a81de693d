"""A receiver on ports of its own, and something to send to it."""

import asyncio

from otel_discord.component import Outlets
from otel_discord.receivers.otlp.factory import FACTORY
from otel_discord.signals import Signal
from otel_discord.testing.otlp import logs_request
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import settings

LOGS = logs_request(3)
LOGS_BYTES = LOGS.SerializeToString()


def receiver(receiver_config: object, sink: Sink | None = None):
    return FACTORY.create(settings("otlp"), receiver_config, Outlets(dict.fromkeys(Signal, sink or Sink())))


async def until(condition, timeout_s: float = 5.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.005)
