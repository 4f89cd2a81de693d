"""The exporter: takes batches in, and keeps an outbox for each destination.

consume → sending queue → cards in lanes → outboxes → Discord. Whether a batch is accepted is decided in ``consume``;
what follows happens behind the queue, and its end is settled there.
"""

import random
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

from otel_discord.component import (
    Component,
    Host,
    PermanentError,
    Receipt,
    Settings,
    Status,
)
from otel_discord.component.dead_letters import DeadLetters
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.component.online_check import OnlineResult
from otel_discord.component.preview import Preview
from otel_discord.discord_api.http import Transport
from otel_discord.discord_api.models import Message
from otel_discord.exporters.discord import assembly
from otel_discord.exporters.discord.accepting import Accepting
from otel_discord.exporters.discord.asked import Asked
from otel_discord.exporters.discord.back_office import BackOffice
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.charts import Charts
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.dead_letters.outbox_lanes import OutboxLanes
from otel_discord.exporters.discord.destinations import DEFAULT_NAME, resolve_destinations
from otel_discord.exporters.discord.entrance import Entrance
from otel_discord.exporters.discord.flush import ended
from otel_discord.exporters.discord.greetings import look_at_webhooks
from otel_discord.exporters.discord.masking import Masking
from otel_discord.exporters.discord.members.privacy import MemberPrivacy
from otel_discord.exporters.discord.opening import Opening
from otel_discord.exporters.discord.outbox import Outbox
from otel_discord.exporters.discord.preview import PreviewedDiscord
from otel_discord.exporters.discord.routing import Router
from otel_discord.exporters.discord.routing_table import routing_table
from otel_discord.exporters.discord.safe_render import told_troubles
from otel_discord.exporters.discord.shard import Shard
from otel_discord.exporters.discord.shelf import Shelf
from otel_discord.exporters.discord.sourced.instruments import LaneInstruments
from otel_discord.exporters.discord.sourced.live import Places
from otel_discord.exporters.discord.sourced.tally import TallyBook
from otel_discord.exporters.discord.tombstones import state_key
from otel_discord.redaction import Masker
from otel_discord.signals import Batch, LogsBatch


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
        shard: Shard | None = None,
    ) -> None:
        """``transport`` takes the place of the network, ``wall_clock`` of Unix time and ``charts`` of matplotlib.

        ``resumes_letters``: who opens this sends again what is left at the end, so that an end waits for no destination
        that is away. ``shard``: this is one engine of a fleet, and works for some destinations only.
        """
        super().__init__(config)
        self._settings = settings
        self._transport = transport
        self._wall_clock = wall_clock
        self._resumes_letters = resumes_letters
        self._charts = charts
        self._shard = shard
        if shard is not None:
            self._instruments, self._discord_instruments = shard.instruments, shard.discord_instruments
        else:
            self._instruments = ExporterInstruments(settings.meter, str(settings.id))
            self._discord_instruments = LaneInstruments(settings.meter, str(settings.id))
        entrance = Entrance(
            config=config.sending_queue,
            instruments=self._instruments,
            discord_instruments=self._discord_instruments,
            logger=settings.logger,
            say=self._say,
            release_attachments=self._release_attachments,
            wall_clock=wall_clock,
        )
        masker = Masker(config.redaction.plan()) if config.redaction.enabled and shard is None else None
        masking = shard.masking if shard is not None else Masking(masker)
        masks_ids = config.redaction.enabled and config.redaction.hash_user_ids
        self._accepting = Accepting(
            entrance=entrance,
            masking=masking,
            members=MemberPrivacy(config.members, config.redaction.hash_key, masks_ids),
            tallies=shard.tallies if shard is not None else TallyBook(masking.text),
            routing=Router((), 0, critical_to_all=False),
        )
        self._back = BackOffice(
            settings=settings,
            config=config,
            instruments=self._instruments,
            discord_instruments=self._discord_instruments,
            release_attachments=self._release_attachments,
            shard=shard,
        )
        self._templates = config.templates.templates(time.time_ns)
        self._troubles = told_troubles(settings.logger)
        self._shelf = self._new_shelf()
        self._outboxes: dict[str, Outbox] = {}

    # ------------------------------------------------------------------------------------------------ accepting

    async def consume(self, batch: Batch) -> Receipt:
        """Accept log records; those below every destination's severity end here."""
        if not isinstance(batch, LogsBatch):
            raise PermanentError(f"the discord exporter takes logs, not {batch.signal}")
        return await self._accepting.take(batch)

    async def flushed(self) -> None:
        """Return when everything consumed so far is in Discord or has ended otherwise; the caller has the deadline.

        Counts that grow by edits of messages are not waited for, nor what a mute holds.
        """
        if self._accepting.queue is not None:
            await ended(self._accepting.queue, self._accepting.entrance.unrouted, self._outboxes.values())

    def not_shown(self, losses: Mapping[int, int], since_ns: int, until_ns: int) -> None:
        """Count, and tell in Discord, records that were lost before they came here: the sender had no room for them.

        Args:
            losses: how many, by the lowest number of their range of severity (1, 5, 9, 13, 17, 21).
            since_ns: when the first of them was made, wall time in nanoseconds.
            until_ns: the last one.
        """
        accepting = self._accepting
        accepting.entrance.losses.elsewhere(accepting.routing, losses, since_ns, until_ns)

    def took_in(self, batch_id: int, records: int, places: Places = ()) -> None:
        """Hear of a batch that this process has put into the queue of a fleet, from which this exporter works.

        ``places`` says which runs its resources belong to.
        """
        accepting = self._accepting
        accepting.entrance.intake.pace.accepted(records)
        accepting.entrance.unrouted.accepted(batch_id)
        if accepting.live is not None and batch_id in accepting.entrance.unrouted:
            accepting.live.accepted(batch_id, places)

    @property
    def would_lose(self) -> bool:
        """Whether it has something in memory that nobody who goes on from the storage would have: attachments that
        wait, and losses that were not told yet."""
        return self._shelf.is_holding or bool(self._accepting.entrance.losses.book)

    async def keep_pace(self) -> None:
        """Return when routing has caught up with what came in, or after a moment."""
        await self._accepting.entrance.intake.pace.wait()

    @property
    def queue_size(self) -> int:
        """Room taken in the queue, in units of its sizer; 0 while it is not running."""
        return self._accepting.queue.size if self._accepting.queue is not None else 0

    @property
    def queue_capacity(self) -> int:
        """Room in all."""
        return self._accepting.queue.capacity if self._accepting.queue is not None else 0

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
        self._know_destinations()
        with self._kept_shelf(host):
            async with self._opening().opened(host) as house:
                self._client = house.client
                self._accepting.live, self._accepting.evidence = house.live, house.evidence
                self._accepting.queue = house.office.queue
                self._maintenance, self._silences, self._watching = house.maintenance, house.silences, house.watching
                letter_lanes = OutboxLanes(self._outboxes, self._accepting.routing.priority)
                self._letters = house.office.desk(self._outboxes, self._back.bury_orphans(house.office), letter_lanes)
                host.report_status(Status.OK)
                try:
                    yield
                finally:
                    self._maintenance = self._silences = self._watching = None
                    await house.end(host, self._close)

    def _know_destinations(self) -> None:
        """Read where records may go.

        Raises:
            StartError: a webhook's file cannot be read.
        """
        logger, shard = self._settings.logger, self._shard
        destinations = resolve_destinations(self._config)
        names = shard.names if shard is not None else None
        self._destinations = [item for item in destinations if names is None or item.name in names]
        self._accepting.routing = routing_table(self._config, destinations, logger, names)
        if shard is None:
            for advice in self._config.advice():
                logger.warning("%s", advice)

    def _opening(self) -> Opening:
        return Opening(
            back=self._back,
            accepting=self._accepting,
            destinations=self._destinations,
            outboxes=self._outboxes,
            shelf=self._shelf,
            say=self._say,
            templates=self._templates,
            troubles=self._troubles,
            transport=self._transport,
            charts=self._charts,
            wall_clock=self._wall_clock,
            resumes_letters=self._resumes_letters,
        )

    def _close(self) -> None:
        """Take nothing in any more, and answer nothing about letters."""
        self._accepting.queue = self._letters = None

    def _new_shelf(self) -> Shelf:
        first_key = random.SystemRandom().getrandbits(56) + 1
        return Shelf(int(self._config.attachments.max_memory_mib * assembly.MIB), first_key=first_key)

    @contextmanager
    def _kept_shelf(self, host: Host) -> Iterator[None]:
        """Go on with a predecessor's attachments; they stay for a successor."""
        shelf = host.kept("shelf", lambda: self._shelf)
        shelf.max_bytes = self._shelf.max_bytes
        self._shelf = shelf
        try:
            yield
        finally:
            if not host.hands_over or self._shard is not None:
                shelf.close()

    # ------------------------------------------------------------------------------------------------ dead letters

    @asynccontextmanager
    async def dead_letters_at_rest(self, host: Host) -> AsyncIterator[DeadLetters]:
        """Open the dead letters of an exporter that is not running; nothing is sent."""
        async with self._back.open_queue(host) as queue:
            office = self._back.open_letters(host, queue)
            try:
                yield office.desk(list(self._config.destinations) or [DEFAULT_NAME], self._back.bury_orphans(office))
            finally:
                office.close()

    def _say(self, destination: str, message: Message) -> None:
        """Send a message of our own before the next cards of a destination."""
        outbox = self._outboxes.get(destination)
        if outbox is not None:
            outbox.say(message)

    async def check_online(
        self, host: Host | None = None, *, known: Collection[OnlineResult] = ()
    ) -> Sequence[OnlineResult]:
        """GET each webhook: is it there, what is it called, which channel does it post to?

        One that was given up and answers is used again: at once where the exporter runs, else from the next start on,
        if ``host`` has the storage.
        """
        timeout_s, endpoint = self._config.timeout, self._config.endpoint
        if self._accepting.queue is not None and self._client is not None:
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
        if host is not None and self._back.storage(host) is not None:
            async with self._back.open_queue(host) as queue:
                for result in results:
                    if result.ok:
                        await queue.set_state(state_key(result.name), None)
        return results

    def previewed(self, wall_clock: Callable[[], float]) -> Preview:
        """Return a twin that works as this one would, and sends and keeps nothing."""
        return PreviewedDiscord(self._settings, self._config, DiscordExporter, wall_clock)
