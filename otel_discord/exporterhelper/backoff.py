"""How long to wait before the next attempt, and when to stop trying. Pure: time and dice are arguments.

Sources: Collector ``config/configretry`` (keys, proportional jitter, when to stop); Marc Brooker, "Exponential Backoff
And Jitter", AWS Architecture Blog (full and decorrelated jitter).
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

_DECORRELATED_GROWTH: Final = 3.0  # AWS's factor; `multiplier` belongs to the two exponential kinds


class Jitter(StrEnum):
    """How chance enters a wait."""

    DECORRELATED = "decorrelated"
    """``min(max_interval, U(initial_interval, previous wait × 3))``."""
    FULL = "full"
    """``U(0, interval)`` of an interval that grows by ``multiplier`` up to ``max_interval``."""
    PROPORTIONAL = "proportional"
    """That interval × (1 ± ``randomization_factor``), as in the Collector, so up to that much over ``max_interval``."""


class GiveUpReason(StrEnum):
    """Why there is no next attempt; a metric label."""

    MAX_ATTEMPTS = "max_attempts"
    MAX_ELAPSED_TIME = "max_elapsed_time"


@dataclass(frozen=True, slots=True)
class BackoffPolicy:
    """The settings of ``retry_on_failure``. 0 means no bound in ``max_attempts`` and ``max_elapsed_time_s``."""

    jitter: Jitter = Jitter.DECORRELATED
    initial_interval_s: float = 0.25
    max_interval_s: float = 10.0
    multiplier: float = 1.5
    randomization_factor: float = 0.5
    max_attempts: int = 5
    max_elapsed_time_s: float = 0.0


@dataclass(frozen=True, slots=True)
class BackoffState:
    """What is remembered between the attempts for one piece of work."""

    started_at_s: float
    """When the first attempt began, on the clock of ``now_s``."""
    attempts: int = 0
    """Attempts that failed and were counted."""
    interval_s: float = 0.0
    """The last interval: drawn (decorrelated) or before jitter (the others); 0 before the first."""


@dataclass(frozen=True, slots=True)
class Delay:
    """Try again after ``delay_s``; pass ``state`` when that fails too."""

    delay_s: float
    state: BackoffState


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Do not try again."""

    reason: GiveUpReason
    attempts: int


def after_failure(
    policy: BackoffPolicy,
    state: BackoffState,
    *,
    now_s: float,
    dice: float,
    retry_after_s: float | None = None,
    counted: bool = True,
) -> Delay | GiveUp:
    """Decide what follows an attempt that failed at ``now_s``.

    ``dice`` is a fair number in [0, 1). ``retry_after_s``, what the other side asked for, is a lower bound of the wait
    (one that is negative or not finite is no answer). With ``counted=False`` (a rate limit: nothing was wrong with
    the work) no attempt is used up, intervals do not grow, and a given ``retry_after_s`` is the wait.
    """
    asked_s = _plausible(retry_after_s)
    attempts = state.attempts + (1 if counted else 0)
    if counted and policy.max_attempts and attempts >= policy.max_attempts:
        return GiveUp(GiveUpReason.MAX_ATTEMPTS, attempts)

    if not counted and asked_s is not None:
        delay_s, interval_s = asked_s, state.interval_s
    else:
        drawn_s, interval_s = _draw(policy, state.interval_s, dice)
        delay_s = max(drawn_s, asked_s or 0.0)
        if not counted:
            interval_s = state.interval_s

    if policy.max_elapsed_time_s and now_s + delay_s > state.started_at_s + policy.max_elapsed_time_s:
        return GiveUp(GiveUpReason.MAX_ELAPSED_TIME, attempts)
    return Delay(delay_s, replace(state, attempts=attempts, interval_s=interval_s))


def _draw(policy: BackoffPolicy, interval_s: float, dice: float) -> tuple[float, float]:
    """Return the wait and the interval to remember."""
    first_s, longest_s = min(policy.initial_interval_s, policy.max_interval_s), policy.max_interval_s
    if policy.jitter is Jitter.DECORRELATED:
        ceiling_s = max(interval_s, first_s) * _DECORRELATED_GROWTH
        drawn_s = min(longest_s, first_s + dice * (ceiling_s - first_s))
        return drawn_s, drawn_s
    grown_s = min(longest_s, interval_s * policy.multiplier) if interval_s else first_s
    if policy.jitter is Jitter.FULL:
        return dice * grown_s, grown_s
    factor = 1.0 + policy.randomization_factor * (2.0 * dice - 1.0)
    return grown_s * factor, grown_s


def _plausible(retry_after_s: float | None) -> float | None:
    if retry_after_s is None or not math.isfinite(retry_after_s) or retry_after_s < 0:
        return None
    return retry_after_s
