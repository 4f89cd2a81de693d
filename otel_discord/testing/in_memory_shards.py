"""The shards of a fleet in memory: queues that anybody puts into and one replica works on, and questions to them."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, Protocol, cast

from otel_discord.component.fleet import Part
from otel_discord.component.storage import QueueLimits, WorkQueue
from otel_discord.signals.batch import Batch
from otel_discord.store.memory import MemoryQueue
from otel_discord.store.memory_cards import Entry
from otel_discord.store.room import Room, load_of

TICK_S: Final = 0.1
"""How often replicas look at what is shared; what they do themselves they know at once."""


class Holds(Protocol):
    """A seat, as far as its queue wants to know."""

    @property
    def is_lost(self) -> bool:
        """Whether it is another replica's."""
        ...

    def check(self) -> None:
        """Refuse who has lost it."""
        ...


class ShardQueue(MemoryQueue):
    """Put into by anybody, worked on by one; what comes after its worker has closed it waits for the next one."""

    def __init__(self, limits: QueueLimits) -> None:
        super().__init__(limits)
        self._late: list[Entry] = []
        self._put_limits = limits
        """For who puts; who works on it may have others."""

    def fits(self, batch: Batch) -> bool:
        """Return whether there is room."""
        return Room(self._put_limits, self._room.taken).fits(load_of(batch))

    def _refuse_if_closed(self) -> None:
        if self._closed and not self._is_being_put:
            super()._refuse_if_closed()

    _is_being_put = False

    async def put_by_anybody(self, part: Part) -> int:
        """Store a batch, whether somebody works or not; room was asked for before."""
        self._is_being_put, own_limits = True, self._room.limits
        self._room.limits = self._put_limits
        try:
            return await self.put(part.batch, priority=part.priority, accepted_ns=part.accepted_ns)
        finally:
            self._is_being_put, self._room.limits = False, own_limits

    def _offer(self, entry: Entry) -> None:
        if self._closed and self._is_being_put:
            self._late.append(entry)
        else:
            super()._offer(entry)

    def reopen(self, limits: QueueLimits) -> None:
        """Begin another worker's time."""
        super().reopen(limits)
        late, self._late = self._late, []
        for entry in late:
            self._offer(entry)


class InMemoryQuestion:
    """A :class:`~otel_discord.component.fleet.Question` and the place for its answer."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    @property
    def body(self) -> bytes:
        """What is asked."""
        return self._body

    async def answer(self, body: bytes) -> None:
        """Answer; nothing happens where nobody waits any more."""
        if not self.answered.done():
            self.answered.set_result(body)


def fenced(queue: ShardQueue, seat: Holds) -> WorkQueue:
    """Return a shard's queue as who has its seat gets it."""
    return cast("WorkQueue", _Fenced(queue, seat))


class _Fenced:
    """A shard's queue as long as the seat lasts."""

    def __init__(self, queue: ShardQueue, seat: Holds) -> None:
        self._queue = queue
        self._seat = seat

    @property
    def size(self) -> int:
        return self._queue.size

    @property
    def capacity(self) -> int:
        return self._queue.capacity

    @property
    def is_beyond(self) -> bool:
        return self._queue.is_beyond

    @property
    def keeps_letters(self) -> bool:
        return self._queue.keeps_letters

    def close(self) -> None:
        if not self._seat.is_lost:
            self._queue.close()

    async def take(self) -> Any:
        self._seat.check()
        taking = asyncio.ensure_future(self._queue.take())
        try:
            while not taking.done():
                self._seat.check()
                await asyncio.wait([taking], timeout=TICK_S)
        except BaseException:
            if not taking.cancel() and not taking.cancelled() and taking.exception() is None:
                await self._queue.release(taking.result().id)
            raise
        return taking.result()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        step = getattr(self._queue, name)

        async def fenced(*args: Any, **named: Any) -> Any:
            self._seat.check()
            return await step(*args, **named)

        return fenced
