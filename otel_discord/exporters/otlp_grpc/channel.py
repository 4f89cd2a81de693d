"""The connection to the next collector: options, credentials, compression."""

from dataclasses import dataclass
from typing import Any, Final

import grpc

from otel_discord.component.errors import StartError
from otel_discord.exporters.otlp_grpc.config import Compression, OtlpGrpcConfig, TlsConfig

MIB: Final = 1024 * 1024
MAX_REQUEST_BYTES: Final = 64 * MIB
MAX_RESPONSE_BYTES: Final = 4 * MIB
_RECONNECT_MAX_MS: Final = 30_000


@dataclass(frozen=True, slots=True)
class Identity:
    """The contents of the files that ``tls`` names."""

    ca: bytes | None = None
    key: bytes | None = None
    certificate: bytes | None = None


def read_identity(tls: TlsConfig) -> Identity:
    """Read the files; it blocks.

    Raises:
        StartError: a file cannot be read.
    """
    try:
        return Identity(
            *(None if path is None else path.read_bytes() for path in (tls.ca_file, tls.key_file, tls.cert_file))
        )
    except OSError as error:
        raise StartError(f"otlp_grpc: tls: cannot read {error.filename}: {error.strerror}") from error


def open_channel(config: OtlpGrpcConfig, identity: Identity, user_agent: str) -> grpc.aio.Channel:
    """Return a channel; it connects when it is first used, reconnects by itself, and is kept until closed."""
    compression = grpc.Compression.Gzip if config.compression is Compression.GZIP else grpc.Compression.NoCompression
    options = channel_options(config, user_agent)
    if config.plain_text:
        return grpc.aio.insecure_channel(config.target, options=options, compression=compression)
    credentials = grpc.ssl_channel_credentials(identity.ca, identity.key, identity.certificate)
    return grpc.aio.secure_channel(config.target, credentials, options=options, compression=compression)


def channel_options(config: OtlpGrpcConfig, user_agent: str) -> list[tuple[str, Any]]:
    """Return gRPC's channel arguments."""
    options: list[tuple[str, Any]] = [
        ("grpc.primary_user_agent", user_agent),
        ("grpc.max_send_message_length", MAX_REQUEST_BYTES),
        ("grpc.max_receive_message_length", MAX_RESPONSE_BYTES),
        ("grpc.enable_retries", 0),  # there is one place that retries, and it is not this
        ("grpc.lb_policy_name", config.balancer_name),
        ("grpc.max_reconnect_backoff_ms", _RECONNECT_MAX_MS),  # exponential and with jitter, by gRPC itself
        ("grpc.use_local_subchannel_pool", 1),  # two exporters share no connection
    ]
    if config.tls.server_name_override and not config.plain_text:
        options.append(("grpc.ssl_target_name_override", config.tls.server_name_override))
        options.append(("grpc.default_authority", config.tls.server_name_override))
    if config.keepalive is not None:
        options += [
            ("grpc.keepalive_time_ms", max(10_000, round(config.keepalive.time * 1000))),
            ("grpc.keepalive_timeout_ms", round(config.keepalive.timeout * 1000)),
            ("grpc.keepalive_permit_without_calls", int(config.keepalive.permit_without_stream)),
        ]
    return options
