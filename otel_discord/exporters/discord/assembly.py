"""How the exporter's parts are put together from its configuration."""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from otel_discord.component import Host, Settings
from otel_discord.discord_api.client import WebhookClient
from otel_discord.discord_api.http import Transport
from otel_discord.discord_api.permits import RateLimits, shared_limits
from otel_discord.discord_api.ratelimit import LimiterSettings
from otel_discord.discord_api.transport import AiohttpTransport
from otel_discord.exporters.discord.alerts.grouping import AlertFinder
from otel_discord.exporters.discord.charts import Charting, Charts, NoCharts
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.dry_run import DryRunTransport
from otel_discord.exporters.discord.evidence.desk import EvidenceDesk
from otel_discord.exporters.discord.evidence.ring import Ring
from otel_discord.exporters.discord.folding.desk import FoldDesk
from otel_discord.exporters.discord.masking import Masking
from otel_discord.exporters.discord.mutes.book import MuteBook
from otel_discord.exporters.discord.mutes.gate import Gate
from otel_discord.exporters.discord.noted_ways import Reader
from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.exporters.discord.routed import CardMaker
from otel_discord.exporters.discord.routing import Router
from otel_discord.exporters.discord.shelf import Shelf
from otel_discord.exporters.discord.silenced_alerts import SilencedAlerts
from otel_discord.exporters.discord.sourced.live import LiveDestinations

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
    settings: Settings,
    config: DiscordConfig,
    limits: RateLimits,
    transport: Transport | None,
    stack: AsyncExitStack,
    guarded: Callable[[Transport], Transport] = lambda transport: transport,
) -> WebhookClient:
    """Return the client; what it opens is closed by ``stack``. ``guarded`` may stand before what goes out."""
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
        guarded(transport),
        limits,
        endpoint=config.endpoint,
        user_agent=user_agent,
        file_max_bytes=max_file_bytes(config),
    )


def fold_desk(config: DiscordConfig, destinations: Sequence[Destination]) -> FoldDesk:
    """Return what knows which problem is counted where."""
    desk = FoldDesk.of(
        [item.name for item in destinations],
        window_s=config.fold.window,
        edit_interval_s=config.fold.edit_interval,
        group_wait_s=config.alerts.group_wait,
        group_interval_s=config.alerts.group_interval,
    )
    for item in destinations:
        if item.retention_s:
            book = desk.books[item.name]
            book.max_message_age_ns = min(book.max_message_age_ns, int(item.retention_s * 1e9))
    return desk


async def open_charts(
    settings: Settings, config: DiscordConfig, charts: Charts | None, stack: AsyncExitStack
) -> Charts:
    """Return who draws charts, ``charts`` where that is given; what it opens is closed by ``stack``."""
    if not config.alerts.charts or not config.fold.enabled:
        return NoCharts()
    if charts is not None:
        return charts
    return await stack.enter_async_context(Charting(settings.logger))


def gate(config: DiscordConfig) -> Gate:
    """Return what knows the mutes."""
    mutes = [item.mute() for item in config.maintenance]
    return Gate(MuteBook(mutes, critical_from=config.critical.min_severity))


def card_maker(
    config: DiscordConfig,
    routing: Router,
    shelf: Shelf,
    desk: FoldDesk,
    gate: Gate,
    charts: Charts,
    silenced: SilencedAlerts,
    live: LiveDestinations | None,
) -> CardMaker:
    """Return what turns batches into cards."""
    directories = [Path(item) for item in config.attachments.allowed_directories]
    finder = desk.finder if config.fold.enabled else None
    alerts = AlertFinder(config.alerts.group_by, charts.warm_up)
    notes = Reader(routing) if routing.only is not None else None
    return CardMaker(routing, shelf, directories, max_file_bytes(config), finder, gate, alerts, silenced, live, notes)


def evidence_desk(
    config: DiscordConfig, host: Host, masking: Masking, settings: Settings, wall_clock: Callable[[], float]
) -> EvidenceDesk | None:
    """Return what gathers evidence of alerts; None where that is off."""
    keys = config.evidence
    is_on = keys.is_on
    window_ns = int(keys.window * 1e9)
    ring = host.kept("evidence", lambda: Ring(0, 0))
    ring.bound(window_ns=2 * window_ns, max_bytes=int(keys.max_mib * MIB) if is_on else 0)
    if not is_on:
        return None
    return EvidenceDesk(
        ring=ring,
        masking=masking,
        window_ns=window_ns,
        group_wait_s=config.alerts.group_wait,
        wall_clock=wall_clock,
        logger=settings.logger,
    )


def render_options(config: DiscordConfig, destination: Destination) -> RenderOptions:
    """Return how cards of a destination look."""
    render = config.render
    return RenderOptions(
        preset=destination.preset,
        timestamps=render.timestamps,
        resource=render.resource,
        stack_traces=render.stack_traces,
        max_message_length=render.max_message_length,
        trace_link=render.trace_link,
        logs_link=render.logs_link,
        runbook_link=render.runbook_link,
    )


def max_file_bytes(config: DiscordConfig) -> int:
    """Return what Discord takes as one file."""
    return int(config.attachments.max_file_mib * MIB)
