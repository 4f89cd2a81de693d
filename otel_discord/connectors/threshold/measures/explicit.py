"""Histograms with explicit bounds: differences, merging, and quantiles as Prometheus' ``histogram_quantile`` does them.

Bucket i holds ``bounds[i-1] < v <= bounds[i]``; the last one everything above. A quantile is interpolated linearly in
its bucket, so it is off by less than that bucket's width. The first bucket begins at 0 where its bound is positive;
where it is not, and in the last bucket, the answer is the bound next to it.
"""

from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Self

from otel_discord.connectors.threshold.measures.packed import packed


class Explicit:
    """Counts between bounds; ``low`` and ``high`` are the exact extremes where they are known. Never changed."""

    __slots__ = ("bounds", "counts", "high", "low")

    def __init__(
        self, bounds: tuple[float, ...], counts: Sequence[int], low: float | None = None, high: float | None = None
    ) -> None:
        self.bounds = bounds
        self.counts = counts if isinstance(counts, array) else packed(counts)
        self.low = low
        self.high = high

    @property
    def total(self) -> int:
        """How many values there are."""
        return sum(self.counts)

    def minus(self, earlier: Self) -> "Explicit | None":
        """Return what came since; None where it is not the same histogram going on."""
        if self.bounds != earlier.bounds:
            return None
        counts = [new - old for new, old in zip(self.counts, earlier.counts, strict=True)]
        return None if min(counts) < 0 else Explicit(self.bounds, counts)

    def plus(self, other: Self) -> "Explicit":
        """Return both as one; with different bounds only those remain that both have, which moves no value."""
        low = None if self.low is None or other.low is None else min(self.low, other.low)
        high = None if self.high is None or other.high is None else max(self.high, other.high)
        if self.bounds == other.bounds:
            counts = [one + two for one, two in zip(self.counts, other.counts, strict=True)]
            return Explicit(self.bounds, counts, low, high)
        common = tuple(sorted(set(self.bounds) & set(other.bounds)))
        one, two = self._over(common), other._over(common)
        return Explicit(common, [first + second for first, second in zip(one, two, strict=True)], low, high)

    def _over(self, bounds: tuple[float, ...]) -> list[int]:
        below = dict(zip(self.bounds, accumulate(self.counts), strict=False))
        steps = [*(below[bound] for bound in bounds), self.total]
        return [now - before for before, now in zip([0, *steps], steps, strict=False)]

    def quantile(self, quantile: float) -> float | None:
        """Return the value below which this share of the values lies; None where there is nothing to tell from."""
        total = self.total
        if not total or not self.bounds:
            return None
        rank, below = quantile * total, 0
        for index, count in enumerate(self.counts):
            if count and below + count >= rank:
                return self._inside(index, max(0.0, rank - below) / count)
            below += count
        return self.bounds[-1]

    def _inside(self, index: int, share: float) -> float:
        bounds = self.bounds
        if index == len(bounds):
            return bounds[-1]
        upper = bounds[index]
        if index == 0 and upper <= 0:
            return upper
        lower = bounds[index - 1] if index else 0.0
        return lower + (upper - lower) * share

    def weights(self) -> Iterator[tuple[float, float, float]]:
        """Yield (lower, upper, count) of each bucket with something in it, lowest first; open ends are closed."""
        bounds = self.bounds
        if not bounds:
            return
        first = min(0.0, bounds[0])
        for index, count in enumerate(self.counts):
            if count:
                yield (
                    bounds[index - 1] if index else first,
                    bounds[index] if index < len(bounds) else bounds[-1],
                    count,
                )
