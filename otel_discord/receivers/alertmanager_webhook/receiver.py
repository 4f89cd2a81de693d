"""The alertmanager_webhook receiver: its server's lifetime, and closing that loses nothing that was answered OK."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Final

from otel_discord.component import Authenticator, Component, Host, Outlets, Settings, StartError
from otel_discord.component.server_certificates import CertificateFiles
from otel_discord.config.host_port import parse_host_port
from otel_discord.receivers.alertmanager_webhook.config import AlertmanagerWebhookConfig
from otel_discord.receivers.alertmanager_webhook.http import AlertHandler, AlertServer, serve_alerts
from otel_discord.receivers.alertmanager_webhook.intake import Intake
from otel_discord.receivers.alertmanager_webhook.listening import listen, shelf
from otel_discord.signals import Signal

_DRAIN_WITHOUT_DEADLINE_S: Final = 5.0
_ARRIVING_S: Final = 0.05
"""Connections that were accepted a moment ago have not sent their request yet."""
_ANSWERING_S: Final = 0.5
"""Kept of the drain deadline for writing the last answers."""


class AlertmanagerWebhookReceiver:
    """Receives alerts over HTTP. ``port`` is known once it runs, else None."""

    def __init__(self, settings: Settings, config: AlertmanagerWebhookConfig, outlets: Outlets) -> None:
        self._settings = settings
        self._config = config
        self._consumer = outlets.by_signal[Signal.LOGS]
        self._key_path = f"receivers::{settings.id}"
        self._address = ""

    @property
    def endpoints(self) -> Mapping[str, str]:
        """The bound address; empty before it runs."""
        return {"http": self._address} if self._address else {}

    @property
    def port(self) -> int | None:
        """The port that it listens on."""
        return parse_host_port(self._address)[1] if self._address else None

    def takes_over(self, predecessor: Component) -> bool:
        """Return whether it listens where its predecessor does, and so goes on with its sockets."""
        return (
            isinstance(predecessor, AlertmanagerWebhookReceiver)
            and predecessor._config.endpoint == self._config.endpoint  # noqa: SLF001 - one of its own kind
        )

    def preflight(self) -> None:
        """Read the certificates.

        Raises:
            StartError: one cannot be read, or does not fit its key.
        """
        if (certificates := self._certificates()) is not None:
            certificates.new_context()

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Listen while inside; leaving takes no new requests and ends those in hand by the drain deadline.

        Raises:
            StartError: the endpoint is in use, a certificate unusable, the authenticator missing.
        """
        self._warn_if_open()
        intake = Intake(self._settings, self._config, self._consumer)
        handler = AlertHandler(self._config, intake, self._authenticator(host))
        certificates = self._certificates()
        async with AsyncExitStack() as stack:
            if certificates is not None:
                await stack.enter_async_context(certificates.kept_fresh(self._settings.logger))
            bound = listen(host, self._config.endpoint, f"{self._key_path}::endpoint")
            server = await stack.enter_async_context(
                serve_alerts(self._settings, self._config, handler, certificates, bound)
            )
            self._address = server.address
            try:
                yield
            finally:
                await self._close(server, intake, host)

    async def _close(self, server: AlertServer, intake: Intake, host: Host) -> None:
        if host.hands_over:
            server.stop_listening(partial(shelf(host).put, self._config.endpoint))
            await asyncio.sleep(_ARRIVING_S)
        server.stop_listening()
        left_s = _DRAIN_WITHOUT_DEADLINE_S
        if host.drain_deadline_s is not None:
            left_s = max(0.0, host.drain_deadline_s - asyncio.get_running_loop().time() - _ANSWERING_S)
        if cut_off := await intake.close(left_s):
            self._settings.logger.warning(
                "%d requests were cut off at the shutdown deadline; their senders were told to send again", cut_off
            )

    def _authenticator(self, host: Host) -> Authenticator | None:
        if self._config.auth is None:
            return None
        try:
            return host.extension(self._config.auth.authenticator, Authenticator)
        except StartError as error:
            raise StartError(f"{self._key_path}::auth::authenticator: {error}") from None

    def _certificates(self) -> CertificateFiles | None:
        return CertificateFiles(self._config.tls, f"{self._key_path}::tls") if self._config.tls else None

    def _warn_if_open(self) -> None:
        if self._config.auth is None and self._config.tls is None and is_open_to_the_network(self._config.endpoint):
            self._settings.logger.warning(
                "%s::endpoint: %s can be reached from the network without TLS and without authentication; "
                "anyone who reaches it can post to your channels. Use localhost, or set tls or auth",
                self._key_path,
                self._config.endpoint,
            )


def is_open_to_the_network(endpoint: str) -> bool:
    """Return whether other machines reach what listens on an endpoint."""
    host, _ = parse_host_port(endpoint)
    if host == "localhost":
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True
