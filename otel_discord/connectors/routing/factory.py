"""The door of the routing connector."""

from otel_discord.component import ConnectorFactory, Outlets, Settings, Stability
from otel_discord.connectors.routing.config import RoutingConfig
from otel_discord.connectors.routing.connector import RoutingConnector
from otel_discord.signals import Signal


def _create(settings: Settings, config: RoutingConfig, outlets: Outlets) -> RoutingConnector:
    return RoutingConnector(settings, config, outlets)


FACTORY = ConnectorFactory(
    type_name="routing",
    config=RoutingConfig,
    signals={(signal, signal): Stability.ALPHA for signal in Signal},
    create=_create,
)
