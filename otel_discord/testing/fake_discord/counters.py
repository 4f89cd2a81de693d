"""How Discord counts: three window shapes as pure counters, charged when a request arrives.

Most buckets slide since 2022-11 (``gcra``), some are fixed windows, and headers do not say which
(discord/discord-api-docs#7680).
"""

from collections import deque
from dataclasses import dataclass
from math import floor
from typing import Literal, Protocol, TypeAlias

Shape: TypeAlias = Literal["gcra", "fixed", "log"]

_ROUNDING_S = 1e-7
"""Differences of floating point that are no difference in time."""


@dataclass(frozen=True, slots=True)
class Buckets:
    """One limit: ``limit`` requests in ``window_s`` seconds, counted as ``shape`` says.

    ``gcra``: a leaky bucket, one slot comes back every ``window_s / limit``; the burst is ``limit``.
    ``fixed``: the window opens with its first request and ends for all at once.
    ``log``: at most ``limit`` in any ``window_s`` seconds, the strictest.
    """

    limit: int = 5
    window_s: float = 2.0
    shape: Shape = "gcra"


class Counter(Protocol):
    """One counter of one limit. Times are seconds on one clock that does not go back."""

    def take(self, now_s: float) -> bool:
        """Charge a request that arrives now; False, and nothing charged, where the limit is used up."""
        ...

    def remaining(self, now_s: float) -> int:
        """Return how many more would be let through now."""
        ...

    def reset_after_s(self, now_s: float) -> float:
        """Return the time until the whole limit is there again."""
        ...

    def retry_after_s(self, now_s: float) -> float:
        """Return the time until one more is let through; 0 when it would be now."""
        ...


class GcraCounter:
    """Leaky bucket by theoretical arrival time."""

    def __init__(self, limit: int, window_s: float) -> None:
        self._limit = limit
        self._slot_s = window_s / limit
        self._full_at_s = float("-inf")

    def take(self, now_s: float) -> bool:
        """See :class:`Counter`."""
        if self.retry_after_s(now_s) > 0:
            return False
        self._full_at_s = max(self._full_at_s, now_s) + self._slot_s
        return True

    def remaining(self, now_s: float) -> int:
        """See :class:`Counter`."""
        used = self.reset_after_s(now_s) / self._slot_s
        return min(self._limit, max(0, floor(self._limit - used + _ROUNDING_S / self._slot_s)))

    def reset_after_s(self, now_s: float) -> float:
        """See :class:`Counter`."""
        return max(0.0, self._full_at_s - now_s)

    def retry_after_s(self, now_s: float) -> float:
        """See :class:`Counter`."""
        wait_s = self.reset_after_s(now_s) - (self._limit - 1) * self._slot_s
        return wait_s if wait_s > _ROUNDING_S else 0.0


class FixedCounter:
    """Fixed window, opened by its first request."""

    def __init__(self, limit: int, window_s: float) -> None:
        self._limit = limit
        self._window_s = window_s
        self._ends_at_s = float("-inf")
        self._used = 0

    def take(self, now_s: float) -> bool:
        """See :class:`Counter`."""
        if self._ended(now_s):
            self._ends_at_s, self._used = now_s + self._window_s, 0
        if self._used >= self._limit:
            return False
        self._used += 1
        return True

    def remaining(self, now_s: float) -> int:
        """See :class:`Counter`."""
        return self._limit if self._ended(now_s) else self._limit - self._used

    def reset_after_s(self, now_s: float) -> float:
        """See :class:`Counter`."""
        return 0.0 if self._ended(now_s) else self._ends_at_s - now_s

    def retry_after_s(self, now_s: float) -> float:
        """See :class:`Counter`."""
        return 0.0 if self.remaining(now_s) > 0 else self.reset_after_s(now_s)

    def _ended(self, now_s: float) -> bool:
        return now_s >= self._ends_at_s - _ROUNDING_S


class LogCounter:
    """Sliding log: remembers every arrival of the last window."""

    def __init__(self, limit: int, window_s: float) -> None:
        self._limit = limit
        self._window_s = window_s
        self._arrivals: deque[float] = deque()

    def take(self, now_s: float) -> bool:
        """See :class:`Counter`."""
        self._forget(now_s)
        if len(self._arrivals) >= self._limit:
            return False
        self._arrivals.append(now_s)
        return True

    def remaining(self, now_s: float) -> int:
        """See :class:`Counter`."""
        self._forget(now_s)
        return self._limit - len(self._arrivals)

    def reset_after_s(self, now_s: float) -> float:
        """See :class:`Counter`."""
        self._forget(now_s)
        return self._arrivals[-1] + self._window_s - now_s if self._arrivals else 0.0

    def retry_after_s(self, now_s: float) -> float:
        """See :class:`Counter`."""
        if self.remaining(now_s) > 0:
            return 0.0
        return self._arrivals[0] + self._window_s - now_s

    def _forget(self, now_s: float) -> None:
        while self._arrivals and self._arrivals[0] <= now_s - self._window_s + _ROUNDING_S:
            self._arrivals.popleft()


_SHAPES: dict[Shape, type[GcraCounter] | type[FixedCounter] | type[LogCounter]] = {
    "gcra": GcraCounter,
    "fixed": FixedCounter,
    "log": LogCounter,
}


def new_counter(buckets: Buckets) -> Counter:
    """Return a fresh counter for a limit."""
    return _SHAPES[buckets.shape](buckets.limit, buckets.window_s)
