"""All requests of this process together: a smooth rate, never a crowd.

Discord allows 50 requests a second, for requests without a bot token counted by address
(https://docs.discord.com/developers/topics/rate-limits#global-rate-limit). At most two go at one moment, so any second
holds at most ``rate + 2``: what delays on the way push together still fits below 50.
"""

import math
from typing import Final

from otel_discord.discord_api.ratelimit.waiting import retry_wait_s

DISCORD_PER_SECOND: Final = 50.0
_BURST: Final = 2.0
_FAST_BURST_S: Final = 0.01
_RESERVE_FROM_S: Final = 0.1
"""Where tokens come faster, who is critical gets the next one soon enough, since it goes first."""


class GlobalBudget:
    """A token bucket in its arithmetic form: the time at which the bucket will be full again says everything."""

    def __init__(self, requests_per_second: float) -> None:
        self._interval_s = 1.0 / requests_per_second
        burst = max(1.0, min(_BURST, DISCORD_PER_SECOND - requests_per_second))
        if requests_per_second > DISCORD_PER_SECOND:
            # Chosen for another endpoint; a loop wakes about every millisecond, so the burst covers several.
            burst = max(1.0, requests_per_second * _FAST_BURST_S)
        self._tolerance_s = (burst - 1.0) * self._interval_s
        keeps = burst >= _BURST and self._interval_s >= _RESERVE_FROM_S
        self._kept_s = self._interval_s if keeps else 0.0
        self._full_at = -math.inf
        self._paused_until = -math.inf
        self._last: tuple[object, float] | None = None

    def allowed_at(self, *, critical: bool = True) -> float:
        """Return when a request may go; one that is not critical leaves a token where they are rare."""
        kept_s = 0.0 if critical else self._kept_s
        return max(self._paused_until, self._full_at - self._tolerance_s + kept_s)

    def foreseen_at(self, now: float, *, ahead: int, critical: bool) -> float:
        """Estimate when a request may go after ``ahead`` others."""
        allowed_at = self.allowed_at(critical=critical)
        return max(now, allowed_at) + ahead * self._interval_s if ahead else allowed_at

    def granted(self, ticket: object, now: float) -> None:
        """A request goes."""
        self._last = (ticket, self._full_at)
        self._full_at = max(self._full_at, now) + self._interval_s

    def returned(self, ticket: object) -> None:
        """It was not sent. Given back only if nothing went since: an older token would allow a crowd later."""
        if self._last is not None and self._last[0] is ticket:
            self._full_at = self._last[1]
            self._last = None

    def ended(self, ticket: object) -> None:
        """It was sent and has ended."""
        if self._last is not None and self._last[0] is ticket:
            self._last = None

    def limited(self, retry_after_s: float, now: float, dice: float) -> None:
        """A 429 of scope ``global``: everything pauses."""
        self.pause(now + retry_wait_s(retry_after_s, dice))

    def pause(self, until: float) -> None:
        """Nothing goes before."""
        self._paused_until = max(self._paused_until, until)

    def paused_for_s(self, now: float) -> float:
        """Return how long a global 429 still holds."""
        return max(0.0, self._paused_until - now)
