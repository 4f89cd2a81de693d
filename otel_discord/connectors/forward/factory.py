"""The door of the forward connector."""

from otel_discord.component import ConnectorFactory, Outlets, Settings, Stability
from otel_discord.connectors.forward.config import ForwardConfig
from otel_discord.connectors.forward.connector import ForwardConnector
from otel_discord.signals import Signal


def _create(_settings: Settings, _config: ForwardConfig, outlets: Outlets) -> ForwardConnector:
    return ForwardConnector(outlets)


FACTORY = ConnectorFactory(
    type_name="forward",
    config=ForwardConfig,
    signals={(signal, signal): Stability.STABLE for signal in Signal},
    create=_create,
)
