"""The way to the other shards of a fleet, for what came to this one and is to be shown by another."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

from otel_discord.signals import LogsBatch

Parts: TypeAlias = Mapping[int, LogsBatch]
"""What goes to which shard."""


class Elsewhere(Protocol):
    """Of one shard."""

    def anew(self, batch: LogsBatch) -> Parts:
        """Return where records go as if they came in now and belonged to no run; nothing where nobody shows them."""
        ...

    def back(self, batch: LogsBatch, run: str) -> Parts:
        """Return the way to the shard of a run, of which these records are."""
        ...

    def to(self, destination: str, batch: LogsBatch) -> Parts:
        """Return the way to the shard of a configured destination."""
        ...

    async def put(self, parts: Sequence[Parts], accepted_ns: int) -> None:
        """Store all of this, in its order, in one step, with patience.

        Args:
            parts: what goes where, one after the other.
            accepted_ns: when the first of it was accepted, wall time.

        Raises:
            ShutdownError: the fleet is closed.
        """
        ...
