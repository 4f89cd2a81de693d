"""What a replica that has gone left in its slot (:class:`~otel_discord.component.fleet.OffersSlots`), for those that
live: whatever must not wait until another one starts."""

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from otel_discord.component.storage import QueueLimits, WorkQueue


@dataclass(frozen=True, slots=True)
class LeftSlot:
    """A slot that nobody has."""

    owner: str
    """The name under which its rows are stored."""
    fence: int
    """Grows whenever somebody takes it: the same slot, used and left again, is another one."""


@runtime_checkable
class AdoptsSlots(Protocol):
    """A shared storage that knows which slots nobody has."""

    @property
    def lease_s(self) -> float:
        """How long a slot stays a replica's without a word from it."""
        ...

    async def left_slots(self, owner: str, key: str) -> Collection[LeftSlot]:
        """Return an owner's slots that no living replica has and in whose state there is a value under ``key``.

        Raises:
            RetryableError: the storage is away.
        """
        ...

    def adopt_slot(self, slot: LeftSlot, limits: QueueLimits) -> AbstractAsyncContextManager[WorkQueue | None]:
        """Have a slot as long as the block runs; None where somebody has it, or has had it since it was found.

        Raises (on entering):
            RetryableError: the storage is away.
        """
        ...
