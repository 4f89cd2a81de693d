"""One answer of a bucket, with its times on the bucket's clock."""

from dataclasses import dataclass
from typing import Final

TIME_TOLERANCE_S: Final = 0.003
"""Two times of Discord, each rounded to a millisecond, that agree so well are the same."""
ANSWERS_FOR_PROOF: Final = 3


@dataclass(frozen=True, slots=True)
class Observation:
    """When a request arrived and what the bucket was like then, this request included."""

    arrived_at: float
    reset_at: float
    limit: int
    remaining: int

    @property
    def used(self) -> int:
        """Slots taken."""
        return self.limit - self.remaining

    @property
    def reset_after_s(self) -> float:
        """Time from arrival to reset."""
        return self.reset_at - self.arrived_at
