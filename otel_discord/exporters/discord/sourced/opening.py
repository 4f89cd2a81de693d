"""Opens what an exporter has for the destinations that a source names."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from otel_discord.component import Host
from otel_discord.component.destination_source import DestinationSource
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.dead_letters.desk import Bury
from otel_discord.exporters.discord.destinations import sourced_destination
from otel_discord.exporters.discord.lane import Lane
from otel_discord.exporters.discord.lane_memory import LaneMemory
from otel_discord.exporters.discord.outbox import Outbox
from otel_discord.exporters.discord.own_messages import OwnMessages
from otel_discord.exporters.discord.render import Renderer
from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.exporters.discord.routing import Router
from otel_discord.exporters.discord.sourced.elsewhere import Elsewhere
from otel_discord.exporters.discord.sourced.lanes import RunLanes
from otel_discord.exporters.discord.sourced.live import LiveDestinations
from otel_discord.exporters.discord.sourced.names import is_sourced
from otel_discord.exporters.discord.sourced.rescue import Rescue
from otel_discord.exporters.discord.sourced.tally import TallyBook
from otel_discord.exporters.discord.workshop import Workshop


def live_destinations(config: DiscordConfig, host: Host, logger: logging.Logger) -> LiveDestinations | None:
    """Return who knows the destinations that an extension names; None where none is asked for any.

    Raises:
        StartError: the extension is not there, or names none.
    """
    if not config.destinations_from:
        return None
    return LiveDestinations(
        source=host.extension(config.destinations_from, DestinationSource),
        read=lambda item: sourced_destination(item, config),
        refused=lambda name, why: logger.error(
            "a run's destination cannot be used, its records go elsewhere: %s", why, extra={"destination": name}
        ),
    )


def memory_of(host: Host, name: str) -> LaneMemory:
    """Return what the outbox of a destination knows beyond its own life: of a run until that is over."""
    if is_sourced(name):
        return _memories(host).setdefault(name, LaneMemory())
    return host.kept(f"lane/{name}", LaneMemory)


def _memories(host: Host) -> dict[str, LaneMemory]:
    return host.kept("run lanes", dict[str, LaneMemory])


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLanesOpening:
    """Of one exporter, or one shard of it in a fleet, that opens. ``bury`` ends the cards of lanes that nobody has."""

    config: DiscordConfig
    host: Host
    live: LiveDestinations
    workshop: Workshop
    router: Router
    bury: Bury
    tallies: TallyBook
    mine: Callable[[str], bool] = lambda _: True
    """Says of which destinations this exporter is to have the lanes."""

    is_all_routed: Callable[[], bool] | None = None
    """In a fleet: says whether all that came in was looked at."""
    elsewhere: Elsewhere | None = None
    """The other shards of a fleet."""

    async def lanes(
        self,
        outboxes: dict[str, Outbox],
        senders: "dict[str, asyncio.Task[None]]",
        start: "Callable[[Outbox], asyncio.Task[None]]",
    ) -> RunLanes:
        """Return the lanes of runs, which are not open yet.

        Args:
            outboxes: of the exporter; those of runs are added and taken away.
            senders: the tasks that run them.
            start: begins to run an outbox.
        """
        config, workshop = self.config, self.workshop
        logger = workshop.settings.logger
        options = RenderOptions(preset=config.render.preset if config.render.embeds else "plain")
        lanes = RunLanes(
            live=self.live,
            workshop=workshop,
            rescue=Rescue(
                queue=workshop.queue,
                desk=workshop.desk,
                router=self.router,
                outboxes=outboxes,
                bury=self.bury,
                shelf=workshop.shelf,
                release_attachments=workshop.release_attachments,
                logger=logger,
                elsewhere=self.elsewhere,
            ),
            desk=workshop.desk,
            watches=workshop.watches,
            tallies=self.tallies,
            messages=OwnMessages(Renderer(options, workshop.templates, workshop.troubles), logger),
            memories=_memories(self.host),
            outboxes=outboxes,
            senders=senders,
            start=start,
            state=Lane(name="", queue=workshop.queue, logger=logger),
            request_timeout_s=config.timeout,
            logger=logger,
            mine=self.mine,
            is_all_routed=self.is_all_routed,
        )
        await lanes.restore()
        return lanes
