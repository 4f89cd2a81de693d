"""The exporter: takes batches in, and keeps an outbox for each destination.

consume → sending queue → cards in lanes → outboxes → Discord. Whether a batch is accepted is decided in ``consume``;
what follows happens behind the queue, and its end is settled there.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from functools import partial

from otel_discord.component import (
    ACCEPTED,
    Component,
    Host,
    PermanentError,
    Receipt,
    Settings,
    ShutdownError,
    Status,
    Storage,
    WorkQueue,
)
from otel_discord.component.dead_letters import DeadLetters
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.component.online_check import OnlineResult
from otel_discord.component.preview import Preview
from otel_discord.discord_api.client import WebhookClient
from otel_discord.discord_api.http import Transport
from otel_discord.discord_api.models import Message
from otel_discord.exporterhelper.kept_queue import kept_queue
from otel_discord.exporters.discord import assembly
from otel_discord.exporters.discord.asked import Asked
from otel_discord.exporters.discord.batch_router import BatchRouter
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.charts import Charts
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.dead_letters.desk import Bury
from otel_discord.exporters.discord.dead_letters.notice import NoticeBook
from otel_discord.exporters.discord.dead_letters.office import LetterOffice, open_office
from otel_discord.exporters.discord.dead_letters.outbox_lanes import OutboxLanes
from otel_discord.exporters.discord.dead_letters.replay_board import ReplayBoard
from otel_discord.exporters.discord.dead_letters.upkeep import Upkeep
from otel_discord.exporters.discord.destinations import DEFAULT_NAME, resolve_destinations
from otel_discord.exporters.discord.drain import Crew
from otel_discord.exporters.discord.entrance import Entrance
from otel_discord.exporters.discord.evidence.desk import EvidenceDesk
from otel_discord.exporters.discord.flush import ended
from otel_discord.exporters.discord.folding.desk import FoldDesk
from otel_discord.exporters.discord.greetings import look_at_webhooks
from otel_discord.exporters.discord.health import Health
from otel_discord.exporters.discord.lane import patiently
from otel_discord.exporters.discord.masking import Masking
from otel_discord.exporters.discord.members.privacy import MemberPrivacy
from otel_discord.exporters.discord.orphans import warn_of_orphans
from otel_discord.exporters.discord.outbox import Outbox
from otel_discord.exporters.discord.own_messages import OwnMessages
from otel_discord.exporters.discord.pictures import Pictures
from otel_discord.exporters.discord.preview import PreviewedDiscord, built_in_texts
from otel_discord.exporters.discord.remains import bury_what_is_left, orphans_burial, say_what_stays
from otel_discord.exporters.discord.render import Renderer
from otel_discord.exporters.discord.restoring import Restoring
from otel_discord.exporters.discord.routing import Router, keep_from
from otel_discord.exporters.discord.routing_table import routing_table
from otel_discord.exporters.discord.safe_render import told_troubles
from otel_discord.exporters.discord.shelf import Shelf
from otel_discord.exporters.discord.sourced.instruments import LaneInstruments
from otel_discord.exporters.discord.sourced.lanes import RunLanes
from otel_discord.exporters.discord.sourced.live import LiveDestinations, Places
from otel_discord.exporters.discord.sourced.names import is_sourced
from otel_discord.exporters.discord.sourced.opening import RunLanesOpening, live_destinations, memory_of
from otel_discord.exporters.discord.sourced.tally import TallyBook
from otel_discord.exporters.discord.tombstones import state_key
from otel_discord.exporters.discord.watching.opening import WatchedParts
from otel_discord.exporters.discord.watching.watching import Watches
from otel_discord.exporters.discord.workshop import Workshop
from otel_discord.redaction import Masker
from otel_discord.signals import Batch, LogsBatch, Severity, Signal


class DiscordExporter(Asked):
    """Log records in, Discord messages out."""

    def __init__(
        self,
        settings: Settings,
        config: DiscordConfig,
        *,
        transport: Transport | None = None,
        wall_clock: Callable[[], float] = time.time,
        resumes_letters: bool = False,
        charts: Charts | None = None,
    ) -> None:
        """``transport`` takes the place of the network, ``wall_clock`` of Unix time and ``charts`` of matplotlib.

        ``resumes_letters``: who opens this sends again what is left at the end, so that an end waits for no destination
        that is away.
        """
        super().__init__(config)
        self._settings = settings
        self._transport = transport
        self._wall_clock = wall_clock
        self._resumes_letters = resumes_letters
        self._charts = charts
        self._instruments = ExporterInstruments(settings.meter, str(settings.id))
        self._discord_instruments = LaneInstruments(settings.meter, str(settings.id))
        self._entrance = Entrance(
            config=config.sending_queue,
            instruments=self._instruments,
            discord_instruments=self._discord_instruments,
            logger=settings.logger,
            say=self._say,
            release_attachments=self._release_attachments,
            wall_clock=wall_clock,
        )
        self._masking = Masking(Masker(config.redaction.plan()) if config.redaction.enabled else None)
        masks_ids = config.redaction.enabled and config.redaction.hash_user_ids
        self._members = MemberPrivacy(config.members, config.redaction.hash_key, masks_ids)
        self._templates = config.templates.templates(time.time_ns)
        self._troubles = told_troubles(settings.logger)
        self._shelf = self._new_shelf()
        self._routing = Router((), 0, critical_to_all=False)
        self._queue: WorkQueue | None = None
        self._outboxes: dict[str, Outbox] = {}
        self._evidence: EvidenceDesk | None = None
        self._live: LiveDestinations | None = None
        self._tallies = TallyBook(self._masking.text)

    # ------------------------------------------------------------------------------------------------ accepting

    async def consume(self, batch: Batch) -> Receipt:
        """Accept log records; those below every destination's severity end here."""
        if not isinstance(batch, LogsBatch):
            raise PermanentError(f"the discord exporter takes logs, not {batch.signal}")
        if self._queue is None:
            raise ShutdownError("the exporter is not running")
        batch = self._members.admitted(batch)
        live = self._live
        places: Places = live.places(batch) if live is not None else ()
        if live is None or not places:
            await self._take_in(self._queue, batch, self._routing.floor)
            return ACCEPTED
        counted = self._tallies.count(batch.request, places)
        floors = [self._routing.floor if run is None else self._routing.floor_of_run(run) for run in places]
        await self._take_in(self._queue, batch, max(floors), floors)
        self._tallies.accepted(counted, live.source.counted)
        return ACCEPTED

    async def _take_in(
        self, queue: WorkQueue, batch: LogsBatch, floor: int, floors: Sequence[int] | None = None
    ) -> None:
        """Put into the queue what reaches the floor, or that of its resource; the rest may be evidence."""
        sifted = keep_from(batch, floor, with_members=bool(self._routing.routes), floors=floors)
        kept = sifted.batch
        if kept is None:
            if self._evidence is not None:
                self._evidence.hold(batch, is_quiet=floor <= Severity.WARN and not sifted.drops_events)
            return
        with self._evidence.holding(batch) if self._evidence is not None else nullcontext():
            places = self._live.places(kept) if self._live is not None and floors is not None else ()
            kept = await self._masking.masked(kept)
            if self._queue is None:  # large batches are masked in a thread, and the exporter may have ended meanwhile
                raise ShutdownError("the exporter is not running")
            priority = self._routing.priority(sifted.highest)
            await self._entrance.intake.accept(queue, kept, priority, partial(self._accepted_for, places))

    def _accepted_for(self, places: Places, batch_id: int) -> None:
        if self._live is not None:
            self._live.accepted(batch_id, places)

    async def flushed(self) -> None:
        """Return when everything consumed so far is in Discord or has ended otherwise; the caller has the deadline.

        Counts that grow by edits of messages are not waited for, nor what a mute holds.
        """
        if self._queue is not None:
            await ended(self._queue, self._entrance.unrouted, self._outboxes.values())

    def not_shown(self, losses: Mapping[int, int], since_ns: int, until_ns: int) -> None:
        """Count, and tell in Discord, records that were lost before they came here: the sender had no room for them.

        Args:
            losses: how many, by the lowest number of their range of severity (1, 5, 9, 13, 17, 21).
            since_ns: when the first of them was made, wall time in nanoseconds.
            until_ns: the last one.
        """
        self._entrance.losses.elsewhere(self._routing, losses, since_ns, until_ns)

    def _release_attachments(self, cards: Sequence[Card]) -> None:
        for key in (ref.shelf_key for card in cards for ref in card.attachments if ref.shelf_key):
            self._shelf.release(key)

    # -------------------------------------------------------------------------------------------------- lifetime

    def preflight(self) -> None:
        """Read the webhooks that are in files.

        Raises:
            StartError: one cannot be read, or is none.
        """
        resolve_destinations(self._config)

    def takes_over(self, predecessor: Component) -> bool:
        """Return whether the predecessor's queue is where this one looks for its own."""
        return (
            isinstance(predecessor, DiscordExporter)
            and predecessor._config.sending_queue.storage == self._config.sending_queue.storage  # noqa: SLF001
        )

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Open the queue and the way to Discord, run the outboxes; at the end drain them, or hand over."""
        self._destinations = resolve_destinations(self._config)
        self._routing = routing_table(self._config, self._destinations, self._settings.logger)
        for advice in self._config.advice():
            self._settings.logger.warning("%s", advice)
        async with AsyncExitStack() as stack:
            self._shelf = self._kept_shelf(host, stack)
            storage = self._storage(host)
            opened = await stack.enter_async_context(self._open_queue(host, storage))
            office = self._open_office(host, storage, self._entrance.watched(opened, host))
            queue = office.queue
            stack.callback(office.close)
            own_messages = OwnMessages(Renderer(None, self._templates, self._troubles))
            upkeep = await stack.enter_async_context(
                office.looked_after(self._say_soon, self._fallback_of, own_messages.dead_letters)
            )
            stack.enter_context(self._instruments.watch_queue(Signal.LOGS, lambda: queue.size, lambda: queue.capacity))
            stack.callback(self._forget_gauges)
            limits = assembly.rate_limits(self._config)
            restoring = Restoring(
                settings=self._settings, config=self._config, queue=queue, wall_clock=self._wall_clock
            )
            ban, pace = await restoring.ban(limits), await restoring.pace(limits)
            live = self._live = live_destinations(self._config, host, self._settings.logger)
            runs = [] if live is None else list(live.refreshed().values())
            desk = await restoring.desk([*self._destinations, *runs])
            evidence = self._evidence = self._open_evidence(host, queue, desk)
            keeper = await restoring.history(desk)
            charts = await assembly.open_charts(self._settings, self._config, self._charts, stack)
            pictures = Pictures(charts, self._settings.logger)
            health = Health(lambda status, error: host.report_status(status, error=error))
            watches = host.kept("watching", Watches)
            client = await assembly.open_client(self._settings, self._config, limits, self._transport, stack)
            self._client = client
            workshop = self._workshop(host, office, upkeep, client, desk, pictures, health, watches)
            outboxes = self._outboxes = workshop.outboxes(self._destinations)
            senders: dict[str, asyncio.Task[None]] = {}
            self._entrance.begin(desk.lock, outboxes)
            waiting = await patiently(queue.waiting, self._settings.logger, "to show what waits")
            if live is not None:  # those of runs that are over are seen to
                waiting = {lane: cards for lane, cards in waiting.items() if not is_sourced(lane)}
            warn_of_orphans(waiting, outboxes, self._settings.logger)
            maintenance = await restoring.maintenance(desk, outboxes, self._discord_instruments)
            silences = await restoring.silences(maintenance.gate.silences, desk, outboxes, self._discord_instruments)
            silenced = await restoring.silenced_alerts(maintenance.gate, self._routing, live)
            router = BatchRouter(
                settings=self._settings,
                queue=queue,
                maker=assembly.card_maker(
                    self._config, self._routing, self._shelf, desk, maintenance.gate, charts, silenced, live
                ),
                desk=desk,
                pace=self._entrance.intake.pace,
                unrouted=self._entrance.unrouted,
                outboxes=outboxes,
                shed_above=self._config.attachments.shed_above,
                on_muted=[maintenance.counted, silences.counted],
                on_unknown_ends=self._discord_instruments.unknown_alert_ends,
                on_routed=live.routed if live is not None else lambda _: None,
                on_left_over=lambda: lanes.destinations_changed() if lanes is not None else None,
                wall_clock=self._wall_clock,
            )
            watched = WatchedParts(
                settings=self._settings,
                config=self._config,
                outboxes=outboxes,
                desk=desk,
                queue=queue,
                client=client,
                limits=limits,
                health=health,
                wall_clock=self._wall_clock,
            )
            watching = watched.watching(watches, maintenance.gate)
            async with asyncio.TaskGroup() as tasks:

                def start(outbox: Outbox) -> asyncio.Task[None]:
                    return tasks.create_task(outbox.run(), name=f"{self._settings.id} to {outbox.name}")

                lanes = None
                if live is not None:
                    opening = RunLanesOpening(
                        config=self._config,
                        host=host,
                        live=live,
                        workshop=workshop,
                        router=self._routing,
                        bury=self._bury_orphans(office),
                        tallies=self._tallies,
                    )
                    lanes = await opening.lanes(outboxes, senders, start)
                    stack.enter_context(live.source.used_by(lanes))
                    lanes.begin()
                senders.update({each.name: start(each) for each in outboxes.values() if each.name not in senders})
                crew = Crew(
                    queue=queue,
                    outboxes=outboxes,
                    others=[
                        tasks.create_task(work, name=f"{self._settings.id} {what}")
                        for what, work in {
                            "ban memory": ban.run(),
                            "pace memory": pace.run(),
                            "history": keeper.run(),
                            "maintenance": maintenance.run(),
                            "silences": silences.run(),
                            **({"evidence": evidence.run()} if evidence is not None else {}),
                            "silenced alerts": silenced.run(),
                            "watching": watching.run(),
                            "webhook checks": watched.checks(watches).run(),
                            **({"run lanes": lanes.run()} if lanes is not None else {}),
                            **self._entrance.works(queue),
                        }.items()
                    ],
                    routing=tasks.create_task(router.run(), name=f"{self._settings.id} routing"),
                    senders=senders,
                )
                self._queue, self._maintenance, self._silences = queue, maintenance, silences
                self._watching = watching
                letter_lanes = OutboxLanes(outboxes, self._routing.priority)
                self._letters = office.desk(outboxes, self._bury_orphans(office), letter_lanes)
                host.report_status(Status.OK)
                try:
                    yield
                finally:
                    self._maintenance = self._silences = self._watching = None
                    if not host.hands_over and self._config.sending_queue.storage is None:
                        await maintenance.open_up()
                        silences.tell_what_ends()
                    await self._end(host, crew, router, office, lanes)
                    await maintenance.end()
                    await silences.end()
                    await keeper.end()
                    await pace.end()

    def _storage(self, host: Host) -> Storage | None:
        storage = self._config.sending_queue.storage
        return host.extension(storage, Storage) if storage else None

    def _open_queue(self, host: Host, storage: Storage | None) -> AbstractAsyncContextManager[WorkQueue]:
        limits = self._config.sending_queue.limits()
        return storage.open_queue(f"{self._settings.id}/logs", limits) if storage else kept_queue(host, limits)

    def _open_office(self, host: Host, storage: Storage | None, queue: WorkQueue) -> LetterOffice:
        board = host.kept("replays", ReplayBoard)
        notices = host.kept("notices of dead letters", NoticeBook)
        return open_office(self._settings, self._config.dead_letters, queue, storage, board, notices)

    def _open_evidence(self, host: Host, queue: WorkQueue, desk: FoldDesk) -> EvidenceDesk | None:
        evidence = assembly.evidence_desk(self._config, host, self._masking, self._settings, self._wall_clock)
        if evidence is not None:
            evidence.ring.run_of = self._live.place_of if self._live is not None else None
            evidence.begin(queue, desk)
        return evidence

    def _new_shelf(self) -> Shelf:
        first_key = random.SystemRandom().getrandbits(56) + 1
        return Shelf(int(self._config.attachments.max_memory_mib * assembly.MIB), first_key=first_key)

    def _kept_shelf(self, host: Host, stack: AsyncExitStack) -> Shelf:
        shelf = host.kept("shelf", lambda: self._shelf)
        shelf.max_bytes = self._shelf.max_bytes
        stack.callback(lambda: None if host.hands_over else shelf.close())
        return shelf

    def _workshop(
        self,
        host: Host,
        office: LetterOffice,
        upkeep: Upkeep,
        client: WebhookClient,
        desk: FoldDesk,
        pictures: Pictures,
        health: Health,
        watches: Watches,
    ) -> Workshop:
        return Workshop(
            settings=self._settings,
            config=self._config,
            host=host,
            queue=office.queue,
            box=office.box,
            upkeep=upkeep,
            client=client,
            shelf=self._shelf,
            exporter_instruments=self._instruments,
            discord_instruments=self._discord_instruments,
            release_attachments=self._release_attachments,
            health=health,
            desk=desk,
            wall_clock=self._wall_clock,
            resumes_letters=self._resumes_letters,
            evidence=self._evidence,
            pictures=pictures,
            watches=watches,
            templates=self._templates,
            troubles=self._troubles,
            memory_of=partial(memory_of, host),
        )

    def _forget_gauges(self) -> None:
        for item in self._destinations:
            self._discord_instruments.destination(item.name).close()
        for name in filter(is_sourced, self._outboxes):
            self._discord_instruments.destination(name).close()

    async def _end(
        self, host: Host, crew: Crew, router: BatchRouter, office: LetterOffice, lanes: RunLanes | None
    ) -> None:
        """Send what is there until the deadline, or leave it to the successor; what is left is counted and said."""
        deadline_s = asyncio.get_running_loop().time() + self._config.shutdown_timeout
        if host.drain_deadline_s is not None:
            deadline_s = min(deadline_s, host.drain_deadline_s)
        if host.hands_over:
            if lanes is not None:
                lanes.close()
            await crew.hand_over(deadline_s)  # and what comes meanwhile is taken in: the queue goes on
            self._queue = self._letters = None
            return
        self._queue = self._letters = None
        self._entrance.losses.tell_the_rest()
        is_routed = await crew.drain(deadline_s, self._config.timeout)
        if lanes is not None:
            lanes.close()
        if self._config.sending_queue.storage is None:
            await router.run()  # what there was no time to route must be accounted for as well
            await bury_what_is_left(crew.queue, crew.outboxes, self._bury_orphans(office), self._settings.logger)
        else:
            await say_what_stays(crew.queue, self._settings.logger, is_routed=is_routed)
        for outbox in crew.outboxes.values():
            outbox.memory.end()

    # ------------------------------------------------------------------------------------------------ dead letters

    @asynccontextmanager
    async def dead_letters_at_rest(self, host: Host) -> AsyncIterator[DeadLetters]:
        """Open the dead letters of an exporter that is not running; nothing is sent."""
        storage = self._storage(host)
        async with self._open_queue(host, storage) as queue:
            office = self._open_office(host, storage, queue)
            try:
                yield office.desk(list(self._config.destinations) or [DEFAULT_NAME], self._bury_orphans(office))
            finally:
                office.close()

    def _bury_orphans(self, office: LetterOffice) -> Bury:
        return orphans_burial(
            office.queue,
            office.box,
            instruments=self._discord_instruments,
            exporter_instruments=self._instruments,
            logger=self._settings.logger,
            release_attachments=self._release_attachments,
        )

    def _say(self, destination: str, message: Message) -> None:
        """Send a message of our own before the next cards of a destination."""
        outbox = self._outboxes.get(destination)
        if outbox is not None:
            outbox.say(message)

    async def _say_soon(self, destination: str, message: Message) -> None:
        self._say(destination, message)

    def _fallback_of(self, destination: str) -> str:
        if is_sourced(destination):
            return self._destinations[0].name if self._destinations else ""
        written = self._config.destinations.get(destination)
        return written.fallback if written is not None else ""

    async def check_online(
        self, host: Host | None = None, *, known: Collection[OnlineResult] = ()
    ) -> Sequence[OnlineResult]:
        """GET each webhook: is it there, what is it called, which channel does it post to?

        One that was given up and answers is used again: at once where the exporter runs, else from the next start on,
        if ``host`` has the storage.
        """
        timeout_s, endpoint = self._config.timeout, self._config.endpoint
        if self._queue is not None and self._client is not None:
            results = await look_at_webhooks(self._client, self._destinations, timeout_s, endpoint, known)
            for result in results:
                if result.ok:
                    await self._outboxes[result.name].lift()
            return results
        destinations = resolve_destinations(self._config)
        async with AsyncExitStack() as stack:
            limits = assembly.rate_limits(self._config)
            client = await assembly.open_client(self._settings, self._config, limits, self._transport, stack)
            results = await look_at_webhooks(client, destinations, timeout_s, endpoint, known)
        storage = self._storage(host) if host is not None else None
        if host is not None and storage is not None:
            async with self._open_queue(host, storage) as queue:
                for result in results:
                    if result.ok:
                        await queue.set_state(state_key(result.name), None)
        return results

    def previewed(self, wall_clock: Callable[[], float]) -> Preview:
        """Return a twin that works as this one would, and sends and keeps nothing."""
        return PreviewedDiscord(self._settings, self._config, DiscordExporter, wall_clock)

    @staticmethod
    def built_in_templates() -> Mapping[str, str]:
        """Return the built-in template files by name."""
        return built_in_texts()
