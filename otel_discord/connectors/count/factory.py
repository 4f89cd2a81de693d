"""The door of the count connector."""

from otel_discord.component import ConnectorFactory, Outlets, Settings, Stability
from otel_discord.connectors.count.config import CountConfig
from otel_discord.connectors.count.connector import CountConnector
from otel_discord.signals import Signal


def _create(settings: Settings, config: CountConfig, outlets: Outlets) -> CountConnector:
    return CountConnector(settings, config, outlets)


FACTORY = ConnectorFactory(
    type_name="count",
    config=CountConfig,
    signals={(signal, Signal.METRICS): Stability.ALPHA for signal in Signal},
    create=_create,
)
