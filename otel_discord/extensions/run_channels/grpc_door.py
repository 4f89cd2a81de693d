"""The gRPC door: ``otel_discord.v1.RunChannels`` on the aio server. The one door of grpc in this room.

Requests come in as bytes, without grpc's deserializer: what cannot be parsed is then ours to answer, with
INVALID_ARGUMENT instead of UNKNOWN.
"""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NoReturn

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from otel_discord.component import StartError
from otel_discord.component.listening_sockets import listening_sockets
from otel_discord.component.server_certificates import CertificateFiles
from otel_discord.config.host_port import format_host_port
from otel_discord.extensions.run_channels.asked import Asked
from otel_discord.extensions.run_channels.attendant import MOST_IN_HAND, Attendant
from otel_discord.extensions.run_channels.audit import Visit
from otel_discord.extensions.run_channels.bodies import MOST_BODY_BYTES
from otel_discord.extensions.run_channels.grpc_api import (
    METHODS,
    SERVICE_NAME,
    GrpcError,
    asked_of,
    error_of,
    kind_of,
    peer_address,
    response_of,
)
from otel_discord.extensions.run_channels.http_api import sane_request_id
from otel_discord.extensions.run_channels.problems import RunProblem

LAST_ANSWERS_S: Final = 1.0
_STATUS_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}
_OPTIONS: Final = (
    ("grpc.max_receive_message_length", MOST_BODY_BYTES),
    ("grpc.max_send_message_length", 4 * 2**20),
    ("grpc.so_reuseport", 0),  # otherwise a second process gets the same port and half of the requests
    ("grpc.max_concurrent_streams", 128),
    ("grpc.server_handshake_timeout_ms", 10_000),
    ("grpc.max_metadata_size", 16_384),
    ("grpc.max_connection_idle_ms", 600_000),
)

Method = Callable[[bytes, Any], Awaitable[bytes]]


@dataclass(slots=True)
class RunChannelsServicer:
    """Answers calls: what to answer is decided elsewhere, this only speaks gRPC."""

    attendant: Attendant
    max_retention_hours: int

    async def call(self, method: str, request: bytes, context: Any) -> bytes:
        """Answer one call of a method, given and answered as bytes."""
        metadata = _metadata(context)
        request_id = sane_request_id(metadata.get("x-request-id", "")) or uuid.uuid4().hex
        asked_type, action = kind_of(method)
        visit = Visit("grpc", peer_address(context.peer()), request_id, action)
        asked: Asked | None = None
        try:
            caller = self.attendant.admit(visit, metadata.get("authorization", ""), asked_type)
            asked = asked_of(method, request, max_retention_hours=self.max_retention_hours)
            response = response_of(await self.attendant.carry_out(visit, asked, caller))
        except RunProblem as problem:
            self.attendant.audit.refused(visit, asked, problem.code.value)
            await _abort(context, error_of(problem, request_id))
        context.set_trailing_metadata((("x-request-id", request_id),))
        return response

    def method(self, name: str) -> Method:
        """Return a method for a server."""
        return partial(self.call, name)


@asynccontextmanager
async def serve_grpc(
    endpoint: str, servicer: RunChannelsServicer, *, certificates: CertificateFiles | None, key_path: str
) -> AsyncIterator[str]:
    """Listen while the block runs; yields the bound ``host:port``.

    Raises:
        StartError: the endpoint is in use or cannot be used.
    """
    server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=2 * MOST_IN_HAND)
    handlers: dict[str, Any] = {name: grpc.unary_unary_rpc_method_handler(servicer.method(name)) for name in METHODS}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE_NAME, handlers),))
    health_servicer = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health_servicer, server)
    for name in ("", SERVICE_NAME):
        await health_servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
    reflection.enable_server_reflection((SERVICE_NAME, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    address = _bind(server, endpoint, certificates, key_path)
    await server.start()
    try:
        yield address
    finally:
        await health_servicer.enter_graceful_shutdown()
        await server.stop(LAST_ANSWERS_S)


def _bind(server: Any, endpoint: str, certificates: CertificateFiles | None, key_path: str) -> str:
    # gRPC is content when one of localhost's addresses is free and says little when none is: so ask first.
    probes = listening_sockets(endpoint, key_path)
    addresses = [format_host_port(probe.getsockname()) for probe in probes]
    for probe in probes:
        probe.close()
    if any(address.startswith("[::]:") for address in addresses):  # to gRPC that is IPv4 as well
        addresses = [address for address in addresses if address.startswith("[::]:")]
    for address in addresses:
        try:
            if certificates is None:
                server.add_insecure_port(address)
            else:
                server.add_secure_port(address, _credentials(certificates))
        except RuntimeError:
            raise StartError(f"{key_path}: cannot listen on {address}: the port is taken") from None
    return addresses[0]


def _credentials(certificates: CertificateFiles) -> grpc.ServerCredentials:
    shown = certificates.current

    def configuration() -> Any:
        current = certificates.current
        return grpc.ssl_server_certificate_configuration([(current.key, current.chain)], current.client_ca)

    def newer() -> Any:
        nonlocal shown
        if certificates.current is shown:
            return None
        shown = certificates.current
        return configuration()

    return grpc.dynamic_ssl_server_credentials(
        configuration(), newer, require_client_authentication=shown.client_ca is not None
    )


def _metadata(context: Any) -> dict[str, str]:
    return {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}


async def _abort(context: Any, error: GrpcError) -> NoReturn:
    await context.abort(_STATUS_CODES[error.code], error.message, error.trailers)
    raise AssertionError("abort ends the call by raising")
