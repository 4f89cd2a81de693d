"""When a series was beyond its threshold, to the moment where the line between two points crosses it. Pure."""

from collections.abc import Sequence
from itertools import pairwise

from otel_discord.exporters.discord.charts.points import Point
from otel_discord.signals.alert_threshold import Bound

Moments = tuple[float, float]
"""From and to, in nanoseconds."""


def breaches(runs: Sequence[Sequence[Point]], bound: Bound) -> list[Moments]:
    """Return the spans in which a condition held, in order; a single point that meets it has no length."""
    found: list[Moments] = []
    for run in runs:
        if len(run) == 1 and bound.holds(run[0][1]):
            found.append((run[0][0], run[0][0]))
        for start, end in pairwise(run):
            _join(found, _within(start, end, bound))
    return found


def _within(start: Point, end: Point, bound: Bound) -> Moments | None:
    """Return the part of the way between two points in which the condition holds."""
    holds_first, holds_last = bound.holds(start[1]), bound.holds(end[1])
    if holds_first and holds_last:
        return start[0], end[0]
    if not holds_first and not holds_last:
        return None
    height = end[1] / 2 - start[1] / 2  # in halves, so that it is finite
    share = min(1.0, max(0.0, (bound.limit / 2 - start[1] / 2) / height)) if height else 0.5
    crossing_ns = start[0] + share * (end[0] - start[0])
    return (start[0], crossing_ns) if holds_first else (crossing_ns, end[0])


def _join(found: list[Moments], span: Moments | None) -> None:
    if span is None:
        return
    if found and found[-1][1] >= span[0]:
        found[-1] = (found[-1][0], max(found[-1][1], span[1]))
    else:
        found.append(span)
