"""Items in order of a key, each at most once: who is next, and when the next moment comes.

A heap that forgets lazily: moving or removing an item leaves its old entry behind, which is skipped later. Entries
left behind never outnumber the living by more than a constant, so memory follows the number of items.
"""

import heapq
from collections.abc import Hashable, Iterator
from typing import Any, Generic, TypeVar

T = TypeVar("T", bound=Hashable)
_SPARE_ENTRIES = 16


class Agenda(Generic[T]):
    """Put, discard, peek and pop in O(log n); items with equal keys in the order in which they were put."""

    __slots__ = ("_counter", "_heap", "_living")

    def __init__(self) -> None:
        self._heap: list[tuple[Any, int, T]] = []
        self._living: dict[T, tuple[Any, int]] = {}
        self._counter = 0

    def put(self, key: Any, item: T) -> None:
        """Add an item, or move it to another key; keys are comparable with each other."""
        known = self._living.get(item)
        if known is not None and known[0] == key:
            return
        self._counter += 1
        self._living[item] = (key, self._counter)
        heapq.heappush(self._heap, (key, self._counter, item))
        if len(self._heap) > 2 * len(self._living) + _SPARE_ENTRIES:
            self._heap = [(key, count, item) for item, (key, count) in self._living.items()]
            heapq.heapify(self._heap)

    def discard(self, item: T) -> None:
        """Remove an item if it is there."""
        self._living.pop(item, None)
        if not self._living:
            self._heap.clear()

    def peek(self) -> tuple[Any, T] | None:
        """Return the lowest key and its item; None when empty."""
        while self._heap:
            key, count, item = self._heap[0]
            if self._living.get(item) == (key, count):
                return key, item
            heapq.heappop(self._heap)
        return None

    def first(self) -> T:
        """Return the item with the lowest key.

        Raises:
            IndexError: it is empty.
        """
        head = self.peek()
        if head is None:
            raise IndexError("an empty agenda has no first item")
        return head[1]

    def pop(self) -> T:
        """Remove and return the item with the lowest key.

        Raises:
            IndexError: it is empty.
        """
        item = self.first()
        heapq.heappop(self._heap)
        del self._living[item]
        return item

    def __iter__(self) -> Iterator[T]:
        return iter(list(self._living))

    def __len__(self) -> int:
        return len(self._living)

    def __bool__(self) -> bool:
        return bool(self._living)

    @property
    def entries(self) -> int:
        """Entries held, those left behind included."""
        return len(self._heap)
