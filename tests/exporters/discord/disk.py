"""What a disk would keep, on a virtual clock: batches, cards, what was in flight, and the state."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from otel_discord.component import QueueLimits, StoredCard
from otel_discord.store.memory import MemoryQueue
from otel_discord.testing.host import NopHost


class DiskQueue(MemoryQueue):
    """As one on disk, it knows after a crash which cards were in the message in flight."""

    def __init__(self, limits: QueueLimits) -> None:
        super().__init__(limits)
        self.in_doubt: set[int] = set()
        self.marked: list[list[int]] = []

    async def mark_sending(self, card_ids: Sequence[int]) -> None:
        self.marked.append(list(card_ids))
        self.in_doubt.update(card_ids)

    async def mark_unsent(self, card_ids: Sequence[int]) -> None:
        self.in_doubt.difference_update(card_ids)

    async def head(self, lane: str, limit: int) -> Sequence[StoredCard]:
        found = await super().head(lane, limit)
        return [replace(card, in_doubt=True) if card.id in self.in_doubt else card for card in found]


class Disk:
    """Queues by owner; each run finds what the one before it left."""

    def __init__(self) -> None:
        self.queues: dict[str, DiskQueue] = {}

    @property
    def queue(self) -> DiskQueue:
        """The only queue."""
        (queue,) = self.queues.values()
        return queue

    @asynccontextmanager
    async def open_queue(self, owner: str, limits: QueueLimits) -> AsyncIterator[DiskQueue]:
        queue = self.queues.setdefault(owner, DiskQueue(limits))
        queue.reopen(limits)
        try:
            yield queue
        finally:
            queue.abandon()


STORED = {"storage": "disk"}


def host_with(disk: Disk) -> NopHost:
    """Return a new process's host with this disk."""
    return NopHost(extensions={"disk": disk})
