"""What the parts of the storage contract share: how to open a queue, and small ways to fill it."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Final, TypeAlias

from otel_discord.component.errors import QueueFullError
from otel_discord.component.storage import NewCard, QueueLimits, Sizer, Storage, WorkQueue
from otel_discord.signals.batch import Batch, LogsBatch
from otel_discord.testing.otlp import logs_batch

ROOMY: Final = QueueLimits(size=10_000, sizer=Sizer.REQUESTS, max_bytes=1 << 30)
PATIENCE_S: Final = 10.0
OWNER: Final = "discord/logs"

Reopen: TypeAlias = Callable[[], AbstractAsyncContextManager[Storage]]
"""Opens the storage of one place; each time as a new process would, if the storage survives one."""


class StorageContractBase:
    """Where the storages of the tests come from."""

    def storage(self) -> AbstractAsyncContextManager[Storage]:
        """Return the lifetime of a storage that holds nothing yet."""
        raise NotImplementedError

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Reopen]:
        """Yield what opens the storage of one place, which holds nothing yet, again and again, one at a time.

        A storage that survives its process is closed and opened between two runs; override this for it. One that does
        not is kept, and only its queues are closed and opened.
        """
        async with self.storage() as storage:
            yield lambda: nullcontext(storage)

    @asynccontextmanager
    async def queue(self, limits: QueueLimits = ROOMY) -> AsyncIterator[WorkQueue]:
        """Open a queue on a new storage."""
        async with self.storage() as storage, storage.open_queue(OWNER, limits) as queue:
            yield queue


@asynccontextmanager
async def run_of(reopen: Reopen, limits: QueueLimits = ROOMY) -> AsyncIterator[WorkQueue]:
    """Open the place's storage and its queue for one run."""
    async with reopen() as storage, storage.open_queue(OWNER, limits) as queue:
        yield queue


async def route(queue: WorkQueue, *priorities: int, lane: str = "ops") -> Sequence[int]:
    """Put a batch and turn it into cards of these priorities; return their ids."""
    batch_id = await queue.put(logs_batch())
    await queue.take()
    return await queue.route(batch_id, [NewCard(lane, priority, b"x") for priority in priorities])


async def ids_in(queue: WorkQueue, lane: str = "ops", limit: int = 10_000) -> list[int]:
    """Return the ids of a lane's cards in order."""
    return [card.id for card in await queue.head(lane, limit)]


async def is_full(queue: WorkQueue) -> bool:
    """Try to put one more small batch."""
    try:
        await queue.put(logs_batch())
    except QueueFullError:
        return True
    return False


def body(batch: Batch) -> str:
    """Return the text of the first record."""
    assert isinstance(batch, LogsBatch)
    return next(iter(batch.records()))[2].body.string_value
