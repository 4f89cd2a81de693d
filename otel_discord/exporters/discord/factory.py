"""The `discord` exporter as a value behind its entry point."""

from otel_discord.component import ExporterFactory, Stability
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.fleet.exporter import FleetExporter
from otel_discord.signals import Signal

FACTORY = ExporterFactory(
    type_name="discord",
    config=DiscordConfig,
    signals={Signal.LOGS: Stability.ALPHA},
    create=FleetExporter,
)
