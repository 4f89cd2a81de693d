"""The door of the exceptions connector."""

from otel_discord.component import ConnectorFactory, Outlets, Settings, Stability
from otel_discord.connectors.exceptions.config import ExceptionsConfig
from otel_discord.connectors.exceptions.connector import ExceptionsConnector
from otel_discord.signals import Signal


def _create(settings: Settings, config: ExceptionsConfig, outlets: Outlets) -> ExceptionsConnector:
    return ExceptionsConnector(settings, config, outlets)


FACTORY = ConnectorFactory(
    type_name="exceptions",
    config=ExceptionsConfig,
    signals={(Signal.TRACES, Signal.LOGS): Stability.ALPHA},
    create=_create,
)
