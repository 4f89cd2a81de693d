"""The door of the heartbeat connector."""

from otel_discord.component import ConnectorFactory, Outlets, Settings, Stability
from otel_discord.connectors.heartbeat.config import HeartbeatConfig
from otel_discord.connectors.heartbeat.connector import HeartbeatConnector
from otel_discord.signals import Signal


def _create(settings: Settings, config: HeartbeatConfig, outlets: Outlets) -> HeartbeatConnector:
    return HeartbeatConnector(settings, config, outlets)


FACTORY = ConnectorFactory(
    type_name="heartbeat",
    config=HeartbeatConfig,
    signals={(signal, Signal.LOGS): Stability.ALPHA for signal in Signal},
    create=_create,
)
