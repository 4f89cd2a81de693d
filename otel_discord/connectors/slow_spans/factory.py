"""The door of the slow_spans connector."""

from otel_discord.component import ConnectorFactory, Outlets, Settings, Stability
from otel_discord.connectors.slow_spans.config import SlowSpansConfig
from otel_discord.connectors.slow_spans.connector import SlowSpansConnector
from otel_discord.signals import Signal


def _create(settings: Settings, config: SlowSpansConfig, outlets: Outlets) -> SlowSpansConnector:
    return SlowSpansConnector(settings, config, outlets)


FACTORY = ConnectorFactory(
    type_name="slow_spans",
    config=SlowSpansConfig,
    signals={(Signal.TRACES, Signal.LOGS): Stability.ALPHA},
    create=_create,
)
