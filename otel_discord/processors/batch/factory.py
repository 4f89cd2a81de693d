"""The door of the batch processor."""

from otel_discord.component import Consumer, ProcessorFactory, Settings, Stability
from otel_discord.processors.batch.config import BatchConfig
from otel_discord.processors.batch.processor import BatchProcessor
from otel_discord.signals import Signal


def _create(settings: Settings, _config: BatchConfig, _signal: Signal, next_consumer: Consumer) -> BatchProcessor:
    return BatchProcessor(settings, next_consumer)


FACTORY = ProcessorFactory(
    type_name="batch", config=BatchConfig, signals=dict.fromkeys(Signal, Stability.STABLE), create=_create
)
