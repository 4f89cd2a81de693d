"""A queue in memory: quick, and gone with the process. What every exporter uses without ``sending_queue.storage``."""

import heapq
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from otel_discord.component.errors import QueueFullError, StartError
from otel_discord.component.storage import (
    EVERY_LETTER,
    LetterFilter,
    LetterTotals,
    Move,
    NewCard,
    NewLetter,
    QueueLimits,
    Revival,
    Settlement,
    StoredBatch,
    StoredCard,
    StoredLetter,
)
from otel_discord.signals.batch import Batch
from otel_discord.store.card_lanes import CardLanes
from otel_discord.store.room import Load, Room, load_of
from otel_discord.store.waiting import Endings, RoomSeekers, Takers, closed_error


class _Entry:
    """A batch that takes up room: waiting, in somebody's hands, or routed and standing behind its open cards.

    ``load`` is None where cards were opened that take no room.
    """

    __slots__ = ("accepted_ns", "batch", "dead", "id", "load", "open_cards", "priority", "taken")

    def __init__(self, entry_id: int, batch: Batch | None, priority: int, load: Load | None, accepted_ns: int) -> None:
        self.id = entry_id
        self.accepted_ns = accepted_ns
        self.batch = batch
        self.priority = priority
        self.load = load
        self.taken = False
        self.open_cards = 0
        self.dead = False


class MemoryQueue:
    """A :class:`~otel_discord.component.storage.WorkQueue` for the tasks of one loop."""

    def __init__(self, limits: QueueLimits) -> None:
        self._room = Room(limits)
        self._entries: dict[int, _Entry] = {}
        self._waiting: list[tuple[int, int]] = []  # heap of (-priority, id); an id that waits no more is skipped
        self._lanes: CardLanes[_Entry] = CardLanes()
        self._state: dict[str, bytes] = {}
        self._last_batch_id = 0
        self._last_card_id = 0
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
        entry = _Entry(self._last_batch_id, batch, priority, load, accepted_ns)
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

    async def route_all(self, cards: Mapping[int, Sequence[NewCard]]) -> None:
        """Route several batches, in this order; those that are not there, or were routed before, are left out."""
        for batch_id, new in cards.items():
            with suppress(KeyError):
                await self.route(batch_id, new)

    async def settled(self, batch_id: int) -> Settlement:
        """Wait until the batch and its cards have ended; of a batch long ended the answer is DELIVERED.

        Raises:
            ShutdownError: the queue went away first.
        """
        if batch_id not in self._entries:
            return self._endings.known(batch_id)
        return await self._endings.expect(batch_id)

    # -------------------------------------------------------------------------------------------------- cards

    async def lanes(self) -> Sequence[str]:
        """Return the lanes that hold cards."""
        return self._lanes.names()

    async def waiting(self) -> Mapping[str, int]:
        """Return how many cards each lane holds."""
        return self._lanes.counts()

    async def head(self, lane: str, limit: int) -> Sequence[StoredCard]:
        """Return up to ``limit`` cards in the order in which they are to be sent; they stay."""
        return self._lanes.head(lane, limit)

    async def settle(self, card_ids: Sequence[int], settlement: Settlement) -> None:
        """End cards, and batches whose last card this was; unknown ids are ignored."""
        for card_id in card_ids:
            entry = self._lanes.remove(card_id)
            if entry is None:
                continue
            entry.open_cards -= 1
            entry.dead = entry.dead or settlement is Settlement.DEAD
            if not entry.open_cards:
                self._end(entry)

    async def mark_sending(self, card_ids: Sequence[int]) -> None:
        """Note that a message with these cards is begun; unknown ids are ignored."""
        for card_id in card_ids:
            self._lanes.mark_sending(card_id)

    async def mark_unsent(self, card_ids: Sequence[int]) -> None:
        """Note that the message begun is certainly not there; unknown ids are ignored."""
        for card_id in card_ids:
            self._lanes.mark_unsent(card_id)

    async def move(self, moves: Sequence[Move]) -> Sequence[int]:
        """Let cards go on in other lanes; unknown ids are left out."""
        ids = []
        for move in moves:
            entry = self._lanes.remove(move.card_id)
            if entry is not None:
                self._last_card_id += 1
                self._lanes.add(self._last_card_id, move.card.lane, move.card.priority, move.card.payload, entry)
                ids.append(self._last_card_id)
        return ids

    async def adopt(self, cards: Sequence[NewCard]) -> Sequence[int]:
        """Put cards into lanes that no batch here has opened; they take no room."""
        if not cards:
            return []
        self._last_batch_id += 1
        entry = self._entries[self._last_batch_id] = _Entry(self._last_batch_id, None, 0, None, 0)
        return self._open_cards(entry, cards)

    async def bury(self, letters: Sequence[NewLetter]) -> None:
        """End cards; their letters were written elsewhere before."""
        await self.settle([letter.card_id for letter in letters], Settlement.DEAD)

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
        """There are none; cards from letters that are kept elsewhere come by :meth:`adopt`."""
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

    def _open_cards(self, entry: _Entry, cards: Sequence[NewCard]) -> range:
        entry.open_cards = len(cards)
        first_id = self._last_card_id + 1
        for card_id, card in enumerate(cards, first_id):
            self._lanes.add(card_id, card.lane, card.priority, card.payload, entry)
        self._last_card_id += len(cards)
        return range(first_id, first_id + len(cards))

    def _end(self, entry: _Entry) -> None:
        entry.batch = None
        del self._entries[entry.id]
        self._endings.end(entry.id, Settlement.DEAD if entry.dead else Settlement.DELIVERED)
        if entry.load is not None:
            self._room.give_back(entry.load)
            self._room_seekers.admit()

    def _offer(self, entry: _Entry) -> None:
        heapq.heappush(self._waiting, (-entry.priority, entry.id))
        self._takers.wake_one()

    def _pop_waiting(self) -> _Entry | None:
        while self._waiting:
            _, batch_id = heapq.heappop(self._waiting)
            entry = self._entries.get(batch_id)
            if entry is not None and not entry.taken and entry.batch is not None:
                return entry
        return None

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise closed_error()


class MemoryStorage:
    """A :class:`~otel_discord.component.storage.Storage` that lasts as long as this object."""

    def __init__(self) -> None:
        self._queues: dict[str, MemoryQueue] = {}
        self._open: set[str] = set()

    @asynccontextmanager
    async def open_queue(self, owner: str, limits: QueueLimits) -> AsyncIterator[MemoryQueue]:
        """Open the queue of one exporter; what an earlier run on this storage left is in it.

        Raises:
            StartError: it is open already.
        """
        if owner in self._open:
            raise StartError(f"the queue of {owner} is already open")
        queue = self._queues.get(owner)
        if queue is None:
            queue = self._queues[owner] = MemoryQueue(limits)
        else:
            queue.reopen(limits)
        self._open.add(owner)
        try:
            yield queue
        finally:
            self._open.discard(owner)
            queue.abandon()
