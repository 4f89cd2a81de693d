"""The door of the threshold connector."""

from otel_discord.component import ConnectorFactory, Outlets, Settings, Stability
from otel_discord.connectors.threshold.config import ThresholdConfig
from otel_discord.connectors.threshold.connector import ThresholdConnector
from otel_discord.signals import Signal


def _create(settings: Settings, config: ThresholdConfig, outlets: Outlets) -> ThresholdConnector:
    return ThresholdConnector(settings, config, outlets)


FACTORY = ConnectorFactory(
    type_name="threshold",
    config=ThresholdConfig,
    signals={(Signal.METRICS, Signal.LOGS): Stability.ALPHA},
    create=_create,
)
