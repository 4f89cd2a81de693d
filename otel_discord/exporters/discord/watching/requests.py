"""The last requests to one destination: how many were answered well, and how quickly. Pure."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

MOST_REQUESTS: Final = 100


@dataclass(slots=True)
class RecentRequests:
    """Adding one costs next to nothing; the figures are made when somebody asks."""

    _took_s: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_REQUESTS))
    _was_well: deque[bool] = field(default_factory=lambda: deque(maxlen=MOST_REQUESTS))

    def add(self, took_s: float, *, is_well: bool) -> None:
        """Count a request and its answer, or that there was none."""
        self._took_s.append(took_s)
        self._was_well.append(is_well)

    @property
    def success(self) -> float | None:
        """The share that was answered well; None before the first."""
        return sum(self._was_well) / len(self._was_well) if self._was_well else None

    def quantile_s(self, share: float) -> float | None:
        """Return the time within which this share of them was answered (nearest rank); None before the first."""
        if not self._took_s:
            return None
        ordered = sorted(self._took_s)
        return ordered[max(0, -(-int(share * 100) * len(ordered) // 100) - 1)]
