"""Takes batches into the queue, and decides what happens when it is full."""

from collections.abc import Callable
from dataclasses import dataclass, field

from otel_discord.component import PermanentError, QueueFullError, Settlement, WorkQueue
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.exporterhelper.config import SendingQueueConfig
from otel_discord.exporters.discord.overflow import Overflow
from otel_discord.exporters.discord.pace import Pace
from otel_discord.exporters.discord.routing import NORMAL_PRIORITY
from otel_discord.exporters.discord.unrouted import Unrouted
from otel_discord.signals import LogsBatch, Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Of one exporter. ``wall_clock`` is Unix time, for display."""

    settings: SendingQueueConfig
    instruments: ExporterInstruments
    wall_clock: Callable[[], float]
    unrouted: Unrouted
    overflow: Overflow | None = None
    """Makes room; None where a full queue refuses."""
    pace: Pace = field(default_factory=Pace)

    async def accept(
        self, queue: WorkQueue, batch: LogsBatch, priority: int, on_stored: Callable[[int], None] = lambda _: None
    ) -> None:
        """Store a batch and, where that is asked for, wait for its end.

        ``on_stored`` takes its id once it is stored, unless it is routed already.

        Raises:
            QueueFullError: there is no room, and waiting for it is not asked for.
            RetryableError: the storage cannot take it now.
            PermanentError: its end was awaited, and a record of it became a dead letter.
        """
        if priority <= NORMAL_PRIORITY:
            await self.pace.wait()
        batch_id = await self._enqueue(queue, batch, priority)
        if batch_id in self.unrouted:
            on_stored(batch_id)
        self.pace.accepted(batch.item_count)
        if self.overflow is not None:
            await self.overflow.keep_to_size(queue, batch_id)
        waits = self.settings.wait_for_result or not self.settings.enabled
        if waits and await queue.settled(batch_id) is Settlement.DEAD:
            raise PermanentError("Discord did not take every record; the log says why")

    async def _enqueue(self, queue: WorkQueue, batch: LogsBatch, priority: int) -> int:
        while True:
            try:
                batch_id = await queue.put(batch, priority=priority, accepted_ns=int(self.wall_clock() * 1e9))
            except QueueFullError:
                if self.overflow is not None and await self.overflow.make_room(queue):
                    continue
                if not self.settings.block_on_overflow:
                    self.instruments.enqueue_failed(Signal.LOGS, batch.item_count)
                    raise
                await queue.wait_for_room(batch)
                continue
            self.unrouted.accepted(batch_id)
            return batch_id
