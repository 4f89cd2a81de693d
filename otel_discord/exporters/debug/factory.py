"""The component's entry point."""

from otel_discord.component.factory import ExporterFactory, Settings, Stability
from otel_discord.exporters.debug.config import DebugConfig
from otel_discord.exporters.debug.exporter import DebugExporter
from otel_discord.signals.batch import Signal


def _create(settings: Settings, config: DebugConfig) -> DebugExporter:
    return DebugExporter(settings, config)


FACTORY = ExporterFactory(
    type_name="debug", config=DebugConfig, signals=dict.fromkeys(Signal, Stability.STABLE), create=_create
)
