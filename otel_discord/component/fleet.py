"""What a storage promises that several processes work on together: a *fleet* of *replicas* of one service.

Every replica takes work in. Who works on it is divided by *shards*: each has a queue of its own and at any time one
replica that has its *seat*, so that what one process does alone (folding, order, one message in flight a webhook) one
process still does for each shard. A seat is a lease with a fence: a replica that was paused past its lease can store
nothing more for it. When a replica dies others take its seats within the lease time, and what was stored goes on
as after a restart.

Which destination belongs to which shard is stored once, so that all replicas agree (:meth:`Fleet.place`).
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from otel_discord.component.storage import QueueLimits, WorkQueue
from otel_discord.signals.batch import Batch

FLEET_CHANGED: Final = "fleet_changed"
"""Reason of a refusal that lasts until this process is started again: the shards were divided anew."""

STORAGE_AWAY: Final = "storage_away"
"""Reason of an error: the storage cannot be reached now."""

OUT_OF_TURN: Final = "out_of_turn"
"""Reason of the refusal of a put whose turn has not come."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Which put it is in a line of puts: each is stored once, whoever repeats it, and none before its predecessor.

    So who puts from a store of his own need not know, after a crash, what he had put before it.
    """

    line: str
    """Unlike any other's, and for ever the same for one store."""
    number: int
    """Grows from put to put, from 1."""
    after: int = 0
    """The number that has to be stored before; 0: whatever is."""


@dataclass(frozen=True, slots=True)
class Part:
    """What of an accepted request is one shard's. ``accepted_ns`` is wall time, for display."""

    batch: Batch
    priority: int = 0
    accepted_ns: int = 0


@dataclass(frozen=True, slots=True)
class Replica:
    """A process of the fleet that lives."""

    name: str
    """Unlike any other's, also that of an earlier process on the same machine."""
    egress: str
    """Replicas with the same label reach Discord from the same address."""
    is_self: bool = False


class Question(Protocol):
    """Something that another replica asks of who has a seat."""

    @property
    def body(self) -> bytes:
        """What is asked; opaque here."""
        ...

    async def answer(self, body: bytes) -> None:
        """Answer, once; stored before this returns, unless nobody waits for it any more."""
        ...


class Seat(Protocol):
    """The right and duty to work on one shard. It ends with the block that opened it."""

    @property
    def shard(self) -> int:
        """Which one, from 0."""
        ...

    @property
    def certain_s(self) -> float:
        """For how long the seat is certainly this replica's still, by this machine's monotonic clock that runs on while
        the process is paused; 0 or less where it is not certain any more. Nothing may be sent to Discord then."""
        ...

    @property
    def is_lost(self) -> bool:
        """Whether another replica may have it already: nothing can be stored for it, so nothing is to be drained."""
        ...

    async def ended(self) -> None:
        """Return when the seat is to be given up: it was lost, or another replica is to have it."""
        ...

    def open_queue(self, limits: QueueLimits) -> AbstractAsyncContextManager[WorkQueue]:
        """Open the shard's queue, with what every replica has put and will put into it; its ``put`` is not used.

        ``close`` ends it as any queue; what other replicas put later stays for who has the seat next.
        """
        ...

    async def next_question(self) -> Question:
        """Wait for a question to this shard, oldest first. One whose asker has given up is left out."""
        ...


