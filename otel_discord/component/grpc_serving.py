"""What servers of gRPC have in common: ports and certificates, health and reflection, how a call is read and ended."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from otel_discord.component.errors import StartError
from otel_discord.component.listening_sockets import listening_sockets
from otel_discord.component.server_certificates import CertificateFiles
from otel_discord.config.host_port import format_host_port

_STATUS_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}


async def add_health_and_reflection(server: Any, names: Sequence[str]) -> Any:
    """Say of services that they are there and well; returns the servicer that says so."""
    servicer = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    for name in ("", *names):
        await servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
    reflection.enable_server_reflection((*names, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    return servicer


def free_addresses(endpoint: str, what: str) -> list[str]:
    """Return the addresses of ``host:port`` to listen on, with their port. ``what`` names the listener in the error.

    gRPC is content when one of localhost's addresses is free and says little when none is: so it is asked first.

    Raises:
        StartError: nothing to bind to, the port is taken, or it is not allowed.
    """
    probes = listening_sockets(endpoint, what)
    addresses = [format_host_port(probe.getsockname()) for probe in probes]
    for probe in probes:
        probe.close()
    if any(address.startswith("[::]:") for address in addresses):  # to gRPC that is IPv4 as well
        addresses = [address for address in addresses if address.startswith("[::]:")]
    return addresses


def add_ports(server: Any, addresses: Sequence[str], certificates: CertificateFiles | None, what: str) -> int:
    """Have a server listen on addresses, with TLS where there are certificates; return the last one's port.

    Certificates that are renewed are used without a restart.

    Raises:
        StartError: a port is taken.
    """
    port = 0
    for address in addresses:
        try:
            if certificates is None:
                port = server.add_insecure_port(address)
            else:
                port = server.add_secure_port(address, _credentials(certificates))
        except RuntimeError:
            raise StartError(f"{what}: cannot listen on {address}: the port is taken") from None
    return port


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


def metadata_of(context: Any) -> Mapping[str, str]:
    """Return what came with a call, but for what is binary; names are in lower case."""
    return {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}


async def end_call(context: Any, code: int, message: str, trailers: Sequence[tuple[str, str | bytes]]) -> NoReturn:
    """End a call with a status, by its number, instead of an answer."""
    await context.abort(_STATUS_CODES[code], message, trailers)
    raise AssertionError("abort ends the call by raising")
