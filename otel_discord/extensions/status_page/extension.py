"""The extension: its server's lifetime, and a look at the numbers every few seconds."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from aiohttp import web

from otel_discord.component import Authenticator, Host, Settings, StartError
from otel_discord.component.listening_sockets import listening_sockets
from otel_discord.component.server_certificates import CertificateFiles
from otel_discord.component.service_view import ServiceView
from otel_discord.config.host_port import format_host_port
from otel_discord.extensions.status_page.actions import Actions
from otel_discord.extensions.status_page.config import StatusPageConfig
from otel_discord.extensions.status_page.desk import Desk
from otel_discord.extensions.status_page.door import Door
from otel_discord.extensions.status_page.server import Server
from otel_discord.extensions.status_page.sessions import Sessions
from otel_discord.extensions.status_page.watch import Watch

SHUTDOWN_TIMEOUT_S: Final = 1.0


class StatusPage:
    """Shows the running service while its lifespan is entered."""

    def __init__(self, settings: Settings, config: StatusPageConfig) -> None:
        self._settings = settings
        self._config = config
        self._key_path = f"extensions::{settings.id}"
        self._endpoints: dict[str, str] = {}

    @property
    def endpoints(self) -> Mapping[str, str]:
        """The bound address: ``{"http": "127.0.0.1:55679"}``."""
        return dict(self._endpoints)

    def preflight(self) -> None:
        """Read the certificate.

        Raises:
            StartError: it cannot be read, or does not fit its key.
        """
        if (certificates := self._certificates()) is not None:
            certificates.new_context()

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Serve while the block runs.

        Raises:
            StartError: the address cannot be listened on, the host cannot be looked at, a certificate is unusable, the
                authenticator is missing.
        """
        if not isinstance(host, ServiceView):
            raise StartError("the host shows nothing of itself, so there is no status page")
        self._warn_if_open()
        authenticator, certificates = self._authenticator(host), self._certificates()
        sessions = host.kept("status_page sessions", Sessions)
        watch = Watch(host)
        actions = Actions(host.open_components, self._settings.logger)
        desk = Desk(
            watch=watch,
            actions=actions,
            refresh_s=self._config.refresh,
            form_token=sessions.form_token,
            can_act=self._config.allow_actions,
            now_s=time.time,
        )
        door = Door(self._config, desk, sessions, authenticator)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(actions.replays.running())
            await stack.enter_async_context(self._running(watch))
            if certificates is not None:
                await stack.enter_async_context(certificates.kept_fresh(self._settings.logger))
            await stack.enter_async_context(
                self._serving(door, certificates.new_context() if certificates is not None else None)
            )
            yield

    @asynccontextmanager
    async def _running(self, watch: Watch) -> AsyncIterator[None]:
        rates = asyncio.create_task(watch.run(self._config.refresh, self._settings.logger), name="status_page rates")
        try:
            yield
        finally:
            rates.cancel()
            await asyncio.wait({rates})

    @asynccontextmanager
    async def _serving(self, door: Door, context: ssl.SSLContext | None) -> AsyncIterator[None]:
        sockets = listening_sockets(self._config.endpoint, f"{self._key_path}::endpoint")
        server = Server(door.answer, self._settings.logger, self._config.max_requests)
        runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=SHUTDOWN_TIMEOUT_S)
        try:
            await runner.setup()
            for listener in sockets:
                await web.SockSite(runner, listener, ssl_context=context).start()
            self._endpoints["http" if context is None else "https"] = format_host_port(sockets[0].getsockname())
            yield
        finally:
            self._endpoints.clear()
            await runner.cleanup()
            for listener in sockets:
                listener.close()

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
        config, logger = self._config, self._settings.logger
        if not config.is_open_to_the_network:
            return
        if config.auth is None:
            logger.warning(
                "%s::endpoint: %s can be reached from the network without authentication; anyone who reaches it reads "
                "your messages%s. Use localhost, or set auth",
                self._key_path,
                config.endpoint,
                " and can replay and remove dead letters and silence alerts" if config.allow_actions else "",
            )
        elif config.tls is None:
            logger.warning(
                "%s::endpoint: %s can be reached from the network without TLS; its token can be read on the way",
                self._key_path,
                config.endpoint,
            )
