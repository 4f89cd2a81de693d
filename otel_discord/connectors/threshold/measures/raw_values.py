"""Values kept one by one for exact quantiles, as long as they are few; then in buckets.

Buckets are 1.1 % wide where the highest is up to 1000 times the lowest; for each doubling of that number of octaves
twice as wide.

A quantile of kept values is interpolated between the two nearest, as ``quantile_over_time`` and numpy do it.
"""

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from otel_discord.connectors.threshold.measures.exponential import EMPTY, Exponential, Side, index_of

MAX_VALUES: Final = 512
"""Kept exactly, for one cell of time of one group."""
_SCALE: Final = 6
"""Buckets whose bounds are 1.1 % apart."""


class RawValues:
    """Numbers. Never changed."""

    __slots__ = ("values",)

    def __init__(self, values: Iterable[float]) -> None:
        self.values = array("d", values)

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.values)

    def plus(self, other: "RawValues | Exponential") -> "RawValues | Exponential":
        """Return both as one; in buckets once they are too many."""
        if isinstance(other, Exponential):
            return bucketed(self.values).plus(other)
        values = self.values + other.values
        return RawValues(values) if len(values) <= MAX_VALUES else bucketed(values)

    def quantile(self, quantile: float) -> float | None:
        """Return the quantile; None where there are no values."""
        return exact_quantile(sorted(self.values), quantile)

    def weights(self) -> Iterator[tuple[float, float, float]]:
        """Yield (value, value, 1) of each, lowest first."""
        for value in sorted(self.values):
            yield value, value, 1


def exact_quantile(ordered: list[float], quantile: float) -> float | None:
    """Return the quantile of sorted values, interpolated linearly between the two nearest."""
    if not ordered:
        return None
    rank = quantile * (len(ordered) - 1)
    lower = math.floor(rank)
    upper = min(lower + 1, len(ordered) - 1)
    return ordered[lower] + (ordered[upper] - ordered[lower]) * (rank - lower)


def bucketed(values: Iterable[float]) -> Exponential:
    """Return the values in buckets; low and high stay exact."""
    kept = list(values)
    above = Counter(index_of(_SCALE, value) for value in kept if value > 0)
    below = Counter(index_of(_SCALE, -value) for value in kept if value < 0)
    zeros = sum(1 for value in kept if value == 0)
    return Exponential(_SCALE, _side(above), _side(below), zeros, 0.0, min(kept), max(kept))


def _side(counts: Counter[int]) -> Side:
    if not counts:
        return EMPTY
    first, last = min(counts), max(counts)
    return Side(first, [counts[index] for index in range(first, last + 1)])
