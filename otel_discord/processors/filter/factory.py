"""The door of the filter processor."""

from otel_discord.component import Consumer, ProcessorFactory, Settings, Stability
from otel_discord.processors.filter.config import FilterConfig
from otel_discord.processors.filter.processor import FilterProcessor
from otel_discord.signals import Signal


def _create(settings: Settings, config: FilterConfig, signal: Signal, next_consumer: Consumer) -> FilterProcessor:
    return FilterProcessor(settings, config, signal, next_consumer)


FACTORY = ProcessorFactory(
    type_name="filter", config=FilterConfig, signals=dict.fromkeys(Signal, Stability.BETA), create=_create
)
