"""A queue in memory: quick, and gone with the process. What every exporter uses without ``sending_queue.storage``."""

import heapq
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from otel_discord.component.errors import QueueFullError, StartError
from otel_discord.component.storage import (
    EVERY_LETTER,
    Fold,
    LetterFilter,
    LetterTotals,
    NewCard,
    QueueLimits,
    Revival,
    RoutedIds,
    Settlement,
    StoredBatch,
    StoredLetter,
)
from otel_discord.signals.batch import Batch, LogsBatch
from otel_discord.store.memory_cards import Entry, MemoryCards
from otel_discord.store.memory_table import MemoryTables
from otel_discord.store.room import Room, load_of
from otel_discord.store.waiting import Endings, RoomSeekers, Takers, closed_error


class MemoryQueue(MemoryCards):
    """A :class:`~otel_discord.component.storage.WorkQueue` for the tasks of one loop."""

    def __init__(self, limits: QueueLimits) -> None:
        super().__init__()
        self._room = Room(limits)
        self._entries: dict[int, Entry] = {}
        self._waiting: list[tuple[int, int]] = []  # heap of (-priority, id); an id that waits no more is skipped
        self._state: dict[str, bytes] = {}
        self._last_batch_id = 0
        self._takers = Takers()
        self._room_seekers = RoomSeekers(self._room)
        self._endings = Endings()
        self._closed = False

    # ------------------------------------------------------------------------------------------------ batches

    async def put(self, batch: Batch, *, priority: int = 0, accepted_ns: int = 0) -> int:
        """Store a batch and return its id.

        Raises:
            QueueFullError: no room; nothing was stored.
            ShutdownError: the queue is closed.
        """
        self._refuse_if_closed()
        load = load_of(batch)
        if not self._room.fits(load):
            raise QueueFullError("sending queue is full")
        self._room.take(load)
        self._last_batch_id += 1
        kept = batch.without_wire() if isinstance(batch, LogsBatch) else batch
        entry = Entry(self._last_batch_id, kept, priority, load, accepted_ns)
        self._entries[entry.id] = entry
        self._offer(entry)
        return entry.id

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
            entry = self._pop_waiting()
            if entry is not None and entry.batch is not None:
                entry.taken = True
                return StoredBatch(entry.id, entry.batch, entry.priority, accepted_ns=entry.accepted_ns)
            self._refuse_if_closed()
            await self._takers.wait()

    async def take_more(self, most_items: int) -> Sequence[StoredBatch]:
        """Return batches that come next, of ``most_items`` together at most; none where nothing waits."""
        taken: list[StoredBatch] = []
        while (entry := self._pop_waiting()) is not None and entry.batch is not None:
            most_items -= entry.batch.item_count
            if most_items < 0:
                self._offer(entry)
                break
            entry.taken = True
            taken.append(StoredBatch(entry.id, entry.batch, entry.priority, accepted_ns=entry.accepted_ns))
        return taken

    async def release(self, batch_id: int) -> None:
        """Give a taken batch back to its place in the order; an unknown id is ignored."""
        entry = self._entries.get(batch_id)
        if entry is not None and entry.taken and entry.batch is not None:
            entry.taken = False
            self._offer(entry)

    async def done(self, batch_id: int) -> None:
        """Remove a batch; an unknown id is ignored."""
        entry = self._entries.get(batch_id)
        if entry is not None and entry.batch is not None:
            self._end(entry)

    async def route(self, batch_id: int, cards: Sequence[NewCard]) -> Sequence[int]:
        """Remove the batch, put its cards into their lanes and return the cards' ids.

        Raises:
            KeyError: there is no such batch, or it was routed before.
        """
        entry = self._entries.get(batch_id)
        if entry is None or entry.batch is None:
            raise KeyError(batch_id)
        entry.batch = None
        if not cards:
            self._end(entry)
            return []
        return self._open_cards(entry, cards)

    async def route_all(self, cards: Mapping[int, Sequence[NewCard]], folds: Sequence[Fold] = ()) -> RoutedIds:
        """Route several batches, in this order, then fold; batches that are not there, or were routed before, are left
        out."""
        routed: dict[int, Sequence[int]] = {}
        for batch_id, new in cards.items():
            with suppress(KeyError):
                routed[batch_id] = await self.route(batch_id, new)
        return RoutedIds(routed, self._fold(folds))

    async def settled(self, batch_id: int) -> Settlement:
        """Wait until the batch and its cards have ended; of a batch long ended the answer is DELIVERED.

        Raises:
            ShutdownError: the queue went away first.
        """
        if batch_id not in self._entries:
            return self._endings.known(batch_id)
        return await self._endings.expect(batch_id)

    # ------------------------------------------------------------------------------------------------ letters

    @property
    def keeps_letters(self) -> bool:
        """What is in memory is no place for them."""
        return False

    async def letters(
        self, chosen: LetterFilter = EVERY_LETTER, *, after_id: int = 0, limit: int = 100
    ) -> Sequence[StoredLetter]:
        """There are none."""
        return ()

    async def letter_totals(self, chosen: LetterFilter = EVERY_LETTER) -> LetterTotals:
        """There are none."""
        return LetterTotals()

    async def revive(self, revivals: Sequence[Revival]) -> Sequence[int]:
        """There are none; cards from letters that are kept elsewhere come by ``adopt``."""
        return ()

    async def purge(self, letter_ids: Sequence[int]) -> int:
        """There are none."""
        return 0

    # -------------------------------------------------------------------------------------------------- state

    async def get_state(self, key: str) -> bytes | None:
        """Return a value of the exporter's own small state."""
        return self._state.get(key)

    async def set_state(self, key: str, value: bytes | None) -> None:
        """Store or, with None, remove a value of the exporter's state."""
        if value is None:
            self._state.pop(key, None)
        else:
            self._state[key] = value

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

    # ------------------------------------------------------------------------------------------------- inside

    def reopen(self, limits: QueueLimits) -> None:
        """Begin another run: nothing is in anybody's hands, and the limits may be others."""
        self._closed = False
        self._room.limits = limits
        for entry in self._entries.values():
            if entry.taken and entry.batch is not None:
                entry.taken = False
                self._offer(entry)

    def abandon(self) -> None:
        """End the run: who still waits for an ending hears that there will be none."""
        self.close()
        self._endings.abandon()

    def _roomless_entry(self) -> Entry:
        self._last_batch_id += 1
        entry = self._entries[self._last_batch_id] = Entry(self._last_batch_id, None, 0, None, 0)
        return entry

    def _end(self, entry: Entry) -> None:
        entry.batch = None
        del self._entries[entry.id]
        self._endings.end(entry.id, Settlement.DEAD if entry.dead else Settlement.DELIVERED)
        if entry.load is not None:
            self._room.give_back(entry.load)
            self._room_seekers.admit()

    def _offer(self, entry: Entry) -> None:
        heapq.heappush(self._waiting, (-entry.priority, entry.id))
        self._takers.wake_one()

    def _pop_waiting(self) -> Entry | None:
        while self._waiting:
            _, batch_id = heapq.heappop(self._waiting)
            entry = self._entries.get(batch_id)
            if entry is not None and not entry.taken and entry.batch is not None:
                return entry
        return None

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise closed_error()


class MemoryStorage(MemoryTables):
    """A :class:`~otel_discord.component.storage.Storage`, with tables, that lasts as long as this object."""

    def __init__(self) -> None:
        super().__init__()
        self._queues: dict[str, MemoryQueue] = {}
        self._open_queues: set[str] = set()

    @asynccontextmanager
    async def open_queue(self, owner: str, limits: QueueLimits) -> AsyncIterator[MemoryQueue]:
        """Open the queue of one exporter; what an earlier run on this storage left is in it.

        Raises:
            StartError: it is open already.
        """
        if owner in self._open_queues:
            raise StartError(f"the queue of {owner} is already open")
        queue = self._queues.get(owner)
        if queue is None:
            queue = self._queues[owner] = MemoryQueue(limits)
        else:
            queue.reopen(limits)
        self._open_queues.add(owner)
        try:
            yield queue
        finally:
            self._open_queues.discard(owner)
            queue.abandon()
