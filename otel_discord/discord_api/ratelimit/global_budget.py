"""All requests of this process together: a smooth rate, never a crowd. It can change, where processes share one.

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


def burst_of(requests_per_second: float) -> float:
    """Return how many requests may go at one moment."""
    if requests_per_second > DISCORD_PER_SECOND:
        # Chosen for another endpoint; a loop wakes about every millisecond, so the burst covers several.
        return max(1.0, requests_per_second * _FAST_BURST_S)
    return max(1.0, min(_BURST, DISCORD_PER_SECOND - requests_per_second))


def shared_burst_of(requests_per_second: float) -> float:
    """Return the same where other processes share the rate: each adds its own burst to what goes in a second."""
    return 1.0 if requests_per_second <= DISCORD_PER_SECOND else burst_of(requests_per_second)


class GlobalBudget:
    """A token bucket in its arithmetic form: the time at which the bucket will be full again says everything.

    A rate that was set for a time ends with it; then nothing goes before another is set.
    """

    def __init__(self, requests_per_second: float) -> None:
        self._full_at = -math.inf
        self._paused_until = -math.inf
        self._ends_at = math.inf
        self._last: tuple[object, float] | None = None
        self._interval_s = self._tolerance_s = self._kept_s = 0.0
        self._per_s = requests_per_second
        self._set(requests_per_second, burst_of(requests_per_second))

    def rate(self, now: float) -> float:
        """Return the requests per second that go at most."""
        return self._per_s if now < self._ends_at else 0.0

    def set_rate(self, requests_per_second: float, burst: float, ends_at: float, now: float) -> None:
        """Go on at another rate, 0 for none, until a time."""
        self._ends_at = ends_at if requests_per_second > 0 else -math.inf
        if requests_per_second <= 0:
            return
        ahead = max(0.0, self._full_at - now) / self._interval_s
        self._set(requests_per_second, burst)
        self._full_at = now + ahead * self._interval_s
        self._last = None

    def allowed_at(self, now: float, *, critical: bool = True) -> float:
        """Return when a request may go; one that is not critical leaves a token where they are rare.

        inf where the rate ends before.
        """
        kept_s = 0.0 if critical else self._kept_s
        at = max(self._paused_until, self._full_at - self._tolerance_s + kept_s)
        return at if max(at, now) < self._ends_at else math.inf

    def foreseen_at(self, now: float, *, ahead: int, critical: bool) -> float:
        """Estimate when a request may go after ``ahead`` others."""
        allowed_at = self.allowed_at(now, critical=critical)
        return max(now, allowed_at) + ahead * self._interval_s if ahead else allowed_at

    def lets_leave(self, now: float) -> bool:
        """Return whether a request that was granted may still go: a pause may have come meanwhile, or the end."""
        return self._paused_until <= now < self._ends_at

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

    def _set(self, requests_per_second: float, burst: float) -> None:
        self._per_s = requests_per_second
        self._interval_s = 1.0 / requests_per_second
        self._tolerance_s = (burst - 1.0) * self._interval_s
        keeps = burst >= _BURST and self._interval_s >= _RESERVE_FROM_S
        self._kept_s = self._interval_s if keeps else 0.0
