"""The door of the resource processor."""

from otel_discord.component import Consumer, ProcessorFactory, Settings, Stability
from otel_discord.processors.resource.config import ResourceConfig
from otel_discord.processors.resource.processor import ResourceProcessor
from otel_discord.signals import Signal


def _create(settings: Settings, config: ResourceConfig, _signal: Signal, next_consumer: Consumer) -> ResourceProcessor:
    return ResourceProcessor(settings, config, next_consumer)


FACTORY = ProcessorFactory(
    type_name="resource", config=ResourceConfig, signals=dict.fromkeys(Signal, Stability.BETA), create=_create
)
