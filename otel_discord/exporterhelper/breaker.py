"""When to leave a failing destination alone, and when to ask again. Pure: time and dice are arguments.

Closed, everything goes; after ``failure_threshold`` failures in a row it opens, and nothing goes until the cooldown has
passed; then it is half-open: one probe goes, and what becomes of it closes or opens it again.

Source: Michael Nygard, "Release It!" (circuit breaker); the jitter only lengthens, so that ``cooldown`` is kept.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

LONGEST_COOLDOWN_FACTOR: Final = 1.2
"""Chance lengthens a cooldown by up to a fifth, so that many destinations do not ask at the same moment."""


class Phase(StrEnum):
    """Where a breaker stands."""

    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """The settings of ``circuit_breaker``."""

    failure_threshold: int = 5
    cooldown_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """One destination's breaker. Times are of the clock that ``now_s`` is of."""

    phase: Phase = Phase.CLOSED
    failures: int = 0
    """In a row, while closed."""
    opened_at_s: float = 0.0
    """When the present outage was noticed; kept while probes fail."""
    retry_at_s: float = 0.0
    """Open: when the probe may go."""
    probes: int = 0
    """Probes that have failed since it opened."""

    @property
    def allowed_at_s(self) -> float:
        """When something may be sent: -inf now, inf while the probe is out."""
        if self.phase is Phase.CLOSED:
            return -math.inf
        return self.retry_at_s if self.phase is Phase.OPEN else math.inf


CLOSED: Final = Breaker()


def probing(breaker: Breaker, *, now_s: float) -> Breaker:
    """Let the one probe go: half-open, where the cooldown has passed; else as it is."""
    if breaker.phase is Phase.OPEN and now_s >= breaker.retry_at_s:
        return replace(breaker, phase=Phase.HALF_OPEN)
    return breaker


def returned(breaker: Breaker) -> Breaker:
    """Take back a probe that was not sent after all; the next one may go at once."""
    return replace(breaker, phase=Phase.OPEN) if breaker.phase is Phase.HALF_OPEN else breaker


def after_success(breaker: Breaker) -> Breaker:
    """Return the breaker after the destination has answered well. What was open is open until its probe comes back."""
    return breaker if breaker.phase is Phase.OPEN else CLOSED


def after_failure(
    policy: BreakerPolicy, breaker: Breaker, *, now_s: float, dice: float, retry_after_s: float = 0.0
) -> Breaker:
    """Return the breaker after one more failure; ``dice`` is in [0, 1), ``retry_after_s`` what the other side asks."""
    if breaker.phase is Phase.OPEN:
        return breaker
    if breaker.phase is Phase.CLOSED and breaker.failures + 1 < policy.failure_threshold:
        return replace(breaker, failures=breaker.failures + 1)
    return opened(policy, breaker, now_s=now_s, dice=dice, retry_after_s=retry_after_s)


def opened(
    policy: BreakerPolicy, breaker: Breaker, *, now_s: float, dice: float, retry_after_s: float = 0.0
) -> Breaker:
    """Open it now, whatever the count; half-open, this is the probe that failed."""
    is_new = breaker.phase is Phase.CLOSED
    cooldown_s = policy.cooldown_s * (1.0 + dice * (LONGEST_COOLDOWN_FACTOR - 1.0))
    asked_s = retry_after_s if math.isfinite(retry_after_s) else 0.0
    return Breaker(
        phase=Phase.OPEN,
        opened_at_s=now_s if is_new else breaker.opened_at_s,
        retry_at_s=now_s + max(cooldown_s, asked_s),
        probes=0 if is_new else breaker.probes + 1,
    )
