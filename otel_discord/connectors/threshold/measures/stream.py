"""One original time series: what must be known of it to take its next point, and whether that point can be taken.

A point has its own time. Three clocks are not believed: one that says nothing (0) and one that is more than ten
minutes ahead take now; one that is less ahead is taken to be so always, by the least that was seen, so that its stream
lies beside the others and its points stay as far apart as they were.
"""

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from otel_discord.connectors.threshold.measures.increase import Before

if TYPE_CHECKING:
    from otel_discord.connectors.threshold.measures.group import Group

MAX_AHEAD_NS: Final = 600_000_000_000
MAX_SEEN: Final = 32
"""Times remembered of a stream whose points may come in any order: what is older than all of them is late."""
LATE: Final = -1
DUPLICATE: Final = -2


@dataclass(slots=True, eq=False)
class Stream:
    """What is known of a time series."""

    group: "Group"
    at_ns: int = 0
    """When its newest point was."""
    raw_ns: int = 0
    """The same as its own clock says it."""
    start_ns: int = 0
    """When its count began, as its own clock says it; 0 where it does not."""
    total: Any = None
    """Its newest value since the start: a number, (count, sum) or a distribution; None where it is not needed."""
    latest: float | None = None
    cell: int = -1
    """The cell of a table that its newest amount is in."""
    ahead_ns: int = -1
    """How much its clock is ahead; -1 before its first point."""
    seen: "array[int] | None" = None

    def before(self) -> Before:
        """Return its newest point, as the one before the next."""
        return Before(self.at_ns, self.raw_ns, self.start_ns, self.total)


def admit(stream: Stream, raw_ns: int, now_ns: int, oldest_ns: int, *, ordered: bool) -> int:
    """Return the time of a point in ns, ``LATE`` or ``DUPLICATE``; what is admitted is remembered.

    ``ordered``: only what is newer than all before can be used; else what is in the window (after ``oldest_ns``).
    """
    at_ns = _placed(stream, raw_ns, now_ns)
    if not raw_ns:
        return max(at_ns, stream.at_ns) if ordered else at_ns
    if ordered:
        if raw_ns == stream.raw_ns:
            return DUPLICATE
        behind = at_ns < stream.at_ns or (at_ns == stream.at_ns and raw_ns < stream.raw_ns)
        return LATE if behind else at_ns
    if at_ns <= oldest_ns:
        return LATE
    seen = stream.seen
    if seen is None:
        stream.seen = array("Q", (raw_ns,))
    elif raw_ns > seen[-1]:
        seen.append(raw_ns)
        if len(seen) > MAX_SEEN:
            del seen[0]
    else:
        return _between(seen, raw_ns, at_ns)
    return at_ns


def _placed(stream: Stream, raw_ns: int, now_ns: int) -> int:
    ahead_ns = raw_ns - now_ns
    if not raw_ns or ahead_ns > MAX_AHEAD_NS:
        return now_ns
    if ahead_ns <= 0:
        stream.ahead_ns = 0
    elif stream.ahead_ns < 0 or ahead_ns < stream.ahead_ns:
        stream.ahead_ns = ahead_ns
    return raw_ns - stream.ahead_ns if stream.ahead_ns else raw_ns


def _between(seen: "array[int]", raw_ns: int, at_ns: int) -> int:
    index = bisect_left(seen, raw_ns)
    if seen[index] == raw_ns:
        return DUPLICATE
    if len(seen) >= MAX_SEEN:
        if index == 0:
            return LATE
        del seen[0]
        index -= 1
    seen.insert(index, raw_ns)
    return at_ns
