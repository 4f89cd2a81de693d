"""Opens an exporter: what an earlier run has left is taken up first, then everything runs that has to."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from otel_discord.component import Host, Settings, WorkQueue
from otel_discord.discord_api.http import Transport
from otel_discord.discord_api.models import Message
from otel_discord.exporters.discord import assembly
from otel_discord.exporters.discord.accepting import Accepting
from otel_discord.exporters.discord.back_office import BackOffice
from otel_discord.exporters.discord.batch_router import BatchRouter
from otel_discord.exporters.discord.charts import Charts
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.dead_letters.office import LetterOffice
from otel_discord.exporters.discord.destinations import DEFAULT_NAME, Destination
from otel_discord.exporters.discord.drain import Crew
from otel_discord.exporters.discord.evidence.desk import EvidenceDesk
from otel_discord.exporters.discord.folding.desk import FoldDesk
from otel_discord.exporters.discord.health import Health
from otel_discord.exporters.discord.house import House
from otel_discord.exporters.discord.lane import patiently
from otel_discord.exporters.discord.looks import TroubleBook
from otel_discord.exporters.discord.mutes.said import MutesSaid
from otel_discord.exporters.discord.orphans import warn_of_orphans
from otel_discord.exporters.discord.outbox import Outbox
from otel_discord.exporters.discord.own_messages import OwnMessages
from otel_discord.exporters.discord.pictures import Pictures
from otel_discord.exporters.discord.render import Renderer
from otel_discord.exporters.discord.render_templates import Templates
from otel_discord.exporters.discord.restoring import Restoring
from otel_discord.exporters.discord.shelf import Shelf
from otel_discord.exporters.discord.sourced.lanes import RunLanes
from otel_discord.exporters.discord.sourced.left_over import LeftOver
from otel_discord.exporters.discord.sourced.live import LiveDestinations
from otel_discord.exporters.discord.sourced.names import is_sourced
from otel_discord.exporters.discord.sourced.opening import RunLanesOpening, live_destinations, memory_of
from otel_discord.exporters.discord.trials.ends import Ends
from otel_discord.exporters.discord.trials.judge import Judge
from otel_discord.exporters.discord.trials.room import trial_room
from otel_discord.exporters.discord.watching.opening import WatchedParts
from otel_discord.exporters.discord.watching.watching import Watches
from otel_discord.exporters.discord.workshop import Workshop
from otel_discord.signals import Signal

_GATHER_S: Final = 0.1
"""In a fleet each request comes in parts, and each part that is routed is a transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Of one exporter and one lifetime."""

    back: BackOffice
    accepting: Accepting
    destinations: Sequence[Destination]
    outboxes: dict[str, Outbox]
    """The exporter's; those of an earlier lifetime go."""
    shelf: Shelf
    say: Callable[[str, Message], None]
    templates: Templates
    troubles: TroubleBook
    transport: Transport | None
    charts: Charts | None
    wall_clock: Callable[[], float]
    resumes_letters: bool

    @property
    def _settings(self) -> Settings:
        return self.back.settings

    @property
    def _config(self) -> DiscordConfig:
        return self.back.config

    @asynccontextmanager
    async def opened(self, host: Host) -> AsyncIterator[House]:
        """Open the queue and the way to Discord, and run the outboxes; who uses it ends the house before it leaves.

        Raises:
            StartError: something that the configuration names is not there.
        """
        config, entrance = self._config, self.accepting.entrance
        async with AsyncExitStack() as stack:
            opened = await stack.enter_async_context(self.back.open_queue(host))
            office = self.back.open_letters(host, entrance.watched(opened, host))
            queue = office.queue
            stack.callback(office.close)
            own_messages = OwnMessages(Renderer(None, self.templates, self.troubles))
            upkeep = await stack.enter_async_context(
                office.looked_after(self._say_soon, self._fallback_of, own_messages.dead_letters)
            )
            shard = self.back.shard
            if shard is None:
                sizes = self.back.instruments.watch_queue(Signal.LOGS, lambda: queue.size, lambda: queue.capacity)
                stack.enter_context(sizes)
            stack.callback(self._forget_gauges)
            limits = assembly.rate_limits(config)
            restoring = Restoring(
                settings=self._settings,
                config=config,
                queue=queue,
                wall_clock=self.wall_clock,
                mutes_said=shard.mutes_said if shard is not None else MutesSaid(),
            )
            ban, pace = await restoring.ban(limits), await restoring.pace(limits, self._webhook_ids)
            live = live_destinations(config, host, self._settings.logger)
            mine = shard.has_run if shard is not None else lambda _: True
            runs = [] if live is None else [each for name, each in live.refreshed().items() if mine(name)]
            desk = await restoring.desk([*self.destinations, *runs])
            evidence = self._open_evidence(host, queue, desk, live)
            keeper = await restoring.history(desk)
            charts = await assembly.open_charts(self._settings, config, self.charts, stack)
            health = Health(lambda status, error: host.report_status(status, error=error))
            watches = host.kept("watching", Watches)
            guarded = shard.guarded if shard is not None else lambda transport: transport
            client = await assembly.open_client(self._settings, config, limits, self.transport, stack, guarded)
            judge = await self._judge(host, office, stack)
            workshop = Workshop(
                settings=self._settings,
                config=config,
                host=host,
                queue=queue,
                box=office.box,
                upkeep=upkeep,
                client=client,
                shelf=self.shelf,
                exporter_instruments=self.back.instruments,
                discord_instruments=self.back.discord_instruments,
                release_attachments=self.back.release_attachments,
                health=health,
                desk=desk,
                wall_clock=self.wall_clock,
                resumes_letters=self.resumes_letters,
                evidence=evidence,
                pictures=Pictures(charts, self._settings.logger),
                watches=watches,
                templates=self.templates,
                troubles=self.troubles,
                whose=live.label_of if live is not None else None,
                memory_of=partial(memory_of, host),
                judge=judge,
            )
            outboxes = self.outboxes
            outboxes.clear()
            outboxes.update(workshop.outboxes(self.destinations))
            entrance.begin(desk.lock, outboxes)
            await self._warn_of_orphans(queue, live)
            maintenance = await restoring.maintenance(desk, outboxes, self.back.discord_instruments)
            silences = await restoring.silences(
                maintenance.gate.silences, desk, outboxes, self.back.discord_instruments
            )
            routing = self.accepting.routing
            silenced = await restoring.silenced_alerts(maintenance.gate, routing, live)
            lanes: RunLanes | None = None
            left_over: LeftOver | None = None
            if shard is not None:
                left_over = LeftOver(
                    queue=queue,
                    desk=desk,
                    live=live,
                    elsewhere=shard.elsewhere,
                    bury=self.back.bury_orphans(office),
                    logger=self._settings.logger,
                )

            def tell_of_left_over() -> None:
                if left_over is not None:
                    left_over.has_come()
                elif lanes is not None:
                    lanes.destinations_changed()

            router = BatchRouter(
                settings=self._settings,
                queue=queue,
                maker=assembly.card_maker(config, routing, self.shelf, desk, maintenance.gate, charts, silenced, live),
                desk=desk,
                pace=entrance.intake.pace,
                unrouted=entrance.unrouted,
                outboxes=outboxes,
                shed_above=config.attachments.shed_above,
                gather_s=_GATHER_S if self.back.shard is not None else 0.0,
                judge=judge,
                on_muted=[maintenance.counted, silences.counted],
                on_unknown_ends=self.back.discord_instruments.unknown_alert_ends,
                on_routed=partial(self._routed, live, evidence),
                on_left_over=tell_of_left_over,
                wall_clock=self.wall_clock,
            )
            watched = WatchedParts(
                settings=self._settings,
                config=config,
                outboxes=outboxes,
                desk=desk,
                queue=queue,
                client=client,
                limits=limits,
                health=health,
                wall_clock=self.wall_clock,
            )
            watching = watched.watching(watches, maintenance.gate)
            async with asyncio.TaskGroup() as tasks:

                def start(outbox: Outbox) -> asyncio.Task[None]:
                    return tasks.create_task(outbox.run(), name=f"{self._settings.id} to {outbox.name}")

                senders: dict[str, asyncio.Task[None]] = {}
                if live is not None:
                    opening = RunLanesOpening(
                        config=config,
                        host=host,
                        live=live,
                        workshop=workshop,
                        router=routing,
                        bury=self.back.bury_orphans(office),
                        tallies=self.accepting.tallies,
                        mine=mine,
                        is_all_routed=(lambda: entrance.unrouted.is_idle) if shard is not None else None,
                        elsewhere=shard.elsewhere if shard is not None else None,
                    )
                    lanes = await opening.lanes(outboxes, senders, start)
                    stack.enter_context(live.source.used_by(lanes))
                    lanes.begin()
                senders.update({each.name: start(each) for each in outboxes.values() if each.name not in senders})
                works = {
                    "ban memory": ban.run(),
                    "pace memory": pace.run(),
                    "history": keeper.run(),
                    "maintenance": maintenance.run(),
                    "silences": silences.run(),
                    **({"evidence": evidence.run()} if evidence is not None else {}),
                    "silenced alerts": silenced.run(),
                    "watching": watching.run(),
                    "webhook checks": watched.checks(watches).run(),
                    **({"trials": judge.run()} if judge is not None else {}),
                    **({"run lanes": lanes.run()} if lanes is not None else {}),
                    **({"what is left over": left_over.run()} if left_over is not None else {}),
                    **entrance.works(queue, comes_by_itself=shard is not None),
                }
                crew = Crew(
                    queue=queue,
                    outboxes=outboxes,
                    others=[
                        tasks.create_task(work, name=f"{self._settings.id} {what}") for what, work in works.items()
                    ],
                    routing=tasks.create_task(router.run(), name=f"{self._settings.id} routing"),
                    senders=senders,
                )
                yield House(
                    back=self.back,
                    office=office,
                    entrance=entrance,
                    client=client,
                    crew=crew,
                    router=router,
                    live=live,
                    lanes=lanes,
                    evidence=evidence,
                    maintenance=maintenance,
                    silences=silences,
                    watching=watching,
                    keeper=keeper,
                    pace=pace,
                    ends=judge.ends if judge is not None else None,
                    is_lost=shard.is_lost if shard is not None else lambda: False,
                )

    async def _judge(self, host: Host, office: LetterOffice, stack: AsyncExitStack) -> Judge | None:
        """Return who tries what may end this process; None where nothing outlives the process."""
        config, shard = self._config, self.back.shard
        if config.sending_queue.storage is None:
            return None
        room = (
            shard.trials if shard is not None else await stack.enter_async_context(trial_room(self._settings, config))
        )
        judge = Judge(
            ends=Ends(office.queue, host.kept("process", lambda: secrets.token_hex(8))),
            room=room,
            queue=office.queue,
            bury=self.back.bury_orphans(office),
            destination=self.destinations[0].name if self.destinations else DEFAULT_NAME,
            began_ns=int(self.wall_clock() * 1e9),
            logger=self._settings.logger,
        )
        await judge.begin()
        return judge

    def _routed(self, live: LiveDestinations | None, evidence: EvidenceDesk | None, batch_id: int) -> None:
        if live is not None:
            live.routed(batch_id)
        if evidence is not None and self.back.shard is not None:
            evidence.alerts_may_have_come()

    def _open_evidence(
        self, host: Host, queue: WorkQueue, desk: FoldDesk, live: LiveDestinations | None
    ) -> EvidenceDesk | None:
        evidence = assembly.evidence_desk(self._config, host, self.accepting.masking, self._settings, self.wall_clock)
        if evidence is not None:
            evidence.ring.run_of = live.place_of if live is not None else None
            evidence.begin(queue, desk)
        return evidence

    async def _warn_of_orphans(self, queue: WorkQueue, live: LiveDestinations | None) -> None:
        logger = self._settings.logger
        waiting = await patiently(queue.waiting, logger, "to show what waits")
        if live is not None:  # those of runs that are over are seen to
            waiting = {lane: cards for lane, cards in waiting.items() if not is_sourced(lane)}
        warn_of_orphans(waiting, self.outboxes, logger)

    def _webhook_ids(self) -> set[str]:
        lanes = {outbox.destination.webhook.id for outbox in self.outboxes.values()}
        return lanes.union(item.webhook.id for item in self.destinations)

    def _forget_gauges(self) -> None:
        for item in self.destinations:
            self.back.discord_instruments.destination(item.name).close()
        for name in filter(is_sourced, self.outboxes):
            self.back.discord_instruments.destination(name).close()

    async def _say_soon(self, destination: str, message: Message) -> None:
        self.say(destination, message)

    def _fallback_of(self, destination: str) -> str:
        if is_sourced(destination):
            return self.destinations[0].name if self.destinations else ""
        written = self._config.destinations.get(destination)
        return written.fallback if written is not None else ""
