"""A series made fit for drawing: in order, within bounds, few enough, its peaks and gaps kept. Pure functions."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

Point = tuple[int, float]
"""(nanoseconds since the epoch, value)"""

MOST_POINTS: Final = 240
"""More than these cannot be told apart in a picture of this size."""
MOST_RUNS: Final = 40
LARGEST: Final = 1e300
"""Values are held within this, so that no difference of two is infinite."""
_GAP: Final = 3.5
"""Points this many times further apart than usual have a gap between them."""


def in_order(series: Sequence[Point]) -> list[Point]:
    """Return the points sorted by time; those of one time stay in their order."""
    return sorted(series, key=lambda point: point[0])


def finite(series: Sequence[Point]) -> list[Point]:
    """Return the points whose value is a number that has a size."""
    return [point for point in series if math.isfinite(point[1])]


def held(series: Sequence[Point], low: float, high: float) -> list[Point]:
    """Return the points with values held between two; so an infinite one is at the edge. NaN stays: it is a gap."""
    return [(at_ns, value if math.isnan(value) else min(max(value, low), high)) for at_ns, value in series]


def usual_step_ns(series: Sequence[Point]) -> int:
    """Return how far apart points of an ordered series usually are (median), 0 where there are not two times."""
    steps = sorted(later[0] - earlier[0] for earlier, later in pairwise(series) if later[0] > earlier[0])
    return steps[len(steps) // 2] if steps else 0


def runs(series: Sequence[Point], *, gaps_are_marked: bool = False) -> list[list[Point]]:
    """Return an ordered series in runs without a gap: NaN ends one, and so does a silence much longer than usual.

    ``gaps_are_marked``: only NaN does, since points were left out before.
    """
    longest_ns = math.inf if gaps_are_marked else _GAP * usual_step_ns(series)
    found: list[list[Point]] = [[]]
    before_ns: int | None = None
    for at_ns, value in series:
        if math.isnan(value) or (before_ns is not None and at_ns - before_ns > longest_ns):
            found.append([])
        before_ns = at_ns
        if not math.isnan(value):
            found[-1].append((at_ns, value))
    return _told_apart([run for run in found if run])


def downsampled(series: Sequence[Point], most: int = MOST_POINTS) -> list[Point]:
    """Return at most ``most`` (4 or more) points of an ordered series, among them its first, last, lowest and highest.

    Of each stretch of time its first, lowest, highest and last point are kept in their order, so the line through what
    is left covers the same pixels as the line through all (the M4 aggregation).
    """
    if len(series) <= most:
        return list(series)
    stretches = max(1, most // 4)
    first_ns, length_ns = series[0][0], max(1, series[-1][0] - series[0][0])
    members: dict[int, list[int]] = {}
    for index, (at_ns, _) in enumerate(series):
        members.setdefault(min(stretches - 1, (at_ns - first_ns) * stretches // length_ns), []).append(index)
    kept: set[int] = set()
    for indexes in members.values():
        kept |= {indexes[0], indexes[-1]}
        kept.add(min(indexes, key=lambda index: series[index][1]))
        kept.add(max(indexes, key=lambda index: series[index][1]))
    return [series[index] for index in sorted(kept)]


def _told_apart(found: list[list[Point]]) -> list[list[Point]]:
    """Return runs, or one of all points where there are more gaps than can be seen."""
    return found if len(found) <= MOST_RUNS else [[point for run in found for point in run]]
