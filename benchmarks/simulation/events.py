"""Virtual time: what happens next, in order. Who schedules first goes first among equals."""

import heapq
from collections.abc import Callable
from typing import Any


class Events:
    """A queue of calls. ``now_s`` is the time of the call that runs."""

    __slots__ = ("_count", "_heap", "handled", "now_s")

    def __init__(self) -> None:
        self.now_s = 0.0
        self.handled = 0
        self._heap: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = 0

    def at(self, time_s: float, call: Callable[..., None], *arguments: Any) -> None:
        """Call later; what lies in the past happens now."""
        self._count += 1
        heapq.heappush(self._heap, (max(time_s, self.now_s), self._count, call, arguments))

    def run(self, until_s: float) -> None:
        """Let time pass; calls at ``until_s`` and later stay."""
        while self._heap and self._heap[0][0] < until_s:
            self.now_s, _, call, arguments = heapq.heappop(self._heap)
            self.handled += 1
            call(*arguments)
        self.now_s = until_s
