"""Which limits hold, and what to do about a measurement. Pure: bytes and time come in."""

from dataclasses import dataclass
from enum import StrEnum

from otel_discord.processors.memory_limiter.config import MemoryLimiterConfig

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Refused at or above ``soft_bytes``; ``hard_bytes`` is what the process should never have."""

    soft_bytes: int
    hard_bytes: int


def limits_of(config: MemoryLimiterConfig, total_bytes: int) -> Limits:
    """Return the limits; ``total_bytes`` is what percentages are of. Source of the rules: the Collector's processor."""
    if config.limit_mib:
        hard_bytes, spike_bytes = config.limit_mib * MIB, config.spike_limit_mib * MIB
    else:
        hard_bytes = config.limit_percentage * total_bytes // 100
        spike_bytes = config.spike_limit_percentage * total_bytes // 100
    return Limits(hard_bytes - (spike_bytes or hard_bytes // 5), hard_bytes)


class Turn(StrEnum):
    """What a measurement changes."""

    NONE = "none"
    REFUSE = "refuse"
    """From now on batches are refused."""
    RESUME = "resume"
    """From now on they are let through again."""


class Watch:
    """Remembers whether batches are refused, and when garbage was last collected (any clock, in seconds)."""

    def __init__(self, limits: Limits, *, soft_pause_s: float, hard_pause_s: float) -> None:
        self.limits = limits
        self.is_refusing = False
        self._soft_pause_s = soft_pause_s
        self._hard_pause_s = hard_pause_s
        self._collected_s = float("-inf")

    def wants_collection(self, used_bytes: int, now_s: float) -> bool:
        """Return whether garbage is to be collected before the measurement is judged; notes that it is."""
        if used_bytes < self.limits.soft_bytes:
            return False
        pause_s = self._hard_pause_s if used_bytes >= self.limits.hard_bytes else self._soft_pause_s
        if now_s - self._collected_s < pause_s:
            return False
        self._collected_s = now_s
        return True

    def judge(self, used_bytes: int) -> Turn:
        """Decide whether batches are refused, and return what is new about that."""
        before, self.is_refusing = self.is_refusing, used_bytes >= self.limits.soft_bytes
        if before == self.is_refusing:
            return Turn.NONE
        return Turn.REFUSE if self.is_refusing else Turn.RESUME
