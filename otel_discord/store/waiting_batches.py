"""The batches of a stored queue that wait: which is next, who has it in hand. Finds them a few hundred at a time."""

import asyncio
from typing import Final, NamedTuple, TypeAlias

from otel_discord.component.storage import StoredBatch
from otel_discord.signals.batch import Batch
from otel_discord.store.batch_cache import BatchCache
from otel_discord.store.batch_order import BatchOrder, Place
from otel_discord.store.operations_batches import Damage, look_ahead, read_batches
from otel_discord.store.transactions import Transactions

_CACHE_BYTES: Final = 8 << 20
_LOOK_AHEAD: Final = 256
_READ_AHEAD: Final = 64
_READ_AHEAD_BYTES: Final = 1 << 20
"""Small batches are read several at once."""


class DamagedBatch(NamedTuple):
    """A batch whose row is not as it was written."""

    id: int


Taken: TypeAlias = StoredBatch | DamagedBatch


class WaitingBatches:
    """What has been stored and is neither routed nor done."""

    def __init__(
        self, transactions: Transactions, owner: str, last_batch_id: int, *, cache_bytes: int | None = None
    ) -> None:
        self._transactions = transactions
        self._owner = owner
        self._order = BatchOrder(last_batch_id)
        self._cache = BatchCache(_CACHE_BYTES if cache_bytes is None else cache_bytes)
        self._in_hand: dict[int, Place] = {}
        self._looking = asyncio.Lock()

    def expect(self) -> int:
        """Say that a batch is handed over to be stored, and get a ticket for it."""
        return self._order.expect()

    def arrived(self, ticket: int, batch_id: int, batch: Batch, priority: int, accepted_ns: int) -> None:
        """Say that it is stored."""
        self._cache.add(StoredBatch(batch_id, batch, priority, accepted_ns=accepted_ns), batch.size_bytes)
        self._order.arrived(ticket, Place(-priority, batch_id))

    def lost(self, ticket: int) -> None:
        """Say that it was not stored."""
        self._order.lost(ticket)

    def keep_at_hand(self, stored: StoredBatch, size_bytes: int) -> None:
        """Say what a batch is that has come or will: it need not be read."""
        self._cache.add(stored, size_bytes)

    @property
    def read_along_bytes(self) -> int:
        """Of so many bytes a batch may be read when it is noticed, since it is wanted soon."""
        return min(_READ_AHEAD_BYTES, self._cache.free_bytes)

    def came(self, place: Place) -> None:
        """Say that a batch has come which somebody else has stored; each with a larger id than the one before."""
        self._order.came(place)

    async def take(self) -> Taken | None:
        """Take the first batch in hand; None where nothing waits.

        Raises:
            ShutdownError: the database is closed.
        """
        while True:
            place = self._order.pop()
            if place is None:
                if self._order.is_complete:
                    return None
                await self._look_ahead()
                continue
            self._in_hand[place.id] = place
            try:
                found = await self._read(place.id)
            except BaseException:
                self.release(place.id)
                raise
            if found is not None:
                return found
            self._in_hand.pop(place.id, None)  # it ended while it was looked for

    def take_more(self, most_items: int) -> list[StoredBatch]:
        """Take the next batches in hand that are in memory, of ``most_items`` together at most."""
        taken: list[StoredBatch] = []
        while (place := self._order.pop()) is not None:
            stored = self._cache.get(place.id)
            most_items -= stored.batch.item_count if stored is not None else 0
            if stored is None or most_items < 0:
                self._order.offer(place)
                break
            self._in_hand[place.id] = place
            taken.append(stored)
        return taken

    def release(self, batch_id: int) -> bool:
        """Put a batch in hand back into its place; return whether it was in hand."""
        place = self._in_hand.pop(batch_id, None)
        if place is None:
            return False
        self._order.offer(place)
        return True

    def ended(self, batch_id: int) -> None:
        """Say that a batch waits no more; an unknown id is ignored."""
        self._in_hand.pop(batch_id, None)
        self._cache.drop(batch_id)

    async def _read(self, batch_id: int) -> Taken | None:
        cached = self._cache.get(batch_id)
        if cached is not None:
            return cached
        others = [place.id for place in self._order.next_known(_READ_AHEAD)]
        read = await self._transactions.read(read_batches(self._owner, batch_id, others, _READ_AHEAD_BYTES))
        for other in others:
            stored = read.get(other)
            if isinstance(stored, StoredBatch):
                self._cache.add(stored, stored.batch.size_bytes)
        found = read.get(batch_id)
        return DamagedBatch(batch_id) if isinstance(found, Damage) else found

    async def _look_ahead(self) -> None:
        async with self._looking:
            if self._order.has_known or self._order.is_complete:
                return  # somebody else has looked meanwhile
            after = self._order.begin_to_look()
            try:
                places = await self._transactions.read(look_ahead(self._owner, after, _LOOK_AHEAD))
            except BaseException:
                self._order.give_up_looking()
                raise
            self._order.found(places, all_of_them=len(places) < _LOOK_AHEAD, taken=self._in_hand)
