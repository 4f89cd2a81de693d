"""How full a queue is: both bounds of ``QueueLimits``, counted without a clock or a loop."""

from typing import Final, NamedTuple, assert_never

from otel_discord.component.storage import QueueLimits, Sizer
from otel_discord.signals.batch import Batch


class Weight(NamedTuple):
    """What one batch takes up: units of the sizer, and bytes."""

    size: int
    size_bytes: int


NOTHING: Final = Weight(0, 0)


def weigh(batch: Batch, sizer: Sizer) -> Weight:
    """Return what the batch takes up; a request with nothing in it weighs nothing in items."""
    # Items are counted only where they matter: it means looking at every resource.
    return weight_of(sizer, 1, batch.item_count if sizer is Sizer.ITEMS else 0, batch.size_bytes)


def weight_of(sizer: Sizer, requests: int, items: int, size_bytes: int) -> Weight:
    """Return what so many requests with so many items and bytes take up."""
    match sizer:
        case Sizer.REQUESTS:
            return Weight(requests, size_bytes)
        case Sizer.ITEMS:
            return Weight(items, size_bytes)
        case Sizer.BYTES:
            return Weight(size_bytes, size_bytes)
        case _:
            assert_never(sizer)


class Room:
    """The sum of what has been taken, against the limits."""

    __slots__ = ("_holders", "limits", "size", "size_bytes")

    def __init__(self, limits: QueueLimits, taken: Weight = NOTHING, holders: int = 0) -> None:
        """``taken`` is what ``holders`` batches of an earlier run take up; it may be more than the limits."""
        self.limits = limits
        self.size = taken.size
        self.size_bytes = taken.size_bytes
        self._holders = holders

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
        """Count a batch out. Where nobody is left nothing is taken: what a damaged weight left behind ends here."""
        self._holders -= 1
        if self._holders <= 0:
            self._holders = self.size = self.size_bytes = 0
            return
        self.size = max(0, self.size - weight.size)
        self.size_bytes = max(0, self.size_bytes - weight.size_bytes)
