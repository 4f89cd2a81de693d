"""Collections of metrics that wait for the sender: bounded, and a newer one takes the place of the oldest.

Pure and not thread-safe: its owner holds a lock. The exporter asks for cumulative temporality, so a later collection
holds all that an earlier one counted.
"""

from collections import deque
from typing import Any, Final

_POINT_BYTES: Final = 600
_MOST_COLLECTIONS: Final = 16


class PendingMetrics:
    """``MetricsData`` of the SDK, in the order in which they came."""

    unit: Final = "collections of metrics"

    def __init__(self, max_bytes: int) -> None:
        """Hold about so many bytes; the newest collection is held whatever its size, since the SDK holds it anyway."""
        self._max_bytes = max_bytes
        self._waiting: deque[tuple[Any, int]] = deque()
        self._size_bytes = 0

    def __len__(self) -> int:
        """How many collections wait."""
        return len(self._waiting)

    def put(self, metrics: Any) -> None:
        """Let a collection wait, if need be in the place of older ones."""
        size = _POINT_BYTES * (1 + _points(metrics))
        while self._waiting and (len(self._waiting) >= _MOST_COLLECTIONS or self._size_bytes + size > self._max_bytes):
            self._size_bytes -= self._waiting.popleft()[1]
        self._waiting.append((metrics, size))
        self._size_bytes += size

    def take(self, most: int) -> list[Any]:
        """Remove and return the oldest collections, at most so many."""
        taken: list[Any] = []
        while self._waiting and len(taken) < most:
            metrics, size = self._waiting.popleft()
            self._size_bytes -= size
            taken.append(metrics)
        return taken

    def take_losses(self) -> None:
        """Return None: what a newer collection has replaced is not lost."""

    def let_go(self) -> int:
        """Forget all; return how many."""
        count = len(self._waiting)
        self._waiting.clear()
        self._size_bytes = 0
        return count

    def mended(self) -> "PendingMetrics":
        """Return the same in order, after an exception has left a change half done."""
        made = PendingMetrics(self._max_bytes)
        for metrics, _ in self._waiting:
            made.put(metrics)
        return made


def _points(metrics: Any) -> int:
    return sum(
        len(metric.data.data_points)
        for resource in metrics.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    )
