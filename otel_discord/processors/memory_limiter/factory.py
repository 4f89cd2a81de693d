"""The door of the memory limiter."""

from otel_discord.component import Consumer, ProcessorFactory, Settings, Stability
from otel_discord.processors.memory_limiter.config import MemoryLimiterConfig
from otel_discord.processors.memory_limiter.process_memory import ProcessMemory
from otel_discord.processors.memory_limiter.processor import MemoryLimiter
from otel_discord.signals import Signal


def _create(settings: Settings, config: MemoryLimiterConfig, _signal: Signal, next_consumer: Consumer) -> MemoryLimiter:
    return MemoryLimiter(settings, config, next_consumer, ProcessMemory())


FACTORY = ProcessorFactory(
    type_name="memory_limiter",
    config=MemoryLimiterConfig,
    signals=dict.fromkeys(Signal, Stability.BETA),
    create=_create,
)
