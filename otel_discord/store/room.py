"""How full a queue is: both bounds of ``QueueLimits``, counted without a clock or a loop."""

from typing import Final, NamedTuple, assert_never

from otel_discord.component.storage import QueueLimits, Sizer
from otel_discord.signals.batch import Batch


class Load(NamedTuple):
    """What batches take up, in every unit: the sizer may be another one in the next run."""

    requests: int
    items: int
    size_bytes: int

    def size(self, sizer: Sizer) -> int:
        """Return it in the units of a sizer."""
        match sizer:
            case Sizer.REQUESTS:
                return self.requests
            case Sizer.ITEMS:
                return self.items
            case Sizer.BYTES:
                return self.size_bytes
            case _:
                assert_never(sizer)


NOTHING: Final = Load(0, 0, 0)


def load_of(batch: Batch) -> Load:
    """Return what one batch takes up; a request with nothing in it weighs nothing in items."""
    return Load(1, batch.item_count, batch.size_bytes)


class Room:
    """The sum of what has been taken, against the limits."""

    __slots__ = ("limits", "taken")

    def __init__(self, limits: QueueLimits, taken: Load = NOTHING) -> None:
        """``taken`` is what an earlier run left; it may be more than the limits allow."""
        self.limits = limits
        self.taken = taken

    @property
    def size(self) -> int:
        """What has been taken, in units of the sizer."""
        return self.taken.size(self.limits.sizer)

    @property
    def is_beyond(self) -> bool:
        """Whether what has been taken is more than the limits allow; a single batch never is."""
        limits = self.limits
        return self.taken.requests > 1 and (self.size > limits.size or self.taken.size_bytes > limits.max_bytes)

    def fits(self, load: Load) -> bool:
        """Return whether there is room; an empty queue has room for anything, so that nothing is unsendable."""
        if not self.taken.requests:
            return True
        limits = self.limits
        if limits.one_beyond:
            return not self.is_beyond
        return (
            self.size + load.size(limits.sizer) <= limits.size
            and self.taken.size_bytes + load.size_bytes <= limits.max_bytes
        )

    def take(self, load: Load) -> None:
        """Count batches in; whether they fit was asked before."""
        taken = self.taken
        self.taken = Load(taken.requests + load.requests, taken.items + load.items, taken.size_bytes + load.size_bytes)

    def give_back(self, load: Load) -> None:
        """Count batches out. Where none is left nothing is taken: what a damaged row's numbers did ends here."""
        taken = self.taken
        if taken.requests <= load.requests:
            self.taken = NOTHING
            return
        self.taken = Load(
            taken.requests - load.requests,
            max(0, taken.items - load.items),
            max(0, taken.size_bytes - load.size_bytes),
        )
