"""The gRPC server: services of the wired signals, health and reflection. The one door of gRPC in this room.

Requests come in as bytes, without grpc's deserializer: what cannot be parsed is then ours to answer, with
INVALID_ARGUMENT instead of UNKNOWN.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, NoReturn

import grpc

from otel_discord.component.grpc_serving import (
    add_health_and_reflection,
    add_ports,
    end_call,
    free_addresses,
    metadata_of,
)
from otel_discord.component.server_certificates import CertificateFiles
from otel_discord.receivers.otlp.answers import GrpcError, grpc_error, success_body
from otel_discord.receivers.otlp.config import GrpcConfig
from otel_discord.receivers.otlp.door import Door
from otel_discord.receivers.otlp.ingest import WireFormat
from otel_discord.receivers.otlp.intake import Incoming
from otel_discord.receivers.otlp.refusal import Reason, Refusal
from otel_discord.receivers.otlp.unix_sockets import free_unix_path
from otel_discord.signals import OTLP_SERVICES, Signal

MAX_RESPONSE_BYTES: Final = 4 * 2**20
_HANDSHAKE_TIMEOUT_MS: Final = 10_000
_UNAUTHENTICATED: Final = Refusal(Reason.UNAUTHENTICATED, "authentication failed")

Export = Callable[[bytes, Any], Awaitable[bytes]]


class ExportServicer:
    """Answers ``Export`` of one signal: what to answer is decided elsewhere, this only speaks gRPC."""

    def __init__(self, signal: Signal, door: Door) -> None:
        self._signal = signal
        self._intake = door.intake
        self._limits = door.limits
        self._authenticator = door.authenticator

    async def export(self, request: bytes, context: Any) -> bytes:
        """Take one request, given and answered as bytes."""
        if self._authenticator is not None and not self._authenticator.authenticate(metadata_of(context)):
            await _abort(context, grpc_error(self._intake.failed(_UNAUTHENTICATED, "grpc")))
        incoming = Incoming(self._signal, request, "", WireFormat.PROTOBUF, self._limits, "grpc")
        outcome = await self._intake.take(incoming)
        if isinstance(outcome, Refusal):
            await _abort(context, grpc_error(outcome))
        return success_body(self._signal, outcome, WireFormat.PROTOBUF)


class GrpcServer:
    """A running server; ``port`` is the one it got, 0 on a unix socket."""

    def __init__(self, server: Any, health_servicer: Any, port: int, address: str) -> None:
        self._server = server
        self._health = health_servicer
        self.port = port
        self.address = address

    async def stop(self, grace_s: float) -> None:
        """Take no new requests, let those in hand end within ``grace_s``, then cut them off."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace_s)


@asynccontextmanager
async def serve_grpc(config: GrpcConfig, door: Door) -> AsyncIterator[GrpcServer]:
    """Run a gRPC server.

    Raises:
        StartError: the endpoint is in use or cannot be used.
    """
    server = grpc.aio.server(options=channel_options(config))
    names = [OTLP_SERVICES[signal].name for signal in door.intake.consumers]
    for signal, name in zip(door.intake.consumers, names, strict=True):
        export = ExportServicer(signal, door).export
        handler: Any = grpc.unary_unary_rpc_method_handler(export)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, {"Export": handler}),))
    health_servicer = await add_health_and_reflection(server, names)
    address, port = _bind(server, config, door.certificates, door.key_path)
    await server.start()
    running = GrpcServer(server, health_servicer, port, address)
    door.logger.info("receiving OTLP/gRPC on %s", address)
    try:
        yield running
    finally:
        await running.stop(0)


def channel_options(config: GrpcConfig) -> Sequence[tuple[str, int]]:
    """Return gRPC's own settings for a configuration; durations in milliseconds."""
    server, policy = config.keepalive.server_parameters, config.keepalive.enforcement_policy
    options = [
        ("grpc.max_receive_message_length", config.max_body_bytes),
        ("grpc.max_send_message_length", MAX_RESPONSE_BYTES),
        ("grpc.so_reuseport", 0),  # otherwise a second process gets the same port and half of the requests
        ("grpc.max_concurrent_streams", config.max_concurrent_streams),
        ("grpc.server_handshake_timeout_ms", _HANDSHAKE_TIMEOUT_MS),
        ("grpc.max_metadata_size", 16_384),
        ("grpc.keepalive_permit_without_calls", int(policy.permit_without_stream)),
    ]
    durations = {
        "grpc.max_connection_idle_ms": server.max_connection_idle,
        "grpc.max_connection_age_ms": server.max_connection_age,
        "grpc.max_connection_age_grace_ms": server.max_connection_age_grace,
        "grpc.keepalive_time_ms": server.time,
        "grpc.keepalive_timeout_ms": server.timeout,
        "grpc.http2.min_recv_ping_interval_without_data_ms": policy.min_time,
    }
    return [*options, *((name, max(1, int(seconds * 1000))) for name, seconds in durations.items() if seconds)]


def _bind(server: Any, config: GrpcConfig, certificates: CertificateFiles | None, key_path: str) -> tuple[str, int]:
    key_path = f"{key_path}::endpoint"
    if config.transport == "unix":
        free_unix_path(config.endpoint, key_path)
        address = f"unix:{config.endpoint}"
        add_ports(server, [address], certificates, key_path)
        return address, 0
    addresses = free_addresses(config.endpoint, key_path)
    return addresses[0], add_ports(server, addresses, certificates, key_path)


async def _abort(context: Any, error: GrpcError) -> NoReturn:
    await end_call(context, error.code, error.message, error.trailers)
