"""The door of the transform processor."""

from otel_discord.component import Consumer, ProcessorFactory, Settings, Stability
from otel_discord.processors.transform.config import TransformConfig
from otel_discord.processors.transform.processor import TransformProcessor
from otel_discord.signals import Signal


def _create(settings: Settings, config: TransformConfig, signal: Signal, next_consumer: Consumer) -> TransformProcessor:
    return TransformProcessor(settings, config, signal, next_consumer)


FACTORY = ProcessorFactory(
    type_name="transform", config=TransformConfig, signals=dict.fromkeys(Signal, Stability.BETA), create=_create
)
