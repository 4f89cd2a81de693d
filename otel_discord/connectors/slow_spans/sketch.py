"""How long an operation usually takes: counts of durations in buckets whose bounds grow by a fixed factor. Pure.

A quantile is off by at most 2 % of its value (``RELATIVE_ERROR``) for durations from 1 µs to 30 days; shorter and
longer ones count as those. Memory is bounded by the number of buckets in between (about 720).

Old counts weigh half as much after each half-life, but not before so many newer ones came (``half_life_spans``): what
is known of an operation that is seldom used does not fade into a guess from its last few spans.

Idea: Masson, Rim, Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees", 2019.
"""

import math
from dataclasses import dataclass, field
from typing import Final

RELATIVE_ERROR: Final = 0.02
SHORTEST_S: Final = 1e-6
LONGEST_S: Final = 30 * 86_400.0
_GROWTH: Final = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_LOG_GROWTH: Final = math.log(_GROWTH)
_MOST_HALF_LIVES: Final = 64.0
"""After so many, weights are written anew, long before a number grows too large."""
_NOTHING: Final = 2.0**-60
"""Weights below this part of the greatest are forgotten."""


@dataclass(slots=True)
class Sketch:
    """Durations seen. Times are seconds of a clock that does not go back; equal for all sketches that are merged."""

    half_life_s: float
    half_life_spans: int = 200
    seen: int = 0
    """How many durations were added, old ones included."""
    age: float = 0.0
    """Half-lives since a count weighed 1; one that is added now weighs 2 to the power of it."""
    last_s: float = 0.0
    weights: dict[int, float] = field(default_factory=dict)
    """By bucket; the upper bound of bucket n is the growth to the power of n, in seconds."""

    def add(self, duration_s: float, now_s: float) -> None:
        """Count one duration."""
        if self.seen:
            self.age += min(max(0.0, now_s - self.last_s) / self.half_life_s, 1 / self.half_life_spans)
        if self.age > _MOST_HALF_LIVES:
            self._rescale()
        self.last_s = max(self.last_s, now_s) if self.seen else now_s
        bucket = _bucket(duration_s)
        self.weights[bucket] = self.weights.get(bucket, 0.0) + 2.0**self.age
        self.seen += 1

    def quantile(self, ratio: float) -> float:
        """Return the duration that ``ratio`` (0 to 1) of them do not exceed; 0.0 where none was seen."""
        if not self.weights:
            return 0.0
        buckets = sorted(self.weights)
        rank = ratio * math.fsum(self.weights.values())
        reached = 0.0
        for bucket in buckets:
            reached += self.weights[bucket]
            if reached >= rank * (1 - 1e-12):
                return _middle(bucket)
        return _middle(buckets[-1])

    def merge(self, other: "Sketch") -> None:
        """Add all that another one has seen; what was new there is new here."""
        factor = 2.0 ** (self.age - other.age)
        for bucket, weight in other.weights.items():
            self.weights[bucket] = self.weights.get(bucket, 0.0) + weight * factor
        self.last_s = max(self.last_s, other.last_s) if self.seen else other.last_s
        self.seen += other.seen

    def _rescale(self) -> None:
        least = max(self.weights.values()) * _NOTHING
        factor = 2.0**-self.age
        self.weights = {bucket: weight * factor for bucket, weight in self.weights.items() if weight >= least}
        self.age = 0.0


def _bucket(duration_s: float) -> int:
    return math.ceil(math.log(min(max(duration_s, SHORTEST_S), LONGEST_S)) / _LOG_GROWTH)


def _middle(bucket: int) -> float:
    """Return the duration that is as far from both bounds of a bucket, in relation to each."""
    return 2.0 * _GROWTH**bucket / (_GROWTH + 1.0)
