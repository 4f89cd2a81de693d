"""The door of the nop connector."""

from otel_discord.component import ConnectorFactory, Outlets, Settings, Stability
from otel_discord.connectors.nop.config import NopConfig
from otel_discord.connectors.nop.connector import NopConnector
from otel_discord.signals import Signal


def _create(_settings: Settings, _config: NopConfig, outlets: Outlets) -> NopConnector:
    return NopConnector(outlets)


FACTORY = ConnectorFactory(
    type_name="nop",
    config=NopConfig,
    signals={(signal, signal): Stability.STABLE for signal in Signal},
    create=_create,
)
