"""A shard's queue for its engine: what the engine itself puts in takes the way of all that comes in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from otel_discord.component import WorkQueue
from otel_discord.component.fleet import Fleet, Part, Seat
from otel_discord.component.storage import QueueLimits
from otel_discord.signals.batch import Batch


@asynccontextmanager
async def opened_shard_queue(fleet: Fleet, seat: Seat, limits: QueueLimits) -> AsyncIterator[WorkQueue]:
    """Open the queue of a seat."""
    async with seat.open_queue(limits) as queue:
        yield cast("WorkQueue", _PutsByFleet(fleet, seat.shard, queue))


class _PutsByFleet:
    """Everything that is not here is the queue's own."""

    def __init__(self, fleet: Fleet, shard: int, queue: WorkQueue) -> None:
        self._fleet = fleet
        self._shard = shard
        self._queue = queue

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)

    async def put(self, batch: Batch, *, priority: int = 0, accepted_ns: int = 0) -> int:
        ids = await self._fleet.put({self._shard: Part(batch, priority, accepted_ns)})
        return ids[self._shard]

    async def wait_for_room(self, batch: Batch) -> None:
        await self._fleet.wait_for_room({self._shard: Part(batch)})
