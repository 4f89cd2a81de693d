"""The door of the attributes processor."""

from otel_discord.component import Consumer, ProcessorFactory, Settings, Stability
from otel_discord.processors.attributes.config import AttributesConfig
from otel_discord.processors.attributes.processor import AttributesProcessor
from otel_discord.signals import Signal


def _create(
    settings: Settings, config: AttributesConfig, signal: Signal, next_consumer: Consumer
) -> AttributesProcessor:
    return AttributesProcessor(settings, config, signal, next_consumer)


FACTORY = ProcessorFactory(
    type_name="attributes", config=AttributesConfig, signals=dict.fromkeys(Signal, Stability.BETA), create=_create
)
