"""What a cumulative point adds to the one before: differences, resets, first points, gaps."""

from typing import Any, Final, NamedTuple

from otel_discord.connectors.threshold.measures.explicit import Explicit
from otel_discord.connectors.threshold.measures.exponential import Exponential

_JITTER_NS: Final = 1_000_000_000


class Before(NamedTuple):
    """The point before, of the same stream."""

    at_ns: int
    raw_ns: int
    start_ns: int
    total: Any


class Increase(NamedTuple):
    """What was added between ``begin_ns`` and the point."""

    amount: Any
    begin_ns: int
    quiet_ns: int = 0
    """How long before ``begin_ns`` the stream was not there: since the point before, or ever."""
    reset: bool = False


def increase(before: Before, total: Any, at_ns: int, raw_ns: int, start_ns: int, oldest_ns: int) -> Increase | None:
    """Return what a point adds; None for a first point that says nothing yet.

    A first point adds all that it counts where its start lies in the window. A count that fell, or whose start moved
    to the point before or later, or by more than a second (less is a clock that wavers), began anew: it adds all that
    it counts. ``raw_ns`` and ``start_ns`` are the stream's own clock, ``at_ns`` and ``oldest_ns`` ours.
    """
    begin_ns = start_ns - (raw_ns - at_ns) if raw_ns and start_ns else 0
    if not alike(before.total, total):
        return Increase(total, begin_ns, quiet_ns=begin_ns) if oldest_ns < begin_ns < at_ns else None
    moved_ns = start_ns - before.start_ns if before.start_ns and start_ns else 0
    restarted = moved_ns > 0 and (start_ns >= before.raw_ns or moved_ns > _JITTER_NS)
    amount = None if restarted else difference(total, before.total)
    if amount is None:
        begin_ns = begin_ns if before.at_ns < begin_ns < at_ns else before.at_ns
        return Increase(total, begin_ns, begin_ns - before.at_ns, reset=True)
    return Increase(amount, before.at_ns)


def alike(one: Any, two: Any) -> bool:
    """Return whether two totals are of one kind."""
    return type(one) is type(two) or (isinstance(one, (int, float)) and isinstance(two, (int, float)))


def difference(total: Any, before: Any) -> Any:
    """Return what was added; None where it fell."""
    if isinstance(total, (Explicit, Exponential)):
        return total.minus(before)
    if isinstance(total, tuple):
        return (total[0] - before[0], total[1] - before[1]) if total[0] >= before[0] else None
    return total - before if total >= before else None


def share(begin_ns: int, at_ns: int, window_ns: int) -> float:
    """Return how much of what came since ``begin_ns`` belongs to a window that ends at ``at_ns``, spread evenly.

    So a gap longer than the window does not put into one window what came in all of it.
    """
    covered_ns = at_ns - begin_ns
    return window_ns / covered_ns if covered_ns > window_ns else 1.0
