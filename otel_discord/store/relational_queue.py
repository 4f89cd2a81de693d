"""A queue in a database: what it holds survives the process, and next to nothing of it is in memory."""

import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from otel_discord.component.errors import QueueFullError, RetryableError, StartError
from otel_discord.component.storage import (
    Fold,
    NewCard,
    QueueLimits,
    RoutedIds,
    Settlement,
    StoredBatch,
)
from otel_discord.signals.batch import Batch
from otel_discord.store import operations_batches as batch_works
from otel_discord.store import operations_repair as repair_works
from otel_discord.store.ended_batches import Ended
from otel_discord.store.relational_posted import RelationalPosted
from otel_discord.store.room import Load, Room, load_of
from otel_discord.store.transactions import Transactions, book_nothing
from otel_discord.store.waiting import Endings, RoomSeekers, Takers, closed_error
from otel_discord.store.waiting_batches import WaitingBatches
from otel_discord.store.work import Database

_LOGGER: Final = logging.getLogger(__name__)
_LAST_WORKS_S: Final = 10.0


class RelationalQueue(RelationalPosted):
    """A :class:`~otel_discord.component.storage.WorkQueue` over a database; see :func:`open_relational_queue`."""

    def __init__(
        self,
        database: Database,
        owner: str,
        limits: QueueLimits,
        opening: repair_works.Opening,
        *,
        logger: logging.Logger,
        on_damaged: Callable[[int], None],
        wall_clock_ns: Callable[[], int],
        is_one_of_many: bool = False,
    ) -> None:
        transactions = Transactions(database, logger, is_one_of_many=is_one_of_many)
        super().__init__(transactions, owner, logger, on_damaged, wall_clock_ns)
        self._room = Room(limits, opening.load)
        self._batches = WaitingBatches(self._transactions, owner, opening.last_batch_id)
        self._takers = Takers()
        self._room_seekers = RoomSeekers(self._room)
        self._endings = Endings()
        self._closed = False

    # ------------------------------------------------------------------------------------------------ batches

    async def put(self, batch: Batch, *, priority: int = 0, accepted_ns: int = 0) -> int:
        """Store a batch and return its id once the database has it for good.

        Cancelled, the batch may be stored or not; either way it is counted right.

        Raises:
            QueueFullError: no room; nothing was stored.
            RetryableError: the database cannot store now; nothing was stored.
            ShutdownError: the queue is closed.
        """
        self._refuse_if_closed()
        load = load_of(batch)
        if not self._room.fits(load):
            raise QueueFullError("sending queue is full")
        self._room.take(load)
        ticket = self._batches.expect()

        def stored(batch_id: int) -> None:
            self._batches.arrived(ticket, batch_id, batch, priority, accepted_ns)
            self._takers.wake_one()

        def not_stored() -> None:
            self._batches.lost(ticket)
            self._room.give_back(load)
            self._room_seekers.admit()

        work = batch_works.put(self._owner, batch, priority, accepted_ns)
        return await self._transactions.write(work, stored, not_stored)

    async def wait_for_room(self, batch: Batch) -> None:
        """Return when ``put`` has room for the batch, first come, first served.

        Raises:
            ShutdownError: the queue is closed.
        """
        self._refuse_if_closed()
        await self._room_seekers.wait(load_of(batch))

    async def take(self) -> StoredBatch:
        """Wait for and return the batch to handle next.

        Raises:
            ShutdownError: the queue is closed and nothing waits.
        """
        while True:
            try:
                taken = await self._batches.take()
            except BaseException:
                self._takers.wake_one()  # the turn goes to the next one
                raise
            if isinstance(taken, StoredBatch):
                return taken
            if taken is None:
                self._refuse_if_closed()
                await self._takers.wait()
                continue
            try:
                await self._bury_damaged(
                    repair_works.bury_damaged_batches(self._owner, [taken.id], self._wall_clock_ns())
                )
            finally:
                self._batches.release(taken.id)

    async def take_more(self, most_items: int) -> Sequence[StoredBatch]:
        """Return batches that come next and are in memory, of ``most_items`` together at most."""
        return self._batches.take_more(most_items)

    async def release(self, batch_id: int) -> None:
        """Give a taken batch back to its place in the order; an unknown id is ignored."""
        if self._batches.release(batch_id):
            self._takers.wake_one()

    async def done(self, batch_id: int) -> None:
        """Remove a batch; an unknown id, or that of a routed batch, is ignored."""
        await self._transactions.insist(batch_works.done(self._owner, batch_id), self._book_ended)

    async def route(self, batch_id: int, cards: Sequence[NewCard]) -> Sequence[int]:
        """Remove the batch, put its cards into their lanes and return the cards' ids.

        Raises:
            KeyError: there is no such batch, or it was routed before.
        """
        routed = await self.route_all({batch_id: cards})
        return routed.cards[batch_id]

    async def route_all(self, cards: Mapping[int, Sequence[NewCard]], folds: Sequence[Fold] = ()) -> RoutedIds:
        """Route several batches, in this order, then fold; batches that are not there, or were routed before, are left
        out."""

        def book(routed: batch_works.Routed) -> None:
            for batch_id in routed.ids.cards:
                self._batches.ended(batch_id)
            self._heads.added(routed.cards)
            self._heads.folded(routed.payloads)
            self._counts.came(Counter(card.lane for card in routed.cards))
            self._book_ended(routed.ended)

        return (await self._transactions.insist(batch_works.route(self._owner, cards, folds), book)).ids

    async def settled(self, batch_id: int) -> Settlement:
        """Wait until the batch and its cards have ended; of a batch long ended the answer is DELIVERED.

        Raises:
            ShutdownError: the queue went away first.
        """
        ending = self._endings.expect(batch_id)
        if not await self._transactions.read(batch_works.is_stored(self._owner, batch_id)):
            self._endings.end(batch_id, self._endings.known(batch_id))
        return await ending

    # ---------------------------------------------------------------------------------------------------- room

    def close(self) -> None:
        """Refuse new batches; what waits is still handed out."""
        self._closed = True
        self._takers.wake_all()
        self._room_seekers.turn_away()

    @property
    def size(self) -> int:
        """Room taken, in units of the sizer."""
        return self._room.size

    @property
    def capacity(self) -> int:
        """Room in all, in units of the sizer."""
        return self._room.limits.size

    @property
    def is_beyond(self) -> bool:
        """Whether more than one batch is there, and together they are more than the limits allow."""
        return self._room.is_beyond

    # -------------------------------------------------------------------------------------------------- inside

    async def end(self) -> None:
        """End the run: what is being stored is waited for; who waits for an ending hears that there will be none."""
        self.close()
        self._endings.abandon()
        await self._transactions.finish(_LAST_WORKS_S)

    def _book_ended(self, ended: Sequence[Ended]) -> None:
        for each in ended:
            self._batches.ended(each.id)
            self._endings.end(each.id, Settlement.DEAD if each.dead else Settlement.DELIVERED)
            self._room.give_back(Load(1, each.items, each.size_bytes))
        if ended:
            self._room_seekers.admit()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise closed_error()


@asynccontextmanager
async def open_relational_queue(
    database: Database,
    owner: str,
    limits: QueueLimits,
    *,
    logger: logging.Logger = _LOGGER,
    on_damaged: Callable[[int], None] = book_nothing,
    wall_clock_ns: Callable[[], int] = time.time_ns,
) -> AsyncIterator[RelationalQueue]:
    """Open the queue of one exporter in a database whose schema is today's (``migration.migrate``).

    What an earlier run left is in it, in its old order; it may be more than ``limits`` allow, then new work is refused
    until it is drained. One queue of an owner is open at a time; seeing to it is the caller's business.

    ``on_damaged`` is told how many damaged rows have become dead letters (or, of remembered state, were forgotten).

    Raises:
        StartError: the database cannot be read.
    """
    try:
        opening = await database.run(repair_works.open_queue(owner, wall_clock_ns()))
    except RetryableError as error:
        raise StartError(f"the stored queue of {owner} cannot be opened: {error}") from error
    queue = RelationalQueue(
        database, owner, limits, opening, logger=logger, on_damaged=on_damaged, wall_clock_ns=wall_clock_ns
    )
    queue.say_damaged(opening.damaged)
    try:
        yield queue
    finally:
        await queue.end()
