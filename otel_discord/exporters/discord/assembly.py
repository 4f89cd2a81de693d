"""How the exporter's parts are put together from its configuration."""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from otel_discord.component import Settings, WorkQueue
from otel_discord.component.instruments import BreakerState, DiscordInstruments, ExporterInstruments
from otel_discord.discord_api.client import WebhookClient
from otel_discord.discord_api.http import Transport
from otel_discord.discord_api.outcome_types import Reason, Scope
from otel_discord.discord_api.permits import RateLimits, shared_limits
from otel_discord.discord_api.ratelimit import LimiterSettings
from otel_discord.discord_api.transport import AiohttpTransport
from otel_discord.exporters.discord.burial import Burial
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.compose import Composer
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.dead_letters.box import LetterBox
from otel_discord.exporters.discord.dead_letters.upkeep import Upkeep
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.dry_run import DryRunTransport
from otel_discord.exporters.discord.health import Health
from otel_discord.exporters.discord.outbox import Outbox
from otel_discord.exporters.discord.render import Renderer
from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.exporters.discord.routed import CardMaker
from otel_discord.exporters.discord.routing import Router
from otel_discord.exporters.discord.safe_render import SafeRenderer
from otel_discord.exporters.discord.sender import Sender
from otel_discord.exporters.discord.shelf import Shelf

MIB: Final = 1024 * 1024
PROJECT_URL: Final = "https://github.com/otel-discord/otel-discord"


def rate_limits(config: DiscordConfig) -> RateLimits:
    """Return the limiter that all exporters of this process with the same endpoint and pace share."""
    pace = config.rate_limit
    return shared_limits(
        config.endpoint,
        LimiterSettings(
            requests_per_second=pace.requests_per_second,
            channel_messages_per_minute=pace.channel_messages_per_minute,
        ),
    )


async def open_client(
    settings: Settings, config: DiscordConfig, limits: RateLimits, transport: Transport | None, stack: AsyncExitStack
) -> WebhookClient:
    """Return the client; what it opens is closed by ``stack``."""
    if transport is None and config.dry_run:
        transport = DryRunTransport(settings.logger)
    if transport is None:
        transport = await stack.enter_async_context(
            AiohttpTransport(
                total_timeout_s=config.timeout,
                connect_timeout_s=config.connect_timeout,
                proxy_url=config.proxy_url.reveal() if config.proxy_url else "",
            )
        )
    user_agent = f"DiscordBot ({PROJECT_URL}, {settings.version})"
    return WebhookClient(
        transport, limits, endpoint=config.endpoint, user_agent=user_agent, file_max_bytes=max_file_bytes(config)
    )


def router(config: DiscordConfig, destinations: Sequence[Destination]) -> Router:
    """Return the routing table."""
    return Router(destinations, config.critical.min_severity, config.critical.to_all)


def card_maker(config: DiscordConfig, routing: Router, shelf: Shelf) -> CardMaker:
    """Return what turns batches into cards."""
    directories = [Path(item) for item in config.attachments.allowed_directories]
    return CardMaker(routing, shelf, directories, max_file_bytes(config))


def max_file_bytes(config: DiscordConfig) -> int:
    """Return what Discord takes as one file."""
    return int(config.attachments.max_file_mib * MIB)


def outbox(
    destination: Destination,
    *,
    settings: Settings,
    config: DiscordConfig,
    queue: WorkQueue,
    letters: tuple[LetterBox, Upkeep],
    client: WebhookClient,
    shelf: Shelf,
    instruments: tuple[ExporterInstruments, DiscordInstruments],
    release_attachments: Callable[[Sequence[Card]], None],
    health: Health,
) -> Outbox:
    """Return the outbox of one destination."""
    render = config.render
    options = RenderOptions(
        preset=destination.preset,
        timestamps=render.timestamps,
        resource=render.resource,
        stack_traces=render.stack_traces,
        max_message_length=render.max_message_length,
        trace_link=render.trace_link,
        logs_link=render.logs_link,
    )
    max_embeds = config.sending_queue.batch.max_size
    of_destination = instruments[1].destination(destination.name)
    of_destination.expect(reasons=Reason, scopes=Scope)
    of_destination.breaker(BreakerState.CLOSED)
    sender = Sender(
        composer=Composer(
            destination,
            SafeRenderer(Renderer(options), settings.logger),
            shelf,
            max_embeds=max_embeds,
            max_file_bytes=max_file_bytes(config),
        ),
        client=client,
        policy=config.retry_on_failure.policy(),
        instruments=of_destination,
        tracer=settings.tracer,
        logger=settings.logger,
    )
    return Outbox(
        sender=sender,
        queue=queue,
        burial=Burial(
            destination=destination.name,
            queue=queue,
            instruments=of_destination,
            exporter_instruments=instruments[0],
            logger=settings.logger,
            release_attachments=release_attachments,
            box=letters[0],
            upkeep=letters[1],
        ),
        flush_timeout_s=config.sending_queue.batch.flush_timeout,
        max_embeds=max_embeds,
        exporter_instruments=instruments[0],
        logger=settings.logger,
        release_attachments=release_attachments,
        health=health,
    )
