"""Where what one process has stored belongs once several work on it: what an exporter says, and a storage does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from otel_discord.signals.batch import Batch


@dataclass(frozen=True, slots=True)
class Layout:
    """How the rows of one exporter are divided. All of it is pure, and may be asked twice."""

    shards: int
    shard_of_lane: Callable[[str], int]
    """Where a lane's cards and messages belong, and the dead letters of a destination of that name; 0 where that is not
    known."""
    lane_of_key: Callable[[str], str | None]
    """Whose a remembered value is, by its key; None: it is the whole exporter's, and every shard gets it."""
    parts_of: Callable[[Batch], Mapping[int, Batch]]
    """What of a batch that is not routed yet is which shard's. The batch itself where all of it is one's."""


@runtime_checkable
class SettlesIn(Protocol):
    """A storage that can bring what a single process left where a fleet looks for it."""

    async def settle_in(self, owner: str, layout: Layout) -> None:
        """Divide what is stored under an exporter's own name; returns at once where that was done before.

        Call it before a seat is taken and before anything is put. Replicas that start together wait for the one that
        does it; ended anywhere, the next one goes on.

        Raises:
            StartError: the storage is not open, or another process uses the exporter's queue.
            RetryableError: the storage fails; it may be called again.
        """
        ...
