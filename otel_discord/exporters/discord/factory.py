"""The `discord` exporter as a value behind its entry point."""

from collections.abc import Mapping

from otel_discord.component import Exporter, ExporterFactory, Settings, Stability
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.signals import Signal


class _Creation:
    """Brings what sends only where somebody sends, and what works in a fleet only where something may be shared."""

    def __call__(self, settings: Settings, config: DiscordConfig) -> Exporter:
        if config.sending_queue.storage is None and config.sending_queue.spool is None:
            from otel_discord.exporters.discord.exporter import DiscordExporter

            return DiscordExporter(settings, config)
        from otel_discord.exporters.discord.fleet.exporter import FleetExporter

        return FleetExporter(settings, config)

    @staticmethod
    def built_in_templates() -> Mapping[str, str]:
        """Return the built-in template files by name."""
        from otel_discord.exporters.discord.preview import built_in_texts

        return built_in_texts()


FACTORY = ExporterFactory(
    type_name="discord",
    config=DiscordConfig,
    signals={Signal.LOGS: Stability.ALPHA},
    create=_Creation(),
)
