"""Keeps well away from the ban for invalid requests.

Discord bans an address for 10,000 answers of 401, 403 or 429 in 10 minutes; 429s of scope ``shared`` are not counted.
https://docs.discord.com/developers/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
"""

import math
from collections import deque
from enum import StrEnum
from typing import Final

from otel_discord.discord_api.outcome_types import Scope
from otel_discord.discord_api.ratelimit.answer import Answer

WINDOW_S: Final = 600.0
SLOW_FROM: Final = 1_000
STOP_AT: Final = 5_000
_SLICE_S: Final = 5.0


class InvalidLevel(StrEnum):
    """How near the ban is."""

    FINE = "fine"
    SLOW = "slow"
    """From 1,000 on a person should look, and requests are spaced."""
    STOPPED = "stopped"
    """At 5,000 nothing goes until old ones have left the window."""


def is_invalid(answer: Answer) -> bool:
    """Whether Discord counts this answer towards the ban."""
    if answer.status == 429:
        return answer.limited is None or answer.limited.scope is not Scope.SHARED
    return answer.status in {401, 403}


class InvalidGuard:
    """Counts in slices of 5 s, so memory is bounded. Requests in flight count as if they would all be invalid."""

    def __init__(self) -> None:
        self._slices: deque[list[float]] = deque()
        self._count = 0
        self._in_flight = 0
        self._last_grant_at = -math.inf
        self._elsewhere = 0

    def own_count(self, now: float) -> int:
        """Return the invalid answers that this process had in the last 10 minutes, rounded up to whole slices."""
        while self._slices and self._slices[0][0] <= now - WINDOW_S - _SLICE_S:
            self._count -= int(self._slices.popleft()[1])
        return self._count

    def set_elsewhere(self, count: int) -> None:
        """Say how many of the last 10 minutes other processes had that share this address."""
        self._elsewhere = count

    def count(self, now: float) -> int:
        """Return the invalid answers that this address had in the last 10 minutes, as far as known."""
        return self.own_count(now) + self._elsewhere

    def level(self, now: float) -> InvalidLevel:
        """Return how near the ban is."""
        count = self.count(now)
        if count < SLOW_FROM:
            return InvalidLevel.FINE
        return InvalidLevel.SLOW if count < STOP_AT else InvalidLevel.STOPPED

    def allowed_at(self, now: float) -> float:
        """Return when a request may go, inf when one in flight has to come back first."""
        count = self.count(now)
        if count + self._in_flight >= STOP_AT:
            is_known = count >= STOP_AT and self._slices  # when, if the oldest is of this process
            return self._slices[0][0] + WINDOW_S + _SLICE_S if is_known else math.inf
        if count < SLOW_FROM:
            return -math.inf
        return self._last_grant_at + WINDOW_S / (STOP_AT - count)

    def granted(self, now: float) -> None:
        """A request goes."""
        self._in_flight += 1
        self._last_grant_at = now

    def returned(self) -> None:
        """It came back, or was not sent."""
        self._in_flight -= 1

    def answered(self, answer: Answer, now: float) -> None:
        """Count the answer if Discord does."""
        if not is_invalid(answer):
            return
        self._count += 1
        if self._slices and now < self._slices[-1][0] + _SLICE_S:
            self._slices[-1][1] += 1
        else:
            self._slices.append([now, 1])