class Fleet(Protocol):
    """One exporter's part of the fleet, on one replica."""

    @property
    def shards(self) -> int:
        """How many there are; the same for all replicas, and for ever unless all of them are stopped."""
        ...

    async def place(self, groups: Sequence[Collection[str]]) -> Mapping[str, int]:
        """Return the shard of every destination named; a group (fallbacks, one channel) comes into one shard.

        What was placed before stays where it is; a group of which some are placed joins the first of those that are.
        New groups are spread evenly, by number of destinations.

        Raises:
            RetryableError: the storage is away.
        """
        ...

    async def placed(self) -> Mapping[str, int]:
        """Return the shard of every destination that was ever placed, also of those that are configured no more."""
        ...

    async def put(self, parts: Mapping[int, Part], turn: Turn | None = None) -> Mapping[int, int]:
        """Store what of one request belongs to which shard, all in one step; return the batches' ids by shard.

        Safe to call from any task; what is put at the same time shares transactions. The ids of one shard grow in the
        order in which who has the seat sees the batches.

        With a ``turn`` its number is stored in the same step, also where there are no parts. Where that number or a
        higher one of its line is stored already nothing happens, and there are no ids. What is stored of a line is
        remembered for 90 days at least.

        Raises:
            QueueFullError: one of the shards has no room; nothing was stored.
            RetryableError: the storage cannot store now, or (``OUT_OF_TURN``) the predecessor is not stored; nothing
                was stored.
            ShutdownError: the fleet is closed.
        """
        ...

    async def wait_for_room(self, parts: Mapping[int, Part]) -> None:
        """Return when ``put`` would probably have room for these parts."""
        ...

    def next_seat(self) -> AbstractAsyncContextManager[Seat]:
        """Wait until this replica is to work on one more shard, and hold its seat as long as the block runs.

        Entered by several tasks at once, each gets another shard; as many tasks as there are shards are enough.
        Leaving the block gives the seat to whoever is to have it next, at once.

        Raises (on entering):
            ShutdownError: the fleet is closed.
        """
        ...

    async def ask(self, shard: int, body: bytes, timeout_s: float) -> bytes:
        """Ask who has a shard's seat, also if that is this replica; return the answer.

        Where nobody has the seat now the question waits for who takes it, until the time is over.

        Raises:
            RetryableError: there was no answer in time, or the storage is away. It may still be acted upon.
        """
        ...

    def away(self) -> str:
        """Return "the storage is away: …" with the reason, once it has been so for some seconds; "" where it is there.

        Nothing is sent then, and nobody answers for another replica.
        """
        ...

    def replicas(self) -> Sequence[Replica]:
        """Return the replicas that live, by name, as they were known last; this one is always among them."""
        ...

    def seats(self) -> Mapping[int, str]:
        """Return who has the seat of each shard, by the name of the replica, as it was known last."""
        ...


@runtime_checkable
class SharesWork(Protocol):
    """A storage extension on which a fleet can work."""

    @property
    def is_shared(self) -> bool:
        """Whether it is to be worked on by a fleet; if not, it is a storage like others, of one process at a time."""
        ...

    def join(self, owner: str, limits: QueueLimits) -> AbstractAsyncContextManager[Fleet]:
        """Take part in the work of one exporter, named by its id and signal.

        ``limits`` hold for each shard. The queue of shard k belongs to the owner ``shard_owner(owner, k)``.
        Leaving says so to the others, who take this replica's seats at once.

        Raises:
            StartError: the storage is not open, or cannot be used.
        """
        ...


@runtime_checkable
class OffersSlots(Protocol):
    """A shared storage that keeps, for components which every replica runs for itself, what each of them knows."""

    def open_slot(self, owner: str, limits: QueueLimits) -> AbstractAsyncContextManager[WorkQueue]:
        """Open the first queue of an owner that no living replica has; what its last user left is in it.

        So a replica that starts goes on where one that has gone had ended.

        Raises (on entering):
            StartError: the storage is not open, or cannot be used.
        """
        ...


@runtime_checkable
class OpensShards(Protocol):
    """A shared storage of which all shards can be looked at while no replica works on them."""

    def open_shards(self, owner: str, limits: QueueLimits) -> AbstractAsyncContextManager[Mapping[int, WorkQueue]]:
        """Open the queue of every shard of an exporter, as they are; nothing is moved between them.

        Raises (on entering):
            StartError: a replica has one of them.
        """
        ...


def shard_owner(owner: str, shard: int) -> str:
    """Return the name under which a shard's rows are stored: the first one's are those of a single process."""
    return owner if shard == 0 else f"{owner}#{shard}"
