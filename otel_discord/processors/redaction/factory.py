"""The door of the redaction processor."""

from otel_discord.component import Consumer, ProcessorFactory, Settings, Stability
from otel_discord.processors.redaction.config import RedactionProcessorConfig
from otel_discord.processors.redaction.processor import RedactionProcessor
from otel_discord.signals import Signal


def _create(
    _settings: Settings, config: RedactionProcessorConfig, _signal: Signal, next_consumer: Consumer
) -> RedactionProcessor:
    return RedactionProcessor(config, next_consumer)


FACTORY = ProcessorFactory(
    type_name="redaction",
    config=RedactionProcessorConfig,
    signals=dict.fromkeys(Signal, Stability.BETA),
    create=_create,
)
