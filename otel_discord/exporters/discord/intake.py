"""Takes batches into the queue, and decides what happens when it is full."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from otel_discord.component import PermanentError, QueueFullError, Settlement, StoredCard, WorkQueue
from otel_discord.component.instruments import DiscordInstruments, ExporterInstruments
from otel_discord.exporterhelper.config import Overflow, SendingQueueConfig
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.mutes.held_lanes import destination_of
from otel_discord.exporters.discord.pace import Pace
from otel_discord.exporters.discord.routing import NORMAL_PRIORITY
from otel_discord.signals import LogsBatch, Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Of one exporter. ``wall_clock`` is Unix time, for display."""

    settings: SendingQueueConfig
    instruments: ExporterInstruments
    discord_instruments: DiscordInstruments
    wall_clock: Callable[[], float]
    drop_oldest: Callable[[WorkQueue], Awaitable[StoredCard | None]]
    """Ends the oldest card that may go and returns it; None where there is none."""
    release_attachments: Callable[[Sequence[Card]], None]
    pace: Pace = field(default_factory=Pace)

    async def accept(self, queue: WorkQueue, batch: LogsBatch, priority: int) -> None:
        """Store a batch and, where that is asked for, wait for its end.

        Raises:
            QueueFullError: there is no room, and waiting for it is not asked for.
            RetryableError: the storage cannot take it now.
            PermanentError: its end was awaited, and a record of it became a dead letter.
        """
        if priority <= NORMAL_PRIORITY:
            await self.pace.wait()
        batch_id = await self._enqueue(queue, batch, priority)
        self.pace.accepted(batch.item_count)
        waits = self.settings.wait_for_result or not self.settings.enabled
        if waits and await queue.settled(batch_id) is Settlement.DEAD:
            raise PermanentError("Discord did not take every record; the log says why")

    async def _enqueue(self, queue: WorkQueue, batch: LogsBatch, priority: int) -> int:
        while True:
            try:
                return await queue.put(batch, priority=priority, accepted_ns=int(self.wall_clock() * 1e9))
            except QueueFullError:
                if self.settings.overflow is Overflow.DROP_OLDEST and await self._drop_oldest(queue):
                    continue
                if not self.settings.block_on_overflow:
                    self.instruments.enqueue_failed(Signal.LOGS, batch.item_count)
                    raise
                await queue.wait_for_room(batch)

    async def _drop_oldest(self, queue: WorkQueue) -> bool:
        dropped = await self.drop_oldest(queue)
        if dropped is None:
            return False
        card = Card.from_bytes(dropped.payload)
        self.release_attachments([card])
        self.discord_instruments.destination(destination_of(dropped.lane)).message_failed("dropped_oldest", attempts=0)
        self.instruments.send_failed(Signal.LOGS, card.count)
        return True
