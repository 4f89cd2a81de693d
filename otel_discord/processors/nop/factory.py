"""The door of the nop processor."""

from otel_discord.component import Consumer, ProcessorFactory, Settings, Stability
from otel_discord.processors.nop.config import NopConfig
from otel_discord.processors.nop.processor import NopProcessor
from otel_discord.signals import Signal


def _create(_settings: Settings, _config: NopConfig, _signal: Signal, next_consumer: Consumer) -> NopProcessor:
    return NopProcessor(next_consumer)


FACTORY = ProcessorFactory(
    type_name="nop", config=NopConfig, signals=dict.fromkeys(Signal, Stability.STABLE), create=_create
)
