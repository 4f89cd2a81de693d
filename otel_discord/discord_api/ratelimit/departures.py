"""Requests as they leave, which is when Discord counts them: what is granted evenly can be held up and go as a crowd.

Who has a permit may have to wait before the request goes, as for a note in the storage. After a stall of that all who
were granted meanwhile would go at once. So each departure keeps a distance a little below that of the grants, which
costs nothing where all are held up alike; and a permit that was held for long is stale: it goes back.
"""

import math
from typing import Final

from otel_discord.discord_api.ratelimit.global_budget import burst_of

STALE_S: Final = 0.25
TICK_S: Final = 0.0001
"""A loop's timer may fire that much early, and is then as good as due."""
_FASTER: Final = 1.04
"""Than grants: what was held up may catch up, and any second still holds fewer than Discord allows."""


class Departures:
    """A token bucket in its arithmetic form, as :class:`~.global_budget.GlobalBudget`."""

    def __init__(self, requests_per_second: float) -> None:
        self._full_at = -math.inf
        self._interval_s = self._tolerance_s = 0.0
        self._set(requests_per_second, burst_of(requests_per_second))

    def set_rate(self, requests_per_second: float, burst: float, now: float) -> None:
        """Go on at another rate, above 0."""
        ahead = max(0.0, self._full_at - now) / self._interval_s
        self._set(requests_per_second, burst)
        self._full_at = now + ahead * self._interval_s

    def leaves_at(self) -> float:
        """Return when one more may leave."""
        return self._full_at - self._tolerance_s

    def left(self, now: float) -> None:
        """One leaves."""
        self._full_at = max(self._full_at, now) + self._interval_s

    def _set(self, requests_per_second: float, burst: float) -> None:
        self._interval_s = 1.0 / (requests_per_second * _FASTER)
        self._tolerance_s = (burst - 1.0) * self._interval_s
