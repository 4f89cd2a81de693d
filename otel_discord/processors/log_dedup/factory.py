"""The door of the log_dedup processor."""

from otel_discord.component import Consumer, ProcessorFactory, Settings, Stability
from otel_discord.processors.log_dedup.config import LogDedupConfig
from otel_discord.processors.log_dedup.processor import LogDedup
from otel_discord.signals import Signal


def _create(settings: Settings, config: LogDedupConfig, _signal: Signal, next_consumer: Consumer) -> LogDedup:
    return LogDedup(settings, config, next_consumer)


FACTORY = ProcessorFactory(
    type_name="log_dedup", config=LogDedupConfig, signals={Signal.LOGS: Stability.ALPHA}, create=_create
)
