"""The `discord` exporter as a value behind its entry point."""

from otel_discord.component import Exporter, ExporterFactory, Settings, Stability
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.signals import Signal


def _create(settings: Settings, config: DiscordConfig) -> Exporter:
    if config.sending_queue.storage is None and config.sending_queue.spool is None:
        from otel_discord.exporters.discord.exporter import DiscordExporter  # `validate` works without it

        return DiscordExporter(settings, config)
    from otel_discord.exporters.discord.fleet.exporter import FleetExporter  # only where something may be shared

    return FleetExporter(settings, config)


FACTORY = ExporterFactory(
    type_name="discord",
    config=DiscordConfig,
    signals={Signal.LOGS: Stability.ALPHA},
    create=_create,
)
