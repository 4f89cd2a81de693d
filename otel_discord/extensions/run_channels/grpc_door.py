"""The gRPC door: ``otel_discord.v1.RunChannels`` on the aio server. The one door of gRPC in this room.

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

from otel_discord.component.grpc_serving import (
    add_health_and_reflection,
    add_ports,
    end_call,
    free_addresses,
    metadata_of,
)
from otel_discord.component.server_certificates import CertificateFiles
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
        metadata = metadata_of(context)
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
    health_servicer = await add_health_and_reflection(server, [SERVICE_NAME])
    addresses = free_addresses(endpoint, key_path)
    add_ports(server, addresses, certificates, key_path)
    await server.start()
    try:
        yield addresses[0]
    finally:
        await health_servicer.enter_graceful_shutdown()
        await server.stop(LAST_ANSWERS_S)


async def _abort(context: Any, error: GrpcError) -> NoReturn:
    await end_call(context, error.code, error.message, error.trailers)
