"""The exporter as the service opens it: one of a fleet where its storage is shared, else one that works alone."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from otel_discord.component import Host, Settings, Status
from otel_discord.component.fleet import Fleet, Seat, SharesWork
from otel_discord.component.instruments_discord import SharedDeadLetterInstruments
from otel_discord.component.long_starts import start_goes_on
from otel_discord.component.resharding import SettlesIn
from otel_discord.component.state_table import SharedTable, SharesTables
from otel_discord.discord_api.http import Transport
from otel_discord.exporterhelper.spool import opened_spool, refuse_spool
from otel_discord.exporterhelper.spool_drain import draining
from otel_discord.exporters.discord import assembly
from otel_discord.exporters.discord.charts import Charts
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.egress import shared_egress
from otel_discord.exporters.discord.exporter import DiscordExporter
from otel_discord.exporters.discord.fleet.asked_fleet import AskedFleet
from otel_discord.exporters.discord.fleet.channels import Channels
from otel_discord.exporters.discord.fleet.elsewhere import FleetElsewhere
from otel_discord.exporters.discord.fleet.engines import Engines
from otel_discord.exporters.discord.fleet.guard import Guard
from otel_discord.exporters.discord.fleet.headroom import with_headroom
from otel_discord.exporters.discord.fleet.intake import FleetIntake
from otel_discord.exporters.discord.fleet.layout import layout
from otel_discord.exporters.discord.fleet.placing import place
from otel_discord.exporters.discord.fleet.shard_queue import opened_shard_queue
from otel_discord.exporters.discord.fleet.splitting import Splitter
from otel_discord.exporters.discord.lane import patiently
from otel_discord.exporters.discord.mutes.said import MutesSaid
from otel_discord.exporters.discord.shard import Shard
from otel_discord.exporters.discord.sourced.elsewhere import Elsewhere
from otel_discord.exporters.discord.sourced.names import is_sourced, shard_of_run
from otel_discord.exporters.discord.sourced.opening import live_destinations
from otel_discord.exporters.discord.trials.room import TrialRoom, trial_room
from otel_discord.signals import Signal


class FleetExporter(AskedFleet):
    """Log records in, Discord messages out, by this replica or another."""

    def __init__(
        self,
        settings: Settings,
        config: DiscordConfig,
        *,
        transport: Transport | None = None,
        wall_clock: Callable[[], float] = time.time,
        charts: Charts | None = None,
    ) -> None:
        """``transport`` takes the place of the network, ``wall_clock`` of Unix time and ``charts`` of matplotlib."""
        super().__init__(settings, config, transport=transport, wall_clock=wall_clock, charts=charts)
        self._fleet: Fleet | None = None
        self._engines: Engines | None = None
        self._shard_of: Mapping[str, int] = {}
        self._mutes_said = MutesSaid()
        self._letter_instruments = SharedDeadLetterInstruments(settings.meter, str(settings.id))

    @property
    def fleet(self) -> Fleet | None:
        """The fleet that it is in; None while it works alone, or not at all."""
        return self._fleet

    @property
    def engines(self) -> Mapping[int, DiscordExporter]:
        """What works on this replica, by shard."""
        return self._engines.held if self._engines is not None else {}

    @property
    def shard_of(self) -> Mapping[str, int]:
        """The shards of the configured destinations, by name."""
        return self._shard_of

    # -------------------------------------------------------------------------------------------------- lifetime

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Take part in the fleet, or work alone; at the end hand over to those who live, or drain."""
        storage = self._back.storage(host)
        if not isinstance(storage, SharesWork) or not storage.is_shared:
            refuse_spool(self._settings.id, self._config.sending_queue)
            async with super().lifespan(host):
                yield
            return
        self._know_destinations()
        config, accepting, logger = self._config, self._accepting, self._settings.logger
        accepting.live = live_destinations(config, host, logger)
        async with AsyncExitStack() as stack:
            limits = assembly.rate_limits(config)
            whole_per_s = config.rate_limit.requests_per_second
            await stack.enter_async_context(shared_egress(storage, config.endpoint, whole_per_s, limits, logger))
            self._client = await assembly.open_client(self._settings, config, limits, self._transport, stack)
            room = with_headroom(config.sending_queue.limits())
            opening = opened_spool(host, self._settings, config.sending_queue, Signal.LOGS)
            spool = await stack.enter_async_context(opening)
            fleet = await stack.enter_async_context(storage.join(self._back.owner, room))
            stack.callback(self._leave)
            self._fleet = fleet
            channels = Channels(self._client, await self._table_of_channels(storage, stack), logger)
            told = partial(start_goes_on, host)
            self._shard_of = await place(fleet, self._destinations, channels, limits, logger, told)
            splitter = Splitter(accepting.routing, self._shard_of, fleet.shards)
            await self._settle_in(storage, fleet, splitter)
            accepting.evidence = assembly.evidence_desk(
                config, host, accepting.masking, self._settings, self._wall_clock
            )
            charts = await assembly.open_charts(self._settings, config, self._charts, stack)
            trials = await stack.enter_async_context(trial_room(self._settings, config))
            elsewhere = FleetElsewhere(fleet=fleet, splitter=splitter, logger=logger)
            engines = self._engines = Engines(
                fleet=fleet,
                host=host,
                new=partial(self._engine, fleet, elsewhere, charts, trials),
                logger=logger,
                answering=self.answering,
            )
            stack.enter_context(self._instruments.watch_queue(Signal.LOGS, self._size, self._capacity))
            stack.enter_context(self._letter_instruments.watch_all())
            intake = accepting.door = FleetIntake(
                fleet=fleet,
                splitter=splitter,
                router=accepting.routing,
                settings=config.sending_queue,
                instruments=self._instruments,
                engines=engines.held,
                wall_clock=self._wall_clock,
                places_of=accepting.live.places if accepting.live is not None else lambda _: (),
                spool=spool,
            )
            if spool is not None:
                await stack.enter_async_context(draining(spool, intake, self._instruments))
            asking = self.asking(
                fleet,
                configured=[item.name for item in self._destinations],
                shard_of=partial(self._place_of, fleet.shards),
                has_runs=accepting.live is not None,
            )
            async with asking, engines.running():
                host.report_status(Status.OK)
                try:
                    yield
                finally:
                    await self._end(host, fleet, engines)

    async def _table_of_channels(self, storage: object, stack: AsyncExitStack) -> SharedTable | None:
        """Return what replicas tell each other about the channels of webhooks, where the storage can keep it."""
        if not isinstance(storage, SharesTables):
            return None
        return await stack.enter_async_context(storage.open_shared_table(f"{self._back.owner}/channels"))

    async def _settle_in(self, storage: object, fleet: Fleet, splitter: Splitter) -> None:
        """Have what a single process has left divided, before anybody works on a shard."""
        if isinstance(storage, SettlesIn):
            logger, live, owner = self._settings.logger, self._accepting.live, self._back.owner
            placed = await patiently(fleet.placed, logger, "to show which replica works on which destinations")
            divided = layout(splitter, placed, live.places if live is not None else lambda _: ())
            await patiently(lambda: storage.settle_in(owner, divided), logger, "to divide what waits")

    async def _end(self, host: Host, fleet: Fleet, engines: Engines) -> None:
        """End what works here: others go on with it where there are any; alone, what is left is sent first."""
        deadline_s = asyncio.get_running_loop().time() + self._config.shutdown_timeout
        if host.drain_deadline_s is not None:
            deadline_s = min(deadline_s, host.drain_deadline_s)
        others_live = any(not each.is_self for each in fleet.replicas())
        if not host.hands_over:
            self._accepting.door = None
        await engines.end(deadline_s, hands_over=host.hands_over or others_live)
        self._accepting.door = None

    def _leave(self) -> None:
        self._accepting.door = None
        self._fleet = self._engines = self._client = None

    def _place_of(self, shards: int, name: str) -> int | None:
        """Return which shard has a destination, configured or a run's; None where there is none of that name."""
        return shard_of_run(name, shards) if is_sourced(name) else self._shard_of.get(name)

    def _engine(
        self, fleet: Fleet, elsewhere: Elsewhere, charts: Charts, trials: TrialRoom, seat: Seat
    ) -> DiscordExporter:
        """Return the engine of a shard, which works only for its destinations."""
        return DiscordExporter(
            self._settings,
            self._config,
            transport=self._transport,
            wall_clock=self._wall_clock,
            charts=charts,
            shard=Shard(
                number=seat.shard,
                names=frozenset(name for name, shard in self._shard_of.items() if shard == seat.shard),
                has_run=lambda name: shard_of_run(name, fleet.shards) == seat.shard,
                open_queue=partial(opened_shard_queue, fleet, seat),
                is_lost=lambda: seat.is_lost,
                guarded=lambda transport: Guard(transport=transport, seat=seat),
                instruments=self._instruments,
                discord_instruments=self._discord_instruments,
                letter_instruments=self._letter_instruments,
                masking=self._accepting.masking,
                mutes_said=self._mutes_said,
                tallies=self._accepting.tallies,
                trials=trials,
                elsewhere=elsewhere,
            ),
        )

    def _size(self) -> int:
        return sum(engine.queue_size for engine in self.engines.values())

    def _capacity(self) -> int:
        return sum(engine.queue_capacity for engine in self.engines.values())
