"""Evidence for a leaky bucket (GCRA): each request moves the reset on by the same interval."""

from typing import Final

from otel_discord.discord_api.ratelimit.observation import ANSWERS_FOR_PROOF, TIME_TOLERANCE_S, Observation

_MEAN_OVER: Final = 63


class LeakyEvidence:
    """Answers in a row that agree on one interval, at least one of them telling.

    With ``n`` slots used, the reset lies more than ``n - 1`` and at most ``n`` intervals ahead. A log used at a steady
    pace can look the same, since its reset moves on by the time between two requests; so only a request at another
    pace proves anything.
    """

    def __init__(self) -> None:
        self._answers = 0
        self._telling_answers = 0
        self._sum_s = 0.0
        self._weight = 0

    @property
    def is_proven(self) -> bool:
        """Whether no other known shape explains the answers."""
        return self._answers >= ANSWERS_FOR_PROOF and self._telling_answers >= 1

    @property
    def interval_s(self) -> float:
        """Time in which one slot comes back, rather too short: slots computed from it are never early."""
        return max(0.0, (self._sum_s - TIME_TOLERANCE_S / 2) / self._weight) if self._weight else 0.0

    def observe(self, answer: Observation, before: Observation | None) -> None:
        """Take in an answer and the one before it."""
        moved_s, is_telling = answer.reset_after_s, False
        if before is not None and answer.arrived_at < before.reset_at - TIME_TOLERANCE_S:
            moved_s = answer.reset_at - before.reset_at
            is_telling = abs(moved_s - (answer.arrived_at - before.arrived_at)) > 2 * TIME_TOLERANCE_S
        if self._weight and not self._agrees(answer, moved_s, (self._sum_s + moved_s) / (self._weight + 1)):
            self._forget()
        if not self._weight and (not self._agrees(answer, moved_s, moved_s) or (before is None and answer.used != 1)):
            return
        self._answers += 1
        self._telling_answers += is_telling
        self._sum_s += moved_s
        self._weight += 1
        if self._weight > _MEAN_OVER:
            self._sum_s /= 2
            self._weight //= 2

    def _agrees(self, answer: Observation, moved_s: float, interval_s: float) -> bool:
        if moved_s <= 2 * TIME_TOLERANCE_S or abs(moved_s - interval_s) > TIME_TOLERANCE_S:
            return False
        slack_s = min(TIME_TOLERANCE_S * (answer.used + 1), interval_s / 3)
        ahead_s = answer.reset_after_s
        return (answer.used - 1) * interval_s - slack_s < ahead_s <= answer.used * interval_s + slack_s

    def _forget(self) -> None:
        self._answers = self._telling_answers = self._weight = 0
        self._sum_s = 0.0
