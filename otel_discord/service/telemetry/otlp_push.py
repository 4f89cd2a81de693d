"""OTLP exporters for own metrics and spans, made from configuration. They send from threads of the SDK.

``[service]`` brings the exporters; they are imported only when the configuration asks for them.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from otel_discord.component.errors import StartError
from otel_discord.service.telemetry.otlp_config import OtlpExporterConfig

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricExporter
    from opentelemetry.sdk.trace.export import SpanExporter


def metric_exporter(config: OtlpExporterConfig) -> "MetricExporter":
    """Return what pushes metrics.

    Raises:
        StartError: a certificate cannot be read, or the exporters are not installed.
    """
    try:
        if config.protocol == "grpc":
            from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as OverGrpc

            return OverGrpc(**_grpc_arguments(config))
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as OverHttp

        return OverHttp(**_http_arguments(config, "/v1/metrics"))
    except ImportError as error:
        raise _not_installed() from error


def span_exporter(config: OtlpExporterConfig) -> "SpanExporter":
    """Return what pushes spans.

    Raises:
        StartError: a certificate cannot be read, or the exporters are not installed.
    """
    try:
        if config.protocol == "grpc":
            from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as OverGrpc

            return OverGrpc(**_grpc_arguments(config))
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as OverHttp

        return OverHttp(**_http_arguments(config, "/v1/traces"))
    except ImportError as error:
        raise _not_installed() from error


def _grpc_arguments(config: OtlpExporterConfig) -> dict[str, Any]:
    import grpc

    credentials = None
    if not config.plaintext:
        credentials = grpc.ssl_channel_credentials(
            root_certificates=_read(config.certificate),
            private_key=_read(config.client_key),
            certificate_chain=_read(config.client_certificate),
        )
    return {
        "endpoint": config.endpoint if "://" in config.endpoint else f"//{config.endpoint}",
        "insecure": config.plaintext,
        "credentials": credentials,
        "headers": tuple((name.lower(), value.reveal()) for name, value in config.headers.items()),
        "timeout": config.timeout,
        "compression": grpc.Compression.Gzip if config.compression == "gzip" else grpc.Compression.NoCompression,
    }


def _http_arguments(config: OtlpExporterConfig, path: str) -> dict[str, Any]:
    from opentelemetry.exporter.otlp.proto.http import Compression

    for file in (config.certificate, config.client_key, config.client_certificate):
        _read(file)
    return {
        "endpoint": config.http_url(path),
        "certificate_file": config.certificate or None,
        "client_key_file": config.client_key or None,
        "client_certificate_file": config.client_certificate or None,
        "headers": {name: value.reveal() for name, value in config.headers.items()},
        "timeout": config.timeout,
        "compression": Compression.Gzip if config.compression == "gzip" else Compression.NoCompression,
    }


def _read(path: str) -> bytes | None:
    try:
        return Path(path).read_bytes() if path else None
    except OSError as error:
        raise StartError(f"service::telemetry: cannot read {path}: {error.strerror}") from error


def _not_installed() -> StartError:
    return StartError("service::telemetry: OTLP push needs the extra: pip install 'otel-discord[service]'")
