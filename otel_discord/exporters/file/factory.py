"""The component's entry point."""

from otel_discord.component.factory import ExporterFactory, Settings, Stability
from otel_discord.exporters.file.config import FileConfig
from otel_discord.exporters.file.exporter import FileExporter
from otel_discord.signals.batch import Signal


def _create(settings: Settings, config: FileConfig) -> FileExporter:
    return FileExporter(settings, config)


FACTORY = ExporterFactory(
    type_name="file", config=FileConfig, signals=dict.fromkeys(Signal, Stability.BETA), create=_create
)
