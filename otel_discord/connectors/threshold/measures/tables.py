"""A window of numbers in little room: points fold into cells of a thirtieth of the window.

A cell has the time of its newest point and leaves the window with it. So a window is exact where points come no more
often than thirty a window; where they come more often, up to a thirtieth of the window too much is in it, never less.
"""

import math
from array import array
from typing import Final, NamedTuple, Protocol

from otel_discord.connectors.threshold.measures.aggregation import Aggregation

CELLS: Final = 30


class Amount(NamedTuple):
    """What came between two moments."""

    at_ns: int
    begin_ns: int
    weight: float
    number: float
    quiet_ns: int = 0
    """How long before it began nothing can have come, as far as the window goes; for rates."""


class Table(Protocol):
    """Cells of numbers; times are nanoseconds."""

    def add(self, amount: Amount, cell_before: int) -> int:
        """Fold in an amount. Returns the number of the cell that the stream's newest amount is in then.

        ``cell_before`` is the cell where the same stream's newest amount is, -1 for none.
        """

    def value(self, oldest_ns: int) -> float | None:
        """Let go what is not newer than ``oldest_ns``; return the value of the rest, None where nothing is left."""

    def next_ns(self) -> int | None:
        """Return the time of what leaves next."""


class Cells:
    """Rows of floats; the first of each is the time of its newest point, relative to ``epoch_ns``."""

    __slots__ = ("_cell_ns", "_epoch_ns", "_rows", "_size")

    def __init__(self, cell_ns: int, epoch_ns: int, size: int) -> None:
        self._cell_ns = cell_ns
        self._epoch_ns = epoch_ns  # a whole number of cells; keeps times exact in a float
        self._size = size
        self._rows = array("d")

    def _row(self, at_ns: int) -> tuple[int, bool]:
        """Return where the row of this time is, and whether it is new (all zero but the time)."""
        rows, size, cell_ns = self._rows, self._size, self._cell_ns
        at = at_ns - self._epoch_ns
        cell = at // cell_ns
        index = len(rows) - size
        while index >= 0:
            newest = int(rows[index])
            if newest // cell_ns == cell:
                if at > newest:
                    rows[index] = at
                return index, False
            if newest < at:
                break
            index -= size
        index += size
        rows[index:index] = array("d", (at, *(0.0,) * (size - 1)))
        return index, True

    def _expire(self, oldest_ns: int) -> "array[float]":
        rows, size = self._rows, self._size
        oldest, index = oldest_ns - self._epoch_ns, 0
        while index < len(rows) and rows[index] <= oldest:
            index += size
        if index:
            del rows[:index]
        return rows

    def next_ns(self) -> int | None:
        """Return the time of the oldest cell."""
        return int(self._rows[0]) + self._epoch_ns if self._rows else None


class Totals(Cells):
    """Sum, increase, count and average."""

    __slots__ = ("_kind",)

    def __init__(self, cell_ns: int, epoch_ns: int, kind: Aggregation) -> None:
        super().__init__(cell_ns, epoch_ns, 3)
        self._kind = kind

    def add(self, amount: Amount, cell_before: int) -> int:
        """Add to the cell's count and sum."""
        index, _ = self._row(amount.at_ns)
        self._rows[index + 1] += amount.weight
        self._rows[index + 2] += amount.number
        return cell_before

    def value(self, oldest_ns: int) -> float | None:
        """Return the total, or the average."""
        rows = self._expire(oldest_ns)
        if not rows:
            return None
        if self._kind is Aggregation.COUNT:
            return sum(rows[1::3])
        if self._kind is Aggregation.AVG:
            count = sum(rows[1::3])
            return sum(rows[2::3]) / count if count else None
        return sum(rows[2::3])


class Extremes(Cells):
    """The lowest or the highest."""

    __slots__ = ("_highest",)

    def __init__(self, cell_ns: int, epoch_ns: int, *, highest: bool) -> None:
        super().__init__(cell_ns, epoch_ns, 2)
        self._highest = highest

    def add(self, amount: Amount, cell_before: int) -> int:
        """Keep the amount where it is beyond what the cell has."""
        index, new = self._row(amount.at_ns)
        known, number = self._rows[index + 1], amount.number
        if new or (number > known if self._highest else number < known):
            self._rows[index + 1] = number
        return cell_before

    def value(self, oldest_ns: int) -> float | None:
        """Return the extreme."""
        rows = self._expire(oldest_ns)
        return (max if self._highest else min)(rows[1::2], default=None)


class Moments(Cells):
    """The standard deviation of all values as a population, by Welford's and Chan's formulas."""

    __slots__ = ()

    def __init__(self, cell_ns: int, epoch_ns: int) -> None:
        super().__init__(cell_ns, epoch_ns, 4)

    def add(self, amount: Amount, cell_before: int) -> int:
        """Fold a value into the cell's count, mean and squared distance."""
        index, _ = self._row(amount.at_ns)
        self._rows[index + 1 : index + 4] = array(
            "d", merged((*self._rows[index + 1 : index + 4],), (1, amount.number, 0))
        )
        return cell_before

    def value(self, oldest_ns: int) -> float | None:
        """Return the deviation."""
        rows = self._expire(oldest_ns)
        if not rows:
            return None
        moments = (0.0, 0.0, 0.0)
        for index in range(0, len(rows), 4):
            moments = merged(moments, (rows[index + 1], rows[index + 2], rows[index + 3]))
        return math.sqrt(max(0.0, moments[2] / moments[0]))


def merged(one: tuple[float, ...], two: tuple[float, ...]) -> tuple[float, float, float]:
    """Return (count, mean, sum of squared distances) of both together."""
    count = one[0] + two[0]
    if not count:
        return 0.0, 0.0, 0.0
    apart = two[1] - one[1]
    return count, one[1] + apart * two[0] / count, one[2] + two[2] + apart * apart * one[0] * two[0] / count
