"""How full a queue is: both bounds of ``QueueLimits``, counted without a clock or a loop."""

from typing import NamedTuple, assert_never

from otel_discord.component.storage import QueueLimits, Sizer
from otel_discord.signals.batch import Batch


class Weight(NamedTuple):
    """What one batch takes up: units of the sizer, and bytes."""

    size: int
    size_bytes: int


def weigh(batch: Batch, sizer: Sizer) -> Weight:
    """Return what the batch takes up; a request with nothing in it weighs nothing in items."""
    size_bytes = batch.size_bytes
    match sizer:
        case Sizer.REQUESTS:
            return Weight(1, size_bytes)
        case Sizer.ITEMS:
            return Weight(batch.item_count, size_bytes)
        case Sizer.BYTES:
            return Weight(size_bytes, size_bytes)
        case _:
            assert_never(sizer)


class Room:
    """The sum of what has been taken, against the limits."""

    __slots__ = ("_holders", "limits", "size", "size_bytes")

    def __init__(self, limits: QueueLimits) -> None:
        self.limits = limits
        self.size = 0
        self.size_bytes = 0
        self._holders = 0

    def fits(self, weight: Weight) -> bool:
        """Return whether there is room; an empty queue has room for anything, so that nothing is unsendable."""
        if not self._holders:
            return True
        return (
            self.size + weight.size <= self.limits.size and self.size_bytes + weight.size_bytes <= self.limits.max_bytes
        )

    def take(self, weight: Weight) -> None:
        """Count a batch in; whether it fits was asked before."""
        self.size += weight.size
        self.size_bytes += weight.size_bytes
        self._holders += 1

    def give_back(self, weight: Weight) -> None:
        """Count a batch out."""
        self.size -= weight.size
        self.size_bytes -= weight.size_bytes
        self._holders -= 1
