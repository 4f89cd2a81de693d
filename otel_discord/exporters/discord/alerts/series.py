"""The values of an alert over its whole life, few enough to be stored with it: what each event brings is added. Pure.

Times without data are marked by a NaN where they are seen, in the points as they come: of what is kept later no two
neighbours are equally far apart any more, so that a gap could not be told from points that were left out.
"""

import math
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from otel_discord.exporters.discord.charts.points import Point, downsampled, runs

MOST_KEPT: Final = 100
"""Points of a series that are kept; among them its first, last, lowest and highest."""
MOST_GAPS: Final = 20
MOST_READ: Final = 1_000
"""Of the points of one event the newest are looked at."""
_MOST_NS: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Series:
    """At most :data:`MOST_KEPT` points and :data:`MOST_GAPS` marks of gaps, packed: 16 bytes each."""

    times: bytes = b""
    """Nanoseconds since the epoch, rising."""
    values: bytes = b""

    @classmethod
    def of(cls, points: Sequence[Point]) -> "Series":
        """Return the series of a first event."""
        return cls().after(points)

    @classmethod
    def stored(cls, times_ns: Sequence[int], values: Sequence[float]) -> "Series":
        """Return what was stored; nothing where that is not one."""
        if len(times_ns) != len(values) or len(values) > MOST_KEPT + MOST_GAPS:
            return cls()
        return _packed([point for point in zip(times_ns, values, strict=True) if 0 <= point[0] <= _MOST_NS])

    def points(self) -> list[Point]:
        """Return the points in order; a NaN marks a gap."""
        times, values = array("q", self.times), array("d", self.values)
        return list(zip(times, values, strict=True))

    def after(self, points: Sequence[Point]) -> "Series":
        """Return the series with the points of a further event; of one time the later told value counts."""
        found = dict(sorted(point for point in points[-MOST_READ:] if _is_value(point)))
        if not found:
            return self
        known = self.points()
        values = {at_ns: value for at_ns, value in known if not math.isnan(value)}
        fresh = list(found.items())
        gaps = [_between(before[-1], after[0]) for before, after in pairwise(runs(fresh))]
        last_ns = max(values, default=fresh[0][0])
        if last_ns < fresh[0][0] and len(fresh) > 1 and len(runs([(last_ns, 0.0), *fresh])[0]) == 1:
            gaps.append(_between((last_ns, 0.0), fresh[0]))
        marks = [at_ns for at_ns, value in known if math.isnan(value) and not fresh[0][0] <= at_ns <= fresh[-1][0]]
        union = downsampled(sorted((values | found).items()), MOST_KEPT)
        kept = {at_ns for at_ns, _ in union}
        nan = [(at_ns, math.nan) for at_ns in sorted({*marks, *gaps})[-MOST_GAPS:] if at_ns not in kept]
        return _packed(sorted([*union, *nan], key=_time))

    def __bool__(self) -> bool:
        return bool(self.times)


def _packed(points: Sequence[Point]) -> Series:
    return Series(
        array("q", [at_ns for at_ns, _ in points]).tobytes(), array("d", [value for _, value in points]).tobytes()
    )


def _is_value(point: Point) -> bool:
    return 0 < point[0] <= _MOST_NS and not math.isnan(point[1]) and abs(point[1]) <= sys.float_info.max


def _between(before: Point, after: Point) -> int:
    return (before[0] + after[0]) // 2


def _time(point: Point) -> int:
    return point[0]
