"""How a bucket refills, found out from its answers: nothing in them says so (discord/discord-api-docs#7680).

Three shapes are known. A *fixed* window gives everything back at its end; a *leaky* bucket (GCRA) one slot after each
interval; a *log* one slot when the oldest request is a window old. With slots remaining, any shape lets the next
request through at once. With none, waiting for the reset is right for each of them, and exact for the fixed one. Only
when three answers in a row leave no other reading is an earlier slot computed.
"""

from enum import StrEnum

from otel_discord.discord_api.ratelimit.leaky_evidence import LeakyEvidence
from otel_discord.discord_api.ratelimit.log_evidence import LogEvidence
from otel_discord.discord_api.ratelimit.observation import Observation


class Shape(StrEnum):
    """What has been proven; ``unproven`` waits for resets, as a fixed window needs."""

    UNPROVEN = "unproven"
    LEAKY = "leaky"
    LOG = "log"


class WindowShape:
    """Evidence from the answers of one bucket, and the next slot that it allows."""

    def __init__(self) -> None:
        self._leaky = LeakyEvidence()
        self._log = LogEvidence()
        self._latest: Observation | None = None

    def observe(self, observation: Observation) -> None:
        """Take in an answer, in the order of sending."""
        self._leaky.observe(observation, self._latest)
        self._log.observe(observation)
        self._latest = observation

    def unanswered(self, latest_arrival_at: float) -> None:
        """A request may have been counted, at this time or before."""
        self._log.unanswered(latest_arrival_at)

    def next_slot_at(self, spare: int = 0) -> float:
        """Return when a slot is free after the latest answer, which had none remaining, on the bucket's clock.

        ``spare``, below the limit: with so many beside it; then the answer had as many remaining at most.

        Raises:
            RuntimeError: there was no answer yet.
        """
        if self._latest is None:
            raise RuntimeError("no answer was observed")
        reset_at = self._latest.reset_at
        slot_at = reset_at
        if self._leaky.is_proven:
            slot_at = min(slot_at, reset_at - (self._latest.limit - 1 - spare) * self._leaky.interval_s)
        if self._log.is_proven:
            slot_at = min(slot_at, self._log.next_slot_at(spare))
        return slot_at

    @property
    def shape(self) -> Shape:
        """What has been proven."""
        if self._leaky.is_proven:
            return Shape.LEAKY
        return Shape.LOG if self._log.is_proven else Shape.UNPROVEN

    @property
    def interval_s(self) -> float:
        """Time in which one slot comes back where it is proven to be leaky, else 0."""
        return self._leaky.interval_s if self._leaky.is_proven else 0.0

    @property
    def window_s(self) -> float:
        """Time in which an empty bucket has surely filled, as far as the answers tell."""
        latest = self._latest
        if latest is None:
            return 0.0
        return max(latest.reset_after_s, self._leaky.interval_s * latest.limit if self._leaky.is_proven else 0.0)
