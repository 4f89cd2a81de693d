"""Exponential histograms: exact differences and merging by downscaling, quantiles with logarithmic interpolation.

With ``base = 2 ** (2 ** -scale)``, positive bucket i holds ``base**i < v <= base**(i+1)``, negative ones the same of
``-v``, the zero bucket ``|v| <= zero_threshold``. A quantile is off by less than its bucket's width, so by a factor of
``base`` at most. More than 640 buckets a side are merged, two by two, into coarser ones.
"""

import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from otel_discord.connectors.threshold.measures.packed import packed

MAX_BUCKETS: Final = 640


@dataclass(frozen=True, slots=True)
class Side:
    """Consecutive buckets: the index of the first, and the counts."""

    offset: int
    counts: Sequence[int]

    def downscaled(self, by: int) -> "Side":
        """Return it with ``2 ** by`` buckets merged into one."""
        if not by or not self.counts:
            return self
        offset = self.offset >> by
        counts = [0] * (((self.offset + len(self.counts) - 1) >> by) - offset + 1)
        for index, count in enumerate(self.counts, self.offset):
            counts[(index >> by) - offset] += count
        return Side(offset, packed(counts))

    def combined(self, other: "Side", sign: int) -> "Side":
        """Return this plus ``sign`` times the other."""
        if not other.counts:
            return self
        if not self.counts:
            return other if sign > 0 else Side(other.offset, [-count for count in other.counts])
        offset = min(self.offset, other.offset)
        end = max(self.offset + len(self.counts), other.offset + len(other.counts))
        counts = [0] * (end - offset)
        for index, count in enumerate(self.counts, self.offset - offset):
            counts[index] = count
        for index, count in enumerate(other.counts, other.offset - offset):
            counts[index] += sign * count
        return Side(offset, packed(counts))

    def trimmed(self) -> "Side":
        """Return it without empty buckets at its ends."""
        filled = [index for index, count in enumerate(self.counts) if count]
        if not filled:
            return EMPTY
        if filled[0] == 0 and filled[-1] == len(self.counts) - 1:
            return self
        return Side(self.offset + filled[0], packed(self.counts[filled[0] : filled[-1] + 1]))


EMPTY: Final = Side(0, array("q"))


def excess(*sides: Side) -> int:
    """Return by how much the scale must fall for these, as one, to have no more than 640 buckets."""
    filled = [side for side in sides if side.counts]
    first = min((side.offset for side in filled), default=0)
    last = max((side.offset + len(side.counts) - 1 for side in filled), default=0)
    by = 0
    while (last >> by) - (first >> by) >= MAX_BUCKETS:
        by += 1
    return by


