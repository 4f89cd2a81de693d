"""The door of the nop exporter."""

from otel_discord.component import ExporterFactory, Settings, Stability
from otel_discord.exporters.nop.config import NopConfig
from otel_discord.exporters.nop.exporter import NopExporter
from otel_discord.signals import Signal


def _create(_settings: Settings, _config: NopConfig) -> NopExporter:
    return NopExporter()


FACTORY = ExporterFactory(
    type_name="nop", config=NopConfig, signals=dict.fromkeys(Signal, Stability.STABLE), create=_create
)
