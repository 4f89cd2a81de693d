"""The extension: its doors, its bot, and who works behind them."""

import ipaddress
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Final

from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.component import Host, Settings, StartError
from otel_discord.component.destination_source import DestinationUser, SourcedDestination, Tally
from otel_discord.component.server_certificates import CertificateFiles
from otel_discord.component.state_table import KeepsTables, SharesTables, StateTable
from otel_discord.component.watched_runs import ShownRun
from otel_discord.config import Secret
from otel_discord.config.host_port import parse_host_port
from otel_discord.discord_api.bot.client import BotClient
from otel_discord.discord_api.http import Transport
from otel_discord.discord_api.permits import shared_limits
from otel_discord.discord_api.ratelimit.settings import LimiterSettings
from otel_discord.discord_api.transport import AiohttpTransport
from otel_discord.discord_api.webhook_url import validate_endpoint
from otel_discord.discord_api.wire import Wire
from otel_discord.extensions.run_channels.attendant import Attendant
from otel_discord.extensions.run_channels.audit import AuditLog
from otel_discord.extensions.run_channels.book import Book
from otel_discord.extensions.run_channels.config import RunChannelsConfig
from otel_discord.extensions.run_channels.finishing import Drained
from otel_discord.extensions.run_channels.fleet.desk import FleetDesk
from otel_discord.extensions.run_channels.fleet.guard import GuardedTransport
from otel_discord.extensions.run_channels.http_door import serve_http
from otel_discord.extensions.run_channels.http_front import HttpFront
from otel_discord.extensions.run_channels.openapi import openapi_document
from otel_discord.extensions.run_channels.own_numbers import OwnNumbers
from otel_discord.extensions.run_channels.shown import shown_runs
from otel_discord.extensions.run_channels.source import RunSource
from otel_discord.extensions.run_channels.token_files import TokenFiles, read_secret_file
from otel_discord.extensions.run_channels.webhook_posts import HeadersByWebhook
from otel_discord.extensions.run_channels.worker import Worker
from otel_discord.store.memory_table import MemoryTables

PROJECT_URL: Final = "https://github.com/otel-discord/otel-discord"
_BEHIND_S: Final = 5.0
"""A door waits a little longer than the desk says that it does, so that the desk's own words are heard."""