class Exponential:
    """Counts in buckets that grow by a constant factor; ``low`` and ``high`` where they are known. Never changed."""

    __slots__ = ("high", "low", "negative", "positive", "scale", "zero_count", "zero_threshold")

    def __init__(
        self,
        scale: int,
        positive: Side,
        negative: Side = EMPTY,
        zero_count: int = 0,
        zero_threshold: float = 0.0,
        low: float | None = None,
        high: float | None = None,
    ) -> None:
        positive, negative = positive.trimmed(), negative.trimmed()
        by = max(excess(positive), excess(negative))
        self.scale = scale - by
        self.positive = positive.downscaled(by)
        self.negative = negative.downscaled(by)
        self.zero_count = zero_count
        self.zero_threshold = zero_threshold
        self.low = low
        self.high = high

    @property
    def total(self) -> int:
        """How many values there are."""
        return sum(self.positive.counts) + sum(self.negative.counts) + self.zero_count

    def minus(self, earlier: "Exponential") -> "Exponential | None":
        """Return what came since; None where it is not the same histogram going on."""
        result = self._combined(earlier, -1)
        smallest = min((*result.positive.counts, *result.negative.counts, result.zero_count))
        return None if smallest < 0 else result

    def plus(self, other: "Exponential") -> "Exponential":
        """Return both as one."""
        return self._combined(other, 1)

    def _combined(self, other: "Exponential", sign: int) -> "Exponential":
        scale = min(self.scale, other.scale)
        threshold = _shared_threshold(self, other, scale)
        one, two = self.coarser(scale, threshold), other.coarser(scale, threshold)
        # Before they are laid side by side: buckets far apart would need the room of all between.
        by = max(excess(one.positive, two.positive), excess(one.negative, two.negative))
        scale -= by
        one, two = one.coarser(scale, threshold), two.coarser(scale, threshold)
        known = sign > 0 and None not in (self.low, other.low, self.high, other.high)
        return Exponential(
            scale,
            one.positive.combined(two.positive, sign),
            one.negative.combined(two.negative, sign),
            one.zero_count + sign * two.zero_count,
            threshold,
            min(self.low, other.low) if known else None,  # type: ignore[type-var]
            max(self.high, other.high) if known else None,  # type: ignore[type-var]
        )

    def coarser(self, scale: int, threshold: float) -> "Exponential":
        """Return it at a lower scale, and with all of its values up to a higher threshold taken for zero."""
        by = self.scale - scale
        positive, negative = self.positive.downscaled(by), self.negative.downscaled(by)
        zero = self.zero_count
        if threshold > self.zero_threshold:
            positive, moved = _above(positive, scale, threshold)
            negative, also = _above(negative, scale, threshold)
            zero += moved + also
        return Exponential(scale, positive, negative, zero, threshold)

    def weights(self) -> Iterator[tuple[float, float, float]]:
        """Yield (lower, upper, count) of each bucket with something in it, lowest first."""
        scale = self.scale
        for index in range(len(self.negative.counts) - 1, -1, -1):
            if count := self.negative.counts[index]:
                at = self.negative.offset + index
                yield -boundary(scale, at + 1), -boundary(scale, at), count
        if self.zero_count:
            width = self.zero_threshold
            yield (
                -width if self.negative.counts or not self.positive.counts else 0.0,
                width if self.positive.counts or not self.negative.counts else 0.0,
                self.zero_count,
            )
        for at, count in enumerate(self.positive.counts, self.positive.offset):
            if count:
                yield boundary(scale, at), boundary(scale, at + 1), count

    def quantile(self, quantile: float) -> float | None:
        """Return the value below which this share of the values lies; None where there are none."""
        found = self._interpolated(quantile)
        if found is not None and self.low is not None and self.high is not None:
            return min(max(found, self.low), self.high)
        return found

    def _interpolated(self, quantile: float) -> float | None:
        rank, below = quantile * self.total, 0.0
        upper = None
        for lower, upper, count in self.weights():
            if below + count >= rank:
                share = max(0.0, rank - below) / count
                return lower + (upper - lower) * share if lower <= 0 <= upper else _logarithmic(lower, upper, share)
            below += count
        return upper


def boundary(scale: int, index: int) -> float:
    """Return ``base ** index``, the largest float where it is more than that."""
    exponent = math.ldexp(index, -scale)
    return 2.0**exponent if exponent < 1024 else 1.7976931348623157e308


def index_of(scale: int, value: float) -> int:
    """Return the bucket of a positive value."""
    return math.ceil(math.ldexp(math.log2(value), scale)) - 1


def _shared_threshold(one: Exponential, two: Exponential, scale: int) -> float:
    """Return the higher zero threshold; where it would cut through a bucket with something in it, the end of that one.

    Else what one histogram takes for zero would be missing in the other's bucket.
    """
    low, high = sorted((one, two), key=lambda each: each.zero_threshold)
    threshold = high.zero_threshold
    if low.zero_threshold == threshold:
        return threshold
    place = index_of(scale, threshold)
    cut = [side.downscaled(low.scale - scale) for side in (low.positive, low.negative)]
    is_filled = any(0 <= place - side.offset < len(side.counts) and side.counts[place - side.offset] for side in cut)
    return max(threshold, boundary(scale, place + 1)) if is_filled else threshold


def _logarithmic(lower: float, upper: float, share: float) -> float:
    if lower < 0:
        return -_logarithmic(-upper, -lower, 1 - share)
    return math.exp(math.log(lower) + (math.log(upper) - math.log(lower)) * share)


def _above(side: Side, scale: int, threshold: float) -> tuple[Side, int]:
    """Return the buckets that reach above the threshold, and how many values were in the others."""
    cut = sum(1 for index in range(len(side.counts)) if boundary(scale, side.offset + index + 1) <= threshold)
    return Side(side.offset + cut, side.counts[cut:]), sum(side.counts[:cut])
