"""The exporter: takes batches in, and keeps an outbox for each destination.

consume → sending queue → cards in lanes → outboxes → Discord. Whether a batch is accepted is decided in ``consume``;
what follows happens behind the queue, and its end is settled there.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from otel_discord.component import (
    ACCEPTED,
    Host,
    PermanentError,
    QueueFullError,
    Receipt,
    RetryableError,
    Settings,
    Settlement,
    ShutdownError,
    Status,
    Storage,
    StoredCard,
    WorkQueue,
)
from otel_discord.component.dead_letters import DeadLetters
from otel_discord.component.instruments import DiscordInstruments, ExporterInstruments
from otel_discord.component.online_check import OnlineResult
from otel_discord.component.test_message import TestResult
from otel_discord.discord_api.client import WebhookClient
from otel_discord.discord_api.http import Transport
from otel_discord.discord_api.models import Message
from otel_discord.discord_api.routes import Operation
from otel_discord.exporterhelper.config import Overflow
from otel_discord.exporters.discord import assembly
from otel_discord.exporters.discord.batch_router import BatchRouter
from otel_discord.exporters.discord.burial import Burial
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.cause import Cause
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.dead_letters.desk import Bury
from otel_discord.exporters.discord.dead_letters.office import LetterOffice, open_office
from otel_discord.exporters.discord.dead_letters.outbox_lanes import OutboxLanes
from otel_discord.exporters.discord.dead_letters.replay_board import ReplayBoard
from otel_discord.exporters.discord.dead_letters.upkeep import Upkeep
from otel_discord.exporters.discord.destinations import DEFAULT_NAME, Destination, resolve_destinations
from otel_discord.exporters.discord.greetings import look_at_webhooks, send_test_messages
from otel_discord.exporters.discord.health import Health
from otel_discord.exporters.discord.outbox import Outbox
from otel_discord.exporters.discord.pressure import drop_oldest_card
from otel_discord.exporters.discord.routing import Router, keep_from
from otel_discord.exporters.discord.shelf import Shelf
from otel_discord.signals import Batch, LogsBatch, Signal
from otel_discord.store.memory import MemoryStorage

_LAST_LOOK_S = 1.0
"""After the deadline: for cancelled outboxes to end."""


class DiscordExporter:
    """Log records in, Discord messages out."""

    def __init__(self, settings: Settings, config: DiscordConfig, *, transport: Transport | None = None) -> None:
        """``transport`` takes the place of the network, for tests on a virtual clock."""
        self._settings = settings
        self._config = config
        self._transport = transport
        self._instruments = ExporterInstruments(settings.meter, str(settings.id))
        self._discord_instruments = DiscordInstruments(settings.meter, str(settings.id))
        self._shelf = Shelf(int(config.attachments.max_memory_mib * assembly.MIB))
        self._destinations: list[Destination] = []
        self._routing = Router((), 0, critical_to_all=False)
        self._queue: WorkQueue | None = None
        self._outboxes: dict[str, Outbox] = {}
        self._client: WebhookClient | None = None
        self._letters: DeadLetters | None = None

    # ------------------------------------------------------------------------------------------------ accepting

    async def consume(self, batch: Batch) -> Receipt:
        """Accept log records; those below every destination's severity end here."""
        if not isinstance(batch, LogsBatch):
            raise PermanentError(f"the discord exporter takes logs, not {batch.signal}")
        if self._queue is None:
            raise ShutdownError("the exporter is not running")
        kept, highest = keep_from(batch, self._routing.floor)
        if kept is None:
            return ACCEPTED
        batch_id = await self._enqueue(self._queue, kept, self._routing.priority(highest))
        settings = self._config.sending_queue
        waits = settings.wait_for_result or not settings.enabled
        if waits and await self._queue.settled(batch_id) is Settlement.DEAD:
            raise PermanentError("Discord did not take every record; the log says why")
        return ACCEPTED

    async def _enqueue(self, queue: WorkQueue, batch: LogsBatch, priority: int) -> int:
        settings = self._config.sending_queue
        while True:
            try:
                return await queue.put(batch, priority=priority)
            except QueueFullError:
                if settings.overflow is Overflow.DROP_OLDEST and await self._drop_oldest(queue):
                    continue
                if not settings.block_on_overflow:
                    self._instruments.enqueue_failed(Signal.LOGS, batch.item_count)
                    raise
                await queue.wait_for_room(batch)

    async def _drop_oldest(self, queue: WorkQueue) -> bool:
        dropped = await drop_oldest_card(queue, self._is_on_its_way)
        if dropped is None:
            return False
        card = Card.from_bytes(dropped.payload)
        self._release_attachments([card])
        self._discord_instruments.destination(dropped.lane).message_failed("dropped_oldest", attempts=0)
        self._instruments.send_failed(Signal.LOGS, card.count)
        return True

    def _is_on_its_way(self, card: StoredCard) -> bool:
        outbox = self._outboxes.get(card.lane)
        return outbox is not None and outbox.holds(card.id)

    def _release_attachments(self, cards: Sequence[Card]) -> None:
        for key in (ref.shelf_key for card in cards for ref in card.attachments if ref.shelf_key):
            self._shelf.release(key)

    # -------------------------------------------------------------------------------------------------- lifetime

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Open the queue and the way to Discord, run the outboxes, and drain them at the end."""
        self._destinations = resolve_destinations(self._config)
        self._routing = assembly.router(self._config, self._destinations)
        for path in self._config.not_in_force():
            self._settings.logger.warning("%s is accepted but not in force in this version", path)
        async with AsyncExitStack() as stack:
            stack.callback(self._shelf.close)
            storage = self._storage(host)
            queue = await stack.enter_async_context(self._open_queue(storage))
            office = self._open_office(host, storage, queue)
            queue = office.queue
            stack.callback(office.close)
            upkeep = await stack.enter_async_context(office.looked_after(self._say, self._fallback_of))
            stack.enter_context(self._instruments.watch_queue(Signal.LOGS, lambda: queue.size, lambda: queue.capacity))
            stack.callback(self._forget_gauges)
            health = Health(lambda status, error: host.report_status(status, error=error))
            outboxes = self._outboxes = await self._open_outboxes(queue, office, upkeep, health, stack)
            router = BatchRouter(
                settings=self._settings,
                queue=queue,
                maker=assembly.card_maker(self._config, self._routing, self._shelf),
                outboxes=outboxes,
                shed_above=self._config.attachments.shed_above,
            )
            async with asyncio.TaskGroup() as tasks:
                routing = tasks.create_task(router.run(), name=f"{self._settings.id} routing")
                senders = [
                    tasks.create_task(outbox.run(), name=f"{self._settings.id} to {name}")
                    for name, outbox in outboxes.items()
                ]
                self._queue = queue
                lanes = OutboxLanes(outboxes, self._routing.priority)
                self._letters = office.desk(list(outboxes), self._bury_orphans(office), lanes)
                host.report_status(Status.OK)
                try:
                    yield
                finally:
                    self._queue = None
                    self._letters = None
                    await self._drain(host, queue, router, outboxes, routing, senders)

    def _storage(self, host: Host) -> Storage:
        storage = self._config.sending_queue.storage
        return host.extension(storage, Storage) if storage else MemoryStorage()

    def _open_queue(self, storage: Storage) -> AbstractAsyncContextManager[WorkQueue]:
        return storage.open_queue(f"{self._settings.id}/logs", self._config.sending_queue.limits())

    def _open_office(self, host: Host, storage: Storage, queue: WorkQueue) -> LetterOffice:
        board = host.kept("replays", ReplayBoard)
        return open_office(self._settings, self._config.dead_letters, queue, storage, board)

    async def _open_outboxes(
        self, queue: WorkQueue, office: LetterOffice, upkeep: Upkeep, health: Health, stack: AsyncExitStack
    ) -> dict[str, Outbox]:
        limits = assembly.rate_limits(self._config)
        client = await assembly.open_client(self._settings, self._config, limits, self._transport, stack)
        self._client = client
        return {
            destination.name: assembly.outbox(
                destination,
                settings=self._settings,
                config=self._config,
                queue=queue,
                letters=(office.box, upkeep),
                client=client,
                shelf=self._shelf,
                instruments=(self._instruments, self._discord_instruments),
                release_attachments=self._release_attachments,
                health=health,
            )
            for destination in self._destinations
        }

    def _forget_gauges(self) -> None:
        for item in self._destinations:
            self._discord_instruments.destination(item.name).close()

    async def _drain(
        self,
        host: Host,
        queue: WorkQueue,
        router: BatchRouter,
        outboxes: dict[str, Outbox],
        routing: "asyncio.Task[None]",
        senders: list["asyncio.Task[None]"],
    ) -> None:
        """Send what is there until the deadline; what is left is counted and said."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._config.shutdown_timeout
        if host.drain_deadline_s is not None:
            deadline = min(deadline, host.drain_deadline_s)
        queue.close()
        await asyncio.wait([routing], timeout=max(0.0, deadline - loop.time()))
        for outbox in outboxes.values():
            outbox.drain()
        await asyncio.wait(senders, timeout=max(0.0, deadline - loop.time()))
        unfinished = [task for task in (routing, *senders) if not task.done()]
        for task in unfinished:
            task.cancel()
        if unfinished:
            await asyncio.wait(unfinished, timeout=_LAST_LOOK_S)
        if self._config.sending_queue.storage is None:
            await router.run()  # what there was no time to route must be accounted for as well
            for outbox in outboxes.values():
                await outbox.bury_rest()

    # ------------------------------------------------------------------------------------------------ dead letters

    def dead_letters(self) -> DeadLetters:
        """Return the dead letters of the running exporter.

        Raises:
            RetryableError: it is not running.
        """
        if self._letters is None:
            raise RetryableError("the exporter is not running")
        return self._letters

    @asynccontextmanager
    async def dead_letters_at_rest(self, host: Host) -> AsyncIterator[DeadLetters]:
        """Open the dead letters of an exporter that is not running; nothing is sent."""
        storage = self._storage(host)
        async with self._open_queue(storage) as queue:
            office = self._open_office(host, storage, queue)
            try:
                yield office.desk(list(self._config.destinations) or [DEFAULT_NAME], self._bury_orphans(office))
            finally:
                office.close()

    def _bury_orphans(self, office: LetterOffice) -> Bury:
        async def bury(destination: str, stored: Sequence[StoredCard], cause: Cause) -> None:
            burial = Burial(
                destination=destination,
                queue=office.queue,
                instruments=self._discord_instruments.destination(destination),
                exporter_instruments=self._instruments,
                logger=self._settings.logger,
                release_attachments=self._release_attachments,
                box=office.box,
            )
            await burial.bury(stored, cause)

        return bury

    async def _say(self, destination: str, message: Message) -> None:
        """Send a message of our own."""
        outbox = self._outboxes.get(destination)
        if outbox is None or outbox.gone or self._client is None:
            return
        webhook = outbox.sender.composer.destination.webhook
        async with self._client.turn(webhook, Operation.EXECUTE) as turn:
            await turn.execute(message)

    def _fallback_of(self, destination: str) -> str:
        written = self._config.destinations.get(destination)
        return written.fallback if written is not None else ""

    # ----------------------------------------------------------------------------------------- for the front desk

    async def check_online(self) -> Sequence[OnlineResult]:
        """GET each webhook: is it there, what is it called, which channel does it post to?"""
        destinations = resolve_destinations(self._config)
        async with AsyncExitStack() as stack:
            limits = assembly.rate_limits(self._config)
            client = await assembly.open_client(self._settings, self._config, limits, self._transport, stack)
            return await look_at_webhooks(client, destinations, self._config.timeout)

    async def send_test(self, destination: str | None) -> Sequence[TestResult]:
        """Send one message marked as a test to one destination, or to each."""
        if self._client is None:
            raise RetryableError("the exporter is not running")
        return await send_test_messages(self._client, self._destinations, destination, 3 * self._config.timeout)
