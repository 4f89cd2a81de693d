"""What items of an outlet wait in: records, spans or collections of metrics."""

from typing import Any, Protocol, Self


class Pending(Protocol):
    """Bounded, and not thread-safe: its owner holds a lock. Who puts and takes knows what the items are."""

    @property
    def unit(self) -> str:
        """What is counted, in the plural."""
        ...

    def __len__(self) -> int:
        """How many items wait."""
        ...

    def put(self, item: Any, /) -> None:
        """Let an item wait; a call does a bounded amount of work."""
        ...

    def take(self, most: int) -> list[Any]:
        """Remove and return at most so many items, in the order in which they are to be looked at."""
        ...

    def take_losses(self) -> Any:
        """Return what had to give way since the last call; None if nothing had."""
        ...

    def let_go(self) -> int:
        """Forget all; return how many of ``unit`` that were."""
        ...

    def mended(self) -> Self:
        """Return one in order with all that waits here, after an exception has left a change half done."""
        ...
