"""A queue into which others put: what came is noticed by its number, and what became free is said to them.

Who puts locks the queue's place in the order meanwhile, so that batches become visible in the order of their ids: above
the highest id that is known here is everything that has come since, and nothing else.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from otel_discord.component.errors import PermanentError, RetryableError, ShutdownError, StartError
from otel_discord.component.storage import QueueLimits, StoredBatch
from otel_discord.signals.batch import Batch
from otel_discord.store.batch_order import Place
from otel_discord.store.ended_batches import Ended
from otel_discord.store.operations_arrivals import Arrival, PackedBatch, SharedOpening, read_arrivals
from otel_discord.store.relational_queue import RelationalQueue
from otel_discord.store.room import Load, Room
from otel_discord.store.transactions import book_nothing, unbook_nothing
from otel_discord.store.waiting_batches import WaitingBatches
from otel_discord.store.work import Database, Work

FREED_EVERY_S: Final = 0.1
"""How often it is said at most what became free: who says it, and who puts, wait for each other."""
FREED_AT_LEAST_EVERY_S: Final = 1.0
"""How long it may wait while there is much room anyway."""
_LOOK_EVERY_S: Final = 0.2
"""What comes from several sides, one behind the other, is looked at together; what comes alone, at once."""
_MOST_ARRIVALS: Final = 1000
_AGAIN_S: Final = 1.0
_CACHE_BYTES: Final = 2 << 20
"""A process may have many of these queues."""
_LOGGER: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SharedWorks:
    """What the place where the queue is shared does for it."""

    open: Work[SharedOpening]
    """Read, while nobody puts, how much is there; what is put later has higher ids than the last one."""
    say_freed: Callable[[Load], Work[None]]
    """Say how much of all that was ever put is there no more."""


class SharedQueue(RelationalQueue):
    """A :class:`~otel_discord.component.storage.WorkQueue` into which others put; see :func:`open_shared_queue`."""

    def __init__(
        self,
        database: Database,
        owner: str,
        limits: QueueLimits,
        found: SharedOpening,
        say_freed: Callable[[Load], Work[None]],
        *,
        logger: logging.Logger,
        on_damaged: Callable[[int], None],
        wall_clock_ns: Callable[[], int],
    ) -> None:
        super().__init__(
            database,
            owner,
            limits,
            found.opening,
            logger=logger,
            on_damaged=on_damaged,
            wall_clock_ns=wall_clock_ns,
            is_one_of_many=True,
        )
        self._newest_id = found.opening.last_batch_id
        self._batches = WaitingBatches(self._transactions, owner, self._newest_id, cache_bytes=_CACHE_BYTES)
        self._put = found.put
        self._say_freed = say_freed
        self._more = asyncio.Event()
        self._freed = asyncio.Event()
        self._said = _difference(found.put, found.opening.load)
        self._tight = asyncio.Event()

    async def put(self, batch: Batch, *, priority: int = 0, accepted_ns: int = 0) -> int:  # noqa: ARG002 - refused
        """Refuse: what comes into this queue is put from outside.

        Raises:
            PermanentError: always.
        """
        raise PermanentError("what comes into a shared queue is put through its fleet")

    @property
    def newest_id(self) -> int:
        """The highest id that is known here."""
        return self._newest_id

    def may_have(self, last_id: int) -> None:
        """Say that a batch of this id has been put."""
        if last_id > self._newest_id and not self._closed:
            self._more.set()

    def came_from_here(self, previous_id: int, batches: Sequence[tuple[int, PackedBatch]]) -> None:
        """Say that this process put batches, in the order of their ids; before them ``previous_id`` was the last."""
        if self._closed:
            return
        for batch_id, packed in batches:
            stored = StoredBatch(batch_id, packed.batch, packed.priority, accepted_ns=packed.accepted_ns)
            self._batches.keep_at_hand(stored, packed.load.size_bytes)
        if previous_id == self._newest_id:
            for batch_id, packed in batches:
                self._came(Arrival(Place(-packed.priority, batch_id), packed.load))
        elif batches:
            self.may_have(batches[-1][0])

    def _came(self, arrival: Arrival) -> None:
        if arrival.place.id <= self._newest_id:
            return  # it was heard of meanwhile
        if arrival.stored is not None:
            self._batches.keep_at_hand(arrival.stored, arrival.load.size_bytes)
        self._newest_id = arrival.place.id
        self._put = _sum(self._put, arrival.load)
        self._room.take(arrival.load)
        self._batches.came(arrival.place)
        self._takers.wake_one()
        self._see_whether_it_is_tight()

    def _book_ended(self, ended: Sequence[Ended]) -> None:
        super()._book_ended(ended)
        if ended:
            self._freed.set()
            self._see_whether_it_is_tight()

    def _see_whether_it_is_tight(self) -> None:
        """Have it said soon what became free where the others see half of the room taken."""
        seen = Room(self._room.limits, _difference(self._put, self._said))
        if 2 * seen.size >= seen.limits.size or 2 * seen.taken.size_bytes >= seen.limits.max_bytes:
            self._tight.set()

    @asynccontextmanager
    async def kept_up(self) -> AsyncIterator[None]:
        """Look at what comes, and say what becomes free, while the block runs."""
        tasks = {asyncio.create_task(self._look_at_arrivals()), asyncio.create_task(self._tell_of_room())}
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _look_at_arrivals(self) -> None:
        with contextlib.suppress(ShutdownError):  # the seat is lost, or closed
            while True:
                await self._more.wait()
                self._more.clear()
                try:
                    await self._look_once()
                except ShutdownError:
                    raise
                except Exception:  # whatever it is: what nobody notices is sent by nobody
                    self._logger.exception("what came cannot be looked at, it is tried again")
                    await asyncio.sleep(_AGAIN_S)
                    self._more.set()

    async def _look_once(self) -> None:
        most_bytes = self._batches.read_along_bytes
        work = read_arrivals(self._owner, self._newest_id, _MOST_ARRIVALS, most_bytes)
        found = await self._transactions.read(work)
        if self._closed:
            return
        for arrival in found:
            self._came(arrival)
        if len(found) == _MOST_ARRIVALS:
            self._more.set()

    async def _tell_of_room(self) -> None:
        with contextlib.suppress(ShutdownError):
            while True:
                await self._freed.wait()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(FREED_AT_LEAST_EVERY_S):
                        await self._tight.wait()
                self._freed.clear()
                self._tight.clear()
                freed = _difference(self._put, self._room.taken)
                try:
                    await self._transactions.write(self._say_freed(freed), book_nothing, unbook_nothing)
                    self._said = freed
                    self._see_whether_it_is_tight()
                except ShutdownError:
                    raise
                except Exception as error:
                    if not isinstance(error, RetryableError):
                        self._logger.exception("what became free cannot be said, it is tried again")
                    self._freed.set()  # it is said later, and anew by who opens the queue next
                await asyncio.sleep(FREED_EVERY_S)


@asynccontextmanager
async def open_shared_queue(
    database: Database,
    owner: str,
    limits: QueueLimits,
    works: SharedWorks,
    *,
    logger: logging.Logger = _LOGGER,
    on_damaged: Callable[[int], None] = book_nothing,
    wall_clock_ns: Callable[[], int] = time.time_ns,
) -> AsyncIterator[SharedQueue]:
    """Open a queue into which others put; what was put before, and what an earlier run left, is in it.

    Raises:
        StartError: the database cannot be read.
    """
    try:
        found = await database.run(works.open)
    except RetryableError as error:
        raise StartError(f"the stored queue of {owner} cannot be opened: {error}") from error
    queue = SharedQueue(
        database,
        owner,
        limits,
        found,
        works.say_freed,
        logger=logger,
        on_damaged=on_damaged,
        wall_clock_ns=wall_clock_ns,
    )
    queue.say_damaged(found.opening.damaged)
    try:
        async with queue.kept_up():
            yield queue
    finally:
        await queue.end()


def _sum(one: Load, other: Load) -> Load:
    return Load(*(a + b for a, b in zip(one, other, strict=True)))


def _difference(one: Load, other: Load) -> Load:
    return Load(*(a - b for a, b in zip(one, other, strict=True)))
