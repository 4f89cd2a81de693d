"""The otlp receiver: its servers' lifetime, and closing that loses nothing that was answered OK."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from otel_discord.component import Authenticator, Host, Outlets, Settings, StartError
from otel_discord.component.server_certificates import CertificateFiles
from otel_discord.config.host_port import parse_host_port
from otel_discord.receivers.otlp.config import MIB, GrpcConfig, HttpConfig, OtlpConfig
from otel_discord.receivers.otlp.door import Door
from otel_discord.receivers.otlp.grpc import GrpcServer, serve_grpc
from otel_discord.receivers.otlp.http import HttpServer, serve_http
from otel_discord.receivers.otlp.ingest import DecodingLimits, require_fast_protobuf
from otel_discord.receivers.otlp.intake import Intake, Transport

TRANSPORTS: Final[tuple[Transport, ...]] = ("grpc", "http")

_DRAIN_WITHOUT_DEADLINE_S: Final = 5.0
_ANSWERING_S: Final = 0.5
"""Kept of the drain deadline for writing the last answers."""


class OtlpReceiver:
    """Receives OTLP over gRPC and HTTP. ``grpc_port`` and ``http_port`` are known once it runs, else None."""

    def __init__(self, settings: Settings, config: OtlpConfig, outlets: Outlets) -> None:
        self._settings = settings
        self._config = config
        self._outlets = outlets
        self._logger = settings.logger
        self.grpc_port: int | None = None
        self.http_port: int | None = None
        self._endpoints: dict[str, str] = {}

    @property
    def endpoints(self) -> Mapping[str, str]:
        """Bound addresses by protocol; empty before it runs."""
        return self._endpoints

    def preflight(self) -> None:
        """Read the certificates.

        Raises:
            StartError: one cannot be read, or does not fit its key.
        """
        for protocol in TRANSPORTS:
            config = getattr(self._config.protocols, protocol)
            if config is not None and config.tls is not None:
                CertificateFiles(
                    config.tls, f"receivers::{self._settings.id}::protocols::{protocol}::tls"
                ).new_context()

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Listen while inside; leaving takes no new requests and ends those in hand by the drain deadline.

        Raises:
            StartError: an endpoint is in use, a certificate unusable, an authenticator missing.
        """
        require_fast_protobuf()
        intake = Intake(
            self._outlets.by_signal,
            self._settings,
            transports=[name for name in TRANSPORTS if getattr(self._config.protocols, name) is not None],
            max_decoding_bytes=self._config.max_decoding_mib * MIB,
        )
        async with AsyncExitStack() as stack:
            http = grpc = None
            if self._config.protocols.grpc is not None:
                door = await self._door("grpc", self._config.protocols.grpc, intake, host, stack)
                grpc = await stack.enter_async_context(serve_grpc(self._config.protocols.grpc, door))
                self.grpc_port, self._endpoints["grpc"] = grpc.port, grpc.address
            if self._config.protocols.http is not None:
                door = await self._door("http", self._config.protocols.http, intake, host, stack)
                http = await stack.enter_async_context(serve_http(self._config.protocols.http, door))
                self.http_port, self._endpoints["http"] = http.port, http.address
            try:
                yield
            finally:
                await self._close(intake, grpc, http, host)

    async def _door(
        self,
        protocol: Transport,
        config: GrpcConfig | HttpConfig,
        intake: Intake,
        host: Host,
        stack: AsyncExitStack,
    ) -> Door:
        key_path = f"receivers::{self._settings.id}::protocols::{protocol}"
        self._warn_if_open(config, key_path)
        strict_json = self._config.strict_json or (isinstance(config, HttpConfig) and config.strict_json)
        return Door(
            intake=intake,
            limits=DecodingLimits(config.max_body_bytes, self._config.max_elements, strict_json),
            authenticator=_authenticator(config, host, key_path),
            certificates=await self._certificates(config, key_path, stack),
            key_path=key_path,
            logger=self._logger,
        )

    async def _close(self, intake: Intake, grpc: GrpcServer | None, http: HttpServer | None, host: Host) -> None:
        deadline_s = host.drain_deadline_s
        left_s = _DRAIN_WITHOUT_DEADLINE_S
        if deadline_s is not None:
            left_s = max(0.0, deadline_s - asyncio.get_running_loop().time() - _ANSWERING_S)
        if http is not None:
            http.stop_listening()
        async with asyncio.TaskGroup() as closing:
            drained = closing.create_task(intake.close(left_s))
            if grpc is not None:
                closing.create_task(grpc.stop(left_s + _ANSWERING_S))
        if http is not None:
            await http.stop()
        if drained.result():
            self._logger.warning(
                "%d requests were cut off at the shutdown deadline; their clients were told to send again",
                drained.result(),
            )

    async def _certificates(
        self, config: GrpcConfig | HttpConfig, key_path: str, stack: AsyncExitStack
    ) -> CertificateFiles | None:
        if config.tls is None:
            return None
        certificates = CertificateFiles(config.tls, f"{key_path}::tls")
        await stack.enter_async_context(certificates.kept_fresh(self._logger))
        return certificates

    def _warn_if_open(self, config: GrpcConfig | HttpConfig, key_path: str) -> None:
        if is_open_to_the_network(config):
            self._logger.warning(
                "%s::endpoint: %s can be reached from the network without TLS and without authentication; "
                "anyone who reaches it can post to your channels. Use localhost, or set tls or auth",
                key_path,
                config.endpoint,
            )


def is_open_to_the_network(config: GrpcConfig | HttpConfig) -> bool:
    """Return whether other machines reach a server that asks for neither certificate nor token."""
    if config.transport == "unix" or config.auth is not None or config.tls is not None:
        return False
    host, _ = parse_host_port(config.endpoint)
    if host == "localhost":
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True


def _authenticator(config: GrpcConfig | HttpConfig, host: Host, key_path: str) -> Authenticator | None:
    if config.auth is None:
        return None
    try:
        return host.extension(config.auth.authenticator, Authenticator)
    except StartError as error:
        raise StartError(f"{key_path}::auth::authenticator: {error}") from None
