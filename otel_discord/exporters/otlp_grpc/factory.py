"""The component's entry point."""

from otel_discord.component.component import Exporter
from otel_discord.component.factory import ExporterFactory, Settings, Stability
from otel_discord.exporters.otlp_grpc.config import OtlpGrpcConfig
from otel_discord.signals.batch import Signal


def _create(settings: Settings, config: OtlpGrpcConfig) -> Exporter:
    from otel_discord.exporters.otlp_grpc.exporter import OtlpGrpcExporter  # gRPC only where it is used

    return OtlpGrpcExporter(settings, config)


FACTORY = ExporterFactory(
    type_name="otlp_grpc",
    config=OtlpGrpcConfig,
    signals=dict.fromkeys(Signal, Stability.BETA),
    create=_create,
)