class RunChannels:
    """Makes channels for runs while its lifespan is entered; a DestinationSource for exporters."""

    def __init__(self, settings: Settings, config: RunChannelsConfig) -> None:
        self._settings = settings
        self._config = config
        self._key_path = f"extensions::{settings.id}"
        self._endpoints: dict[str, str] = {}
        self._numbers = OwnNumbers(settings.meter, str(settings.id))
        self._source: RunSource | None = None
        self._desk: Worker | FleetDesk | None = None

    @property
    def endpoints(self) -> Mapping[str, str]:
        """The bound addresses: ``{"http": "127.0.0.1:8080", "grpc": "127.0.0.1:8081"}``; with TLS "https"."""
        return dict(self._endpoints)

    def preflight(self) -> None:
        """Read the files that the configuration names.

        Raises:
            StartError: one cannot be read, or does not hold what it should.
        """
        self._bot_token()
        self._token_files().load()
        self._certificates()

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Take requests, and clean up after runs, while the block runs.

        Raises:
            StartError: an address cannot be listened on, a file cannot be used, the storage keeps no tables, or Discord
                does not accept the bot's token. A Discord that does not answer is none: /readyz says so.
        """
        self._warn_if_open()
        token_files = self._token_files()
        bot_token, tokens = self._bot_token(), token_files.load()
        config, logger = self._config, self._settings.logger
        async with AsyncExitStack() as stack:
            desk = await self._new_desk(host, bot_token, stack)
            stack.enter_context(self._numbers.shown())
            attendant = Attendant(
                desk=desk,
                tokens=tokens,
                audit=AuditLog(logger, self._numbers),
                logger=logger,
                patience_s=config.request_timeout + config.drain_timeout + _BEHIND_S,
                unix_now_s=time.time,
                is_open=False,
                numbers=self._numbers,
            )
            if isinstance(desk, FleetDesk):
                desk.admits = attendant.too_many_of
            await self._open_doors(attendant, stack)
            await stack.enter_async_context(token_files.kept_fresh(attendant.use, logger))
            await stack.enter_async_context(desk)
            stack.callback(attendant.close)
            stack.callback(self._forget_source)
            self._source, self._desk = desk.source, desk
            attendant.is_open = True
            yield

    def destination_of(self, resource: Resource) -> str | None:
        """Return the name of the live run's destination that a resource belongs to."""
        return self._source.destination_of(resource) if self._source is not None else None

    def former_destination_of(self, resource: Resource) -> str | None:
        """Return the name of the destination that a resource belongs to, or did while its run was live."""
        return self._source.former_destination_of(resource) if self._source is not None else None

    def label_of(self, resource: Resource) -> str:
        """Return what people call the run that a resource names, live or not; "" where it names none."""
        return self._source.label_of(resource) if self._source is not None else ""

    def destinations(self) -> Mapping[str, SourcedDestination]:
        """Return the destinations of live runs by name."""
        return self._source.destinations() if self._source is not None else {}

    def counted(self, name: str, tally: Tally) -> None:
        """Hear what passed for a run."""
        if self._source is not None:
            self._source.counted(name, tally)

    def is_gone(self, name: str) -> None:
        """Hear that Discord takes nothing any more at a run's webhook."""
        if self._source is not None:
            self._source.is_gone(name)

    def shown_runs(self, limit: int = 50) -> Sequence[ShownRun]:
        """Return the runs of which something is in Discord, those that run first."""
        return shown_runs(self._desk.book, limit) if self._desk is not None else []

    @contextmanager
    def used_by(self, user: DestinationUser) -> Iterator[None]:
        """Tell ``user`` of changes while the block runs."""
        if self._source is None:
            raise StartError(f"{self._key_path} is not open")
        with self._source.used_by(user):
            yield

    async def _new_desk(self, host: Host, bot_token: Secret, stack: AsyncExitStack) -> Worker | FleetDesk:
        config, settings = self._config, self._settings
        tables = self._tables(host)
        endpoint = validate_endpoint(config.discord_endpoint, allow_insecure=config.allow_insecure_endpoint)
        proxy_url = config.proxy_url.reveal() if config.proxy_url else ""
        transport = await stack.enter_async_context(AiohttpTransport(proxy_url=proxy_url))
        user_agent = f"DiscordBot ({PROJECT_URL}, {settings.version})"
        header_limits = shared_limits(endpoint, LimiterSettings())

        def new_worker(
            table: StateTable, by: Transport, source: RunSource | None = None, drained: Drained | None = None
        ) -> Worker:
            by_webhook = None
            if not config.header_embed:
                by_webhook = HeadersByWebhook(
                    Wire(by, endpoint=endpoint, user_agent=user_agent, observer=None), header_limits
                )
            return Worker(
                BotClient(by, bot_token, endpoint=endpoint, user_agent=user_agent, observer=self._numbers),
                Book(table, max_runs=config.max_runs, logger=settings.logger),
                config,
                key=bot_token,
                endpoint=endpoint,
                logger=settings.logger,
                by_webhook=by_webhook,
                numbers=self._numbers,
                source=source,
                drained=drained,
            )

        if not (isinstance(tables, SharesTables) and tables.is_shared):
            table = await stack.enter_async_context(tables.open_table(str(settings.id)))
            return new_worker(table, transport)
        shared = await stack.enter_async_context(tables.open_shared_table(str(settings.id)))
        return FleetDesk(
            shared,
            lambda lead, source, drained: new_worker(lead.table, GuardedTransport(transport, lead), source, drained),
            config,
            endpoint=endpoint,
            logger=settings.logger,
        )

    def _tables(self, host: Host) -> KeepsTables:
        if self._config.storage is None:
            return host.kept(f"{self._settings.id} tables", MemoryTables)
        try:
            return host.extension(self._config.storage, KeepsTables)
        except StartError as error:
            raise StartError(f"{self._key_path}::storage: {error}") from None

    async def _open_doors(self, attendant: Attendant, stack: AsyncExitStack) -> None:
        config, logger = self._config, self._settings.logger
        certificates = self._certificates()
        context = None
        if certificates is not None:
            await stack.enter_async_context(certificates.kept_fresh(logger))
            context = certificates.new_context()
        document = openapi_document(
            version=self._settings.version,
            max_retention_hours=config.max_retention_hours,
            default_retention_hours=config.default_retention_hours,
        )
        stack.callback(self._endpoints.clear)
        front = HttpFront(attendant, config.max_retention_hours, document)
        key_path = f"{self._key_path}::endpoint"
        serving = serve_http(config.endpoint, front, context=context, key_path=key_path, logger=logger)
        self._endpoints["http" if context is None else "https"] = await stack.enter_async_context(serving)
        if config.grpc_endpoint is not None:
            from otel_discord.extensions.run_channels.grpc_door import RunChannelsServicer, serve_grpc

            servicer = RunChannelsServicer(attendant, config.max_retention_hours)
            key_path = f"{self._key_path}::grpc_endpoint"
            self._endpoints["grpc"] = await stack.enter_async_context(
                serve_grpc(config.grpc_endpoint, servicer, certificates=certificates, key_path=key_path)
            )

    def _forget_source(self) -> None:
        self._source = self._desk = None

    def _bot_token(self) -> Secret:
        config = self._config
        key_path = f"{self._key_path}::bot_token"
        text = config.bot_token.reveal().strip() if config.bot_token is not None else ""
        if not text:
            key_path = f"{self._key_path}::bot_token_file"
            text = read_secret_file(config.bot_token_file, key_path)
        if not text or not text.isascii() or not text.isprintable() or " " in text:
            raise StartError(f"{key_path}: this is no bot's token; copy it from Discord's developer portal, Bot page")
        return Secret(text)

    def _token_files(self) -> TokenFiles:
        return TokenFiles(self._config.tokens, f"{self._key_path}::tokens")

    def _certificates(self) -> CertificateFiles | None:
        return CertificateFiles(self._config.tls, f"{self._key_path}::tls") if self._config.tls is not None else None

    def _warn_if_open(self) -> None:
        if self._config.tls is not None:
            return
        for key, endpoint in (("endpoint", self._config.endpoint), ("grpc_endpoint", self._config.grpc_endpoint)):
            if endpoint is not None and is_open_to_the_network(endpoint):
                self._settings.logger.warning(
                    "%s::%s: %s can be reached from the network without TLS; tokens and addresses of webhooks can be "
                    "read on the way. Use localhost, or set tls",
                    self._key_path,
                    key,
                    endpoint,
                )


def is_open_to_the_network(endpoint: str) -> bool:
    """Return whether other machines reach an address of ours."""
    host, _ = parse_host_port(endpoint)
    if host == "localhost":
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True
