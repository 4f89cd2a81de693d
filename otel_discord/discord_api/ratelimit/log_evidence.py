"""Evidence for a sliding log: the reset is always one window after the latest request, however many slots are used."""

from collections import deque
from typing import Final

from otel_discord.discord_api.ratelimit.observation import ANSWERS_FOR_PROOF, TIME_TOLERANCE_S, Observation

_LONGEST_LOG: Final = 256


class LogEvidence:
    """Answers in a row with the same time to the reset at different fill, and our own log of arrivals to go with it.

    Never more than the limit in any window is within a fixed window and a leaky bucket too, so a wrong reading costs
    nothing as long as the window is right. That the fill differed by two rules out a leaky bucket, and that the answers
    lie apart in time rules out the end of a fixed window.
    """

    def __init__(self) -> None:
        self._arrivals: deque[float] = deque(maxlen=_LONGEST_LOG)
        self._limit = 0
        self._forget()

    def _forget(self) -> None:
        self._answers = 0
        self._window_s = 0.0
        self._since = 0.0
        self._fewest_remaining = self._most_remaining = 0

    @property
    def is_proven(self) -> bool:
        """Whether the window is known, and each request in it."""
        return (
            self._answers >= ANSWERS_FOR_PROOF
            and self._most_remaining - self._fewest_remaining >= min(2, self._limit - 1) > 0
            and self._arrivals[-1] - self._since > 2 * TIME_TOLERANCE_S
            and self._limit <= len(self._arrivals)
        )

    def next_slot_at(self, spare: int = 0) -> float:
        """Return when so many requests have left the window that one may come, and ``spare`` (below the limit) more."""
        return self._arrivals[spare - self._limit] + self._window_s + TIME_TOLERANCE_S

    def observe(self, answer: Observation) -> None:
        """Take in an answer."""
        self._arrivals.append(answer.arrived_at)
        self._limit = answer.limit
        window_s = answer.reset_after_s
        if abs(window_s - self._window_s) > TIME_TOLERANCE_S or not self._knows(answer.used):
            self._forget()
        if not self._answers:
            self._window_s = window_s
            self._since = answer.arrived_at
            self._fewest_remaining = self._most_remaining = answer.remaining
        self._answers += 1
        self._window_s = max(self._window_s, window_s)
        self._fewest_remaining = min(self._fewest_remaining, answer.remaining)
        self._most_remaining = max(self._most_remaining, answer.remaining)

    def unanswered(self, latest_arrival_at: float) -> None:
        """A request may have been counted."""
        self._arrivals.append(latest_arrival_at)

    def _knows(self, used: int) -> bool:
        """Whether the window holds so many of our own requests; otherwise someone else posts too."""
        since = self._arrivals[-1] - self._window_s - TIME_TOLERANCE_S
        return used <= 0 or (used <= len(self._arrivals) and self._arrivals[-used] > since)
