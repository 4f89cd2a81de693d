"""Slots in memory: what several replicas in one loop keep, each for itself, and what those that have gone left.

Time is the loop's. :meth:`InMemorySlots.crash` is ``kill -9``: the replica's slots are its own until their lease is
over, and nothing that it does is stored any more.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from math import inf

from otel_discord.component.errors import RetryableError, ShutdownError
from otel_discord.component.left_slots import LeftSlot
from otel_discord.component.storage import QueueLimits, WorkQueue
from otel_discord.store.memory import MemoryQueue
from otel_discord.testing.in_memory_fleet import InMemoryFleet, InMemorySharedStorage


@dataclass(slots=True)
class _Slot:
    values: dict[str, bytes] = field(default_factory=dict)
    holder: str = ""
    until_s: float = -inf
    fence: int = 0

    def is_free(self) -> bool:
        return not self.holder or self.until_s <= asyncio.get_running_loop().time()


class InMemorySlots:
    """What replicas share."""

    def __init__(self, lease_s: float = 3.0) -> None:
        self.fleet = InMemoryFleet(lease_s=lease_s)
        self.is_away = False
        """Nothing is stored or read."""
        self.slots: dict[str, _Slot] = {}
        self.dead: set[str] = set()

    def storage(self, replica: str) -> "InMemorySlotStorage":
        """Return the storage as the ``replica`` of that name has it."""
        return InMemorySlotStorage(self, replica)

    def crash(self, replica: str) -> None:
        """Let a replica be killed."""
        self.dead.add(replica)
        until_s = asyncio.get_running_loop().time() + self.fleet.lease_s
        for slot in self.slots.values():
            if slot.holder == replica:
                slot.until_s = until_s


class InMemorySlotStorage(InMemorySharedStorage):
    """One replica's storage: :class:`~otel_discord.component.fleet.OffersSlots` and
    :class:`~otel_discord.component.left_slots.AdoptsSlots`."""

    def __init__(self, shared: InMemorySlots, replica: str) -> None:
        super().__init__(shared.fleet, replica)
        self.shared = shared
        self.replica = replica

    @property
    def lease_s(self) -> float:
        """How long a slot stays a replica's without a word from it."""
        return self.shared.fleet.lease_s

    @asynccontextmanager
    async def open_slot(self, owner: str, limits: QueueLimits) -> AsyncIterator[WorkQueue]:
        """Open the first queue of an owner that no living replica has."""
        names = (owner if number == 1 else f"{owner}@{number}" for number in count(1))
        name = next(name for name in names if self.shared.slots.setdefault(name, _Slot()).is_free())
        async with self._held(self.shared.slots[name], limits) as queue:
            yield queue

    async def left_slots(self, owner: str, key: str) -> Collection[LeftSlot]:
        """Return an owner's slots that nobody has and that have a value under ``key``.

        Raises:
            RetryableError: the storage is away.
        """
        self.check("")
        return [
            LeftSlot(name, slot.fence)
            for name, slot in self.shared.slots.items()
            if name.partition("@")[0] == owner and slot.is_free() and key in slot.values
        ]

    @asynccontextmanager
    async def adopt_slot(self, slot: LeftSlot, limits: QueueLimits) -> AsyncIterator[WorkQueue | None]:
        """Have a slot as long as the block runs; None where it is not as it was found.

        Raises:
            RetryableError: the storage is away.
        """
        self.check("")
        found = self.shared.slots[slot.owner]
        if not found.is_free() or found.fence != slot.fence:
            yield None
            return
        async with self._held(found, limits) as queue:
            yield queue

    @asynccontextmanager
    async def _held(self, slot: _Slot, limits: QueueLimits) -> AsyncIterator[WorkQueue]:
        slot.holder, slot.until_s, slot.fence = self.replica, inf, slot.fence + 1
        fence = slot.fence
        try:
            yield _SlotQueue(limits, self, slot)
        finally:
            if slot.fence == fence and self.replica not in self.shared.dead:
                slot.holder = ""

    def check(self, holder: str) -> None:
        """Refuse who is dead, or where nothing can be reached; ``holder`` is who has the slot, "" for any.

        Raises:
            ShutdownError: the slot is another replica's.
            RetryableError: the storage is away.
        """
        if self.replica in self.shared.dead or holder not in ("", self.replica):
            raise ShutdownError("the slot is another replica's")
        if self.shared.is_away:
            raise RetryableError("the database does not answer")


class _SlotQueue(MemoryQueue):
    def __init__(self, limits: QueueLimits, storage: InMemorySlotStorage, slot: _Slot) -> None:
        super().__init__(limits)
        self._storage = storage
        self._slot = slot
        self._fence = slot.fence

    def _check(self) -> None:
        self._storage.check(self._slot.holder if self._slot.fence == self._fence else "another")

    async def get_state(self, key: str) -> bytes | None:
        """Return a value."""
        self._check()
        return self._slot.values.get(key)

    async def set_state(self, key: str, value: bytes | None) -> None:
        """Store or remove a value."""
        self._check()
        if value is None:
            self._slot.values.pop(key, None)
        else:
            self._slot.values[key] = value
